"""What a Monte-Carlo run says of a probability: an estimate and an interval, in logarithms where it must be.

Plain trials: hits out of trials, with the exact interval of Clopper and Pearson (1934),

    low = B^-1(alpha / 2; hits, trials - hits + 1),   high = B^-1(1 - alpha / 2; hits + 1, trials - hits)

Weighted trials: mean +- z se of the weights, se from their second moment; ess = (sum w)^2 / sum w^2 says how many
equal weights would be worth as much. Weights that are all the same leave only rounding: `rounding` is added.

Source: Clopper, Pearson, Biometrika 26 (1934) 404-413; Kish, Survey Sampling (1965), 8.2.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.special import betaincinv, ndtri

from neurosparse import check


class Estimate(NamedTuple):
    """A probability estimated from trials, with its interval, all as log10; -inf stands for 0."""

    log10: float
    log10_low: float
    log10_high: float
    trials: int
    hits: int  # trials in which the event came
    ess: float  # effective number of hits, equal to hits without weights
    confidence: float

    @property
    def value(self) -> float:
        """The estimate; 0.0 where a float can not hold it."""
        return 10.0**self.log10

    @property
    def interval(self) -> tuple[float, float]:
        """(low, high) as floats."""
        return 10.0**self.log10_low, 10.0**self.log10_high

    def covers(self, probability) -> bool:
        """Whether the interval holds a probability: a number of [0, 1], or a result that has a `log10`."""
        log10 = getattr(probability, "log10", None)
        if log10 is None:
            value = float(check.between("Estimate.covers", "probability", probability, 0.0, 1.0))
            log10 = math.log10(value) if value else -math.inf
        return bool(self.log10_low <= log10 <= self.log10_high)


class Sums(NamedTuple):
    """Moments of weights exp(log), held relative to exp(top) so that none under- or overflows."""

    top: float
    first: float  # sum of weights / exp(top)
    second: float  # sum of squares / exp(2 top)
    hits: int


COMMON = math.log10(0.5)
NONE = Sums(-math.inf, 0.0, 0.0, 0)


def sums(logs: np.ndarray) -> Sums:
    """Moments of one array of logarithms of weights; -inf is a weight of 0."""
    logs = logs[logs > -math.inf]
    if not len(logs):
        return NONE
    top = float(logs.max())
    weights = np.exp(logs - top)
    return Sums(top, float(weights.sum()), float((weights * weights).sum()), len(logs))


def merged(x: Sums, y: Sums) -> Sums:
    """Moments of two arrays together."""
    if not x.hits or not y.hits:
        return x if x.hits else y
    top = max(x.top, y.top)
    fx, fy = math.exp(x.top - top), math.exp(y.top - top)
    return Sums(top, fx * x.first + fy * y.first, fx * fx * x.second + fy * fy * y.second, x.hits + y.hits)


def from_hits(hits: int, trials: int, confidence: float) -> Estimate:
    """Estimate of plain trials."""
    tail = (1.0 - confidence) / 2.0
    low = float(betaincinv(hits, trials - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, trials - hits, 1.0 - tail)) if hits < trials else 1.0
    return Estimate(_log10(hits / trials), _log10(low), _log10(high), trials, hits, float(hits), confidence)


def from_sums(moments: Sums, trials: int, confidence: float, rounding: float) -> Estimate:
    """Estimate of weighted trials; without a hit the interval is that of plain trials.

    An event that comes nearly always may never have failed to: its interval then allows for the failures not seen.
    """
    if not moments.hits:
        return from_hits(0, trials, confidence)
    mean = moments.first / trials
    variance = max(moments.second / trials - mean * mean, 0.0) / max(trials - 1, 1)
    half = -float(ndtri((1.0 - confidence) / 2.0)) * math.sqrt(variance) / mean + rounding
    scale = moments.top / math.log(10.0) + math.log10(mean)
    ess = moments.first**2 / moments.second
    low = scale + _log10(1.0 - half)
    if scale > COMMON:
        low = min(low, scale + math.log10((1.0 - confidence) / 2.0) / trials)
    return Estimate(
        min(scale, 0.0),
        low,
        min(scale + math.log10(1.0 + half), 0.0),
        trials,
        moments.hits,
        ess,
        confidence,
    )


def _log10(x: float) -> float:
    return math.log10(x) if x > 0.0 else -math.inf
