"""From milliseconds to a time grid: how much decays in one step, and how many steps a duration takes.

exact:  decay = exp(-dt / tau)          Euler:  decay = 1 - dt / tau
"""

from typing import Any

import numpy as np

from neurosparse import check

METHODS = ("exact", "euler")
MOST = 2**53  # steps; beyond, whole numbers have gaps in float64


def decay(owner: str, name: str, tau, dt: float, method: str = "exact") -> Any:
    """Factor that a variable with time constant `tau` (ms; a number or an array) keeps over one step of `dt` (ms).

    `method="euler"` serves papers and codes that discretise by forward Euler; it needs tau >= dt.
    """
    check.positive(owner, "dt", dt, "ms")
    check.positive(owner, name, tau, "ms")
    check.one_of(owner, "method", method, METHODS)
    if method == "exact":
        with np.errstate(over="ignore", under="ignore"):  # nothing is left of what decays so fast
            return np.exp(-dt / np.asarray(tau, dtype=float))[()]
    check.at_least(
        owner,
        name,
        tau,
        dt,
        "ms",
        remedy="forward Euler needs tau >= dt: take a smaller dt or method='exact'",
    )
    return 1.0 - dt / np.asarray(tau, dtype=float)[()]


def steps(owner: str, name: str, duration, dt: float, low: int = 0) -> Any:
    """Whole number of steps of `dt` (ms) in `duration` (ms); at least `low`.

    One number must be whole steps, to a millionth; an array, drawn at random as a rule, is rounded to the nearest.
    Rounding, not flooring: 0.3 / 0.1 is 2.9999999999999996 in binary, and three steps are meant.
    """
    check.positive(owner, "dt", dt, "ms")
    check.at_least(owner, name, duration, 0, "ms")
    with np.errstate(over="ignore"):
        exact = np.asarray(duration, dtype=float) / dt
        n = np.rint(exact) if exact.ndim == 0 else np.rint(exact, out=exact)
    if np.any(n > MOST):
        check.fail(owner, f"{name} must be at most {MOST} steps of {dt} ms", duration, "shorten it or take a larger dt")
    if np.any(n < low):
        check.fail(
            owner,
            f"{name} must be at least {low} step of {dt} ms",
            duration,
            "lengthen it or take a smaller dt",
        )
    if n.ndim == 0 and abs(n - exact) > 1e-6 * max(1.0, n):
        check.fail(owner, f"{name} must be a whole number of steps of {dt:g} ms", duration, f"take {n * dt:g}")
    return int(n) if n.ndim == 0 else n.astype(np.int64)
