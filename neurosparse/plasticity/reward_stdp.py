"""Reward-modulated STDP: pairs of spikes mark a synapse, a later reward turns the mark into a change of weight.

    de/dt = -e / tau_e ,  e += a_plus x at a spike of the target,  e -= a_minus y at an arriving spike
    dw/dt = eta m(t) e                                                                         w in [w_min, w_max]

x and y are the traces of `stdp`; m is the projection's modulator (dopamine, reward minus its expectation). The weight
and the decay of e are advanced every `every` ms, exactly for an m that is constant in between: pairs that meet within
such a slice count as if at its start, an error of at most every / tau_e of their effect.

Source: Izhikevich, Cerebral Cortex 17 (2007) 2443, eq. 1 and 2; Florian, Neural Computation 19 (2007) 1468, eq. 18.
"""

from typing import NamedTuple

from neurosparse import check, grid, ops
from neurosparse.plasticity import LARGEST


class Params(NamedTuple):
    """Kernel constants."""

    a_plus: float
    a_minus: float
    reach: float  # eta * tau_e * (1 - decay of e over a slice), ms: the integral of e over it
    keep: float  # decay of e over a slice
    w_min: float
    w_max: float
    every: float  # steps of a slice
    decay_x: float
    decay_y: float


class Synapse(NamedTuple):
    """A synapse."""

    w: float
    e: float  # eligibility, in amplitudes of a pair


class Pre(NamedTuple):
    """Trace of a source."""

    x: float


class Post(NamedTuple):
    """Trace of a target."""

    y: float


def params(
    a_plus=1.0, a_minus=1.5, tau_plus=20.0, tau_minus=20.0, tau_e=1000.0, eta=1e-3, w_min=0.0, w_max=1.0, every=1.0,
    dt=0.1,
) -> Params:  # fmt: skip
    """Kernel constants; tau and every in ms, eta in weight per ms. Raises ValueError out of range."""
    owner = "reward_stdp.params"
    for name, value in {"a_plus": a_plus, "a_minus": a_minus, "eta": eta}.items():
        check.between(owner, name, value, -LARGEST, LARGEST)
    check.positive(owner, "w_max", w_max)
    check.between(owner, "w_min", w_min, 0, w_max)
    steps = grid.steps(owner, "every", every, dt, low=1)
    keep = grid.decay(owner, "tau_e", check.between(owner, "tau_e", tau_e, -LARGEST, LARGEST, "ms"), steps * dt)
    return Params(
        a_plus, a_minus, eta * tau_e * (1.0 - keep), keep, w_min, w_max, float(steps),
        grid.decay(owner, "tau_plus", tau_plus, dt), grid.decay(owner, "tau_minus", tau_minus, dt),
    )  # fmt: skip


def trace(p: Params, decay, r, z):
    """One step of x or y."""
    return decay * r + z


def on_pre(p: Params, s: Synapse, pre: Pre, post: Post, m):
    """Post before pre: the mark sinks."""
    return Synapse(s.w, s.e - p.a_minus * post.y)


def on_post(p: Params, s: Synapse, pre: Pre, post: Post, m):
    """Pre before post: the mark rises."""
    return Synapse(s.w, s.e + p.a_plus * pre.x)


def sweep(p: Params, s: Synapse, post: Post, m):
    """A slice of time: the modulator acts on the mark, and the mark fades."""
    return Synapse(ops.clip(s.w + p.reach * m * s.e, p.w_min, p.w_max), p.keep * s.e)
