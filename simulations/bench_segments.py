"""Speed of the segment engine: microseconds for one call of `segments.activity`, by size of the table and of the input.

A call goes from the active cells to the lists of active and matching segments, Python included, on one thread. Segments
hold `n_synapses` connected synapses from random cells (a cell drawn twice is dropped: .03 % of them). Every call gets
other active cells, none of them is warm. Modes: "connected" looks for active segments only, "both" for matching ones
too, "frozen" is "both" on a frozen table. Beside them numbers of htm.core's C++, from another
machine (a Xeon, one thread, mean of runs).
"""

import time
from typing import Annotated

import numpy as np
from pydantic import Field

from neurosparse import rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import segments

PIECE = 20_000  # segments that are built at a time


class Config(config.Config):
    """Sizes of the tables and of the measurement."""

    n_segments: tuple[Annotated[int, Field(ge=1, le=5_000_000)], ...] = Field(
        default=(10_000, 100_000, 500_000), min_length=1, description="segments of each table"
    )
    n_active: tuple[Annotated[int, Field(ge=0, le=65_536)], ...] = Field(
        default=(40, 1280), min_length=1, description="active cells of a call"
    )
    n_cells: int = Field(default=65_536, ge=1, le=10_000_000, description="cells")
    n_synapses: int = Field(default=40, ge=1, le=255, description="synapses of a segment")
    calls: int = Field(default=1000, ge=2, le=100_000, description="calls that are timed, after a tenth as many")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of synapses and active cells")


def tiny() -> Config:
    """200 segments, 500 cells."""
    return Config(n_segments=(100, 200), n_active=(5, 50), n_cells=500, calls=10)


def run(config: Config, threads: int = 1) -> Result:
    """One row for each table, input and mode. `threads` is not used."""
    rows, arrays = [], {}
    for n in track(config.n_segments, "tables"):
        begin = time.perf_counter()
        table = build(n, config)
        built = time.perf_counter() - begin
        modes = {"connected": (table, False), "both": (table, True), "frozen": (segments.freeze(table), True)}
        for n_active in config.n_active:
            inputs = [
                rng.choice(rng.stream(config.seed, f"active {n_active}"), config.n_cells, n_active, k).astype(np.int32)
                for k in range(config.calls + config.calls // 10)
            ]
            events = float(np.mean([table.arrays.rows[cells, 2].sum() for cells in inputs]))
            for mode, (where, potential) in modes.items():
                spent = measure(where, inputs, potential)[config.calls // 10 :]
                arrays[f"microseconds {mode} {n} {n_active}"] = spent
                q1, median, q3 = np.percentile(spent, [25, 50, 75])
                rows.append({
                    "n_segments": n, "n_active": n_active, "mode": mode, "events": events,
                    "microseconds": float(median), "q1": float(q1), "q3": float(q3),
                    "events_per_microsecond": events / float(median), "build_seconds": built,
                    "bytes_per_synapse": table.nbytes / max(table.n_synapses, 1),
                })  # fmt: skip
    metrics = {f"microseconds_{r['mode']}_{r['n_segments']}_{r['n_active']}": r["microseconds"] for r in rows}
    units = dict.fromkeys(["microseconds", "q1", "q3", *arrays], "us") | {"build_seconds": "s"}
    return Result(arrays, metrics, rows, units)


def build(n: int, config: Config) -> segments.Segments:
    """A table of n segments on cells in turn, all of whose synapses are connected."""
    most = max(n // config.n_cells + 1, 1)
    p = segments.params(config.n_cells, max_segments_per_cell=most)
    table, ids = segments.create(segments.init(p), np.arange(n) % config.n_cells)
    stream = rng.stream(config.seed, "synapses")
    for first in range(0, n, PIECE):
        mine = ids[first : first + PIECE]
        u = rng.uniforms(stream, len(mine) * config.n_synapses, first=first * config.n_synapses)
        pairs = np.repeat(mine, config.n_synapses) * config.n_cells + (u * config.n_cells).astype(np.int64)
        pairs = np.unique(pairs)
        table = segments.add(table, pairs // config.n_cells, pairs % config.n_cells, 0.6)
    return table


def measure(table, inputs: list[np.ndarray], potential: bool) -> np.ndarray:
    """Microseconds of each call."""
    out = np.empty(len(inputs))
    for k, cells in enumerate(inputs):
        begin = time.perf_counter_ns()
        segments.activity(table, cells, potential)
        out[k] = (time.perf_counter_ns() - begin) * 1e-3
    return out
