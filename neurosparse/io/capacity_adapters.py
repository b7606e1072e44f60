"""Functions of the calculator whose arguments or results are no plain numbers, with plain numbers for the command line.

Each gives a dict of numbers and LogNumbers, or a list of such dicts: rows of its own.
"""

from neurosparse.sdr.capacity import correlated, match, montecarlo, population, solve, union
from neurosparse.sdr.capacity.estimate import Estimate
from neurosparse.sdr.capacity.result import LogNumber


def thresholds(n, a, s, v, fp, fn) -> dict:
    """The window low ... high, and how many thresholds it holds."""
    window = solve.thresholds(n, a, s, v, fp, fn)
    count = window.high - window.low + 1
    return {**window._asdict(), "count": (count * (count > 0))}


def smallest_s(n, a, v, fp, fn) -> dict:
    """The design, its errors under names that are not those of the bounds."""
    return _design(solve.smallest_s(n, a, v, fp, fn))


def verify_false_positive(n, a, s, theta, trials=100_000, seed=0, threads=1, method="tilted") -> dict:
    """The estimate, its 99.9 % interval and the law."""
    law, plan = match.false_positive(n, a, s, theta), montecarlo.Plan(trials, method, seed, threads)
    return _beside(montecarlo.verify_false_positive(n, a, s, theta, plan), law)


def verify_false_negative(a, s, v, theta, trials=100_000, seed=0, threads=1, method="tilted") -> dict:
    """The same for false negatives."""
    law, plan = match.false_negative(a, s, v, theta), montecarlo.Plan(trials, method, seed, threads)
    return _beside(montecarlo.verify_false_negative(a, s, v, theta, plan), law)


def verify_union_false_positive(n, a, s, m, theta, trials=100_000, seed=0, threads=1, method="tilted") -> dict:
    """The same for unions."""
    law, plan = union.union_false_positive(n, a, s, m, theta), montecarlo.Plan(trials, method, seed, threads)
    return _beside(montecarlo.verify_union_false_positive(n, a, s, m, theta, plan), law)


def correlated_false_positive(n, a, s, theta, segments=500, neurons=20, seed=0) -> dict:
    """Clusters of one published trial, the correlation that they make, and the errors beside those without it."""
    groups = correlated.sample_clusters(n, seed)
    found = correlated.correlated_false_positive(groups, a, s, theta, segments, neurons, seed)
    correlation = correlated.pattern_correlation(correlated.correlated_patterns(groups, a, 1000, seed), n)
    free = population.population_false_positive(n, a, s, theta, segments)
    return {"correlation": correlation, **_interval(found), "independent": free}


def _design(found: solve.Design) -> dict:
    return {"s": found.s, "theta": found.theta, "false_positive": found.fp, "false_negative": found.fn}


def _beside(found: Estimate, law: LogNumber) -> dict:
    return {**_interval(found), "law": law, "inside": "yes" if found.covers(law) else "no"}


def _interval(found: Estimate) -> dict:
    return {
        "value": LogNumber(found.log10),
        "low": LogNumber(found.log10_low),
        "high": LogNumber(found.log10_high),
        "hits": found.hits,
    }
