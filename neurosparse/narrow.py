"""The float32 engine: a function whose float constants, and those of its helpers, are float32.

Numba takes every literal for a float64, which makes one of all that it touches, where NumPy and torch let a literal
take the type of the array beside it. So the engine compiles copies of the steps with their literals written in float32;
the answers are those of NumPy on float32 arrays.
"""

import types
from collections.abc import Callable
from typing import Any

import numpy as np

from neurosparse import reach
from neurosparse.jit import device, disabled


def narrow(function: Callable) -> Callable:
    """A copy of a plain function of scalars that computes in float32; with JIT its helpers become compiled copies."""
    return _copy(function, reach.helpers(function), {})


def _copy(function: Any, helpers: set, made: dict) -> types.FunctionType:
    code = function.__code__
    copy = types.FunctionType(
        code.replace(co_consts=tuple(_small(value) for value in code.co_consts)),
        function.__globals__.copy(),
        function.__name__,
        tuple(_small(value) for value in function.__defaults__ or ()) or None,
        function.__closure__,
    )
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    for name in code.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, types.ModuleType) and any(vars(value).get(at) in helpers for at in _names(code, value)):
            copy.__globals__[name] = _module(value, _names(code, value), helpers, made)
        elif name in function.__globals__:
            copy.__globals__[name] = _value(value, helpers, made)
    return copy


def _names(code: types.CodeType, module: types.ModuleType) -> list[str]:
    return [name for name in code.co_names if isinstance(vars(module).get(name), types.FunctionType)]


def _module(module: types.ModuleType, names: list[str], helpers: set, made: dict) -> types.ModuleType:
    copy = types.ModuleType(module.__name__)
    vars(copy).update(vars(module))
    vars(copy).update({name: _value(vars(module)[name], helpers, made) for name in names})
    return copy


def _value(value: Any, helpers: set, made: dict) -> Any:
    if isinstance(value, types.FunctionType) and value in helpers:
        if value not in made:
            made[value] = device(_copy(value, helpers, made))
        return made[value]
    return _small(value)


def _small(value: Any) -> Any:
    return np.float32(value) if type(value) is float else value


def number(value: float, precision: str) -> str:
    """A number in the loop's text."""
    return f"np.float32({value!r})" if precision == "float32" else repr(value)


def of(precision: str) -> Callable[[Callable], Callable]:
    """What makes a step a function of the loop."""
    return device if precision == "float64" or disabled() else lambda function: device(narrow(function))
