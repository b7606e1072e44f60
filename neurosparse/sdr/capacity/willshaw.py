"""Willshaw's associative memory: M pairs of SDRs, k of m active on the way in, l of n on the way out, binary synapses.

    W = OR over pairs of outer(u, v),   load p1 = 1 - (1 - k l / (m n))^M
    recall: a cell answers where all c = k - misses active cells of the cue have a synapse onto it

False one: a cell outside v answers. Independent synapses would give P01 = p1^c. Those onto one cell are not: each other
pair has the cell in its v with chance p = l / n, and then brings all k of its u. Exactly,

    P01 = sum_j (-1)^j C(c, j) [1 - p (1 - C(m-j, k) / C(m, k))]^(M-1)

which cancels beyond any float. The same number without a minus sign: let i cells of the cue still lack a synapse. A
pair takes i to i - r with chance p H(r; m, k, i), so P01 = (T^(M-1))[c, 0] with the triangular matrix

    T[i, i-r] = p H(r; m, k, i) for r > 0,   T[i, i] = 1 - p (1 - H(0; m, k, i))

T is squared in logarithms, its diagonal taken as exp(2^j log T[i, i]), so that errors do not double at each squaring.
Auto-association, u = v: the same with p = k / n, and k - 1 of the n - 1 cells beside the one that answers.

Source: Willshaw, Buneman, Longuet-Higgins, Nature 222 (1969); Palm, Biological Cybernetics 36 (1980).
"""

import math
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import NamedTuple

import numpy as np

from neurosparse import check, jit
from neurosparse.sdr.capacity import inputs, law, tails
from neurosparse.sdr.capacity.exact import check_cost
from neurosparse.sdr.capacity.result import LogNumber

METHODS = ("exact", "independent")
CUE = 1024  # the largest cue: each squaring of its matrix takes c^3 / 6 steps
MOST = 2**53  # pairs: a float holds their number


class Pairs(NamedTuple):
    """Arrays of one shape: each pair has a given cell in v with chance part / whole, and then draw of pool cells."""

    pool: np.ndarray
    draw: np.ndarray
    part: np.ndarray
    whole: np.ndarray
    patterns: np.ndarray
    cue: np.ndarray


def willshaw_false_one(m, n, k, l, patterns, method: str = "exact", misses=0) -> LogNumber:  # noqa: E741
    """P(a cell that should be silent answers), after `patterns` pairs; the cue lacks `misses` of its k cells.

    "exact" is the law, "independent" the textbook's p1^c. That is too low: by 28 % at m = n = 1000, k = l = 10 and 6000
    patterns, by a factor 350,000 at m = n = 2048, k = l = 40 and 1000 patterns. Inputs broadcast.

    Raises TypeError for what is not whole, ValueError for k > m, l > n, misses > k, no pattern, an unknown method, and
    for "exact" with a cue of more than 1024 cells.
    """
    return _false_one("willshaw_false_one", pairs("willshaw_false_one", m, n, k, l, patterns, misses), method)


def willshaw_auto_false_one(n, k, patterns, method: str = "exact", misses=0) -> LogNumber:
    """The same for patterns of k >= 1 of n >= 2 cells, associated with themselves. Raises as willshaw_false_one."""
    owner = "willshaw_auto_false_one"
    n, k = inputs.whole(owner, "n", n, 2), inputs.whole(owner, "k", k, 1)
    all_pairs = pairs(owner, n, n, k, k, patterns, misses)
    return _false_one(owner, all_pairs._replace(pool=all_pairs.pool - 1, draw=all_pairs.draw - 1), method)


def willshaw_load(m, n, k, l, patterns):  # noqa: E741
    """p1, the expected share of synapses that are on: a float or an array. Raises as willshaw_false_one."""
    return load(pairs("willshaw_load", m, n, k, l, patterns, 0))[()]


def pairs(owner: str, m, n, k, l, patterns, misses) -> Pairs:  # noqa: E741
    """Checked and broadcast."""
    m, n = inputs.whole(owner, "m", m, 1), inputs.whole(owner, "n", n, 1)
    k, part = inputs.whole(owner, "k", k), inputs.whole(owner, "l", l)
    patterns, misses = inputs.whole(owner, "patterns", patterns, 1, MOST), inputs.whole(owner, "misses", misses)
    m, n, k, part, patterns, misses = inputs.together(owner, m=m, n=n, k=k, l=part, patterns=patterns, misses=misses)
    inputs.at_most(owner, "k", k, "m", m, "no more cells can be active than there are")
    inputs.at_most(owner, "l", part, "n", n, "no more cells can be active than there are")
    inputs.at_most(owner, "misses", misses, "k", k, "a cue can not lack more cells than it has")
    return Pairs(m, k, part, n, patterns, k - misses)


def load(p: Pairs) -> np.ndarray:
    """p1 = 1 - (1 - draw part / (pool whole))^M."""
    with np.errstate(divide="ignore", invalid="ignore"):  # all cells active: log1p(-1)
        return -np.expm1(p.patterns * np.log1p(-(p.draw / p.pool) * (p.part / p.whole)))


def _false_one(owner: str, p: Pairs, method: str) -> LogNumber:
    if check.one_of(owner, "method", method, METHODS) == "independent":
        with np.errstate(divide="ignore", invalid="ignore"):  # no synapse is on: 0, and 1 for an empty cue
            log10 = np.where(p.cue == 0, 0.0, p.cue * np.log10(load(p)))
        return LogNumber(log10, exact=_independent, arguments=tuple(p))
    inputs.at_most(owner, "cue", p.cue, str(CUE), np.asarray(CUE), 'take method="independent"')
    logs = [_chain(*map(int, row)) for row in zip(*map(np.ravel, p))]
    return LogNumber(np.reshape(logs, p.cue.shape) / math.log(10.0), exact=_alternating, arguments=tuple(p))


def _chain(pool: int, draw: int, part: int, whole: int, patterns: int, cue: int) -> float:
    """ln P01."""
    share = part / whole
    cover = _cover(pool, draw, cue)  # ln H(i - j; pool, draw, i); on the diagonal ln P(at least one)
    with np.errstate(divide="ignore"):
        matrix = cover + np.log(share)
        diagonal = np.log1p(-share * np.exp(np.diag(cover)))
    row = np.full(cue + 1, -math.inf)
    row[cue] = 0.0
    return float(_power(matrix, diagonal, row, patterns - 1))


@lru_cache(maxsize=32)
def _cover(pool: int, draw: int, cue: int) -> np.ndarray:
    """(cue + 1, cue + 1): what one pair does to a cue of which i cells are open, natural logarithms."""
    i, j = np.tril_indices(cue + 1, -1)
    out = np.full((cue + 1, cue + 1), -math.inf)
    one = np.ones_like
    out[i, j] = law.evaluate(tails.PMF, pool * one(i), draw * one(i), i, i - j).log10 * math.log(10.0)
    open_cells = np.arange(cue + 1)
    some = law.evaluate(tails.AT_LEAST, pool * one(open_cells), draw * one(open_cells), open_cells, one(open_cells))
    np.fill_diagonal(out, some.log10 * math.log(10.0))
    out.flags.writeable = False
    return out


@jit.kernel
def _power(matrix, diagonal, row, times):
    """ln of (row T^times)[0]; T lower triangular in logarithms, `diagonal` its own; matrix and row are overwritten."""
    size, doubled = len(row), 1.0
    spare = np.empty_like(matrix)
    while True:
        for i in range(size):
            matrix[i, i] = doubled * diagonal[i]
        if times & 1:
            for j in range(size):  # row[j] is read for the last time here: columns above need none below
                row[j] = _dot(row, matrix[:, j], j, size - 1)
        times >>= 1
        if times == 0:
            break
        for i in range(size):
            for j in range(i):
                spare[i, j] = _dot(matrix[i], matrix[:, j], j, i)
        matrix, spare = spare, matrix
        doubled *= 2.0
    if row[0] > -0.7:  # near 1 the rest has the digits
        total = 0.0
        for i in range(1, size):
            total += math.exp(row[i])
        return math.log1p(-total)
    return row[0]


@jit.shared
def _dot(x, y, first, last):
    """ln sum of exp(x[i] + y[i]) over i = first ... last."""
    top = -math.inf
    for i in range(first, last + 1):
        top = max(top, x[i] + y[i])
    if top == -math.inf:
        return top
    total = 0.0
    for i in range(first, last + 1):
        total += math.exp(x[i] + y[i] - top)
    return top + math.log(total)


def _alternating(pool: int, draw: int, part: int, whole: int, patterns: int, cue: int) -> Fraction:
    sets = comb(pool, draw)
    check_cost("exact", 8.0 * (cue + 1) * patterns * (whole * sets).bit_length())
    total = 0
    for j in range(cue + 1):
        total += (-1) ** j * comb(cue, j) * ((whole - part) * sets + part * comb(pool - j, draw)) ** (patterns - 1)
    return Fraction(total, (whole * sets) ** (patterns - 1))


def _independent(pool: int, draw: int, part: int, whole: int, patterns: int, cue: int) -> Fraction:
    check_cost("exact", 100.0 * cue * patterns * (pool * whole).bit_length())
    return (1 - (1 - Fraction(draw * part, pool * whole)) ** patterns) ** cue
