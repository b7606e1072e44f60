"""Which way of multiplying with a sparse matrix is fastest, by density, number of samples and activity: measured.

`simulations/bench_sparse.py` times every way on the machine at hand and stores here, in the user's cache, one `Point`
for each density and batch; `choose` takes the nearest point (on logarithmic scales) and compares the activity with the
crossover found there. Without a stored table, MEASURED stands in: one thread of an AMD EPYC (AVX-512), 10,000 units to
a density of .1 and 2,000 above. One sample runs the same code either way.
"""

import functools
import json
import math
import os
from pathlib import Path
from typing import NamedTuple

from neurosparse import jit

FILE = "sparse_choice.json"


class Point(NamedTuple):
    """What was measured at one density and batch; `training`: forward and backward, else forward alone."""

    device: str  # "cpu", "cuda"
    training: bool
    density: float
    batch: int
    events_below: float  # activity under which events are faster than CSR; 0: never, above 1: always
    dense: bool  # a dense product is faster than CSR


# density, batch, (events below, dense) forward, and with backward
_TABLE = (
    (0.001, 1, (2.0, False), (2.0, False)),
    (0.001, 8, (2.0, False), (0.21, False)),
    (0.001, 64, (0.35, False), (0.18, False)),
    (0.01, 1, (2.0, False), (2.0, False)),
    (0.01, 8, (2.0, False), (0.27, False)),
    (0.01, 64, (0.084, False), (0.048, False)),
    (0.1, 1, (2.0, False), (2.0, False)),
    (0.1, 8, (2.0, False), (0.44, False)),
    (0.1, 64, (0.11, False), (0.066, False)),
    (0.3, 1, (2.0, False), (2.0, False)),
    (0.3, 8, (1.0, True), (0.52, False)),
    (0.3, 64, (0.21, False), (0.09, False)),
    (1.0, 1, (2.0, False), (2.0, False)),
    (1.0, 8, (0.19, True), (0.1, True)),
    (1.0, 64, (0.037, True), (0.017, True)),
)
MEASURED = tuple(
    Point("cpu", training, density, batch, *found)
    for density, batch, *both in _TABLE
    for training, found in zip((False, True), both)
)


def choose(device: str, density: float, batch: int, activity: float, training: bool) -> str:
    """ "csr", "events" or "dense". Where nothing was measured on such a device: "csr"."""
    at = nearest(device, density, batch, training)
    if at is None:
        return "csr"
    if activity < at.events_below:
        return "events"
    return "dense" if at.dense else "csr"


@functools.lru_cache(4096)
def nearest(device: str, density: float, batch: int, training: bool) -> Point | None:
    """The measured point that is nearest; None: there is none for this device."""
    here = [point for point in table() if point.device == device and point.training == training]
    far = _place(density, batch)
    return min(here, key=lambda point: math.dist(far, _place(point.density, point.batch)), default=None)


@functools.cache
def table() -> tuple[Point, ...]:
    """What was stored for this processor, else MEASURED."""
    path = _path()
    try:
        return tuple(Point(**row) for row in json.loads(path.read_text(encoding="utf-8"))) if path else MEASURED
    except (OSError, ValueError, TypeError):  # none yet, or one that this version can not read
        return MEASURED


def store(points: list[Point]) -> Path | None:
    """Keep `points` for this user and processor in place of those of the same devices; None: the cache is off."""
    path = _path()
    if path is None:
        return None
    devices = {point.device for point in points}
    kept = [*points, *(point for point in table() if point.device not in devices)]
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{FILE}.{os.getpid()}")
    scratch.write_text(json.dumps([point._asdict() for point in kept], indent=1), encoding="utf-8")
    os.replace(scratch, path)
    forget()
    return path


def forget() -> None:
    """Read the table anew at the next use."""
    table.cache_clear()
    nearest.cache_clear()


def _place(density: float, batch: int) -> tuple[float, float]:
    return math.log(max(density, 1e-9)), math.log(max(batch, 1))


def _path() -> Path | None:
    folder = jit.cache_folder()
    return folder and folder / FILE
