"""A cell of another library among ours: what is called `cell(x, state) -> (out, state)`, as Norse's cells are.

    net = Layered([nn.Linear(784, 64), nn.Linear(64, 10)], [Guest(norse.torch.LIFCell())])

Ours need nothing to go the other way: a `Cell` takes its place in Norse's SequentialState.
"""

from typing import Any

import torch
from torch import nn

from neurosparse import check


class Guest(nn.Module):
    """`cell` with `scan`, so that it stands where a Cell does; its state is its own, None at the start.

    Raises TypeError where the cell is no module, or answers with no pair (out, state).
    """

    def __init__(self, cell: nn.Module):
        super().__init__()
        if not isinstance(cell, nn.Module):
            check.fail("tensor.Guest", "cell must be a torch module", type(cell).__name__, error=TypeError)
        self.cell = cell

    def forward(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """One step: x (batch, n)."""
        answer = self.cell(x, state)
        if not isinstance(answer, tuple) or len(answer) != 2:
            need = f"{type(self.cell).__name__} must answer with a pair (out, state)"
            check.fail("tensor.Guest", need, type(answer).__name__, error=TypeError)
        return answer

    def scan(self, x: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """All steps, one after the other: x (time, batch, n)."""
        out = []
        for now in x:
            z, state = self(now, state)
            out.append(z)
        return (torch.stack(out) if out else torch.empty_like(x)), state
