"""G-ChI astrocyte: receptors make IP3, IP3 makes calcium, calcium releases gliotransmitter back onto the synapses.

    dY/dt = -omega_c Y ;   Y <- Y + rho_c y_t w   for what arrives at the port "spikes"
    dGamma_A/dt = o_n Y (1 - Gamma_A) - omega_n (1 + zeta C / (C + k_kc)) Gamma_A
    dI/dt = o_beta Gamma_A + o_delta / (1 + I / kappa_delta) H2(C, k_delta) - o_3k H4(C, k_d) I / (I + k_3k)
            - omega_5p I + flow(f_ex, i_bias + bias - I) + gap ,       Hn(C, k) = C^n / (C^n + k^n)
    dC/dt = (omega_cicr (m h)^3 + omega_l) (c_t - (1 + rho_a) C) - o_p H2(C, k_p)
    dh/dt = (h_inf - h) / tau_h  (1 + noise sqrt(tau_h) xi(t)) ,   h clipped to [0, 1] on all right sides
    m = I / (I + d_1) C / (C + d_5) ,  q = d_2 (I + d_1) / (I + d_3) ,  h_inf = q / (q + C) ,  1 / tau_h = o_2 (q + C)
    flow(f, x) = f / 2 (1 + tanh((|x| - i_theta) / omega_i)) sgn x      IP3 that is driven by a difference x
    dx_A/dt = omega_a (1 - x_A) ,   dG/dt = -omega_e G ,   dGamma_S/dt = o_g G (1 - Gamma_S) - omega_g Gamma_S
    z = 1 where C crosses c_theta upward:   G <- G + rho_e g_t u_a x_A ,   x_A <- x_A - u_a x_A

Y is neurotransmitter around the cell, Gamma_A the share of its receptors that are bound, I IP3, C calcium, h the share
of IP3 receptors that calcium has not closed, x_A the gliotransmitter at hand, G that around the synapses, Gamma_S the
share of their presynaptic receptors that are bound, which sets release (`neurosparse.release.gliotransmission`).

A step is `substeps` Runge-Kutta steps of Lawson's kind: Y, x_A and G in closed form, and so the binding by Y and G,
the terms with o_n and o_g, which are as fast as there is neurotransmitter; all else by the classical scheme. No Y makes
it unstable. Spikes count at its start, bias and gap are held, gliotransmitter leaves at the end of the Runge-Kutta step
of the crossing. Y and I are clipped at 0: weights, gaps and biases below 0 take away what there is and no more.

A weight of 1 at "spikes" is all that a synapse releases into a space of its own (rho_c): around a cell that listens to
N synapses as to one, weights are 1/N. The port "noise" wants a standard normal number a step, or 0; the noise, in
Stratonovich's sense as with Brian2's Milstein method, acts at the end of the step, by Heun's method. It alone takes h
out of [0, 1].

Source: De Pitta, Goldberg, Volman, Berry & Ben-Jacob, J. Biol. Phys. 35 (2009) 383; De Pitta, Volman, Berry &
Ben-Jacob, PLoS Comput. Biol. 7 (2011) e1002293; gap junctions: Goldberg, De Pitta, Volman, Berry & Ben-Jacob, PLoS
Comput. Biol. 6 (2010) e1000909; in the form and with the values of Stimberg, Goodman, Brette & De Pitta, Modeling
neuron-glia interactions with the Brian 2 simulator, bioRxiv 198366 (2017), whose Omega_C is `omega_cicr` here.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check, ops
from neurosparse.astrocytes.li_rinzel import floats, not_negative, rises, split
from neurosparse.jit import shared

PORTS = ("spikes", "bias", "gap", "noise")  # weights (1/N of N synapses), at once; held: uM; uM/s; normal numbers
ORDER = 4
IMPULSES = ("spikes",)
COUPLED = "i"
LONGEST = 1.0  # ms of a Runge-Kutta step

# Parameters of the examples of Stimberg et al.; those of example 2 (fig. 2) are the defaults.
EXAMPLE_2: dict[str, float] = {}
EXAMPLE_3 = {  # fig. 3: a synapse under open-loop gliotransmission; i_bias 0.8 and 1.25; starts at i = 0.4
    "k_p": 0.05, "o_beta": 0.0, "o_delta": 0.6, "k_delta": 0.1, "omega_5p": 0.05, "k_d": 0.7, "rho_c": 0.005,
    "f_ex": 2.0,
}  # fmt: skip
EXAMPLE_4 = EXAMPLE_3 | {"o_beta": 3.2}  # fig. 4: closed loop; i_bias 1 for the open loop
EXAMPLE_5 = EXAMPLE_3 | {"f_ex": 0.09}  # fig. 5: a ring of 50; i_bias 1 in one cell, for 20 s out of every 50
EXAMPLE_6 = EXAMPLE_3 | {"o_beta": 0.5, "o_delta": 1.2, "f_ex": 0.0}  # fig. 6: a grid at dt 10, substeps 1


class Params(NamedTuple):
    """Kernel constants, in uM and s."""

    substeps: float
    dt: float  # s of each
    span: float  # s of them all
    k_p: float
    c_t: float
    rho_a: float
    omega_cicr: float
    omega_l: float
    o_p: float
    d_1: float
    d_2: float
    d_3: float
    d_5: float
    o_2: float
    o_beta: float
    omega_n: float
    k_kc: float
    zeta: float
    o_delta: float
    kappa_delta: float
    k_delta: float
    omega_5p: float
    k_d: float
    k_3k: float
    o_3k: float
    f_ex: float
    f: float
    i_theta: float
    omega_i: float
    i_bias: float
    c_theta: float
    u_a: float
    omega_g: float
    dose: float  # neurotransmitter of one release, uM
    puff: float  # gliotransmitter of one release with all at hand, uM
    half_y: float  # what is left of Y, G and 1 - x_A after half a Runge-Kutta step
    half_g: float
    half_x: float
    bind_y: float  # exponent by which 1 uM of Y binds receptors in half a Runge-Kutta step, 1/uM
    bind_g: float


class State(NamedTuple):
    """What changes from step to step."""

    gamma_a: float  # in [0, 1]
    i: float  # uM
    c: float  # uM
    h: float  # in [0, 1] but for noise
    gamma_s: float  # in [0, 1]
    y: float  # uM
    x_a: float  # in [0, 1]
    g: float  # uM


def params(
    o_p=0.9, k_p=0.1, c_t=2.0, rho_a=0.18, omega_cicr=6.0, omega_l=0.1, d_1=0.13, d_2=1.05, d_3=0.9434, d_5=0.08,
    o_2=0.2, o_beta=5.0, o_n=0.3, omega_n=0.5, k_kc=0.5, zeta=10.0, o_delta=0.2, kappa_delta=1.5, k_delta=0.3,
    omega_5p=0.1, k_d=0.5, k_3k=1.0, o_3k=4.5, f_ex=0.09, f=0.09, i_theta=0.3, omega_i=0.05, i_bias=0.0,
    rho_c=0.001, y_t=500.0, omega_c=40.0, c_theta=0.5, omega_a=0.6, u_a=0.6, g_t=200.0, rho_e=6.5e-4, omega_e=60.0,
    o_g=1.5, omega_g=0.5 / 60.0, substeps=0,
    dt=10.0,
) -> Params:  # fmt: skip
    """Kernel constants from biology.

    dt in ms. c_t, kappa_delta, i_theta, omega_i, i_bias, c_theta and all d and k in uM; y_t, g_t (in vesicles) in mM;
    o_p, o_beta, o_delta, o_3k, f_ex, f (of `couple`) in uM/s; o_2, o_n, o_g in 1/(uM s); other omega in 1/s; rho are
    ratios of volumes, u_a a share. substeps=0 takes what LONGEST asks for. Raises ValueError for values out of range.
    """
    owner = "gchi.params"
    substeps, each = split(owner, dt, substeps, LONGEST)
    each /= 1000.0
    affinities = {"k_p": k_p, "d_1": d_1, "d_2": d_2, "d_3": d_3, "d_5": d_5, "k_kc": k_kc, "k_delta": k_delta}
    affinities |= {"kappa_delta": kappa_delta, "k_d": k_d, "k_3k": k_3k, "omega_i": omega_i, "c_t": c_t}
    fluxes = {"o_p": o_p, "o_beta": o_beta, "o_delta": o_delta, "o_3k": o_3k, "f_ex": f_ex, "f": f}
    rates = {"omega_cicr": omega_cicr, "omega_l": omega_l, "omega_n": omega_n, "omega_5p": omega_5p}
    values = floats(owner, "uM", check.positive, **affinities)
    values |= floats(owner, "uM/s", not_negative, **fluxes)
    values |= floats(owner, "1/s", not_negative, **rates, omega_g=omega_g)
    values |= floats(owner, "1/(uM s)", not_negative, o_2=o_2, o_n=o_n, o_g=o_g)
    values |= floats(owner, "uM", check.number, i_theta=i_theta, i_bias=i_bias, c_theta=c_theta)
    values |= floats(owner, "", not_negative, rho_a=rho_a, zeta=zeta)
    values |= floats(owner, "", check.number, u_a=check.between(owner, "u_a", u_a, 0, 1))
    more = floats(owner, "", not_negative, rho_c=rho_c, rho_e=rho_e) | floats(
        owner, "mM", not_negative, y_t=y_t, g_t=g_t
    )
    gone = floats(owner, "1/s", not_negative, omega_c=omega_c, omega_e=omega_e, omega_a=omega_a)
    half = [np.exp(-0.5 * each * rate)[()] for rate in gone.values()]
    bind_y = values.pop("o_n") * _stay(gone["omega_c"], 0.5 * each)
    bind_g = values.pop("o_g") * _stay(gone["omega_e"], 0.5 * each)
    return Params(
        substeps=substeps,
        dt=each,
        span=substeps * each,
        dose=more["rho_c"] * more["y_t"] * 1000.0,
        puff=more["rho_e"] * more["g_t"] * 1000.0 * values["u_a"],
        half_y=half[0],
        half_g=half[1],
        half_x=half[2],
        bind_y=bind_y,
        bind_g=bind_g,
        **values,
    )


def _stay(rate, t: float):
    """Integral of exp(-rate s) from 0 to t, s."""
    x = np.asarray(rate * t)
    some = np.where(x > 0.0, x, 1.0)
    return np.where(x > 0.0, -t * np.expm1(-some) / some, t)[()]


def init(p: Params) -> State:
    """The start of the examples: no calcium, no IP3, receptors open, gliotransmitter at hand."""
    return State(gamma_a=0.0, i=0.0, c=0.0, h=0.9, gamma_s=0.0, y=0.0, x_a=1.0, g=0.0)


@shared
def hill(x, k):
    """x / (x + k)."""
    return x / (x + k)


@shared
def flow(p, f, x):
    """IP3 that a difference x drives: the law above, as f / (1 + exp(-2 ...))."""
    size = f / (1.0 + ops.exp(-2.0 * (ops.absolute(x) - p.i_theta) / p.omega_i))
    return ops.where(x > 0.0, size, ops.where(x < 0.0, -size, 0.0))


@shared
def inactivation(p, i, c):
    """(h_inf, 1 / tau_h)."""
    q = p.d_2 * (i + p.d_1) / (i + p.d_3)
    return q / (q + c), p.o_2 * (q + c)


@shared
def slopes(p, u, bias, gap):
    """Time derivatives of u = (Gamma_A, I, C, h, Gamma_S) but for the binding by Y and G, per s."""
    gamma_a, i, c, h, gamma_s = u
    i = ops.maximum(0.0, i)
    c2 = c * c
    made = p.o_beta * gamma_a + p.o_delta / (1.0 + i / p.kappa_delta) * hill(c2, p.k_delta * p.k_delta)
    k_d2 = p.k_d * p.k_d
    spent = p.o_3k * hill(c2 * c2, k_d2 * k_d2) * hill(i, p.k_3k) + p.omega_5p * i
    h = ops.clip(h, 0.0, 1.0)
    gate = hill(i, p.d_1) * hill(c, p.d_5) * h
    calcium = (p.omega_cicr * (gate * gate * gate) + p.omega_l) * (p.c_t - (1.0 + p.rho_a) * c)
    h_inf, rate = inactivation(p, i, c)
    return (
        -p.omega_n * (1.0 + p.zeta * hill(c, p.k_kc)) * gamma_a,
        made - spent + flow(p, p.f_ex, p.i_bias + bias - i) + gap,
        calcium - p.o_p * hill(c2, p.k_p * p.k_p),
        (h_inf - h) * rate,
        -p.omega_g * gamma_s,
    )


@shared
def ahead(u, k, dt):
    """u + dt k."""
    return u[0] + dt * k[0], u[1] + dt * k[1], u[2] + dt * k[2], u[3] + dt * k[3], u[4] + dt * k[4]


@shared
def bound(u, a, s):
    """u after binding alone, of the shares a and s of the free receptors."""
    return u[0] + a * (1.0 - u[0]), u[1], u[2], u[3], u[4] + s * (1.0 - u[4])


@shared
def advance(p, u, y, x_a, g, bias, gap):
    """(u, y, x_a, g, z) a Runge-Kutta step later; a and s bind in its halves."""
    y_mid, g_mid = p.half_y * y, p.half_g * g
    y_end, g_end = p.half_y * y_mid, p.half_g * g_mid
    a1, s1 = -ops.expm1(-p.bind_y * y), -ops.expm1(-p.bind_g * g)
    a2, s2 = -ops.expm1(-p.bind_y * y_mid), -ops.expm1(-p.bind_g * g_mid)
    k1 = slopes(p, u, bias, gap)
    k2 = slopes(p, bound(ahead(u, k1, 0.5 * p.dt), a1, s1), bias, gap)
    k3 = slopes(p, ahead(bound(u, a1, s1), k2, 0.5 * p.dt), bias, gap)
    k4 = slopes(p, bound(ahead(bound(u, a1, s1), k3, p.dt), a2, s2), bias, gap)
    v = ahead(ahead(bound(ahead(u, k1, p.dt / 6.0), a1, s1), k2, p.dt / 3.0), k3, p.dt / 3.0)
    v = ahead(bound(v, a2, s2), k4, p.dt / 6.0)
    v = v[0], ops.maximum(0.0, v[1]), v[2], v[3], v[4]
    z = rises(u[2], v[2], p.c_theta)
    x_a = 1.0 - (1.0 - x_a) * p.half_x * p.half_x
    return v, y_end, x_a * (1.0 - p.u_a * z), g_end + p.puff * x_a * z, z


@shared
def shaken(p, u, noise):
    """h after the noise of a step."""
    h_inf, rate = inactivation(p, u[1], u[2])
    kick = ops.sqrt(p.span * rate) * noise
    first = kick * (h_inf - ops.clip(u[3], 0.0, 1.0))
    return u[3] + 0.5 * (first + kick * (h_inf - ops.clip(u[3] + first, 0.0, 1.0)))


def couple(p: Params, mine, other):
    """IP3 that a gap junction brings into a cell, uM/s."""
    return flow(p, p.f, other - mine)


def step(p: Params, s: State, spikes, bias, gap, noise):
    """One step; summed weights of the spikes since the last, uM beside i_bias, IP3 in uM/s, a normal number."""
    u, x_a, g, z = (s.gamma_a, s.i, s.c, s.h, s.gamma_s), s.x_a, s.g, 0.0 * s.c
    y = ops.maximum(0.0, s.y + p.dose * spikes)
    for _ in range(int(p.substeps)):
        u, y, x_a, g, crossed = advance(p, u, y, x_a, g, bias, gap)
        z = ops.maximum(z, crossed)
    return State(u[0], u[1], u[2], shaken(p, u, noise), u[4], y, x_a, g), z
