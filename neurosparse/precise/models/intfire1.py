"""IntFire1 in closed form: a leaky sum of jumps that fires above one.

    m(t) = m exp(-(t - s.t) / tau_mem) ;   an arriving weight adds to m ;   m > 1: spike, then m = 0 for t_ref

A neuron is refractory in [spike, spike + t_ref): what arrives in it is lost, what arrives at its end counts.
Source: the artificial cell IntFire1 of NEURON; Carnevale & Hines, The NEURON Book (2006), section 10.
"""

import math
from typing import NamedTuple

from neurosparse import check
from neurosparse.jit import shared

PORTS = ("jump",)  # in units of the threshold, added at once


class Params(NamedTuple):
    """Constants in ms."""

    tau_mem: float  # ms
    t_ref: float  # ms


class State(NamedTuple):
    """The sum at a time."""

    t: float  # ms
    ready: float  # end of the refractory time, ms
    m: float  # in units of the threshold


def params(tau_mem=10.0, t_ref=5.0) -> Params:
    """Constants from biology, both in ms. Raises ValueError for values out of range."""
    check.positive("precise.intfire1.params", "tau_mem", tau_mem, "ms")
    check.at_least("precise.intfire1.params", "t_ref", t_ref, 0, "ms")
    return Params(tau_mem, t_ref)


def init(p: Params) -> State:
    """Empty, ready to spike."""
    return State(0.0, 0.0, 0.0)


@shared
def flow(p: Params, s: State, t) -> State:
    """m decays; while refractory it is 0."""
    return State(t, s.ready, s.m * math.exp((s.t - t) / p.tau_mem))


def arrive(p: Params, s: State, port, w):
    """Add w, unless refractory."""
    if s.t < s.ready:
        return s, False
    return State(s.t, s.ready, s.m + w), s.m + w > 1.0


def fire(p: Params, s: State) -> State:
    """Empty, and refractory from now on."""
    return State(s.t, s.t + p.t_ref, 0.0)
