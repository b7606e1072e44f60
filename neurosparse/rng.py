"""Counter-based, named random streams: a number depends on where it is used, never on what was drawn before.

    x0, x1, x2, x3 = Philox4x32-10(key = (key0, key1), counter = (element low, element high, step, draw))

A stream is a 64-bit key, the hash of a seed and a name. An element is a neuron, synapse or pixel (< 2**64), a
step is a time step, sample or epoch (< 2**32), a draw counts the blocks that one element needs in one step
(< 2**32). So any split over threads or processes gives the same numbers, and a new recorder or population
shifts nobody else's.

Three layers, all with the same numbers: `philox` runs on scalars, on NumPy arrays and in compiled code; the
scalar draws (`uniform`, `normal`, `poisson` ...) run in Python and in compiled code; the fillers (`uniforms`
...) are public, checked, and put the scalar draw of (element i, step) at place i. Scalar draws do not check
arguments.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from neurosparse import check, jit

MASK = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLY_0, MULTIPLY_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LAST, ONE = np.uint64(2**64 - 1), np.uint64(1)
UP, DOWN = np.uint64(20), np.uint64(12)
POISSON_SWITCH = 10.0  # inversion below, transformed rejection from here on
POISSON_MAX = 1e15  # counts stay exact whole numbers in float64

_ledgers: ContextVar[tuple[list[str], ...]] = ContextVar("neurosparse_ledgers", default=())


class Stream(NamedTuple):
    """The key of one stream: two 32-bit words."""

    key0: np.uint64
    key1: np.uint64


def stream(seed: int, name: str) -> Stream:
    """The stream `name` of `seed`, in [0, 2**64). Another seed or another name: independent numbers.

    The same seed and name, asked for again, are the same numbers: two uses that shall not be correlated, say two
    projections or two PoissonInputs, need two names.

    Raises TypeError or ValueError for another seed, TypeError for a name that is not a string.
    """
    seed = check.integer("rng.stream", "seed", seed, 0, 2**64 - 1)
    if not isinstance(name, str):
        check.fail("rng.stream", "name must be a string", name, error=TypeError)
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        check.fail("rng.stream", "name must be text that UTF-8 can hold", name)
    for names in _ledgers.get():
        if name not in names:
            names.append(name)
    key = blake2b(seed.to_bytes(8, "little") + name.encode(), digest_size=8, person=b"neurosparse").digest()
    return Stream(np.uint64(int.from_bytes(key[:4], "little")), np.uint64(int.from_bytes(key[4:], "little")))


@contextmanager
def ledger() -> Iterator[list[str]]:
    """The names that `stream` is asked for inside, once each, in order: `with rng.ledger() as names:`."""
    names: list[str] = []
    token = _ledgers.set((*_ledgers.get(), names))
    try:
        yield names
    finally:
        _ledgers.reset(token)


# In compiled code uint64 with int64 becomes float64, and in NumPy too: so every operand below is a uint64.
@jit.shared
def philox(k0, k1, c0, c1, c2, c3):
    """Philox4x32-10: four 32-bit words from a key and a counter, each in a uint64 (scalars or arrays)."""
    k0, k1 = np.uint64(k0), np.uint64(k1)
    c0, c1, c2, c3 = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    for _ in range(10):
        p0, p1 = MULTIPLY_0 * c0, MULTIPLY_1 * c2
        c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & MASK, (p0 >> HALF) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    return c0, c1, c2, c3


@jit.shared
def block(stream, element, step, draw):
    """The four words of (element, step, draw)."""
    e = np.uint64(element)
    return philox(stream.key0, stream.key1, e & MASK, e >> HALF, step, draw)


@jit.shared
def unit(high, low):
    """Two words to a float64 in the open interval (0, 1): the middles of 2**52 equal bins."""
    return (np.float64((high << UP) | (low >> DOWN)) + 0.5) * 2.0**-52


@jit.shared
def pair(stream, element, step, draw):
    """Two independent uniform numbers of (0, 1) from one block; the first is `uniform`."""
    x0, x1, x2, x3 = block(stream, element, step, draw)
    return unit(x0, x1), unit(x2, x3)


@jit.shared
def bits(stream, element, step, draw=0):
    """64 random bits as a uint64."""
    x0, x1, _, _ = block(stream, element, step, draw)
    return (x0 << HALF) | x1


@jit.shared
def uniform(stream, element, step, draw=0):
    """Uniform in the open interval (0, 1), 52 bits."""
    x0, x1, _, _ = block(stream, element, step, draw)
    return unit(x0, x1)


@jit.shared
def normal(stream, element, step, draw=0):
    """Standard normal number: Box and Muller (1958), one of the two."""
    u, v = pair(stream, element, step, draw)
    return math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)


@jit.shared
def bernoulli(stream, element, step, p):
    """True with probability p; never for p = 0, always for p = 1."""
    return uniform(stream, element, step, 0) < p


@jit.shared
def below(stream, element, step, n):
    """Whole number of [0, n), exactly uniform; -1 for n < 1.

    64 bits modulo n, drawn again where they fall in the incomplete last cycle of n.
    """
    if n < 1:
        return -1
    m = np.uint64(n)
    draw = 0
    while True:
        x = bits(stream, element, step, draw)
        rest = x % m
        if x - rest <= LAST - (m - ONE):
            return np.int64(rest)
        draw += 1


@jit.shared
def poisson(stream, element, step, lam):
    """Poisson number of mean lam in [0, 1e15]; time O(1 + min(lam, 10))."""
    if lam < POISSON_SWITCH:
        return _poisson_inversion(uniform(stream, element, step, 0), lam)
    return _poisson_rejection(stream, element, step, lam)


@jit.shared
def _poisson_inversion(u, lam):
    """The smallest k with P(K <= k) >= u, by adding up the probabilities."""
    k = 0
    term = math.exp(-lam)
    total = term
    while u > total:
        k += 1
        term *= lam / k
        if total + term == total:  # beyond float64's view of the tail
            break
        total += term
    return k


@jit.shared
def _poisson_rejection(stream, element, step, lam):
    """Transformed rejection with squeeze.

    Source: Hörmann (1993), Insurance: Mathematics and Economics 12, 39-45, algorithm PTRS.
    """
    b = 0.931 + 2.53 * math.sqrt(lam)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2.0)
    draw = 0
    while True:
        u, v = pair(stream, element, step, draw)
        draw += 1
        u -= 0.5
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + lam + 0.43) * 1.0
        if us >= 0.07 and v <= squeeze:
            return int(k)
        if k < 0.0 or (us < 0.013 and v > us):
            continue
        if math.log(v * inverse_alpha / (a / (us * us) + b)) <= _log_poisson(k, lam):
            return int(k)


@jit.shared
def _log_poisson(k, lam):
    """log(exp(-lam) lam**k / k!), free of the cancellation of k log lam against log k! for large lam.

    log1p and Stirling's series rather than lgamma, which differs between Python and compiled code.
    """
    if k < 10.0:
        factorial = 1.0
        for j in range(2, int(k) + 1):
            factorial *= j
        return k * math.log(lam) - lam - math.log(factorial)
    r = 1.0 / (k * k)
    stirling = (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r / 1680.0))) / k
    return k - lam - k * math.log1p((k - lam) / lam) - 0.5 * math.log(2.0 * math.pi * k) - stirling


def uniforms(stream: Stream, n: int, step: int = 0, first: int = 0) -> np.ndarray:
    """(n,) float64: `uniform` of elements first .. first + n - 1. Errors as `normals`."""
    out = np.empty(_numbers("rng.uniforms", _count("rng.uniforms", stream, n, step, first)))
    _uniforms(stream, step, first, out)
    return out


def normals(stream: Stream, n: int, step: int = 0, first: int = 0) -> np.ndarray:
    """(n,) float64: `normal` of elements first .. first + n - 1.

    Raises TypeError or ValueError for a stream that is none, n < 0, first < 0 or a step outside [0, 2**32).
    """
    out = np.empty(_numbers("rng.normals", _count("rng.normals", stream, n, step, first)))
    _normals(stream, step, first, out)
    return out


def bernoullis(stream: Stream, p, step: int = 0) -> np.ndarray:
    """Bool array of p's shape: `bernoulli` with element = flat index.

    Raises as `normals`, and ValueError for p outside [0, 1] or NaN.
    """
    p = np.asarray(check.between("rng.bernoullis", "p", p, 0.0, 1.0), dtype=np.float64, order="C")
    out = np.empty(p.shape, dtype=np.bool_)
    _count("rng.bernoullis", stream, p.size, step)
    _bernoullis(stream, step, p.reshape(-1), out.reshape(-1))
    return out


def poissons(stream: Stream, lam, step: int = 0) -> np.ndarray:
    """int64 array of lam's shape: `poisson` with element = flat index.

    Raises as `normals`, and ValueError for lam outside [0, 1e15] or NaN.
    """
    lam = np.asarray(check.between("rng.poissons", "lam", lam, 0.0, POISSON_MAX), dtype=np.float64, order="C")
    out = np.empty(lam.shape, dtype=np.int64)
    _count("rng.poissons", stream, lam.size, step)
    _poissons(stream, step, lam.reshape(-1), out.reshape(-1))
    return out


def permutation(stream: Stream, n: int, step: int = 0) -> np.ndarray:
    """(n,) int64: 0 .. n - 1 in an exactly uniform random order (Fisher and Yates). Errors as `normals`."""
    out = np.arange(_numbers("rng.permutation", _count("rng.permutation", stream, n, step)), dtype=np.int64)
    _shuffle(stream, step, out)
    return out


def choice(stream: Stream, n: int, k: int, step: int = 0) -> np.ndarray:
    """(k,) int64: k distinct numbers of 0 .. n - 1, ascending; every set equally likely. O(k) memory.

    Raises as `normals`, and ValueError for k outside [0, n].
    Source: Bentley and Floyd, "A sample of brilliance", Communications of the ACM 30 (1987) 754-757.
    """
    _count("rng.choice", stream, n, step)
    k = check.integer("rng.choice", "k", k, 0, n, "draw at most n of n")
    out = np.empty(_numbers("rng.choice", k), dtype=np.int64)
    _choice(stream, step, n, set_table(k), out)
    out.sort()
    return out


def set_table(k: int) -> np.ndarray:
    """Scratch memory for `distinct` of k numbers."""
    return np.empty(1 << (2 * k).bit_length(), dtype=np.int64)


def _count(owner: str, stream, n: int, step: int, first: int = 0) -> int:
    if not isinstance(stream, Stream):
        check.fail(owner, "stream must be a Stream", stream, "make it with rng.stream(seed, name)", TypeError)
    check.integer(owner, "step", step, 0, 2**32 - 1)
    check.integer(owner, "first", first)
    return check.integer(owner, "n", n)


def _numbers(owner: str, n: int) -> int:
    """Memory for n numbers there must be."""
    check.fits(owner, "the numbers", 8 * n)
    return n


@jit.kernel
def _uniforms(stream, step, first, out):
    for i in range(out.size):
        out[i] = uniform(stream, first + i, step, 0)


@jit.kernel
def _normals(stream, step, first, out):
    for i in range(out.size):
        out[i] = normal(stream, first + i, step, 0)


@jit.kernel
def _bernoullis(stream, step, p, out):
    for i in range(out.size):
        out[i] = bernoulli(stream, i, step, p[i])


@jit.kernel
def _poissons(stream, step, lam, out):
    for i in range(out.size):
        out[i] = poisson(stream, i, step, lam[i])


@jit.kernel
def _shuffle(stream, step, out):
    for i in range(out.size - 1, 0, -1):
        j = below(stream, i, step, i + 1)
        out[i], out[j] = out[j], out[i]


@jit.kernel
def _choice(stream, step, n, table, out):
    distinct(stream, step, n, table, out)


@jit.shared
def distinct(stream, step, n, table, out):
    """Fill `out` with distinct numbers of [0, n), in no particular order; `table` comes from `set_table(out.size)`.

    The table is an open-addressed set. Its keys are random already, so their low bits serve as the hash.
    """
    k = out.size
    table[:] = -1
    for m in range(k):
        last = n - k + m
        x = below(stream, last, step, last + 1)
        if not _insert(table, x):
            x = last
            _insert(table, x)
        out[m] = x


@jit.shared
def _insert(table, x):
    """Put x into the set; False where it was there already."""
    mask = table.size - 1
    place = x & mask
    while table[place] >= 0:
        if table[place] == x:
            return False
        place = (place + 1) & mask
    table[place] = x
    return True
