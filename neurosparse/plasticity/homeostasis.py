"""Homeostatic synaptic scaling: all synapses of a neuron grow or shrink together until it fires at its target rate.

    dw/dt = beta w (target - rate),   rate = spikes of the target seen through exp(-t / tau_rate) / tau_rate
                                                                                               w in [w_min, w_max]

Source: van Rossum, Bi & Turrigiano, J. Neurosci. 20 (2000) 8812, eq. 5 without its integral term; Turrigiano et al.,
Nature 391 (1998) 892. Applied every `every` ms; multiplicative, so that ratios of weights stay.
"""

from typing import NamedTuple

from neurosparse import check, grid, ops
from neurosparse.plasticity import LARGEST


class Params(NamedTuple):
    """Kernel constants."""

    gain: float  # beta * every, 1 per Hz
    target: float  # Hz
    to_rate: float  # 1000 / tau_rate: from the trace to Hz
    w_min: float
    w_max: float
    every: float  # steps between two applications
    decay_y: float  # exp(-dt / tau_rate)


class Synapse(NamedTuple):
    """A synapse."""

    w: float


class Pre(NamedTuple):
    """No trace of the source."""


class Post(NamedTuple):
    """Trace of a target."""

    y: float


def params(beta=1e-5, target=5.0, tau_rate=1000.0, w_min=0.0, w_max=1.0, every=10.0, dt=0.1) -> Params:
    """Kernel constants; beta in 1 / (ms Hz), target in Hz, tau_rate and every in ms. Raises ValueError out of range."""
    owner = "homeostasis.params"
    check.between(owner, "beta", beta, 0, LARGEST)
    check.between(owner, "target", target, 0, LARGEST, "Hz")
    check.positive(owner, "w_max", w_max)
    check.between(owner, "w_min", w_min, 0, w_max)
    steps = grid.steps(owner, "every", every, dt, low=1)
    decay = grid.decay(owner, "tau_rate", tau_rate, dt)
    return Params(beta * steps * dt, target, 1000.0 / tau_rate, w_min, w_max, float(steps), decay)


def trace(p: Params, decay, r, z):
    """One step of y."""
    return decay * r + z


def on_pre(p: Params, s: Synapse, pre: Pre, post: Post, m):
    """Nothing changes."""
    return s


def on_post(p: Params, s: Synapse, pre: Pre, post: Post, m):
    """Nothing changes."""
    return s


def sweep(p: Params, s: Synapse, post: Post, m):
    """Scale toward the target rate; m scales the speed."""
    return Synapse(ops.clip(s.w * (1.0 + m * p.gain * (p.target - p.to_rate * post.y)), p.w_min, p.w_max))
