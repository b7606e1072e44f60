"""Exponent of a heavy tail by maximum likelihood, and its errors.

    L(alpha) = sum_j ln p(x_j | alpha)   over the n numbers in [xmin, xmax] ;   alpha = the one of the largest L
    error    = 1 / sqrt(n Var_alpha(ln x))                                      Fisher's information
    interval = all alpha with 2 (L_max - L) < chi^2 of the confidence           profile of the likelihood
    KS       = max_x |S(x) - P(x)|                                              S of the data, P of the law

xmin is the candidate with the smallest KS distance; errors and interval hold for the xmin that was taken, and are too
narrow where it was chosen. The laws are in `laws.py`, those that might be instead in `alternatives.py`.

Source: A. Clauset, C. R. Shalizi, M. E. J. Newman, SIAM Rev. 51 (2009) 661, sections 3.1 to 3.3.
"""

from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.measure.alternatives import Alternative, alternatives

OWNER = "measure.power_law"
CANDIDATES = 200  # values that are tried as xmin at most
LEAST = 50  # numbers that a tail must have to be tried
STEEPEST = 30.0


class PowerLaw(NamedTuple):
    """A power law fitted to the numbers in [xmin, xmax]."""

    alpha: float
    error: float  # standard error
    interval: tuple[float, float]
    xmin: float
    xmax: float  # inf where there is no upper bound
    n: int  # numbers in the range
    ks: float  # Kolmogorov and Smirnov's distance
    log_likelihood: float
    lognormal: Alternative
    exponential: Alternative


def power_law(x, xmin=None, xmax=None, discrete: bool = True, confidence: float = 0.95) -> PowerLaw:
    """Power law of sizes or durations, alpha in (1, 30).

    x             (n,) numbers > 0, whole ones if `discrete`
    xmin, xmax    range of the law; xmin None to choose it (of the values with 50 numbers or more above them), xmax
                  None for no upper bound; of whole numbers the range is [ceil(xmin), floor(xmax)], xmin >= 1
    confidence    of the interval

    Raises ValueError for numbers that do not fit and a range with fewer than two values.
    """
    x = np.asarray(check.positive(OWNER, "x", x), dtype=np.float64)
    if x.ndim != 1 or not x.size:
        check.fail(OWNER, "x must be a 1-D array of one number or more", x.shape)
    if discrete and np.any(x != np.floor(x)):
        check.fail(OWNER, "x must be whole numbers", float(x[x != np.floor(x)][0]), "or give discrete=False")
    check.between(OWNER, "confidence", check.scalar(OWNER, "confidence", confidence), 0.0, 1.0)
    top = np.inf
    if xmax is not None:
        top = float(check.positive(OWNER, "xmax", check.scalar(OWNER, "xmax", xmax)))
        top = float(floor(top)) if discrete else top  # the law's sum ends at a number that there can be
    values, counts = np.unique(x[x <= top], return_counts=True)
    if xmin is None:
        xmin = _choose(values, counts, top, discrete)
    xmin = float(check.positive(OWNER, "xmin", check.scalar(OWNER, "xmin", xmin)))
    if discrete:
        xmin = float(ceil(check.at_least(OWNER, "xmin", xmin, 1, remedy="whole numbers begin at 1")))
    inside = values >= xmin
    values, counts = values[inside], counts[inside]
    if len(values) < 2:
        check.fail(OWNER, "the range must hold two values or more", (xmin, top), "take a wider range, or more data")
    alpha, best = _fit(values, counts, xmin, top, discrete)
    n = int(counts.sum())
    return PowerLaw(
        alpha,
        _error(alpha, n, xmin, top, discrete),
        _interval(alpha, values, counts, xmin, top, discrete, confidence),
        xmin,
        top,
        n,
        _distance(alpha, values, counts, xmin, top, discrete),
        best,
        *alternatives(alpha, values, counts, xmin, top, discrete),
    )


def _choose(values, counts, xmax, discrete) -> float:
    enough = np.flatnonzero(np.cumsum(counts[::-1])[::-1] >= LEAST)
    enough = enough[enough < len(values) - 1]
    if not len(enough):
        check.fail(
            OWNER, f"x must have {LEAST} numbers, of two values or more, in the range", int(counts.sum()), "give xmin"
        )
    tried = enough[np.unique(np.linspace(0, len(enough) - 1, CANDIDATES).astype(int))]
    distance = []
    for k in tried:
        law = (values[k:], counts[k:], values[k], xmax, discrete)
        distance.append(_distance(_fit(*law)[0], *law))
    return float(values[tried[int(np.argmin(distance))]])


def _likelihood(alpha: float, values, counts, xmin, xmax, discrete) -> float:
    from neurosparse.measure.laws import log_power

    return float(counts @ log_power(values, alpha, xmin, xmax, discrete))


def _fit(values, counts, xmin, xmax, discrete) -> tuple[float, float]:
    """(alpha, log-likelihood)."""
    from scipy.optimize import minimize_scalar

    from neurosparse.measure.laws import log_power_sum

    n, logs = counts.sum(), counts @ np.log(values)

    def loss(alpha):
        return alpha * logs / n + log_power_sum(alpha, xmin, xmax, discrete)

    found: Any = minimize_scalar(loss, bounds=(1 + 1e-6, STEEPEST), method="bounded", options={"xatol": 1e-8})
    return float(found.x), -float(n * found.fun)


def _distance(alpha: float, values, counts, xmin, xmax, discrete) -> float:
    from neurosparse.measure.laws import log_power_sum

    whole = log_power_sum(alpha, xmin, xmax, discrete)
    upper = -np.expm1(log_power_sum(alpha, values + 1 if discrete else values, xmax, discrete) - whole)
    seen = np.cumsum(counts) / counts.sum()
    below = np.concatenate(([0.0], seen[:-1]))
    lower = -np.expm1(log_power_sum(alpha, values, xmax, discrete) - whole)  # law just below each value
    return float(max(np.abs(upper - seen).max(), np.abs(lower - below).max()))


def _error(alpha: float, n: int, xmin, xmax, discrete) -> float:
    """The variance of ln x under the law is the curvature of ln Z."""
    from neurosparse.measure.laws import log_power_sum

    h = min(1e-3, (alpha - 1) / 2)
    low, mid, high = (log_power_sum(alpha + s * h, xmin, xmax, discrete) for s in (-1, 0, 1))
    curvature = (low - 2 * mid + high) / h**2
    return float(1 / np.sqrt(n * curvature)) if curvature > 0 else float("nan")


def _interval(alpha, values, counts, xmin, xmax, discrete, confidence) -> tuple[float, float]:
    from scipy.optimize import brentq
    from scipy.stats import chi2

    law = values, counts, xmin, xmax, discrete
    level = _likelihood(alpha, *law) - chi2.ppf(confidence, 1) / 2

    def edge(far: float) -> float:
        if confidence == 0 or _likelihood(far, *law) > level:
            return far if confidence > 0 else alpha
        crossing: Any = brentq(lambda a: _likelihood(a, *law) - level, alpha, far)
        return float(crossing)

    return edge(1 + 1e-6), edge(STEEPEST)
