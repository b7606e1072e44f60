"""Speed of the spatial pooler, one thread: microseconds a pattern, inference and learning, alone and in batches.

The two settings of the baseline: 2,048 inputs and columns, pools of 50 % with 2 % of the inputs active, and of 85 %
with 15 %. Processor time of the thread, as the baseline's, so that other work on the machine counts little. htm.core's
numbers are quoted: they were measured on another machine, and are no ratio of this run.
"""

import functools
import time

import numpy as np
from pydantic import Field

from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import sp_inputs
from neurosparse.sdr import spatial_pooler as sp

SETTINGS = {"pools 50 %, input 2 %": (0.5, 0.02), "pools 85 %, input 15 %": (0.85, 0.15)}
QUOTED = {("pools 50 %, input 2 %", "infer"): 62.0, ("pools 50 %, input 2 %", "learn"): 900.0,
          ("pools 85 %, input 15 %", "infer"): 240.0, ("pools 85 %, input 15 %", "learn"): 1800.0}  # fmt: skip


class Config(config.Config):
    """Size of the pooler and of the measurement."""

    n: int = Field(default=2048, ge=64, le=65_536, description="inputs, and columns")
    n_patterns: int = Field(default=200, ge=1, le=100_000, description="patterns of one timing")
    repeats: int = Field(default=15, ge=1, le=1000, description="timings, after one warm-up")
    boost: float = Field(default=0.0, ge=0, le=1e6, description="boost strength")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of pools and patterns")


def tiny() -> Config:
    """Sixty-four columns, three timings."""
    return Config(n=64, n_patterns=5, repeats=3)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: setting x learning x (alone, batch). `threads` is not used: a pooler runs on one."""
    rows, arrays = [], {}
    for case, (pct, share) in track(SETTINGS.items(), "settings"):
        p = sp.params(config.n, config.n, potential_pct=pct, boost_strength=config.boost, perm_inc=0.05, perm_dec=0.008,
                      connected=0.1, seed=config.seed)  # fmt: skip
        state = sp.initialise(p)
        x = sp_inputs.random_sdrs(config.n, config.n_patterns, max(1, round(share * config.n)), config.seed)
        alone = [x.indices[x.indptr[k] : x.indptr[k + 1]] for k in range(x.n_rows)]
        for mode in ("infer", "learn"):
            one_by_one = functools.partial(_alone, p, state)
            jobs = [(one_by_one, alone), (functools.partial(sp.compute, p, state), x)]
            timed = _timed(jobs, mode == "learn", config)
            for at, how in enumerate(("alone", "batch")):
                q1, median, q3 = np.percentile(timed[:, at], [25, 50, 75])
                row = {"case": case, "mode": mode, "how": how, "us": float(median), "q1": float(q1), "q3": float(q3)}
                rows.append(row | {"htm_core_elsewhere_us": QUOTED[case, mode]})
            arrays[f"{mode}_{round(100 * pct)}"] = timed
    metrics = {f"{row['mode']}_us_{row['how']}_{k // 4}": row["us"] for k, row in enumerate(rows)}
    units = dict.fromkeys(metrics, "us") | dict.fromkeys(arrays, "us")
    return Result(arrays, metrics, rows, units)


def _alone(p, state, patterns, learn: bool) -> None:
    """Every pattern with a call of its own."""
    for one in patterns:
        sp.compute(p, state, one, learn)


def _timed(jobs: list, learn: bool, config: Config) -> np.ndarray:
    """(repeats, jobs) microseconds a pattern; the jobs take turns."""
    out = np.empty((config.repeats + 1, len(jobs)))
    for repeat in range(config.repeats + 1):
        for at, (function, x) in enumerate(jobs):
            begin = time.thread_time()
            function(x, learn)
            out[repeat, at] = 1e6 * (time.thread_time() - begin) / config.n_patterns
    return out[1:]
