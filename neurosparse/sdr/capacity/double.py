"""Double-double arithmetic with an exponent: numbers of 106 bits that neither overflow nor underflow.

    x = (high + low) * 2**exponent,   |low| <= ulp(high) / 2,   0.5 <= |high| < 1 once `normal`

Sums and products of two doubles are split without error into a double and its rounding error; an operation on pairs
errs by about 2**-104, so a million of them leave twice the digits of a double. Works on scalars in Python and in
compiled code, and (what needs no exponent) on arrays.

Source: Dekker 1971, "A floating-point technique for extending the available precision", Numerische Mathematik 18
(product); Knuth, TAOCP vol. 2, 4.2.2 (sum).
"""

import math

from neurosparse import jit

LN10 = math.log(10.0)
SPLIT = 134217729.0  # 2**27 + 1: halves of 26 bits, whose products are exact
LOG10_2_HIGH = 0.3010299955494702  # log10(2) cut to 31 bits: exact times an exponent below 2**22
LOG10_2_LOW = 1.1451100898021838e-10


@jit.shared
def two_sum(a, b):
    """(sum, error) with sum + error = a + b exactly."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


@jit.shared
def two_product(a, b):
    """(product, error) with product + error = a * b exactly, |a|, |b| < 1e300."""
    product = a * b
    big = SPLIT * a
    a_high = big - (big - a)
    big = SPLIT * b
    b_high = big - (big - b)
    a_low, b_low = a - a_high, b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


@jit.shared
def scale(high, low, by):
    """(high, low) times a double."""
    product, error = two_product(high, by)
    error = error + low * by
    total = product + error
    return total, error - (total - product)


@jit.shared
def add(a_high, a_low, b_high, b_low):
    """Sum of two pairs."""
    total, error = two_sum(a_high, b_high)
    error = error + (a_low + b_low)
    high = total + error
    return high, error - (high - total)


@jit.shared
def multiply(a_high, a_low, b_high, b_low):
    """Product of two pairs."""
    product, error = two_product(a_high, b_high)
    error = error + (a_high * b_low + a_low * b_high)
    high = product + error
    return high, error - (high - product)


@jit.shared
def divide(a_high, a_low, b_high, b_low):
    """Ratio of two pairs."""
    first = a_high / b_high
    back_high, back_low = scale(b_high, b_low, first)
    rest_high, rest_low = add(a_high, a_low, -back_high, -back_low)
    second = (rest_high + rest_low) / b_high
    high = first + second
    return high, second - (high - first)


@jit.shared
def ratio(a, b):
    """a / b of two doubles as a pair."""
    first = a / b
    product, error = two_product(first, b)
    second = ((a - product) - error) / b
    high = first + second
    return high, second - (high - first)


@jit.shared
def normal(high, low, exponent):
    """The same number with 0.5 <= high < 1 (zero stays)."""
    high, low = two_sum(high, low)
    mantissa, shift = math.frexp(high)
    return mantissa, math.ldexp(low, -shift), exponent + shift


@jit.shared
def log10(high, low, exponent):
    """log10 of a normal number > 0."""
    return (math.log10(high) + low / high / LN10 + exponent * LOG10_2_LOW) + exponent * LOG10_2_HIGH


@jit.shared
def value(high, low, exponent):
    """The nearest double, 0 or inf where there is none."""
    if exponent > 1024:
        return math.inf
    return math.ldexp(high, int(exponent)) if exponent > -1100 else 0.0
