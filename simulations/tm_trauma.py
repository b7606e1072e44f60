"""Temporal memory that loses a share of its cells: how deep its accuracy falls, and whether it comes back.

The stream of `models/htm_stream.py` without a switch. A segment has 40 synapses and needs 15, so of the segments on
living cells 99.9, 96, 68 and 5 % still work where 40, 50, 60 and 75 % of the cells die (binomial law). What is lost is
learned anew by the cells that are left. Dead cells never fire nor win, and their segments and synapses go.

Accuracy is precision, so it falls by false predictions. Where 40 % died, 16 of 40 columns burst, so a segment with 40
living synapses often fires (15 do) in each sequence that has the letter before; one of the old, with 24, reaches 9.6
there. So it matters which segments grow anew: those of columns that burst (NuPIC 2015; ours), or those that predicted
rightly, too (later versions). For the fifth letter of elements 3700 to 3899 (seed 0) 36 columns are predicted, or 79.

Published: lowest values read off the picture of one run for each share, to about 0.01; the band is 0.03 around. With
40 % the picture shows 0.49; ours falls to 0.475 (median of 8 seeds, 0.43 to 0.48: `neurosparse run tm_trauma --set
"dead=[0.4]" --set n_seeds=8`), and to 0.44 with `--set network.grow_predicted=true`. With 20 % it does not fall.
Source: Hawkins & Ahmad (2016), figure 6B.
"""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from models import htm_stream
from neurosparse.io import config
from neurosparse.io.results import Result
from simulations import _streams

AT, N_STEPS, BACK = 3500, 9000, 7000  # elements: the loss, the end, when all have come back
LOWEST = {0.4: 0.49, 0.5: 0.43, 0.6: 0.33, 0.75: 0.17}  # share of cells that die: accuracy
RECOVERED, MARGIN = 0.5, 0.03


class Config(config.Config):
    """How many cells die, when, and which network."""

    dead: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        default=tuple(LOWEST), min_length=1, description="shares of the cells that die"
    )
    at: int = Field(default=AT, ge=1, le=1_000_000, description="elements before they die, fewer than n_steps")
    n_steps: int = Field(default=N_STEPS, ge=2, le=1_000_000, description="elements of the stream")
    n_seeds: int = Field(default=3, ge=1, le=1000, description="streams for each share")
    network: htm_stream.Config = Field(
        default=htm_stream.Config(), description="stream and network; its seed is unused"
    )
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="of the first stream; then one more each")

    @model_validator(mode="after")
    def _order(self):
        if self.at >= self.n_steps:
            raise ValueError(f"at must be below n_steps, {self.n_steps}, got {self.at}")
        return self


def tiny() -> Config:
    """A small network, 300 elements, two shares."""
    return Config(dead=(0.4, 0.75), at=200, n_steps=300, n_seeds=1, network=htm_stream.tiny())


def run(config: Config, threads: int = 1) -> Result:
    """Arrays: courses (n_shares, n_seeds, n_steps). Rows: lowest accuracy after the loss, and that of element 7000."""
    networks = [_streams.with_seed(config.network, config.seed + k) for k in range(config.n_seeds)]
    cases = [(c, config.n_steps, config.at, dead) for dead in config.dead for c in networks]
    courses = _streams.side_by_side(_streams.injured, cases, threads)
    curves = np.reshape([one.smoothed for one in courses], (len(config.dead), config.n_seeds, -1))
    comparable = config.network == htm_stream.Config() and (config.at, config.n_steps) == (AT, N_STEPS)
    rows = [row for dead, some in zip(config.dead, curves) for row in compare(config, dead, some, comparable)]
    said = [row["inside"] for row in rows if np.isfinite(row["low"])]
    metrics = {"inside": float(np.mean(said)) if said else np.nan}
    metrics |= {f"lowest_{dead:g}": float(np.median(some[:, config.at :].min(axis=1)))
                for dead, some in zip(config.dead, curves)}  # fmt: skip
    published = np.array([LOWEST.get(dead, np.nan) if comparable else np.nan for dead in config.dead])
    return Result({"dead": np.array(config.dead), "accuracy": curves, "published": published}, metrics, rows, {})


def compare(config: Config, dead: float, curves: np.ndarray, comparable: bool) -> list[dict]:
    """Rows of one share: every seed's lowest accuracy and where it was, the median of both moments."""
    back = min(BACK, config.n_steps - 1)
    after = config.at + curves[:, config.at : back + 1].argmin(axis=1)
    lowest, end = curves[np.arange(len(curves)), after], curves[:, back]
    low, high = (_band(value, comparable) for value in (LOWEST.get(dead, np.nan), RECOVERED))
    what = f"{100 * dead:g} % dead, "
    rows = [_streams.row(what + "lowest", int(step), f"seed {config.seed + k}", float(value), low)
            for k, (step, value) in enumerate(zip(after, lowest))]  # fmt: skip
    runs = f"median of {len(curves)}"
    rows.append(_streams.row(what + "lowest", int(np.median(after)), runs, float(np.median(lowest)), low))
    return [*rows, _streams.row(what + "recovered", back, runs, float(np.median(end)), high)]


def _band(value: float, comparable: bool) -> tuple:
    value = value if comparable else np.nan
    return value - MARGIN, value + MARGIN, 3
