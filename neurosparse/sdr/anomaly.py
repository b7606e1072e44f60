"""How anomalous is a score, given the scores before it: the anomaly likelihood.

    s_t   a raw anomaly score in [0, 1], 1 - |predicted and active| / |active|
    mean, deviation     of the last `window` short-term means before now, the first `learning` scores left out
    short_t             mean of the last `short_window` scores
    likelihood_t = 1 - Q((short_t - mean) / deviation),   Q(z) = erfc(z / sqrt 2) / 2
    log_likelihood(L) = log(1.0000000001 - L) / log(1.0000000001 - 1)

The likelihood is .5 while fewer than `learning + estimation` scores have been seen. The parameters of the Gaussian are
estimated anew every `period` scores. A short-term mean below the mean is no anomaly: its likelihood is below one half.

Source: Ahmad, Lavin, Purdy & Agha (2017), Neurocomputing 262, 134-147, equations 4 to 8. The floors of the deviation
and the scale of the logarithm are those of its published benchmark code. Not from the paper: `estimation`, `period`.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.sdr.sdr import LARGEST, Sdr, checked

LOG_FLOOR = 1e-10  # added to 1 - likelihood before the logarithm


class Params(NamedTuple):
    """Parameters of the likelihood; from `params`. Lengths are numbers of scores."""

    window: int  # short-term means that the Gaussian is estimated from
    short_window: int  # of the short-term mean
    learning: int  # first scores, of which nothing is said or learned
    estimation: int  # further scores before the first estimate
    period: int  # scores between two estimates
    min_deviation: float  # floor of the deviation


class State(NamedTuple):
    """A stream of scores so far, as plain arrays."""

    scores: np.ndarray  # (short_window,) float64, the latest, as a ring
    shorts: np.ndarray  # (window,) float64, the latest short-term means, as a ring
    clock: np.ndarray  # (2,) int64: scores seen, short-term means kept
    gaussian: np.ndarray  # (2,) float64: mean and deviation


def score(predicted, active) -> float:
    """1 - |predicted and active| / |active| of two sets, ids or Sdrs; 0 where nothing is active.

    Raises TypeError or ValueError for what is no vector of whole numbers >= 0, and Sdrs of different length.
    Source: equation 1 of the paper.
    """
    owner, n = "anomaly.score", next((ids.n for ids in (active, predicted) if isinstance(ids, Sdr)), None)
    predicted, active = _ids(owner, "predicted", predicted, n), _ids(owner, "active", active, n)
    return 1.0 - len(np.intersect1d(active, predicted, assume_unique=True)) / len(active) if len(active) else 0.0


def params(window=8000, short_window=10, learning=288, estimation=100, period=100, min_deviation=1e-3) -> Params:
    """Checked parameters. Raises TypeError or ValueError for numbers out of range."""
    owner, most = "anomaly.params", 2**31 - 1
    check.integer(owner, "window", window, 2, most)
    check.integer(owner, "short_window", short_window, 1, most)
    check.integer(owner, "learning", learning, 0, most)
    check.integer(owner, "estimation", estimation, 1, most)
    check.integer(owner, "period", period, 1, most)
    check.positive(owner, "min_deviation", check.scalar(owner, "min_deviation", min_deviation))
    return Params(window, short_window, learning, estimation, period, float(min_deviation))


def init(p: Params) -> State:
    """No score yet."""
    return State(np.zeros(p.short_window), np.zeros(p.window), np.zeros(2, np.int64), np.array([0.0, 1.0]))


def step(p: Params, state: State, score: float) -> tuple[State, float]:
    """One score in [0, 1]: the new state (arrays of its own) and the likelihood."""
    check.between("anomaly.step", "score", check.scalar("anomaly.step", "score", score), 0.0, 1.0)
    state = State(*(array.copy() for array in state))
    return state, _step(p, state, float(score))


def likelihood(p: Params, scores: Iterable[float]) -> np.ndarray:
    """(n,) likelihood of each of `scores` (n,), in [0, 1], given those before it."""
    scores = np.asarray(check.between("anomaly.likelihood", "scores", scores, 0.0, 1.0), np.float64)
    if scores.ndim != 1:
        check.fail("anomaly.likelihood", "scores must be a vector", scores.shape)
    state = init(p)
    return np.array([_step(p, state, float(one)) for one in scores])


def log_likelihood(likelihood):
    """Likelihood on a scale that spreads what is near 1: 0 for 0, about 1 for 1, .5 for 1 - 1e-5."""
    likelihood = check.between("anomaly.log_likelihood", "likelihood", likelihood, 0.0, 1.0)
    return np.log(1.0 + LOG_FLOOR - np.asarray(likelihood, np.float64)) / math.log(LOG_FLOOR)


def _ids(owner: str, name: str, value, n: int | None) -> np.ndarray:
    """Distinct ids of a set: of an Sdr (of n bits), or a vector of them."""
    if isinstance(value, Sdr):
        return checked(owner, name, value, n).indices
    ids = None if isinstance(value, Csr) else check.array(owner, name, value)
    if ids is None or ids.ndim != 1 or (ids.size and ids.dtype.kind not in "iu"):
        remedy = "numpy.flatnonzero makes ids of truth values"
        check.fail(owner, f"{name} must be a vector of whole numbers, or an Sdr", value, remedy, TypeError)
    check.between(owner, name, ids, 0, LARGEST if n is None else n - 1)
    return np.unique(ids)


def _step(p: Params, state: State, score: float) -> float:
    """`step` in place."""
    clock, seen = state.clock, int(state.clock[0])
    state.scores[seen % p.short_window] = score
    clock[0] = seen + 1
    short = float(np.mean(state.scores[: min(seen + 1, p.short_window)]))
    ready = seen - p.learning - p.estimation
    if ready >= 0 and ready % p.period == 0:
        kept = state.shorts[: min(int(clock[1]), p.window)]
        state.gaussian[:] = kept.mean(), max(float(kept.std()), p.min_deviation)
    if seen >= p.learning:
        state.shorts[clock[1] % p.window] = short
        clock[1] += 1
    return float(ndtr((short - state.gaussian[0]) / state.gaussian[1])) if ready >= 0 else 0.5
