"""The overlap law H(n, a, s), compiled: one term, and the sum of the terms on either side of a threshold.

    P(b) = C(s, b) C(n-s, a-b) / C(n, a)
         = s! (n-s)! a! (n-a)! / (b! (s-b)! (a-b)! (n-s-a+b)! n!)
    P(b+1) / P(b) = (s-b) (a-b) / ((b+1) (n-s-a+b+1))

n: cells; a: active cells of a random input; s: synapses of a segment; b: how many of them meet. A term is a ratio of
factorials in double-double; a tail is the term at its edge times the sum of the ratios' products, added outwards from
the edge, so all are positive and fall. The tail taken is the one that does not hold the mean, the other is 1 minus it:
both keep their digits, and so does log10 of what is near 1. Relative error of P: about 2e-16 at any size.

Source: arXiv:1601.00720, eq. 4; the numerics are our own.
"""

import math

import numpy as np

from neurosparse import jit
from neurosparse.sdr.capacity import double
from neurosparse.sdr.capacity.factorial import factorial

PMF, CDF, SF, AT_LEAST = 0, 1, 2, 3
SMALL = 1e-300  # below it logarithms are compared
ENOUGH = 1e-26  # a term this small beside the sum ends it: what is left is below 1e-20 of it


@jit.shared
def ratio_of(first, second):
    """Ratio of two numbers of double-double with exponent."""
    high, low = double.divide(first[0], first[1], second[0], second[1])
    return double.normal(high, low, first[2] - second[2])


@jit.shared
def product_of(first, second):
    """Product of two numbers of double-double with exponent."""
    high, low = double.multiply(first[0], first[1], second[0], second[1])
    return double.normal(high, low, first[2] + second[2])


@jit.shared
def choose(table, n, k):
    """C(n, k) as (high, low, exponent)."""
    high, low, exponent = table
    both = product_of(factorial(high, low, exponent, k), factorial(high, low, exponent, n - k))
    return ratio_of(factorial(high, low, exponent, n), both)


@jit.shared
def term(table, n, a, s, b):
    """P(b) as (high, low, exponent), 0 outside of what can occur."""
    if b < 0 or b > s or b > a or a - b > n - s:
        return 0.0, 0.0, 0
    both = product_of(choose(table, s, b), choose(table, n - s, a - b))
    return ratio_of(both, choose(table, n, a))


@jit.shared
def outward(n, a, s, b, up):
    """(high, low): the sum of P(j) / P(b) over j >= b (up) or j <= b, for b beyond the mean on that side."""
    high, low, term_high, term_low = 1.0, 0.0, 1.0, 0.0
    rest = n - s - a
    while term_high > ENOUGH * high:
        if up:
            ratio_high, ratio_low = double.ratio(float(s - b) * float(a - b), float(b + 1) * float(rest + b + 1))
            b += 1
        else:
            ratio_high, ratio_low = double.ratio(float(b) * float(rest + b), float(s - b + 1) * float(a - b + 1))
            b -= 1
        term_high, term_low = double.multiply(term_high, term_low, ratio_high, ratio_low)
        high, low = double.add(high, low, term_high, term_low)
    return high, low


@jit.shared
def tail(table, n, a, s, b):
    """P(overlap >= b), as (number, whether it is 1 minus that number); number: (high, low, exponent)."""
    least, most = max(0, a + s - n), min(a, s)
    if b <= least:
        return (0.0, 0.0, 0), True
    if b > most:
        return (0.0, 0.0, 0), False
    up = b * n > a * s
    edge = b if up else b - 1
    high, low = outward(n, a, s, edge, up)
    return product_of(term(table, n, a, s, edge), double.normal(high, low, 0)), not up


@jit.shared
def written(number, complement):
    """(log10, value) of a number of double-double with exponent, or of 1 minus it."""
    high, low, exponent = number
    if not complement:
        return (double.log10(high, low, exponent) if high > 0 else -math.inf), double.value(high, low, exponent)
    if exponent < -200:
        small = double.value(high, low, exponent)
        return -small / double.LN10, 1.0
    part, rest = math.ldexp(high, int(exponent)), math.ldexp(low, int(exponent))
    high, low = double.add(1.0, 0.0, -part, -rest)
    if part < 0.5:
        return math.log1p(-(part + rest)) / double.LN10, high + low
    high, low, exponent = double.normal(high, low, 0)
    return (double.log10(high, low, exponent) if high > 0 else -math.inf), double.value(high, low, exponent)


@jit.shared
def measure(table, n, a, s, b, kind):
    """(log10, value) of the probability of `kind` at the overlap b."""
    a, s = max(a, s), min(a, s)
    if kind == PMF:
        return written(term(table, n, a, s, b), False)
    number, complement = tail(table, n, a, s, b if kind == AT_LEAST else b + 1)
    return written(number, complement != (kind == CDF))


@jit.kernel
def measures(table, n, a, s, b, kind):
    """log10 and value, each (N,) float64, of the arguments, each (N,) int64."""
    log10, value = np.empty(len(n)), np.empty(len(n))
    for i in range(len(n)):
        log10[i], value[i] = measure(table, n[i], a[i], s[i], b[i], kind)
    return log10, value


@jit.shared
def _reached(table, at, log10, q):
    """P(overlap <= b) >= q, by the side that has the digits: 1 - q is exact above a half."""
    n, a, s, b = at
    if q == 1.0:
        return b >= min(a, s)
    if q > 0.5:
        return measure(table, n, a, s, b, SF)[1] <= 1.0 - q
    found, value = measure(table, n, a, s, b, CDF)
    return value >= q if q > SMALL else found >= log10


@jit.kernel
def quantiles(table, n, a, s, log10, q):
    """(N,) int64: the smallest b with P(overlap <= b) >= q; q and its log10 (N,) float64, nan if no float holds q."""
    out = np.empty(len(n), dtype=np.int64)
    for i in range(len(n)):
        low, high = max(0, a[i] + s[i] - n[i]), min(a[i], s[i])
        while low < high:
            middle = (low + high) // 2
            if _reached(table, (n[i], a[i], s[i], middle), log10[i], q[i]):
                high = middle
            else:
                low = middle + 1
        out[i] = low
    return out


@jit.kernel
def chooses(table, n, k):
    """log10 and value of C(n, k); n, k (N,) int64."""
    log10, value = np.empty(len(n)), np.empty(len(n))
    for i in range(len(n)):
        log10[i], value[i] = written(choose(table, n[i], k[i]), False)
    return log10, value
