"""Leaky integrate-and-fire neuron, exact over a step, with an absolute refractory time.

    tau_mem dv/dt = v_rest - v + r I
    v <- v_rest + decay (v - v_rest) + r (1 - decay) I + jump ;   z = [v >= v_th, not refractory]
    where z:  v <- v_reset  (reset="value")   or   v <- v - (v_th - v_reset)  (reset="subtract")

Source: Gerstner, Kistler, Naud & Paninski, Neuronal Dynamics (2014), eq. 1.5 to 1.7, integrated exactly for a current
that is constant over the step (Rotter & Diesmann 1999). A spike is stamped at the end of its step; the next t_ref / dt
steps are refractory. `hold=True` (NEST, Brian2) freezes v in them; `hold=False` (Maass, NALSM) only forbids spikes.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, grid, ops
from neurosparse.jit import shared

PORTS = ("current", "jump")  # pA, held over the step; mV, added at once
ORDER = math.inf


class Params(NamedTuple):
    """Kernel constants of the membrane and its reset."""

    decay: float  # exp(-dt / tau_mem), in [0, 1)
    drive: float  # mV a step: what v_rest and the bias current add
    gain: float  # mV a step per pA
    v_th: float  # threshold, mV
    v_reset: float  # mV
    carry: float  # 1 keeps the overshoot at a reset (subtraction), 0 drops it
    v_rest: float  # where v starts, mV
    n_ref: float  # refractory steps
    hold: float  # 1 freezes v while refractory, 0 lets it integrate


class State(NamedTuple):
    """What changes from step to step."""

    v: float  # membrane potential, mV
    r: float  # refractory steps left


def params(
    tau_mem=20.0, v_th=1.0, v_reset=0.0, v_rest=0.0, t_ref=0.0, r=1.0, i_bias=0.0,
    reset="value", hold=True, method="exact", dt=0.1,
) -> Params:  # fmt: skip
    """Kernel constants from biology.

    tau_mem, t_ref, dt in ms; v_th, v_reset, v_rest in mV; r in GOhm (mV per pA: tau_mem / c_m with c_m in pF);
    i_bias in pA. `reset` is "value" or "subtract". `method="euler"` takes decay = 1 - dt / tau_mem.
    Raises ValueError for values out of range.
    """
    owner = "lif.params"
    check.one_of(owner, "reset", reset, ("value", "subtract"))
    if not isinstance(hold, bool | np.bool_):
        check.fail(owner, "hold must be True or False", hold, error=TypeError)
    given = {"v_th": v_th, "v_reset": v_reset, "v_rest": v_rest, "r": r, "i_bias": i_bias}
    v_th, v_reset, v_rest, r, i_bias = floats(owner, "", **given)
    decay = grid.decay(owner, "tau_mem", tau_mem, dt, method)
    gain = r * (1.0 - decay)
    return Params(
        decay=decay,
        drive=v_rest * (1.0 - decay) + gain * i_bias,
        gain=gain,
        v_th=v_th,
        v_reset=v_reset,
        carry=1.0 if reset == "subtract" else 0.0,
        v_rest=v_rest,
        n_ref=1.0 * grid.steps(owner, "t_ref", t_ref, dt),
        hold=1.0 if hold else 0.0,
    )


def floats(owner: str, unit: str, rule=check.number, /, **given) -> list[Any]:
    """The values as floats, or arrays of one for each neuron, after `rule` of `neurosparse.check`."""
    return [np.asarray(rule(owner, name, value, unit), dtype=float)[()] for name, value in given.items()]


def init(p: Params) -> State:
    """v at rest, ready to spike."""
    return State(v=p.v_rest, r=0.0)


@shared
def membrane(p, s, v_th, current, jump):
    """The equations above with the threshold as an argument, for models that move it."""
    return fire(p, s, v_th, p.decay * s.v + (p.drive + p.gain * current) + jump)


@shared
def fire(p, s, v_th, v):
    """(v, r, z) after hold, threshold and reset, from where v went; for models that integrate in other ways."""
    refractory = s.r > 0
    v = ops.where(refractory & (p.hold > 0), s.v, v)
    z = ops.spike(ops.where(refractory, -1.0, v - v_th))
    v = ops.reset(z, p.v_reset + ops.where(p.carry > 0, v - v_th, 0.0), v)
    return v, ops.where(z > 0, p.n_ref, ops.maximum(s.r - 1.0, 0.0)), z


def step(p: Params, s: State, current, jump):
    """One step; current in pA, jump in mV."""
    v, r, z = membrane(p, s, p.v_th, current, jump)
    return State(v, r), z
