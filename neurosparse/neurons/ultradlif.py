"""Ultradiscretized neurons on a ring or graph: neighbours' membranes diffuse by a softened maximum (gap junctions).

    LSE_i = eps log(own e^(v_i / eps) + others sum_{j next to i} e^(v_j / eps))

    variant "paper"         own = others = 1 :  u_i = LSE_i(v) + I_i
    variant "neurosparse"   others = alpha, own = 1 - alpha degree, so that sum_i e^(v_i / eps) is kept:  u as above
    variant "code"          own = others = 1 :  w = tau0 v + I ,  u_i = LSE_i(w)
    z = [u >= v_th] ;   v <- v_reset where z is 1  ("code" resets w, not u)

Trained, z = sigmoid((u - v_th) / eps), as `ultralif`. The limit eps -> 0 is a morphological dilation. The paper's form
drops the factor alpha = 1 / 3 and so adds eps log 3 in every step without input; the normalised one does not.

In a clock, neighbours meet at the port `spread` through a Coupling of field "w" with weight 1 for each link (`ring`),
read as it was after the last step. "code" spreads what the input of the same step made, so that its spikes come one
step later there than in `tensor.UltraDLIF`; those of the other variants come in the same step.

Source: Minoza, UltraLIF, arXiv:2602.11206 (2026), definition 4.2; "code": the authors' program, which differs from it.
"""

from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, ops
from neurosparse.csr import Csr, make
from neurosparse.neurons import ultralif

PORTS = ("current", "spread")  # in units of v; sum over links of `couple`
ORDER = None
COUPLED = "w"
VARIANTS = ultralif.VARIANTS
BOUNDS = {"tau0": (0.0, 1.0), "eps": (0.0, float("inf"))}


class Params(NamedTuple):
    """Constants of the map; everything in units of v."""

    tau0: float  # linear leak of a step; "code" only
    eps: float  # softness, > 0
    v_th: float  # threshold
    v_reset: float  # after a spike
    own: float  # weight of a neuron itself in LSE
    others: float  # weight of a neighbour
    late: float  # 1: variant "code"


class State(NamedTuple):
    """What changes from step to step."""

    w: float  # what neighbours hear: the membrane, for "code" before it spreads


def params(
    tau0=0.9, v_th=None, eps=None, v_reset=0.0, alpha=1.0 / 3.0, degree=2, variant="neurosparse", dt=1.0
) -> Params:
    """As `ultralif.params`; alpha < 1 / degree: the share of each of `degree` neighbours ("neurosparse").

    Raises ValueError for values out of range.
    """
    owner = "ultradlif.params"
    log_tau, eps, v_th = ultralif.constants(owner, tau0, v_th, eps, variant, VARIANTS, dt)
    given = np.asarray(check.positive(owner, "alpha", alpha)) * np.asarray(check.at_least(owner, "degree", degree, 0))
    if not np.all(given < 1.0):
        check.fail(owner, "alpha degree must be < 1", given, "a neuron keeps a share of its own")
    own: Any
    own, others = (1.0 - given[()], alpha) if variant == "neurosparse" else (1.0, 1.0)
    v_reset = check.number(owner, "v_reset", v_reset)
    return Params(np.exp(log_tau)[()], eps, v_th, v_reset, own, others, 1.0 if variant == "code" else 0.0)


def ring(n: int) -> Csr:
    """Links of n neurons on a ring, weight 1. Raises ValueError for n < 3."""
    check.integer("ultradlif.ring", "n", n, 3, 2**31 - 1)
    near = np.sort((np.arange(n)[:, None] + np.array([-1, 1])) % n, axis=1).astype(np.int32)
    return make(np.arange(0, 2 * n + 1, 2), near.ravel(), np.ones(2 * n, np.float32), n)


def init(p: Params) -> State:
    """w = 0."""
    return State(w=0.0 * p.v_reset)


def couple(p: Params, mine, other):
    """Weight of a neighbour beside one's own, e^((other - mine) / eps)."""
    return ops.exp((other - mine) / p.eps)


def step(p: Params, s: State, current, spread):
    """One step; current in units of v, spread the sum of `couple` over the links."""
    u = s.w + p.eps * ops.log(p.own + p.others * spread)
    late, now = ultralif.fire(p, u), ultralif.fire(p, u + current)
    reset = ops.reset(late[1], p.v_reset, s.w)
    w = ops.where(p.late > 0, p.tau0 * reset + current, now[0])
    return State(w), ops.where(p.late > 0, late[1], now[1])
