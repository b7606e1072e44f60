"""Products with a sparse matrix by what PyTorch has, where our compiled kernels can not run; "dense" fills a matrix.

    y = x W ;   dx = g W^T ;   dvalues[k] = sum over columns of x[i_k] g[o_k]   (torch.sparse.sampled_addmm)

"csr" is torch.sparse, "events" the Triton kernels of `events_triton`.
"""

import torch
from torch import Tensor

from neurosparse import check
from neurosparse.tensor.sparse_pattern import Pattern, as_csr, dense, rows


def forward(x: Tensor, values: Tensor, p: Pattern, backend: str) -> Tensor:
    """y (columns, n_out) of x (columns, n_in)."""
    if backend == "dense":
        return x @ dense(values, p)
    if backend == "events":
        return _triton().forward(p.indptr, p.indices, values, x, p.n_out)
    matrix = as_csr(p.back_indptr, p.back_indices, values[p.order.long()], p.n_in)
    return torch.sparse.mm(matrix, x.t()).t().contiguous()


def backward(g: Tensor, x: Tensor, values: Tensor, p: Pattern, needs: list[bool], used: str) -> tuple[Tensor, Tensor]:
    """(dx, dvalues) of g (columns, n_out); empty where not needed (of x, of values)."""
    if used == "dense":
        dx = g @ dense(values, p).t() if needs[0] else x.new_empty(0)
        return dx, (x.t() @ g)[rows(p), p.indices.long()] if needs[1] else x.new_empty(0)
    matrix = as_csr(p.indptr, p.indices, values, p.n_out)
    dx = torch.sparse.mm(matrix, g.t()).t().contiguous() if needs[0] else x.new_empty(0)
    if not needs[1]:
        return dx, x.new_empty(0)
    if used == "events":
        return dx, _triton().to_weights(p.indptr, p.indices, x, g)
    return dx, torch.sparse.sampled_addmm(matrix, x.t().contiguous(), g, beta=0.0).values().clone()


def _triton():
    try:
        from neurosparse.tensor import events_triton
    except ImportError:
        remedy = 'install triton, or take backend "csr"'
        check.fail("tensor.SparseLinear", "events on this device need Triton", "none", remedy, ImportError)
    return events_triton
