"""Leaky integrate-and-fire neuron with exponential synaptic currents, off the grid, and no spike is missed.

    tau_mem dv/dt = h ,   h = I(u) - v ,   I(u) = v_inf + r (i_exc exp(-u / tau_exc) + i_inh exp(-u / tau_inh))
    v(u) = v_inf + (v - v_inf) exp(-u / tau_mem) + r (i_exc K_exc(u) + i_inh K_inh(u)) ,     u after s.t
    K(u) = (u / tau_mem) (exp(-b) - exp(-a)) / (a - b) ,   a = u / tau_mem ,  b = u / tau_syn

Where v reaches v_th first: d/du [exp(u / tau_mem) h] = exp(u / tau_mem) dI/du, and dI/du has one zero at most, in
closed form. So h changes sign once at most before it and once at most after it, and v is monotone between these two
places; in the first piece that ends above v_th lies the one root that is looked for. Found by the Illinois method
to the last digits; beyond 40 time constants v differs from v_inf by less than rounding does.
Source: the model of `neurosparse.neurons.lif_exp`; that a fixed number of tests finds every crossing is shown for
this neuron by Krishnan, Porta Mana, Helias, Diesmann & Di Napoli, Front. Neuroinform. 11 (2018) 75, in another way.
"""

import math
from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.jit import shared
from neurosparse.precise.models import lif

PORTS = ("exc", "inh")  # pA, added to i_exc and i_inh
BIAS = {"current": "i_bias"}  # pA
FAR = 40.0  # time constants
RISE, LEVEL = 0, 1  # what `root` looks for: dv/dt = 0, or v = v_th


class Params(NamedTuple):
    """Constants in ms, mV and GOhm; the first eight are those of `lif`."""

    tau_mem: float
    v_inf: float
    v_th: float
    v_reset: float
    v_rest: float
    t_ref: float
    carry: float
    hold: float
    tau_exc: float  # ms
    tau_inh: float  # ms
    r: float  # GOhm
    k_exc: float  # the largest value of K_exc
    k_inh: float


class State(NamedTuple):
    """Membrane and currents at a time."""

    t: float  # ms
    ready: float  # end of the refractory time, ms
    v: float  # mV
    i_exc: float  # pA
    i_inh: float  # pA


def params(tau_mem=20.0, tau_exc=5.0, tau_inh=10.0, r=1.0, **membrane) -> Params:
    """Constants from the biology that `neurosparse.neurons.lif_exp.params` takes; ms, mV, GOhm, pA."""
    base = lif.params(tau_mem=tau_mem, r=r, **membrane)
    check.positive("precise.lif_exp.params", "r", r, "GOhm")
    peaks = []
    for name, tau in (("tau_exc", tau_exc), ("tau_inh", tau_inh)):
        q = np.asarray(tau_mem, float) / check.positive("precise.lif_exp.params", name, tau, "ms")
        near = np.abs(q - 1.0) < 1e-6
        safe = np.where(near, 2.0, q)
        peaks.append(np.where(near, math.exp(-1.0) * (1.0 + 1e-6), safe ** (-safe / (safe - 1.0)))[()])
    return Params(*base, tau_exc, tau_inh, r, *peaks)


def init(p: Params) -> State:
    """At rest, no current, ready to spike."""
    return State(0.0, 0.0, p.v_rest, 0.0, 0.0)


@shared
def kernel(u, tau_mem, tau_syn):
    """K(u), without loss of digits where the two time constants meet."""
    a, b = u / tau_mem, u / tau_syn
    x = abs(a - b)
    return a * math.exp(-min(a, b)) * (-math.expm1(-x) / x if x > 0 else 1.0)


@shared
def after(p, s, u):
    """(v, h) at u ms after s.t, free to move, if nothing arrives and nothing fires."""
    e, i = s.i_exc * math.exp(-u / p.tau_exc), s.i_inh * math.exp(-u / p.tau_inh)
    driven = s.i_exc * kernel(u, p.tau_mem, p.tau_exc) + s.i_inh * kernel(u, p.tau_mem, p.tau_inh)
    away = (s.v - p.v_inf) * math.exp(-u / p.tau_mem) + p.r * driven
    return p.v_inf + away, p.r * (e + i) - away


@shared
def flow(p: Params, s: State, t) -> State:
    """v follows the currents once it is free to; the currents decay always."""
    free = min(s.ready, t) if p.hold > 0 and s.ready > s.t else s.t
    d = free - s.t
    s = State(free, s.ready, s.v, s.i_exc * math.exp(-d / p.tau_exc), s.i_inh * math.exp(-d / p.tau_inh))
    u = t - free
    e, i = s.i_exc * math.exp(-u / p.tau_exc), s.i_inh * math.exp(-u / p.tau_inh)
    return State(t, s.ready, after(p, s, u)[0], e, i)


def arrive(p: Params, s: State, port, w):
    """A weight of w pA; a current takes time, so nothing fires at once."""
    return State(s.t, s.ready, s.v, s.i_exc + (w if port == 0 else 0.0), s.i_inh + (w if port == 1 else 0.0)), False


def fire(p: Params, s: State) -> State:
    """Reset, and refractory from now on."""
    return State(s.t, s.t + p.t_ref, p.v_reset + p.carry * (s.v - p.v_th), s.i_exc, s.i_inh)


@shared
def root(p, s, low, high, what):
    """The zero of h (RISE) or of v - v_th (LEVEL) in (low, high], at whose ends the signs differ."""
    f_low = after(p, s, low)[1] if what == RISE else after(p, s, low)[0] - p.v_th
    f_high = after(p, s, high)[1] if what == RISE else after(p, s, high)[0] - p.v_th
    for k in range(200):
        middle = (low * f_high - high * f_low) / (f_high - f_low) if k % 8 < 7 else 0.5 * (low + high)
        if not low < middle < high:
            middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        f = after(p, s, middle)[1] if what == RISE else after(p, s, middle)[0] - p.v_th
        if (f >= 0) == (f_high >= 0):
            high, f_high, f_low = middle, f, 0.5 * f_low
        else:
            low, f_low, f_high = middle, f, 0.5 * f_high
        if f == 0 or high - low <= 1e-15 * high:
            break
    return high


def crossing(p: Params, s: State):
    """Time at which v reaches v_th by itself, ms."""
    s = flow(p, s, max(s.t, s.ready))
    if s.v >= p.v_th:
        return s.t
    most = p.r * (max(s.i_exc, 0.0) * p.k_exc + max(s.i_inh, 0.0) * p.k_inh)
    if max(s.v, p.v_inf) + most < p.v_th:
        return math.inf
    end = FAR * max(p.tau_mem, p.tau_exc, p.tau_inh)
    bend = end
    if s.i_exc * s.i_inh < 0 and p.tau_exc != p.tau_inh:
        bend = math.log(-(s.i_exc * p.tau_inh) / (s.i_inh * p.tau_exc)) / (1.0 / p.tau_exc - 1.0 / p.tau_inh)
        bend = min(max(bend, 0.0), end)
    low = 0.0
    for piece in range(2):
        high = bend if piece == 0 else end
        if high <= low:
            continue
        if (after(p, s, low)[1] > 0) != (after(p, s, high)[1] > 0):
            top = root(p, s, low, high, RISE)
            if after(p, s, top)[0] >= p.v_th:
                return s.t + root(p, s, low, top, LEVEL)
            low = top
        if after(p, s, high)[0] >= p.v_th:
            return s.t + root(p, s, low, high, LEVEL)
        low = high
    return math.inf
