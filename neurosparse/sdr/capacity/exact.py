"""Exact probabilities: whole numbers only, so the ratio is the truth that the fast methods are held against.

    P(overlap >= b) = sum_{j=b}^{min(a,s)} t_j / C(n, a),   t_{j+1} = t_j (s-j) (a-j) / ((j+1) (n-s-a+j+1))

Every division leaves no rest. Cost: (number of terms) * (digits of C(n, a)); about .2 s at n = 1e6, a = s = 2e4, where
a term has 44,000 digits. What would take more than about a minute is refused.
"""

import math
from fractions import Fraction
from math import isqrt, lgamma, log, prod

import numpy as np

from neurosparse import check

LIMIT = 1e12  # operations on bits: about a minute
TERM = 5  # operations on each bit of a term: a product, a quotient and a sum
MANY = 4000  # C(n, k) of more factors is taken from its primes


def code_space(n: int, w: int) -> Fraction:
    """C(n, w)."""
    check_cost("exact", bits(n, w) ** 2 / 10)
    return Fraction(comb(n, w))


def pmf(n: int, a: int, s: int, b: int) -> Fraction:
    """P(overlap = b)."""
    if b > s or b > a or a - b > n - s:
        return Fraction(0)
    a, s = max(a, s), min(a, s)
    check_cost("exact", bits(n, s) ** 2 / 10)
    return Fraction(comb(a, b) * comb(n - a, s - b), comb(n, s))


def at_least(n: int, a: int, s: int, b: int) -> Fraction:
    """P(overlap >= b)."""
    a, s = max(a, s), min(a, s)
    least = max(0, a + s - n)
    if b <= least:
        return Fraction(1)
    if b > s:
        return Fraction(0)
    check_cost("exact", bits(n, s) ** 2 / 10 + TERM * bits(n, s) * (min(s - b, b - 1 - least) + 1))
    total = comb(n, s)
    if s - b < b - 1 - least:
        return Fraction(_sum(n, a, s, b, s), total)
    return 1 - Fraction(_sum(n, a, s, least, b - 1), total)


def cdf(n: int, a: int, s: int, b: int) -> Fraction:
    """P(overlap <= b)."""
    return 1 - at_least(n, a, s, b + 1)


def sf(n: int, a: int, s: int, b: int) -> Fraction:
    """P(overlap > b)."""
    return at_least(n, a, s, b + 1)


def comb(n: int, k: int) -> int:
    """C(n, k). Of many factors it is the product of its primes, each as often as Legendre's formula says."""
    k = min(k, n - k)
    if k < MANY:
        return math.comb(n, k) if k >= 0 else 0
    primes = _primes(n)
    times, power = np.zeros(len(primes), dtype=np.int64), primes.copy()
    while len(power):
        times[: len(power)] += n // power - k // power - (n - k) // power
        power = power[power <= n // primes[: len(power)]]
        power = power * primes[: len(power)]
    there = times > 0
    return _product([p**t for p, t in zip(primes[there].tolist(), times[there].tolist())])


def _product(factors: list[int]) -> int:
    """The product, of halves: long numbers times long ones."""
    if len(factors) < 32:
        return prod(factors)
    middle = len(factors) // 2
    return _product(factors[:middle]) * _product(factors[middle:])


def any_of(p: Fraction, m: int) -> Fraction:
    """1 - (1 - p)**m."""
    check_cost("exact", (m * p.denominator.bit_length()) ** 1.6)
    return 1 - (1 - p) ** m


def bits(n: int, k: int) -> float:
    """log2 C(n, k), roughly: how long numbers will get. Products cost about its power 1.6, divisions its square."""
    return max((lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)) / log(2), 1.0)


def check_cost(owner: str, steps: float) -> None:
    """Raise ValueError before hours are spent."""
    if steps > LIMIT:
        check.fail(owner, f"exact sums may take {LIMIT:.0e} steps", f"{float(steps):.1e}", "take .log10, which is fast")


def _primes(n: int) -> np.ndarray:
    """Primes up to n, by the sieve of Eratosthenes."""
    there = np.ones(n + 1, dtype=bool)
    there[:2] = False
    for p in range(2, isqrt(n) + 1):
        if there[p]:
            there[p * p :: p] = False
    return np.flatnonzero(there)


def _sum(n: int, a: int, s: int, first: int, last: int) -> int:
    """sum of C(a, j) C(n-a, s-j) over j = first ... last."""
    term = total = comb(a, first) * comb(n - a, s - first)
    for j in range(first, last):
        term = term * ((s - j) * (a - j)) // ((j + 1) * (n - s - a + j + 1))
        total += term
    return total
