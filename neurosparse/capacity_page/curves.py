"""The live plots as arrays: heights are log10 of probabilities, nan where a probability is 0.

by_theta   both errors over the threshold, and the window of thresholds that keeps both
by_n       false positives over n, with what others compute in their place
by_noise   false negatives over the share of cells that noise swaps
by_m       the union of M patterns (exact and plug-in), and any of M segments, over M
"""

import numpy as np

from neurosparse.capacity_page.design import LARGEST_N, Design
from neurosparse.sdr.capacity.match import false_negative, false_positive
from neurosparse.sdr.capacity.population import any_of
from neurosparse.sdr.capacity.result import LogNumber
from neurosparse.sdr.capacity.solve import Window, thresholds
from neurosparse.sdr.capacity.union import union_false_positive

POINTS = 60
STEPS = 4e7  # of the chains of a union, about .3 s
TABLE = 50  # what the transitions of a chain cost, in steps for each
Curve = dict[str, np.ndarray]


def by_theta(d: Design) -> Curve:
    """x: theta; fp, fn."""
    theta = np.arange(1, d.s + 1)
    fp, fn = false_positive(d.n, d.a, d.s, theta), false_negative(d.a, d.s, d.v, theta)
    return {"x": theta, "fp": heights(fp), "fn": heights(fn)}


def window(d: Design) -> Window:
    """Thresholds that keep both errors."""
    return thresholds(d.n, d.a, d.s, d.v, 10.0**d.fp, 10.0**d.fn)


def by_n(d: Design) -> Curve:
    """x: n; log, binomial, kl."""
    low = max(d.a, 16)
    n = np.unique(np.append(np.geomspace(low, LARGEST_N, POINTS).round().astype(np.int64), d.n))
    methods = ("log", "binomial", "kl")
    return {"x": n} | {one: heights(false_positive(n, d.a, d.s, d.theta, one)) for one in methods}


def by_noise(d: Design) -> Curve:
    """x: share of the a cells; fn."""
    v = np.unique(np.linspace(0, d.a, min(d.a, 2 * POINTS) + 1).round().astype(np.int64))
    return {"x": v / d.a, "fn": heights(false_negative(d.a, d.s, v, d.theta))}


def by_m(d: Design) -> Curve:
    """x: M; union (nan where it would be slow), plugin, segments."""
    m = np.unique(np.geomspace(1, max(100, 2 * d.m), POINTS // 2).round().astype(np.int64))
    m = np.unique(np.append(m, d.m))
    slow = union_steps(d, m) > STEPS
    union = np.full(len(m), np.nan) if slow else heights(union_false_positive(d.n, d.a, d.s, m, d.theta))
    plugin = heights(union_false_positive(d.n, d.a, d.s, m, d.theta, "plugin"))
    return {"x": m, "union": union, "plugin": plugin, "segments": heights(any_of(single(d), m))}


def union_steps(d: Design, m) -> float:
    """What the exact law of unions costs."""
    return float(np.sum(np.asarray(m) + TABLE)) * d.a * min(d.a, d.s)


def single(d: Design) -> LogNumber:
    """False positives of the design."""
    return false_positive(d.n, d.a, d.s, d.theta)


def heights(found: LogNumber) -> np.ndarray:
    """log10, nan for 0."""
    return np.where(np.isfinite(found.log10), found.log10, np.nan)
