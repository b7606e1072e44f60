"""Hodgkin-Huxley neuron of Traub & Miles with exponential synaptic conductances (COBAHH).

    c_m dv/dt = g_L (v_rest - v) + g_na m^3 h (e_na - v) + g_k n^4 (e_k - v)
                + g_exc (e_exc - v) + g_inh (e_inh - v) + I ,      g_L = c_m / tau_mem
    dx/dt = alpha_x (1 - x) - beta_x x  for the gates x = m, h, n;  with u = v - v_shift and L(y) = y / (exp(y) - 1):
    alpha_m = 1.28 L((13 - u) / 4)       beta_m = 1.4 L((u - 40) / 5)              (per ms; L(0) = 1)
    alpha_h = 0.128 exp((17 - u) / 18)   beta_h = 4 / (1 + exp((40 - u) / 5))
    alpha_n = 0.16 L((15 - u) / 5)       beta_n = 0.5 exp((10 - u) / 40)
    tau_exc dg_exc/dt = -g_exc ,  tau_inh dg_inh/dt = -g_inh ;      what arrives at a port is added to its conductance

Each of v, m, h, n obeys a linear equation while the others stand still, which is solved exactly, so any dt is stable;
dt <= 0.1 ms is wanted. `method="strang"` (order 2): half a step of v, a whole one of the gates at the new v, half a
step of v. `"start"` (order 1): all at once from the start of the step, the exponential Euler of Brian2.

z is 1 where v crosses v_th upward and t_ref has passed since the last spike; it changes nothing else.
Source: Traub & Miles, Neuronal Networks of the Hippocampus (1991), in the form of benchmark 3 of
Brette et al., J. Comput. Neurosci. 23 (2007) 349; the defaults are those of its programs (membrane of 20,000 um^2),
whose leak at -60 mV makes a cell fire slowly without input; at -65 mV it is silent.
"""

from typing import NamedTuple

from neurosparse import check, grid, ops
from neurosparse.jit import shared
from neurosparse.neurons import lif

PORTS = ("exc", "inh", "current")  # nS, added to the conductances (weights of both are positive); pA, held
ADDS = {"exc": "g_exc", "inh": "g_inh"}
METHODS = {"strang": 2, "start": 1}
ORDER = METHODS["strang"]
LARGEST = 0.5  # ms; a spike is 1 ms wide: already here 7 % of the spikes of a driven cell are missed


class Params(NamedTuple):
    """Kernel constants; conductances as dt g / c_m."""

    dt: float  # ms
    first: float  # part of the step that v takes before the gates
    gain: float  # dt / c_m, mV a step per pA and 1 / nS
    leak: float  # dt / tau_mem
    drive: float  # mV a step: what v_rest and the bias current add
    sodium: float
    potassium: float
    e_na: float  # reversal potentials, mV
    e_k: float
    e_exc: float
    e_inh: float
    decay_exc: float  # exp(-dt / tau_exc)
    decay_inh: float  # exp(-dt / tau_inh)
    v_shift: float  # V_T of the rates, mV
    v_th: float  # a spike crosses it upward, mV
    v_rest: float  # where v starts, mV
    n_ref: float  # refractory steps


class State(NamedTuple):
    """What changes from step to step."""

    v: float  # membrane potential, mV
    m: float  # sodium activation, in [0, 1]
    h: float  # sodium inactivation, in [0, 1]
    n: float  # potassium activation, in [0, 1]
    r: float  # steps in which no spike is counted
    g_exc: float  # excitatory conductance, nS
    g_inh: float  # inhibitory conductance, nS


def params(
    tau_mem=20.0, c_m=200.0, g_na=20000.0, g_k=6000.0, v_rest=-60.0, e_na=50.0, e_k=-90.0, e_exc=0.0, e_inh=-80.0,
    v_shift=-63.0, tau_exc=5.0, tau_inh=10.0, v_th=-20.0, t_ref=3.0, i_bias=0.0, method="strang",
    dt=0.05,
) -> Params:  # fmt: skip
    """Kernel constants from biology.

    tau_mem, tau_exc, tau_inh, t_ref, dt in ms; c_m in pF; g_na, g_k in nS; i_bias in pA; the rest in mV. v_rest is the
    leak's reversal potential; `method` is "strang" or "start". Raises ValueError for values out of range.
    """
    owner = "hh_traub.params"
    check.one_of(owner, "method", method, METHODS)
    check.between(owner, "dt", dt, 0, LARGEST, "ms")
    decays = [grid.decay(owner, name, tau, dt) for name, tau in (("tau_exc", tau_exc), ("tau_inh", tau_inh))]
    (tau_mem,) = lif.floats(owner, "ms", check.positive, tau_mem=tau_mem)
    (c_m,) = lif.floats(owner, "pF", check.positive, c_m=c_m)
    g_na, g_k = lif.floats(owner, "nS", check.positive, g_na=g_na, g_k=g_k)
    v_rest, v_shift, v_th = lif.floats(owner, "mV", v_rest=v_rest, v_shift=v_shift, v_th=v_th)
    e_na, e_k, e_exc, e_inh = lif.floats(owner, "mV", e_na=e_na, e_k=e_k, e_exc=e_exc, e_inh=e_inh)
    (i_bias,), gain = lif.floats(owner, "pA", i_bias=i_bias), dt / c_m
    return Params(
        dt=dt,
        first=0.5 if method == "strang" else 1.0,
        gain=gain,
        leak=dt / tau_mem,
        drive=dt / tau_mem * v_rest + gain * i_bias,
        sodium=gain * g_na,
        potassium=gain * g_k,
        e_na=e_na,
        e_k=e_k,
        e_exc=e_exc,
        e_inh=e_inh,
        decay_exc=decays[0],
        decay_inh=decays[1],
        v_shift=v_shift,
        v_th=v_th,
        v_rest=v_rest,
        n_ref=1.0 * grid.steps(owner, "t_ref", t_ref, dt),
    )


@shared
def linoid(y):
    """y / (exp(y) - 1), which is 1 at 0."""
    safe = ops.where(y == 0.0, 1.0, y)
    return ops.where(y == 0.0, 1.0, safe / ops.expm1(safe))


@shared
def rates(u):
    """(alpha, beta) of m, h and n, per ms, at u = v - v_shift, mV."""
    e = ops.exp((u - 40.0) * 0.2)
    m = 1.28 * linoid((13.0 - u) * 0.25), 1.4 * linoid((u - 40.0) * 0.2)
    h = 0.128 * ops.exp((17.0 - u) / 18.0), 4.0 * e / (1.0 + e)
    n = 0.16 * linoid((15.0 - u) * 0.2), 0.5 * ops.exp((10.0 - u) * 0.025)
    return m, h, n


@shared
def relax(x, rate, dt):
    """A gate after dt at fixed (alpha, beta)."""
    total = rate[0] + rate[1]
    rest = rate[0] / total
    return rest + (x - rest) * ops.exp(-dt * total)


@shared
def move(p, part, v, gates, g_exc, g_inh, current):
    """v after a part of a step with gates and conductances as they are."""
    m, h, n = gates
    sodium, potassium = p.sodium * (m * m * m) * h, p.potassium * (n * n) * (n * n)
    exc, inh = p.gain * g_exc, p.gain * g_inh
    total = p.leak + sodium + potassium + exc + inh
    pull = p.drive + p.gain * current + sodium * p.e_na + potassium * p.e_k + exc * p.e_exc + inh * p.e_inh
    v_inf = pull / total
    return v_inf + (v - v_inf) * ops.exp(-part * total)


def init(p: Params) -> State:
    """At v_rest, gates where they settle at that voltage."""
    m, h, n = (alpha / (alpha + beta) for alpha, beta in rates(p.v_rest - p.v_shift))
    return State(v=p.v_rest, m=m, h=h, n=n, r=0.0, g_exc=0.0, g_inh=0.0)


def step(p: Params, s: State, current):
    """One step; current in pA. What arrived is in s.g_exc and s.g_inh."""
    v = move(p, p.first, s.v, (s.m, s.h, s.n), s.g_exc, s.g_inh, current)
    u = ops.where(p.first < 1.0, v, s.v) - p.v_shift
    rate_m, rate_h, rate_n = rates(ops.clip(u, -300.0, 300.0))  # beyond, exponentials overflow
    m, h, n = relax(s.m, rate_m, p.dt), relax(s.h, rate_h, p.dt), relax(s.n, rate_n, p.dt)
    g_exc, g_inh = p.decay_exc * s.g_exc, p.decay_inh * s.g_inh
    v = move(p, 1.0 - p.first, v, (m, h, n), g_exc, g_inh, current)
    z = ops.where((s.r > 0) | (s.v >= p.v_th), 0.0, ops.spike(v - p.v_th))
    r = ops.where(z > 0, p.n_ref, ops.maximum(s.r - 1.0, 0.0))
    return State(v, m, h, n, r, g_exc, g_inh), z
