"""What UltraLIF becomes as eps goes to 0, and how near it is before: a max-plus neuron, and a bound that holds.

    hard:   m = max(v + log tau0, I) ;   h = [m >= v_th] ;   v <- m (1 - h)
    soft:   u = LSE_eps(V + log tau0, I) ;   s = sigmoid((u - v_th) / eps) ;   V <- u (1 - s)         both from 0

Theorem (ours). With delta = min_{k <= t} |m_k - v_th|, |I| <= i_max,  top = i_max - eps log(1 - tau0^(1 / eps)),
eta = eps log 2 + top e^(-delta / (2 eps)), and n steps since the last spike of the hard neuron, its own counted:

    (t - 1) eta + eps log 2 <= delta / 2    =>    |V - v| <= n eta   and   |s - h| <= e^(-delta / (2 eps))

for u then stays on m's side of the threshold, delta / 2 away or more; the reset adds at most |u| e^(-delta / (2 eps)),
and a spike wipes out what was before. Always, -i_max <= u <= top.

The paper's claim, |V - v| <= t eps log 2 and |s - h| <= e^(-|m - v_th| / eps), does not hold: s sees the error of u,
and the reset is not a contraction, dV / du = (1 - s) - u s (1 - s) / eps.
Source: Minoza, arXiv:2602.11206 (2026), proposition 5.2, which this replaces.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check


class Run(NamedTuple):
    """A hard neuron over time, arrays (time, ...)."""

    m: np.ndarray  # membrane before the reset
    v: np.ndarray  # after it
    h: np.ndarray  # 1 at a spike


class Bound(NamedTuple):
    """Arrays (time, ...)."""

    holds: np.ndarray  # where the theorem says anything
    membrane: np.ndarray  # there |V - v| is at most this
    spike: np.ndarray  # and |s - h| this


def run(current, tau0: float, v_th: float) -> Run:
    """Max-plus neurons under current (time, ...), from v = 0. Raises ValueError for tau0 outside (0, 1)."""
    x, log_tau = _checked(current, tau0, 1.0)
    v, out = np.zeros(x.shape[1:]), []
    for now in x:
        m = np.maximum(v + log_tau, now)
        h = 1.0 * (m >= v_th)
        v = m * (1.0 - h)
        out.append((m, v, h))
    return Run(*(np.array(part) for part in zip(*out)))


def bound(current, tau0: float, v_th: float, eps: float) -> Bound:
    """The theorem for these currents (time, ...), of which the largest is i_max. Raises ValueError."""
    x, _ = _checked(current, tau0, eps)
    hard = run(x, tau0, v_th)
    t = np.arange(1.0, len(x) + 1).reshape(-1, *(1,) * (x.ndim - 1))
    delta = margin(hard.m, v_th)
    spike = np.exp(-delta / (2.0 * eps))
    eta = eps * np.log(2.0) + extent(np.abs(x).max(), tau0, eps)[1] * spike
    spiked = np.maximum.accumulate(np.where(hard.h > 0, t, 1.0), axis=0)  # step of the last spike, counted from 1
    holds = (t - 1.0) * eta + eps * np.log(2.0) <= delta / 2.0
    return Bound(holds, (t - spiked + 1.0) * eta, spike)


def margin(m: np.ndarray, v_th: float) -> np.ndarray:
    """delta: how near m (time, ...) came to the threshold up to now."""
    return np.minimum.accumulate(np.abs(m - v_th), axis=0)


def extent(i_max, tau0: float, eps: float) -> tuple:
    """(lowest, highest) membrane of the soft neuron under |I| <= i_max."""
    return -i_max, i_max - eps * np.log1p(-(tau0 ** (1.0 / eps)))


def floor(tau0, v_th, eps):
    """The least s of an UltraLIF that rests: no input is more negative than none at all."""
    return 1.0 / (1.0 + np.exp((v_th - np.log(tau0)) / eps))


def _checked(current, tau0: float, eps: float) -> tuple[np.ndarray, float]:
    x = np.asarray(check.number("theory.max_plus", "current", current), dtype=float)
    if x.ndim < 1 or not x.size:
        check.fail("theory.max_plus", "current must have shape (time, ...), no length 0", x.shape)
    check.positive("theory.max_plus", "eps", check.scalar("theory.max_plus", "eps", eps))
    if not 0 < check.scalar("theory.max_plus", "tau0", tau0) < 1:
        check.fail("theory.max_plus", "tau0 must be in (0, 1)", tau0)
    return x, float(np.log(tau0))
