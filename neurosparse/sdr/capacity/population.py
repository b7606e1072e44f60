"""Errors of many segments: that any of M fires, and how many cells do so falsely.

    P_any = 1 - (1 - P)^M <= M P        expected false cells = cells * (1 - (1 - P)^segments)

P: of one segment; M: segments (of a cell, a population), independent of each other. The bound is what the papers
print: with n = 100, w = 7, M = 500, theta = 4 it says .1447 where the truth and their own simulation are .1347.

Source: arXiv:1503.07469, section on classification.
"""

from fractions import Fraction

import numpy as np

from neurosparse import check
from neurosparse.sdr.capacity import double, exact, inputs
from neurosparse.sdr.capacity.match import false_positive
from neurosparse.sdr.capacity.result import LogNumber, from_fractions, held

MOST = 1e18  # segments
LINEAR = -17.0  # log10 of M P below which 1 - (1 - P)^M = M P to the last digit


def any_of(p, m, method: str = "log") -> LogNumber:
    """1 - (1 - p)^m: that any of m independent events of probability p happens.

    p: probabilities in [0, 1], numbers, Fractions or a LogNumber; m: numbers in [0, 1e18], broadcast with p, not always
    whole (a mean number of segments). method: "log", "bound" (min(1, m p)) or "exact" (needs a p with a `.fraction()`
    and a whole m).
    Raises ValueError for other p, m, method and shapes, and for exact powers that would take hours.
    """
    owner = "any_of"
    check.one_of(owner, "method", method, ("log", "bound", "exact"))
    p, m = inputs.chances(owner, "p", p), inputs.number(owner, "m", m, 0, MOST, "segments")
    inputs.together(owner, p=np.asarray(p.log10), m=m)
    if method == "bound":
        found = _linear(p, m)
        return LogNumber(np.minimum(found.log10, 0.0), np.where(np.asarray(found.log10) < 0, found.value, 1.0))
    if method == "exact":
        if m.dtype.kind not in "iu":
            check.fail(owner, "m must be whole for an exact power", m.tolist(), 'take method="log"', TypeError)
        return from_fractions(_power, _fractions(p), m)
    return _any(p, m)


def population_false_positive(n, a, s, theta, m, method: str = "log") -> LogNumber:
    """That any of m segments, each with s synapses at random, fires for a random input (of a cell).

    method: as `any_of`. Raises as false_positive and any_of.
    """
    check.one_of("population_false_positive", "method", method, ("log", "bound", "exact"))
    return any_of(false_positive(n, a, s, theta), m, method)


def expected_false_cells(p, cells, segments):
    """cells * (1 - (1 - p)^segments): mean number of cells with a segment that fires falsely; float64.

    p: as `any_of`. Raises as any_of, and ValueError for cells < 0.
    """
    cells = inputs.number("expected_false_cells", "cells", cells, 0)
    found = cells * 10.0 ** np.asarray(any_of(p, segments).log10)
    return found if found.ndim else float(found)


def _any(p: LogNumber, m: np.ndarray) -> LogNumber:
    linear = _linear(p, m)
    log10, value = np.asarray(p.log10), np.asarray(p.value)
    with np.errstate(divide="ignore", invalid="ignore"):
        stay = np.where(value <= 0.5, np.log1p(-value), np.log(-np.expm1(log10 * double.LN10)))
        stay = np.where(m > 0, m * stay, 0.0)  # ln of (1 - p)^m
        found = -np.expm1(stay)
        logs = np.where(found > 0.5, np.log1p(-np.exp(stay)) / double.LN10, np.log10(found))
    few = np.asarray(linear.log10) < LINEAR
    log10, value = np.where(few, linear.log10, logs), np.where(few, linear.value, found)
    return LogNumber(log10, value, *_exactly(p, m))


def _linear(p: LogNumber, m: np.ndarray) -> LogNumber:
    """m p."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        log10 = np.asarray(p.log10) + np.where(m > 0, np.log10(m.astype(np.float64)), -np.inf)
        value = m * np.asarray(p.value)
    return LogNumber(log10, np.where(np.isnan(value), held(log10), value))


def _exactly(p: LogNumber, m: np.ndarray) -> tuple:
    """What gives the Fraction on demand, and its arguments; nothing for m that are not whole."""
    if m.dtype.kind not in "iu" or p.exact is None:
        return None, ()
    shape = p.shape

    def one(i, power):
        return _power(p.fraction() if not shape else p.fraction().flat[i], power)

    return one, (np.arange(int(np.prod(shape))).reshape(shape), m)


def _fractions(p: LogNumber) -> np.ndarray:
    return np.asarray(p.fraction(), dtype=object)


def _power(p: Fraction, m: int) -> Fraction:
    return exact.any_of(Fraction(p), m)
