"""When and how high a post-synaptic potential peaks.

    tau_mem dv/dt = -v + r i(t) ,   i = w exp(-t / tau_syn)   or   i = w e (t / tau_syn) exp(-t / tau_syn)

At the peak dv/dt = 0, so its height is r i(t_peak). Its time is, with d = tau_mem / tau_syn - 1,

    exp:    t = tau_mem log(1 + d) / d
    alpha:  t = tau_mem x / d  with  expm1(x) / x = 1 + d ,   x = -1 / (1 + d) - W(-exp(-1 / (1 + d)) / (1 + d))

with Lambert's W (branch -1 for d > 0, 0 for d < 0). Both are written so that they hold through tau_mem = tau_syn,
where t = tau and 2 tau. Source: Rotter & Diesmann, Biological Cybernetics 81 (1999) 381; the same peak is in NEST's
example of Brunel's network with alpha synapses.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from neurosparse import check


class Peak(NamedTuple):
    """Of one post-synaptic potential."""

    time: np.ndarray | float  # after the onset of the current, ms
    height: np.ndarray | float  # mV


def psp_peak(kind: str, tau_mem, tau_syn, r=1.0, weight=1.0) -> Peak:
    """Peak of the potential that a current "exp" or "alpha" of `weight` pA makes; arguments in ms and GOhm, broadcast.

    The weight for a wanted height is  height / psp_peak(..., weight=1).height. Raises ValueError for another kind and
    for times and resistances that are not positive.
    """
    owner = "theory.psp_peak"
    check.one_of(owner, "kind", kind, ("exp", "alpha"))
    check.positive(owner, "tau_mem", tau_mem, "ms")
    check.positive(owner, "tau_syn", tau_syn, "ms")
    check.positive(owner, "r", r, "GOhm")
    check.number(owner, "weight", weight, "pA")
    m, s = np.broadcast_arrays(np.asarray(tau_mem, dtype=float), np.asarray(tau_syn, dtype=float))
    d = (m - s) / s
    if kind == "exp":
        time = m * np.where(d == 0.0, 1.0, np.log1p(d) / np.where(d == 0.0, 1.0, d))
        current = np.exp(-time / s)
    else:
        time = m * _alpha_time(d)
        current = np.e * time / s * np.exp(-time / s)
    return Peak(time[()], (r * np.asarray(weight, dtype=float) * current)[()])


def _alpha_time(d):
    """x / d: Lambert's W, then Newton steps, as W loses half of its digits near d = 0, and its series there."""
    near = np.abs(d) < 1e-4
    far = np.where(near, 1.0, d)
    c = 1.0 / (1.0 + far)
    argument = -c * np.exp(-c)
    x = -c - np.where(far > 0, special.lambertw(argument, -1).real, special.lambertw(argument, 0).real)
    for _ in range(3):
        slope = (x * np.exp(x) - np.expm1(x)) / x**2
        x = x - (np.expm1(x) / x - 1.0 - far) / slope
    return np.where(near, 2.0 - 4.0 / 3.0 * d + 10.0 / 9.0 * d * d, x / far)
