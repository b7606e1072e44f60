"""Layers in a row: linear maps, each followed by cells, and a linear readout whose outputs are averaged over time.

    x (time, batch, n_in)  ->  z_1 = cell_1(W_1 x), z_2 = cell_2(W_2 z_1), ...  ->  logits = mean over time of W z_k

An input that is the same at every step (`direct` encoding, an expanded tensor) passes its first linear map once.
Where spikes are few, a `SparseLinear` costs their number. `hardened` makes soft cells spike for a while.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn

from neurosparse import check
from neurosparse.tensor.guest import Guest
from neurosparse.tensor.surrogate import Spikes, spikes


class Answer(NamedTuple):
    """What a net says: logits (batch, classes), and the spikes (time, batch, n) of each layer of cells."""

    logits: torch.Tensor
    hidden: list[torch.Tensor]


class Layered(nn.Module):
    """linears: k + 1 maps; cells: k modules; dropout after each layer of cells.

    Cells have `scan(x, state) -> (z, state)` over all steps, as ours, or a step `cell(x, state)` alone, as Norse's.
    """

    def __init__(self, linears: Sequence[nn.Module], cells: Sequence[nn.Module], dropout: float = 0.0):
        super().__init__()
        if len(linears) != len(cells) + 1 or not cells:
            check.fail("tensor.Layered", "needs one linear map more than cells, and cells", (len(linears), len(cells)))
        self.linears = nn.ModuleList(linears)
        self.cells = nn.ModuleList([cell if hasattr(cell, "scan") else Guest(cell) for cell in cells])
        self.dropout = nn.Dropout(check.between("tensor.Layered", "dropout", dropout, 0.0, 1.0))

    def forward(self, x: torch.Tensor) -> Answer:
        """x (time, batch, n_in). Raises ValueError for other shapes."""
        if x.ndim != 3:
            check.fail("tensor.Layered", "input must have shape (time, batch, n_in)", tuple(x.shape))
        hidden = []
        for linear, cell in zip(self.linears, self.cells):
            z, _ = cell.scan(once(linear, x))  # type: ignore[operator]
            hidden.append(z)
            x = self.dropout(z)
        # a mean over time before a linear map is the mean after it, for a fraction of the work
        return Answer(self.linears[-1](x.mean(0)), hidden)


def once(linear: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """linear(x), computed for one step where x repeats it (a stride of 0 in time)."""
    if len(x) > 1 and x.stride(0) == 0:
        return linear(x[0]).expand(len(x), -1, -1)
    return linear(x)


@contextmanager
def hardened(net: nn.Module) -> Iterator[None]:
    """Inside `with hardened(net):` cells with soft spikes give hard ones, at the same thresholds."""
    soft = _soft(net)
    before = [m.spikes for m in soft]
    for m in soft:
        m.spikes = spikes("ste", alpha=m.spikes.alpha, detach_reset=m.spikes.detach_reset)
    try:
        yield
    finally:
        for m, mode in zip(soft, before):
            m.spikes = mode


def is_soft(net: nn.Module) -> bool:
    """Whether any cells of the net answer softly."""
    return bool(_soft(net))


def _soft(net: nn.Module) -> list[Any]:
    """Modules whose spikes are soft."""
    modes = [(m, getattr(m, "spikes", None)) for m in net.modules()]
    return [m for m, mode in modes if isinstance(mode, Spikes) and mode.how == "soft"]
