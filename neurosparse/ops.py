"""The vocabulary that a step may use: one definition runs on scalars in Numba, on NumPy arrays and on torch tensors.

A step holds arithmetic and these functions only, and no `if` on data. `spike(x)` is the Heaviside step, 1 where
x >= 0: exact everywhere, with a surrogate derivative on torch tensors. Tensor types are registered by the room that
imports their library (`neurosparse.tensor` for torch).
"""

import math
from types import SimpleNamespace

import numpy as np
from numba import types

from neurosparse.check import fail
from neurosparse.jit import overload


def _spike(x):
    return np.where(x >= 0, 1.0, 0.0).astype(np.result_type(x))[()]


NUMPY = SimpleNamespace(
    where=np.where,
    spike=_spike,
    maximum=np.maximum,
    minimum=np.minimum,
    exp=np.exp,
    expm1=np.expm1,
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
    """e to the x."""
    return _space(x).exp(x)


def expm1(x):
    """e to the x, minus one, exact near zero."""
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


@overload(absolute)
def _absolute(x):
    return lambda x: abs(x)


for _plain in (exp, expm1, log, log1p, sqrt, tanh):
    # One line of code for each would say the same thing six times.
    _of_math = getattr(math, _plain.__name__)
    overload(_plain)(lambda x, _of_math=_of_math: lambda x: _of_math(x))
