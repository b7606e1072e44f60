"""Exponential post-synaptic kernel; a spike counts in full in the step in which it arrives.

    i <- decay i + x ;   y = i

Source: Brette & Gerstner style current-based exponential synapse, e.g. Norse's `i_jump`, and the additive form of
the kernel in Ivanov & Michmizos, NeurIPS 2021 (its code keeps only the newest spike; see models/liquid.py).
"""

from typing import NamedTuple

from neurosparse import grid

PORTS = ("x",)


class Params(NamedTuple):
    """Kernel constants of the kernel."""

    decay: float  # exp(-dt / tau_syn), in [0, 1)


class State(NamedTuple):
    """What changes from step to step."""

    i: float  # synaptic drive, in the unit of the port


def params(tau_syn=5.0, method="exact", dt=0.1) -> Params:
    """Kernel constant from tau_syn (ms)."""
    return Params(grid.decay("exp.params", "tau_syn", tau_syn, dt, method))


def init(p: Params) -> State:
    """Silent."""
    return State(0.0)


def step(p: Params, s: State, x):
    """One step; x is the summed weight that arrived."""
    i = p.decay * s.i + x
    return State(i), i
