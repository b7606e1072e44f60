"""A number of a range as w neighbouring active bits, on a line or a ring.

    line    b = round((x - low) / r),   r = (high - low) / (n - w),   b in 0 .. n - w
    ring    b = floor((x - low) / r),   r = (high - low) / n,         b in 0 .. n - 1,  x and x + high - low are one
    code    bits b, b + 1, ... b + w - 1  (mod n on the ring)

Overlap law: max(0, w - d), d = |b - b'|; on the ring also where the codes meet behind: max(0, w - (n - d)) more.
Decoding gives the middle of the bucket: within r / 2 of x. If v active bits were swapped with others and 2 v < w, it
is at most 2 v buckets away, wherever they went.
Source: Purdy, "Encoding data for HTM systems", arXiv:1602.05925 (2016).
"""

import math
from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.sdr import batch
from neurosparse.sdr.encoders import posterior
from neurosparse.sdr.encoders.posterior import Distribution
from neurosparse.sdr.sdr import LARGEST, Sdr, checked, trusted

OWNER = "encoders.scalar"


class Scalar(NamedTuple):
    """Made by `scalar`."""

    n: int
    w: int
    low: float
    high: float
    periodic: bool
    clip: bool

    @property
    def resolution(self) -> float:
        """Width of a bucket, in the unit of the value."""
        return (self.high - self.low) / (self.n if self.periodic else self.n - self.w)

    @property
    def buckets(self) -> int:
        """Number of different codes."""
        return self.n if self.periodic else self.n - self.w + 1

    def bucket(self, values) -> np.ndarray:
        """int64 of the shape of `values`: b. Raises ValueError for values out of range, NaN and no numbers."""
        remedy = "" if self.periodic or self.clip else "clip=True takes the nearest"
        if self.periodic or self.clip:
            check.number(OWNER, "value", values)
        else:
            check.between(OWNER, "value", values, self.low, self.high, remedy=remedy)
        x = (np.asarray(values, np.float64) - self.low) / (self.high - self.low)
        if self.periodic:
            return np.floor((x - np.floor(x)) * self.n).astype(np.int64) % self.n
        return np.floor(np.clip(x, 0.0, 1.0) * (self.n - self.w) + 0.5).astype(np.int64)

    def value(self, bucket):
        """The middle of a bucket."""
        place = (np.asarray(bucket) + 0.5) % self.n if self.periodic else np.asarray(bucket)
        return np.minimum(self.low + place * self.resolution, self.high)  # rounding may pass the end

    def encode(self, value: float) -> Sdr:
        """The code of one number; raises as `bucket`."""
        check.scalar(OWNER, "value", value)
        return trusted(batch.even(self._bits(np.atleast_1d(self.bucket(value))), self.n).indices, (self.n,))

    def encode_many(self, values) -> Csr:
        """A row for each of values (k,); raises as `bucket`."""
        return batch.even(self._bits(self.bucket(one_line(OWNER, values))), self.n)

    def decode(self, sdr: Sdr) -> float:
        """The value whose code shares most bits. Raises ValueError for another length, or no shared bit at all."""
        return float(self.value(posterior.peak(OWNER, self._overlaps(sdr), self.periodic)))

    def distribution(self, sdr: Sdr, loss: float = 0.1) -> Distribution:
        """How likely each bucket's value is (see posterior.py)."""
        values = self.value(np.arange(self.buckets))
        return posterior.distribution(OWNER, values, self._overlaps(sdr), self.n, self.w, loss)

    def expected_overlap(self, x: float, y: float) -> int:
        """The overlap of the codes of x and y, exactly."""
        d = abs(int(self.bucket(x)) - int(self.bucket(y)))
        behind = max(0, self.w - (self.n - d)) if self.periodic else 0
        return max(0, self.w - d) + behind

    def _bits(self, bucket: np.ndarray) -> np.ndarray:
        return (bucket[:, None] + np.arange(self.w)) % self.n

    def _overlaps(self, sdr: Sdr) -> np.ndarray:
        """(buckets,): sums over windows of w bits."""
        bits = checked(OWNER, "sdr", sdr, self.n).dense.reshape(-1)
        bits = np.concatenate([bits, bits[: self.w - 1]]) if self.periodic else bits
        total = np.concatenate([[0], np.cumsum(bits)])
        return total[self.w :] - total[: -self.w]


def scalar(n: int, w: int, low: float, high: float, periodic: bool = False, clip: bool = False) -> Scalar:
    """Encoder of numbers in [low, high] by w of n bits.

    Values outside are refused; `clip` takes the nearest end instead, `periodic` wraps them around (hours, angles).
    Raises ValueError for w >= n, low >= high and other numbers that fit nothing.
    """
    n, w = sizes(OWNER, n, w)
    check.scalar(OWNER, "low", low)
    check.scalar(OWNER, "high", high)
    check.scalar(OWNER, "high - low", float(high) - float(low))
    if not low < high:
        check.fail(OWNER, "low must be below high", (low, high))
    if periodic and clip:
        check.fail(OWNER, "periodic values have no end to clip to", (periodic, clip), "leave out clip")
    return Scalar(n, w, float(low), float(high), bool(periodic), bool(clip))


def sizes(owner: str, n: int, w: int, most: float = 1.0) -> tuple[int, int]:
    """n bits and w < n of them active, at most the part `most`; raises TypeError and ValueError as `owner`."""
    n = check.integer(owner, "n", n, 2, LARGEST)
    remedy = "sparse codes have w around n / 50"
    return n, check.integer(owner, "w", w, 1, min(n - 1, math.floor(n * most)), remedy)


def one_line(owner: str, values) -> np.ndarray:
    """`values` as an array (k,). Raises ValueError for other shapes."""
    array = np.asarray(check.number(owner, "values", values))
    if array.ndim != 1:
        check.fail(owner, "values must have shape (k,)", array.shape, "encode takes one")
    return array
