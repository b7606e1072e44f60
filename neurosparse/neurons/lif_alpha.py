"""Leaky integrate-and-fire neuron with alpha-shaped synaptic currents, integrated exactly over a step.

    tau_mem dv/dt = v_rest - v + r (i_exc + i_inh + I)        i(t) = w (e t / tau_syn) exp(-t / tau_syn)
    tau_syn da/dt = -a ,  tau_syn di/dt = -i + e a            and what arrives is added to a: w is the peak of i, pA

    over a step, with D = exp(-dt / tau_syn), P = exp(-dt / tau_mem), x = dt (1 / tau_mem - 1 / tau_syn):
    a <- D a ;   i <- D i + D (e dt / tau_syn) a ;   v <- (membrane of `lif`) + gain i + push a
    gain = r (dt / tau_mem) P phi_0 ,   push = r (dt / tau_mem) (e dt / tau_syn) P phi_1
    phi_n(x) = integral over u from 0 to 1 of u^n exp(x u) du

Source: Rotter & Diesmann, Biological Cybernetics 81 (1999) 381, and the model of NEST iaf_psc_alpha. The
phi_n are summed as series where tau_mem and tau_syn meet, so no digits are lost there. Spikes and resets as in `lif`.
"""

import math
from typing import NamedTuple

import numpy as np

from neurosparse import grid
from neurosparse.neurons import lif

PORTS = ("exc", "inh", "current")  # pA of peak (weights of `inh` are negative); pA, held over the step
ADDS = {"exc": "a_exc", "inh": "a_inh"}
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
    rise_exc: float  # pA of i_exc in a step, for each pA of a_exc
    rise_inh: float
    gain_exc: float  # mV in a step, for each pA of i_exc
    gain_inh: float
    push_exc: float  # mV in a step, for each pA of a_exc
    push_inh: float


class State(NamedTuple):
    """What changes from step to step."""

    v: float  # membrane potential, mV
    r: float  # refractory steps left
    a_exc: float  # what drives i_exc, pA
    i_exc: float  # excitatory synaptic current, pA
    a_inh: float  # what drives i_inh, pA
    i_inh: float  # inhibitory synaptic current, pA


def params(tau_mem=10.0, tau_exc=2.0, tau_inh=2.0, r=1.0, dt=0.1, **membrane) -> Params:
    """Kernel constants; tau_exc, tau_inh in ms, the rest as `lif.params` (always exact)."""
    owner = "lif_alpha.params"
    base = lif.params(tau_mem=tau_mem, r=r, method="exact", dt=dt, **membrane)
    decays = [grid.decay(owner, name, tau, dt) for name, tau in (("tau_exc", tau_exc), ("tau_inh", tau_inh))]
    (tau_mem, r), taus = lif.floats(owner, "", tau_mem=tau_mem, r=r), lif.floats(owner, "", exc=tau_exc, inh=tau_inh)
    rises = [math.e * dt / tau for tau in taus]
    weights = [synaptic_weights(tau_mem, tau, dt) for tau in taus]
    gains = [r * (dt / tau_mem) * weight for weight, _ in weights]
    pushes = [r * (dt / tau_mem) * rise * weight for rise, (_, weight) in zip(rises, weights, strict=True)]
    return Params(*base, *decays, *[d * rise for d, rise in zip(decays, rises, strict=True)], *gains, *pushes)


def synaptic_weights(tau_mem, tau_syn, dt: float):
    """(P phi_0, P phi_1) of the equations above; closed forms for |x| > 1, series of 20 terms for the rest."""
    x = np.asarray(dt * (1.0 / tau_mem - 1.0 / tau_syn))
    p, d = np.exp(-dt / tau_mem), np.exp(-dt / tau_syn)
    far = np.where(np.abs(x) > 1.0, x, 1.0)
    near, phi_0, phi_1 = np.where(np.abs(x) > 1.0, 0.0, x), 0.0, 0.0
    for k in range(20, -1, -1):
        term = near**k / math.factorial(k)
        phi_0, phi_1 = phi_0 + term / (k + 1), phi_1 + term / (k + 2)
    use = np.abs(x) > 1.0
    return (
        np.where(use, (d - p) / far, p * phi_0)[()],
        np.where(use, (d - (d - p) / far) / far, p * phi_1)[()],
    )


def init(p: Params) -> State:
    """At rest, no current, ready to spike."""
    return State(v=p.v_rest, r=0.0, a_exc=0.0, i_exc=0.0, a_inh=0.0, i_inh=0.0)


def step(p: Params, s: State, current):
    """One step; current in pA. What arrived is in s.a_exc and s.a_inh."""
    pushed = p.gain_exc * s.i_exc + p.push_exc * s.a_exc + p.gain_inh * s.i_inh + p.push_inh * s.a_inh
    v, r, z = lif.membrane(p, s, p.v_th, current, pushed)
    i_exc = p.decay_exc * s.i_exc + p.rise_exc * s.a_exc
    i_inh = p.decay_inh * s.i_inh + p.rise_inh * s.a_inh
    return State(v, r, p.decay_exc * s.a_exc, i_exc, p.decay_inh * s.a_inh, i_inh), z
