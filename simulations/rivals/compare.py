"""Ourselves and other simulators on one network: run time, build time, time to the first result, memory.

Every repetition runs each contestant once, one after the other, on networks of the same law (own random numbers) for
the same simulated time; ratios are taken within a repetition. Run time is the loop alone, as each simulator measures
it: the clock inside Brian2's binary (C++ standalone, its default optimisation) or around its run (Cython, after the
first), NEST's Run after Prepare, our clock.run with its allocations. All record their spikes.

Cold: a new process with an empty kernel cache, from the start of the interpreter to the end of the first run. Warm: the
same with the cache that this leaves behind (C++ standalone keeps none and compiles anew).
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field, field_validator

from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from simulations import rivals

US = "neurosparse"
Name = Literal["neurosparse 2 threads", "brian2 cpp", "brian2 cython", "nest", "nest 2 threads"]
UNITS = {"seconds": "s", "rate_hz": "Hz", "build_seconds": "s", "memory_mib": "MiB", "synaptic_events": "1/s"}


class Config(config.Config):
    """Sizes, rivals and repetitions. The rivals need the extra `oracles`, and Brian2 a C++ compiler."""

    sizes: tuple[Annotated[int, Field(ge=100, le=4_000_000)], ...] = Field(
        default=(4000, 40_000), min_length=1, description="neurons"
    )
    rivals: tuple[Name, ...] = Field(default=("brian2 cpp", "nest"), description="who else runs")
    duration_ms: float = Field(default=1000.0, ge=1, le=1e6, multiple_of=0.1, description="time simulated, ms")
    repeats: int = Field(default=5, ge=1, le=100, description="repetitions, after one warm-up")
    cold: bool = Field(default=True, description="also measure the time to the first result of the smallest size")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="of our wiring; rivals use it too")

    @field_validator("sizes", "rivals")
    @classmethod
    def _distinct(cls, names):
        if len(set(names)) < len(names):
            raise ValueError(f"entries must differ from one another, got {list(names)}; name each once")
        return names


class Task(NamedTuple):
    """What is to be run."""

    network: str  # a name that every room of `rivals` knows
    out_degree: dict[int, float]  # synapses that a spike reaches, by the number of neurons
    driven: float = 0.0  # synaptic events a second and neuron from sources whose spikes are not counted


def run(task: Task, config: Config) -> Result:
    """Rows: one for us and each rival at each size."""
    rows, arrays = [], {}
    for n in config.sizes:
        timed, builds, memory = measure(task, n, config)
        ours = np.array(timed[US])
        for name, both in timed.items():
            row = _row(task, name, n, np.array(both), ours, config)
            rows.append(row | {"build_seconds": builds[name], "memory_mib": memory[name]})
            arrays[f"seconds {n} {name}"] = np.array(both)[:, 0]
    metrics = {f"{key}_{row['rival']}_{row['neurons']}": row[value]
               for row in rows for key, value in (("seconds", "seconds"), ("ratio", "ratio_median"))}  # fmt: skip
    if config.cold:
        for name in (US, *config.rivals):
            first = dict(zip(("cold_seconds", "warm_seconds"), first_results(task, name, config)))
            metrics |= {f"{key}_{name}": seconds for key, seconds in first.items()}
    metrics = {key.replace(" ", "_"): value for key, value in metrics.items()}
    return Result(arrays, metrics, rows, UNITS | dict.fromkeys(arrays, "s"))


def measure(task: Task, n: int, config: Config) -> tuple[dict, dict, dict]:
    """((seconds, spikes) of every repetition, seconds to build, largest memory) of each contestant."""
    with ExitStack() as stack:
        made = {name: stack.enter_context(start(task, name, n, config)) for name in (US, *config.rivals)}
        for rival in made.values():
            rival.run()
        timed = {name: [] for name in made}
        for _ in track(range(config.repeats), f"{task.network}, {n} neurons"):
            for name, rival in made.items():
                timed[name].append(rival.run())
        memory = {name: rival.memory() for name, rival in made.items()}
        return timed, {name: rival.build_seconds for name, rival in made.items()}, memory


def start(task: Task, name: str, n: int, config: Config):
    """The simulator in its own process, its network built."""
    simulator, *more = name.split()
    options = {
        "network": task.network,
        "n": n,
        "seed": config.seed,
        "duration_ms": config.duration_ms,
        "threads": 2 if "threads" in more else 1,
        "cython": "cython" in more,
        "first_order": "first_order" in more,
    }
    return rivals.start(f"simulations.rivals.in_{simulator}", options)


def first_results(task: Task, name: str, config: Config) -> Iterator[float]:
    """Seconds from the start of a process to the end of its first run of the smallest network: cold, then warm."""
    with tempfile.TemporaryDirectory() as folder, _environment("NEUROSPARSE_CACHE_DIR", folder):
        for _ in range(2):
            begin = time.perf_counter()
            with start(task, name, config.sizes[0], config) as rival:
                rival.run()
                seconds = time.perf_counter() - begin
            yield seconds


@contextmanager
def _environment(key: str, value: str) -> Iterator[None]:
    before = os.environ.get(key)
    os.environ[key] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[key]
        else:
            os.environ[key] = before


def _row(task: Task, name: str, n: int, both: np.ndarray, ours: np.ndarray, config: Config) -> dict:
    q1, median, q3 = np.percentile(both[:, 0] / ours[:, 0], [25, 50, 75])
    seconds = float(np.median(both[:, 0]))
    return {
        "rival": name,
        "case": f"{task.network}, {n} neurons, {config.duration_ms:g} ms",
        "threads": 2 if name.endswith("2 threads") else 1,
        "seconds": seconds,
        "ratio_median": float(median),
        "ratio_q1": float(q1),
        "ratio_q3": float(q3),
        "neurons": n,
        "rate_hz": float(both[:, 1].mean() / n / config.duration_ms * 1000.0),
        "real_time_factor": seconds / config.duration_ms * 1000.0,
        "synaptic_events": float(np.median(both[:, 1] / both[:, 0])) * task.out_degree[n]
        + task.driven * n * config.duration_ms / 1000.0 / seconds,
    }
