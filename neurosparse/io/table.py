"""Aligned plain tables: numbers to the right with one number of decimals in a column, text to the left."""

import shutil
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_DIGITS = 4


def rows(records: Sequence[Mapping[str, Any]], units: Mapping[str, str] | None = None) -> str:
    """The records as a table; a missing value is blank, `units` are added to the header. No records: ''."""
    if not records:
        return ""
    names = list(dict.fromkeys(key for record in records for key in record))
    heads = [f"{name} ({unit})" if (unit := (units or {}).get(name)) else name for name in names]
    columns = [[record.get(name, "") for record in records] for name in names]
    texts = [[head, *column(values)] for head, values in zip(heads, columns)]
    widths = [max(map(len, lines)) for lines in texts]
    right = [any(_is_number(value) for value in values) for values in columns]
    lines = [_line(cells, widths, right) for cells in zip(*texts)]
    return "\n".join([*lines[:1], "  ".join("-" * width for width in widths), *lines[1:]])


def pairs(items: Sequence[tuple[str, str]], width: int | None = None) -> str:
    """Name and text in two columns; long texts are wrapped to `width` (the terminal's)."""
    width = width or shutil.get_terminal_size((100, 24)).columns
    indent = max((len(name) for name, _ in items), default=0) + 3
    return "\n".join(
        textwrap.fill(
            text,
            max(width, indent + 30),
            initial_indent=name.ljust(indent),
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        or name
        for name, text in items
    )


def column(values: Sequence[Any]) -> list[str]:
    """Texts of one column: floats share their number of decimals if four digits of each fit so."""
    short = [number(value) for value in values]
    floats = [text for value, text in zip(values, short) if _is_float(value)]
    if any(mark in text for text in floats for mark in ("e", "n")):  # 1e-05, nan, inf
        return short
    decimals = max((len(text.partition(".")[2]) for text in floats), default=0)
    return [f"{value:.{decimals}f}" if _is_float(value) else text for value, text in zip(values, short)]


def number(value: Any) -> str:
    """A value in few characters: four digits of a float, all digits of a whole number."""
    if _is_float(value):
        return f"{value:.0f}" if 10**_DIGITS <= abs(value) < 1e9 else f"{value:.{_DIGITS}g}"
    return str(value)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    aligned = [cell.rjust(width) if r else cell.ljust(width) for cell, width, r in zip(cells, widths, right)]
    return "  ".join(aligned).rstrip()


def _is_float(value: Any) -> bool:
    return isinstance(value, float | np.floating)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | np.integer | float | np.floating) and not isinstance(value, bool | np.bool_)
