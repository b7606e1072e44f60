"""Many SDRs of one length: a Csr whose rows are SDRs, n_cols = n bits, every weight 1.

    rows r = 0, 1, ...      active bits of SDR r:  indices[indptr[r] : indptr[r + 1]],  ascending

So what is written for projections (scatter, gather, SciPy, transpose) works on batches too.
"""

from collections.abc import Iterable

import numpy as np

from neurosparse import check, jit
from neurosparse.csr import Csr, make
from neurosparse.sdr.sdr import LARGEST, Sdr, checked, shape_of, trusted

OFFSETS, BITS = 1, 2  # flaws of a batch


def of(sdrs: Iterable[Sdr], n: int | None = None) -> Csr:
    """A batch of SDRs of one length. `n` is needed where there are none.

    Raises TypeError for other things, ValueError for SDRs of different length, or none without n.
    """
    sdrs = listed("batch.of", "sdrs", sdrs)
    if not sdrs and n is None:
        check.fail("batch.of", "n must be given where there are no SDRs", n)
    length = check.integer("batch.of", "n", n, 1) if n is not None else checked("batch.of", "row 0", sdrs[0]).n
    rows = [checked("batch.of", f"row {r}", x, length).indices for r, x in enumerate(sdrs)]
    counts = np.array([len(row) for row in rows], np.int64)
    return ragged(counts, np.concatenate([np.empty(0, np.int32), *rows]), length)


def from_dense(array) -> Csr:
    """A batch from zeros and ones (or bools) of shape (rows, n) or (rows, ...); raises as `Sdr.from_dense`."""
    array = check.array("batch.from_dense", "array", array)
    if array.ndim < 2 or array.dtype.kind not in "biuf" or not np.all((array == 0) | (array == 1)):
        need = "array must hold zeros and ones in shape (rows, n)"
        check.fail("batch.from_dense", need, array if array.ndim > 1 else array.shape)
    flat = array.reshape(len(array), int(np.prod(array.shape[1:])))
    shape_of("batch.from_dense", flat.shape[1])
    return ragged(np.count_nonzero(flat, axis=1), np.nonzero(flat)[1].astype(np.int32), flat.shape[1])


def to_dense(batch: Csr) -> np.ndarray:
    """(rows, n) bool."""
    rows(batch, "batch.to_dense")
    check.fits("batch.to_dense", "a truth value for every bit", batch.n_rows * batch.n_cols)
    out = np.zeros((batch.n_rows, batch.n_cols), np.bool_)
    out[np.repeat(np.arange(batch.n_rows), np.diff(batch.indptr)), batch.indices] = True
    return out


def packed(batch: Csr) -> np.ndarray:
    """(rows, ceil(n / 64)) uint64, bits as in `Sdr.packed`."""
    rows(batch, "batch.packed")
    small = np.packbits(to_dense(batch), axis=1, bitorder="little")
    out = np.zeros((batch.n_rows, 8 * -(-batch.n_cols // 64)), np.uint8)
    out[:, : small.shape[1]] = small
    return out.view(np.uint64)


def sdr(batch: Csr, row: int, shape=None) -> Sdr:
    """One SDR of the batch; raises ValueError for a row that is not there, or is none."""
    owner = "batch.sdr"
    row = check.integer(owner, "row", row, 0, _batch(owner, batch).n_rows - 1)
    here, there = (min(max(int(end), 0), batch.nnz) for end in batch.indptr[row : row + 2])
    bits = batch.indices[here:there]  # only this row is looked at: the others do not matter
    _sound(owner, np.array([0, batch.indptr[row + 1] - batch.indptr[row]]), bits, batch.n_cols)
    made = trusted(bits, (batch.n_cols,))
    return made if shape is None else made.reshape(*shape)


def sdrs(batch: Csr) -> list[Sdr]:
    """All SDRs of the batch, sharing its memory."""
    rows(batch, "batch.sdrs")
    return [trusted(part, (batch.n_cols,)) for part in np.split(batch.indices, batch.indptr[1:-1])][: batch.n_rows]


def ragged(counts: np.ndarray, indices: np.ndarray, n: int) -> Csr:
    """A batch of fresh arrays, unchecked: (rows,) counts of active bits, and int32 bits, ascending in each row."""
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return make(indptr, indices, np.ones(len(indices), np.float32), n)


def even(places: np.ndarray, n: int) -> Csr:
    """A batch of SDRs of the same w, unchecked: (rows, w) distinct bits, in any order."""
    k, w = places.shape
    return ragged(np.full(k, w), np.sort(places, axis=1).astype(np.int32).reshape(-1), n)


def select(batch: Csr, keep: np.ndarray) -> Csr:
    """The batch with only the active bits where `keep` (nnz,) bool."""
    indptr = np.concatenate([[0], np.cumsum(keep)])[batch.indptr]
    return ragged(np.diff(indptr), batch.indices[keep], batch.n_cols)


def listed(owner: str, name: str, sdrs) -> list:
    """`sdrs` as a list; raises TypeError as `owner` for what is no series of things, and for one Sdr."""
    if not isinstance(sdrs, Iterable) or isinstance(sdrs, Sdr | str | bytes):
        check.fail(owner, f"{name} must be several SDRs", sdrs, "give a list", TypeError)
    return list(sdrs)


def rows(batch, owner: str, n: int | None = None) -> Csr:
    """`batch` if it is one (of SDRs of n bits); raises TypeError and ValueError as `owner`.

    Compiled code trusts offsets and bits, so all are looked at, once in each call: 0.1 ns for each active bit.
    """
    if n is not None and _batch(owner, batch).n_cols != n:
        check.fail(owner, f"the SDRs of the batch must have {n} bits", batch.n_cols, "SDRs of one length go together")
    _sound(owner, _batch(owner, batch).indptr, batch.indices, batch.n_cols)
    return batch


def _batch(owner: str, batch) -> Csr:
    """A Csr by its types, whatever the numbers."""
    if not isinstance(batch, Csr):
        check.fail(owner, "batch must be a Csr", batch, "make one: batch.of(sdrs)", TypeError)
    for name, kind in (("indptr", np.int64), ("indices", np.int32)):
        array = getattr(batch, name)
        if not isinstance(array, np.ndarray) or array.dtype != kind or array.ndim != 1:
            got = getattr(array, "dtype", type(array).__name__), np.shape(array)
            check.fail(owner, f"{name} of the batch must be a vector of {kind.__name__}", got, error=TypeError)
    if not len(batch.indptr):
        check.fail(owner, "indptr of the batch must hold n_rows + 1 offsets", batch.indptr)
    check.integer(owner, "n_cols of the batch", batch.n_cols, 1, LARGEST)
    return batch


def _sound(owner: str, indptr: np.ndarray, indices: np.ndarray, n: int) -> None:
    """Raise ValueError unless the offsets rise from 0 to nnz, and the bits of each row ascend in [0, n)."""
    views = indptr.view(), indices.view()
    for view in views:  # the compiler takes what is read-only and what is not for two kinds of array
        view.flags.writeable = False
    flaw = _flaw(*views, n)
    if flaw == OFFSETS:
        check.fail(owner, f"indptr of the batch must rise from 0 to {len(indices)}", indptr)
    if flaw:
        need = f"bits must be in [0, {n}), ascending and distinct in each row of the batch"
        check.fail(owner, need, indices, "sort them: numpy.unique(bits)")


@jit.kernel
def _flaw(indptr, indices, n):
    """OFFSETS, BITS or 0. Sums without a branch: many numbers in one instruction."""
    last, nnz, falls, low, high = len(indptr) - 1, len(indices), 0, 0, 0
    for row in range(last):
        falls += indptr[row + 1] < indptr[row]
    if falls > 0 or indptr[0] != 0 or indptr[last] != nnz:
        return OFFSETS
    for j in range(nnz):
        low, high = min(low, indices[j]), max(high, indices[j])
    for j in range(1, nnz):
        falls += indices[j] <= indices[j - 1]
    for row in range(1, last):
        j = indptr[row]
        if indptr[row - 1] < j < nnz:  # a new row may begin lower
            falls -= indices[j] <= indices[j - 1]
    return BITS if low < 0 or high >= n or falls > 0 else 0
