"""Argument checks, one message style: owner, need, got, remedy.

    check.positive("lif.params", "tau_mem", -3.0, "ms")
    ValueError: lif.params: tau_mem must be > 0 ms, got -3.0

The number checks take scalars and arrays, refuse NaN, and return their value.
"""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NoReturn

import numpy as np


def fail(owner: str, need: str, got: object, remedy: str = "", error: type[Exception] = ValueError) -> NoReturn:
    """Raise `error` with the house's message; `got` is shown by its repr, cut to 80 characters.

    The error is marked as a mistake that its user can mend, so that the command line shows it without a traceback.
    """
    shown = repr(got)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    problem: Any = error(f"{owner}: {need}, got {shown}" + (f"; {remedy}" if remedy else ""))
    problem.user_mistake = True
    raise problem


def number(owner: str, name: str, value, unit: str = "", remedy: str = ""):
    """`value` is a finite real number or an array of them."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or not np.all(np.isfinite(array)):
        fail(owner, f"{name} must be a finite number{_in(unit)}", value, remedy)
    return value


def positive(owner: str, name: str, value, unit: str = "", remedy: str = ""):
    """Every element of `value` is finite and > 0."""
    if not np.all(np.asarray(number(owner, name, value, unit, remedy)) > 0):
        fail(owner, f"{name} must be > 0{_unit(unit)}", value, remedy)
    return value


def at_least(owner: str, name: str, value, low: float, unit: str = "", remedy: str = ""):
    """Every element of `value` is finite and >= `low`."""
    if not np.all(np.asarray(number(owner, name, value, unit, remedy)) >= low):
        fail(owner, f"{name} must be >= {low}{_unit(unit)}", value, remedy)
    return value


def between(owner: str, name: str, value, low: float, high: float, unit: str = "", remedy: str = ""):
    """Every element of `value` is finite and in [low, high]."""
    array = np.asarray(number(owner, name, value, unit, remedy))
    if not np.all((array >= low) & (array <= high)):
        fail(owner, f"{name} must be in [{low}, {high}]{_unit(unit)}", value, remedy)
    return value


def integer(owner: str, name: str, value, low: int = 0, high: int = 2**63 - 1, remedy: str = "") -> int:
    """`value` is one whole number in [low, high]; bool is refused."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        fail(owner, f"{name} must be a whole number", value, remedy, TypeError)
    if not low <= value <= high:
        fail(owner, f"{name} must be in [{low}, {high}]", value, remedy)
    return int(value)


def one_of(owner: str, name: str, value, choices: Iterable, error: type[Exception] = ValueError):
    """`value` is one of `choices`; the message names the nearest."""
    choices = list(choices)
    if value in choices:
        return value
    near = get_close_matches(str(value), [str(c) for c in choices], n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else ""
    fail(owner, f"{name} must be one of {', '.join(map(str, choices))}", value, hint, error)


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in(unit: str) -> str:
    return f" in {unit}" if unit else ""


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""
