"""Spatial pooler: recovery after a stroke (columns of a patch die) or a cut (inputs of a patch fall silent).

After a stroke the neighbours of the dead patch move some of their receptive fields into what it saw. After a
cut its columns move theirs to living inputs. Topology with local inhibition. As in the published experiment, the
patterns are drawn anew in each epoch, and only inputs near a column's centre are connected at first; on a fixed set of
patterns the fields that are left suffice, and nothing moves.
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
    """Size, time and kind of the trauma; published: 600 epochs, the trauma at 180, density .02, which recovers less."""

    trauma: Literal["columns", "inputs"] = Field(default="columns", description="what dies")
    patterns: Literal["bar_sets", "bars", "random", "crosses"] = Field(default="bar_sets", description="data")
    fresh: bool = Field(default=True, description="other patterns in each epoch; else the same ones always")
    side: int = Field(default=32, ge=8, le=128, description="inputs are side x side, and so are columns")
    patch: int = Field(default=11, ge=1, le=64, description="side of the patch that dies, in the middle")
    radius: int = Field(default=10, ge=1, le=64, description="of the pools, in inputs")
    near: int = Field(default=5, ge=1, le=64, description="inputs beyond this distance start at permanence 0")
    density: float = Field(default=0.1, gt=0, le=1, description="share of a neighbourhood that wins")
    n_patterns: int = Field(default=100, ge=2, le=100_000, description="patterns of an epoch")
    epochs: int = Field(default=400, ge=2, le=10_000, description="how often that many are shown")
    at: int = Field(default=120, ge=1, le=10_000, description="epoch of the trauma")
    boost: float = Field(default=100.0, ge=0, le=1e6, description="boost strength")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="of pooler, patterns and their order")


def tiny() -> Config:
    """A field of 10 x 10, six epochs."""
    return Config(side=10, patch=3, radius=3, near=2, n_patterns=10, epochs=6, at=3)


def run(config: Config, threads: int = 1) -> Result:
    """Arrays: coverage over epochs inside and outside the patch, maps at four moments. `threads` is not used."""
    shape = (config.side, config.side)
    settings = dict(_sp.LOCAL, potential_radius=config.radius, boost_strength=config.boost, density=config.density)
    p = sp.params(shape, shape, seed=config.seed, **settings)
    state = _start(p, min(config.near, config.radius))
    hurt = np.zeros(shape, bool)
    first = (config.side - min(config.patch, config.side)) // 2
    hurt[first : first + config.patch, first : first + config.patch] = True
    maps, centres, trace = {}, {}, []
    moments = {0: "start", config.at - 1: "before", config.at: "after", config.epochs: "end"}
    for epoch in track(range(config.epochs + 1), "epochs"):
        if epoch == config.at and config.trauma == "columns":
            sp.kill_columns(p, state, np.flatnonzero(hurt.ravel()))
        shown = _sp.patterns(config.patterns, config.side, config.n_patterns, config.seed + epoch * config.fresh)
        if epoch >= config.at and config.trauma == "inputs":
            shown = sp_inputs.silenced(shown, np.flatnonzero(hurt.ravel()))
        learned = epoch and epoch != config.at
        z = _sp.epoch(p, state, shown, epoch, config.seed) if learned else sp.compute(p, state, shown)
        trace.append(_look(p, state, z, hurt))
        if epoch in moments:
            maps[moments[epoch]] = sp_metrics.coverage(p, state)
            centres[moments[epoch]] = np.where(state.alive[:, None] > 0, sp_metrics.centres(p, state), np.nan)
    arrays = {name: np.array([row[name] for row in trace]) for name in trace[0]}
    arrays |= {f"coverage_{m}": a for m, a in maps.items()} | {f"centres_{m}": a for m, a in centres.items()}
    rows = [{"moment": m, "epoch": e, **trace[min(e, config.epochs)]} for e, m in sorted(moments.items()) if m in maps]
    after, end = rows[-2:]
    metrics = {"coverage_after": after["inside"], "coverage_end": end["inside"], "entropy_end": end["entropy"]}
    return Result(arrays | {"hurt": hurt}, metrics, rows, {"entropy": "bit"})


def _start(p: sp.Params, near: int) -> sp.State:
    """Permanences of pools of radius `near`, the rest of each pool at 0."""
    state, wide = sp.initialise(p._replace(potential_radius=near)), sp.initialise(p).permanence
    rest = np.where(wide < 0, np.float32(-1), np.float32(0))
    permanence = np.where(state.permanence < 0, rest, state.permanence)
    return sp.from_arrays(p, sp.state_arrays(state) | {"permanence": permanence})


def _look(p, state, z, hurt) -> dict:
    """Columns that are connected to an input inside and outside of the patch, and centres that fall inside."""
    cover, place = sp_metrics.coverage(p, state), np.floor(sp_metrics.centres(p, state)[state.alive > 0])
    place = place[~np.isnan(place).any(axis=1)].astype(int) % hurt.shape[0]
    return {"inside": float(cover[hurt].mean()), "outside": float(cover[~hurt].mean()),
            "centres_inside": int(hurt[place[:, 0], place[:, 1]].sum()), "entropy": sp_metrics.entropy(z)}  # fmt: skip
