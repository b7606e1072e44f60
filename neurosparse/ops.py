"""The vocabulary that a step may use: one definition runs on scalars in Numba, on NumPy arrays and on torch tensors.

A step holds arithmetic and these functions only, and no `if` on data. `spike(x)` is the Heaviside step, 1 where
x >= 0: exact everywhere, with a surrogate derivative on torch tensors. Tensor types are registered by the room that
imports their library (`neurosparse.tensor` for torch).

In float64 `exp`, `expm1`, `log`, `sigmoid`, `softplus`, `logsumexp2` are our own (`elementary`): the same bits on all
backends.

`reset(z, to, v)` is v where z is 0 and `to` where it is 1; on tensors z to + (1 - z) v, so that a soft z mixes them.
"""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import types

from neurosparse import elementary
from neurosparse.check import fail
from neurosparse.elementary import (
    HIGHEST,
    LARGEST,
    LOWEST,
    SMALLEST,
    exponent,
    half_power,
    halved,
    log1p_series,
    log_series,
    series,
)
from neurosparse.jit import overload, shared


def _spike(x):
    return np.where(x >= 0, 1.0, 0.0).astype(np.result_type(x))[()]


INLINE: Any = {"forceinline": True}  # a call in a loop would end its vectorisation
NUMPY = SimpleNamespace(
    sigmoid=elementary.sigmoid,
    softplus=elementary.softplus,
    reset=lambda z, to, v: np.where(np.asarray(z) > 0, to, v)[()],
    where=np.where,
    spike=_spike,
    maximum=np.maximum,
    minimum=np.minimum,
    exp=elementary.exp,
    expm1=elementary.expm1,
    log=elementary.log,
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


def sigmoid(x):
    """1 / (1 + exp(-x)), without overflow."""
    return _space(x).sigmoid(x)


def softplus(x):
    """log(1 + exp(x)), without overflow."""
    return _space(x).softplus(x)


@shared(forceinline=True)
def logsumexp2(a, b, eps):
    """eps log(exp(a / eps) + exp(b / eps)): the maximum of a and b, softened over eps > 0. a and b are finite."""
    return maximum(a, b) + eps * softplus(-absolute(a - b) / eps)


def reset(z, to, v):
    """`to` where z is 1, v where z is 0."""
    return _space(z, to, v).reset(z, to, v)


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


@overload(exp, jit_options=INLINE)
def _exp_scalar(x):
    kind = np.float32 if x == types.float32 else np.float64

    def of_one(x):
        t, r = halved(LOWEST if x < LOWEST else (HIGHEST if x > HIGHEST else np.float64(x)))
        half = half_power(t)
        return kind(0.0 if x < LOWEST else (half + half * series(r)) * 2.0)

    return of_one


@overload(expm1, jit_options=INLINE)
def _expm1_scalar(x):
    kind = np.float32 if x == types.float32 else np.float64

    def of_one(x):
        t, r = halved(LOWEST if x < LOWEST else (HIGHEST if x > HIGHEST else np.float64(x)))
        half = half_power(t)
        return kind(((half - 0.5) + half * series(r)) * 2.0)

    return of_one


@overload(sigmoid, jit_options=INLINE)
def _sigmoid_scalar(x):
    kind = np.float32 if x == types.float32 else np.float64

    def of_one(x):
        e = exp(-abs(np.float64(x)))
        return kind(1.0 / (1.0 + e) if x >= 0 else e / (1.0 + e))

    return of_one


@overload(softplus, jit_options=INLINE)
def _softplus_scalar(x):
    kind = np.float32 if x == types.float32 else np.float64

    def of_one(x):
        return kind(max(np.float64(x), 0.0) + log1p_series(exp(-abs(np.float64(x)))))  # max: a branch is no vector

    return of_one


@overload(reset)
def _reset(z, to, v):
    return lambda z, to, v: to if z > 0 else v


def _of_math(name: str):
    """What `overload` needs for a function that Python's math has too."""
    plain = getattr(math, name)
    return lambda x: lambda x: plain(x)


@overload(log, jit_options=INLINE)
def _log_scalar(x):
    kind = np.float32 if x == types.float32 else np.float64

    def of_one(x):
        if not SMALLEST <= x <= LARGEST:
            return kind(math.log(x))
        k, m = exponent(x)
        return kind(log_series(k, m))

    return of_one


for _function in (log1p, sqrt, tanh):
    overload(_function)(_of_math(_function.__name__))
