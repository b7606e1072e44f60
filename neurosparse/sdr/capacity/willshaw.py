"""Willshaw's associative memory: M pairs of SDRs, k of m active on the way in, l of n on the way out, binary synapses.

    W = OR over pairs of outer(u, v),   load p1 = 1 - (1 - k l / (m n))^M
    recall: a cell answers where all c = k - misses active cells of the cue have a synapse onto it

False one: a cell outside v answers. Independent synapses would give P01 = p1^c. Those onto one cell are not: each other
pair has the cell in its v with chance p = l / n, and then brings all k of its u. Exactly,

    P01 = sum_j (-1)^j C(c, j) [1 - p (1 - C(m-j, k) / C(m, k))]^(M-1)

which cancels beyond any float, and is summed in whole numbers of as many bits as that takes: each power of a share of
[0, 1] is cut to `bits` binary places, so the sum errs by less than 2^c M (c + 3) units, 2^-80 of what it is.
Auto-association, u = v: the same with p = k / n, and k - 1 of the n - 1 cells beside the one that answers.

Source: Willshaw, Buneman, Longuet-Higgins, Nature 222 (1969); Palm, Biological Cybernetics 36 (1980).
"""

import math
from fractions import Fraction
from math import comb
from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity import inputs
from neurosparse.sdr.capacity.exact import check_cost
from neurosparse.sdr.capacity.result import LogNumber, rounded

METHODS = ("exact", "independent")
SURE = 80  # bits of a sum that are right
STEPS = 1e13  # operations on bits: minutes
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

    Raises TypeError for what is not whole, ValueError for k > m, l > n, misses > k, an unknown method, and for "exact"
    with a cue so large that it would take hours: some 10,000 cells, for 10^5 pairs with a tenth of the synapses on.
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
    patterns, misses = inputs.whole(owner, "patterns", patterns, 0, MOST), inputs.whole(owner, "misses", misses)
    m, n, k, part, patterns, misses = inputs.together(owner, m=m, n=n, k=k, l=part, patterns=patterns, misses=misses)
    inputs.at_most(owner, "k", k, "m", m, "no more cells can be active than there are")
    inputs.at_most(owner, "l", part, "n", n, "no more cells can be active than there are")
    inputs.at_most(owner, "misses", misses, "k", k, "a cue can not lack more cells than it has")
    return Pairs(m, k, part, n, patterns, k - misses)


def load(p: Pairs) -> np.ndarray:
    """p1 = 1 - (1 - draw part / (pool whole))^M."""
    with np.errstate(divide="ignore", invalid="ignore"):  # all cells active: log1p(-1)
        log = np.where(p.patterns > 0, p.patterns * np.log1p(-(p.draw / p.pool) * (p.part / p.whole)), 0.0)
        return 0.0 - np.expm1(log)


def _false_one(owner: str, p: Pairs, method: str) -> LogNumber:
    if check.one_of(owner, "method", method, METHODS) == "independent":
        with np.errstate(divide="ignore", invalid="ignore"):  # no synapse is on: 0, and 1 for an empty cue
            log10 = np.where(p.cue == 0, 0.0, p.cue * np.log10(load(p)))
        return LogNumber(log10, exact=_independent, arguments=tuple(p))
    found = np.array([_fixed(owner, *map(int, row)) for row in zip(*map(np.ravel, p))]).reshape(*p.cue.shape, 2)
    return LogNumber(found[..., 0], found[..., 1], exact=_alternating, arguments=tuple(p))


def _fixed(owner: str, pool: int, draw: int, part: int, whole: int, patterns: int, cue: int) -> tuple[float, float]:
    """(log10, value) of P01."""
    others = max(patterns - 1, 0)
    if cue == 0 or others * draw < cue or part == 0:
        return (0.0, 1.0) if cue == 0 else (-math.inf, 0.0)
    spare = cue + (others * (cue + 3)).bit_length() + SURE
    p = Pairs(*map(np.asarray, (pool, draw, part, whole, patterns, cue)))
    bits = spare + 32 + int(-cue * np.log2(np.maximum(load(p), 1e-300)))  # P01 is above that of independent synapses
    while True:
        steps = (cue + 1.0) * 2.0 * others.bit_length() * bits**1.6
        if steps > STEPS:
            need = f"a cue of {cue} cells may take {STEPS:.0e} steps"
            check.fail(owner, need, f"{steps:.1e}", 'take method="independent", or smaller patterns')
        total = _sum(pool, draw, part, whole, others, cue, bits)
        if total.bit_length() >= spare:
            return rounded(Fraction(total, 1 << bits))
        bits *= 2


def _sum(pool: int, draw: int, part: int, whole: int, others: int, cue: int, bits: int) -> int:
    """2^bits P01."""
    one = free = 1 << bits  # free: C(m-j, k) / C(m, k)
    total, ways = 0, 1
    for j in range(cue + 1):
        total += ways * _power(one - (one - free) * part // whole, others, bits)
        ways = -ways * (cue - j) // (j + 1)
        free = free * (pool - draw - j) // (pool - j) if j < pool else 0
    return total


def _power(share: int, times: int, bits: int) -> int:
    """share^times, in units of 2^-bits."""
    made = 1 << bits
    while times:
        if times & 1:
            made = made * share >> bits
        times >>= 1
        share = share * share >> bits if times else 0
    return made


def _alternating(pool: int, draw: int, part: int, whole: int, patterns: int, cue: int) -> Fraction:
    sets = comb(pool, draw)
    check_cost("exact", 8.0 * (cue + 1) * patterns * (whole * sets).bit_length())
    total, others = 0, max(patterns - 1, 0)
    for j in range(cue + 1):
        total += (-1) ** j * comb(cue, j) * ((whole - part) * sets + part * comb(pool - j, draw)) ** others
    return Fraction(total, (whole * sets) ** others)


def _independent(pool: int, draw: int, part: int, whole: int, patterns: int, cue: int) -> Fraction:
    check_cost("exact", 100.0 * cue * patterns * (pool * whole).bit_length())
    return (1 - (1 - Fraction(draw * part, pool * whole)) ** patterns) ** cue
