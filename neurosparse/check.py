"""Argument checks, one message style: owner, need, got, remedy.

    check.positive("lif.params", "tau_mem", -3.0, "ms")
    ValueError: lif.params: tau_mem must be > 0 ms, got -3.0

The number checks take scalars and arrays, refuse NaN, and return their value.
"""

import math
import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn

import numpy as np

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")  # of a container


def fail(owner: str, need: str, got: object, remedy: str = "", error: type[Exception] = ValueError) -> NoReturn:
    """Raise `error` with the house's message; `got` is shown by its repr, cut to 80 characters.

    The error is marked as a mistake that its user can mend, so that the command line shows it without a traceback.
    """
    shown = _repr(got)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    problem: Any = error(f"{owner}: {need}, got {shown}" + (f"; {remedy}" if remedy else ""))
    problem.user_mistake = True
    raise problem


def number(owner: str, name: str, value, unit: str = "", remedy: str = ""):
    """`value` is a finite real number or an array of them."""
    array = _array(value)
    if array is None or array.dtype.kind not in "iuf" or array.dtype.itemsize > 8 or not np.all(np.isfinite(array)):
        fail(owner, f"{name} must be a finite number{_in(unit)}", value, remedy)
    return value


def array(owner: str, name: str, value) -> np.ndarray:
    """`value` as an array of any type; refused are lists of unequal length, masked arrays and the like."""
    made = _array(value)
    if made is None or made.dtype.kind == "O":
        fail(owner, f"{name} must be an array", value, "its rows need one length")
    return made


def scalar(owner: str, name: str, value, unit: str = "", remedy: str = ""):
    """`value` is one finite real number, and no array of them."""
    if np.ndim(number(owner, name, value, unit, remedy)):
        fail(owner, f"{name} must be one number", np.shape(value), remedy)
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
    array = array.astype(np.float64) if array.dtype == np.float16 else array  # bounds may be larger than its numbers
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
    if any(isinstance(value, type(choice)) and value == choice for choice in choices):
        return value
    if not choices:
        fail(owner, f"{name} must be one that there is, and there are none", value, error=error)
    near = get_close_matches(_repr(value).strip("'")[:80], [str(c) for c in choices], n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else ""
    fail(owner, f"{name} must be one of {', '.join(map(str, choices))}", value, hint, error)


def pair(owner: str, what: str, spec, example: str) -> tuple[Any, Mapping]:
    """`spec` is a tuple of a model and a dict of its parameters."""
    if not isinstance(spec, tuple) or len(spec) != 2 or not isinstance(spec[1], Mapping):
        fail(owner, f"{what} is a pair (model, parameters)", spec, f"write {example}", TypeError)
    return spec


def fits(owner: str, what: str, size: float, remedy: str = "take a smaller one, or a larger machine") -> None:
    """Raise MemoryError if `size` bytes are more than the memory of this machine; called before they are taken."""
    there = memory()
    if there and size > there:
        fail(
            owner, f"{what} must fit in memory".lstrip(), f"{readable(size)} of {readable(there)}", remedy, MemoryError
        )


def readable(size: float) -> str:
    """1536 -> '1.5 KiB'."""
    power = min(int(math.log2(max(size, 1)) // 10), len(UNITS) - 1)
    return f"{size / 1024**power:.{1 if power else 0}f} {UNITS[power]}"


def memory() -> int:
    """Memory that this process may take, bytes: of the machine, or of its container; 0 where it can not be told."""
    try:
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0
    for limit in LIMITS:
        try:
            with open(limit, encoding="ascii") as file:
                there = min(there, int(file.read()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return there


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _array(value) -> np.ndarray | None:
    """`value` as an array; None for what is none: lists of unequal length, masked numbers, objects that refuse."""
    if isinstance(value, np.ma.MaskedArray):
        return None
    try:
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError):
        return None


def _repr(value: object) -> str:
    """`repr`, and for what has none (whole numbers of thousands of digits among them) the name of its type."""
    try:
        return repr(value)
    except Exception:
        return f"a {type(value).__name__}"


def _in(unit: str) -> str:
    return f" in {unit}" if unit else ""


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""
