"""How often a neuron errs on correlated patterns, however rarely: weighted draws of pairs that share many cells.

    P(any of g segments errs) = g E[w / N]

the event of `correlated_false_positive`, where plain trials see none in a million. A trial draws the pattern A' that
one segment grew to and the pattern A that is tested, with weight w, by `correlated_draws`, for

    psi(c) = P(H >= theta),  H hypergeometric: c of the a cells of A' are in A, s of the a are on the segment

so the segment's own synapses need no draw. The other g - 1 segments and their patterns are drawn plainly; N - 1 of
them err on A too. Each way for the neuron to err is met once for each of the N segments: hence 1 / N.

Source: Adler, Blanchet, Liu, Annals of Applied Probability 22 (2012) 1167-1214 (unions by 1 / N).
"""

from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import NamedTuple

import numpy as np

from neurosparse import check, jit, rng
from neurosparse.sdr.capacity import correlated, correlated_draws, law, montecarlo
from neurosparse.sdr.capacity.correlated import Clusters
from neurosparse.sdr.capacity.estimate import NONE, Estimate, from_sums, merged, sums
from neurosparse.sdr.capacity.montecarlo import Plan

CHUNK = 256  # trials whose weights are added up together, whatever the threads
ROUNDING = 1e-12  # relative error of a weight
DEFAULT = Plan(5000)


class Streams(NamedTuple):
    """Of the first and the second pattern of a pair, and of the other segments' patterns and synapses."""

    first: rng.Stream
    second: rng.Stream
    others: rng.Stream
    synapses: rng.Stream


def verify_correlated(
    groups: Clusters, a: int, s: int, theta: int, segments: int = 500, plan: Plan = DEFAULT
) -> Estimate:
    """P(a neuron errs on a pattern), for the clusters given; plan.method must be "tilted".

    `hits` counts weights above 0. Look at `ess`: below 50 or so take more trials, for the interval is too hopeful.
    Raises TypeError or ValueError for clusters and plans that are none, a outside [1, n], s outside [1, a], theta
    outside [1, s], and MemoryError for tables of a^2 chances that are too large.
    """
    owner = "verify_correlated"
    a = correlated._checked(owner, groups, a)
    check.integer(owner, "s", s, 1, a, "a segment grows to active cells only")
    check.integer(owner, "theta", theta, 1, s)
    check.integer(owner, "segments", segments, 1, 2**24)
    plan = montecarlo._plan(owner, plan)
    check.one_of(owner, "method", plan.method, ("tilted",))
    check.fits(owner, "the chances", 24.0 * (a + 1) ** 2)
    design = correlated_draws.design(groups, 10.0 ** law.overlap_sf(a, np.arange(a + 1), s, theta - 1).log10)
    streams = Streams(*[rng.stream(plan.seed, f"capacity rare {name}") for name in Streams._fields])

    def chunk(first: int):
        logs, slots = np.empty(min(CHUNK, plan.trials - first)), np.empty(s, dtype=np.int64)
        _weigh(streams, first, segments, theta, design, correlated_draws.scratch(design), slots, rng.set_table(s), logs)
        return sums(logs)

    with ThreadPoolExecutor(plan.threads) as pool:
        moments = reduce(merged, pool.map(chunk, range(0, plan.trials, CHUNK)), NONE)
    return from_sums(moments, plan.trials, plan.confidence, ROUNDING)


@jit.kernel
def _weigh(streams, start, segments, theta, design, scratch, slots, table, out):
    """out: logarithms of the weights of trials start, start + 1, ..."""
    for k in range(out.size):
        trial, stamp = start + k, k * (segments + 1)
        log = correlated_draws.first(streams.first, trial, stamp, design, scratch)
        log += correlated_draws.second(streams.second, trial, stamp + 1, design, scratch)
        correlated_draws.forget(scratch)
        if log > -np.inf:
            wrong = 1 + _erring(streams, trial, segments - 1, theta, stamp + 2, design, scratch, slots, table)
            log += np.log(segments / wrong)
        out[k] = log


@jit.shared
def _erring(streams, trial, others, theta, stamp, design, scratch, slots, table):
    """How many of the others, grown to s cells of a pattern each, err on the second pattern."""
    held, grown, wrong = scratch.held, scratch.first, 0
    for cell in scratch.second:
        held[cell] = True
    for i in range(others):
        element = trial * others + i
        correlated._pattern(
            streams.others, element, stamp + i, design.indptr, design.cells, scratch.on, scratch.taken, grown
        )
        rng.distinct(streams.synapses, element, grown.size, table, slots)
        hits = 0
        for slot in slots:
            hits += held[grown[slot]]
        wrong += hits >= theta
    for cell in scratch.second:
        held[cell] = False
    return wrong
