"""A membrane over all time steps at once, forward and backward: one call instead of a Python loop.

    backend "numba"    compiled loops (`scan_kernels`), float32 and float64 on the CPU
            "triton"   the same loops on a GPU (`scan_triton`)
            "torch"    the module's own `step`, unrolled: any module, type and device

`fused.choose` says which of them can run what is asked; nothing is switched in silence.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from neurosparse.tensor import pages
from neurosparse.tensor import scan_kernels as kernels
from neurosparse.tensor.shared_work import spread
from neurosparse.tensor.surrogate import Spikes

BACKENDS = ("auto", "numba", "triton", "torch")
COST = 2.0  # steps of work, as `spread` counts them, for one step of one cell


class Membrane(NamedTuple):
    """What the compiled loops need of a module: rows as in `scan_kernels.ROWS`, one number or (neuron,) tensor each."""

    kind: str  # "linear", "tropical" or "leaky"
    leak: Any
    gain: Any
    drive: Any
    v_th: Any
    v_reset: Any
    carry: Any
    eps: Any


def scan(x: torch.Tensor, v: torch.Tensor, membrane: Membrane, mode: Spikes) -> tuple[torch.Tensor, torch.Tensor]:
    """(z, v): outputs (time, batch, neuron) for inputs x, and the last state (batch, neuron) after the first, v.

    Gradients reach x, v, leak, v_th and eps; of a "leaky" membrane, which has no threshold, z is its potential.
    """
    rows = rows_of(x, membrane)
    fixed = torch.stack([row.detach() for row in rows])
    return _Scan.apply(x, v, rows[0], rows[3], rows[6], fixed, membrane.kind, mode)  # type: ignore[return-value]


def rows_of(x: torch.Tensor, membrane: Membrane) -> list[torch.Tensor]:
    """Each row of the membrane as (neuron,) of the type and on the device of x."""
    return [torch.as_tensor(value, dtype=x.dtype, device=x.device).expand(x.shape[2]) for value in membrane[1:]]


def _flat(tensor: torch.Tensor) -> np.ndarray:
    """A NumPy view (a copy where it has gaps) of one row for each step."""
    return tensor.detach().contiguous().reshape(len(tensor), tensor[:1].numel() if len(tensor) else 0).numpy()


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, v, leak, v_th, eps, fixed, kind, mode):
        steps, batch, n = x.shape
        cells = batch * n
        rows = np.ascontiguousarray(np.tile(fixed.numpy(), (1, batch)))
        u, last = pages.empty_like(x), v.detach().reshape(-1).clone()
        work = COST * steps * cells
        if kind == "leaky":
            z = u
            spread(kernels.leaky, (_flat(x), last.numpy(), rows, _flat(u)), cells, work)
        else:
            z = pages.empty_like(u)
            run = kernels.forward(kind, mode.how)
            spread(run, (_flat(x), last.numpy(), rows, rows.dtype.type(mode.alpha), _flat(u), _flat(z)), cells, work)
        # a linear membrane's gradient does not ask for its input
        ctx.save_for_backward(x if kind == "tropical" else u, v, u, fixed)
        ctx.kind, ctx.mode = kind, mode
        return z, last.reshape(v.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs):
        x, v, u, fixed = ctx.saved_tensors
        (steps, batch, n), learned = x.shape, any(ctx.needs_input_grad[2:5])
        rows = np.ascontiguousarray(np.tile(fixed.numpy(), (1, batch)))
        first, kind = v.detach().contiguous().reshape(-1).numpy(), rows.dtype.type
        g, gx = grad_outputs[0].contiguous(), pages.empty_like(u)
        gv = grad_outputs[1].contiguous().clone().reshape(-1)
        cells, work = batch * n, 2.0 * COST * steps * batch * n
        if ctx.kind == "leaky":
            gc = np.zeros((1, cells), rows.dtype)
            spread(kernels.leaky_back, (_flat(u), first, rows, _flat(g), _flat(gx), gv.numpy(), gc), cells, work)
        else:
            gc = np.zeros((3, cells if learned else 1), rows.dtype)
            run = kernels.backward(ctx.kind, ctx.mode.how, ctx.mode.surrogate, learned)
            attached = kind(0.0 if ctx.mode.detach_reset else 1.0)
            spread(run, (_flat(x), first, rows, kind(ctx.mode.alpha), attached, _flat(u), _flat(g), _flat(gx),
                         gv.numpy(), gc), cells, work)  # fmt: skip
        grads: list[Any] = [None, None, None]
        if learned:
            sums = torch.from_numpy(gc.reshape(len(gc), batch, n).sum(axis=1))
            grads[: len(sums)] = list(sums)
        return gx, gv.reshape(v.shape), *grads, None, None, None
