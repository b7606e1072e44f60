"""Random SDRs, and SDRs with random changes.

    random       w of n bits, every set equally likely
    noise        v active bits move to places that were inactive: w stays (the noise of the SDR theory)
    flip         every active bit is lost with probability `lost`, every other gained with probability `gained`
    subsample    s of the w active bits

Randomness is keyed by (stream, sample): sample k of a batch is what the function gives alone for sample k.
Source: Ahmad and Hawkins, arXiv:1601.00720 (2016): the v moved bits of its false negatives.
"""

from typing import Any, TypeVar

import numpy as np

from neurosparse import check, jit, rng
from neurosparse.csr import Csr
from neurosparse.rng import Stream
from neurosparse.sdr import batch
from neurosparse.sdr.sdr import LARGEST, Sdr, checked, shape_of, trusted

Code = TypeVar("Code", Sdr, Csr)
SMALL = 1 << 20  # bits that always fit
GAIN = np.uint64(0x6761696E)  # turns a stream into another one, for the bits that are gained


def random(n: int, w: int, stream: Stream, sample: int = 0) -> Sdr:
    """w of n bits, uniformly. `n` may be a shape. Raises ValueError for w > n, TypeError for no stream."""
    shape = shape_of("algebra.random", n)
    total = int(np.prod(shape))
    w = check.integer("algebra.random", "w", w, 0, total)
    bits = _subsets("algebra.random", stream, sample, np.array([total]), np.array([w]))
    return trusted(bits.astype(np.int32), shape)


def random_batch(n: int, w, rows: int, stream: Stream, first: int = 0) -> Csr:
    """`rows` random SDRs: row r is `random(n, w, stream, first + r)`; w one number or (rows,)."""
    owner = "algebra.random_batch"
    n = check.integer(owner, "n", n, 1, LARGEST)
    rows = check.integer(owner, "rows", rows)
    w = _counts(owner, "w", w, np.full(rows, n))
    return batch.ragged(w, _subsets(owner, stream, first, np.full(rows, n), w).astype(np.int32), n)


def noise(x: Code, v, stream: Stream, sample: int = 0) -> Code:
    """x with v of its active bits swapped with inactive ones, both chosen uniformly; x an Sdr or a batch.

    v one number, or for a batch one for each row: round(level * w) for a level of noise. Overlap with x is w - v.
    Raises ValueError for v > w or v > n - w.
    """
    owner = "algebra.noise"
    many = _many(owner, x)
    w = np.diff(many.indptr)
    v = _counts(owner, "v", v, np.minimum(w, many.n_cols - w), "only so many bits can be swapped")
    lost = _subsets(owner, stream, sample, w, v)
    other = Stream(stream.key0 ^ GAIN, stream.key1)
    gained = _subsets(owner, other, sample, many.n_cols - w, v)
    out = _swap(many.indptr, many.indices, np.concatenate([[0], np.cumsum(v)]), lost, gained)
    return _like(x, batch.ragged(w, out, many.n_cols))


def flip(x: Code, lost: float, gained: float, stream: Stream, sample: int = 0) -> Code:
    """x with each active bit lost and each inactive one gained, independently, with these probabilities.

    Raises ValueError for probabilities outside [0, 1].
    """
    owner = "algebra.flip"
    for name, p in {"lost": lost, "gained": gained}.items():
        check.between(owner, name, check.scalar(owner, name, p), 0.0, 1.0)
    many = _many(owner, x)
    dense = batch.to_dense(many)
    for row, bits in enumerate(dense):
        u = rng.uniforms(stream, many.n_cols, check.integer(owner, "sample", sample) + row)
        bits[:] = np.where(bits, u >= lost, u < gained)
    return _like(x, batch.from_dense(dense))


def subsample(x: Code, s, stream: Stream, sample: int = 0) -> Code:
    """s of the active bits of x, chosen uniformly; x an Sdr or a batch, s one number or one for each row.

    Raises ValueError for s > w.
    """
    owner = "algebra.subsample"
    many = _many(owner, x)
    w = np.diff(many.indptr)
    s = _counts(owner, "s", s, w, "only active bits can be kept")
    places = _subsets(owner, stream, sample, w, s) + np.repeat(many.indptr[:-1], s)
    return _like(x, batch.ragged(s, many.indices[places], many.n_cols))


def _many(owner: str, x) -> Csr:
    if isinstance(x, Csr):
        return batch.rows(x, owner)
    return batch.ragged(np.array([checked(owner, "x", x).w]), x.indices, x.n)


def _like(x, many: Csr) -> Any:
    return many if isinstance(x, Csr) else trusted(many.indices, x.shape)


def _counts(owner: str, name: str, value, high: np.ndarray, remedy: str = "") -> np.ndarray:
    """(rows,) int64 whole numbers, each in [0, high]."""
    array = np.asarray(check.number(owner, name, value))
    if array.dtype.kind not in "iu" or array.shape not in ((), high.shape):
        check.fail(owner, f"{name} must be a whole number, or one for each of {len(high)} rows", value)
    if np.any((array < 0) | (array > high)):
        check.fail(owner, f"{name} must be in [0, {high.min()}]", value, remedy)
    return np.array(np.broadcast_to(array, high.shape), np.int64)


def _subsets(owner: str, stream, first: int, n: np.ndarray, k: np.ndarray) -> np.ndarray:
    """For each row k of n places, ascending, one row after the other: (sum of k,) int64."""
    if not isinstance(stream, Stream):
        check.fail(owner, "stream must be a Stream", stream, "make it with rng.stream(seed, name)", TypeError)
    check.integer(owner, "sample", first, 0, 2**32 - max(len(n), 1))
    total = int(k.sum())
    if total > SMALL:
        check.fits(owner, "the active bits", 8 * total)
    out = np.empty(total, np.int64)
    _draw(stream, first, n, k, rng.set_table(int(k.max(initial=0))), out)
    return out


@jit.kernel
def _draw(stream, first, n, k, table, out):
    start = 0
    for row in range(len(n)):
        part = out[start : start + k[row]]
        rng.distinct(stream, first + row, n[row], table, part)
        part.sort()
        start += k[row]


@jit.kernel
def _swap(indptr, indices, starts, lost, gained):
    """`lost` counts among the active bits of a row, `gained` among its inactive ones; both ascend."""
    out = np.empty(len(indices), np.int32)
    for row in range(len(indptr) - 1):
        here, end = indptr[row], indptr[row + 1]
        now, last = starts[row], starts[row + 1]
        gone, place = now, here
        for j in range(here, end):
            if gone < last and lost[gone] == j - here:
                gone += 1
            else:
                out[place] = indices[j]
                place += 1
        passed = here  # active bits below the inactive one that is sought
        for j in range(now, last):
            while passed < end and indices[passed] - (passed - here) <= gained[j]:
                passed += 1
            out[place] = gained[j] + (passed - here)
            place += 1
        out[here:end].sort()
    return out
