"""What UltraDLIF becomes as eps goes to 0, and how near it is before: a dilation, the largest among neighbours.

    "paper", "neurosparse"   m_i = max_{j near i} v_j + I_i ;                     h = [m >= v_th] ;   v <- m (1 - h)
    "code"                   w = tau0 v + I ;   m_i = max_{j near i} w_j ;        h = [m >= v_th] ;   v <- w (1 - h)

Theorem (ours), for the soft neuron of `neurons.ultradlif`, both from 0. delta = min |m - v_th| over all neurons and the
steps up to t, |I| <= i_max, E = e^(-delta / (2 eps)); gap = log k for k that are near, themselves counted ("paper",
"code"), or log(1 / least share) ("neurosparse": log 3 on a ring with alpha = 1 / 3):

    "paper"         top = t (i_max + eps gap) ,   eta = eps gap + top E ,   (t - 1) eta + eps gap <= delta / 2
    "neurosparse"   top = t i_max ,               else the same                     =>   |V - v| <= t eta
    "code"          top = i_max / (1 - tau0) ,    e_t = top E (1 - tau0^t) / (1 - tau0) ,
                    tau0 e_(t - 1) + eps gap <= delta / 2                           =>   |V - v| <= e_t
    all                                                                             =>   |s - h| <= E

A neighbour's error can come back, so that spikes wipe out nothing. In "code", where only the spike sees the maximum,
errors do not grow with time at all, and its limit is a linear leaky neuron with dilated spikes.
Source: the neurons of Minoza, arXiv:2602.11206 (2026), definition 4.2.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.theory.max_plus import Bound, Run, margin

VARIANTS = ("paper", "code", "neurosparse")


class Case(NamedTuple):
    """Which neurons; near (n, k): who is near neuron i, itself among them."""

    variant: str
    near: np.ndarray
    tau0: float
    v_th: float
    gap: float  # see above


def case(variant: str, n: int, tau0: float = 0.9, v_th: float = 0.5) -> Case:
    """A ring of n. Raises ValueError for unknown variants and n < 3."""
    check.one_of("theory.dilation.case", "variant", variant, VARIANTS)
    check.integer("theory.dilation.case", "n", n, 3)
    return Case(variant, (np.arange(n)[:, None] + np.array([-1, 0, 1])) % n, tau0, v_th, float(np.log(3.0)))


def run(c: Case, current) -> Run:
    """Hard neurons under current (time, batch, n), from v = 0; their m is that which meets the threshold."""
    v, out = np.zeros(np.shape(current)[1:]), []
    for x in np.asarray(current, dtype=float):
        w = c.tau0 * v + x if c.variant == "code" else v
        m = w[..., c.near].max(axis=-1) + (0.0 if c.variant == "code" else x)
        h = 1.0 * (m >= c.v_th)
        v = (w if c.variant == "code" else m) * (1.0 - h)
        out.append((m, v, h))
    return Run(*(np.array(part) for part in zip(*out)))


def bound(c: Case, current, eps: float) -> Bound:
    """The theorem, (time, batch), for currents (time, batch, n), of which the largest is i_max."""
    check.positive("theory.dilation.bound", "eps", eps)
    hard, i_max, lost = run(c, current), np.abs(current).max(), eps * c.gap
    t = np.arange(1.0, len(hard.m) + 1)[:, None]
    delta = margin(hard.m, c.v_th).min(axis=-1)
    spike = np.exp(-delta / (2.0 * eps))
    if c.variant == "code":
        worst = i_max / (1.0 - c.tau0) * spike / (1.0 - c.tau0)
        holds = worst * (c.tau0 - c.tau0**t) + lost <= delta / 2.0
        return Bound(holds, worst * (1.0 - c.tau0**t), spike)
    eta = lost + t * (i_max + (lost if c.variant == "paper" else 0.0)) * spike
    return Bound((t - 1.0) * eta + lost <= delta / 2.0, t * eta, spike)
