"""Builders of Csr: who is connected to whom.

Random builders draw every row (or target) from its own counters, so a row does not depend on the others, on threads
or on sizes it does not touch. `weight` is one number; `csr.reweight` sets others.
"""

import math

import numpy as np

from neurosparse import check, rng
from neurosparse.csr import Csr, from_coo, make, reweight
from neurosparse.jit import kernel


def bernoulli(stream: rng.Stream, n_pre: int, n_post: int, p: float, weight: float = 1.0, loops: bool = True) -> Csr:
    """Every pair with probability p, independently; `loops=False` leaves out i -> i.

    Drawn as waiting times along each row, P(gap > g) = (1 - p)**g, at a cost that follows the synapses.
    """
    _stream("wire.bernoulli", stream)
    _sizes("wire.bernoulli", n_pre, n_post)
    if np.ndim(p) != 0:
        check.fail("wire.bernoulli", "p must be one number", np.shape(p), "wire.ensembles takes a table")
    check.between("wire.bernoulli", "p", p, 0, 1)
    if p == 1:
        return all_to_all(n_pre, n_post, weight, loops)
    if p == 0:
        return from_coo([], [], weight, (n_pre, n_post))
    room = int(n_pre * n_post * p + 6 * math.sqrt(n_pre * n_post * p) + 64)
    while True:  # once, but for one case in a billion
        cols = np.empty(room, dtype=np.int32)
        indptr = _bernoulli_rows(stream, n_pre, n_post, math.log1p(-p), loops, cols)
        if indptr[-1] >= 0:
            return _filled(indptr, cols[: indptr[-1]], weight, n_post)
        room *= 2


def fixed_in_degree(
    stream: rng.Stream, n_pre: int, n_post: int, k: int, weight: float = 1.0, loops: bool = True
) -> Csr:
    """Every target receives from exactly k distinct sources, all sets equally likely."""
    owner = "wire.fixed_in_degree"
    _stream(owner, stream)
    _sizes(owner, n_pre, n_post)
    barred = 0 if loops else 1
    if barred and n_pre != n_post:
        check.fail(owner, "loops=False needs n_pre == n_post", (n_pre, n_post))
    check.integer(owner, "k", k, 0, n_pre - barred, "there are no more sources to choose from")
    check.number(owner, "weight", weight)
    sources = np.empty((n_post, k), dtype=np.int64)
    _choose(stream, n_pre, barred, rng.set_table(k), sources)
    indptr = np.zeros(n_pre + 1, dtype=np.int64)
    cols = np.empty(n_post * k, dtype=np.int32)
    _by_source(sources, indptr, cols)
    return _filled(indptr, cols, weight, n_post)


def pairs(stream: rng.Stream, n_pre: int, n_post: int, n_synapses: int, weight: float = 1.0) -> Csr:
    """Exactly `n_synapses` distinct pairs, all sets equally likely."""
    _stream("wire.pairs", stream)
    _sizes("wire.pairs", n_pre, n_post)
    check.integer("wire.pairs", "n_synapses", n_synapses, 0, n_pre * n_post, "that is every pair there is")
    flat = rng.choice(stream, n_pre * n_post, n_synapses)
    return from_coo(flat // n_post, flat % n_post, weight, (n_pre, n_post))


def distance(stream: rng.Stream, positions, kind, constants, length: float, weight: float = 1.0) -> Csr:
    """Lattice wiring that decays with distance, without loops:  P(j -> i) = C[kind j, kind i] exp(-(D_ij / length)^2).

    positions (n, d) in grid units, kind (n,) class ids, constants (K, K) indexed [pre, post], length in grid units.
    Source: Maass, Natschläger & Markram, Neural Computation 14 (2002), section 2 (there with the classes E and I).
    """
    owner = "wire.distance"
    _stream(owner, stream)
    positions = np.ascontiguousarray(check.number(owner, "positions", positions), dtype=np.float64)
    kind = _ids(owner, "kind", kind)
    constants = np.ascontiguousarray(check.between(owner, "constants", constants, 0, 1), dtype=np.float64)
    check.positive(owner, "length", length)
    if positions.ndim != 2 or kind.shape != positions.shape[:1]:
        check.fail(owner, "needs positions (n, d) and kind (n,)", (positions.shape, kind.shape))
    if constants.ndim != 2 or (len(kind) and not (kind.min() >= 0 and kind.max() < min(constants.shape))):
        check.fail(owner, "constants must be (K, K) with every kind in [0, K)", constants.shape)
    n = len(positions)
    return _from_mask(_distance_mask(stream, positions, kind, constants, length, np.zeros((n, n), np.bool_)), weight)


def ensembles(stream: rng.Stream, group_pre, group_post, p, weight: float = 1.0) -> Csr:
    """Ensemble to ensemble: neuron i connects to j with probability p[group_pre[i], group_post[j]].

    group_pre (n_pre,), group_post (n_post,) ensemble ids; p (G_pre, G_post) in [0, 1].
    """
    owner = "wire.ensembles"
    _stream(owner, stream)
    p = np.ascontiguousarray(check.between(owner, "p", p, 0, 1), dtype=np.float64)
    pre, post = _ids(owner, "group_pre", group_pre), _ids(owner, "group_post", group_post)
    if p.ndim != 2 or pre.ndim != 1 or post.ndim != 1:
        check.fail(owner, "needs vectors of ensemble ids and p (G_pre, G_post)", (pre.shape, post.shape, p.shape))
    for name, group, size in (("group_pre", pre, p.shape[0]), ("group_post", post, p.shape[1])):
        check.between(owner, name, group, 0, size - 1)
    return _from_mask(_ensemble_mask(stream, pre, post, p, np.zeros((len(pre), len(post)), np.bool_)), weight)


def ring(n: int, k: int, weight: float = 1.0) -> Csr:
    """Every neuron to its k nearest on either side of a ring: 2 k synapses a neuron."""
    check.integer("wire.ring", "n", n, low=1, high=2**31 - 1)
    check.integer("wire.ring", "k", k, 0, (n - 1) // 2, "further neighbours would meet on the other side")
    offsets = np.concatenate([np.arange(-k, 0), np.arange(1, k + 1)])
    rows = np.repeat(np.arange(n), 2 * k)
    return from_coo(rows, (rows + np.tile(offsets, n)) % n, weight, (n, n))


def all_to_all(n_pre: int, n_post: int, weight: float = 1.0, loops: bool = True) -> Csr:
    """Every pair; `loops=False` leaves out i -> i."""
    _sizes("wire.all_to_all", n_pre, n_post)
    mask = np.ones((n_pre, n_post), dtype=np.bool_)
    if not loops:
        np.fill_diagonal(mask, False)
    return _from_mask(mask, weight)


def one_to_one(n: int, weight: float = 1.0) -> Csr:
    """Neuron i to neuron i."""
    check.integer("wire.one_to_one", "n", n, low=1, high=2**31 - 1)
    return from_coo(np.arange(n), np.arange(n), weight, (n, n))


def box(n: int) -> tuple[int, int, int]:
    """Sides of a compact box of n grid cells (1000: 10 x 10 x 10, 2000: 10 x 10 x 20), or of the cube around them."""
    check.integer("wire.box", "n", n, low=1, high=2**31 - 1)
    divisors = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    triples = [(a, b, n // (a * b)) for a in divisors for b in divisors if n % (a * b) == 0]
    sides = min((t for t in triples if t[0] <= t[1] <= t[2]), key=sum)
    side = math.ceil(round(n ** (1 / 3), 9))
    return sides if sides[2] <= 2.5 * sides[0] else (side, side, math.ceil(n / side**2))


def lattice(n: int) -> np.ndarray:
    """(n, 3) positions of unit spacing: the first n cells of `box(n)`."""
    return np.stack(np.unravel_index(np.arange(n), box(n)), axis=1).astype(np.float64)


def _ids(owner: str, name: str, value) -> np.ndarray:
    array = np.asarray(value)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        check.fail(owner, f"{name} must be a vector of whole numbers", value)
    return np.ascontiguousarray(array, dtype=np.int64)


def _stream(owner: str, stream) -> None:
    if not isinstance(stream, rng.Stream):
        check.fail(owner, "stream must be a Stream", stream, "make it with rng.stream(seed, name)", TypeError)


def _sizes(owner: str, n_pre: int, n_post: int) -> None:
    check.integer(owner, "n_pre", n_pre, low=1, high=2**31 - 1)
    check.integer(owner, "n_post", n_post, low=1, high=2**31 - 1)


def _filled(indptr: np.ndarray, cols: np.ndarray, weight: float, n_post: int) -> Csr:
    return reweight(make(indptr, cols, np.empty(0, np.float32), n_post), weight)


def _from_mask(mask: np.ndarray, weight: float) -> Csr:
    rows, cols = np.nonzero(mask)
    return from_coo(rows, cols, weight, mask.shape)


@kernel
def _bernoulli_rows(stream, n_pre, n_post, log_miss, loops, cols):
    """indptr (n_pre + 1,); its last entry is -1 where `cols` was too small."""
    indptr = np.zeros(n_pre + 1, dtype=np.int64)
    n = 0
    for row in range(n_pre):
        col = -1
        draw = 0
        while True:
            gap = math.log(rng.uniform(stream, row, 0, draw)) / log_miss  # may be far beyond any integer
            draw += 1
            if gap >= n_post - col - 1:
                break
            col += int(gap) + 1
            if col == row and not loops:
                continue
            if n == cols.size:
                indptr[n_pre] = -1
                return indptr
            cols[n] = col
            n += 1
        indptr[row + 1] = n
    return indptr


@kernel
def _choose(stream, n_pre, barred, table, sources):
    """Row `target` of sources (n_post, k): its distinct sources; with barred = 1 all but `target` itself."""
    for target in range(len(sources)):
        rng.distinct(stream, target, n_pre - barred, table, sources[target])
        for a in range(sources.shape[1]):
            if barred == 1 and sources[target, a] >= target:
                sources[target, a] += 1


@kernel
def _by_source(sources, indptr, cols):
    """Counting sort of (source, target) pairs by source; targets come out ascending."""
    n_post, k = sources.shape
    for target in range(n_post):
        for a in range(k):
            indptr[sources[target, a] + 1] += 1
    for row in range(len(indptr) - 1):
        indptr[row + 1] += indptr[row]
    place = indptr[:-1].copy()
    for target in range(n_post):
        for a in range(k):
            row = sources[target, a]
            cols[place[row]] = target
            place[row] += 1


@kernel
def _distance_mask(stream, positions, kind, constants, length, mask):
    n, d = positions.shape
    for j in range(n):
        for i in range(n):
            if i != j:
                square = 0.0
                for axis in range(d):
                    square += (positions[j, axis] - positions[i, axis]) ** 2
                p = constants[kind[j], kind[i]] * math.exp(-square / (length * length))
                mask[j, i] = rng.bernoulli(stream, j, i, p)
    return mask


@kernel
def _ensemble_mask(stream, pre, post, p, mask):
    for i in range(len(pre)):
        for j in range(len(post)):
            mask[i, j] = rng.bernoulli(stream, i, j, p[pre[i], post[j]])
    return mask
