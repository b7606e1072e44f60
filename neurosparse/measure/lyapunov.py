"""Lyapunov exponent from twin runs: does a small difference between two runs grow or vanish?

    x_i(t) = e^(-dt / tau) x_i(t - dt) + spikes of i in the step of t          exponential filter of each train
    d(t)   = |x^a(t) - x^b(t)|                                                 distance of runs a and b
    lambda = slope of ln d(t)  over a window in which d grows or shrinks exponentially         1/ms

The caller makes the twins: the same network, input and random numbers, but for one input spike that is moved, left out
or added. lambda > 0 is chaos, lambda < 0 order. Where no more spikes differ d falls with the filter, so no lambda below
-1 / tau can be seen; once the runs are as far apart as they can be d stays, so the window has to end before. With a
window of two steps lambda is ln(d_T / d_0) / T, the estimate of Legenstein and Maass.

Source: R. Legenstein, W. Maass, Neural Networks 20 (2007) 323; M. C. W. van Rossum, Neural Comput. 13 (2001)
751 (distance of filtered trains).
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.measure import spikes

OWNER = "measure.lyapunov"


class Lyapunov(NamedTuple):
    """Growth of the difference between two runs."""

    exponent: float  # 1/ms; NaN for a window with fewer than two steps in which the runs differ
    distance: np.ndarray  # (n_steps,) d at the end of each step, without unit


def filtered_distance(a, b, n: int, n_steps: int, tau: float, dt: float = 1.0) -> np.ndarray:
    """Distance (n_steps,) of the filtered spike trains of two runs, at the end of each step.

    a, b    pairs (i, t): (n_spikes,) neuron ids in [0, n) and steps in [0, n_steps), in any order
    tau     time constant of the filter, ms
    dt      width of a step, ms

    Raises ValueError for spikes out of range, and times that are not positive.
    """
    return _distance("measure.filtered_distance", a, b, n, n_steps, tau, dt)


def lyapunov(
    a, b, n: int, n_steps: int, tau: float = 20.0, window: tuple[int, int] | None = None, dt: float = 1.0
) -> Lyapunov:
    """Lyapunov exponent of two runs that differ in little; arguments as in `filtered_distance`.

    window  (first, end) steps of the fit, end left out; None for all. Steps in which the runs are the same are left out

    Raises ValueError as `filtered_distance`, and for a window that does not lie in the run.
    """
    distance = _distance(OWNER, a, b, n, n_steps, tau, dt)
    first, end = (0, n_steps) if window is None else window
    check.integer(OWNER, "the first step of the window", first, 0, n_steps - 1)
    check.integer(OWNER, "the end of the window", end, first + 1, n_steps)
    step = np.arange(first, end)[distance[first:end] > 0]
    if len(step) < 2:
        return Lyapunov(float("nan"), distance)
    t, y = (step - step.mean()) * dt, np.log(distance[step])
    return Lyapunov(float(t @ (y - y.mean()) / (t @ t)), distance)


def _distance(owner: str, a, b, n: int, n_steps: int, tau: float, dt: float) -> np.ndarray:
    check.positive(owner, "tau", check.scalar(owner, "tau", tau, "ms"), "ms")
    check.positive(owner, "dt", check.scalar(owner, "dt", dt, "ms"), "ms")
    for name, pair in (("a", a), ("b", b)):
        if len(pair) != 2:
            check.fail(owner, f"{name} must be a pair (i, t)", pair)
    parts = [spikes.pairs_steps(owner, pair[0], pair[1], n, n_steps) for pair in (a, b)]
    sign = np.repeat([1.0, -1.0], [len(parts[0][0]), len(parts[1][0])])
    i, t = (np.concatenate(both) for both in zip(*parts))
    order = np.argsort(t, kind="stable")
    i, sign = i[order], sign[order]
    bounds = np.searchsorted(t[order], np.arange(n_steps + 1))
    keep = np.exp(-dt / tau)
    x, distance = np.zeros(n), np.zeros(n_steps)
    for step in range(int(t.min(initial=n_steps)), n_steps):
        x *= keep
        now = slice(bounds[step], bounds[step + 1])
        np.add.at(x, i[now], sign[now])
        distance[step] = np.sqrt(x @ x)
    return distance
