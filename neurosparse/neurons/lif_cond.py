"""Leaky integrate-and-fire neuron with exponential synaptic conductances (COBA).

    c_m dv/dt = g_L (v_rest - v) + g_exc (e_exc - v) + g_inh (e_inh - v) + I ,      g_L = c_m / tau_mem
    tau_exc dg_exc/dt = -g_exc ,  tau_inh dg_inh/dt = -g_inh ;      what arrives at a port is added to its conductance

    v <- v_inf + (v - v_inf) exp(-total) ,   total = (g_L + g_exc + g_inh) dt / c_m ,   v_inf where dv/dt would be 0

The conductances decay exactly and are frozen for the membrane: at the middle of the step (`method="midpoint"`, order
2), or at its start (`"start"`, order 1: exponential Euler, the choice of Brian2). Either costs one exponential and is
stable at any dt. Source: benchmark 1 of Brette et al., J. Comput. Neurosci. 23 (2007) 349, after Vogels & Abbott, J.
Neurosci. 25 (2005) 10786; Hochbruck & Ostermann, Acta Numerica 19 (2010) 209, section 2. Spikes and resets as in `lif`.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, grid, ops
from neurosparse.neurons import lif

PORTS = ("exc", "inh", "current")  # nS, added to the conductances (weights of both are positive); pA, held
ADDS = {"exc": "g_exc", "inh": "g_inh"}
METHODS = {"midpoint": 2, "start": 1}
ORDER = METHODS["midpoint"]


class Params(NamedTuple):
    """Kernel constants."""

    leak: float  # dt / tau_mem
    drive: float  # mV a step: what v_rest and the bias current add
    gain: float  # mV a step per pA
    gain_exc: float  # dt / c_m for each nS at the start of the step
    gain_inh: float
    e_exc: float  # reversal potentials, mV
    e_inh: float
    decay_exc: float  # exp(-dt / tau_exc)
    decay_inh: float  # exp(-dt / tau_inh)
    v_th: float  # the rest as in lif.Params
    v_reset: float
    carry: float
    v_rest: float
    n_ref: float
    hold: float


class State(NamedTuple):
    """What changes from step to step."""

    v: float  # membrane potential, mV
    r: float  # refractory steps left
    g_exc: float  # excitatory conductance, nS
    g_inh: float  # inhibitory conductance, nS


def params(
    tau_mem=20.0, c_m=200.0, e_exc=0.0, e_inh=-80.0, tau_exc=5.0, tau_inh=10.0, v_rest=-60.0, v_th=-50.0,
    v_reset=-60.0, t_ref=5.0, i_bias=0.0, reset="value", hold=True, method="midpoint", dt=0.1,
) -> Params:  # fmt: skip
    """Kernel constants from biology; the defaults are the COBA benchmark's.

    tau_mem, tau_exc, tau_inh, t_ref, dt in ms; c_m in pF; e_exc, e_inh, v_rest, v_th, v_reset in mV; i_bias in pA;
    `method` is "midpoint" or "start"; `reset`, `hold` as `lif.params`. Raises ValueError for values out of range.
    """
    owner = "lif_cond.params"
    check.one_of(owner, "method", method, METHODS)
    (c_m,) = lif.floats(owner, "pF", check.positive, c_m=c_m)
    e_exc, e_inh = lif.floats(owner, "mV", e_exc=e_exc, e_inh=e_inh)
    decays = [grid.decay(owner, name, tau, dt) for name, tau in (("tau_exc", tau_exc), ("tau_inh", tau_inh))]
    base = lif.params(tau_mem, v_th, v_reset, v_rest, t_ref, i_bias=i_bias, reset=reset, hold=hold, dt=dt)
    (tau_mem, i_bias), gain = lif.floats(owner, "", tau_mem=tau_mem, i_bias=i_bias), dt / c_m
    return Params(
        leak=dt / tau_mem,
        drive=dt / tau_mem * base.v_rest + gain * i_bias,
        gain=gain,
        gain_exc=gain * (np.sqrt(decays[0]) if method == "midpoint" else 1.0),
        gain_inh=gain * (np.sqrt(decays[1]) if method == "midpoint" else 1.0),
        e_exc=e_exc,
        e_inh=e_inh,
        decay_exc=decays[0],
        decay_inh=decays[1],
        v_th=base.v_th,
        v_reset=base.v_reset,
        carry=base.carry,
        v_rest=base.v_rest,
        n_ref=base.n_ref,
        hold=base.hold,
    )


def init(p: Params) -> State:
    """At rest, no conductance, ready to spike."""
    return State(v=p.v_rest, r=0.0, g_exc=0.0, g_inh=0.0)


def step(p: Params, s: State, current):
    """One step; current in pA. What arrived is in s.g_exc and s.g_inh."""
    exc, inh = p.gain_exc * s.g_exc, p.gain_inh * s.g_inh
    total = p.leak + exc + inh
    v_inf = (p.drive + p.gain * current + exc * p.e_exc + inh * p.e_inh) / total
    v, r, z = lif.fire(p, s, p.v_th, v_inf + (s.v - v_inf) * ops.exp(-total))
    return State(v, r, p.decay_exc * s.g_exc, p.decay_inh * s.g_inh), z
