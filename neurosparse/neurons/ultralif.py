"""Ultradiscretized leaky integrate-and-fire neuron: sums become maxima, softened over eps.

    LSE_eps(a, b) = eps log(e^(a / eps) + e^(b / eps))   ->   max(a, b) as eps -> 0
    u = LSE_eps(v + log_tau, I) ;   z = [u >= v_th] ;   v <- v_reset where z is 1

Trained, z = sigmoid((u - v_th) / eps) and v = z v_reset + (1 - z) u, smooth in everything: no surrogate is needed.

The limit is a max-plus neuron, not the linear one: it holds the largest input and lets it fall by |log_tau| a step, and
never sums inputs over time (I = .3, tau0 = .9, v_th = .5: a linear neuron fires, this one stays at .3). Without reset
e^(v / eps) is a linear integrator with leak tau0^(1 / eps). No input, however negative, can silence it: from rest
z >= sigmoid((log_tau - v_th) / eps). `ultralif_signed` is an extension of ours that inhibition can silence.

variant = "paper": v_th = .5, eps = 1; "code": v_th = 0, eps = 1, as the authors' program; "neurosparse": v_th = .5,
eps = .1, with which hard and soft spikes agree. A step is a step: tau0 is the leak of one, and dt does not enter.
Source: Minoza, UltraLIF, arXiv:2602.11206 (2026), definition 4.1; corrected claims in `models/ultralif.py`.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, ops
from neurosparse.jit import shared

PORTS = ("current",)  # in units of v
ORDER = None  # a map, not the solution of a differential equation
VARIANTS = {"paper": (0.5, 1.0), "code": (0.0, 1.0), "neurosparse": (0.5, 0.1)}  # v_th, eps
BOUNDS = {"log_tau": (-math.inf, 0.0), "eps": (0.0, math.inf)}


class Params(NamedTuple):
    """Constants of the map; everything in units of v."""

    log_tau: float  # what v loses in a step, <= 0
    eps: float  # softness, > 0
    v_th: float  # threshold
    v_reset: float  # after a spike


class State(NamedTuple):
    """What changes from step to step."""

    v: float  # membrane


def params(tau0=0.9, v_th=None, eps=None, v_reset=0.0, variant="neurosparse", dt=1.0) -> Params:
    """Constants of the map: tau0 in (0, 1] is the leak of a step; v_th and eps: the variant's where not given.

    dt (ms) is checked and has no other meaning. Raises ValueError for values out of range and unknown variants.
    """
    owner = "ultralif.params"
    log_tau, eps, v_th = constants(owner, tau0, v_th, eps, variant, VARIANTS, dt)
    return Params(log_tau=log_tau, eps=eps, v_th=v_th, v_reset=check.number(owner, "v_reset", v_reset))


def constants(owner: str, tau0, v_th, eps, variant, variants, dt) -> Any:
    """(log tau0, eps, v_th), checked; the variant's where None."""
    check.one_of(owner, "variant", variant, tuple(variants))
    if not np.all(np.asarray(check.number(owner, "dt", dt)) > 0):
        check.fail(owner, "dt must be > 0 ms", dt)
    v_th, eps = (value if given is None else given for given, value in zip((v_th, eps), variants[variant]))
    if not np.all((np.asarray(check.number(owner, "tau0", tau0)) > 0) & (np.asarray(tau0) <= 1)):
        check.fail(owner, "tau0 must be in (0, 1]", tau0)
    if not np.all(np.asarray(check.number(owner, "eps", eps)) > 0):
        check.fail(owner, "eps must be > 0", eps)
    return np.log(tau0)[()], np.asarray(eps, float)[()], np.asarray(check.number(owner, "v_th", v_th), float)[()]


def init(p: Params) -> State:
    """v = 0, the paper's start."""
    return State(v=0.0 * p.v_reset)


def step(p: Params, s: State, current):
    """One step; current in units of v."""
    v, z = fire(p, ops.logsumexp2(s.v + p.log_tau, current, p.eps))
    return State(v), z


@shared
def fire(p, u):
    """(v, z) after threshold and reset, from where the membrane went."""
    z = ops.spike((u - p.v_th) / p.eps)
    return ops.reset(z, p.v_reset, u), z
