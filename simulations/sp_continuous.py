"""Spatial pooler: it goes on learning. Measures over epochs, with other patterns from the middle on.

Stability falls and synapses turn over when the data change, and both settle again; entropy and robustness come back.
Topology: a field of columns over a field of inputs, local inhibition. Source: Cui, Ahmad & Hawkins 2017, figure 3.
"""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import sp_inputs
from neurosparse.sdr import spatial_pooler as sp
from simulations import _sp

MEASURES = ("stability", "entropy", "noise_robustness", "formed", "removed")


class Config(config.Config):
    """Data, topology and epochs; the paper's are 120, with the change at 50."""

    patterns: Literal["random", "sparsities", "bars", "bar_sets", "crosses"] = Field(
        default="random", description="data"
    )
    side: int = Field(default=32, ge=4, le=128, description="inputs are side x side, and so are columns")
    topology: bool = Field(default=True, description="pools of radius 12 and local inhibition; else all and global")
    n_patterns: int = Field(default=100, ge=2, le=100_000, description="patterns of each of the two sets")
    n_tests: int = Field(default=50, ge=1, le=10_000, description="of them, tested after each epoch")
    epochs: int = Field(default=120, ge=2, le=10_000, description="how often each pattern is shown, both sets together")
    change: int = Field(default=50, ge=1, le=10_000, description="first epoch with the second set")
    boost: float = Field(default=100.0, ge=0, le=1e6, description="boost strength")
    seed: int = Field(default=0, ge=0, le=2**32 - 2, description="of pooler, patterns and their order")


def tiny() -> Config:
    """Sixty-four columns, six epochs."""
    return Config(side=8, n_patterns=20, n_tests=8, epochs=6, change=3)


def run(config: Config, threads: int = 1) -> Result:
    """Arrays: each measure after each epoch, on the set that is shown. Rows: four moments. `threads` is not used."""
    shape = (config.side, config.side)
    more: dict[str, Any] = _sp.LOCAL if config.topology else {"potential_pct": 1.0}
    p = sp.params(shape, shape, seed=config.seed, **dict(more, boost_strength=config.boost))
    state = sp.initialise(p)
    sets = [_sp.patterns(config.patterns, config.side, config.n_patterns, config.seed + k) for k in (0, 1)]
    made, before = [], None
    for epoch in track(range(config.epochs), "epochs"):
        x = sets[epoch >= config.change]
        tests = sp_inputs.take(x, range(min(config.n_tests, x.n_rows)))
        last = (sp.compute(p, state, tests), sp.copy(state))
        if epoch:  # the first epoch only looks
            _sp.epoch(p, state, x, epoch, config.seed)
        row, _ = _sp.measure(p, state, tests, 25, last if epoch else before, config.seed)
        made.append(row)
    arrays = {name: np.array([row[name] for row in made], float) for name in MEASURES}
    at = {"untrained": 0, "before the change": config.change - 1, "change": config.change, "end": config.epochs - 1}
    rows = [
        {"moment": when, "epoch": e, **{name: float(arrays[name][e]) for name in MEASURES}}
        for when, e in at.items()
        if e < config.epochs
    ]
    metrics = {f"{name}_end": rows[-1][name] for name in MEASURES[:3]}
    return Result(arrays, metrics, rows, {"entropy": "bit"})
