"""A command of the calculator carried out: from values of its arguments to rows of numbers.

    rows = evaluate(command, {"n": [2048], "a": [40], "s": [20], "theta": [8, 9, 10]}, ["log", "binomial"])

Arguments with several values are given to the function as arrays of all combinations, at once; the others as numbers,
so that its errors read as they were typed.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.io.capacity_commands import Command
from neurosparse.io.capacity_ranges import grid
from neurosparse.sdr.capacity.result import LogNumber, rounded


class Number(NamedTuple):
    """One element of a LogNumber."""

    value: float
    log10: float
    fraction: Fraction | None = None


class Answer(NamedTuple):
    """What a command found. rows: of arguments and results by their names, a result a Number, float, int or text."""

    command: Command
    given: dict[str, list]
    results: tuple[str, ...]
    rows: list[dict[str, Any]]

    @property
    def varied(self) -> list[str]:
        """Arguments of several values."""
        return [name for name, values in self.given.items() if len(values) > 1]


def function(command: Command) -> Callable:
    """What the command calls."""
    room, _, name = command.function.partition(".")
    home = "neurosparse.io.capacity_adapters" if room == "adapters" else f"neurosparse.sdr.capacity.{room}"
    return getattr(import_module(home), name)


def evaluate(command: Command, given: dict[str, list], methods: list[str] | None = None, exact: bool = False) -> Answer:
    """Every combination of the values, by every method. Raises what the function raises, and as `grid`."""
    owner = command.name
    for method in methods or []:
        check.one_of(owner, "--method", method, command.methods)
    if methods is None:
        methods = ["exact"] if exact and "exact" in command.methods else list(command.methods[:1])
    asked, rows = grid(owner, given), []
    absent = {one.name: None for one in command.arguments if one.name not in given}
    for method in methods or [None]:
        extra = {} if method is None else {"method": method}
        found = _found(command, given, asked, extra | absent, exact)
        rows += [{**row, **extra, **result} for row, result in zip(asked, found)]
    if len(methods) > 1:
        given = given | {"method": methods}
    results = tuple(name for name in rows[0] if name not in asked[0] and name != "method")
    return Answer(command, given, results, rows)


def _found(command: Command, given: dict[str, list], asked: list[dict], extra: dict, exact: bool) -> list[dict]:
    call = function(command)
    if "scalars" in command.flags or len(asked) == 1 or not all(map(_alike, given.values())):
        return [_row(command, call(**row, **extra), exact) for row in asked]
    columns = {n: np.array([row[n] for row in asked]) if len(v) > 1 else v[0] for n, v in given.items()}
    found = _named(call(**columns, **extra))
    listed = {name: _elements(command, value, len(asked), exact) for name, value in found.items()}
    return [dict(zip(listed, row)) for row in zip(*listed.values())]


def _alike(values: list) -> bool:
    """Whether they make an array: cells beside shares, or numbers that no float holds, do not."""
    return len(values) == 1 or (len(set(map(type, values))) == 1 and not isinstance(values[0], LogNumber))


def _row(command: Command, found: Any, exact: bool) -> dict:
    return {name: _elements(command, value, 1, exact)[0] for name, value in _named(found).items()}


def _named(found: Any) -> dict[str, Any]:
    """A result by the names of its parts; a single one is the value."""
    if isinstance(found, Mapping):
        return dict(found)
    return found._asdict() if hasattr(found, "_asdict") else {"value": found}


def _elements(command: Command, found: Any, count: int, exact: bool) -> list:
    """The elements of one result, of `count` rows."""
    if not isinstance(found, LogNumber):
        return [found] if isinstance(found, str) else np.broadcast_to(np.asarray(found), (count,)).tolist()
    if exact:
        _can_be_exact(command, found)
        fractions = np.broadcast_to(np.asarray(found.fraction(), dtype=object), (count,)).tolist()
        return [Number(*_twice(one), one) for one in fractions]
    value, log10 = (np.broadcast_to(np.asarray(part), (count,)).tolist() for part in (found.value, found.log10))
    return [Number(*both) for both in zip(value, log10)]


def _twice(fraction: Fraction) -> tuple[float, float]:
    log10, value = rounded(fraction)
    return value, log10


def _can_be_exact(command: Command, found: LogNumber) -> None:
    if found.exact is None:
        check.fail(command.name, "--exact must have a method that gives a fraction", found, "leave --method out")
