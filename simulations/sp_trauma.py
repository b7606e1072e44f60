"""Spatial pooler: recovery after a stroke (columns of a patch die) or a cut (inputs of a patch fall silent).

After a stroke the neighbours of the dead patch move some of their receptive fields into what it saw. After a
cut its columns move theirs to living inputs. Topology with local inhibition.
Source: Cui, Ahmad & Hawkins 2017, figure 5.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import sp_inputs, sp_metrics
from neurosparse.sdr import spatial_pooler as sp
from simulations import _sp


class Config(config.Config):
    """Size, time and kind of the trauma; the paper's is 600 epochs, the trauma at 180."""

    trauma: Literal["columns", "inputs"] = Field(default="columns", description="what dies")
    patterns: Literal["bar_sets", "bars", "random", "crosses"] = Field(default="bars", description="data")
    side: int = Field(default=32, ge=8, le=128, description="inputs are side x side, and so are columns")
    patch: int = Field(default=11, ge=1, le=64, description="side of the patch that dies, in the middle")
    radius: int = Field(default=8, ge=1, le=64, description="of the pools, in inputs")
    n_patterns: int = Field(default=1000, ge=2, le=100_000, description="patterns")
    epochs: int = Field(default=150, ge=2, le=10_000, description="how often each is shown")
    at: int = Field(default=30, ge=1, le=10_000, description="epoch of the trauma")
    boost: float = Field(default=100.0, ge=0, le=1e6, description="boost strength")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="of pooler, patterns and their order")


def tiny() -> Config:
    """A field of 10 x 10, six epochs."""
    return Config(side=10, patch=3, radius=3, n_patterns=10, epochs=6, at=3)


def run(config: Config, threads: int = 1) -> Result:
    """Arrays: coverage over epochs inside and outside the patch, maps at four moments. `threads` is not used."""
    shape = (config.side, config.side)
    settings = dict(_sp.LOCAL, potential_radius=config.radius, boost_strength=config.boost)
    p = sp.params(shape, shape, seed=config.seed, **settings)
    state, x = sp.initialise(p), _sp.patterns(config.patterns, config.side, config.n_patterns, config.seed)
    hurt = np.zeros(shape, bool)
    first = (config.side - min(config.patch, config.side)) // 2
    hurt[first : first + config.patch, first : first + config.patch] = True
    shown, maps, centres, trace = x, {}, {}, []
    moments = {0: "start", config.at - 1: "before", config.at: "after", config.epochs: "end"}
    for epoch in track(range(config.epochs + 1), "epochs"):
        if epoch == config.at and config.trauma == "columns":
            sp.kill_columns(p, state, np.flatnonzero(hurt.ravel()))
        if epoch == config.at and config.trauma == "inputs":
            shown = sp_inputs.silenced(x, np.flatnonzero(hurt.ravel()))
        if epoch and epoch != config.at:
            _sp.epoch(p, state, shown, epoch, config.seed)
        trace.append(_look(p, state, shown, hurt))
        if epoch in moments:
            maps[moments[epoch]] = sp_metrics.coverage(p, state)
            centres[moments[epoch]] = np.where(state.alive[:, None] > 0, sp_metrics.centres(p, state), np.nan)
    arrays = {name: np.array([row[name] for row in trace]) for name in trace[0]}
    arrays |= {f"coverage_{m}": a for m, a in maps.items()} | {f"centres_{m}": a for m, a in centres.items()}
    rows = [{"moment": m, "epoch": e, **trace[min(e, config.epochs)]} for e, m in sorted(moments.items()) if m in maps]
    after, end = rows[-2:]
    metrics = {"coverage_after": after["inside"], "coverage_end": end["inside"], "entropy_end": end["entropy"]}
    return Result(arrays | {"hurt": hurt}, metrics, rows, {"entropy": "bit"})


def _look(p, state, x, hurt) -> dict:
    """Columns that are connected to an input inside and outside of the patch, and centres that fall inside."""
    cover, place = sp_metrics.coverage(p, state), np.floor(sp_metrics.centres(p, state)[state.alive > 0])
    place = place[~np.isnan(place).any(axis=1)].astype(int) % hurt.shape[0]
    z = sp.compute(p, state, x)
    return {"inside": float(cover[hurt].mean()), "outside": float(cover[~hurt].mean()),
            "centres_inside": int(hurt[place[:, 0], place[:, 1]].sum()), "entropy": sp_metrics.entropy(z)}  # fmt: skip
