"""Leaky integrate-and-fire neuron with exponential synaptic currents, integrated exactly over a step.

    tau_mem dv/dt = v_rest - v + r (i_exc + i_inh + I)        tau_exc di_exc/dt = -i_exc ,  tau_inh di_inh/dt = -i_inh
    what arrives at `exc` or `inh` is added to i_exc or i_inh at the start of the step in which it arrives

    v(dt) = v_rest + decay (v - v_rest) + r (1 - decay) I + gain_exc i_exc + gain_inh i_inh
    gain  = r (dt / tau_mem) decay expm1(x) / x ,   x = dt (1 / tau_mem - 1 / tau_syn)     (1 at x = 0)

The gain is the usual propagator written so that it stays exact where tau_mem and tau_syn meet.
Source: Rotter & Diesmann, Biological Cybernetics 81 (1999) 381; the models of NEST iaf_psc_exp and of the CUBA
benchmark of Brette et al., J. Comput. Neurosci. 23 (2007) 349. Spike, reset and refractory time as in `lif`.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, grid
from neurosparse.neurons import lif

PORTS = ("exc", "inh", "current")  # pA, added to the synaptic currents (weights of `inh` are negative); pA, held
ADDS = {"exc": "i_exc", "inh": "i_inh"}
ORDER = lif.ORDER


class Params(NamedTuple):
    """Kernel constants of `lif`, and of the two synaptic currents."""

    decay: float  # the fields of lif.Params, in its units
    drive: float
    gain: float
    v_th: float
    v_reset: float
    carry: float
    v_rest: float
    n_ref: float
    hold: float
    decay_exc: float  # exp(-dt / tau_exc)
    decay_inh: float  # exp(-dt / tau_inh)
    gain_exc: float  # mV a step per pA of i_exc
    gain_inh: float  # mV a step per pA of i_inh


class State(NamedTuple):
    """What changes from step to step."""

    v: float  # membrane potential, mV
    r: float  # refractory steps left
    i_exc: float  # excitatory synaptic current, pA
    i_inh: float  # inhibitory synaptic current, pA


def params(tau_mem=20.0, tau_exc=5.0, tau_inh=10.0, r=1.0, dt=0.1, **membrane) -> Params:
    """Kernel constants; tau_exc, tau_inh in ms, the rest as `lif.params` (always exact)."""
    check.number("lif_exp.params", "r", r)
    if membrane.get("method", "exact") != "exact":
        check.fail("lif_exp.params", 'method must be "exact": its currents are', membrane["method"], "leave it out")
    base = lif.params(tau_mem=tau_mem, r=r, dt=dt, **membrane)
    decays = [grid.decay("lif_exp.params", name, tau, dt) for name, tau in (("tau_exc", tau_exc), ("tau_inh", tau_inh))]
    gains = [synaptic_gain(tau_mem, tau, r, dt) for tau in (tau_exc, tau_inh)]
    return Params(*base, *decays, *gains)


def synaptic_gain(tau_mem, tau_syn, r, dt: float):
    """mV that an exponential current of 1 pA adds to the membrane in its first step; arguments in ms, GOhm."""
    tau_mem, tau_syn = np.asarray(tau_mem, dtype=float), np.asarray(tau_syn, dtype=float)
    x = dt * (1.0 / tau_mem - 1.0 / tau_syn)
    mean = np.where(x == 0.0, 1.0, np.expm1(x) / np.where(x == 0.0, 1.0, x))
    return (r * (dt / tau_mem) * np.exp(-dt / tau_mem) * mean)[()]


def init(p: Params) -> State:
    """At rest, no current, ready to spike."""
    return State(v=p.v_rest, r=0.0, i_exc=0.0, i_inh=0.0)


def step(p: Params, s: State, current):
    """One step; current in pA. What arrived is in s.i_exc and s.i_inh."""
    v, r, z = lif.membrane(p, s, p.v_th, current, p.gain_exc * s.i_exc + p.gain_inh * s.i_inh)
    return State(v, r, p.decay_exc * s.i_exc, p.decay_inh * s.i_inh), z
