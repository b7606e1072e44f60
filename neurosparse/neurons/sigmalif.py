"""Linear leaky integrate-and-fire neuron with the soft threshold of UltraLIF: what ultradiscretization alone adds.

    u = tau0 v + I ;   z = [u >= v_th] ;   v <- v_reset where z is 1
    trained:  z = sigmoid((u - v_th) / eps) ,  v = z v_reset + (1 - z) u

variant = "paper": v_th = .5, eps = 1; "code": v_th = 0, eps = 1; "neurosparse": v_th = .5, eps = .1.
Source: the control in the program of Minoza, arXiv:2602.11206 (2026); in clocks it is a `lif` with Euler's leak.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.neurons import ultralif

PORTS = ("current",)  # in units of v
ORDER = None  # a map: tau0 is the leak of a step
VARIANTS = ultralif.VARIANTS
BOUNDS = {"tau0": (0.0, 1.0), "eps": (0.0, float("inf"))}
State = ultralif.State


class Params(NamedTuple):
    """Constants of the map."""

    tau0: float  # leak of a step, in (0, 1]
    eps: float  # softness of the threshold, units of v
    v_th: float  # threshold
    v_reset: float  # after a spike


def params(tau0=0.9, v_th=None, eps=None, v_reset=0.0, variant="neurosparse", dt=1.0) -> Params:
    """As `ultralif.params`, whose names they share."""
    owner = "sigmalif.params"
    log_tau, eps, v_th = ultralif.constants(owner, tau0, v_th, eps, variant, VARIANTS, dt)
    return Params(np.exp(log_tau)[()], eps, v_th, check.number(owner, "v_reset", v_reset))


def init(p: Params) -> State:
    """v = 0."""
    return State(v=0.0 * p.v_reset)


def step(p: Params, s: State, current):
    """One step; current in units of v."""
    v, z = ultralif.fire(p, p.tau0 * s.v + current)
    return State(v), z
