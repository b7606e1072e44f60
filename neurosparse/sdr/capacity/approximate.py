"""What others compute in place of the overlap law: how far they are off is what these are here for.

    binomial   P(Bin(s, a/n) >= theta): cells drawn with replacement. Too high; by 10^2.4 in ordinary HTM settings
    leading    P(overlap = theta) alone: too low, by little where theta is far above the mean, by much below it
    kl         exp(-s D(theta/s || a/n)), an upper bound; 1 for theta/s <= a/n. D: Kullback-Leibler divergence, nats

All take the smaller of a and s for s, so they are symmetric as the law is.

Sources: bound: Chvatal 1979, Discrete Mathematics 25; Hoeffding 1963, JASA 58, theorem 1 and section 6.
"""

from fractions import Fraction
from math import comb

import numpy as np
from scipy.special import xlogy

from neurosparse import jit
from neurosparse.sdr.capacity import double, factorial, inputs, law, tails
from neurosparse.sdr.capacity.result import LogNumber, held


def binomial(n: np.ndarray, a: np.ndarray, s: np.ndarray, theta: np.ndarray) -> LogNumber:
    """P(Bin(s, a/n) >= theta) of checked int64 arrays of one shape."""
    log10, value = _binomials(factorial.table(law.largest(s)), *inputs.flat(n, a, s, theta))
    return law.make(log10, value, n.shape, exact_binomial, (n, a, s, theta))


def leading(n: np.ndarray, a: np.ndarray, s: np.ndarray, theta: np.ndarray) -> LogNumber:
    """P(overlap = theta)."""
    return law.evaluate(tails.PMF, n, a, s, theta)


def kl(n: np.ndarray, a: np.ndarray, s: np.ndarray, theta: np.ndarray) -> LogNumber:
    """The bound of Chvatal and Hoeffding; it has no `.fraction()`."""
    a, s = np.maximum(a, s), np.minimum(a, s)
    with np.errstate(divide="ignore", invalid="ignore"):
        nats = xlogy(theta, theta * n / (s * a)) + xlogy(s - theta, (s - theta) * n / (s * (n - a)))
    log10 = np.where(theta * n <= s * a, 0.0, -nats / double.LN10)
    log10 = np.where((theta > s) & (theta > 0), -np.inf, log10)
    return LogNumber(log10, held(log10))


def exact_binomial(n: int, a: int, s: int, theta: int) -> Fraction:
    """The binomial tail as a rational number."""
    a, s = max(a, s), min(a, s)
    return Fraction(sum(comb(s, b) * a**b * (n - a) ** (s - b) for b in range(theta, s + 1)), n**s)


@jit.shared
def power(base, k):
    """base**k as (high, low, exponent), by squaring; 0**0 = 1."""
    found, square = (0.5, 0.0, 1), double.normal(float(base), 0.0, 0)
    while k > 0:
        if k & 1:
            found = tails.product_of(found, square)
        square = tails.product_of(square, square)
        k >>= 1
    return found


@jit.shared
def _outward(n, a, s, b, up):
    """As tails.outward, for the ratios of the binomial law."""
    high, low, term_high, term_low = 1.0, 0.0, 1.0, 0.0
    while term_high > tails.ENOUGH * high:
        if up:
            ratio_high, ratio_low = double.ratio(float(s - b) * float(a), float(b + 1) * float(n - a))
            b += 1
        else:
            ratio_high, ratio_low = double.ratio(float(b) * float(n - a), float(s - b + 1) * float(a))
            b -= 1
        term_high, term_low = double.multiply(term_high, term_low, ratio_high, ratio_low)
        high, low = double.add(high, low, term_high, term_low)
    return high, low


@jit.shared
def _binomial(table, n, a, s, theta):
    """(log10, value) of one tail."""
    a, s = max(a, s), min(a, s)
    if theta <= 0 or theta > s or a == 0 or a == n:
        return tails.written((0.0, 0.0, 0), theta <= 0 or (theta <= s and a == n))
    up = theta * n > a * s
    edge = theta if up else theta - 1
    term = tails.product_of(power(a, edge), power(n - a, s - edge))
    term = tails.product_of(tails.choose(table, s, edge), tails.ratio_of(term, power(n, s)))
    high, low = _outward(n, a, s, edge, up)
    return tails.written(tails.product_of(term, double.normal(high, low, 0)), not up)


@jit.kernel
def _binomials(table, n, a, s, theta):
    log10, value = np.empty(len(n)), np.empty(len(n))
    for i in range(len(n)):
        log10[i], value[i] = _binomial(table, n[i], a[i], s[i], theta[i])
    return log10, value
