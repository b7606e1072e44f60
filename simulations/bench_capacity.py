"""Tails of the overlap law: ours beside SciPy's hypergeometric sf and logsf, in digits that are right and in time.

Digits: P(overlap >= theta) of SDRs from P near 1 to below 10^-2770, against exact sums of whole numbers; `error` is the
absolute error in ln P, so the relative error of P: what SciPy's floats lose there, and where `sf` is 0. Time: one call
for one number, and one call for many points (n, a, s, theta) at random, in microseconds a point. SciPy gets fewer
points, for its logsf loops in Python. Each repetition times every contestant once; ratios are taken within it.
"""

import time

import numpy as np
from pydantic import Field
from scipy.stats import hypergeom

from neurosparse import rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import capacity

US, SF, LOGSF = "neurosparse", "scipy sf", "scipy logsf"
LN10 = np.log(10.0)
SMALL = ((64, 12, 12, 8), (300, 64, 24, 12), (2048, 40, 40, 1), (2048, 40, 40, 10), (2048, 40, 40, 20),
         (10_000, 300, 30, 15), (16_384, 328, 328, 164))  # fmt: skip
LARGE = ((65_536, 1311, 1311, 20), (65_536, 1311, 1311, 100), (65_536, 1311, 1311, 300), (65_536, 1311, 1311, 656),
         (65_536, 1300, 1300, 1300), (1_000_000, 20_000, 20_000, 380), (1_000_000, 20_000, 20_000, 1000),
         (1_000_000, 20_000, 20_000, 2000))  # fmt: skip
ONE = ((2048, 40, 20, 10), (65_536, 1311, 1311, 100), (65_536, 1311, 1311, 656), (1_000_000, 20_000, 20_000, 2000))


class Config(config.Config):
    """How much is timed."""

    points: int = Field(default=1_000_000, ge=10, le=10_000_000, description="points of one call of ours")
    rival_points: int = Field(default=2000, ge=10, le=1_000_000, description="points of one call of SciPy's")
    largest_n: int = Field(default=65_536, ge=64, le=1_000_000, description="largest n of the points")
    large: bool = Field(default=True, description="n = 65,536 and a million too, for digits and single calls")
    repeats: int = Field(default=7, ge=1, le=100, description="timings, after one warm-up")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of the points")


def tiny() -> Config:
    """A hundred points, small sizes."""
    return Config(points=100, rival_points=10, largest_n=2048, large=False, repeats=2)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: digits for each case, then times. Metrics: the largest errors, microseconds. `threads` is not used."""
    cases = SMALL + LARGE * config.large
    digits = np.array([errors(case) for case in track(cases, "digits")])
    rows = [
        {"rival": name, "case": str(case), "log10": float(line[0]), "error": float(line[1 + k])}
        for case, line in zip(cases, digits)
        for k, name in enumerate((US, LOGSF, SF))
    ]
    timed = {f"one call {case}": calls([case], [case], config) for case in (ONE if config.large else ONE[:1])}
    timed["many points"] = calls(points(config, config.points), points(config, config.rival_points), config)
    rows += [row for what, seconds in timed.items() for row in _times(what, seconds)]
    metrics = {f"error_{name}": float(np.nanmax(digits[:, 1 + k])) for k, name in enumerate(("us", "logsf"))}
    metrics |= {
        "sf_underflows": float(np.isinf(digits[:, 3]).sum()),
        "us_one_call": 1e6 * float(np.median(timed[f"one call {ONE[0]}"][:, 0])),
        "us_a_point": 1e6 * float(np.median(timed["many points"][:, 0])),
    }
    if config.large:
        metrics["us_one_call_large"] = 1e6 * float(np.median(timed[f"one call {ONE[1]}"][:, 0]))
    arrays = {f"seconds {what}": seconds for what, seconds in timed.items()}
    arrays |= {"log10": digits[:, 0], "error": digits[:, 1:], "case": np.array(cases)}
    units = dict.fromkeys([key for key in arrays if key.startswith("seconds")], "s") | {"seconds": "s"}
    return Result(arrays, metrics, rows, units | {key: "us" for key in metrics if key.startswith("us_")})


def errors(case: tuple[int, ...]) -> tuple[float, ...]:
    """(log10 P, relative error of P: ours, logsf, sf); inf where sf is 0."""
    n, a, s, theta = case
    truth = capacity.false_positive(*case, method="exact")
    with np.errstate(all="ignore"):
        logsf = hypergeom.logsf(theta - 1, n, a, s) / LN10
        sf = np.log10(hypergeom.sf(theta - 1, n, a, s))
    found = (capacity.false_positive(*case).log10, float(logsf), float(sf))
    return (truth.log10, *(abs(one - truth.log10) * LN10 for one in found))


def points(config: Config, count: int) -> np.ndarray:
    """(count, 4): n log-uniform from 64 on, .2 to 5 % active, s up to a, theta up to s."""
    of = [rng.uniforms(rng.stream(config.seed, "points"), count, step) for step in range(4)]
    n = np.rint(64 * (config.largest_n / 64) ** of[0]).astype(np.int64)
    a = np.maximum(np.rint(n * (0.002 + 0.048 * of[1])), 1).astype(np.int64)
    s = np.maximum(np.rint(a * of[2]), 1).astype(np.int64)
    return np.stack([n, a, s, np.rint(s * of[3]).astype(np.int64)], axis=1)


def calls(ours, theirs, config: Config) -> np.ndarray:
    """(repeats, 3) seconds a point of us, sf and logsf, after one warm-up."""
    ours, theirs = np.array(ours).T, np.array(theirs).T

    def lap() -> list[float]:
        n, a, s, theta = theirs
        return [
            _seconds(lambda: capacity.false_positive(*ours)) / ours.shape[1],
            _seconds(lambda: hypergeom.sf(theta - 1, n, a, s)) / theirs.shape[1],
            _seconds(lambda: hypergeom.logsf(theta - 1, n, a, s)) / theirs.shape[1],
        ]

    with np.errstate(all="ignore"):
        return np.array([lap() for _ in range(config.repeats + 1)])[1:]


def _seconds(work) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _times(what: str, seconds: np.ndarray) -> list[dict]:
    rows = []
    for k, name in enumerate((US, SF, LOGSF)):
        q1, median, q3 = np.percentile(seconds[:, k] / seconds[:, 0], [25, 50, 75])
        ratios = {"ratio_median": float(median), "ratio_q1": float(q1), "ratio_q3": float(q3)}
        rows.append({"rival": name, "case": what, "seconds": float(np.median(seconds[:, k])), **ratios})
    return rows
