"""Triplet STDP: frequency-dependent plasticity from two traces of each neuron, one fast and one slow.

    dr/dt = -r / tau for r1 (tau_plus), r2 (tau_x) of the source and o1 (tau_minus), o2 (tau_y) of the target,
    r += 1 (all) or r = 1 (nearest) at a spike;  traces named slow are read just before the spike that reads them
    a spike of the source arrives:  w <- w - o1 (a2_minus + a3_minus r2)
    the target spikes:              w <- w + r1 (a2_plus + a3_plus o2)                          w in [w_min, w_max]

Source: Pfister & Gerstner, J. Neurosci. 26 (2006) 9673, eq. 2 to 4; defaults: table 4, hippocampal culture data, full
model, all-to-all (time constants of 16.8 and 33.7 ms from Bi & Poo 1998).
"""

from typing import NamedTuple

from neurosparse import check, grid, ops
from neurosparse.plasticity import LARGEST


class Params(NamedTuple):
    """Kernel constants."""

    a2_plus: float
    a3_plus: float
    a2_minus: float
    a3_minus: float
    w_min: float
    w_max: float
    nearest: float  # 1: a spike sets its traces to 1; 0: it adds 1
    decay_r1: float
    decay_r2: float
    decay_o1: float
    decay_o2: float


class Synapse(NamedTuple):
    """A synapse."""

    w: float


class Pre(NamedTuple):
    """Traces of a source."""

    r1: float
    r2: float


class Post(NamedTuple):
    """Traces of a target."""

    o1: float
    o2: float


def params(
    a2_plus=6.1e-3, a3_plus=6.7e-3, a2_minus=1.6e-3, a3_minus=1.4e-3, tau_plus=16.8, tau_x=946.0, tau_minus=33.7,
    tau_y=27.0, w_min=0.0, w_max=1.0, pairing="all", dt=0.1,
) -> Params:  # fmt: skip
    """Kernel constants; tau in ms, amplitudes and bounds in the unit of the weight. Raises ValueError out of range."""
    owner = "triplet.params"
    check.one_of(owner, "pairing", pairing, ("all", "nearest"))
    amplitudes = {"a2_plus": a2_plus, "a3_plus": a3_plus, "a2_minus": a2_minus, "a3_minus": a3_minus}
    for name, value in amplitudes.items():
        check.between(owner, name, value, -LARGEST, LARGEST)
    check.positive(owner, "w_max", w_max)
    check.between(owner, "w_min", w_min, 0, w_max)
    times = {"tau_plus": tau_plus, "tau_x": tau_x, "tau_minus": tau_minus, "tau_y": tau_y}
    r1, r2, o1, o2 = (grid.decay(owner, name, tau, dt) for name, tau in times.items())
    nearest = 1.0 if pairing == "nearest" else 0.0
    return Params(a2_plus, a3_plus, a2_minus, a3_minus, w_min, w_max, nearest, r1, r2, o1, o2)


def trace(p: Params, decay, r, z):
    """One step of a trace."""
    return z + decay * r * (1.0 - p.nearest * z)


def on_pre(p: Params, s: Synapse, pre: Pre, post: Post, m):
    """Depression."""
    return Synapse(ops.clip(s.w - m * post.o1 * (p.a2_minus + p.a3_minus * pre.r2), p.w_min, p.w_max))


def on_post(p: Params, s: Synapse, pre: Pre, post: Post, m):
    """Potentiation."""
    return Synapse(ops.clip(s.w + m * pre.r1 * (p.a2_plus + p.a3_plus * post.o2), p.w_min, p.w_max))
