"""Inputs whose cells fire together: patterns made of clusters, and how often a neuron then errs.

    clusters    sets of 2 ... 9 cells drawn at random from n, which may share cells; C of them in all
    a pattern   clusters drawn without replacement, a / 2 at most, laid on while fewer than a cells would be on; the
                first that does not fit ends that, and random cells fill up to a
    a neuron    g segments, each grown to s cells of a pattern of its own; it errs on another pattern where any
                segment has theta or more of its cells
    correlation mean, over patterns and pairs of cells on in each, of these cells' Pearson correlation over all

Independent inputs are safe (1e-11 for g = 500, n = 2000, a = 32, s = 20, theta = 10); a correlation of .03 makes 1 in
300 of them false.

The published means, binned by correlation, come out for a, n, s = 32, 2000, 20 and 32, 4000, 20; those stated for 64,
4000, 40 come out at theta = 20, not at 10, where every second pattern is false.

Source: poster to arXiv:1601.00720, whose published trials `sample_clusters` follows.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, jit, rng
from neurosparse.sdr.capacity.estimate import Estimate, from_sums, sums

SIZES = tuple(range(2, 10))
KINDS = (1, 1, 2, 1, 2, 3, 4, 5, 6, 7)  # how many sizes a published trial had, each entry equally likely


class Clusters(NamedTuple):
    """Cluster j is cells[indptr[j]:indptr[j + 1]] of n."""

    n: int
    indptr: np.ndarray  # (C + 1,) int64
    cells: np.ndarray  # int64, distinct within a cluster


def make_clusters(n: int, sizes, cover, seed: int = 0) -> Clusters:
    """cover[i] // sizes[i] random clusters of sizes[i] cells each.

    sizes, cover: whole numbers, one cover (n to 3 n, say) for each size. Raises TypeError or ValueError for sizes
    outside [1, n], covers below 0 and lists of unequal or no length.
    """
    owner = "make_clusters"
    check.integer(owner, "n", n, 1, 2**31 - 1)
    sizes, cover = list(sizes), list(cover)
    if not sizes or len(sizes) != len(cover):
        check.fail(owner, "sizes and cover must be lists of one length, not empty", (len(sizes), len(cover)))
    each = []
    for size, total in zip(sizes, cover):
        check.integer(owner, "each size", size, 1, n)
        each += [size] * (check.integer(owner, "each cover", total, 0, 2**31) // size)
    stream = rng.stream(seed, "capacity clusters")
    indptr = np.concatenate([[0], np.cumsum(each, dtype=np.int64)]).astype(np.int64)
    cells = np.empty(indptr[-1], dtype=np.int64)
    _draw_clusters(stream, n, indptr, rng.set_table(max(each, default=1)), cells)
    return Clusters(n, indptr, cells)


def sample_clusters(n: int, seed: int = 0) -> Clusters:
    """Clusters of one published trial: one to seven of the sizes 2 ... 9, each covering n to 3 n cells."""
    check.integer("sample_clusters", "n", n, max(SIZES), 2**29)
    stream = rng.stream(seed, "capacity cluster sizes")
    kinds = KINDS[rng.below(stream, 0, 0, len(KINDS))]
    chosen = rng.choice(stream, len(SIZES), kinds, step=1)
    cover = [n + int(rng.below(stream, i, 2, 2 * n)) for i in range(kinds)]
    return make_clusters(n, [SIZES[i] for i in chosen], cover, seed)


def correlated_patterns(groups: Clusters, a: int, count: int, seed: int = 0, first: int = 0) -> np.ndarray:
    """(count, a) int64: the active cells of patterns first .. first + count - 1, each ascending.

    Raises TypeError or ValueError for clusters that are none and for a outside [0, n].
    """
    owner = "correlated_patterns"
    a, count = _checked(owner, groups, a), check.integer(owner, "count", count)
    check.integer(owner, "first", first)
    check.fits(owner, "the patterns", 8 * a * count)
    out = np.empty((count, a), dtype=np.int64)
    _patterns(rng.stream(seed, "capacity patterns"), groups.n, groups.indptr, groups.cells, first, out)
    out.sort(axis=1)
    return out


def pattern_correlation(active: np.ndarray, n: int) -> float:
    """Mean correlation of the pairs of cells that are on together; active (count, a) as `correlated_patterns` gives.

    Pairs with a cell that is always on count 0. Few patterns make it too large, by about n / (a count), as pairs are
    taken where they occur: the published trials took 20,000. Raises TypeError or ValueError for another shape, fewer
    than two cells or ids outside [0, n).
    """
    owner = "pattern_correlation"
    check.integer(owner, "n", n, 1, 2**31 - 1)
    active = check.array(owner, "active", active)
    if active.ndim != 2 or active.dtype.kind not in "iu" or active.shape[1] < 2 or not len(active):
        check.fail(owner, "active must be whole numbers of shape (count, a >= 2)", (active.dtype, active.shape))
    if active.min() < 0 or active.max() >= n:
        check.fail(owner, f"ids must be in [0, {n})", (int(active.min()), int(active.max())))
    check.fits(owner, "counts of all pairs", 4.0 * n * n)
    return float(_correlation(active.astype(np.int64), np.zeros((n, n), dtype=np.int32)))


def correlated_false_positive(
    groups: Clusters, a: int, s: int, theta: int, segments: int = 500, neurons: int = 20, seed: int = 0
) -> Estimate:
    """P(a neuron errs on a pattern), from `neurons` neurons tested on `segments` patterns each.

    The 99.9 % interval is that of the mean over neurons, for patterns on one neuron are not independent trials; take 20
    neurons or more. Raises TypeError or ValueError for a outside [0, n], s outside [0, a], theta outside [1, s].
    """
    owner = "correlated_false_positive"
    a = _checked(owner, groups, a)
    check.integer(owner, "s", s, 1, a, "a segment grows to active cells only")
    check.integer(owner, "theta", theta, 1, s)
    check.integer(owner, "segments", segments, 1, 2**24)
    check.integer(owner, "neurons", neurons, 1, 2**24)
    errors = np.empty(neurons)
    for k in range(neurons):
        both = correlated_patterns(groups, a, 2 * segments, seed, 2 * segments * k)
        stream = rng.stream(seed, f"capacity synapses {k}")
        errors[k] = _errors(stream, groups.n, both[:segments], both[segments:], rng.set_table(s), s, theta)
    with np.errstate(divide="ignore"):
        moments = sums(np.log(errors / segments))
    found = from_sums(moments, neurons, 0.999, 0.0)
    return found._replace(trials=neurons * segments, hits=int(errors.sum()))


def _checked(owner: str, groups: Clusters, a: int) -> int:
    if not isinstance(groups, Clusters):
        check.fail(
            owner, "clusters must be Clusters", groups, "make them with make_clusters(n, sizes, cover)", TypeError
        )
    return check.integer(owner, "a", a, 0, groups.n, "no more cells can be active than there are")


@jit.kernel
def _draw_clusters(stream, n, indptr, table, cells):
    for j in range(indptr.size - 1):
        rng.distinct(stream, j, n, table, cells[indptr[j] : indptr[j + 1]])


@jit.kernel
def _patterns(stream, n, indptr, cells, first, out):
    on = np.full(n, -1, dtype=np.int64)  # the last pattern that a cell was on in
    taken = np.full(indptr.size - 1, -1, dtype=np.int64)
    for t in range(out.shape[0]):
        _pattern(stream, first + t, t, indptr, cells, on, taken, out[t])


@jit.shared
def _pattern(stream, element, t, indptr, cells, on, taken, out):
    a, groups, size, draw = out.size, taken.size, 0, 0
    for _ in range(min(a // 2, groups)):
        j = rng.below(stream, element, draw, groups)
        draw += 1
        while taken[j] == t:
            j = rng.below(stream, element, draw, groups)
            draw += 1
        taken[j] = t
        if size + indptr[j + 1] - indptr[j] >= a:
            break
        for cell in cells[indptr[j] : indptr[j + 1]]:
            if on[cell] != t:
                on[cell] = t
                out[size] = cell
                size += 1
    while size < a:
        cell = rng.below(stream, element, draw, on.size)
        draw += 1
        if on[cell] != t:
            on[cell] = t
            out[size] = cell
            size += 1


@jit.kernel
def _correlation(active, together):
    """Mean over rows and ordered pairs; together (n, n) is zeros and becomes the counts."""
    count, a = active.shape
    for row in active:
        for i in row:
            for j in row:
                together[i, j] += 1
    total = 0.0
    for row in active:
        for i in row:
            for j in row:
                x, y = together[i, i] / count, together[j, j] / count
                if i != j and x < 1.0 and y < 1.0:
                    total += (together[i, j] / count - x * y) / np.sqrt(x * (1.0 - x) * y * (1.0 - y))
    return total / (count * a * (a - 1.0))


@jit.kernel
def _errors(stream, n, stored, tests, table, s, theta):
    """On how many tests (T, a) any segment, grown to s cells of a row of stored (g, a), reaches theta."""
    g, a = stored.shape
    slots = np.empty(s, dtype=np.int64)
    synapses, starts = np.empty((g, s), dtype=np.int64), np.zeros(n + 1, dtype=np.int64)
    for k in range(g):
        rng.distinct(stream, k, a, table, slots)
        for i in range(s):
            synapses[k, i] = stored[k, slots[i]]
            starts[synapses[k, i] + 1] += 1
    starts[:] = np.cumsum(starts)
    place, owners = starts.copy(), np.empty(g * s, dtype=np.int64)
    for k in range(g):
        for cell in synapses[k]:
            owners[place[cell]] = k
            place[cell] += 1
    errors = 0
    for row in tests:
        hits, wrong = np.zeros(g, dtype=np.int64), False
        for cell in row:
            for k in owners[starts[cell] : starts[cell + 1]]:
                hits[k] += 1
                wrong = wrong or hits[k] >= theta
        errors += wrong
    return errors
