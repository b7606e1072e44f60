"""Activity-based probabilistic STDP: pairs change a synapse only while the target's calcium is in a window.

    c <- (1 - dt / tau_c) c + z  of a target: about its rate in Hz for tau_c = 1000 ms
    positive changes of the weight count if c_theta < c < c_theta + c_width,
    negative ones if c_theta - c_width < c < c_theta;   the changes are those of `astro_stdp` with a_minus = a_plus

"Positive" is meant with the sign of the synapse: for inhibitory sources a loss of magnitude is positive.

Source: Jin & Li, "AP-STDP: a novel self-organizing mechanism for efficient reservoir computing", IJCNN 2016, as used
and published by Ivanov & Michmizos, NeurIPS 2021 (c_theta 37, c_width 19 to 25 for MNIST).
"""

from typing import NamedTuple

from neurosparse import check, grid, ops
from neurosparse.jit import shared
from neurosparse.plasticity import LARGEST

MODULATORS = ("rate",)
TIES = False


class Params(NamedTuple):
    """Kernel constants."""

    a: float  # amplitude times the jump of a trace
    inhibitory: float  # 1: the synapses of inhibitory sources
    c_low: float
    c_theta: float
    c_high: float
    w_min: float
    w_max: float
    decay_x: float
    decay_y: float
    decay_c: float


class Synapse(NamedTuple):
    """A synapse."""

    w: float


class Pre(NamedTuple):
    """Trace of a source."""

    x: float


class Post(NamedTuple):
    """Trace and calcium of a target."""

    y: float
    c: float


def params(
    a=0.15, tau_trace=10.0, jump=0.1, tau_c=1000.0, c_theta=37.0, c_width=22.0, inhibitory=False, w_min=0.0, w_max=3.0,
    dt=1.0,
) -> Params:  # fmt: skip
    """Kernel constants; tau in ms, calcium in spikes, weights and amplitudes in the unit of the weight.

    Raises ValueError for values out of range.
    """
    owner = "ap_stdp.params"
    for name, value in {"a": a, "jump": jump}.items():
        check.between(owner, name, value, -1e6, 1e6)
    check.number(owner, "c_theta", c_theta)
    check.at_least(owner, "c_width", c_width, 0)
    check.one_of(owner, "inhibitory", inhibitory, (False, True))
    check.positive(owner, "w_max", check.between(owner, "w_max", w_max, -LARGEST, LARGEST))
    check.between(owner, "w_min", w_min, -LARGEST, w_max)
    decay, slow = grid.decay(owner, "tau_trace", tau_trace, dt), grid.decay(owner, "tau_c", tau_c, dt, "euler")
    window = (c_theta - c_width, c_theta, c_theta + c_width)
    return Params(a * jump, 1.0 if inhibitory else 0.0, *window, w_min, w_max, decay, decay, slow)


def trace(p: Params, decay, r, z):
    """One step of x, y or c."""
    return decay * r + z


def on_pre(p: Params, s: Synapse, pre: Pre, post: Post, rate):
    """Post before pre: the magnitude sinks."""
    open = ops.where(p.inhibitory > 0.0, _rises(p, post.c), _falls(p, post.c))
    return Synapse(ops.clip(s.w - rate * open * p.a * post.y, p.w_min, p.w_max))


def on_post(p: Params, s: Synapse, pre: Pre, post: Post, rate):
    """Pre before post: the magnitude grows."""
    open = ops.where(p.inhibitory > 0.0, _falls(p, post.c), _rises(p, post.c))
    return Synapse(ops.clip(s.w + rate * open * p.a * pre.x, p.w_min, p.w_max))


@shared
def _rises(p, c):
    return ops.where((c > p.c_theta) & (c < p.c_high), 1.0, 0.0)


@shared
def _falls(p, c):
    return ops.where((c > p.c_low) & (c < p.c_theta), 1.0, 0.0)
