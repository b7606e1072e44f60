"""Error rates printed for sparse patterns, beside the laws and beside whole numbers: two tables, entry by entry.

For each archived value: the formula that it was worked out by (`formula`), the law of `neurosparse.sdr.capacity`
(`ours`), the same from whole numbers (`exact`), and how far the archived value is off the truth, log10. A row passes
where the formula gives the archived digits and our law agrees with whole numbers. Errata have rows of their own: there
the formula is the mistake, and passing means that it was found. Values and causes: `models/sdr_tables.py`.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import Field
from scipy.stats import beta

from models import sdr_tables as paper
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import capacity

ANALYTIC = 1e-11  # relative, of the law against whole numbers
MOST_POWER = 1000  # of an exact fraction; the law with logarithms beyond
BUG = "C(n - w, .) in place of C(n - |X|, .)"


class Config(config.Config):
    """How strictly digits are compared."""

    digits: float = Field(default=5e-5, gt=0, le=0.1, description="relative; five digits are archived at least")
    confidence: float = Field(default=0.999, gt=0.5, lt=1, description="of the intervals of simulated values")
    largest: int = Field(default=65536, ge=1024, le=65536, description="cells, of the unions that are worked out")


def tiny() -> Config:
    """No unions over many cells."""
    return Config(largest=2048)


def run(config: Config, threads: int = 1) -> Result:
    """Arrays off (log10 archived / exact), table and case for each row; the rows are the tables."""
    rows: list[dict[str, Any]] = []
    for part in track((_matches, _codes, _populations, _simulated, _unions, _errata, _notebook, _synapses), "tables"):
        rows += part(config)
    arrays = {key: np.array([row[key] for row in rows]) for key in ("off", "passed", "table", "case")}
    passed = float(arrays["passed"].sum())
    worst = float(np.abs(arrays["off"]).max())
    return Result(arrays, {"entries": float(len(rows)), "passed": passed, "largest_error_log10": worst}, rows, {})


def _matches(config: Config) -> Iterator[dict]:
    """One pattern, whole or in part."""
    for table, entries in (("false match", paper.MATCHES), ("subsampling", paper.SUBSAMPLES)):
        for (n, a, s, theta), archived in entries.items():
            case = f"n={n} a={a} s={s} theta={theta}"
            yield _match(config, table, case, archived, (n, a, s, theta))


def _synapses(config: Config) -> Iterator[dict]:
    """Thousands of synapses: n as in the notebook, and as in print."""
    for n, entries in paper.SYNAPSES.items():
        for (s, theta), archived in entries.items():
            case = f"n={n} a={paper.SYNAPSES_A} s={s} theta={theta}"
            yield _match(config, "synapses", case, archived, (n, paper.SYNAPSES_A, s, theta))


def _codes(config: Config) -> Iterator[dict]:
    """How many patterns there are."""
    for w, archived in paper.CODES.items():
        ours = capacity.code_space(64, w)
        exact = np.log10(float(ours.fraction()))
        yield _row(config, "codes", f"n=64 w={w}", archived, ours.log10, ours.log10, exact, "C(n, w)")


def _populations(config: Config) -> Iterator[dict]:
    """m patterns, as a bound."""
    for (n, w, theta, m), archived in paper.POPULATIONS.items():
        p, ours, exact = _any(n, w, theta, m)
        bound = capacity.any_of(p, m, method="bound")
        yield _row(config, "m patterns", f"n={n} w={w} theta={theta} m={m}", archived, bound.log10, ours, exact, "m P")


def _simulated(config: Config) -> Iterator[dict]:
    """Their trials; what passes is the law in their interval."""
    tail, trials = (1 - config.confidence) / 2, paper.SIMULATED_TRIALS
    for (n, w, theta, m), archived in paper.SIMULATED.items():
        _, ours, exact = _any(n, w, theta, m)
        row = _row(config, "m patterns", f"n={n} w={w} theta={theta} m={m}, trials", archived, ours, ours, exact,
                   "simulated")  # fmt: skip
        hits = round(archived * trials)
        low, high = beta.ppf(tail, hits, trials - hits + 1), beta.ppf(1 - tail, hits + 1, trials - hits)
        yield row | {"passed": bool(low <= 10.0**ours <= high)}


def _unions(config: Config) -> Iterator[dict]:
    """Unions: all of w cells as if independent, theta of them by the mean size."""
    for (n, w, m), archived in paper.UNIONS_FULL.items():
        yield _union(config, n, w, m, w, archived, "bloom", "cells as if independent")
    for (n, w, m), entries in paper.UNIONS.items():
        for theta, archived in entries.items() if n <= config.largest else ():
            yield _union(config, n, w, m, theta, archived, "plugin", "mean size |X|")


def _errata(config: Config) -> Iterator[dict]:
    """The union column of the spreadsheet, and the sum that gives it."""
    for (n, w, m, theta), archived in paper.UNION_SHEET.items():
        if n > config.largest:
            continue
        size = round(capacity.union_size_mean(n, w, m))
        flawed = min(float(paper.flawed_union(n, w, size, theta)), 1.0)  # they set 2.03 to 1
        exact = capacity.union_false_positive(n, w, w, m, theta, method="exact").log10
        ours = capacity.union_false_positive(n, w, w, m, theta).log10
        yield _row(config, "erratum", _case(n, w, m, theta), archived, np.log10(flawed), ours, exact, BUG)


def _notebook(config: Config) -> Iterator[dict]:
    """The notebook's union: between the whole sizes next to the mean one."""
    n, w, m = 1024, 20, 20
    size = capacity.union_size_mean(n, w, m)
    for theta, archived in paper.UNION_NOTEBOOK.items():
        real = sum(_real(size, b) * _real(n - size, w - b) for b in range(theta, w + 1)) / _real(n, w)
        ours = capacity.union_false_positive(n, w, w, m, theta)
        exact = capacity.union_false_positive(n, w, w, m, theta, method="exact")
        yield _row(config, "notebook", _case(n, w, m, theta), archived, np.log10(real), ours.log10, exact.log10,
                   "|X| a real number")  # fmt: skip


def _match(config: Config, table: str, case: str, archived: float, at: tuple) -> dict:
    ours = capacity.false_positive(*at)
    return _row(config, table, case, archived, ours.log10, ours.log10,
                capacity.false_positive(*at, method="exact").log10, "law")  # fmt: skip


def _any(n: int, w: int, theta: int, m: int) -> tuple:
    """(P, ours, exact) of m patterns."""
    p = capacity.false_positive(n, w, w, theta)
    ours = capacity.any_of(p, m).log10
    return p, ours, capacity.any_of(p, m, method="exact").log10 if m <= MOST_POWER else ours


def _union(config: Config, n: int, w: int, m: int, theta: int, archived: float, method: str, how: str) -> dict:
    formula, ours, exact = (
        capacity.union_false_positive(n, w, w, m, theta, method=name).log10 for name in (method, "markov", "exact")
    )
    return _row(config, "union", _case(n, w, m, theta), archived, formula, ours, exact, how)


def _row(config: Config, table: str, case: str, archived, formula, ours, exact, how: str) -> dict[str, Any]:
    """formula, ours, exact: log10."""
    held = abs(float(ours - exact)) * np.log(10) <= ANALYTIC * max(1.0, abs(float(exact)))
    fits = abs(archived / 10.0 ** float(formula) - 1) <= config.digits
    return {"table": table, "case": case, "archived": float(archived), "formula": 10.0 ** float(formula),
            "ours": 10.0 ** float(ours), "exact": 10.0 ** float(exact), "off": float(np.log10(archived) - exact),
            "how": how, "passed": bool(held and fits)}  # fmt: skip


def _case(n: int, w: int, m: int, theta: int) -> str:
    return f"n={n} w={w} m={m} theta={theta}"


def _real(x: float, k: int) -> float:
    """C(x, k) for a real x: x (x - 1) ... (x - k + 1) / k!"""
    return float(np.prod((x - np.arange(k)) / np.arange(k, 0, -1)))
