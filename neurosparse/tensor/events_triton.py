"""Products with inputs that are mostly zero on a GPU: the equations of `events`, one Triton program for each event.

    forward     program (b, i) with x[b, i] != 0 adds x[b, i] W[i] to y[b], atomically
    to weights  program i adds x[b, i] g[b] at the places of W[i] to dW[i], b ascending

Atomic additions come in any order: y is the same bits in every run only where its sums are exact. dW is the same bits.
Needs Triton, and a GPU or TRITON_INTERPRET=1, under which the same kernels run on tensors of the CPU.
"""

import triton  # pyright: ignore[reportMissingImports]
import triton.language as tl  # pyright: ignore[reportMissingImports]
from torch import Tensor

BLOCK = 128  # synapses that a program works on at a time


def forward(indptr: Tensor, indices: Tensor, values: Tensor, x: Tensor, n_out: int) -> Tensor:
    """y (batch, n_out) of x (batch, n_in)."""
    y = x.new_zeros(len(x), n_out)
    events = x.nonzero()
    if len(events) and len(values):
        sample, unit = events[:, 0].contiguous(), events[:, 1].contiguous()
        _forward[(len(events),)](indptr, indices, values, x, sample, unit, y, x.shape[1], n_out, BLOCK)  # type: ignore
    return y


def to_weights(indptr: Tensor, indices: Tensor, x: Tensor, g: Tensor) -> Tensor:
    """dvalues (nnz,) of x (batch, n_in), g (batch, n_out)."""
    dw = x.new_zeros(len(indices))
    if len(x) and len(indices):
        _to_weights[(x.shape[1],)](indptr, indices, x, g, dw, len(x), x.shape[1], g.shape[1], BLOCK)  # type: ignore
    return dw


@triton.jit
def _forward(indptr, indices, values, x, sample, unit, y, n_in, n_out, block: tl.constexpr):
    event = tl.program_id(0)
    b, i = tl.load(sample + event), tl.load(unit + event)
    a = tl.load(x + b * n_in + i)
    end = tl.load(indptr + i + 1)
    for first in range(tl.load(indptr + i), end, block):
        k = first + tl.arange(0, block)
        there = k < end
        o = tl.load(indices + k, mask=there, other=0)
        tl.atomic_add(y + b * n_out + o, a * tl.load(values + k, mask=there, other=0.0), mask=there)


@triton.jit
def _to_weights(indptr, indices, x, g, dw, batch, n_in, n_out, block: tl.constexpr):
    i = tl.program_id(0).to(tl.int64)
    end = tl.load(indptr + i + 1)
    for first in range(tl.load(indptr + i), end, block):
        k = first + tl.arange(0, block)
        there = k < end
        o = tl.load(indices + k, mask=there, other=0)
        total = tl.load(dw + k, mask=there, other=0.0)
        x_b, g_b = x + i, g + o
        for _ in range(0, batch):
            a = tl.load(x_b)
            if a != 0:
                total += a * tl.load(g_b, mask=there, other=0.0)
            x_b += n_in
            g_b += n_out
        tl.store(dw + k, total, mask=there)
