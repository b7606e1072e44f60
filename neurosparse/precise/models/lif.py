"""Leaky integrate-and-fire neuron with jumps and a constant current, in closed form.

    v(t) = v_inf + (v - v_inf) exp(-(t - s.t) / tau_mem) ,      v_inf = v_rest + r i_bias
    next spike without input:  tau_mem ln((v_inf - v) / (v_inf - v_th))  after s.t, never if v_inf <= v_th

The equation, resets and refractory time of `neurosparse.neurons.lif` without its grid: a neuron is refractory in
[spike, spike + t_ref), and what arrives at the end of that time counts.
Source: Gerstner, Kistler, Naud & Paninski, Neuronal Dynamics (2014), eq. 1.5 to 1.9.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.jit import shared

PORTS = ("jump",)  # mV, added at once
BIAS = {"current": "i_bias"}  # pA


class Params(NamedTuple):
    """Constants in ms and mV."""

    tau_mem: float  # ms
    v_inf: float  # where v tends to, mV
    v_th: float  # mV
    v_reset: float  # mV
    v_rest: float  # where v starts, mV
    t_ref: float  # ms
    carry: float  # 1 keeps the overshoot at a reset (subtraction), 0 drops it
    hold: float  # 1 freezes v while refractory, 0 lets it integrate


class State(NamedTuple):
    """The membrane at a time."""

    t: float  # ms
    ready: float  # end of the refractory time, ms
    v: float  # mV


def params(
    tau_mem=20.0, v_th=1.0, v_reset=0.0, v_rest=0.0, t_ref=0.0, r=1.0, i_bias=0.0, reset="value", hold=True
) -> Params:  # fmt: skip
    """Constants from the biology that `neurosparse.neurons.lif.params` takes; ms, mV, GOhm, pA.

    Raises ValueError for values out of range, and for v_reset >= v_th, which would fire for ever at one time.
    """
    owner = "precise.lif.params"
    check.one_of(owner, "reset", reset, ("value", "subtract"))
    if not isinstance(hold, bool | np.bool_):
        check.fail(owner, "hold must be True or False", hold, error=TypeError)
    check.positive(owner, "tau_mem", tau_mem, "ms")
    check.at_least(owner, "t_ref", t_ref, 0, "ms")
    given = {"v_th": v_th, "v_reset": v_reset, "v_rest": v_rest, "r": r, "i_bias": i_bias}
    numbers: Any = (np.asarray(check.number(owner, name, value), float)[()] for name, value in given.items())
    v_th, v_reset, v_rest, r, i_bias = numbers
    if np.any(v_reset >= v_th):
        check.fail(owner, "v_reset must be below v_th", (float(np.max(v_reset)), float(np.min(v_th))))
    flags = (1.0 if reset == "subtract" else 0.0, 1.0 if hold else 0.0)
    return Params(tau_mem, v_rest + r * i_bias, v_th, v_reset, v_rest, t_ref, *flags)


def init(p: Params) -> State:
    """At rest, ready to spike."""
    return State(0.0, 0.0, p.v_rest)


@shared
def flow(p: Params, s: State, t) -> State:
    """v decays towards v_inf, once it is free to."""
    free = min(s.ready, t) if p.hold > 0 and s.ready > s.t else s.t
    return State(t, s.ready, p.v_inf + (s.v - p.v_inf) * math.exp((free - t) / p.tau_mem))


def arrive(p: Params, s: State, port, w):
    """A jump of w mV; lost while a held neuron is refractory."""
    refractory = s.t < s.ready
    v = s.v if refractory and p.hold > 0 else s.v + w
    return State(s.t, s.ready, v), not refractory and v >= p.v_th


def fire(p: Params, s: State) -> State:
    """Reset, and refractory from now on."""
    return State(s.t, s.t + p.t_ref, p.v_reset + p.carry * (s.v - p.v_th))


def crossing(p: Params, s: State):
    """Time at which v reaches v_th by itself, ms."""
    start = max(s.t, s.ready)
    v = flow(p, s, start).v
    if v >= p.v_th:
        return start
    if p.v_inf <= p.v_th:
        return math.inf
    return start + p.tau_mem * math.log1p((p.v_th - v) / (p.v_inf - p.v_th))
