"""Block codes, as in Sparsey: Q modules of K units, one winner in each; a code is Q active units out of Q K.

    codes                   K^Q
    overlap of two codes    Binomial(Q, 1/K): each module agrees with chance 1/K, mean Q / K
    P(overlap >= theta)     sum over b >= theta of C(Q, b) (K-1)^(Q-b) / K^Q
    P(b+1) / P(b)         = (Q-b) / ((b+1) (K-1))

The overlap law is exact for codes drawn uniformly, where that of free SDRs of Q among Q K cells is hypergeometric.
With one stored code whose units win with weight psi_match against psi_other of the rest, the expected intersection of
the new code with it is Q psi_match / (psi_match + (K-1) psi_other).

q, k, theta, b: whole numbers or arrays, broadcast. Numbers come in double-double, as in `tails`.
Source: Rinkus 2010.
"""

from fractions import Fraction
from math import comb

import numpy as np

from neurosparse import check, jit
from neurosparse.sdr.capacity import double, factorial, inputs
from neurosparse.sdr.capacity.exact import check_cost
from neurosparse.sdr.capacity.result import LogNumber
from neurosparse.sdr.capacity.tails import ENOUGH, choose, product_of, written

AGREE = "a code of q modules agrees in q of them at most"


def block_code_space(q, k) -> LogNumber:
    """K^Q codes. Raises TypeError for what is not whole, ValueError for q or k below 1."""
    q, k = _code("block_code_space", q, k)
    return LogNumber(q * np.log10(k), exact=_codes, arguments=(q, k))


def block_overlap_pmf(q, k, b) -> LogNumber:
    """P(two random codes agree in b modules). Raises as block_code_space, and ValueError for b > q."""
    return agreements("block_overlap_pmf", q, k, b, False)


def block_false_positive(q, k, theta) -> LogNumber:
    """P(two random codes agree in theta modules or more). Raises as block_overlap_pmf."""
    return agreements("block_false_positive", q, k, theta, True)


def block_overlap_mean(q, k):
    """Q / K: what chance gives, a float or an array. Raises as block_code_space."""
    q, k = _code("block_overlap_mean", q, k)
    return (q / k)[()]


def block_overlap_variance(q, k):
    """Q (K-1) / K^2: a float or an array. Raises as block_code_space."""
    q, k = _code("block_overlap_variance", q, k)
    return (q / k * ((k - 1) / k))[()]


def block_intersection(q, k, psi_match, psi_other):
    """Expected intersection of a new code with the stored one: a float or an array.

    psi_match > 0: weight of the stored winner of a module; psi_other >= 0: weight of each of its other units.
    Raises as block_code_space, and ValueError for weights out of range.
    """
    owner = "block_intersection"
    q, k = _code(owner, q, k)
    psi_match = np.asarray(check.positive(owner, "psi_match", psi_match))
    psi_other = np.asarray(check.at_least(owner, "psi_other", psi_other, 0))
    q, k, psi_match, psi_other = inputs.together(owner, q=q, k=k, psi_match=psi_match, psi_other=psi_other)
    return (q * psi_match / (psi_match + (k - 1) * psi_other))[()]


def agreements(owner: str, q, k, b, tail: bool) -> LogNumber:
    """P(B = b) or, with tail, P(B >= b) of B ~ Binomial(q, 1/k)."""
    q, k = _code(owner, q, k)
    q, k, b = inputs.together(owner, q=q, k=k, b=inputs.whole(owner, "theta" if tail else "b", b))
    inputs.at_most(owner, "theta" if tail else "b", b, "q", q, AGREE)
    flat = [np.ascontiguousarray(one).ravel() for one in (q, k, b)]
    log10, value = _measures(factorial.table(int(q.max(initial=1))), *flat, tail)
    value[(value < np.finfo(float).tiny) & np.isfinite(log10)] = np.nan
    return LogNumber(log10.reshape(q.shape), value.reshape(q.shape), _at_least if tail else _pmf, (q, k, b))


def _code(owner: str, q, k):
    return inputs.together(owner, q=inputs.whole(owner, "q", q, 1), k=inputs.whole(owner, "k", k, 1))


def _codes(q: int, k: int) -> Fraction:
    return Fraction(k**q)


def _pmf(q: int, k: int, b: int) -> Fraction:
    return Fraction(comb(q, b) * (k - 1) ** (q - b), k**q)


def _at_least(q: int, k: int, b: int) -> Fraction:
    check_cost("exact", (q - b + 1) * q * k.bit_length())
    term = total = 1  # Horner's scheme over C(Q, b) (K-1)^(Q-b), from b = Q down
    for j in range(q, b, -1):
        term = term * j * (k - 1) // (q - j + 1)
        total += term
    return Fraction(total, k**q)


@jit.shared
def power(high, low, exponent, times):
    """(high + low) 2**exponent to a whole power >= 0, by squaring."""
    made, base = (0.5, 0.0, 1), (high, low, exponent)
    while times > 0:
        if times & 1:
            made = product_of(made, base)
        base = product_of(base, base)
        times >>= 1
    return made


@jit.shared
def ratio_power(a, b, times):
    """(a / b)**times as (high, low, exponent)."""
    high, low = double.ratio(float(a), float(b))
    high, low, exponent = double.normal(high, low, 0)
    return power(high, low, exponent, times)


@jit.shared
def term(table, q, k, b):
    """P(B = b) as (high, low, exponent)."""
    share = product_of(ratio_power(1, k, b), ratio_power(k - 1, k, q - b))
    return product_of(choose(table, q, b), share)


@jit.shared
def outward(q, k, b, up):
    """(high, low): the sum of P(j) / P(b) over j >= b (up) or j <= b, beyond the mean on that side."""
    high, low, term_high, term_low = 1.0, 0.0, 1.0, 0.0
    while term_high > ENOUGH * high:
        if up:
            ratio_high, ratio_low = double.ratio(float(q - b), float(b + 1) * float(k - 1))
            b += 1
        else:
            ratio_high, ratio_low = double.ratio(float(b) * float(k - 1), float(q - b + 1))
            b -= 1
        term_high, term_low = double.multiply(term_high, term_low, ratio_high, ratio_low)
        high, low = double.add(high, low, term_high, term_low)
    return high, low


@jit.shared
def measure(table, q, k, b, tail):
    """(log10, value) of P(B = b) or P(B >= b)."""
    if k == 1:  # one unit: all codes are the same
        return (0.0, 1.0) if tail or b == q else (-np.inf, 0.0)
    if not tail:
        return written(term(table, q, k, b), False)
    if b <= 0:
        return 0.0, 1.0
    up = b * k > q
    edge = b if up else b - 1
    high, low = outward(q, k, edge, up)
    return written(product_of(term(table, q, k, edge), double.normal(high, low, 0)), not up)


@jit.kernel
def _measures(table, q, k, b, tail):
    log10, value = np.empty(len(q)), np.empty(len(q))
    for i in range(len(q)):
        log10[i], value[i] = measure(table, q[i], k[i], b[i], tail)
    return log10, value
