"""Builders of Csr: who is connected to whom.

Random builders draw every row (or target) from its own counters, so a row does not depend on the others, on threads
or on sizes it does not touch. `weight` is one number; `csr.reweight` sets others.
"""

import functools
import inspect
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from neurosparse import check, rng
from neurosparse.csr import Csr, from_coo, make, reweight
from neurosparse.jit import kernel

BITS = 200  # pairs for each synapse up to which a bit for every pair is smaller than a table of the chosen


def bernoulli(stream: rng.Stream, n_pre: int, n_post: int, p: float, weight: float = 1.0, loops: bool = True) -> Csr:
    """Every pair with probability p, independently; `loops=False` leaves out i -> i.

    Drawn as waiting times along each row, P(gap > g) = (1 - p)**g, at a cost that follows the synapses.
    """
    _stream("wire.bernoulli", stream)
    _sizes("wire.bernoulli", n_pre, n_post)
    check.scalar("wire.bernoulli", "p", p, remedy="wire.ensembles takes a table")
    check.between("wire.bernoulli", "p", p, 0, 1)
    _fits("wire.bernoulli", n_pre, n_pre * n_post * p)
    if p == 1:
        return all_to_all(n_pre, n_post, weight, loops)
    if p == 0:
        return from_coo([], [], weight, (n_pre, n_post))
    room = int(n_pre * n_post * p + 6 * math.sqrt(n_pre * n_post * p) + 64)
    while True:  # once, but for one case in a billion
        cols = np.empty(room, dtype=np.int32)
        indptr = np.zeros(n_pre + 1, dtype=np.int64)
        _bernoulli_rows(stream, n_pre, n_post, math.log1p(-p), loops, indptr, cols)
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
    _fits(owner, n_pre, n_post * k)
    sources = np.empty((n_post, k), dtype=np.int32)
    _choose(stream, n_pre, barred, rng.set_table(k), sources)
    indptr = np.zeros(n_pre + 1, dtype=np.int64)
    cols = np.empty(n_post * k, dtype=np.int32)
    _by_source(sources, indptr, cols)
    del sources  # its room is what the weights take
    return _filled(indptr, cols, weight, n_post)


def fixed_out_degree(
    stream: rng.Stream, n_pre: int, n_post: int, k: int, weight: float = 1.0, loops: bool = True
) -> Csr:
    """Every source projects to exactly k distinct targets, all sets equally likely."""
    owner = "wire.fixed_out_degree"
    _stream(owner, stream)
    _sizes(owner, n_pre, n_post)
    barred = 0 if loops else 1
    if barred and n_pre != n_post:
        check.fail(owner, "loops=False needs n_pre == n_post", (n_pre, n_post))
    check.integer(owner, "k", k, 0, n_post - barred, "there are no more targets to choose from")
    check.number(owner, "weight", weight)
    _fits(owner, n_pre, n_pre * k)
    cols = np.empty((n_pre, k), dtype=np.int32)
    _choose_ascending(stream, n_post, barred, rng.set_table(k), cols)
    return _filled(np.arange(n_pre + 1) * k, cols.reshape(-1), weight, n_post)


def multapses(stream: rng.Stream, n_pre: int, n_post: int, n_synapses: int, weight: float = 1.0) -> Csr:
    """`n_synapses` pairs, each drawn independently of the others; a pair drawn m times is one synapse of m * weight.

    With a weight of 1 the weights are the numbers of contacts, and their sum is n_synapses.
    """
    owner = "wire.multapses"
    _stream(owner, stream)
    _sizes(owner, n_pre, n_post)
    check.integer(owner, "n_synapses", n_synapses)
    check.scalar(owner, "weight", weight)
    _fits(owner, n_pre, 2 * n_synapses)
    flat = np.empty(n_synapses, dtype=np.int64)
    _any_pairs(stream, n_pre * n_post, flat)
    flat.sort()
    first = np.flatnonzero(np.diff(flat, prepend=-1))
    contacts = np.diff(first, append=n_synapses)
    return reweight(_from_flat(flat[first], n_pre, n_post, weight), contacts * float(weight))


def pairs(stream: rng.Stream, n_pre: int, n_post: int, n_synapses: int, weight: float = 1.0) -> Csr:
    """Exactly `n_synapses` distinct pairs, all sets equally likely."""
    _stream("wire.pairs", stream)
    _sizes("wire.pairs", n_pre, n_post)
    check.integer("wire.pairs", "n_synapses", n_synapses, 0, n_pre * n_post, "that is every pair there is")
    check.number("wire.pairs", "weight", weight)
    _fits("wire.pairs", n_pre, 2 * n_synapses)
    if n_pre * n_post > BITS * n_synapses:
        return _from_flat(rng.choice(stream, n_pre * n_post, n_synapses), n_pre, n_post, weight)
    flat = np.empty(n_synapses, dtype=np.int64)
    _choose_pairs(stream, n_pre * n_post, np.zeros(n_pre * n_post // 64 + 1, dtype=np.uint64), flat)
    return _from_flat(flat, n_pre, n_post, weight)


def distance(stream: rng.Stream, positions, kind, constants, length: float, weight: float = 1.0) -> Csr:
    """Lattice wiring that decays with distance, without loops:  P(j -> i) = C[kind j, kind i] exp(-(D_ij / length)^2).

    positions (n, d) in grid units, kind (n,) class ids, constants (K, K) indexed [pre, post], length in grid units.
    Source: Maass, Natschläger & Markram, Neural Computation 14 (2002), section 2 (there with the classes E and I).
    """
    owner = "wire.distance"
    _stream(owner, stream)
    positions = np.ascontiguousarray(check.number(owner, "positions", positions), dtype=np.float64)
    kind = _ids(owner, "kind", kind)
    length = float(check.scalar(owner, "length", length))
    constants = np.ascontiguousarray(check.between(owner, "constants", constants, 0, 1), dtype=np.float64)
    check.positive(owner, "length", length)
    if positions.ndim != 2 or kind.shape != positions.shape[:1]:
        check.fail(owner, "needs positions (n, d) and kind (n,)", (positions.shape, kind.shape))
    if constants.ndim != 2 or (len(kind) and not (kind.min() >= 0 and kind.max() < min(constants.shape))):
        check.fail(owner, "constants must be (K, K) with every kind in [0, K)", constants.shape)
    n = len(positions)
    _sizes(owner, n, n)
    check.fits(owner, "a mark for every pair", n * n)
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
    _sizes(owner, len(pre), len(post))
    check.fits(owner, "a mark for every pair", len(pre) * len(post))
    return _from_mask(_ensemble_mask(stream, pre, post, p, np.zeros((len(pre), len(post)), np.bool_)), weight)


def ring(n: int, k: int, weight: float = 1.0) -> Csr:
    """Every neuron to its k nearest on either side of a ring: 2 k synapses a neuron."""
    check.integer("wire.ring", "n", n, low=1, high=2**31 - 1)
    check.integer("wire.ring", "k", k, 0, (n - 1) // 2, "further neighbours would meet on the other side")
    _fits("wire.ring", n, 8 * n * k)
    offsets = np.concatenate([np.arange(-k, 0), np.arange(1, k + 1)])
    rows = np.repeat(np.arange(n), 2 * k)
    return from_coo(rows, (rows + np.tile(offsets, n)) % n, weight, (n, n))


def all_to_all(n_pre: int, n_post: int, weight: float = 1.0, loops: bool = True) -> Csr:
    """Every pair; `loops=False` leaves out i -> i."""
    _sizes("wire.all_to_all", n_pre, n_post)
    check.number("wire.all_to_all", "weight", weight)
    _fits("wire.all_to_all", n_pre, n_pre * n_post)
    cols = np.tile(np.arange(n_post, dtype=np.int32), n_pre)
    indptr = np.arange(n_pre + 1) * n_post
    if not loops:
        both = min(n_pre, n_post)
        cols = np.delete(cols, np.arange(both) * (n_post + 1))
        indptr -= np.minimum(np.arange(n_pre + 1), both)
    return _filled(indptr, cols, weight, n_post)


def one_to_one(n: int, weight: float = 1.0) -> Csr:
    """Neuron i to neuron i."""
    check.integer("wire.one_to_one", "n", n, low=1, high=2**31 - 1)
    _fits("wire.one_to_one", n, 4 * n)
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
    check.integer("wire.lattice", "n", n, low=1, high=2**31 - 1)
    check.fits("wire.lattice", "the positions", 72 * n)
    return np.stack(np.unravel_index(np.arange(n), box(n)), axis=1).astype(np.float64)


def _ids(owner: str, name: str, value) -> np.ndarray:
    array = np.asarray(check.number(owner, name, value))
    if array.ndim != 1 or array.dtype.kind not in "iu":
        check.fail(owner, f"{name} must be a vector of whole numbers", value)
    return np.ascontiguousarray(array, dtype=np.int64)


def _stream(owner: str, stream) -> None:
    if not isinstance(stream, rng.Stream):
        check.fail(owner, "stream must be a Stream", stream, "make it with rng.stream(seed, name)", TypeError)


def _sizes(owner: str, n_pre: int, n_post: int) -> None:
    check.integer(owner, "n_pre", n_pre, low=1, high=2**31 - 1)
    check.integer(owner, "n_post", n_post, low=1, high=2**31 - 1)


def _fits(owner: str, n_pre: int, synapses: float) -> None:
    """At least a target and a weight of 4 bytes for each synapse, and an offset for each source."""
    check.fits(owner, "the synapses", 8 * (synapses + n_pre), "take fewer synapses, or a larger machine")


def _filled(indptr: np.ndarray, cols: np.ndarray, weight: float, n_post: int) -> Csr:
    return reweight(make(indptr, cols, np.empty(0, np.float32), n_post), weight)


def _from_mask(mask: np.ndarray, weight: float) -> Csr:
    return _from_flat(np.flatnonzero(mask), mask.shape[0], mask.shape[1], weight)


def _from_flat(flat: np.ndarray, n_pre: int, n_post: int, weight: float) -> Csr:
    """Distinct pairs pre * n_post + post, ascending."""
    indptr = np.searchsorted(flat, np.arange(n_pre + 1) * n_post)
    return _filled(indptr, (flat % n_post).astype(np.int32), weight, n_post)


@kernel
def _bernoulli_rows(stream, n_pre, n_post, log_miss, loops, indptr, cols):
    """indptr (n_pre + 1,), zeros before; its last entry is -1 where `cols` was too small."""
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
                return
            cols[n] = col
            n += 1
        indptr[row + 1] = n


@kernel
def _choose(stream, n_pre, barred, table, sources):
    """Row `target` of sources (n_post, k): its distinct sources; with barred = 1 all but `target` itself."""
    found = np.empty(sources.shape[1], dtype=np.int64)
    for target in range(len(sources)):
        rng.distinct(stream, target, n_pre - barred, table, found)
        for a in range(sources.shape[1]):
            sources[target, a] = found[a] + 1 if barred == 1 and found[a] >= target else found[a]


@kernel
def _choose_ascending(stream, n, barred, table, cols):
    """Row `source` of cols (n_pre, k): its distinct targets, ascending; with barred = 1 all but `source` itself."""
    n_pre, k = cols.shape
    found = np.empty(k, dtype=np.int64)
    marked = np.zeros(n, dtype=np.bool_)
    for source in range(n_pre):
        rng.distinct(stream, source, n - barred, table, found)
        if n < 32 * k:  # reading marks in order is then cheaper than sorting
            for a in range(k):
                marked[found[a]] = True
            a = 0
            for target in range(n):
                if marked[target]:
                    marked[target] = False
                    found[a] = target
                    a += 1
        else:
            found.sort()
        for a in range(k):
            cols[source, a] = found[a] + 1 if barred == 1 and found[a] >= source else found[a]


@kernel
def _choose_pairs(stream, n, marks, flat):
    """The set that `rng.choice` draws, ascending, kept as one bit for each of n pairs rather than as a hash table."""
    k, one = len(flat), np.uint64(1)
    for m in range(k):
        last = n - k + m
        x = rng.below(stream, last, 0, last + 1)
        if (marks[x >> 6] >> np.uint64(x & 63)) & one:
            x = last
        marks[x >> 6] |= one << np.uint64(x & 63)
    a = 0
    for word in range(len(marks)):
        if marks[word] != 0:
            for bit in range(64):
                if (marks[word] >> np.uint64(bit)) & one:
                    flat[a] = 64 * word + bit
                    a += 1


@kernel
def _any_pairs(stream, n, flat):
    for a in range(len(flat)):
        flat[a] = rng.below(stream, a, 0, n)


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


class Later(NamedTuple):
    """Wiring that is built when a network is compiled, so that its size is known, and can be refused, before."""

    build: Callable[[], Csr]
    n_rows: int
    n_cols: int
    expected: float  # synapses
    scratch: int  # bytes for each of them while they are drawn, beside what remains


def later(
    builder: Callable[..., Csr], stream: rng.Stream, n_pre: int, n_post: int, amount: float, *args, **kwargs
) -> Later:
    """Any of the random builders with (stream, n_pre, n_post, amount), to be called later with the same arguments.

        Projection("exc", "inh", wire.later(wire.fixed_in_degree, stream, 8000, 2000, 100, 0.5), 1.5, "jump")

    Raises ValueError for a builder whose number of synapses it does not know.
    """
    _stream("wire.later", stream)
    _sizes("wire.later", n_pre, n_post)
    check.at_least("wire.later", "amount", check.scalar("wire.later", "amount", amount), 0)
    counts = {bernoulli: n_pre * n_post, fixed_in_degree: n_post, fixed_out_degree: n_pre, pairs: 1, multapses: 1}
    scratch = {pairs: 16, multapses: 40}
    if not callable(builder) or builder not in counts:
        check.fail("wire.later", f"builder must be one of {', '.join(b.__name__ for b in counts)}", builder)
    try:
        inspect.signature(builder).bind(stream, n_pre, n_post, amount, *args, **kwargs)
    except TypeError as error:
        check.fail(
            "wire.later", f"wire.{builder.__name__} takes other arguments ({error})", kwargs or args, error=TypeError
        )
    build = functools.partial(builder, stream, n_pre, n_post, amount, *args, **kwargs)
    return Later(build, n_pre, n_post, float(amount) * counts[builder], scratch.get(builder, 0))
