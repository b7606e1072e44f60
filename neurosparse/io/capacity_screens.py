"""What `neurosparse capacity` prints: numbers, however small, as pairs, a table, or one JSON object."""

import math
import sys
from fractions import Fraction
from typing import Any

from neurosparse.io import strict_json, table
from neurosparse.io.capacity_answers import Answer, Number
from neurosparse.sdr.capacity import result
from neurosparse.sdr.capacity.result import LogNumber

DIGITS = 10  # of a single value
SHORT = 6  # of a value in a table
WIDE = 80  # characters of a fraction in a table


def text(answer: Answer) -> str:
    """One row as names and numbers, more as a table with the arguments that vary."""
    if len(answer.rows) == 1:
        return table.pairs(_pairs(answer), width=1_000_000_000)
    names = [*answer.varied, *answer.results]
    columns: dict[str, list] = {}
    for name in names:
        values = [row[name] for row in answer.rows]
        columns.update(_columns(name, values) if name in answer.results else {name: _typed(values)})
    return table.rows([dict(zip(columns, row)) for row in zip(*columns.values())])


def json(answer: Answer, plot: str | None = None) -> str:
    """One object: function, rows (arguments, then each result with its log10 and, if asked for, fraction), plot."""
    rows = [{k: v for name, cell in row.items() for k, v in _plain(name, cell).items()} for row in answer.rows]
    named = {"function": answer.command.function.partition(".")[2], "rows": rows}
    return strict_json.dumps(named | ({"plot": plot} if plot else {}), tagged=False)


def written(number: Number, digits: int) -> str:
    """A number in scientific notation with `digits` digits, fewer where its logarithm holds no more."""
    if number.value == 0 or number.log10 == -math.inf:
        return "0"
    if not math.isnan(number.value):
        return f"{number.value:.{digits - 1}e}"
    mantissa, power = result.digits(number.log10, digits)
    return f"{mantissa}e{power:+03d}"


def whole(fraction: Fraction) -> str:
    """p/q, or p, in all their digits."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return str(fraction)
    finally:
        sys.set_int_max_str_digits(limit)


def _pairs(answer: Answer) -> list[tuple[str, str]]:
    (row,) = answer.rows
    lines = []
    for name in answer.results:
        cell = row[name]
        lines.append((name, _single(cell)))
        if name == "value" and isinstance(cell, Number):
            lines += _beside(cell)
    return lines


def _beside(cell: Number) -> list[tuple[str, str]]:
    lines = [("log10", f"{cell.log10:.13g}")]
    if -math.inf < cell.log10 < math.log10(0.5):
        lines.append(("one in", _single(Number(1 / cell.value if cell.value > 1e-300 else math.nan, -cell.log10), 4)))
    if cell.fraction is not None:
        lines.append(("exact", whole(cell.fraction)))
    return lines


def _single(cell: Any, digits: int = DIGITS) -> str:
    if isinstance(cell, Number):
        plain = 1e-3 <= cell.value < 10**digits
        return f"{cell.value:.{digits}g}" if plain else written(cell, digits)
    return f"{cell + 0.0:.{digits}g}" if isinstance(cell, float) else str(cell)


def _typed(values: list) -> list:
    """An argument as short as it was typed."""
    return [f"{value:g}" if isinstance(value, float | LogNumber) else value for value in values]


def _columns(name: str, cells: list) -> dict[str, list]:
    """The texts of a column, of one width; for a Number also its log10 and its fraction."""
    if isinstance(cells[0], float):
        cells = [cell + 0.0 for cell in cells]
        return {name: _fixed(cells) or [f"{cell:.{SHORT - 1}e}" for cell in cells]}
    if not isinstance(cells[0], Number):
        return {name: cells}
    columns = {name: _fixed([cell.value for cell in cells]) or [written(cell, SHORT) for cell in cells]}
    if name == "value":
        columns["log10"] = _right([f"{cell.log10:.{SHORT + 2}g}" for cell in cells])
    if cells[0].fraction is not None:
        columns["exact" if name == "value" else f"exact {name}"] = [_cut(whole(cell.fraction)) for cell in cells]  # type: ignore[arg-type]
    return columns


def _fixed(values: list[float]) -> list[str]:
    """Without exponents, where all can be; else nothing."""
    plain = all(value == 0 or 1e-3 <= abs(value) < 1e6 for value in values)
    return _right([f"{value:.{SHORT}f}" for value in values]) if plain else []


def _cut(fraction: str) -> str:
    if len(fraction) <= WIDE:
        return fraction
    return f"{fraction[:16]}...{fraction[-16:]} ({len(fraction)} characters)"


def _right(texts: list[str]) -> list[str]:
    width = max(map(len, texts))
    return [one.rjust(width) for one in texts]


def _plain(name: str, cell: Any) -> dict[str, Any]:
    if isinstance(cell, LogNumber):  # an argument that no float holds
        cell = Number(cell.value, cell.log10)
    if not isinstance(cell, Number):
        return {name: cell + 0.0 if isinstance(cell, float) else cell}
    suffix = "" if name == "value" else f"_{name}"
    parts = {name: cell.value, f"log10{suffix}": cell.log10}
    return parts | ({} if cell.fraction is None else {f"fraction{suffix}": whole(cell.fraction)})
