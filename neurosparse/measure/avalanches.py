"""Neuronal avalanches: runs of bins with activity between two quiet bins, and the relation of their exponents.

    size S = events of a run ;   duration D = bins of a run
    P(S) ~ S^-alpha ,   P(D) ~ D^-beta ,   <S>(D) ~ D^gamma
    at criticality   gamma = (beta - 1) / (alpha - 1)                                    the crackling relation

A bin is as wide as the mean interval between successive events of the whole population, so that the exponents do not
depend on the number of neurons that are observed; narrower bins cut avalanches, wider ones join them. A critical
branching process has alpha = 3/2, beta = 2, gamma = 2. Exponents are fitted in `tails.py`.

Sources: J. M. Beggs, D. Plenz, J. Neurosci. 23 (2003) 11167 (bins, avalanches); J. P. Sethna, K. A. Dahmen, C. R.
Myers, Nature 410 (2001) 242, and N. Friedman et al., Phys. Rev. Lett. 108 (2012) 208102 (crackling relation).
"""

from math import ceil
from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.measure import spikes
from neurosparse.measure.tails import PowerLaw

NAN = float("nan")


class Avalanches(NamedTuple):
    """Whole avalanches, in the order of time."""

    size: np.ndarray  # (n,) events above the threshold's bins, int64
    duration: np.ndarray  # (n,) bins, int64


class Crackling(NamedTuple):
    """The exponent gamma of mean size by duration: as the other two predict it, and as it is; with standard errors."""

    predicted: float  # (beta - 1) / (alpha - 1)
    predicted_error: float
    fitted: float
    fitted_error: float


def event_counts(i, t, n: int, n_steps: int, bin_steps: int | None = None) -> tuple[np.ndarray, int]:
    """(counts (n_bins,), bin_steps): spikes of the population in each bin.

    i, t        (n_spikes,) neuron ids in [0, n) and steps in [0, n_steps), in any order
    bin_steps   width of a bin, steps; None for the mean interval between successive spikes of the population, rounded
                up to whole steps (1 for less than two spikes)

    A last bin that is not whole is dropped. Raises ValueError for spikes out of range and bins longer than the run.
    """
    owner = "measure.event_counts"
    _, t = spikes.pairs_steps(owner, i, t, n, n_steps)
    if bin_steps is None:
        mean = (int(t.max()) - int(t.min())) / (len(t) - 1) if len(t) > 1 else 1.0
        bin_steps = max(1, ceil(mean))
    check.integer(owner, "bin_steps", bin_steps, 1, n_steps, "a bin can not be longer than the run")
    n_bins = n_steps // bin_steps
    return np.bincount(t // bin_steps, minlength=n_bins)[:n_bins], bin_steps


def find_avalanches(counts, threshold: float = 0) -> Avalanches:
    """Avalanches in the counts of a population.

    counts      (n_bins,) events in each bin, >= 0, whole numbers
    threshold   a bin is quiet with this many events or fewer; the size counts all events of the other bins

    Runs that the ends of the recording cut are dropped: their size is not known. Raises ValueError for counts that are
    no 1-D array of whole numbers >= 0.
    """
    owner = "measure.find_avalanches"
    counts = spikes.ids(owner, counts, 2**62, "counts")
    check.at_least(owner, "threshold", check.scalar(owner, "threshold", threshold), 0)
    active = counts > threshold
    edge = np.diff(active.astype(np.int8))
    starts, ends = np.flatnonzero(edge == 1) + 1, np.flatnonzero(edge == -1) + 1
    if active.size and active[0]:
        ends = ends[1:]
    starts = starts[: len(ends)]
    total = np.concatenate(([0], np.cumsum(counts)))
    return Avalanches(total[ends] - total[starts], ends - starts)


def mean_size_exponent(avalanches: Avalanches, shortest: int = 1, longest: int | None = None) -> tuple[float, float]:
    """(gamma, its standard error) of <S>(D) ~ D^gamma over durations in [shortest, longest].

    Least squares of ln <S> on ln D, each duration weighted by its number of avalanches. NaN for fewer than two
    durations, a NaN error for fewer than three. Raises ValueError for arrays that do not fit and TypeError for what
    is no Avalanches.
    """
    owner = "measure.mean_size_exponent"
    if not isinstance(avalanches, Avalanches):
        remedy = "make them with find_avalanches(counts)"
        check.fail(owner, "avalanches must be measure.Avalanches", avalanches, remedy, TypeError)
    size = spikes.ids(owner, avalanches.size, 2**62, "size")
    duration = spikes.ids(owner, avalanches.duration, 2**62, "duration")
    if size.shape != duration.shape:
        check.fail(owner, "size and duration must have one length", (size.shape, duration.shape))
    if size.size:
        check.at_least(owner, "sizes and durations", min(size.min(), duration.min()), 1)
    check.integer(owner, "shortest", shortest, low=1)
    last = 2**62 if longest is None else check.integer(owner, "longest", longest, low=shortest)
    inside = (duration >= shortest) & (duration <= last)
    d, place, weight = np.unique(duration[inside], return_inverse=True, return_counts=True)
    if len(d) < 2:
        return NAN, NAN
    x, y = np.log(d), np.log(np.bincount(place, size[inside]) / weight)
    x = x - np.average(x, weights=weight)
    y = y - np.average(y, weights=weight)
    spread = np.sum(weight * x * x)
    gamma = float(np.sum(weight * x * y) / spread)
    if len(d) < 3:
        return gamma, NAN
    left = np.sum(weight * (y - gamma * x) ** 2) / (len(d) - 2)
    return gamma, float(np.sqrt(left / spread))


def crackling(avalanches: Avalanches, alpha, beta, shortest: int = 1, longest: int | None = None) -> Crackling:
    """The crackling relation of avalanches whose sizes and durations have exponents alpha and beta.

    alpha, beta         pairs (exponent > 1, standard error >= 0), or a `PowerLaw` each, as `power_law` gives it
    shortest, longest   range of the fit of mean size by duration, bins

    Raises ValueError for exponents that are not above 1 and arrays that do not fit.
    """
    owner = "measure.crackling"
    (a, error_a), (b, error_b) = (_above_one(owner, name, law) for name, law in (("alpha", alpha), ("beta", beta)))
    predicted = b / a
    error = predicted * float(np.hypot(error_a / a, error_b / b))
    return Crackling(predicted, error, *mean_size_exponent(avalanches, shortest, longest))


def _above_one(owner: str, name: str, law) -> tuple[float, float]:
    """(exponent - 1, its standard error)."""
    pair = (law.alpha, law.error) if isinstance(law, PowerLaw) else law
    if np.shape(check.number(owner, name, pair)) != (2,):
        check.fail(owner, f"{name} must be a pair (exponent, standard error), or a PowerLaw", pair)
    exponent, error = (float(part) for part in pair)
    check.positive(owner, f"{name} - 1", exponent - 1.0)
    return exponent - 1.0, check.at_least(owner, f"the error of {name}", error, 0.0)
