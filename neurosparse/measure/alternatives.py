"""Laws that might be there instead of a power law: lognormal and exponential, on the same numbers.

    R = sum_j [ln p(x_j) - ln q(x_j)]               p the power law, q the other law at its own largest likelihood
    p-value = erfc(|R| / (sqrt(2 n) s))             s standard deviation of the n differences

R > 0 is for the power law; a p-value that is not small means that the data can not tell. The lognormal law has power
laws as a limit (mu to minus infinity), so on a true power law R is about zero, and never far above.

Sources: Q. H. Vuong, Econometrica 57 (1989) 307; A. Clauset, C. R. Shalizi, M. E. J. Newman, SIAM Rev. 51 (2009) 661,
section 5.
"""

from typing import Any, NamedTuple

import numpy as np


class Alternative(NamedTuple):
    """Another law on the same numbers."""

    ratio: float  # R, log-likelihood of the power law less that of this law
    p: float  # of Vuong's test that both are equally far from the truth
    parameters: tuple[float, ...]  # (mu, sigma) of the lognormal, (rate,) of the exponential


def alternatives(alpha: float, values, counts, xmin: float, xmax: float, discrete: bool):
    """(lognormal, exponential) against the power law of exponent alpha, on values that occur `counts` times."""
    from neurosparse.measure.laws import log_exponential, log_lognormal, log_power

    ours = log_power(values, alpha, xmin, xmax, discrete)
    mu, sigma = _fit_lognormal(values, counts, xmin, xmax, discrete)
    rate = _fit_exponential(values, counts, xmin, xmax, discrete)
    return (
        _vuong(ours - log_lognormal(values, mu, sigma, xmin, xmax, discrete), counts, (mu, sigma)),
        _vuong(ours - log_exponential(values, rate, xmin, xmax, discrete), counts, (rate,)),
    )


def _fit_lognormal(values, counts, xmin, xmax, discrete) -> tuple[float, float]:
    """(mu, sigma); two starts, since the cut law is flat where it looks like a power law."""
    from scipy.optimize import minimize

    from neurosparse.measure.laws import log_lognormal

    logs = np.log(values)
    middle = np.average(logs, weights=counts)
    wide = np.sqrt(np.average((logs - middle) ** 2, weights=counts))
    bounds = [(np.log(xmin) - 100 * wide, logs[-1] + 10 * wide), (np.log(wide) - 3, np.log(wide) + 4)]
    part = counts / counts.sum()

    def loss(q):
        return -float(part @ log_lognormal(values, q[0], np.exp(q[1]), xmin, xmax, discrete))

    starts = [(middle, np.log(wide)), (np.log(xmin) - 3 * wide, np.log(2 * wide))]
    options = {"xatol": 1e-5, "fatol": 1e-10}
    tries = [minimize(loss, start, method="Nelder-Mead", bounds=bounds, options=options) for start in starts]
    mu, log_sigma = min(tries, key=lambda one: one.fun).x
    return float(mu), float(np.exp(log_sigma))


def _fit_exponential(values, counts, xmin, xmax, discrete) -> float:
    from scipy.optimize import minimize_scalar

    from neurosparse.measure.laws import log_exponential

    part = counts / counts.sum()
    middle = -np.log(part @ values - xmin)

    def loss(log_rate):
        return -float(part @ log_exponential(values, np.exp(log_rate), xmin, xmax, discrete))

    found: Any = minimize_scalar(loss, bounds=(middle - 10, middle + 5), method="bounded")
    return float(np.exp(found.x))


def _vuong(difference: np.ndarray, counts: np.ndarray, parameters: tuple[float, ...]) -> Alternative:
    from scipy.special import erfc

    n = counts.sum()
    ratio = float(counts @ difference)
    deviation = np.sqrt(np.average((difference - ratio / n) ** 2, weights=counts))
    p = float(erfc(abs(ratio) / (np.sqrt(2 * n) * deviation))) if deviation > 0 else 1.0
    return Alternative(ratio, p, parameters)
