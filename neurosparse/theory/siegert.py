"""Rate of a leaky integrate-and-fire neuron: with white noise (Siegert's formula) and without (the f-I curve).

    tau_mem dv/dt = mu - v + sigma sqrt(tau_mem) xi(t) ,   <xi(t) xi(t')> = delta(t - t')
    1 / rate = t_ref + tau_mem sqrt(pi) integral of erfcx(-u) du  from (v_reset - mu) / sigma  to (v_th - mu) / sigma

erfcx(-u) = exp(u^2) (1 + erf u). For u < 0 it is integrated as it stands, which stays of order 1 / |u|; for u > 0 as
2 exp(u^2) - erfcx(u), whose first part is Dawson's function. No difference of large numbers is taken anywhere.

What sigma is: here, as in Brunel (2000) and Fourcaud & Brunel (2002), sigma^2 = tau_mem * (sum of rate * jump^2), so
that the free membrane has the variance sigma^2 / 2 (`campbell` gives that variance, hence sigma = sqrt(2 variance)).
NEST's siegert_neuron takes sigma^2 by the same rule. Ricciardi, Tuckwell and others call the standard deviation of
the free membrane sigma: multiply theirs by sqrt(2).

Sources: Siegert, Phys. Rev. 81 (1951) 617; Ricciardi, Diffusion Processes and Related Topics in Biology (1977);
Brunel, J. Comput. Neurosci. 8 (2000) 183, eq. 21; the shift of both boundaries by coloured noise from Fourcaud &
Brunel, Neural Computation 14 (2002) 2057, eq. 4.33.
"""

import numpy as np
from scipy import special

from neurosparse import check

# Boundaries move by alpha / 2 sqrt(tau_syn / tau_mem) sigma, alpha = sqrt(2) |zeta(1/2)|.
SHIFT = np.sqrt(2.0) * 1.4603545088095868 / 2.0
FAR = 26.0  # sigmas from the mean to the threshold: no neuron lives to see that spike, and exp(u^2) still fits
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)


def siegert(mu, sigma, tau_mem=20.0, t_ref=0.0, v_th=20.0, v_reset=0.0, tau_syn=0.0):
    """Rate in Hz; all arguments broadcast.

    mu     mean input, mV: where the free membrane would settle, on the scale of v_th and v_reset
    sigma  amplitude of the white noise, mV, >= 0 (see above); 0 gives the rate without noise
    tau_mem, t_ref, tau_syn in ms. With tau_syn > 0 the noise is filtered by exponential synapses, to first order in
    sqrt(tau_syn / tau_mem).

    Raises ValueError for times out of range, sigma < 0 and v_reset >= v_th.
    """
    owner = "theory.siegert"
    check.number(owner, "mu", mu, "mV")
    check.at_least(owner, "sigma", sigma, 0, "mV")
    check.at_least(owner, "tau_syn", tau_syn, 0, "ms")
    _check_membrane(owner, tau_mem, t_ref, v_th, v_reset)
    values = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (mu, sigma, tau_mem, v_th, v_reset, tau_syn)))
    mu, sigma, tau_mem, v_th, v_reset, tau_syn = values
    shift = SHIFT * np.sqrt(tau_syn / tau_mem)
    safe = np.where(sigma > 0, sigma, 1.0)
    noisy = np.sqrt(np.pi) * _integral((v_reset - mu) / safe + shift, (v_th - mu) / safe + shift)
    interval = t_ref + tau_mem * np.where(sigma > 0, noisy, _climb(mu, v_th, v_reset))
    with np.errstate(divide="ignore"):
        return (1000.0 / interval)[()]


def f_i_curve(current, tau_mem=10.0, t_ref=2.0, v_th=15.0, v_reset=0.0, v_rest=0.0, r=0.04):
    """Rate in Hz of the neuron without noise under a constant current (pA, broadcasts); 0 below the rheobase.

    rate = 1 / (t_ref + tau_mem ln((v_rest + r I - v_reset) / (v_rest + r I - v_th))). Voltages in mV, times in ms,
    r in GOhm: tau_mem / c_m with c_m in pF. Raises as `siegert`.
    """
    check.positive("theory.f_i_curve", "r", r, "GOhm")
    check.number("theory.f_i_curve", "current", current, "pA")
    return siegert(v_rest + r * np.asarray(current, dtype=float), 0.0, tau_mem, t_ref, v_th, v_reset)


def _check_membrane(owner: str, tau_mem, t_ref, v_th, v_reset) -> None:
    check.positive(owner, "tau_mem", tau_mem, "ms")
    check.at_least(owner, "t_ref", t_ref, 0, "ms")
    check.number(owner, "v_th", v_th, "mV")
    check.number(owner, "v_reset", v_reset, "mV")
    if not np.all(np.asarray(v_reset) < np.asarray(v_th)):
        check.fail(owner, f"v_reset must be < v_th = {v_th} mV", v_reset)


def _climb(mu, v_th, v_reset):
    """Time from reset to threshold without noise in units of tau_mem; infinite where mu does not reach it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(mu > v_th, np.log1p((v_th - v_reset) / (mu - v_th)), np.inf)


def _integral(low, high):
    """Integral of erfcx(-u) from low to high, low <= high."""
    below = _tail(np.maximum(-high, 0.0), np.maximum(-low, 0.0))
    a, b = np.maximum(low, 0.0), np.maximum(high, 0.0)
    above = _rise(np.minimum(b, FAR)) - _rise(np.minimum(a, FAR)) - _tail(a, b)
    return below + np.where(b > FAR, np.inf, above)


def _rise(y):
    """2 times the integral of exp(u^2) from 0 to y."""
    return 2.0 * np.exp(y * y) * special.dawsn(y)


def _tail(a, b):
    """Integral of erfcx from a to b, 0 <= a <= b, by Gauss and Legendre in s = log(1 + u), where it is nearly flat."""
    first, last = np.log1p(a)[..., None], np.log1p(b)[..., None]
    s = 0.5 * (first + last) + 0.5 * (last - first) * _NODES
    return np.sum(_WEIGHTS * special.erfcx(np.expm1(s)) * np.exp(s), axis=-1) * 0.5 * (last - first)[..., 0]
