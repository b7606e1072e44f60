"""Errors of dendritic segments: figures 4 to 7 of the theory, as laws, as trials, and beside the published values.

For each panel the laws of `neurosparse.sdr.capacity` are worked out, held against whole numbers (`exact`), against
Monte-Carlo trials of our own (dots, with intervals that hold with the confidence given; tilted draws reach any rarity)
and against the published values. The table says for each figure what was compared, how far it was off at worst, what is
allowed, and whether it passed. Panels and errata: `models/sdr_theory.py`.
"""

from typing import Any, Literal

import numpy as np
from pydantic import Field
from scipy.stats import beta

from models import sdr_theory as paper
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import capacity
from neurosparse.sdr.capacity import Plan

ANALYTIC = 1e-12  # relative


class Config(config.Config):
    """How our own trials are drawn."""

    trials: int = Field(default=100_000, ge=100, le=1_000_000_000, description="of each dot")
    method: Literal["tilted", "plain"] = Field(default="tilted", description="plain: hits are counted, as published")
    confidence: float = Field(default=0.999, gt=0.5, lt=1, description="of the intervals")
    every: int = Field(default=2, ge=1, le=20, description="dots at every so manyth point of a line")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of the trials")


def tiny() -> Config:
    """1,000 trials at a few points."""
    return Config(trials=1000, every=9)


def run(config: Config, threads: int = 1) -> Result:
    """Arrays <panel>_x, _label, _log10 (lines), _dots, _low, _high (ours), _published; one row for each check."""
    arrays: dict[str, np.ndarray] = {}
    rows: list[dict] = []
    for panel in track((fig4a, fig4b, fig5a, fig5b, fig6, fig7a, fig7b), "panels"):
        made, checks = panel(config, threads)
        name = panel.__name__
        arrays |= {f"{name}_{key}": value for key, value in made.items()}
        rows += [{"figure": name[3:].upper()} | check for check in checks]
    passed = sum(row["passed"] for row in rows)
    return Result(arrays, {"checks": float(len(rows)), "passed": float(passed)}, rows, {})


def fig4a(config: Config, threads: int) -> tuple[dict, list[dict]]:
    """False positives against n; the dashed line has half the cells active."""
    n, active = np.array(paper.FIG4A_N), np.array([*paper.ACTIVE, 0])[:, None]
    a = np.where(active > 0, active, n // 2)
    made = _positives(n, a, paper.S, paper.THETA, config, threads)
    made |= {"x": n, "label": _labels("a = {}", paper.ACTIVE, "a = n / 2"),
             "published": _filled(paper.DOTS_4A.values(), len(n), 4)}  # fmt: skip
    far = (np.append(paper.ACTIVE, 0)[:, None] == paper.FAR_4A[0]) & (n == paper.FAR_4A[1])
    kept = made | {"published": np.where(far, np.nan, made["published"])}
    return made, [*_checks(made), _within(kept, paper.TRIALS_4A, config.confidence)]


def fig4b(config: Config, threads: int) -> tuple[dict, list[dict]]:
    """False negatives against noise."""
    (a, s), theta, v = paper.FIG4B, np.array(paper.FIG4B_THETAS)[:, None], np.array(paper.FIG4B_V)
    lines = [capacity.false_negative(a, s, v, theta, method=method) for method in ("log", "exact")]
    dots = _dots(
        lambda plan, v, theta: capacity.verify_false_negative(a, s, v, theta, plan), (v, theta), config, threads
    )
    published = _filled(paper.DOTS_4B.values(), len(v), 3, last=True)
    made = {"x": v / a, "label": _labels("theta = {}", paper.FIG4B_THETAS), "log10": lines[0].log10,
            "exact": lines[1].log10, "published": published} | dots  # fmt: skip
    return made, [*_checks(made), _within(made, paper.TRIALS_4B, config.confidence)]


def fig5a(config: Config, threads: int) -> tuple[dict, list[dict]]:
    """As 4A to larger n; half the cells active, and a quarter, which is the published dashed line."""
    n, active = np.array(paper.FIG5A_N), np.array([*paper.ACTIVE, 0, 1])[:, None]
    a = np.where(active > 1, active, np.where(active > 0, n // 4, n // 2))
    made = _positives(n, a, paper.S, paper.THETA, config, threads)
    published = np.full(made["log10"].shape, np.nan)
    published[4, 0] = paper.DASHED_5A[300]
    made |= {"x": n, "label": _labels("a = {}", paper.ACTIVE, "a = n / 2", "a = n / 4"), "published": published}
    ours = {n: capacity.false_positive(n, n // 4, paper.S, paper.THETA).value for n in paper.DASHED_5A}
    return made, [*_checks(made), _stated("published dashed line = n / 4", ours, paper.DASHED_5A, 1e-5)]


def fig5b(config: Config, threads: int) -> tuple[dict, list[dict]]:
    """False positives against s, with theta = s / 2."""
    s, (a, n) = np.array(paper.FIG5B_S), np.array(paper.FIG5B_AN).T[:, :, None]
    made = _positives(n, a, s, s // 2, config, threads)
    published = np.array([[paper.STATED_5B[pair].get(k, np.nan) for k in paper.FIG5B_S] for pair in paper.FIG5B_AN])
    made |= {"x": s, "label": np.array([f"a = {a}, n = {n}" for a, n in paper.FIG5B_AN]), "published": published}
    return made, [*_checks(made), _near(made, 5e-4)]


def fig6(config: Config, threads: int) -> tuple[dict, list[dict]]:
    """Median false positives of a grid of n, a / n and s against theta: the published numbers' grid, the caption's."""
    theta = np.array(paper.FIG6_THETAS)
    values = [_grid(grid, theta) for grid in (paper.FIG6_GRID, paper.FIG6_CAPTION)]
    median = np.array([np.median(value, axis=0) for value in values])
    published = np.array([paper.MEDIANS_6, np.full(len(theta), np.nan)])
    made = {"x": theta, "label": np.array(["n = 1,000 to 17,000 (plotted)", "n = 10,000 to 200,000 (caption)"]),
            "log10": np.log10(median), "published": published,
            "low": _log10([np.quantile(v, 0.25, axis=0) for v in values]),
            "high": _log10([np.quantile(v, 0.75, axis=0) for v in values])}  # fmt: skip
    exact = np.log10(np.median(_grid(paper.FIG6_GRID, theta, "exact"), axis=0))
    return made, [_row("law against whole numbers", np.abs(made["log10"][0] - exact) * np.log(10), ANALYTIC),
                  _near(made, 4e-4)]  # fmt: skip


def fig7a(config: Config, threads: int) -> tuple[dict, list[dict]]:
    """Mean size of a union of m patterns."""
    n, sizes = paper.FIG7A
    m, s = np.array(paper.FIG7_M), np.array(sizes)[:, None]
    mean = np.array(capacity.union_size_mean(n, s, m))
    exact = n * (1 - (1 - s / n).astype(object) ** m).astype(float)
    published = np.array([[paper.STATED_7A[k].get(i, np.nan) for i in paper.FIG7_M] for k in sizes])
    made = {"x": m, "label": _labels("s = {}", sizes), "mean": mean, "published": published}
    return made, [_row("law against products", np.abs(mean / exact - 1), ANALYTIC),
                  _row("published values", np.abs(mean / published - 1), 1e-5)]  # fmt: skip


def fig7b(config: Config, threads: int) -> tuple[dict, list[dict]]:
    """False positives of a union: the papers' way (mean size) and the law itself."""
    a, s, theta = paper.FIG7B
    m, n = np.array(paper.FIG7_M), np.array(paper.FIG7B_N)[:, None]
    law, plugin = (capacity.union_false_positive(n, a, s, m, theta, method=how).log10 for how in ("markov", "plugin"))
    exact = [[capacity.union_false_positive(size, a, s, k, theta, method="exact").log10 for k in paper.FIG7_M]
             for size in paper.FIG7B_N]  # fmt: skip
    published = np.array([[paper.STATED_7B[k].get(i, np.nan) for i in paper.FIG7_M] for k in paper.FIG7B_N])
    verify = capacity.verify_union_false_positive
    dots = _dots(lambda plan, n, m: verify(n, a, s, m, theta, plan), (n, m), config, threads)
    made = {"x": m, "label": _labels("n = {:,}", paper.FIG7B_N), "log10": law, "exact": np.array(exact),
            "plugin": plugin, "published": published} | dots  # fmt: skip
    error = np.abs(10.0**plugin / published - 1)
    return made, [*_checks(made), _row("published values, by the mean size", error, 1e-5)]


def _grid(sizes: tuple[int, ...], theta: np.ndarray, method: str = "log") -> np.ndarray:
    """(points, thetas) of figure 6; 0 where theta is more than a segment has."""
    n, share, s, theta = np.meshgrid(sizes, paper.FIG6_SHARES, paper.FIG6_S, theta, indexing="ij")
    fits, a = theta <= s, np.rint(share * n).astype(np.int64)
    found = capacity.false_positive(n, a, s, np.where(fits, theta, 0), method=method).value
    return np.where(fits, found, 0.0).reshape(-1, n.shape[-1])


def _positives(n, a, s, theta, config: Config, threads: int) -> dict:
    """Lines (log10), the same from whole numbers, and dots of false positives."""
    made = {method: capacity.false_positive(n, a, s, theta, method=method).log10 for method in ("log", "exact")}
    dots = _dots(lambda plan, *at: capacity.verify_false_positive(*at, plan), (n, a, s, theta), config, threads)
    return {"log10": made["log"], "exact": made["exact"]} | dots


def _dots(verify, axes: tuple, config: Config, threads: int) -> dict[str, np.ndarray]:
    """Our trials at every so manyth point; nan elsewhere."""
    whole = np.broadcast_arrays(*axes)
    found = np.full((3, *whole[0].shape), np.nan)
    for index in np.ndindex(*whole[0].shape):
        if index[-1] % config.every == 0:
            plan = Plan(config.trials, config.method, config.seed, threads, config.confidence)
            got = verify(plan, *(int(axis[index]) for axis in whole))
            found[(slice(None), *index)] = got.log10, got.log10_low, got.log10_high
    return {"dots": found[0], "low": found[1], "high": found[2]}


def _checks(made: dict) -> list[dict]:
    """The lines against whole numbers and against our trials."""
    finite = np.isfinite(made["exact"])
    worst = np.abs(made["log10"][finite] - made["exact"][finite]) * np.log(10)
    there = np.isfinite(made["high"])
    slack = 1e-9  # where all trials agree the interval has no width
    out = (made["log10"] < made["low"] - slack) | (made["log10"] > made["high"] + slack)
    return [_row("law against whole numbers", worst, ANALYTIC), _row("our trials", out[there].astype(float), 0.0)]


def _within(made: dict, trials: int, confidence: float) -> dict:
    """The law within the intervals (Clopper & Pearson) of the published dots."""
    hits = np.rint(made["published"] * trials)
    tail = (1.0 - confidence) / 2.0
    with np.errstate(invalid="ignore"):
        low = np.where(hits > 0, beta.ppf(tail, hits, trials - hits + 1), 0.0)
        high = np.where(hits < trials, beta.ppf(1.0 - tail, hits + 1, trials - hits), 1.0)
    step = 0.5 * 10.0 ** (np.floor(np.log10(made["published"])) - 5)  # six digits are published
    p, there = 10.0 ** made["log10"], np.isfinite(made["published"])
    out = (p < low - step) | (p > high + step)
    return _row("published dots", out[there].astype(float), 0.0)


def _near(made: dict, allowed: float) -> dict:
    """The lines within the digits of the published values."""
    return _row("published values", np.abs(10.0 ** made["log10"] / made["published"] - 1), allowed)


def _stated(name: str, ours: dict, theirs: dict, allowed: float) -> dict:
    return _row(name, np.array([abs(ours[key] / theirs[key] - 1) for key in theirs]), allowed)


def _row(name: str, errors: np.ndarray, allowed: float) -> dict[str, Any]:
    """errors: relative ones, or for what lies in an interval or not, 1 where it does not; nan where there is none."""
    errors = np.asarray(errors)[np.isfinite(errors)]
    worst = float(errors.max())
    return {"check": name, "points": errors.size, "worst": worst, "allowed": allowed, "passed": bool(worst <= allowed)}


def _log10(values) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log10(values)


def _labels(form: str, values, *more: str) -> np.ndarray:
    return np.array([*(form.format(value) for value in values), *more])


def _filled(rows, width: int, height: int, last: bool = False) -> np.ndarray:
    """(height, width) with each row at its beginning, or its end, nan elsewhere."""
    out = np.full((height, width), np.nan)
    for k, row in enumerate(rows):
        out[k, width - len(row) if last else 0 : width if last else len(row)] = row
    return out
