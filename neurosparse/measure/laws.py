"""Laws of heavy-tailed numbers on [xmin, xmax], each as the log of its mass (whole numbers) or density.

    power law     x^-alpha / Z                                     Z = zeta(alpha, xmin) - zeta(alpha, xmax + 1), or
                                                                   (xmin^(1 - alpha) - xmax^(1 - alpha)) / (alpha - 1)
    lognormal     [Phi(z(x + 1/2)) - Phi(z(x - 1/2))] / Z, or phi(z(x)) / (x sigma Z),   z(x) = (ln x - mu) / sigma
    exponential   e^(-lambda x) / Z

zeta is Hurwitz's, Phi and phi are the normal distribution and its density; Z makes each law sum to one on the range,
so that all of them are compared on the same tail.

Source: A. Clauset, C. R. Shalizi, M. E. J. Newman, SIAM Rev. 51 (2009) 661, table 2.1.
"""

import numpy as np
from scipy.special import log_ndtr, zeta


def log_power(x, alpha: float, xmin: float, xmax: float, discrete: bool):
    """Log mass or density of the power law at x; alpha > 1, xmax may be infinite."""
    return -alpha * np.log(x) - log_power_sum(alpha, xmin, xmax, discrete)


def log_power_sum(alpha: float, xmin, xmax: float, discrete: bool):
    """ln Z of the power law from xmin (a number or an array) to xmax; -inf for an empty range."""
    with np.errstate(divide="ignore"):
        if discrete:
            whole = _log_zeta(alpha, xmin)
            return whole + np.log(-np.expm1(_log_zeta(alpha, xmax + 1) - whole)) if np.isfinite(xmax) else whole
        rest = -np.expm1((1 - alpha) * np.log(xmax / xmin)) if np.isfinite(xmax) else 1.0
        return (1 - alpha) * np.log(xmin) + np.log(rest) - np.log(alpha - 1)


def _log_zeta(alpha: float, q):
    """ln of Hurwitz's zeta; from q = 1e4 on by Euler and Maclaurin's series, which does not underflow."""
    far = (1 - alpha) * np.log(q) - np.log(alpha - 1)
    far = far + np.log1p((alpha - 1) / (2 * q) + alpha * (alpha - 1) / (12 * q * q))
    return np.where(np.asarray(q) < 1e4, np.log(zeta(alpha, q)), far)


def log_lognormal(x, mu: float, sigma: float, xmin: float, xmax: float, discrete: bool):
    """Log mass or density of the lognormal law, cut to [xmin, xmax]."""
    half = 0.5 if discrete else 0.0
    low, high = (np.log(xmin - half) - mu) / sigma, (np.log(xmax + half) - mu) / sigma
    if discrete:
        inside = _log_between((np.log(x - half) - mu) / sigma, (np.log(x + half) - mu) / sigma)
    else:
        z = (np.log(x) - mu) / sigma
        inside = -0.5 * z * z - 0.5 * np.log(2 * np.pi) - np.log(sigma) - np.log(x)
    return inside - _log_between(low, high)


def log_exponential(x, rate: float, xmin: float, xmax: float, discrete: bool):
    """Log mass or density of the exponential law, cut to [xmin, xmax]; rate > 0."""
    width = xmax - xmin + (1 if discrete else 0)
    z = np.log(-np.expm1(-rate * width)) - (np.log(-np.expm1(-rate)) if discrete else np.log(rate))
    return -rate * (x - xmin) - z


def _log_between(low, high):
    """ln(Phi(high) - Phi(low)), from the tail in which the two are small numbers."""
    upper = low > 0
    a, b = np.where(upper, -high, low), np.where(upper, -low, high)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = log_ndtr(a) - log_ndtr(b)
    return log_ndtr(b) + np.log(-np.expm1(np.minimum(difference, -1e-300)))
