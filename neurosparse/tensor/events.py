"""Products with inputs that are mostly zero: only the synapses of the units that are active are touched.

    forward     y[b] = sum_i x[b, i] W[i]      over the i with x[b, i] != 0, ascending; W[i] the synapses that leave i
    to weights  dW[i] = sum_b x[b, i] g[b]     over the b with x[b, i] != 0, ascending, at the places of W[i]

Cost: the synapses of the active units, and one look at x. Inputs may be 0 and 1 or graded. The gradient to the input is
that of the whole product, for a silent unit has one too: `sparse_kernels.product`, or `to_input` here for few samples.

The sums are those of `sparse_kernels.product` without the terms that are zero, in the same order: y is the same bits,
also for any number of threads (a sample, or the synapses of a unit, is the work of one) and any batch.
"""

import numpy as np
import torch

from neurosparse import check, csr, jit
from neurosparse.tensor.shared_work import spread
from neurosparse.tensor.sparse_kernels import ONE, Lines


def propagate(pattern: csr.Csr, active, indptr=None) -> torch.Tensor:
    """(batch, n_cols) sums of the rows of active units; with no indptr (n_cols,), for one sample.

    pattern: rows are presynaptic. active (k,) ids of units that fire; sample b has active[indptr[b]:indptr[b + 1]].
    One float32 sum after another in the order of `active`. Raises ValueError for ids outside the rows and offsets that
    do not rise from 0 to k, TypeError for a pattern that is no Csr.
    """
    owner = "tensor.events.propagate"
    if not isinstance(pattern, csr.Csr):
        check.fail(owner, "pattern must be a neurosparse.Csr", type(pattern).__name__, error=TypeError)
    ids = _whole(owner, "active", active)
    if len(ids) and ids.view(np.uint64).max() >= pattern.n_rows:  # a negative number is a large one there
        check.fail(owner, f"active must be in [0, {pattern.n_rows})", (int(ids.min()), int(ids.max())))
    edges = np.array([0, len(ids)]) if indptr is None else _edges(owner, indptr, len(ids))
    y = torch.empty((len(edges) - 1, pattern.n_cols))
    spread(_listed, (Lines(*pattern[:2]), pattern.weight, (edges, ids), y.numpy()), len(y), _work(pattern, len(ids)))
    return y[0] if indptr is None else y


@jit.kernel
def forward(lines, w, x, y, first, last):
    """y[b] for samples b in [first, last); x (batch, n_in), y (batch, n_out)."""
    for b in range(np.uint64(first), np.uint64(last)):
        for o in range(np.uint64(y.shape[1])):
            y[b, o] = 0
        for i in range(np.uint64(x.shape[1])):
            if x[b, i] != 0:
                a = x[b, i]
                for k in range(np.uint64(lines.indptr[i]), np.uint64(lines.indptr[i + ONE])):
                    y[b, np.uint64(lines.indices[k])] += w[k] * a


@jit.kernel
def to_weights(lines, x, g, dw, first, last):
    """dw[k] of the synapses of units i in [first, last), added to what is there; x (batch, n_in), g (batch, n_out)."""
    for b in range(np.uint64(x.shape[0])):
        for i in range(np.uint64(first), np.uint64(last)):
            if x[b, i] != 0:
                a = x[b, i]
                for k in range(np.uint64(lines.indptr[i]), np.uint64(lines.indptr[i + ONE])):
                    dw[k] += a * g[b, np.uint64(lines.indices[k])]


@jit.kernel
def to_input(lines, w, g, dx, first, last):
    """dx[b, i] = sum_k w[k] g[b, indices[k]] for units i in [first, last); g (batch, n_out), dx (batch, n_in)."""
    for b in range(np.uint64(g.shape[0])):
        for i in range(np.uint64(first), np.uint64(last)):
            total = dx.dtype.type(0)
            for k in range(np.uint64(lines.indptr[i]), np.uint64(lines.indptr[i + ONE])):
                total += w[k] * g[b, np.uint64(lines.indices[k])]
            dx[b, i] = total


@jit.kernel
def _listed(lines, w, events, y, first, last):
    """`forward` for lists of active units."""
    edges, ids = events
    for b in range(np.uint64(first), np.uint64(last)):
        for o in range(np.uint64(y.shape[1])):
            y[b, o] = 0
        for e in range(np.uint64(edges[b]), np.uint64(edges[b + ONE])):
            i = np.uint64(ids[e])
            for k in range(np.uint64(lines.indptr[i]), np.uint64(lines.indptr[i + ONE])):
                y[b, np.uint64(lines.indices[k])] += w[k]


def _edges(owner: str, indptr, k: int) -> np.ndarray:
    edges = _whole(owner, "indptr", indptr)
    if not len(edges) or edges[0] != 0 or edges[-1] != k or np.any(np.diff(edges) < 0):
        check.fail(owner, f"indptr must rise from 0 to {k}", edges.tolist()[:8])
    return edges


def _work(pattern: csr.Csr, n_events: int) -> float:
    return n_events * (pattern.nnz / max(pattern.n_rows, 1) + 1.0)


def _whole(owner: str, name: str, values) -> np.ndarray:
    """A vector of int64."""
    array = check.array(owner, name, values.numpy() if isinstance(values, torch.Tensor) else values)
    if array.ndim != 1 or (len(array) and array.dtype.kind not in "iu"):
        check.fail(owner, f"{name} must be a vector of whole numbers", array)
    return np.ascontiguousarray(array, dtype=np.int64)
