"""A driven branching process: the truth that estimators of criticality are held to.

    A_0 = start ;   A_{t+1} ~ Poisson(m A_t + h) ;   a_t ~ Binomial(A_t, p)

m mean number of offspring of one event (1 is critical), h mean number of events from outside in a step, p the part of
the events that is observed. For m < 1: mean h / (1 - m), variance mean / (1 - m^2), autocorrelation m^k; a_t has mean
p A, variance p^2 Var(A) + p (1 - p) mean(A), covariances p^2 Var(A) m^k.

Source: T. E. Harris, The Theory of Branching Processes, Springer 1963, ch. I; J. Wilting, V. Priesemann, Inferring
collective dynamical states from widely unobserved systems, Nat. Commun. 9 (2018) 2325, eq. 1 and Methods.
"""

from math import ceil

import numpy as np

from neurosparse import check

OWNER = "measure.branching_process"
RELAXED = 10.0  # autocorrelation times until a process counts as stationary
LONGEST = 2**32 - 1  # steps that a stream can tell apart


def branching_process(
    m: float,
    h: float,
    n_steps: int,
    stream,
    subsample: float = 1.0,
    n_trials: int | None = None,
    start: int | None = None,
) -> np.ndarray:
    """Observed activity, (n_steps,) int64, or (n_trials, n_steps) where `n_trials` is given.

    m, h        offspring of one event, >= 0; events from outside in a step, >= 0
    stream      `rng.stream(seed, name)`; trials of one stream are independent
    subsample   part of the events that is observed, in (0, 1]
    start       events in step 0; None for a process that has become stationary (m < 1)

    Raises ValueError for numbers out of range, for m >= 1 without a start, and for activity beyond 1e15 events.
    """
    from scipy.stats import binom

    from neurosparse import rng  # Numba takes a while to import; rates and plots need none
    from neurosparse.measure.generations import grow

    check.at_least(OWNER, "m", check.scalar(OWNER, "m", m), 0.0)
    check.between(OWNER, "h", check.scalar(OWNER, "h", h), 0.0, rng.POISSON_MAX)
    check.integer(OWNER, "n_steps", n_steps, low=1, high=LONGEST)
    if not isinstance(stream, rng.Stream):
        check.fail(OWNER, "stream must be a Stream", stream, "make it with rng.stream(seed, name)", TypeError)
    check.positive(OWNER, "subsample", check.scalar(OWNER, "subsample", subsample))
    check.between(OWNER, "subsample", subsample, 0.0, 1.0)
    rows = 1 if n_trials is None else check.integer(OWNER, "n_trials", n_trials, low=1)
    skip, first = 0, start
    if first is None:
        if m >= 1:
            check.fail(OWNER, "m must be < 1 for a stationary process", m, "give start, the events in step 0")
        skip = ceil(RELAXED / -np.log(m)) if m > 0 else 1
        first = round(h / (1 - m))
    check.integer(OWNER, "start", first)
    check.integer(OWNER, "steps, those until the process is stationary included,", skip + n_steps, high=LONGEST)
    check.fits(OWNER, "the activity", 16.0 * rows * n_steps)
    activity = np.empty((rows, n_steps), np.int64)
    u = np.empty((rows if subsample < 1 else 0, n_steps))
    wild = grow(stream, float(m), float(h), first, skip, activity, u)
    if wild >= 0:
        check.fail(OWNER, "activity must stay below 1e15 events", f"more in trial {wild}", "take fewer steps")
    if subsample < 1:
        activity = binom.ppf(u, activity, subsample).astype(np.int64)
    return activity if n_trials is not None else activity[0]
