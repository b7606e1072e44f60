"""What the simulations of the stream share: runs of the network on it, side by side, and rows that compare."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import NamedTuple

import numpy as np

from models import htm_stream
from neurosparse import rng
from neurosparse.io.progress import track
from neurosparse.sdr import temporal_memory


class Course(NamedTuple):
    """How one run went."""

    smoothed: np.ndarray  # (T,) accuracy
    n_segments: int  # in the end
    n_synapses: int


def follow(c: htm_stream.Config, n_steps: int, switch: int | None = None) -> Course:
    """The network learns the stream."""
    x = htm_stream.stream(c, n_steps, switch)
    p = htm_stream.memory(c)
    _, ran = temporal_memory.run(p, temporal_memory.init(p), x.columns)
    return _course([ran])


def injured(c: htm_stream.Config, n_steps: int, at: int, dead: float) -> Course:
    """The network learns the stream; before element `at` a random share `dead` of its cells is killed."""
    columns = htm_stream.stream(c, n_steps).columns
    elements = np.split(columns.indices, columns.indptr[1:-1])
    p = htm_stream.memory(c)
    state, before = temporal_memory.run(p, temporal_memory.init(p), elements[:at])
    n_cells = c.n_columns * c.cells_per_column
    cells = rng.choice(rng.stream(c.seed, "cells that die"), n_cells, round(dead * n_cells))
    state = temporal_memory.kill_cells(p, state, cells)
    return _course([before, temporal_memory.run(p, state, elements[at:])[1]])


def side_by_side(run: Callable, cases: Sequence[tuple], threads: int) -> list[Course]:
    """`run(*case)` of every case, in their order."""
    with ThreadPoolExecutor(threads) as pool:
        waiting = [pool.submit(copy_context().run, run, *case) for case in cases]
        return [one.result() for one in track(waiting, "runs", len(cases))]


def with_seed(c: htm_stream.Config, seed: int, **more) -> htm_stream.Config:
    """The same network and stream of another seed."""
    return c.model_copy(update={"seed": seed} | more)


def row(what: str, step: int, run: str, ours: float, band: tuple) -> dict:
    """A comparison; band = (low, high, decimals), the precision to which ours is compared."""
    low, high, decimals = band
    return {"what": what, "step": step, "run": run, "ours": ours, "low": low, "high": high,
            "inside": bool(low <= round(ours, decimals) <= high)}  # fmt: skip


def _course(rans: list) -> Course:
    n_predicted, n_correct = (
        np.concatenate([getattr(ran, name) for ran in rans]) for name in ("n_predicted", "n_correct")
    )
    curve = htm_stream.smoothed(htm_stream.accuracy(n_predicted, n_correct))
    return Course(curve, int(rans[-1].n_segments[-1]), int(rans[-1].n_synapses[-1]))
