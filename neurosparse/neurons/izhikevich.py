"""Izhikevich neuron: two equations that fire in the ways of many cortical cells.

    dv/dt = 0.04 v^2 + 5 v + 140 - u + I ,   du/dt = a (b v - u) ;      v >= v_peak:  v <- c ,  u <- u + d

As in the paper's program: v takes two forward steps of dt / 2 with u held, then u takes one of dt with the new v; the
paper has dt = 1 ms. The numbers hold v in mV and time in ms; I is in mV per ms, and a spike that arrives at `current`
counts for one step. Source: Izhikevich, IEEE Trans. Neural Networks 14 (2003) 1569, eq. 1 to 3, program and figure 2.
"""

from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from neurosparse import check, ops
from neurosparse.jit import shared
from neurosparse.neurons import lif

PORTS = ("current",)  # mV per ms, held over the step
ORDER = 1
LARGEST = 1.0  # ms, the step of the paper
LIMIT = 1e4  # mV, beyond what any spike overshoots; squares of larger numbers could overflow
TYPES = MappingProxyType({
    "regular_spiking": {"a": 0.02, "b": 0.2, "c": -65.0, "d": 8.0},
    "intrinsically_bursting": {"a": 0.02, "b": 0.2, "c": -55.0, "d": 4.0},
    "chattering": {"a": 0.02, "b": 0.2, "c": -50.0, "d": 2.0},
    "fast_spiking": {"a": 0.1, "b": 0.2, "c": -65.0, "d": 2.0},
    "thalamo_cortical": {"a": 0.02, "b": 0.25, "c": -65.0, "d": 0.05},
    "resonator": {"a": 0.1, "b": 0.26, "c": -65.0, "d": 2.0},
    "low_threshold_spiking": {"a": 0.02, "b": 0.25, "c": -65.0, "d": 2.0},
})  # fmt: skip


class Params(NamedTuple):
    """Kernel constants, in the paper's letters."""

    dt: float  # ms
    a: float  # 1 / ms, how fast u follows
    b: float  # 1 / ms, what u follows: b v
    c: float  # mV, v after a spike
    d: float  # mV / ms, added to u at a spike
    i_bias: float  # mV / ms
    v_peak: float  # where a spike is cut, mV


class State(NamedTuple):
    """What changes from step to step."""

    v: float  # membrane potential, mV
    u: float  # recovery, mV / ms


def params(a=0.02, b=0.2, c=-65.0, d=8.0, i_bias=0.0, v_peak=30.0, dt=1.0) -> Params:
    """Kernel constants; `params(**TYPES["chattering"])` takes a cell of figure 2. Raises ValueError for no numbers."""
    owner = "izhikevich.params"
    check.between(owner, "dt", check.positive(owner, "dt", dt, "ms"), 0, LARGEST, "ms")
    a, b = lif.floats(owner, "1/ms", a=a, b=b)
    d, i_bias = lif.floats(owner, "mV/ms", d=d, i_bias=i_bias)
    c, v_peak = lif.floats(owner, "mV", c=c, v_peak=v_peak)
    if np.any(c >= v_peak):
        check.fail(owner, f"c must be < v_peak ({v_peak} mV)", c, "a reset must end the spike")
    return Params(dt, a, b, c, d, i_bias, v_peak)


def init(p: Params) -> State:
    """At the stable fixed point without input, or where it would be if there is none."""
    v = (p.b - 5.0 - ops.sqrt(ops.maximum((5.0 - p.b) * (5.0 - p.b) - 22.4, 0.0))) / 0.08
    return State(v=v, u=p.b * v)


@shared
def half(p, v, u, i):
    """v after a forward step of dt / 2."""
    return ops.clip(v + 0.5 * p.dt * (0.04 * (v * v) + 5.0 * v + 140.0 - u + i), -LIMIT, LIMIT)


def step(p: Params, s: State, current):
    """One step; current in mV per ms."""
    i = current + p.i_bias
    v = half(p, s.v, s.u, i)
    v = half(p, v, s.u, i)
    u = s.u + p.dt * (p.a * (p.b * v - s.u))
    z = ops.spike(v - p.v_peak)
    return State(ops.reset(z, p.c, v), u + p.d * z), z
