"""Unions: how often a random input meets theta cells of the union of m stored patterns.

    exact    P(|A n X| >= theta), X the union of m independent random sets of s cells, from whole numbers
    markov   the same from a chain of positive terms (see `cover`, `cover_windows`): fast, any size
    plugin   P_fp(n, a, round E|X|, theta): the papers' way; some percent off, to either side
    bloom    (1 - (1 - s/n)^m)^a, for theta = a only: cells as if independent; too high
    E|X| = n (1 - (1 - s/n)^m)

Source: arXiv:1601.00720, section on unions; 1503.07469, section on the union property.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity import cover, cover_windows, exact, inputs, law, tails
from neurosparse.sdr.capacity.result import LogNumber, from_fractions

LONG = 2e7  # steps of the whole chain, .1 s: beyond, only the states that matter
METHODS = ("markov", "exact", "plugin", "bloom")


def union_false_positive(n, a, s, m, theta, method: str = "markov") -> LogNumber:
    """P(a random set of a out of n cells meets theta or more cells of the union of m random sets of s cells).

    All whole numbers or arrays of them, broadcast. method: "markov" (all digits, `.fraction()` on demand), "exact"
    (the same from integers, slower), "plugin", "bloom". theta may be above s, as several patterns together can reach
    it; theta > m s and theta > a give 0. Where no m is above 1, theta > s is refused, as of a segment.

    Raises TypeError for what is not whole, ValueError for negatives, a > n, s > n, theta > s with m <= 1, n >= 2**26,
    another method, bloom with theta != a, shapes that do not broadcast and sizes that would take hours.
    """
    owner = "union_false_positive"
    check.one_of(owner, "method", method, METHODS)
    n, a, s = inputs.overlapping(owner, n, a, s)
    m, theta = inputs.in_union(owner, n, s, m, theta)
    n, a, s, m, theta = inputs.together(owner, n=n, a=a, s=s, m=m, theta=theta)
    if method == "plugin":
        return _plugin(n, a, s, m, theta)
    if method == "bloom":
        return _bloom(n, a, s, m, theta)
    return from_fractions(_exact, n, a, s, m, theta) if method == "exact" else _markov(n, a, s, m, theta)


def union_size_mean(n, s, m):
    """E|X| = n (1 - (1 - s/n)^m), cells: a float, or a float64 array. m is a whole number. Raises as union_size_pmf."""
    n, s, m = _sizes("union_size_mean", n, s, m)
    found = _mean(n, s, m)
    return found if found.ndim else float(found)


def union_size_pmf(n, s, m, u) -> LogNumber:
    """P(the union of m random sets of s out of n cells has u cells), at any size (see `cover_windows`).

    Raises TypeError for what is not whole, ValueError for negatives, s > n and sizes that would take hours.
    """
    owner = "union_size_pmf"
    n, s, m = _sizes(owner, n, s, m)
    n, s, m, u = inputs.together(owner, n=n, s=s, m=m, u=inputs.whole(owner, "u", u))
    return _by_chain(_probability, cover_windows.exactly, _exact_size, (n, n, s, m, u), (n, s, m, u))


def _sizes(owner: str, n, s, m) -> tuple[np.ndarray, ...]:
    n, s, m = inputs.whole(owner, "n", n, 1), inputs.whole(owner, "s", s), inputs.whole(owner, "m", m)
    inputs.at_most(owner, "s", s, "n", n, "a pattern can not have more cells than there are")
    return inputs.together(owner, n=n, s=s, m=m)


def _mean(n: np.ndarray, s: np.ndarray, m: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(m > 0, -n * np.expm1(m * np.log1p(-s / n)), 0.0)


def _plugin(n, a, s, m, theta) -> LogNumber:
    return law.evaluate(tails.AT_LEAST, n, a, np.rint(_mean(n, s, m)).astype(np.int64), theta)


def _bloom(n, a, s, m, theta) -> LogNumber:
    if np.any(theta != a):
        remedy = 'take method="markov"'
        check.fail("union_false_positive", "bloom needs theta = a", (a.tolist(), theta.tolist()), remedy)
    with np.errstate(divide="ignore"):
        log10 = np.where(a > 0, a * np.log10(_mean(n, s, m) / n), 0.0)
    return LogNumber(log10, None, _exact_bloom, (n, a, s, m))


def _markov(n, a, s, m, theta) -> LogNumber:
    return _by_chain(cover.summed, cover_windows.at_least, _exact, (n, a, s, m, theta), (n, a, s, m, theta))


def _by_chain(read: Callable, far: Callable, exact_one: Callable, chains: tuple, arguments: tuple) -> LogNumber:
    """`read(mantissa, exponent, last)` of the chain (n, a, s, m), run once; `far(n, a, s, m, last)` if long."""
    shape = chains[0].shape
    rows = np.stack([one.ravel() for one in chains], axis=1)
    found = np.empty((len(rows), 2))
    chains_once, which = np.unique(rows[:, :4], axis=0, return_inverse=True)
    for k, (n, a, s, m) in enumerate(chains_once.tolist()):
        here = np.flatnonzero(which.reshape(-1) == k)
        if cover.steps(a, s, m) > LONG and m <= cover_windows.MOST:
            found[here] = [far(n, a, s, m, int(rows[i, 4])) for i in here]
            continue
        mantissa, exponent = cover.distribution("union", n, a, s, m)
        found[here] = [read(mantissa, exponent, int(rows[i, 4])) for i in here]
    return law.make(found[:, 0].copy(), found[:, 1].copy(), shape, exact_one, arguments)


def _probability(mantissa: np.ndarray, exponent: np.ndarray, u: int) -> tuple[float, float]:
    if u >= len(mantissa):
        return -np.inf, 0.0
    return tails.written((float(mantissa[u]), 0.0, int(exponent[u])), False)


def _exact(n: int, a: int, s: int, m: int, theta: int) -> Fraction:
    return cover.covered_at_least(n, a, s, m, theta)


def _exact_size(n: int, s: int, m: int, u: int) -> Fraction:
    return cover.covered(n, n, s, m, u)


def _exact_bloom(n: int, a: int, s: int, m: int) -> Fraction:
    exact.check_cost("exact", (float(m) * a * n.bit_length()) ** 1.6)
    return (1 - Fraction(n - s, n) ** m) ** a
