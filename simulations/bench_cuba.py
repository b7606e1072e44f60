"""CUBA against Brian2's compiled C++ and NEST: run time, build time, time to the first result, and memory.

Every repetition runs us and each rival once, one after the other, on the same network (same law of wiring, own random
numbers) for the same simulated time; the ratios are taken within a repetition. Run time is the loop alone, as each
simulator measures it: Brian2's own clock inside the binary (C++ standalone, its default optimisation), NEST's Run after
Prepare, our clock.run with its allocations. All record their spikes. Cold: a new process with an empty kernel cache,
from the start of the interpreter to the end of a run.
"""

import os
import tempfile
import time
from contextlib import ExitStack
from typing import Literal

import numpy as np
from pydantic import Field

from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from simulations import rivals

US = "neurosparse"
MODULES = {US: "cuba_neurosparse", "brian2 cpp": "cuba_brian2", "nest": "cuba_nest", "nest 2 threads": "cuba_nest"}


class Config(config.Config):
    """Sizes, rivals and repetitions. The rivals need the extra `oracles`, and Brian2 a C++ compiler."""

    sizes: tuple[int, ...] = Field(default=(4000, 40_000), min_length=1, description="neurons")
    rivals: tuple[Literal["brian2 cpp", "nest", "nest 2 threads"], ...] = Field(
        default=("brian2 cpp", "nest"), description="who else runs"
    )
    duration_ms: float = Field(default=1000.0, ge=1, le=1e6, description="time simulated, ms")
    repeats: int = Field(default=5, ge=1, le=100, description="repetitions, after one warm-up")
    cold: bool = Field(default=True, description="also measure the time to the first result of the smallest size")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="of our wiring; rivals use it too")


def tiny() -> Config:
    """Ourselves alone, 400 neurons."""
    return Config(sizes=(400,), rivals=(), duration_ms=50.0, repeats=2, cold=False)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for us and each rival at each size. `threads` is not used."""
    rows, arrays = [], {}
    for n in config.sizes:
        with ExitStack() as stack:
            made = {name: stack.enter_context(start(name, n, config)) for name in (US, *config.rivals)}
            for rival in made.values():
                rival.run()
            timed = {name: [] for name in made}
            for _ in track(range(config.repeats), f"{n} neurons"):
                for name, rival in made.items():
                    timed[name].append(rival.run())
            memory = {name: rival.memory() for name, rival in made.items()}
        ours = np.array(timed[US])
        for name, rival in made.items():
            row = _row(name, n, np.array(timed[name]), ours, config)
            rows.append(row | {"build_seconds": rival.build_seconds, "memory_mib": memory[name]})
            arrays[f"seconds {n} {name}"] = np.array(timed[name])[:, 0]
    metrics = {f"{key}_{row['rival']}_{row['neurons']}".replace(" ", "_"): row[value]
               for row in rows for key, value in (("seconds", "seconds"), ("ratio", "ratio_median"))}  # fmt: skip
    if config.cold:
        metrics |= {f"cold_seconds_{name}".replace(" ", "_"): cold(name, config) for name in (US, *config.rivals)}
    units = {"seconds": "s", "rate_hz": "Hz", "build_seconds": "s", "memory_mib": "MiB"}
    return Result(arrays, metrics, rows, units | dict.fromkeys(arrays, "s"))


def start(name: str, n: int, config: Config):
    """The simulator in its own process, its network built."""
    options = {"n": n, "seed": config.seed, "duration_ms": config.duration_ms}
    return rivals.start(f"simulations.rivals.{MODULES[name]}", options | {"threads": 2 if "2 threads" in name else 1})


def cold(name: str, config: Config) -> float:
    """Seconds from the start of a new process to the end of its first run of the smallest network."""
    before = os.environ.get("NEUROSPARSE_CACHE_DIR")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NEUROSPARSE_CACHE_DIR"] = folder
        try:
            begin = time.perf_counter()
            with start(name, config.sizes[0], config) as rival:
                rival.run()
                return time.perf_counter() - begin
        finally:
            if before is None:
                del os.environ["NEUROSPARSE_CACHE_DIR"]
            else:
                os.environ["NEUROSPARSE_CACHE_DIR"] = before


def _row(name: str, n: int, both: np.ndarray, ours: np.ndarray, config: Config) -> dict:
    q1, median, q3 = np.percentile(both[:, 0] / ours[:, 0], [25, 50, 75])
    seconds = float(np.median(both[:, 0]))
    return {
        "rival": name,
        "case": f"cuba, {n} neurons, {config.duration_ms:g} ms",
        "threads": 2 if name.endswith("2 threads") else 1,
        "seconds": seconds,
        "ratio_median": float(median),
        "ratio_q1": float(q1),
        "ratio_q3": float(q3),
        "neurons": n,
        "rate_hz": float(both[:, 1].mean() / n / config.duration_ms * 1000.0),
        "real_time_factor": seconds / config.duration_ms * 1000.0,
    }
