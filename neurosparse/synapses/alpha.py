"""Alpha-shaped post-synaptic kernel; its peak is the weight.

    y(t) = w (e t / tau_syn) exp(-t / tau_syn) ,   t the time from the start of the step in which the spike arrives
    y = i ;   i <- decay (i + rise (a + x)) ,   a <- decay (a + x) ,   rise = e dt / tau_syn

Like `exp`, it gives the neuron the value at the start of the step: nothing in the step of the arrival itself.
For a membrane that is integrated exactly under such currents take the neuron `lif_alpha`.
Source: Rall, J. Neurophysiology 30 (1967) 1138, scaled to its peak; exact propagation as in Rotter & Diesmann,
Biological Cybernetics 81 (1999) 381.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from neurosparse import grid

PORTS = ("x",)


class Params(NamedTuple):
    """Kernel constants of the kernel."""

    decay: float  # exp(-dt / tau_syn), in [0, 1)
    rise: float  # e dt / tau_syn


class State(NamedTuple):
    """What changes from step to step."""

    i: float  # synaptic drive, in the unit of the port
    a: float  # what drives it


def params(tau_syn=5.0, dt=0.1) -> Params:
    """Kernel constants from tau_syn (ms)."""
    decay = grid.decay("alpha.params", "tau_syn", tau_syn, dt)
    rise: Any = math.e * dt / np.asarray(tau_syn, dtype=float)[()]
    return Params(decay, rise)


def init(p: Params) -> State:
    """Silent."""
    return State(0.0, 0.0)


def step(p: Params, s: State, x):
    """One step; x is the summed weight that arrived."""
    a = s.a + x
    return State(p.decay * (s.i + p.rise * a), p.decay * a), s.i
