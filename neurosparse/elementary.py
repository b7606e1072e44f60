"""Elementary functions by arithmetic alone, so that compiled loops vectorise and all backends agree in every bit.

    x = k ln 2 + r ,  |r| <= ln 2 / 2 :    expm1(r) by its series to r^13 ;    exp(x) = 2^k + 2^k expm1(r)
    0 <= y <= 1 ,  q = y / (2 + y) :       log1p(y) = 2 (q + q^3 / 3 + ... + q^33 / 33)
    x = 2^k m ,  |log m| <= ln 2 / 2 :     log(x) = k ln 2 + 2 (q + q^3 / 3 + ...) ,  q = (m - 1) / (m + 1)

In float64, with relative errors below 1 ulp for exp (0.5 for a perfect one), 2 for log, 3 for expm1, 4 for sigmoid and
softplus; exp(x) is 0 below -708. Those here take NumPy numbers; `ops` gives them to compiled code, `tensor` to torch.
"""

import math

import numpy as np

from neurosparse.jit import shared

ROUND = 1.5 * 2.0**52  # adding it rounds to a whole number, which then stands in the low bits of the sum
PER_LN2 = 1.4426950408889634
LN2_HIGH = float.fromhex("0x1.62e42feep-1")  # 32 bits, so that k times it is exact
LN2_LOW = 1.9082149292705877e-10  # ln 2 = LN2_HIGH + LN2_LOW to 85 bits
LOWEST, HIGHEST = -708.0, 710.0
C = tuple(1.0 / math.factorial(n) for n in range(14))


@shared(forceinline=True)
def halved(x):
    """(t, r): x = k ln 2 + r with |r| <= ln 2 / 2; the low bits of t = k + ROUND hold k."""
    t = x * PER_LN2 + ROUND
    k = t - ROUND
    return t, (x - k * LN2_HIGH) - k * LN2_LOW


@shared(forceinline=True)
def series(r):
    """expm1(r) for |r| <= ln 2 / 2, in three short chains that a processor works on side by side."""
    r2 = r * r
    r4 = r2 * r2
    low = (C[2] + r * C[3]) + r2 * (C[4] + r * C[5])
    middle = (C[6] + r * C[7]) + r2 * (C[8] + r * C[9])
    high = (C[10] + r * C[11]) + r2 * (C[12] + r * C[13])
    return r + r2 * (low + r4 * (middle + r4 * high))


ODD = tuple(1.0 / n for n in range(1, 35, 2))


@shared(forceinline=True)
def log1p_series(y):
    """log1p(y) for 0 <= y <= 1."""
    q = y / (2.0 + y)
    w = q * q
    w2 = w * w
    w4 = w2 * w2
    a = (ODD[0] + w * ODD[1]) + w2 * (ODD[2] + w * ODD[3])
    b = (ODD[4] + w * ODD[5]) + w2 * (ODD[6] + w * ODD[7])
    c = (ODD[8] + w * ODD[9]) + w2 * (ODD[10] + w * ODD[11])
    d = (ODD[12] + w * ODD[13]) + w2 * (ODD[14] + w * ODD[15])
    return 2.0 * q * (a + w4 * (b + w4 * (c + w4 * (d + w4 * ODD[16]))))


HALF_ROOT = 0x3FE6A09E667F3BCD  # the bits of sqrt(1 / 2)
SMALLEST, LARGEST = 2.0**-1022, 1.7976931348623157e308


@shared(forceinline=True)
def log_series(k, m):
    """k ln 2 + log(m) for |log m| <= ln 2 / 2; k a whole number as a float."""
    q = (m - 1.0) / (m + 1.0)
    w = q * q
    w2 = w * w
    w4 = w2 * w2
    a = (ODD[1] + w * ODD[2]) + w2 * (ODD[3] + w * ODD[4])
    b = (ODD[5] + w * ODD[6]) + w2 * (ODD[7] + w * ODD[8])
    rest = a + w4 * (b + w4 * (ODD[9] + w * ODD[10]))
    return k * LN2_HIGH + (2.0 * q + (k * LN2_LOW + 2.0 * q * (w * rest)))


def log(x):
    """Natural logarithm, in the type of x."""
    x = np.asarray(x, dtype=np.float64) if np.result_type(x).kind != "f" else np.asarray(x)
    wide = np.asarray(x, np.float64)
    normal = (wide >= SMALLEST) & (wide <= LARGEST)
    bits = np.asarray(np.where(normal, wide, 1.0)).view(np.int64)
    k = (bits - HALF_ROOT) >> 52
    out = log_series(k.astype(np.float64), np.asarray(bits - (k << 52)).view(np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(normal, out, np.log(wide)).astype(x.dtype)[()]


def pieces(x):
    """(2^(k - 1), expm1(r)) of NumPy numbers; half the power, as 2^1024 is none."""
    t, r = halved(np.minimum(np.maximum(np.asarray(x, dtype=np.float64), LOWEST), HIGHEST))
    return np.asarray((np.asarray(t).view(np.int64) + 1022) << 52).view(np.float64), series(r)


def kind_of(x):
    """Type of a function of x: that of a float array, else float64."""
    return np.result_type(x, np.float16) if isinstance(x, np.ndarray | np.generic) else np.float64


def exp(x):
    """e to the x."""
    half, rest = pieces(x)
    return np.where(np.asarray(x) < LOWEST, 0.0, (half + half * rest) * 2.0).astype(kind_of(x))[()]


def expm1(x):
    """e to the x, minus one."""
    half, rest = pieces(x)
    return (((half - 0.5) + half * rest) * 2.0).astype(kind_of(x))[()]


def sigmoid(x):
    """1 / (1 + e to the -x)."""
    wide = np.asarray(x, np.float64)
    e = exp(-np.abs(wide))
    return np.where(wide >= 0, 1.0 / (1.0 + e), e / (1.0 + e)).astype(kind_of(x))[()]


def softplus(x):
    """log(1 + e to the x)."""
    wide = np.asarray(x, np.float64)
    return np.asarray(np.maximum(wide, 0.0) + log1p_series(exp(-np.abs(wide)))).astype(kind_of(x))[()]


@shared(forceinline=True)
def half_power(t):
    """2^(k - 1) from the low bits of t."""
    return np.int64((np.float64(t).view(np.int64) + 1022) << 52).view(np.float64)


@shared(forceinline=True)
def exponent(x):
    """(k, m) with x = 2^k m and |log m| <= ln 2 / 2, for normal x > 0."""
    bits = np.float64(x).view(np.int64)
    k = (bits - HALF_ROOT) >> 52
    return np.float64(k), np.int64(bits - (k << 52)).view(np.float64)
