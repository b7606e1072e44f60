"""Short-term depression and facilitation of Tsodyks and Markram.

    dx/dt = z / tau_rec ,  dy/dt = -y / tau_psc ,  dz/dt = y / tau_psc - z / tau_rec ,  du/dt = -u / tau_fac
    at a spike:  u += u_0 (1 - u) ;  u x moves from x (recovered) to y (active): released; x + y + z = 1

tau_fac = 0: u is u_0 at every spike. tau_psc = 0: what is released is inactive at once (Fuhrmann
et al. 2002). Between spikes the linear equations are solved exactly.

Source: Tsodyks, Uziel & Markram, J. Neurosci. 20 (2000) RC50, eq. 3 to 5; Tsodyks, Pawelzik & Markram, Neural
Computation 10 (1998) 821, eq. 2.1 to 2.3.
"""

from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, ops

FASTEST = 1e9  # rate a step that stands for a time constant of 0


class Params(NamedTuple):
    """Kernel constants; rates per step, so that a state h steps later needs exp(-h rate)."""

    u_0: float  # share that a first spike releases
    rate_fac: float  # dt / tau_fac
    rate_psc: float  # dt / tau_psc
    rate_rec: float  # dt / tau_rec
    mix: float  # tau_rec / (tau_psc - tau_rec): how y comes back through z


class State(NamedTuple):
    """Shares of the transmitter; z = 1 - x - y is inactive."""

    x: float
    y: float
    u: float


def params(u_0=0.5, tau_rec=800.0, tau_fac=0.0, tau_psc=0.0, dt=0.1) -> Params:
    """Kernel constants; u_0 in [0, 1], tau in ms, one for all sources or (n,). Raises ValueError out of range."""
    owner = "tsodyks.params"
    check.positive(owner, "dt", dt, "ms")
    check.between(owner, "u_0", u_0, 0, 1)
    check.positive(owner, "tau_rec", tau_rec, "ms")
    check.at_least(owner, "tau_fac", tau_fac, 0, "ms")
    check.at_least(owner, "tau_psc", tau_psc, 0, "ms")
    rec, fac, psc = (np.asarray(tau, dtype=float) for tau in (tau_rec, tau_fac, tau_psc))
    psc = np.where(np.abs(psc - rec) < 1e-7 * rec, rec * (1.0 + 1e-7), psc)  # the equations have a limit, not a pole
    rates: list[Any] = [(dt / np.maximum(tau, dt / FASTEST))[()] for tau in (fac, psc, rec)]
    first: Any = np.asarray(u_0, dtype=float)[()]
    mix: Any = (rec / (psc - rec))[()]
    return Params(first, rates[0], rates[1], rates[2], mix)


def init(p: Params) -> State:
    """All recovered."""
    return State(x=1.0, y=0.0, u=0.0)


def release(p: Params, s: State, h):
    """State after a spike that comes h >= 1 steps after the last one, and the share that it released."""
    left_psc, left_rec = ops.exp(-h * p.rate_psc), ops.exp(-h * p.rate_rec)
    inactive = (1.0 - s.x - s.y) * left_rec + s.y * p.mix * (left_psc - left_rec)
    y = s.y * left_psc
    x = 1.0 - y - inactive
    u = s.u * ops.exp(-h * p.rate_fac)
    u = u + p.u_0 * (1.0 - u)
    return State(x - u * x, y + u * x, u), u * x
