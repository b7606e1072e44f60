"""How much of a set is covered by m random others: the Markov chain behind unions, occupancy and Bloom filters.

    K_0 = 0,   K_{i+1} = K_i + J,   J ~ H(n, a - K_i, s)

K: how many of a given cells are in the union of i random sets of s out of n cells; a set finds J of the a - K cells
that are not covered yet. All terms are positive, so nothing cancels; numbers carry their own exponent, so nothing
underflows; the relative error is about m * 3e-16. With a = n it is the size of the union; with a = the
active cells of an input it is the overlap of that input with the union, at a thousandth of the cost of going through
the union's size.

Cost: m * a * min(a, s) steps of about 5 ns.
"""

import math
from fractions import Fraction
from math import comb

import numpy as np

from neurosparse import check, jit
from neurosparse.sdr.capacity import double, exact, factorial, tails

STEPS = 5e10  # minutes


def distribution(owner: str, n: int, a: int, s: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """(mantissa, exponent), each (a + 1,): P(K_m = k) = mantissa * 2**exponent.

    Raises ValueError where it would take hours, MemoryError where the table of transitions has no room.
    """
    width = min(a, s) + 1
    if steps(a, s, m) > STEPS:
        remedy = "take fewer patterns or cells, or method='plugin'"
        check.fail(owner, f"m * a * min(a, s) must be <= {STEPS:.0e}", float(m) * a * width, remedy)
    check.fits(owner, "the transitions of the chain", 16.0 * (a + 1) * width)
    return _cover(factorial.table(n), n, a, s, m)


def steps(a: int, s: int, m: int) -> float:
    """How long the chain is."""
    return float(m) * min(a, float(m) * s) * (min(a, s) + 1)


def summed(mantissa: np.ndarray, exponent: np.ndarray, first: int) -> tuple[float, float]:
    """(log10, value) of P(K >= first): of the smaller side, or 1 minus it."""
    above, below = total(mantissa[first:], exponent[first:]), total(mantissa[:first], exponent[:first])
    smaller = below if tails.written(above, False)[0] > tails.written(below, False)[0] else above
    return tails.written(smaller, smaller is below)


def covered_at_least(n: int, a: int, s: int, m: int, first: int) -> Fraction:
    """P(K_m >= first), exactly, by inclusion and exclusion over the cells that are not covered.

    = 1 - sum_{k=t}^{a} (-1)^(k-t) C(k-1, t-1) C(a, k) [C(n-k, s) / C(n, s)]^m,   t = a - first + 1
    """
    if first <= 0:
        return Fraction(1)
    if first > min(a, m * s):
        return Fraction(0)
    length = m * exact.bits(n, s)
    exact.check_cost("exact", first * length**1.6 + length**2 / 10)
    t, all_sets = a - first + 1, comb(n, s)
    total, free = 0, comb(n - t, s)
    for k in range(t, a + 1):
        total += (-1) ** (k - t) * comb(k - 1, t - 1) * comb(a, k) * free**m
        free = free * (n - k - s) // (n - k) if k < n else 0
    return 1 - Fraction(total, all_sets**m)


def covered(n: int, a: int, s: int, m: int, k: int) -> Fraction:
    """P(K_m = k), exactly."""
    return covered_at_least(n, a, s, m, k) - covered_at_least(n, a, s, m, k + 1)


def total(mantissa: np.ndarray, exponent: np.ndarray) -> tuple[float, float, int]:
    """The sum as (high, low, exponent)."""
    there = mantissa > 0
    if not there.any():
        return 0.0, 0.0, 0
    top = int(exponent[there].max())
    return double.normal(math.fsum(np.ldexp(mantissa[there], np.maximum(exponent[there] - top, -2000))), 0.0, top)


@jit.kernel
def _cover(table, n, a, s, m):
    mantissa, exponent = np.zeros(a + 1), np.zeros(a + 1, dtype=np.int64)
    mantissa[0] = 1.0
    width = min(a, s) + 1
    step, step_exponent = np.zeros((a + 1, width)), np.zeros((a + 1, width), dtype=np.int64)
    for k in range(min(a, m * s) + 1):
        _transitions(table, n, a - k, s, step[k], step_exponent[k])
    for i in range(m):
        for k in range(min(a, (i + 1) * s), -1, -1):  # downwards: a state gathers from those below it, still old
            total, top = 0.0, np.int64(-(2**62))
            for j in range(min(k, width - 1) + 1):
                part = mantissa[k - j] * step[k - j, j]
                if part > 0.0:
                    total, top = gather(total, top, part, exponent[k - j] + step_exponent[k - j, j])
            mantissa[k], shift = math.frexp(total)
            exponent[k] = top + shift if total > 0.0 else 0
    return mantissa, exponent


@jit.shared
def _transitions(table, n, rest, s, out, out_exponent):
    """One row: P(J = j), J ~ H(n, rest, s)."""
    for j in range(max(0, rest + s - n), min(rest, s) + 1):
        high, _, out_exponent[j] = tails.term(table, n, rest, s, j)
        out[j] = high


@jit.shared
def gather(total, top, part, exponent):
    """(total, top) + part * 2**exponent, where total * 2**top is the sum so far."""
    if exponent > top:
        if total > 0.0:
            total = math.ldexp(total, int(top - exponent)) if exponent - top < 1100 else 0.0
        return total + part, exponent
    return (total + math.ldexp(part, int(exponent - top)) if top - exponent < 1100 else total), top
