"""Rates of sparse random networks of integrate-and-fire neurons that agree with themselves.

    mu = mu_ext + tau_mem sum_b K_b J_b nu_b ,   sigma^2 = sigma_ext^2 + tau_mem sum_b K_b J_b^2 nu_b
    nu = siegert(mu, sigma)

Every neuron sees many weak, independent, Poisson-like inputs: the field of the others and its fluctuations. A solution
where the slope of siegert(nu) is above 1 is not stable; the slope tells nothing of oscillations, which leave the mean
rate nearly as it is. Sources: Brunel, J. Comput. Neurosci. 8 (2000) 183, eq. 4, 5, 19 to 21; several populations:
Schuecker, Schmidt, van Albada, Diesmann & Helias, PLoS Comput. Biol. 13 (2017) e1005179.
"""

from typing import NamedTuple

import numpy as np
from scipy import optimize

from neurosparse import check
from neurosparse.theory.siegert import siegert


class Solution(NamedTuple):
    """One self-consistent rate."""

    rate: float  # Hz
    stable: bool  # against a slow change of the rate
    mu: float  # mean input, mV
    sigma: float  # amplitude of its white noise, mV


def brunel_rate(
    g: float, eta: float, c_exc=1000, c_inh=250, weight=0.1, tau_mem=20.0, t_ref=2.0, v_th=20.0, v_reset=10.0
) -> tuple[Solution, ...]:  # fmt: skip
    """All rates that Brunel's model A (both populations alike, delta synapses) agrees with, ascending.

    g        inhibition: an inhibitory spike takes g * weight
    eta      external rate of each of the c_exc external synapses over  nu_thr = v_th / (weight c_exc tau_mem)
    c_exc, c_inh synapses a neuron; weight, v_th, v_reset in mV; tau_mem, t_ref in ms (t_ref > 0 bounds the rate).

    Raises ValueError for arguments out of range.
    """
    owner = "theory.brunel_rate"
    for name, value, unit in (("weight", weight, "mV"), ("tau_mem", tau_mem, "ms"), ("t_ref", t_ref, "ms")):
        check.positive(owner, name, value, unit)
    for name, value in (("g", g), ("eta", eta), ("c_inh", c_inh)):
        check.at_least(owner, name, value, 0)
    check.positive(owner, "c_exc", c_exc)
    check.positive(owner, "v_th", v_th, "mV")

    def moments(nu):
        external, recurrent = eta * v_th, np.asarray(nu) * weight * tau_mem / 1000.0
        mu = external + recurrent * (c_exc - g * c_inh)
        return mu, np.sqrt(weight * (external + recurrent * (c_exc + g * g * c_inh)))

    def excess(nu):
        return siegert(*moments(nu), tau_mem, t_ref, v_th, v_reset) - nu

    top = 1000.0 / t_ref
    grid = np.unique(np.concatenate([[0.0], np.geomspace(1e-6, top, 1500), np.linspace(0.0, top, 1500)]))
    over = excess(grid) > 0
    found = []
    for k in np.flatnonzero(over[:-1] != over[1:]):
        rate = float(optimize.brentq(excess, grid[k], grid[k + 1], xtol=1e-12, rtol=1e-14))  # type: ignore[arg-type]
        found.append(Solution(rate, bool(over[k]), *map(float, moments(rate))))
    return tuple(found) if over[0] else (Solution(0.0, True, *map(float, moments(0.0))), *found)


def mean_field(
    in_degree, weight, mu_ext, sigma_ext, tau_mem=20.0, t_ref=2.0, v_th=20.0, v_reset=10.0, tau_syn=0.0, first=1.0
) -> np.ndarray:
    """(n,) self-consistent rates, Hz, of n populations: where the relaxation  d nu / ds = siegert(nu) - nu  ends.

    in_degree  (n, n) synapses that a neuron of population a receives from b, indexed [a, b]
    weight     (n, n) mV that the membrane gains in all by one spike, over tau_mem: the jump of a delta synapse,
               w r tau_syn / tau_mem for an exponential current of w pA
    mu_ext, sigma_ext  external mean and noise amplitude, mV, (n,) or one number; the other arguments as `siegert`.
    first      rates to start from, Hz; other starts may end in other solutions.

    Raises ValueError for tables that do not fit, and where the relaxation does not settle.
    """
    owner = "theory.mean_field"
    k = np.asarray(check.at_least(owner, "in_degree", in_degree, 0), dtype=float)
    j = np.asarray(check.number(owner, "weight", weight, "mV"), dtype=float)
    if k.ndim != 2 or k.shape[0] != k.shape[1] or j.shape != k.shape:
        check.fail(owner, "in_degree and weight must be (n, n)", (k.shape, j.shape))
    per_hz, square = tau_mem / 1000.0 * k * j, tau_mem / 1000.0 * k * j**2
    nu = np.broadcast_to(np.asarray(check.at_least(owner, "first", first, 0, "Hz"), dtype=float), len(k)).copy()
    for _ in range(5000):
        mu, sigma = mu_ext + per_hz @ nu, np.sqrt(np.square(sigma_ext) + square @ nu)
        change = siegert(mu, sigma, tau_mem, t_ref, v_th, v_reset, tau_syn) - nu
        if np.all(np.abs(change) <= 1e-9 * (1.0 + nu)):
            break
        nu = nu + 0.05 * change
    else:
        check.fail(owner, "the rates must settle", nu.tolist(), "start elsewhere: first=")
    return nu
