"""Compressed sparse rows: a projection, a table of dendritic segments, a rewiring mask.

Row r holds the targets `indices[indptr[r]:indptr[r + 1]]`, ascending and distinct, with their weights. Leaf kernels:
`scatter_add` adds the rows of active sources to their targets, `gather` sums a vector over each row.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.jit import device, kernel

PIECE = 1 << 20  # synapses that are checked at a time


class Csr(NamedTuple):
    """Sparse matrix of shape (n_rows, n_cols): rows are sources, columns are targets.

    A value: the arrays that the builders make are read-only.
    """

    indptr: np.ndarray  # (n_rows + 1,) int64
    indices: np.ndarray  # (nnz,) int32, ascending in each row
    weight: np.ndarray  # (nnz,) float32
    n_cols: int

    @property
    def n_rows(self) -> int:
        """Number of sources."""
        return len(self.indptr) - 1

    @property
    def nnz(self) -> int:
        """Number of synapses."""
        return len(self.indices)

    @property
    def nbytes(self) -> int:
        """Memory of the three arrays, bytes."""
        return self.indptr.nbytes + self.indices.nbytes + self.weight.nbytes

    def __repr__(self) -> str:
        return f"Csr({self.n_rows} x {self.n_cols}, {self.nnz} synapses)"


def frozen(array: np.ndarray) -> np.ndarray:
    """The array itself if nobody can write to it, else a read-only copy."""
    if array.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array, order="C")
        array.flags.writeable = False
    return array


def make(indptr: np.ndarray, indices: np.ndarray, weight: np.ndarray, n_cols: int) -> Csr:
    """A Csr of fresh arrays, unchecked, which become read-only."""
    for array in (indptr, indices, weight):
        array.flags.writeable = False
    return Csr(indptr, indices, weight, n_cols)


def from_coo(rows, cols, weight, shape: tuple[int, int]) -> Csr:
    """Csr from triplets in any order; rows, cols (nnz,) ids, weight (nnz,) or one number.

    Raises ValueError for ids out of range, unequal lengths, weights that are not finite and pairs that occur twice.
    """
    owner = "csr.from_coo"
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        check.fail(owner, "shape must be a pair (n_rows, n_cols)", shape, error=TypeError)
    n_rows, n_cols = shape
    check.integer(owner, "rows of shape", n_rows)
    check.fits(owner, "a csr of so many rows", 8 * n_rows)
    check.integer(owner, "columns of shape", n_cols, high=2**31 - 1)
    rows, cols = _ids(owner, "rows", rows, n_rows), _ids(owner, "cols", cols, n_cols)
    if len(rows) != len(cols):
        check.fail(owner, "rows and cols must have one length", (len(rows), len(cols)))
    weight = _weights(owner, weight, len(rows))
    order = np.lexsort((cols, rows))
    rows, cols = rows[order], cols[order]
    twice = np.flatnonzero((np.diff(rows) == 0) & (np.diff(cols) == 0))
    if len(twice):
        pair = (int(rows[twice[0]]), int(cols[twice[0]]))
        check.fail(owner, "each pair may occur once", pair, "sum their weights into one synapse")
    indptr = np.zeros(n_rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=indptr[1:])
    return make(
        indptr,
        cols.astype(np.int32),
        weight[order],
        n_cols,
    )


def reweight(csr: Csr, weight) -> Csr:
    """The same synapses with other weights: one number, or (nnz,) in row order (see `to_coo`)."""
    array = _weights("csr.reweight", weight, _csr("csr.reweight", csr).nnz)
    array.flags.writeable = False
    return csr._replace(weight=array)


def from_scipy(matrix) -> Csr:
    """Csr from any SciPy sparse matrix or array; duplicates are summed, explicit zeros stay."""
    if not hasattr(matrix, "tocsr"):
        check.fail(
            "csr.from_scipy",
            "matrix must be a SciPy sparse matrix",
            type(matrix).__name__,
            "make one of it: scipy.sparse.csr_array(matrix)",
            TypeError,
        )
    if getattr(matrix, "ndim", 2) != 2:
        check.fail("csr.from_scipy", "matrix must have two dimensions", matrix.shape)
    coo = matrix.tocsr().tocoo()
    return from_coo(coo.coords[0], coo.coords[1], coo.data, coo.shape)


def to_scipy(csr: Csr):
    """SciPy csr_array of shape (n_rows, n_cols)."""
    from scipy.sparse import csr_array

    _csr("csr.to_scipy", csr)
    return csr_array((csr.weight, csr.indices, csr.indptr), shape=(csr.n_rows, csr.n_cols))


def to_coo(csr: Csr) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows, cols, weight), each (nnz,), in row order."""
    _csr("csr.to_coo", csr)
    return np.repeat(np.arange(csr.n_rows), np.diff(csr.indptr)), csr.indices, csr.weight


def transpose(csr: Csr) -> Csr:
    """Rows become columns: what a target receives from."""
    rows, cols, weight = to_coo(_csr("csr.transpose", csr))
    order = np.argsort(cols, kind="stable")
    indptr = np.zeros(csr.n_cols + 1, dtype=np.int64)
    np.cumsum(np.bincount(cols, minlength=csr.n_cols), out=indptr[1:])
    return make(indptr, rows[order].astype(np.int32), weight[order], csr.n_rows)


def validate(owner: str, csr: Csr) -> Csr:
    """Raise ValueError unless every invariant of a Csr holds."""
    _csr(owner, csr)
    indptr, indices, weight = csr.indptr, csr.indices, csr.weight
    check.integer(owner, "n_cols", csr.n_cols, high=2**31 - 1)
    if indices.ndim != 1:
        check.fail(owner, "indices must be a vector", indices.shape)
    if indptr.ndim != 1 or indptr.dtype != np.int64 or len(indptr) < 1:
        check.fail(owner, "indptr must be an int64 vector of n_rows + 1 offsets", (indptr.dtype, indptr.shape))
    if indptr[0] != 0 or indptr[-1] != len(indices) or np.any(np.diff(indptr) < 0):
        check.fail(owner, f"indptr must rise from 0 to {len(indices)}", indptr.tolist()[:8])
    if indices.dtype != np.int32 or weight.dtype != np.float32 or weight.shape != indices.shape:
        check.fail(owner, "need int32 indices and float32 weights of one shape", (indices.dtype, weight.dtype))
    for first in range(0, len(indices), PIECE):  # in pieces: what is looked at may fill half of the memory
        _ids(owner, "indices", indices[first : first + PIECE], csr.n_cols)
        check.number(owner, "weight", weight[first : first + PIECE])
        falls = 1 + first + np.flatnonzero(np.diff(indices[first : first + PIECE + 1]) <= 0)
        if not np.array_equal(indptr[np.searchsorted(indptr, falls)], falls):
            check.fail(owner, "targets must ascend in each row without duplicates", csr, "build it with csr.from_coo")
    return csr


def scatter_add(out: np.ndarray, csr: Csr, active) -> np.ndarray:
    """out[target] += weight for every synapse of the `active` rows, in their order, in place.

    out (n_cols,) float64 or float32; active (k,) row ids. Returns `out`.
    """
    if type(out) is not np.ndarray or out.dtype not in (np.float64, np.float32) or not out.flags.writeable:
        check.fail("csr.scatter_add", "out must be a writeable array of floats", out, error=TypeError)
    active = _ids("csr.scatter_add", "active", active, _csr("csr.scatter_add", csr).n_rows).astype(np.int32)
    if out.shape != (csr.n_cols,):
        check.fail("csr.scatter_add", f"out must have shape ({csr.n_cols},)", out.shape)
    _scatter(out, csr.indptr, csr.indices, csr.weight, active)
    return out


def gather(csr: Csr, x) -> np.ndarray:
    """(n_rows,) sums over each row of weight * x[target], in float64; x (n_cols,)."""
    _csr("csr.gather", csr)
    x = np.ascontiguousarray(check.number("csr.gather", "x", x), dtype=np.float64)
    if x.shape != (csr.n_cols,):
        check.fail("csr.gather", f"x must have shape ({csr.n_cols},)", x.shape)
    return _gather(csr.indptr, csr.indices, csr.weight, x)


@device
def scatter_row(out, segments, indices, weight, row):
    """Leaf: add one row to `out`. segments (n_rows + 1,): where rows begin; weight: one each, or (1,) for all.

    Unsigned indices: Numba wraps signed ones around.
    """
    row, each = np.uint64(row), np.uint64(0 if weight.shape[0] == 1 else 1)
    for j in range(np.uint64(segments[row]), np.uint64(segments[row + np.uint64(1)])):
        out[np.uint64(indices[j])] += weight[j * each]


@kernel
def _scatter(out, indptr, indices, weight, active):
    for row in active:
        scatter_row(out, indptr, indices, weight, row)


@kernel
def _gather(indptr, indices, weight, x):
    out = np.zeros(len(indptr) - 1)
    for row in range(len(out)):
        for j in range(indptr[row], indptr[row + 1]):
            out[row] += weight[j] * x[indices[j]]
    return out


def _weights(owner: str, weight, nnz: int) -> np.ndarray:
    """(nnz,) float32 from one number or (nnz,) of them, all finite in float32."""
    check.number(owner, "weight", weight)
    if np.shape(weight) not in ((), (nnz,)):
        check.fail(owner, f"weight must be one number or have shape ({nnz},)", np.shape(weight))
    with np.errstate(over="ignore"):
        small = np.asarray(weight, dtype=np.float64).astype(np.float32)
    if not np.all(np.isfinite(small)):
        check.fail(owner, "weight must be below 3.4e38, the largest float32", weight)
    return np.array(np.broadcast_to(small, (nnz,)))


def _csr(owner: str, csr: Csr) -> Csr:
    if not isinstance(csr, Csr) or not all(isinstance(array, np.ndarray) and array.ndim for array in csr[:3]):
        remedy = "see csr.from_coo, from_scipy"
        check.fail(owner, "csr must be a neurosparse.Csr", type(csr).__name__, remedy, TypeError)
    return csr


def _ids(owner: str, name: str, ids, n: int) -> np.ndarray:
    if not isinstance(ids, np.ndarray):
        ids = np.asarray(check.number(owner, name, ids))
    if ids.ndim != 1 or (ids.dtype.kind not in "iu" and len(ids)):
        check.fail(owner, f"{name} must be a vector of whole numbers", ids)
    if len(ids) and (ids.min() < 0 or ids.max() >= n):
        check.fail(owner, f"{name} must be in [0, {n})", (int(ids.min()), int(ids.max())))
    return ids.astype(np.int64, copy=False)
