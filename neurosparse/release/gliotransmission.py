"""Short-term depression and facilitation of Tsodyks and Markram under gliotransmission.

    dx/dt = omega_d (1 - x) ,   du/dt = -omega_f u
    at a spike:   u_0 = (1 - m) u_0* + m alpha ;   u <- u + u_0 (1 - u) ;   released r = u x ;   x <- x - r

m in [0, 1] is the share of presynaptic receptors that gliotransmitter has bound, Gamma_S (the field `gamma_s` of
`neurosparse.astrocytes.gchi`). With alpha < u_0* bound receptors lower release: a synapse that depresses at first
facilitates from u_0 < omega_d / (omega_d + omega_f) on; with alpha > u_0* they raise it.

Source: De Pitta, Volman, Berry & Ben-Jacob, PLoS Comput. Biol. 7 (2011) e1002293, with the values of Stimberg, Goodman,
Brette & De Pitta, bioRxiv 198366 (2017), examples 3, 4 and 6.
"""

from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, ops

MODULATORS = ("m",)  # the share of bound receptors, from a Modulator


class Params(NamedTuple):
    """Kernel constants; rates per step, so that a state h steps later needs exp(-h rate)."""

    u_0: float  # share that a first spike releases where no receptor is bound
    alpha: float  # and where all are
    rate_f: float  # dt omega_f
    rate_d: float  # dt omega_d


class State(NamedTuple):
    """Right after the last spike."""

    x: float  # share of the transmitter at hand
    u: float  # share of it that is ready for release


def params(u_0=0.6, alpha=0.0, omega_f=3.33, omega_d=2.0, dt=0.1) -> Params:
    """Kernel constants; u_0, alpha in [0, 1]; omega in 1/s; dt in ms. One for all sources or (n,).

    Raises ValueError for values out of range.
    """
    owner = "gliotransmission.params"
    check.positive(owner, "dt", dt, "ms")
    check.between(owner, "u_0", u_0, 0, 1)
    check.between(owner, "alpha", alpha, 0, 1)
    check.at_least(owner, "omega_f", omega_f, 0, "1/s")
    check.at_least(owner, "omega_d", omega_d, 0, "1/s")
    values: list[Any] = [np.asarray(value, dtype=float)[()] for value in (u_0, alpha, omega_f, omega_d)]
    step = dt / 1000.0
    return Params(values[0], values[1], step * values[2], step * values[3])


def init(p: Params) -> State:
    """All at hand."""
    return State(x=1.0, u=0.0)


def release(p: Params, s: State, h, m):
    """State after a spike that comes h >= 1 steps after the last one, and the share that it released."""
    x = 1.0 - (1.0 - s.x) * ops.exp(-h * p.rate_d)
    u = s.u * ops.exp(-h * p.rate_f)
    u = u + ((1.0 - m) * p.u_0 + m * p.alpha) * (1.0 - u)
    return State(x - u * x, u), u * x
