"""Leaky integrator: a membrane without threshold, to read from. It never spikes.

    tau_mem dv/dt = v_rest - v + r I ;      v <- v_rest + decay (v - v_rest) + r (1 - decay) I + jump

On tensors its output is v. Source: the membrane of `lif`; as a readout e.g. Bellec et al., NeurIPS 2018, eq. 4.
"""

import math
from typing import NamedTuple

from neurosparse import check, grid

PORTS = ("current", "jump")  # pA, held over the step; mV, added at once
ORDER = math.inf
OUT = "v"  # what a trained net reads, as there are no spikes
BOUNDS = {"decay": (0.0, 1.0)}


class Params(NamedTuple):
    """Kernel constants of the membrane."""

    decay: float  # exp(-dt / tau_mem), in [0, 1)
    drive: float  # mV a step: what v_rest adds
    gain: float  # mV a step per pA
    v_rest: float  # where v starts, mV


class State(NamedTuple):
    """What changes from step to step."""

    v: float  # membrane potential, mV


def params(tau_mem=20.0, v_rest=0.0, r=1.0, method="exact", dt=0.1) -> Params:
    """tau_mem, dt in ms; v_rest in mV; r in GOhm. method="euler" takes decay = 1 - dt / tau_mem. Raises ValueError."""
    decay = grid.decay("li.params", "tau_mem", tau_mem, dt, method)
    v_rest, r = check.number("li.params", "v_rest", v_rest), check.number("li.params", "r", r)
    return Params(decay=decay, drive=v_rest * (1.0 - decay), gain=r * (1.0 - decay), v_rest=v_rest)


def init(p: Params) -> State:
    """v at rest."""
    return State(v=p.v_rest)


def step(p: Params, s: State, current, jump):
    """One step; current in pA, jump in mV. z is 0."""
    v = p.decay * s.v + (p.drive + p.gain * current) + jump
    return State(v), 0.0 * v
