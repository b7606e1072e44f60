"""A place of whole coordinates, in any dimension, as the w chosen places of its neighbourhood.

    neighbourhood   all y with max_i |y_i - x_i| <= radius: N = (2 radius + 1)^dimensions of them
    order(y)        a hash of y; the w neighbours of highest order are chosen
    bit(y)          another hash, in [0, n); one that is taken by a higher order is drawn again: w stays exact

Overlap law: neighbours in both neighbourhoods, where they are of high order, are chosen by both, so it is near

    w |A and B| / N,   |A and B| = prod_i max(0, 2 radius + 1 - |x_i - y_i|),     plus chance, w^2 / n for the rest

and the hashes spread it: a standard deviation of about sqrt(w) / 2 where half is shared. Neighbours may even have one
code, where w is near N. Decoding looks through a box.
Source: Purdy, arXiv:1602.05925 (2016), places by the neighbours of highest order.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neurosparse import check, rng
from neurosparse.csr import Csr
from neurosparse.rng import Stream
from neurosparse.sdr import batch
from neurosparse.sdr.encoders import posterior
from neurosparse.sdr.encoders.posterior import Distribution
from neurosparse.sdr.encoders.scalar import sizes
from neurosparse.sdr.overlap import overlap
from neurosparse.sdr.sdr import Sdr, checked, trusted

OWNER = "encoders.coordinate"
FARTHEST = 2**62
PIECE = 1 << 18  # neighbours that are looked at at a time
ORDER, BIT = 1 << 16, 1 << 17  # steps of the stream, beyond those of the dimensions


class Coordinate(NamedTuple):
    """Made by `coordinate`."""

    n: int
    w: int
    radius: int
    dimensions: int
    stream: Stream

    @property
    def neighbours(self) -> int:
        """N."""
        return (2 * self.radius + 1) ** self.dimensions

    def encode(self, value: Sequence[int]) -> Sdr:
        """The code of one place (dimensions,); raises as `encode_many`."""
        return trusted(self.encode_many(np.asarray(check.number(OWNER, "value", value))[None]).indices, (self.n,))

    def encode_many(self, values) -> Csr:
        """A row for each of values (k, dimensions), whole numbers within 2**62. Raises ValueError for others."""
        values = self._places(values)
        rows = max(1, PIECE // self.neighbours)
        pieces = [self._codes(values[first : first + rows]) for first in range(0, len(values), rows)]
        return batch.even(np.concatenate([np.empty((0, self.w), np.int64), *pieces]), self.n)

    def decode(self, sdr: Sdr, low: Sequence[int], high: Sequence[int]) -> np.ndarray:
        """(dimensions,): the place of the box low .. high (both ends in it) whose code shares most bits; the first.

        Costs N hashes for each place of the box. Raises ValueError for another length, an empty box, or no shared bit.
        """
        box, shared = self._overlaps(sdr, low, high)
        posterior.some(OWNER, shared)
        return box[int(np.argmax(shared))]

    def distribution(self, sdr: Sdr, low: Sequence[int], high: Sequence[int], loss: float = 0.1) -> Distribution:
        """How likely each place (k, dimensions) of the box is (see posterior.py); raises as `decode`."""
        box, shared = self._overlaps(sdr, low, high)
        return posterior.distribution(OWNER, box, shared, self.n, self.w, loss)

    def expected_overlap(self, x: Sequence[int], y: Sequence[int]) -> float:
        """About the overlap of the codes of x and y, on average over seeds."""
        here, there = (self._places(np.asarray(value)[None])[0].tolist() for value in (x, y))
        shared = math.prod(max(0, 2 * self.radius + 1 - abs(a - b)) for a, b in zip(here, there)) / self.neighbours
        return self.w * shared + (1 - shared) * self.w**2 / self.n

    def _places(self, values) -> np.ndarray:
        values = np.asarray(check.number(OWNER, "value", values))
        if values.ndim != 2 or values.shape[1] != self.dimensions or (values.size and values.dtype.kind not in "iu"):
            check.fail(OWNER, f"value must be {self.dimensions} whole numbers", values)
        check.between(OWNER, "value", values, -FARTHEST, FARTHEST)
        return values.astype(np.int64)

    def _codes(self, values: np.ndarray) -> np.ndarray:
        """(k, w) distinct bits."""
        sides = [np.arange(-self.radius, self.radius + 1)] * self.dimensions
        offsets = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, self.dimensions)
        key = self._hash(values[:, None] + offsets)
        order = rng.bits(self.stream, key, ORDER)
        chosen = np.argsort(order, axis=1, kind="stable")[:, : -self.w - 1 : -1]
        key = np.take_along_axis(key, chosen, axis=1)
        bits = np.asarray(rng.bits(self.stream, key, BIT) % np.uint64(self.n)).astype(np.int64)
        for row in np.flatnonzero(np.any(np.diff(np.sort(bits, axis=1)) == 0, axis=1)):
            bits[row] = self._apart(key[row], bits[row].tolist())
        return bits

    def _hash(self, places: np.ndarray) -> np.ndarray:
        """One key for each place: coordinate after coordinate goes through the generator."""
        key = np.zeros(places.shape[:-1], np.uint64)
        for axis in range(self.dimensions):
            key = np.asarray(rng.bits(self.stream, key ^ places[..., axis].astype(np.uint64), axis))
        return key

    def _apart(self, keys: np.ndarray, bits: list[int]) -> list[int]:
        """The bits, those that are taken drawn again."""
        taken: set[int] = set()
        for key, bit in zip(keys, bits):
            draw = 0
            while bit in taken:
                draw += 1
                bit = int(rng.bits(self.stream, key, BIT, draw)) % self.n
            taken.add(bit)
        return list(taken)

    def _overlaps(self, sdr: Sdr, low, high) -> tuple[np.ndarray, np.ndarray]:
        checked(OWNER, "sdr", sdr, self.n)
        first, last = (self._places(np.asarray(end)[None])[0] for end in (low, high))
        if np.any(first > last):
            check.fail(OWNER, "low must not be above high", (first.tolist(), last.tolist()))
        count = math.prod((int(b) - int(a) + 1) for a, b in zip(first, last))
        check.fits(OWNER, "the codes of the box", 16 * count * self.w, "take a smaller box")
        sides = [np.arange(a, b + 1) for a, b in zip(first, last)]
        box = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, self.dimensions)
        return box, overlap(sdr, self.encode_many(box))


def coordinate(n: int, w: int, radius: int, dimensions: int = 2, seed: int = 0) -> Coordinate:
    """Encoder of places by w of n bits; places within 2 radius in every dimension share bits.

    Raises ValueError for 2 w > n, and a neighbourhood of less than w places.
    """
    n, w = sizes(OWNER, n, w, 0.5)
    radius = check.integer(OWNER, "radius", radius, 0, 2**20)
    dimensions = check.integer(OWNER, "dimensions", dimensions, 1, 16)
    made = Coordinate(n, w, radius, dimensions, rng.stream(seed, OWNER))
    if made.neighbours < w:
        check.fail(OWNER, f"the neighbourhood must hold w = {w} places", made.neighbours, "take a larger radius")
    check.fits(OWNER, "the neighbourhood", 8 * (dimensions + 8) * made.neighbours, "take a smaller radius")
    return made
