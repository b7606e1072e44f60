"""Calcium oscillations of Li and Rinzel, driven by IP3, with the slow inward current that they raise in neurons.

    dI/dt = (ip3_0 - I) / tau_ip3 + gap ;   I <- I + delta_ip3 w  for what arrives at the port "spikes"
    dC/dt = J_ip3r - J_serca + J_leak + j_ext ,   0 <= C <= ca_tot ,   C_er = (ca_tot - C) / ratio_er_cyt
    J_ip3r  = ratio_er_cyt rate_ip3r (m n h)^3 (C_er - C) ,   m = I / (I + kd_ip3_1) ,   n = C / (C + kd_act)
    J_leak  = ratio_er_cyt rate_l (C_er - C) ,   J_serca = rate_serca C^2 / (km_serca^2 + C^2)
    dh/dt = k_ip3r kd_inh (I + kd_ip3_1) / (I + kd_ip3_2) (1 - h) - k_ip3r C h
    sic = sic_scale ln y  where y > 1 , else 0 ;   y = 1000 (C - sic_th)
    z = 1 in a step in which C crosses ca_th upward

I is IP3 and C calcium in the cytosol, uM; h the share of IP3 receptors that calcium has not closed; sic, pA, is for
neurons. A step is `substeps` classical Runge-Kutta steps. Spikes count at its start, other inputs are held. I >= 0 and
0 <= h <= 1 hold, and C's range, on all right sides too: inputs below 0 take away what there is and no more. IP3 starts
at ip3_0 and stays there without spikes and neighbours: so it is clamped.

Source: Li & Rinzel, J. Theor. Biol. 166 (1994) 461; IP3 and sic: Nadkarni & Jung, Phys. Rev. Lett. 91 (2003) 268101.
Names and defaults are those of NEST's `astrocyte_lr_1994`.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, ops
from neurosparse.jit import shared

PORTS = ("spikes", "j_ext", "gap")  # weights, at once; calcium, uM/ms, held; IP3 of neighbours, uM/ms, held
ORDER = 4
IMPULSES = ("spikes",)
COUPLED = "ip3"
LONGEST = 20.0  # ms of a Runge-Kutta step: less than 1e-7 uM of error over 100 s of oscillation
MOST = 10_000  # Runge-Kutta steps in a step


class Params(NamedTuple):
    """Kernel constants; a flux is in uM / ms."""

    substeps: float
    dt: float  # ms of each
    ca_tot: float  # calcium of the cell, per volume of cytosol, uM
    ip3_0: float  # uM
    kd_ip3_1: float  # uM
    kd_ip3_2: float  # uM
    kd_act: float  # uM
    kd_inh: float  # uM
    km_serca: float  # uM
    sic_scale: float  # pA
    sic_th: float  # uM
    ca_th: float  # uM
    delta_ip3: float  # uM
    k_ip3r: float  # 1 / (uM ms)
    rate_ip3r: float  # 1 / ms
    rate_l: float  # 1 / ms
    rate_serca: float  # uM / ms
    ratio_er_cyt: float
    rate_ip3: float  # 1 / tau_ip3, 1 / ms


class State(NamedTuple):
    """What changes from step to step."""

    ip3: float  # uM
    ca: float  # uM
    h: float  # in [0, 1]
    sic: float  # pA


def params(
    ca_tot=2.0, ip3_0=0.16, kd_ip3_1=0.13, kd_ip3_2=0.9434, kd_act=0.08234, kd_inh=1.049, km_serca=0.1,
    sic_scale=1.0, sic_th=0.19669, ca_th=0.19669, delta_ip3=2e-4, k_ip3r=2e-4, rate_ip3r=0.006, rate_l=1.1e-4,
    rate_serca=9e-4, ratio_er_cyt=0.185, tau_ip3=7142.0, substeps=0,
    dt=10.0,
) -> Params:  # fmt: skip
    """Kernel constants from biology.

    dt, tau_ip3 in ms; ca_tot, ip3_0, ca_th, sic_th, delta_ip3 (per unit of weight) and the affinities in uM; k_ip3r in
    1 / (uM ms), rate_serca in uM / ms, the other rates in 1 / ms; sic_scale in pA. ca_th is by default where sic
    begins. substeps=0 takes what LONGEST asks for. Raises ValueError for values out of range.
    """
    owner = "li_rinzel.params"
    each = split(owner, dt, substeps, LONGEST)
    there = {"kd_ip3_1": kd_ip3_1, "kd_ip3_2": kd_ip3_2, "kd_act": kd_act, "kd_inh": kd_inh, "km_serca": km_serca}
    values = floats(owner, "uM", check.positive, ca_tot=ca_tot, **there)
    values |= floats(owner, "uM", not_negative, ip3_0=ip3_0, delta_ip3=delta_ip3)
    values |= floats(owner, "uM", check.number, sic_th=sic_th, ca_th=ca_th)
    values |= floats(owner, "pA", check.number, sic_scale=sic_scale)
    values |= floats(owner, "1/(uM ms)", not_negative, k_ip3r=k_ip3r)
    values |= floats(owner, "1/ms", not_negative, rate_ip3r=rate_ip3r, rate_l=rate_l)
    values |= floats(owner, "uM/ms", not_negative, rate_serca=rate_serca)
    values |= floats(owner, "", check.positive, ratio_er_cyt=ratio_er_cyt)
    slow = floats(owner, "ms", check.positive, tau_ip3=tau_ip3)
    return Params(substeps=each[0], dt=each[1], rate_ip3=1.0 / slow["tau_ip3"], **values)


def split(owner: str, dt: float, substeps: int, longest: float) -> tuple[float, float]:
    """(how many, ms of each): a step of dt ms in equal parts, as many as asked for, or of at most `longest` ms."""
    check.positive(owner, "dt", check.scalar(owner, "dt", dt, "ms"), "ms")
    n = check.integer(owner, "substeps", substeps, 0, MOST) or max(1, math.ceil(dt / longest - 1e-9))
    if n > MOST:
        need = f"dt must be at most {MOST} substeps of {longest:g} ms"
        check.fail(owner, need, dt, "take a shorter step of the astrocytes, or give substeps")
    return float(n), dt / n


def floats(owner: str, unit: str, rule, /, **given) -> dict[str, Any]:
    """The values as floats, or arrays of one for each cell, after `rule` of `neurosparse.check`."""
    return {name: np.asarray(rule(owner, name, value, unit), dtype=float)[()] for name, value in given.items()}


def not_negative(owner: str, name: str, value, unit: str):
    """`check.at_least` zero."""
    return check.at_least(owner, name, value, 0, unit)


def init(p: Params) -> State:
    """The start of NEST's model, near rest at the default IP3."""
    return State(ip3=p.ip3_0, ca=0.073, h=0.793, sic=0.0)


@shared
def held(p, u):
    """u in its range."""
    return ops.maximum(0.0, u[0]), ops.clip(u[1], 0.0, p.ca_tot), ops.clip(u[2], 0.0, 1.0)


@shared
def slopes(p, u, j_ext, gap):
    """Time derivatives of u = (IP3, calcium, h), per ms."""
    ip3, ca, h = held(p, u)
    gate = ip3 / (ip3 + p.kd_ip3_1) * (ca / (ca + p.kd_act)) * h
    downhill = p.ca_tot - ca - p.ratio_er_cyt * ca  # ratio_er_cyt (C_er - C)
    calcium = (p.rate_ip3r * (gate * gate * gate) + p.rate_l) * downhill + j_ext
    pump = p.rate_serca * (ca * ca) / (p.km_serca * p.km_serca + ca * ca)
    opens = p.k_ip3r * p.kd_inh * (ip3 + p.kd_ip3_1) / (ip3 + p.kd_ip3_2)
    return p.rate_ip3 * (p.ip3_0 - ip3) + gap, calcium - pump, opens * (1.0 - h) - p.k_ip3r * ca * h


@shared
def ahead(u, k, dt):
    """u + dt k."""
    return u[0] + dt * k[0], u[1] + dt * k[1], u[2] + dt * k[2]


@shared
def advance(p, u, j_ext, gap):
    """u a Runge-Kutta step later, in its range."""
    k1 = slopes(p, u, j_ext, gap)
    k2 = slopes(p, ahead(u, k1, 0.5 * p.dt), j_ext, gap)
    k3 = slopes(p, ahead(u, k2, 0.5 * p.dt), j_ext, gap)
    k4 = slopes(p, ahead(u, k3, p.dt), j_ext, gap)
    return held(p, ahead(ahead(ahead(ahead(u, k1, p.dt / 6.0), k2, p.dt / 3.0), k3, p.dt / 3.0), k4, p.dt / 6.0))


@shared
def rises(before, after, threshold):
    """1 where something crosses a threshold upward, else 0."""
    return ops.where(before < threshold, ops.spike(after - threshold), 0.0)


def couple(p: Params, mine, other):
    """IP3 diffuses: what a gap junction brings into a cell for each 1/ms of its weight, uM."""
    return other - mine


def step(p: Params, s: State, spikes, j_ext, gap):
    """One step; summed weights of the spikes since the last, calcium and IP3 from outside in uM/ms."""
    u, z = (ops.maximum(0.0, s.ip3 + p.delta_ip3 * spikes), s.ca, s.h), 0.0 * s.ca
    for _ in range(int(p.substeps)):
        before = u[1]
        u = advance(p, u, j_ext, gap)
        z = ops.maximum(z, rises(before, u[1], p.ca_th))
    y = 1000.0 * (u[1] - p.sic_th)  # nM
    return State(u[0], u[1], u[2], p.sic_scale * ops.log(ops.maximum(y, 1.0))), z
