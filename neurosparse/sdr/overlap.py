"""Overlap: how many active bits two SDRs share, |A and B|.

    one pair            merge of two sorted lists                        O(w_a + w_b)
    one against many    look-up of all bits of the many in the one       O(total w)
    many against many   sparse: down the columns of the one, only shared bits cost;  about w_a w_b / n for each pair
                        dense: population count of packed words;                     n / 64 for each pair

All are counts of whole numbers, so every way gives the same.
"""

from typing import Any, overload

import numpy as np

from neurosparse import check, csr, jit
from neurosparse.csr import Csr
from neurosparse.sdr import batch
from neurosparse.sdr.sdr import Sdr, checked

ONE, TWO, FOUR, TOP = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)
PAIRS, QUADS, BYTES = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
EACH = np.uint64(0x0101010101010101)
FEW = 1024  # sparser than 1 / FEW of the pairs of bits, and a shared bit is cheaper than the words around it


@overload
def overlap(a: Sdr, b: Sdr) -> int: ...
@overload
def overlap(a: Csr, b: Sdr | Csr) -> np.ndarray: ...
@overload
def overlap(a: Sdr | Csr, b: Csr) -> np.ndarray: ...
def overlap(a: Any, b: Any) -> Any:
    """Shared active bits of a and b, each an Sdr or a batch of them (a Csr; weights do not count).

    Returns an int for two SDRs, (rows,) int32 for an SDR and a batch, (rows of a, rows of b) int32 for two batches.
    Raises TypeError for other things, ValueError for SDRs of different length, MemoryError for too large a table.
    """
    owner = "algebra.overlap"
    if isinstance(a, Csr):
        a, b = (a, b) if isinstance(b, Csr) else (b, a)
    if isinstance(a, Csr):
        return _table(batch.rows(a, owner), batch.rows(b, owner, a.n_cols))
    checked(owner, "a", a)
    if isinstance(b, Csr):
        batch.rows(b, owner, a.n)
        return _against(a.dense.reshape(-1), b.indptr, b.indices)
    return int(_pair(a.indices, checked(owner, "b", b, a.n).indices))


def successive(many: Csr) -> np.ndarray:
    """(rows - 1,) int32: the overlap of each SDR of the batch with the one before."""
    batch.rows(many, "algebra.successive")
    return _successive(many.indptr, many.indices)


def _table(a: Csr, b: Csr) -> np.ndarray:
    check.fits("algebra.overlap", "the table of overlaps", 4 * a.n_rows * b.n_rows, "take fewer rows at a time")
    out = np.zeros((a.n_rows, b.n_rows), np.int32)
    if FEW * a.nnz * b.nnz > a.n_cols**2 * a.n_rows * b.n_rows:
        with np.errstate(over="ignore"):  # where Python runs it: the product in popcount is meant to overflow
            _counts(batch.packed(a), batch.packed(b), out)
    else:
        columns = csr.transpose(b)
        _columns(a.indptr, a.indices, columns.indptr, columns.indices, out)
    return out


@jit.shared
def shared_bits(a, b):
    """Length of the intersection of two ascending lists."""
    i, j, count = 0, 0, 0
    while i < len(a) and j < len(b):
        x, y = a[i], b[j]
        count += x == y
        i += x <= y
        j += y <= x
    return count


@jit.shared
def popcount(x):
    """Ones of a uint64, by adding neighbours: pairs, quads, bytes, and all of them. LLVM knows it: one instruction."""
    x = x - ((x >> ONE) & PAIRS)
    x = (x & QUADS) + ((x >> TWO) & QUADS)
    return (((x + (x >> FOUR)) & BYTES) * EACH) >> TOP


@jit.kernel
def _pair(a, b):
    return shared_bits(a, b)


@jit.kernel
def _against(mask, indptr, indices):
    out = np.zeros(len(indptr) - 1, np.int32)
    for row in range(len(out)):
        count = 0
        for j in range(indptr[row], indptr[row + 1]):
            count += mask[indices[j]]
        out[row] = count
    return out


@jit.kernel
def _successive(indptr, indices):
    out = np.zeros(max(len(indptr) - 2, 0), np.int32)
    for row in range(len(out)):
        here, there, end = indptr[row], indptr[row + 1], indptr[row + 2]
        out[row] = shared_bits(indices[here:there], indices[there:end])
    return out


@jit.kernel
def _columns(indptr, indices, starts, rows, out):
    for row in range(len(indptr) - 1):
        for j in range(indptr[row], indptr[row + 1]):
            bit = indices[j]
            for k in range(starts[bit], starts[bit + 1]):
                out[row, rows[k]] += 1


@jit.kernel
def _counts(a, b, out):
    for row in range(out.shape[0]):
        for other in range(out.shape[1]):
            count = np.uint64(0)
            for word in range(a.shape[1]):
                count += popcount(a[row, word] & b[other, word])
            out[row, other] = count
