"""Layers that act on each channel by itself: a factor, and a delay of whole steps.

    Scale    y_i[t] = s_i x_i[t]
    Delay    y_i[t] = x_i[t - d_i] ,  0 before the start

As all layers with a state, Delay is called step by step, `delay(x, state) -> (y, state)` with x (batch, n), or at once,
`delay.scan(x, state)` with x (time, batch, n).
"""

import numpy as np
import torch
from torch import nn

from neurosparse import check


class Scale(nn.Module):
    """s_i x_i; factor (n,), trained with the rest. Raises ValueError for another shape."""

    def __init__(self, factor):
        super().__init__()
        values = check.number("tensor.Scale", "factor", np.asarray(factor))
        if values.ndim != 1:
            check.fail("tensor.Scale", "factor must have shape (n,)", values.shape)
        self.factor = nn.Parameter(torch.as_tensor(values, dtype=torch.get_default_dtype()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(..., n) -> (..., n)."""
        return self.factor * x


class Delay(nn.Module):
    """x_i of d_i steps ago; steps (n,) whole numbers >= 0. Raises TypeError or ValueError for others.

    The state is what is under way: (longest, batch, n), the oldest first.
    """

    steps: torch.Tensor

    def __init__(self, steps):
        super().__init__()
        values = check.array("tensor.Delay", "steps", steps)
        if values.dtype.kind not in "iu":
            check.fail("tensor.Delay", "steps must be whole numbers", values, error=TypeError)
        if values.ndim != 1 or not len(values):
            check.fail("tensor.Delay", "steps must have shape (n,)", values.shape)
        check.at_least("tensor.Delay", "steps", values, 0)
        self.register_buffer("steps", torch.as_tensor(values.astype(np.int64)))

    def forward(self, x: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """One step: x (batch, n). Raises ValueError for other shapes."""
        if x.ndim != 2:
            check.fail("tensor.Delay", "input must have shape (batch, n), one step; for all call scan", tuple(x.shape))
        y, state = self.scan(x[None], state)
        return y[0], state

    def scan(self, x: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """All steps: x (time, batch, n). Raises ValueError for other shapes."""
        n, longest = len(self.steps), int(self.steps.max())
        if x.ndim != 3 or x.shape[2] != n:
            check.fail("tensor.Delay", f"input must have shape (time, batch, {n})", tuple(x.shape))
        past = x.new_zeros(longest, *x.shape[1:]) if state is None else state
        if past.shape != (longest, *x.shape[1:]):
            need = f"state must have shape {(longest, *x.shape[1:])}"
            check.fail("tensor.Delay", need, tuple(past.shape), "begin the next batch with state=None")
        whole = torch.cat([past, x])
        at = torch.arange(len(x), device=x.device)[:, None] + longest - self.steps
        return whole.gather(0, at[:, None].expand(x.shape)), whole[len(x) :]
