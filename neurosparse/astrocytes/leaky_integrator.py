"""Astrocyte as one leaky integrator of the spikes around it (leaky integrate-and-modulate).

    tau_astro da/dt = drive - a + sum_k w_k delta(t - t_k) + gap
    a <- keep a + (1 - keep) (drive + x / dt + gap) ,   keep = exp(-dt / tau_astro)  (exact)  or  1 - dt / tau_astro
    z = 1 in the step in which a crosses theta from below

Source: Ivanov & Michmizos, NeurIPS 2021, eq. 6, whose value is the amplitude of STDP's depression: b_astro = a_plus,
weights +w_astro from the liquid and -w_astro from its inputs (Euler, dt = 1 ms, in the authors' code). Coupled cells
diffuse: `couple` is the difference of their values, so that a Coupling's weights are diffusion constants.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, grid, ops

PORTS = ("spikes", "gap")  # impulses, ms times the unit of a; the unit of a, held over the step
IMPULSES = ("spikes",)
COUPLED = "a"
ORDER = math.inf


class Params(NamedTuple):
    """Kernel constants."""

    keep: float  # of a over a step
    drive: float  # what a step adds at rest
    per_spike: float  # what an impulse of 1 adds
    gain: float  # what a held input of 1 adds
    theta: float  # of an event
    rest: float  # where a begins


class State(NamedTuple):
    """State of an astrocyte."""

    a: float  # what it says to a rule


def params(tau_astro=100.0, b_astro=0.15, theta=math.inf, method="exact", dt=1.0) -> Params:
    """Kernel constants; tau_astro in ms, b_astro (where a rests and begins) and theta in the unit of a, inf for none.

    method: "exact" or "euler". Raises ValueError for values out of range.
    """
    owner = "leaky_integrator.params"
    keep: Any = grid.decay(owner, "tau_astro", tau_astro, dt, method)
    check.number(owner, "b_astro", b_astro)
    return Params(keep, (1.0 - keep) * b_astro, (1.0 - keep) / dt, 1.0 - keep, _threshold(owner, theta), b_astro)


def _threshold(owner: str, theta) -> Any:
    """Any numbers; where there is none, one that nothing reaches."""
    given = check.array(owner, "theta", theta)
    if given.dtype.kind == "f":
        given = np.where(given == math.inf, 1e30, given.astype(float))[()]
    return check.number(owner, "theta", given if given.dtype.kind in "iuf" else theta)


def init(p: Params) -> State:
    """At rest."""
    return State(p.rest)


def couple(p: Params, mine, other):
    """Diffusion from another cell."""
    return other - mine


def step(p: Params, s: State, spikes, gap):
    """One step."""
    a = p.keep * s.a + p.drive + p.per_spike * spikes + p.gain * gap
    return State(a), ops.where((a >= p.theta) & (s.a < p.theta), 1.0, 0.0)
