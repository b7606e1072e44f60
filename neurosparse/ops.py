"""The vocabulary that a step may use: one definition runs on scalars in Numba, on NumPy arrays and on torch tensors.

A step holds arithmetic and these functions only, and no `if` on data. `spike(x)` is the Heaviside step, 1 where
x >= 0: exact everywhere, with a surrogate derivative on torch tensors. Tensor types are registered by the room that
imports their library (`neurosparse.tensor` for torch).

`exp` and `expm1` are our own in float64: arithmetic alone, so that compiled loops vectorise and all backends agree in
every bit.

    x = k ln 2 + r ,  |r| <= ln 2 / 2 :    expm1(r) by its series to r^13 ;    exp(x) = 2^k + 2^k expm1(r)

Relative error: exp below 1 ulp (0.5 for a perfect one), expm1 below 3 ulp, at any x; exp(x) is 0 below -708.
"""

import math
from types import SimpleNamespace

import numpy as np
from numba import types

from neurosparse.check import fail
from neurosparse.jit import overload, shared


def _spike(x):
    return np.where(x >= 0, 1.0, 0.0).astype(np.result_type(x))[()]


ROUND = 1.5 * 2.0**52  # adding it rounds to a whole number, which then stands in the low bits of the sum
PER_LN2 = 1.4426950408889634
LN2_HIGH = float.fromhex("0x1.62e42feep-1")  # 32 bits, so that k times it is exact
LN2_LOW = 1.9082149292705877e-10  # ln 2 = LN2_HIGH + LN2_LOW to 85 bits
LOWEST, HIGHEST = -708.0, 710.0
C = tuple(1.0 / math.factorial(n) for n in range(14))


@shared
def halved(x):
    """(t, r): x = k ln 2 + r with |r| <= ln 2 / 2; the low bits of t = k + ROUND hold k."""
    t = x * PER_LN2 + ROUND
    k = t - ROUND
    return t, (x - k * LN2_HIGH) - k * LN2_LOW


@shared
def series(r):
    """expm1(r) for |r| <= ln 2 / 2, in three short chains that a processor works on side by side."""
    r2 = r * r
    r4 = r2 * r2
    low = (C[2] + r * C[3]) + r2 * (C[4] + r * C[5])
    middle = (C[6] + r * C[7]) + r2 * (C[8] + r * C[9])
    high = (C[10] + r * C[11]) + r2 * (C[12] + r * C[13])
    return r + r2 * (low + r4 * (middle + r4 * high))


def _pieces(x):
    """(2^(k - 1), expm1(r)) of NumPy numbers; half the power, as 2^1024 is none."""
    t, r = halved(np.minimum(np.maximum(np.asarray(x, dtype=np.float64), LOWEST), HIGHEST))
    return np.asarray((np.asarray(t).view(np.int64) + 1022) << 52).view(np.float64), series(r)


def _kind(x):
    return np.result_type(x, np.float16) if isinstance(x, np.ndarray | np.generic) else np.float64


def _exp(x):
    half, rest = _pieces(x)
    return np.where(np.asarray(x) < LOWEST, 0.0, (half + half * rest) * 2.0).astype(_kind(x))[()]


def _expm1(x):
    half, rest = _pieces(x)
    return (((half - 0.5) + half * rest) * 2.0).astype(_kind(x))[()]


NUMPY = SimpleNamespace(
    where=np.where,
    spike=_spike,
    maximum=np.maximum,
    minimum=np.minimum,
    exp=_exp,
    expm1=_expm1,
    log=np.log,
    log1p=np.log1p,
    logaddexp=np.logaddexp,
    sqrt=np.sqrt,
    tanh=np.tanh,
    abs=np.abs,
)
_spaces = {"numpy": NUMPY, "builtins": NUMPY}


def register(library: str, namespace) -> None:
    """Serve the tensors of a library (by the top-level name of their type's module) with these functions."""
    _spaces[library] = namespace


def _space(*values):
    for value in values:
        library = type(value).__module__.partition(".")[0]
        if library not in ("builtins", "numpy"):
            if library not in _spaces:
                fail(
                    "ops",
                    "need floats, NumPy arrays or a registered tensor type",
                    type(value).__name__,
                    f"import neurosparse.tensor first, or ops.register({library!r}, ...)",
                    TypeError,
                )
            return _spaces[library]
    return NUMPY


def where(condition, a, b):
    """`a` where `condition` holds, else `b`."""
    if type(condition) is bool or type(condition) is np.bool_:
        return a if condition else b
    return _space(condition, a, b).where(condition, a, b)


def spike(x):
    """Heaviside step: 1 where x >= 0, else 0, in the type of x."""
    return _space(x).spike(x)


def maximum(a, b):
    """The larger of a and b."""
    return _space(a, b).maximum(a, b)


def minimum(a, b):
    """The smaller of a and b."""
    return _space(a, b).minimum(a, b)


def clip(x, low, high):
    """x held in [low, high]."""
    return minimum(maximum(x, low), high)


def exp(x):
    """e to the x; relative error below 1 ulp."""
    return _space(x).exp(x)


def expm1(x):
    """e to the x, minus one; relative error below 3 ulp, near zero too."""
    return _space(x).expm1(x)


def log(x):
    """Natural logarithm."""
    return _space(x).log(x)


def log1p(x):
    """Natural logarithm of one plus x, exact near zero."""
    return _space(x).log1p(x)


def logaddexp(a, b):
    """log(exp(a) + exp(b)) without overflow."""
    return _space(a, b).logaddexp(a, b)


def sqrt(x):
    """Square root."""
    return _space(x).sqrt(x)


def tanh(x):
    """Hyperbolic tangent."""
    return _space(x).tanh(x)


def power(x, exponent):
    """x to a scalar exponent; 1 for exponent 0."""
    return x**exponent


def absolute(x):
    """Magnitude."""
    return _space(x).abs(x)


@overload(where)
def _where(condition, a, b):
    return lambda condition, a, b: a if condition else b


@overload(spike)
def _spike_scalar(x):
    if x == types.float32:
        return lambda x: np.float32(1.0) if x >= 0 else np.float32(0.0)
    return lambda x: 1.0 if x >= 0 else 0.0


@overload(maximum)
def _maximum(a, b):
    return lambda a, b: a if a >= b else b


@overload(minimum)
def _minimum(a, b):
    return lambda a, b: a if a <= b else b


@overload(clip)
def _clip(x, low, high):
    return lambda x, low, high: low if x < low else (high if x > high else x)


@overload(logaddexp)
def _logaddexp(a, b):
    def log_sum(a, b):
        high = a if a >= b else b
        low = b if a >= b else a
        return high if low == -math.inf else high + math.log1p(math.exp(low - high))

    return log_sum


@overload(power)
def _power(x, exponent):
    def plain(x, exponent):  # the usual exponents are 0 and 1, and pow is dear
        if exponent == 0.0:
            return 1.0
        return x * 1.0 if exponent == 1.0 else x**exponent

    return plain


@overload(absolute)
def _absolute(x):
    return lambda x: abs(x)


@shared
def _half_power(t):
    """2^(k - 1) from the low bits of t."""
    return np.int64((np.float64(t).view(np.int64) + 1022) << 52).view(np.float64)


@overload(exp)
def _exp_scalar(x):
    kind = np.float32 if x == types.float32 else np.float64

    def of_one(x):
        t, r = halved(LOWEST if x < LOWEST else (HIGHEST if x > HIGHEST else np.float64(x)))
        half = _half_power(t)
        return kind(0.0 if x < LOWEST else (half + half * series(r)) * 2.0)

    return of_one


@overload(expm1)
def _expm1_scalar(x):
    kind = np.float32 if x == types.float32 else np.float64

    def of_one(x):
        t, r = halved(LOWEST if x < LOWEST else (HIGHEST if x > HIGHEST else np.float64(x)))
        half = _half_power(t)
        return kind(((half - 0.5) + half * series(r)) * 2.0)

    return of_one


def _of_math(name: str):
    """What `overload` needs for a function that Python's math has too."""
    plain = getattr(math, name)
    return lambda x: lambda x: plain(x)


for _function in (log, log1p, sqrt, tanh):
    overload(_function)(_of_math(_function.__name__))
