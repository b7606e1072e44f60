"""Monte-Carlo verification of the laws: draw subsets, count, and say how sure that is.

    verify_false_positive(2048, 40, 40, 20)         2.49e-26 from 100,000 trials, by tilted draws

Three methods, none of which uses the law that it verifies:

    tilted      one synapse at a time, with the tilt of `draws`: any rarity, 1e-26 or 1e-200 alike
    plain       one synapse at a time, hits are counted: what the published dots are; 1e8 trials take a minute
    bits        the cells and the segments drawn as bit vectors, overlaps counted by AND: for small n

Trial t takes its random numbers from (seed, t): the same answer for any number of threads.

Source: the laws that it verifies stand in `match` and `union`.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import NamedTuple

import numpy as np

from neurosparse import check, rng
from neurosparse.sdr.capacity import draws
from neurosparse.sdr.capacity.estimate import NONE, Estimate, from_hits, from_sums, merged, sums

METHODS = ("tilted", "plain", "bits")
CHUNK = 1 << 14  # weights are added up chunk by chunk, so the sums do not depend on the threads
ROUNDING = 4 * 2.0**-52  # relative error of the weight for each synapse drawn


class Plan(NamedTuple):
    """How to draw."""

    trials: int = 100_000
    method: str = "tilted"
    seed: int = 0
    threads: int = 1
    confidence: float = 0.999  # of the interval


DEFAULT = Plan()


def verify_false_positive(n: int, a: int, s: int, theta: int, plan: Plan = DEFAULT) -> Estimate:
    """P(|A & D| >= theta): A a random a-subset of n cells, D a segment of s synapses.

    Raises TypeError or ValueError for numbers that are not whole, a or s outside [0, n], theta outside [0, s], and
    for a plan that is none.
    """
    return verify_union_false_positive(n, a, s, 1, theta, plan)


def verify_union_false_positive(n: int, a: int, s: int, m: int, theta: int, plan: Plan = DEFAULT) -> Estimate:
    """P(|A & X| >= theta): X the union of m random s-subsets of n cells. Errors as `verify_false_positive`."""
    owner = "capacity.verify_false_positive"
    n = check.integer(owner, "n", n, 1, 2**31)
    a, s = check.integer(owner, "a", a, 0, n), check.integer(owner, "s", s, 0, n)
    m = check.integer(owner, "m", m, 1, 2**31)
    theta = check.integer(owner, "theta", theta, 0, min(s * m, n), "a segment can not reach more than it has")
    plan = _plan(owner, plan)
    if plan.method == "bits":
        return _bits(plan, n, a, s, m, theta)
    few, many = (min(a, s), max(a, s)) if m == 1 else (s, a)  # the law of one pattern is the same with a and s swapped
    return _overlaps(plan, n, many, few, m, theta)


def verify_false_negative(a: int, s: int, v: int, theta: int, plan: Plan = DEFAULT) -> Estimate:
    """P(overlap < theta) after v of the a active cells moved away; s of the a cells are on the segment.

    It is the chance that at least s - theta + 1 synapses are among the v lost cells. "bits" moves them in 4 a cells.
    Raises as `verify_false_positive`, with s and v in [0, a].
    """
    owner = "capacity.verify_false_negative"
    a = check.integer(owner, "a", a, 1, 2**29)
    s, v = check.integer(owner, "s", s, 0, a), check.integer(owner, "v", v, 0, a)
    theta = check.integer(owner, "theta", theta, 0, s, "a segment can not reach more than it has")
    plan = _plan(owner, plan)
    if plan.method == "bits":
        return _noisy(plan, 4 * a, a, s, v, theta)
    return _overlaps(plan, a, max(s, v), min(s, v), 1, s - theta + 1)


def _overlaps(plan: Plan, n: int, a: int, s: int, m: int, theta: int) -> Estimate:
    stream = rng.stream(plan.seed, "capacity overlaps")
    if plan.method == "plain":
        return _count(plan, lambda first, size: draws.count_plain(stream, first, size, n, a, s, m, theta))
    if theta > a:
        return from_hits(0, plan.trials, plan.confidence)
    check.fits("capacity.verify_false_positive", "the tilts", 8 * theta * s * m, 'take method "plain"')
    guide = draws.guide(n, a, s, m, theta)

    def chunk(first: int, size: int):
        logs = np.empty(size)
        draws.weigh_tilted(stream, first, n, a, s, m, guide, logs)
        return sums(logs)

    moments = reduce(merged, _chunks(plan, chunk), NONE)
    return from_sums(moments, plan.trials, plan.confidence, ROUNDING * (s * m + 1))


def _bits(plan: Plan, n: int, a: int, s: int, m: int, theta: int) -> Estimate:
    owner = "capacity.verify_false_positive"
    check.integer(owner, "trials times patterns", plan.trials * m, 1, 2**32, 'take fewer trials, or method "plain"')
    active, segment = (rng.stream(plan.seed, f"capacity {name}") for name in ("cells", "segments"))

    def chunk(first: int, size: int):
        scratch = np.empty(a, dtype=np.int64), np.empty(s, dtype=np.int64), rng.set_table(max(a, s, 1))
        return draws.count_bits(active, segment, first, size, n, m, theta, *scratch)

    return _count(plan, chunk)


def _noisy(plan: Plan, n: int, a: int, s: int, v: int, theta: int) -> Estimate:
    check.integer("capacity.verify_false_negative", "trials", plan.trials, 1, 2**32, 'take method "plain"')
    streams = [rng.stream(plan.seed, f"capacity {name}") for name in ("cells", "segments", "noise")]

    def chunk(first: int, size: int):
        scratch = np.empty(a, dtype=np.int64), np.empty(s, dtype=np.int64), rng.set_table(a)
        return draws.count_noisy(*streams, first, size, n, v, theta, *scratch)

    return _count(plan, chunk)


def _count(plan: Plan, chunk: Callable[[int, int], int]) -> Estimate:
    return from_hits(int(sum(_chunks(plan, chunk))), plan.trials, plan.confidence)


def _chunks(plan: Plan, chunk: Callable) -> Iterator:
    """What chunk(first, size) gives for each chunk of the trials, in order, on the plan's threads."""
    firsts = range(0, plan.trials, CHUNK)
    sizes = [min(CHUNK, plan.trials - first) for first in firsts]
    if plan.threads == 1:
        return map(chunk, firsts, sizes)
    with ThreadPoolExecutor(plan.threads) as pool:
        return iter(list(pool.map(chunk, firsts, sizes)))


def _plan(owner: str, plan: Plan) -> Plan:
    if not isinstance(plan, Plan):
        check.fail(owner, "plan must be a Plan", plan, "write Plan(trials=1_000_000)", TypeError)
    check.integer(owner, "trials", plan.trials, 1, 2**62)
    check.one_of(owner, "method", plan.method, METHODS)
    check.integer(owner, "threads", plan.threads, 1, 4096)
    confidence = check.scalar(owner, "confidence", plan.confidence)
    if not 0.0 < confidence < 1.0 or math.isnan(confidence):
        check.fail(owner, "confidence must be in (0, 1)", confidence)
    return plan
