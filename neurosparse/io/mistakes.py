"""Tells a mistake that the user can mend (one message) from a defect (a traceback)."""

import re
from contextlib import suppress
from pathlib import Path

import neurosparse
from neurosparse import discover
from neurosparse.io.config import ConfigError
from neurosparse.io.results import ResultError

_HOUSE_STYLE = re.compile(r"[\w./-]+: \S.*, got ", re.DOTALL)  # check.fail: owner, need, got, remedy


def for_people(error: Exception) -> str | None:
    """The message of an error that the user can mend; None for a defect, whose traceback must be seen.

    To mend: what this package or a simulation raised in the style of `check`, and what the system refused (no
    such file, a full disk). A TypeError from inside NumPy, say, is a defect.
    """
    if isinstance(error, ConfigError | discover.DiscoverError | ResultError):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    meant = isinstance(error, ValueError | TypeError | OSError) and _HOUSE_STYLE.match(str(error))
    return str(error) if meant and _raised_by_us(error) else None


def _raised_by_us(error: Exception) -> bool:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = Path(trace.tb_frame.f_code.co_filename) if trace else Path()
    return any(place.is_relative_to(home) for home in _homes())


def _homes() -> list[Path]:
    homes = [Path(neurosparse.__file__).parent]
    with suppress(discover.DiscoverError):
        homes += [discover.project() / room for room in discover.ROOMS]
    return homes
