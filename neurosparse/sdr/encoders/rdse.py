"""Random distributed scalar: any number, without bounds, as w random active bits of n; nothing is stored.

    b   = round((x - offset) / r)                       bucket, r = resolution
    k_c = floor((b + c) / w)                            what channel c = 0 .. w - 1 stands at: it moves every w buckets
    bit = start of block c + place in it                the n bits are cut into w blocks of about n / w
    place: a hash of (c, k_c) into the first half of the block for even k_c, into the second half for odd k_c

One channel changes from a bucket to the next, and to another half, so the overlap of two buckets d apart is

    d <= w    w - d, exactly
    d > w     channels with an even difference of k meet by chance: each with probability 1 / (size of its half);
              w^2 / n on average over d, and never more than the sum of those probabilities on average over seeds

Every code has exactly w active bits. n = 20 w or more leaves little to chance. Decoding looks through a range
of values that the caller names.
The idea of hashed buckets: Purdy, arXiv:1602.05925 (2016), "random distributed scalar encoder"; channels and halves
are ours, and make its overlap law exact.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, rng
from neurosparse.csr import Csr
from neurosparse.rng import Stream
from neurosparse.sdr import batch
from neurosparse.sdr.encoders import posterior
from neurosparse.sdr.encoders.posterior import Distribution
from neurosparse.sdr.encoders.scalar import one_line, sizes
from neurosparse.sdr.overlap import overlap
from neurosparse.sdr.sdr import Sdr, checked, trusted

OWNER = "encoders.rdse"
FARTHEST = 2.0**53  # buckets whose number a float64 holds exactly


class Rdse(NamedTuple):
    """Made by `rdse`."""

    n: int
    w: int
    resolution: float
    offset: float
    stream: Stream

    def bucket(self, values) -> np.ndarray:
        """int64 of the shape of `values`: b. Raises ValueError for NaN, no numbers, and b beyond 2**53."""
        x = np.asarray(check.number(OWNER, "value", values), np.float64)
        with np.errstate(over="ignore"):
            b = np.floor((x - self.offset) / self.resolution + 0.5)
        if not np.all(np.abs(b) <= FARTHEST):
            check.fail(
                OWNER, "value must be within 2**53 resolutions of the offset", values, "take a larger resolution"
            )
        return b.astype(np.int64)

    def value(self, bucket):
        """The middle of a bucket."""
        return self.offset + np.asarray(bucket) * self.resolution

    def encode(self, value: float) -> Sdr:
        """The code of one number; raises as `bucket`."""
        check.scalar(OWNER, "value", value)
        return trusted(self._codes(np.atleast_1d(self.bucket(value))).indices, (self.n,))

    def encode_many(self, values) -> Csr:
        """A row for each of values (k,); raises as `bucket`."""
        return self._codes(self.bucket(one_line(OWNER, values)))

    def decode(self, sdr: Sdr, low: float, high: float) -> float:
        """The value of [low, high] whose code shares most bits: O(w (high - low) / resolution).

        Raises ValueError for another length, low > high, or no shared bit at all; MemoryError for too wide a range.
        """
        buckets = self._range(low, high)
        place = posterior.peak(OWNER, overlap(checked(OWNER, "sdr", sdr, self.n), self._codes(buckets)))
        return float(self.value(buckets[0] + place))

    def distribution(self, sdr: Sdr, low: float, high: float, loss: float = 0.1) -> Distribution:
        """How likely each bucket's value in [low, high] is (see posterior.py); raises as `decode`."""
        buckets = self._range(low, high)
        shared = overlap(checked(OWNER, "sdr", sdr, self.n), self._codes(buckets))
        return posterior.distribution(OWNER, self.value(buckets), shared, self.n, self.w, loss)

    def expected_overlap(self, x: float, y: float) -> float:
        """The overlap of the codes of x and y, on average over seeds; exact up to w buckets apart."""
        k, other = (_stands(np.atleast_1d(self.bucket(value)), self.w) for value in (x, y))
        size = _half(*_block(self.n, self.w), k)[1]
        return float(np.sum(np.where(k == other, 1.0, np.where((k - other) % 2 == 0, 1.0 / size, 0.0))))

    def _codes(self, bucket: np.ndarray) -> Csr:
        check.fits(OWNER, "the codes", 64 * bucket.size * self.w, "take fewer values, or a narrower range")
        k = _stands(bucket, self.w)
        start, size = _half(*_block(self.n, self.w), k)
        place = rng.bits(self.stream, k, np.arange(self.w, dtype=np.uint64)) % size.astype(np.uint64)
        return batch.even(start + place.astype(np.int64), self.n)

    def _range(self, low, high) -> np.ndarray:
        first, last = (int(self.bucket(check.scalar(OWNER, name, x))) for name, x in (("low", low), ("high", high)))
        if first > last:
            check.fail(OWNER, "low must not be above high", (low, high))
        check.fits(OWNER, "the range", 64 * (last - first + 1) * self.w, "take a narrower range")
        return np.arange(first, last + 1)


def rdse(n: int, w: int, resolution: float, seed: int = 0, offset: float = 0.0) -> Rdse:
    """Encoder of any number by w of n bits; values nearer than `resolution` share a code or are one bit apart.

    Two encoders with the same n, w and seed give the same bits for the same bucket: give each its seed. Raises
    ValueError for 2 w > n (each block of n / w bits has two halves) and a resolution that is not positive.
    """
    n, w = sizes(OWNER, n, w, 0.5)
    check.positive(OWNER, "resolution", check.scalar(OWNER, "resolution", resolution))
    check.scalar(OWNER, "offset", offset)
    return Rdse(n, w, float(resolution), float(offset), rng.stream(seed, OWNER))


def _stands(bucket: np.ndarray, w: int) -> np.ndarray:
    """(k, w) int64: k_c of each bucket and channel."""
    return (bucket[:, None] + np.arange(w)) // w


def _block(n: int, w: int) -> tuple[np.ndarray, np.ndarray]:
    """(w,), (w,): where the block of each channel begins, and its size."""
    edge = np.arange(w + 1, dtype=np.int64) * n // w
    return edge[:-1], np.diff(edge)


def _half(start: np.ndarray, size: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The half of its block that a channel uses at k: where it begins, and its size."""
    odd = k % 2 == 1
    return start + np.where(odd, size // 2, 0), np.where(odd, size - size // 2, size // 2)
