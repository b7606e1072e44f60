"""Leaky integrate-and-fire neuron with an adaptive threshold.

    threshold = v_th + beta a ;   a <- decay_a a + z          and the membrane of `lif`

Source: Bellec, Salaj, Subramoney, Legenstein & Maass, NeurIPS 2018 (LSNN), eq. 1 and 2, in the form of
Bellec et al., Nature Communications 11:3625 (2020), eq. 8 to 10. The reset by subtraction takes the moved threshold.
"""

from typing import NamedTuple

from neurosparse import check, grid
from neurosparse.neurons import lif

PORTS = lif.PORTS
ORDER = lif.ORDER


class Params(NamedTuple):
    """Kernel constants of `lif`, and of the adaptation."""

    decay: float  # the fields of lif.Params, in its units
    drive: float
    gain: float
    v_th: float
    v_reset: float
    carry: float
    v_rest: float
    n_ref: float
    hold: float
    decay_a: float  # exp(-dt / tau_adapt), in [0, 1)
    beta: float  # mV of threshold per unit of adaptation


class State(NamedTuple):
    """What changes from step to step."""

    v: float  # membrane potential, mV
    r: float  # refractory steps left
    a: float  # adaptation, spikes


def params(tau_adapt=200.0, beta=0.1, dt=0.1, method="exact", **membrane) -> Params:
    """Kernel constants; tau_adapt in ms, beta in mV per spike, the rest as `lif.params`."""
    check.at_least("alif.params", "beta", beta, 0, "mV")
    decay_a = grid.decay("alif.params", "tau_adapt", tau_adapt, dt, method)
    return Params(*lif.params(dt=dt, method=method, **membrane), decay_a=decay_a, beta=beta)


def init(p: Params) -> State:
    """At rest, not adapted."""
    return State(v=p.v_rest, r=0.0, a=0.0)


def step(p: Params, s: State, current, jump):
    """One step; current in pA, jump in mV."""
    v, r, z = lif.membrane(p, s, p.v_th + p.beta * s.a, current, jump)
    return State(v, r, p.decay_a * s.a + z), z
