"""Pair STDP whose depression is set by an astrocyte, for excitatory, inhibitory and signed synapses.

    x <- decay (x + jump z)  for the spikes z of a source, y likewise of a target; a pair in one step changes nothing
    excitatory, w >= 0:  w <- w + a_plus x   at a spike of the target,   w <- w - a_minus y  at one of the source
    inhibitory, |w|:     |w| <- |w| + a_minus x                          |w| <- |w| - a_plus y
    both times the learning rate, then clipped to [w_min, w_max]

a_minus is the first modulator (an astrocyte's value; times `a_minus`), the learning rate the second (an annealing
schedule; 1 where it is absent). Without modulators this is plain STDP. With w_min < 0 a synapse is signed: it follows
the excitatory rule and may pass through zero.

Source: Ivanov & Michmizos, NeurIPS 2021, eq. 3 to 6, and the authors' code for the inhibitory synapses, the order of
a step and its constants. The code clips once for pre and post together; here each change is clipped.
"""

from typing import NamedTuple

from neurosparse import check, grid, ops
from neurosparse.plasticity import LARGEST

MODULATORS = ("a_minus", "rate")
TIES = False


class Params(NamedTuple):
    """Kernel constants."""

    a_plus: float  # times the jump of a trace
    a_minus: float  # times the jump of a trace: what the astrocyte's value is multiplied by
    inhibitory: float  # 1: the synapses of inhibitory sources
    w_min: float
    w_max: float
    decay_x: float
    decay_y: float


class Synapse(NamedTuple):
    """A synapse."""

    w: float


class Pre(NamedTuple):
    """Trace of a source."""

    x: float


class Post(NamedTuple):
    """Trace of a target."""

    y: float


def params(
    a_plus=0.15, a_minus=1.0, tau_trace=10.0, jump=0.1, inhibitory=False, w_min=0.0, w_max=3.0, dt=1.0
) -> Params:
    """Kernel constants; tau_trace in ms, weights and amplitudes in the unit of the weight.

    Raises ValueError for values out of range.
    """
    owner = "astro_stdp.params"
    for name, value in {"a_plus": a_plus, "a_minus": a_minus, "jump": jump}.items():
        check.between(owner, name, value, -1e6, 1e6)
    check.one_of(owner, "inhibitory", inhibitory, (False, True))
    check.positive(owner, "w_max", check.between(owner, "w_max", w_max, -LARGEST, LARGEST))
    check.between(owner, "w_min", w_min, -LARGEST, w_max)
    decay = grid.decay(owner, "tau_trace", tau_trace, dt)
    return Params(a_plus * jump, a_minus * jump, 1.0 if inhibitory else 0.0, w_min, w_max, decay, decay)


def trace(p: Params, decay, r, z):
    """One step of x or y, in jumps."""
    return decay * r + z


def on_pre(p: Params, s: Synapse, pre: Pre, post: Post, a_minus, rate):
    """Post before pre: the weight sinks."""
    a = ops.where(p.inhibitory > 0.0, p.a_plus, a_minus * p.a_minus)
    return Synapse(ops.clip(s.w - rate * a * post.y, p.w_min, p.w_max))


def on_post(p: Params, s: Synapse, pre: Pre, post: Post, a_minus, rate):
    """Pre before post: the weight grows."""
    a = ops.where(p.inhibitory > 0.0, a_minus * p.a_minus, p.a_plus)
    return Synapse(ops.clip(s.w + rate * a * pre.x, p.w_min, p.w_max))
