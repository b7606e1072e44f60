"""Products with a sparse matrix by our kernels on a CPU: tiles of columns, or sample by sample where there are few.

Columns are turned into (unit, column) a tile at a time, so that what a tile reads at random fits into a fast cache.
"csr" and "events" give the same bits forward, and backward to the input; "dense" fills a matrix for PyTorch.
"""

import numpy as np
import torch
from torch import Tensor

from neurosparse.tensor import events, sparse_kernels
from neurosparse.tensor.shared_work import spread
from neurosparse.tensor.sparse_kernels import Lines
from neurosparse.tensor.sparse_pattern import Pattern

TILE = 64  # columns that are worked on together
FEW = 8  # columns up to which a sample at a time is as fast: forward
FEW_BACK = 2  # and backward


def forward(x: Tensor, values: Tensor, p: Pattern, backend: str) -> Tensor:
    """y (columns, n_out) of x (columns, n_in)."""
    if backend == "dense":
        return x @ _filled(values, p)
    y = x.new_empty(len(x), p.n_out)
    work = len(values) * len(x)
    if backend == "events" or len(x) <= FEW:
        arguments = _lines(p.indptr, p.indices), values.numpy(), x.numpy(), y.numpy()
        spread(events.forward, arguments, len(x), work)
        return y
    w = torch.empty_like(values).numpy()
    spread(sparse_kernels.permute, (values.numpy(), p.order.numpy(), w), len(w), len(w))
    lines = _lines(p.back_indptr, p.back_indices)
    for tile in _tiles(len(x)):
        _product(lines, w, _turned(x[tile]), y[tile].numpy())
    return y


def backward(g: Tensor, x: Tensor, values: Tensor, p: Pattern, needs: list[bool], used: str) -> tuple[Tensor, Tensor]:
    """(dx, dvalues) of g (columns, n_out); empty where not needed (of x, of values)."""
    if used == "dense":
        return _backward_dense(g, x, values, p, needs)
    lines, w, to_x, to_w = _lines(p.indptr, p.indices), values.numpy(), needs[0], needs[1]
    dx, dw = x.new_empty(x.shape if to_x else 0), torch.zeros_like(values) if to_w else x.new_empty(0)
    work, few = len(values) * len(x), len(x) <= FEW_BACK
    apart = used == "events" or few
    if to_w and apart:
        spread(events.to_weights, (lines, x.numpy(), g.numpy(), dw.numpy()), p.n_in, work)
    if to_x and few:
        spread(events.to_input, (lines, w, g.numpy(), dx.numpy()), p.n_in, work)
    elif to_x or not apart:
        for tile in _tiles(len(x)):
            _both(lines, w, (x[tile], g[tile]), dx[tile].numpy() if to_x else None, dw if to_w and not apart else None)
    return dx, dw


def _backward_dense(g: Tensor, x: Tensor, values: Tensor, p: Pattern, needs: list[bool]) -> tuple[Tensor, Tensor]:
    dx, dw = x.new_empty(0), torch.empty_like(values) if needs[1] else x.new_empty(0)
    if needs[0]:
        dx = g @ _filled(values, p).t()
    if needs[1]:
        every = (x.t() @ g).numpy()
        spread(sparse_kernels.pick, (_lines(p.indptr, p.indices), every, dw.numpy()), p.n_in, len(dw))
    return dx, dw


def _filled(values: Tensor, p: Pattern) -> Tensor:
    out = values.new_zeros(p.n_in, p.n_out)
    spread(sparse_kernels.fill, (_lines(p.indptr, p.indices), values.numpy(), out.numpy()), p.n_in, len(values))
    return out


def _both(lines: Lines, w: np.ndarray, columns: tuple[Tensor, Tensor], dx: np.ndarray | None, dw: Tensor | None):
    """The gradients of a tile that are asked for: dx written, dw added to."""
    x, g = columns
    n, turned = x.shape[1], _turned(g)
    work = len(w) * len(x)
    if dw is None:
        if dx is not None:
            _product(lines, w, turned, dx)
    elif dx is None:
        spread(sparse_kernels.sampled, (lines, _turned(x), turned, dw.numpy()), n, work)
    else:
        made = np.empty((n, len(x)), w.dtype)
        spread(sparse_kernels.backward, (lines, w, _turned(x), turned, (made, dw.numpy())), n, work)
        spread(sparse_kernels.turn_back, (made, dx), n, dx.size)


def _product(lines: Lines, w: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    """y (columns, units) = the product with x (units of the other side, columns)."""
    made = np.empty((y.shape[1], len(y)), y.dtype)
    spread(sparse_kernels.product, (lines, w, x, made), len(made), len(w) * len(y))
    spread(sparse_kernels.turn_back, (made, y), len(made), y.size)


def _turned(x: Tensor) -> np.ndarray:
    out = np.empty(x.shape[::-1], x.numpy().dtype)
    spread(sparse_kernels.turn, (x.numpy(), out), len(out), out.size)
    return out


def _tiles(n: int) -> list[slice]:
    """Equal parts of n columns, none above TILE."""
    parts = -(-n // TILE)
    return [slice(n * k // parts, n * (k + 1) // parts) for k in range(parts)]


def _lines(indptr: Tensor, indices: Tensor) -> Lines:
    return Lines(indptr.numpy(), indices.numpy())
