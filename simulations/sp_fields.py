"""Spatial pooler: receptive fields after learning crosses, bars and handwritten digits, with topology.

Each column learns the pieces that are frequent near its place: arms of crosses, bars, strokes.
Source: Cui, Ahmad & Hawkins 2017, figure 4.
"""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import sp_metrics
from neurosparse.sdr import spatial_pooler as sp
from simulations import _sp

RADIUS = {"crosses": 5, "bars": 5}
DENSITY = {"crosses": 0.1, "bars": 0.1}


class Config(config.Config):
    """Data and epochs."""

    datasets: tuple[Literal["crosses", "bars", "bar_sets", "random", "mnist", "digits"], ...] = Field(
        default=("crosses", "bars", "mnist"), min_length=1, description="one pooler for each"
    )
    side: int = Field(default=32, ge=8, le=128, description="inputs are side x side, and so are columns")
    n_patterns: int = Field(default=1000, ge=1, le=100_000, description="patterns of each")
    epochs: int = Field(default=10, ge=1, le=1000, description="how often each is shown")
    boost: float = Field(default=100.0, ge=0, le=1e6, description="boost strength")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="of poolers, patterns and their order")


def tiny() -> Config:
    """Two sets on a field of 12 x 12."""
    return Config(datasets=("crosses", "digits"), side=12, n_patterns=20, epochs=2)


def run(config: Config, threads: int = 1) -> Result:
    """Arrays: permanences of sixteen columns and one pattern of each set. Rows: measures. `threads` is not used."""
    arrays, rows, shape = {}, [], (config.side, config.side)
    picked = [
        (r * 2 + 1) * config.side // 8 * config.side + (c * 2 + 1) * config.side // 8
        for r in range(4)
        for c in range(4)
    ]
    for name in track(config.datasets, "data sets"):
        settings: dict[str, Any] = (
            _sp.LOCAL
            | {"boost_strength": config.boost}
            | {"potential_radius": RADIUS.get(name, 12), "density": DENSITY.get(name, 0.02)}
        )
        p = sp.params(shape, shape, seed=config.seed, **settings)
        state, x = sp.initialise(p), _sp.patterns(name, config.side, config.n_patterns, config.seed)
        start = sp.copy(state)
        for epoch in range(config.epochs):
            _sp.epoch(p, state, x, epoch, config.seed)
        z = sp.compute(p, state, x)
        rows.append({"dataset": name, "entropy": sp_metrics.entropy(z), "sparsity": sp_metrics.sparsity(z),
                     "inputs_of_a_column": float(state.connected.sum() / p.n_columns),
                     "inputs_at_first": float(start.connected.sum() / p.n_columns),
                     "witness_error": sp_metrics.witness_error(state, x, z),
                     "witness_at_first": sp_metrics.witness_error(start, x, sp.compute(p, start, x))})  # fmt: skip
        arrays[f"{name}_fields"] = state.permanence[picked].reshape(16, *shape)
        arrays[f"{name}_patterns"] = _pictures(x, shape)
    metrics = {f"witness_error_{row['dataset']}": row["witness_error"] for row in rows}
    return Result(arrays, metrics, rows, {"entropy": "bit"})


def _pictures(x, shape) -> np.ndarray:
    """The first four patterns as pictures."""
    out = np.zeros((4, shape[0] * shape[1]), np.uint8)
    for k in range(min(4, x.n_rows)):
        out[k, x.indices[x.indptr[k] : x.indptr[k + 1]]] = 1
    return out.reshape(4, *shape)
