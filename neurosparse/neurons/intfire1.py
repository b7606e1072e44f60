"""NEURON's IntFire1 on a grid: a number m that decays and jumps, without unit.

    m <- decay m + jump ;   z = [m > 1, not refractory] ;   m <- 0 where z, and inputs are ignored while refractory

Strictly above 1. A spike is stamped at the end of its step; the next t_ref / dt steps are refractory, the one that
begins at t_ref among them. Between events m is exact, so on a fine grid only the times of events are rounded.
Source: IntFire1 of NEURON's documentation (Hines & Carnevale, Neural Computation 9 (1997) 1179, for the simulator);
the cells of the 300 IntFire1 example of SONATA (Dai et al., PLoS Comput. Biol. 16 (2020) e1007696).
"""

import math
from typing import NamedTuple

from neurosparse import grid, ops

PORTS = ("jump",)
ORDER = math.inf


class Params(NamedTuple):
    """Kernel constants."""

    decay: float  # exp(-dt / tau_mem), in [0, 1)
    n_ref: float  # refractory steps


class State(NamedTuple):
    """What changes from step to step."""

    m: float  # activation, spikes above 1
    r: float  # refractory steps left


def params(tau_mem=10.0, t_ref=5.0, dt=0.1) -> Params:
    """Kernel constants; tau_mem, t_ref and dt in ms. Raises ValueError for values out of range."""
    owner = "intfire1.params"
    return Params(grid.decay(owner, "tau_mem", tau_mem, dt), 1.0 * grid.steps(owner, "t_ref", t_ref, dt))


def init(p: Params) -> State:
    """Silent, ready to spike."""
    return State(m=0.0, r=0.0)


def step(p: Params, s: State, jump):
    """One step; jump is the summed weight that arrived."""
    m = ops.where(s.r > 0, 0.0, p.decay * s.m + jump)
    z = 1.0 - ops.spike(1.0 - m)
    return State(ops.reset(z, 0.0, m), ops.where(z > 0, p.n_ref, ops.maximum(s.r - 1.0, 0.0))), z
