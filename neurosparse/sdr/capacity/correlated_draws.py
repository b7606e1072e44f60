"""Draws of a pair of correlated patterns that share more cells than pairs do, and the weight that makes up for it.

A pattern takes cluster after cluster, each of the R not taken with chance 1 / R, while they fit; random cells fill up
to a. psi(c) is the chance of the event if the two patterns share c cells; z cells are on so far. j is drawn with

    q_j = (1 - e) v_j / sum_k v_k + e / R,      weight *= 1 / (R q_j)

v_j, the chance of the event after j, is that of a simpler model: draws with replacement, of clusters that share cells
with z others by chance, none or one (the terms below are means of both).

    the second pattern   v_j = h(c + gain_j, z + length_j), gain_j: cells of j that are in the first and not on yet
                         h(c, z) = mean_j h(c + gain_j, z + length_j), made anew when gains change
    the first pattern    c is not known yet: each of its clusters is the second's too with chance r = a / sum lengths,
                         v_j = sum_c alpha(c) [r g(c + length_j, z + length_j) + (1 - r) g(c, z + length_j)],
                         g(c, z) the mean of that over j, alpha the law of c from the clusters drawn so far
    no room for j        h = f(c, z), g = f(c, c)
    random cells         f(c, z) = p f(c+1, z+1) + (1 - p) f(c, z+1), p = (a - c) / (n - z), f(c, a) = psi(c):
                         exact, so the cells of the second are drawn by it, and weight *= f

The model decides the variance only: the weights are exact, and none can grow by more than 1 / e in a draw.

Source: Juneja, Shahabuddin, Handbooks in OR & MS 13 (2006) 291-350 (approximate zero-variance sampling).
"""

from typing import NamedTuple

import numpy as np

from neurosparse import jit, rng
from neurosparse.sdr.capacity.correlated import Clusters

PLAIN = 0.15  # e: share of the draws that are plain; less makes weights that are rare and large, more makes waste


class Design(NamedTuple):
    """Clusters and what is known of them before any draw. Clusters of one length are of one kind."""

    n: int
    a: int
    indptr: np.ndarray  # (C + 1,) int64
    cells: np.ndarray
    starts: np.ndarray  # (n + 1,): cell i is in clusters owners[starts[i]:starts[i + 1]]
    owners: np.ndarray
    kind: np.ndarray  # (C,)
    lengths: np.ndarray  # (K,) of each kind
    members: np.ndarray  # (C,) clusters by kind
    firsts: np.ndarray  # (K + 1,) where each kind begins in members
    shared: float  # r
    f: np.ndarray  # (a + 1, a + 1) float64, for c <= z
    g: np.ndarray  # (a + 1, a) float64


class Scratch(NamedTuple):
    """Memory of one thread. A cell is on, and a cluster taken, where the number of the pattern stands there."""

    on: np.ndarray  # (n,) int64
    taken: np.ndarray  # (C,) int64
    held: np.ndarray  # (n,) bool: cells of the first pattern
    gain: np.ndarray  # (C,) int64
    count: np.ndarray  # (K, longest + 1): clusters not taken, by kind and gain
    value: np.ndarray  # (K, longest + 1): v of each of them
    alpha: np.ndarray  # (a + 1,)
    h: np.ndarray  # (a + 1, a)
    first: np.ndarray  # (a,) int64 cells
    second: np.ndarray  # (a,) int64 cells


def design(groups: Clusters, psi: np.ndarray) -> Design:
    """psi (a + 1,): chance of the event where two patterns share 0 .. a cells."""
    each, a = np.diff(groups.indptr), len(psi) - 1
    lengths, kind = np.unique(each, return_inverse=True)
    order = np.argsort(groups.cells, kind="stable")
    starts = np.searchsorted(groups.cells[order], np.arange(groups.n + 1))
    firsts = np.searchsorted(np.sort(kind), np.arange(len(lengths) + 1)).astype(np.int64)
    shared = min(a / max(len(groups.cells), 1), 0.5)
    f, g = np.zeros((a + 1, a + 1)), np.zeros((a + 1, a))
    f[:, a] = psi
    _chances(groups.n, lengths.astype(np.int64), np.diff(firsts), shared, f, g)
    owners = np.repeat(np.arange(len(each)), each)[order].astype(np.int64)
    members = np.argsort(kind, kind="stable").astype(np.int64)
    kinds = kind.astype(np.int64), lengths.astype(np.int64), members, firsts
    return Design(groups.n, a, groups.indptr, groups.cells, starts.astype(np.int64), owners, *kinds, shared, f, g)


def scratch(design: Design) -> Scratch:
    """Memory for the draws of one thread."""
    clusters, a = len(design.kind), design.a
    cases = len(design.lengths), int(design.lengths.max(initial=0)) + 1
    return Scratch(
        np.full(design.n, -1, dtype=np.int64),
        np.full(clusters, -1, dtype=np.int64),
        np.zeros(design.n, dtype=np.bool_),
        np.zeros(clusters, dtype=np.int64),
        np.zeros(cases, dtype=np.int64),
        np.zeros(cases),
        np.zeros(a + 1),
        np.zeros((a + 1, a)),
        np.empty(a, dtype=np.int64),
        np.empty(a, dtype=np.int64),
    )


@jit.kernel
def _chances(n, lengths, counts, shared, f, g):
    a = f.shape[0] - 1
    for z in range(a - 1, -1, -1):
        for c in range(z + 1):
            p = (a - c) / (n - z)
            f[c, z] = p * f[c + 1, z + 1] + (1.0 - p) * f[c, z + 1]
    for z in range(a - 1, -1, -1):
        for c in range(a + 1):
            for k in range(lengths.size):
                g[c, z] += counts[k] * foreseen(n, lengths[k], shared, f, g, c, z) / counts.sum()


@jit.shared
def foreseen(n, length, shared, f, g, c, z):
    """Chance of the event after a cluster of the first pattern, c of whose z cells are the second's too."""
    if z + length >= g.shape[1]:
        return f[c, c]
    on, both = min(length * z / n, 0.5), min(c + length, g.shape[0] - 1)
    return shared * _laid(g, both, z + length, on) + (1.0 - shared) * _laid(g, c, z + length, on)


@jit.shared
def _laid(chances, c, z, on):
    """chances[c, z] where one of the cells was on before with chance `on`."""
    return (1.0 - on) * chances[c, z] + on * chances[c, z - 1]


@jit.shared
def first(stream, trial, stamp, d, x):
    """The first pattern to x.first, marked in x.held; logarithm of its weight."""
    x.gain[:] = 0
    x.alpha[:] = 0.0
    x.alpha[0] = 1.0
    _count(d, x)
    z, draw, log = 0, 0, 0.0
    for step in range(min(d.a // 2, x.taken.size)):
        for k in range(d.lengths.size):
            x.value[k, 0] = 0.0
            for c in range(d.a + 1):
                if x.alpha[c] > 0.0:
                    x.value[k, 0] += x.alpha[c] * foreseen(d.n, d.lengths[k], d.shared, d.f, d.g, c, z)
        j, draw, ratio = _draw(stream, trial, draw, stamp, d, x, x.taken.size - step)
        log += ratio
        length = d.lengths[d.kind[j]]
        if z + length >= d.a:
            break
        for c in range(d.a, -1, -1):
            x.alpha[c] *= 1.0 - d.shared
            if c >= length:
                x.alpha[c] += d.shared * x.alpha[c - length]
        _, z = _lay(stamp, d, x, x.first, j, 0, z)
    while z < d.a:
        cell = rng.below(stream, trial, draw, d.n)
        draw += 1
        if x.on[cell] != stamp:
            x.on[cell] = stamp
            x.first[z] = cell
            z += 1
    for cell in x.first:
        x.held[cell] = True
    return log


@jit.shared
def second(stream, trial, stamp, d, x):
    """The second pattern to x.second, given the first; logarithm of its weight times psi, -inf where that is 0."""
    x.gain[:] = 0
    for cell in x.first:
        for j in d.owners[d.starts[cell] : d.starts[cell + 1]]:
            x.gain[j] += 1
    _count(d, x)
    c, z, draw, log, planned = 0, 0, 0, 0.0, -1
    for step in range(min(d.a // 2, x.taken.size)):
        left = x.taken.size - step
        if planned != c:
            _foresee(d, x, c, z, left)
            planned = c
        for k in range(x.count.shape[0]):
            for gain in range(x.count.shape[1]):
                if x.count[k, gain] > 0:
                    x.value[k, gain] = _promise(d, x, d.lengths[k], gain, c, z)
        j, draw, ratio = _draw(stream, trial, draw, stamp, d, x, left)
        log += ratio
        if z + d.lengths[d.kind[j]] >= d.a:
            break
        c, z = _lay(stamp, d, x, x.second, j, c, z)
    if d.f[c, z] == 0.0:
        return -np.inf
    log += np.log(d.f[c, z])
    _fill_up(stream, trial, draw, stamp, d, x, c, z)
    return log


@jit.shared
def forget(x):
    """Take the marks of the first pattern away."""
    for cell in x.first:
        x.held[cell] = False


@jit.shared
def _count(d, x):
    x.count[:] = 0
    for j in range(x.gain.size):
        x.count[d.kind[j], x.gain[j]] += 1


@jit.shared
def _promise(d, x, length, gain, c, z):
    """Chance of the event after a cluster of the second pattern; cells that it gains were not on."""
    if z + length >= d.a:
        return d.f[c, z]
    return _laid(x.h, c + gain, z + length, min((length - gain) * z / d.n, 0.5))


@jit.shared
def _foresee(d, x, c, z, left):
    """x.h from (c, z) on, with the clusters that are left."""
    kinds, gains = np.nonzero(x.count)
    for size in range(d.a - 1, z - 1, -1):
        for covered in range(c, size + 1):
            total = 0.0
            for i in range(kinds.size):
                chance = _promise(d, x, d.lengths[kinds[i]], gains[i], covered, size)
                total += x.count[kinds[i], gains[i]] * chance
            x.h[covered, size] = total / left


@jit.shared
def _draw(stream, trial, draw, stamp, d, x, left):
    """A cluster, now taken; the next draw; logarithm of 1 / (R q)."""
    total = 0.0
    for k in range(x.count.shape[0]):
        for gain in range(x.count.shape[1]):
            if x.count[k, gain] > 0:
                total += x.count[k, gain] * x.value[k, gain]
    if total > 0.0 and rng.uniform(stream, trial, draw) >= PLAIN:
        kind, gain = _case(rng.uniform(stream, trial, draw + 1) * total, x)
    else:
        kind, gain = -1, -1
    low = d.firsts[kind] if kind >= 0 else 0
    count = d.firsts[kind + 1] - low if kind >= 0 else x.taken.size
    draw += 2
    while True:
        j = d.members[low + rng.below(stream, trial, draw, count)]
        draw += 1
        if x.taken[j] != stamp and (kind < 0 or x.gain[j] == gain):
            break
    x.taken[j] = stamp
    x.count[d.kind[j], x.gain[j]] -= 1
    if total == 0.0:
        return j, draw, 0.0
    return j, draw, -np.log((1.0 - PLAIN) * x.value[d.kind[j], x.gain[j]] * left / total + PLAIN)


@jit.shared
def _case(rest, x):
    """Kind and gain where the running sum of count times value passes `rest`."""
    kind, gain = -1, -1
    for k in range(x.count.shape[0]):
        for g in range(x.count.shape[1]):
            if x.count[k, g] > 0 and x.value[k, g] > 0.0 and rest >= 0.0:
                kind, gain = k, g
                rest -= x.count[k, g] * x.value[k, g]
    return kind, gain


@jit.shared
def _lay(stamp, d, x, out, j, c, z):
    """Switch the cells of cluster j on; the new c and z."""
    for cell in d.cells[d.indptr[j] : d.indptr[j + 1]]:
        if x.on[cell] != stamp:
            x.on[cell] = stamp
            out[z] = cell
            z += 1
            if x.held[cell]:
                c += 1
                for i in d.owners[d.starts[cell] : d.starts[cell + 1]]:
                    if x.taken[i] != stamp:
                        x.count[d.kind[i], x.gain[i]] -= 1
                        x.count[d.kind[i], x.gain[i] - 1] += 1
                    x.gain[i] -= 1
    return c, z


@jit.shared
def _fill_up(stream, trial, draw, stamp, d, x, c, z):
    """Random cells up to a, given the event."""
    while z < d.a:
        p = (d.a - c) / (d.n - z)
        chance = p * d.f[c + 1, z + 1]
        held = p == 1.0 or rng.uniform(stream, trial, draw) * d.f[c, z] < chance
        draw += 1
        while True:
            if held:
                cell = x.first[rng.below(stream, trial, draw, d.a)]
            else:
                cell = rng.below(stream, trial, draw, d.n)
            draw += 1
            if x.on[cell] != stamp and x.held[cell] == held:
                break
        x.on[cell] = stamp
        x.second[z] = cell
        z += 1
        c += held
