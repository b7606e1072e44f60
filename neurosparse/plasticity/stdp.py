"""Pair-based spike-timing-dependent plasticity, additive, multiplicative or between, all-to-all or nearest spikes.

    dx/dt = -x / tau_plus ,  x += 1 (all) or x = 1 (nearest) at a spike of the source;   y likewise with tau_minus
    a spike of the source arrives:  w <- w - a_minus (w / w_max)^mu_minus y
    the target spikes:              w <- w + a_plus (1 - w / w_max)^mu_plus x                  w in [w_min, w_max]

Source: Song, Miller & Abbott, Nature Neuroscience 3 (2000) 919 (mu = 0); Guetig et al., J. Neurosci. 23 (2003) 3697,
eq. 2 and 3 (mu); pairings after Morrison, Diesmann & Gerstner, Biol. Cybern. 98 (2008) 459, fig. 7.
"""

from typing import NamedTuple

from neurosparse import check, grid, ops
from neurosparse.plasticity import LARGEST


class Params(NamedTuple):
    """Kernel constants."""

    a_plus: float  # largest growth, in units of the weight
    a_minus: float  # largest loss
    mu_plus: float
    mu_minus: float
    w_min: float
    w_max: float
    nearest: float  # 1: a spike sets its trace to 1; 0: it adds 1
    decay_x: float  # exp(-dt / tau_plus)
    decay_y: float  # exp(-dt / tau_minus)


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
    a_plus=0.01, a_minus=0.0105, tau_plus=20.0, tau_minus=20.0, w_min=0.0, w_max=1.0, mu_plus=0.0, mu_minus=0.0,
    pairing="all", dt=0.1,
) -> Params:  # fmt: skip
    """Kernel constants; tau in ms, w_min, w_max and the amplitudes in the unit of the weight; pairing "all", "nearest".

    Raises ValueError for values out of range.
    """
    owner = "stdp.params"
    check.one_of(owner, "pairing", pairing, ("all", "nearest"))
    for name, value in {"a_plus": a_plus, "a_minus": a_minus}.items():
        check.between(owner, name, value, -LARGEST, LARGEST)
    for name, value in {"mu_plus": mu_plus, "mu_minus": mu_minus, "w_min": w_min}.items():
        check.at_least(owner, name, value, 0)
    check.positive(owner, "w_max", w_max)
    check.between(owner, "w_min", w_min, 0, w_max)
    return Params(
        a_plus, a_minus, mu_plus, mu_minus, w_min, w_max, 1.0 if pairing == "nearest" else 0.0,
        grid.decay(owner, "tau_plus", tau_plus, dt), grid.decay(owner, "tau_minus", tau_minus, dt),
    )  # fmt: skip


def trace(p: Params, decay, r, z):
    """One step of x or y."""
    return z + decay * r * (1.0 - p.nearest * z)


def on_pre(p: Params, s: Synapse, pre: Pre, post: Post, m):
    """Depression; m scales it."""
    return Synapse(ops.clip(s.w - m * p.a_minus * ops.power(s.w / p.w_max, p.mu_minus) * post.y, p.w_min, p.w_max))


def on_post(p: Params, s: Synapse, pre: Pre, post: Post, m):
    """Potentiation; m scales it."""
    return Synapse(ops.clip(s.w + m * p.a_plus * ops.power(1.0 - s.w / p.w_max, p.mu_plus) * pre.x, p.w_min, p.w_max))
