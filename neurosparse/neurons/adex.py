"""Adaptive exponential integrate-and-fire neuron (AdEx) with exponential synaptic currents.

    c_m dv/dt = g_L (v_rest - v) + g_L delta_t exp((v - v_th) / delta_t) - w + i_exc + i_inh + I ,  g_L = c_m / tau_mem
    tau_w dw/dt = a (v - v_rest) - w ;      v >= v_peak, not refractory:  v <- v_reset ,  w <- w + b
    tau_exc di_exc/dt = -i_exc ,  tau_inh di_inh/dt = -i_inh ,  and what arrives at a port is added to its current

One step of the classical fourth-order Runge-Kutta method; the synaptic currents enter its stages exactly. The slopes
see v cut at v_peak, so that a spike's upstroke can not overflow or carry w away. In smooth stretches the error falls
as dt^4; a spike is stamped and reset at the end of its step, so its time is known to about dt. While refractory v is
held and w goes on. Source: Brette & Gerstner, J. Neurophysiology 94 (2005) 3637, eq. 2 and 3, and its parameters.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, grid, ops
from neurosparse.jit import shared
from neurosparse.neurons import lif

PORTS = ("exc", "inh", "current")  # pA, added to the synaptic currents (weights of `inh` are negative); pA, held
ADDS = {"exc": "i_exc", "inh": "i_inh"}
ORDER = 4
LARGEST = 1.0  # ms; with longer steps the exponential makes spikes of its own


class Params(NamedTuple):
    """Kernel constants; slopes are per step."""

    leak: float  # dt / tau_mem
    upstroke: float  # mV, dt / tau_mem times delta_t
    per_delta_t: float  # 1 / mV
    gain: float  # mV a step per pA
    i_bias: float  # pA
    couple: float  # pA of w a step per mV: a dt / tau_w
    fade: float  # dt / tau_w
    b: float  # pA of w at a spike
    decay_exc: float  # exp(-dt / tau_exc)
    decay_inh: float  # exp(-dt / tau_inh)
    half_exc: float  # exp(-dt / 2 tau_exc)
    half_inh: float  # exp(-dt / 2 tau_inh)
    v_rest: float  # mV
    v_th: float  # where the upstroke begins, mV
    v_peak: float  # where a spike is cut, mV
    v_reset: float  # mV
    n_ref: float  # refractory steps


class State(NamedTuple):
    """What changes from step to step."""

    v: float  # membrane potential, mV
    w: float  # adaptation, pA
    r: float  # refractory steps left
    i_exc: float  # excitatory synaptic current, pA
    i_inh: float  # inhibitory synaptic current, pA


def params(
    tau_mem=281.0 / 30.0, c_m=281.0, delta_t=2.0, a=4.0, b=80.5, tau_w=144.0, v_rest=-70.6, v_th=-50.4,
    v_reset=-70.6, v_peak=20.0, t_ref=0.0, tau_exc=5.0, tau_inh=10.0, i_bias=0.0, dt=0.1,
) -> Params:  # fmt: skip
    """Kernel constants from biology; the defaults are the paper's.

    tau_mem, tau_w, tau_exc, tau_inh, t_ref, dt in ms; c_m in pF; delta_t, v_rest, v_th, v_reset, v_peak in mV; a in nS;
    b, i_bias in pA. Raises ValueError for values out of range.
    """
    owner = "adex.params"
    check.between(owner, "dt", dt, 0, LARGEST, "ms")
    n_ref = 1.0 * grid.steps(owner, "t_ref", t_ref, dt)
    tau_mem, tau_w = lif.floats(owner, "ms", check.positive, tau_mem=tau_mem, tau_w=tau_w)
    (c_m,), (delta_t,) = (
        lif.floats(owner, unit, check.positive, **given)
        for unit, given in (("pF", {"c_m": c_m}), ("mV", {"delta_t": delta_t}))
    )
    v_rest, v_th, v_reset, v_peak = lif.floats(owner, "mV", v_rest=v_rest, v_th=v_th, v_reset=v_reset, v_peak=v_peak)
    (a,), (b, i_bias) = lif.floats(owner, "nS", a=a), lif.floats(owner, "pA", b=b, i_bias=i_bias)
    if np.any(v_peak <= np.maximum(v_th, v_reset)):
        check.fail(owner, "v_peak must be above v_th and v_reset", v_peak, "raise v_peak")
    if np.any((v_peak - v_th) / delta_t > 600.0):
        check.fail(owner, "(v_peak - v_th) / delta_t must be <= 600", (v_peak - v_th) / delta_t, "lower v_peak")
    decays = [grid.decay(owner, name, tau, dt) for name, tau in (("tau_exc", tau_exc), ("tau_inh", tau_inh))]
    return Params(
        leak=dt / tau_mem,
        upstroke=dt / tau_mem * delta_t,
        per_delta_t=1.0 / delta_t,
        gain=dt / c_m,
        i_bias=i_bias,
        couple=a * dt / tau_w,
        fade=dt / tau_w,
        b=b,
        decay_exc=decays[0],
        decay_inh=decays[1],
        half_exc=np.sqrt(decays[0]),
        half_inh=np.sqrt(decays[1]),
        v_rest=v_rest,
        v_th=v_th,
        v_peak=v_peak,
        v_reset=v_reset,
        n_ref=n_ref,
    )


def init(p: Params) -> State:
    """At v_rest, not adapted, no current."""
    return State(v=p.v_rest, w=0.0, r=0.0, i_exc=0.0, i_inh=0.0)


@shared
def slopes(p, free, v, w, i):
    """(dt dv/dt, dt dw/dt) under a current i; `free` is 0 where v is held."""
    v = ops.minimum(v, p.v_peak)
    rise = p.upstroke * ops.exp((v - p.v_th) * p.per_delta_t)
    return free * (rise - p.leak * (v - p.v_rest) + p.gain * (i - w)), p.couple * (v - p.v_rest) - p.fade * w


def step(p: Params, s: State, current):
    """One step; current in pA. What arrived is in s.i_exc and s.i_inh."""
    free = ops.spike(-s.r)
    held = current + p.i_bias
    i_exc, i_inh = p.decay_exc * s.i_exc, p.decay_inh * s.i_inh
    middle = held + p.half_exc * s.i_exc + p.half_inh * s.i_inh
    v1, w1 = slopes(p, free, s.v, s.w, held + s.i_exc + s.i_inh)
    v2, w2 = slopes(p, free, s.v + 0.5 * v1, s.w + 0.5 * w1, middle)
    v3, w3 = slopes(p, free, s.v + 0.5 * v2, s.w + 0.5 * w2, middle)
    v4, w4 = slopes(p, free, s.v + v3, s.w + w3, held + i_exc + i_inh)
    v = s.v + (v1 + 2.0 * (v2 + v3) + v4) / 6.0
    w = s.w + (w1 + 2.0 * (w2 + w3) + w4) / 6.0
    z = free * ops.spike(v - p.v_peak)
    r = ops.where(z > 0, p.n_ref, ops.maximum(s.r - 1.0, 0.0))
    return State(ops.reset(z, p.v_reset, v), w + p.b * z, r, i_exc, i_inh), z
