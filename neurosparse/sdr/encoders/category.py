"""One of k names as a code of its own.

    disjoint    w neighbouring bits for each name, n = w k      overlap law: 0 for two names
    random      w of n bits for each name, from a seed          hypergeometric, w^2 / n on average over seeds

`unknown=True` keeps one more code for every other value, which decodes to None.
"""

from collections.abc import Hashable, Iterable
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from neurosparse import check, rng
from neurosparse.csr import Csr
from neurosparse.sdr import batch
from neurosparse.sdr.encoders import posterior
from neurosparse.sdr.encoders.posterior import Distribution
from neurosparse.sdr.encoders.scalar import sizes
from neurosparse.sdr.noise import random_batch
from neurosparse.sdr.overlap import overlap
from neurosparse.sdr.sdr import LARGEST, Sdr, checked

OWNER = "encoders.category"


class Category(NamedTuple):
    """Made by `category`."""

    names: tuple
    n: int
    w: int
    unknown: bool
    stream: rng.Stream | None  # None: disjoint codes

    @property
    def values(self) -> tuple:
        """What can be decoded: the names, and None if there is a code for unknown ones."""
        return (*self.names, None) if self.unknown else self.names

    def bucket(self, value: Hashable) -> int:
        """Place of the name in `names`, len(names) for an unknown one. Raises ValueError where that has no code."""
        try:
            place = _places(self.names).get(value)
        except TypeError:
            check.fail(OWNER, "value must be hashable", value, error=TypeError)
        if place is None and not self.unknown:
            near = get_close_matches(str(value), [str(name) for name in self.names], n=1)
            remedy = f"did you mean {near[0]!r}?" if near else "unknown=True keeps a code for all others"
            check.fail(OWNER, f"value must be one of the {len(self.names)} names", value, remedy)
        return len(self.names) if place is None else place

    def encode(self, value: Hashable) -> Sdr:
        """The code of one name; raises as `bucket`."""
        return batch.sdr(self.codes, self.bucket(value))

    def encode_many(self, values: Iterable) -> Csr:
        """A row for each value; raises as `bucket`."""
        rows = np.array([self.bucket(value) for value in values], np.int64)
        return batch.even(self.codes.indices.reshape(-1, self.w)[rows], self.n)

    def decode(self, sdr: Sdr):
        """The name whose code shares most bits, the first of several; None for the unknown one.

        Raises ValueError for another length, or no shared bit at all.
        """
        shared = overlap(checked(OWNER, "sdr", sdr, self.n), self.codes)
        posterior.some(OWNER, shared)
        return self.values[int(np.argmax(shared))]

    def distribution(self, sdr: Sdr, loss: float = 0.1) -> Distribution:
        """How likely each of `values` is (see posterior.py)."""
        shared = overlap(checked(OWNER, "sdr", sdr, self.n), self.codes)
        return posterior.distribution(OWNER, self.values, shared, self.n, self.w, loss)

    def expected_overlap(self, x: Hashable, y: Hashable) -> float:
        """The overlap of the codes of x and y; of random ones on average over seeds."""
        if self.bucket(x) == self.bucket(y):
            return self.w
        return 0 if self.stream is None else self.w**2 / self.n

    @property
    def codes(self) -> Csr:
        """A row for each of `values`."""
        return _codes(len(self.values), self.n, self.w, self.stream)


def category(names: Iterable, w: int, n: int | None = None, unknown: bool = False, seed: int = 0) -> Category:
    """Encoder of names (any hashable values) by w bits each: disjoint, or random ones among `n` if it is given.

    Raises ValueError for no names, a name twice, and w > n.
    """
    names = tuple(names)
    try:
        distinct = set(names)
    except TypeError:
        check.fail(OWNER, "names must be hashable", names, error=TypeError)
    if not names or len(distinct) < len(names):
        check.fail(OWNER, "names must be at least one, each once", names)
    count = len(names) + bool(unknown)
    if n is not None:
        n, w = sizes(OWNER, n, w)
        return Category(names, n, w, bool(unknown), rng.stream(seed, OWNER))
    w = check.integer(OWNER, "w", w, 1, LARGEST // count)
    return Category(names, w * count, w, bool(unknown), None)


@lru_cache(maxsize=64)
def _places(names: tuple) -> dict:
    return {name: place for place, name in enumerate(names)}


@lru_cache(maxsize=64)
def _codes(count: int, n: int, w: int, stream: rng.Stream | None) -> Csr:
    if stream is None:
        return batch.even(np.arange(n).reshape(count, w), n)
    return random_batch(n, w, count, stream)
