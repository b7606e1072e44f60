"""A SONATA network by events and on grids: how many spikes of the exact run a time step keeps, and how late they are.

The default is the sample of 300 IntFire1 cells of the SONATA repository (Allen Institute) with its published spikes;
any other simulation configuration is run in the same way. At dts=[0.4] the sample runs away: 107,055
spikes in place of 4,322.
"""

import tempfile
from pathlib import Path

import numpy as np
from pydantic import Field

from neurosparse import check, rng
from neurosparse.data import DataError, folder
from neurosparse.io import config
from neurosparse.io.results import Result
from neurosparse.io.sonata import export, graph, simulate, table
from neurosparse.precise import Train

MATCH_MS = (
    1.0  # spikes of one neuron that lie this near are the same; the neurons of the sample fire 3 ms apart or more
)


class Config(config.Config):
    """Which network, and which steps."""

    network: str = Field(
        default="sonata-300-intfire/config.json",
        description="simulation configuration: a path, also in the data folder; 'made up' for a small one",
    )
    expected: str = Field(
        default="sonata-300-intfire/output/spikes.h5",
        description="spikes to compare with: a path, also in the data folder; empty for those of the run by events",
    )
    dts: tuple[float, ...] = Field(
        default=(0.2, 0.1, 0.05, 0.025, 0.0125, 0.00625), min_length=1, description="steps of the grids, ms"
    )
    seed: int = Field(default=0, ge=0, description="of the network that is made up")


def tiny() -> Config:
    """60 made-up cells for 200 ms on two grids."""
    return Config(network="made up", expected="", dts=(0.5, 0.1))


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each method and step. `threads` is not used: one network runs on one thread."""
    with tempfile.TemporaryDirectory() as scratch:
        path = _made_up(Path(scratch) / "net", config.seed) if config.network == "made up" else _find(config.network)
        loaded = simulate.load(path)
        excitatory = _excitatory(loaded)
    exact = simulate.simulate(loaded).spikes
    wanted = simulate.expected(_find(config.expected), loaded) if config.expected else exact
    rows = [_row("events", 0.0, exact, wanted)]
    for dt in config.dts:
        rows.append(_row("grid", dt, simulate.simulate(loaded, "grid", dt).spikes, wanted))
    parts = [part for part in loaded.built.parts if part.model is not None]
    first = dict(zip([part.name for part in parts], np.cumsum([0, *(len(part.at) for part in parts)])))
    spikes = [_numbered(part, exact[part.population], first[part.name]) for part in parts]
    arrays = {
        "spikes_i": np.concatenate([i for i, _ in spikes]),
        "spikes_t": np.concatenate([t for _, t in spikes]),
        "excitatory": excitatory,
    }
    metrics = {
        "matched": rows[0]["matched"],
        "expected": rows[0]["expected"],
        "largest_error_ms": rows[0]["largest_ms"],
        "rate_hz": len(arrays["spikes_t"]) / len(arrays["excitatory"]) / loaded.simulation.tstop * 1000.0,
        "duration_ms": loaded.simulation.tstop,
    }
    units = {"spikes_t": "ms", "rate_hz": "Hz", "largest_error_ms": "ms", "duration_ms": "ms", "dt_ms": "ms"}
    return Result(arrays, metrics, rows, units | {"median_ms": "ms", "largest_ms": "ms"})


def _row(method: str, dt: float, got: dict[str, Train], wanted: dict[str, Train]) -> dict:
    pairs = [simulate.compare(got[name], train, MATCH_MS) for name, train in wanted.items()]
    weights = [pair.matched for pair in pairs]
    median = np.average(
        [0.0 if np.isnan(pair.median) else pair.median for pair in pairs], weights=np.maximum(weights, 1)
    )
    return {
        "method": method,
        "dt_ms": dt,
        "expected": sum(pair.expected for pair in pairs),
        "got": sum(pair.got for pair in pairs),
        "matched": sum(weights),
        "median_ms": float(median),
        "largest_ms": float(np.nanmax([0.0, *(pair.largest for pair in pairs)])),
    }


def _find(name: str) -> Path:
    """A path as it stands, else in the data folder."""
    for path in (Path(name), folder() / name):
        if path.is_file():
            return path
    need, remedy = f"{folder() / name} must exist", "put the sample of the SONATA repository there"
    return check.fail("sonata_intfire", need, "no such file", remedy, DataError)


def _numbered(part, train: Train, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of a part, its neurons counted from `first`."""
    order = np.argsort(part.ids)
    mine = np.isin(train.i, part.ids)
    at = order[np.searchsorted(part.ids, train.i[mine], sorter=order)]
    return (first + at).astype(np.int32), train.t[mine]


def _excitatory(loaded: simulate.Loaded) -> np.ndarray:
    """(n,) False where the column `ei` of the node types says i."""
    nodes = [found for files in loaded.simulation.nodes for found in graph.read_nodes(*files)]
    kinds = {each.population: table.texts(each.table, "ei") for each in nodes}
    return np.concatenate([kinds[p.population][p.at] != "i" for p in loaded.built.parts if p.model]).astype(bool)


def _made_up(where: Path, seed: int) -> Path:
    """48 excitatory and 12 inhibitory IntFire1 cells, driven by 20 virtual ones at 25 Hz for 200 ms."""
    draws = rng.stream(seed, "made up")
    n, virtual, tstop = 60, 20, 200.0
    cell = {"model_type": "point_neuron", "model_template": "nrn:IntFire1"}
    kinds = {1: cell | {"ei": "e", "dynamics_params": "e.json"}, 2: cell | {"ei": "i", "dynamics_params": "i.json"}}
    nodes = {
        "cells": export.NodeData(kinds, np.repeat([1, 2], [48, 12])),
        "drive": export.NodeData({1: {"model_type": "virtual"}}, np.ones(virtual, int)),
    }

    def wired(size: int, p: float, step: int) -> tuple[np.ndarray, np.ndarray]:
        source, target = np.nonzero(rng.uniforms(draws, size * n, step).reshape(size, n) < p)
        return source, target

    inner, outer = wired(n, 0.2, 0), wired(virtual, 0.3, 1)
    types = {1: {"syn_weight": 0.06, "delay": 2.0}, 2: {"syn_weight": -0.1, "delay": 2.0}}
    edges = {
        "inner": export.EdgeData("cells", "cells", *inner, types, np.where(inner[0] < 48, 1, 2)),
        "outer": export.EdgeData(
            "drive", "cells", *outer, {1: {"syn_weight": 0.5, "delay": 1.0}}, np.ones(len(outer[0]), int)
        ),
    }
    u = rng.uniforms(draws, 200, 2).reshape(2, 100)
    given = {"drive": Train(np.floor(virtual * u[0]).astype(int), tstop * u[1])}
    files = {"e.json": {"tau": 0.024, "refrac": 0.003}, "i.json": {"tau": 0.007, "refrac": 0.003}}
    return export.write(where, nodes, edges, given, tstop, components=files)
