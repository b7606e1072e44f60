"""Calcium waves: astrocytes joined by gap junctions, one of them driven, on a ring or on a grid.

    bias of driven cells    `bias` for on_s seconds out of every period_s, else 0; of all others 0
    event of a cell         calcium rises above c_theta, 0.5 uM
    distance d of a cell    gap junctions on the shortest way from the middle cell; driven are those with d <= radius
    wave speed v            cells/s, by least squares of  t_k = t_0 + d_k / v  over the cells with d >= radius that have
                            an event, t_k (s) the time of their first; needs three distances
    participation           share of the cells that have an event
    period                  mean time between two events of the middle cell, s

Example 5 (fig. 5) of Stimberg, Goodman, Brette & De Pitta, bioRxiv 198366 (2017): a ring of 50 G-ChI astrocytes for
4000 s in steps of 50 ms, without noise. `noise` 1 makes the gating of IP3 receptors stochastic. On a grid, where each
cell gives to up to four, one driven cell starts no wave with these values; a disc of radius 2 does. The astrocytes run
on a slow clock of their own, beside one of 10 ms that neurons could share.
"""

from typing import Literal

import numpy as np
from pydantic import Field, model_validator
from scipy.sparse import csgraph

from neurosparse import clock, csr, rng
from neurosparse.astrocytes import gchi
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.network import Coupling, CurrentInput, Network, NoiseInput, Population, SpikeMonitor, StateMonitor

TICK = 10.0  # ms
KEPT = 4000  # times of which calcium is kept, at most


class Config(config.Config):
    """Which cells, driven how."""

    n_cells: int = Field(default=50, ge=3, le=10_000, description="astrocytes; a square number on a grid")
    geometry: Literal["ring", "grid"] = Field(default="ring", description="who is joined: 2 neighbours, or up to 4")
    duration_s: float = Field(default=4000.0, ge=1, le=1e6, description="time simulated, s")
    dt: float = Field(default=50.0, ge=10, le=200, multiple_of=10, description="step of the astrocytes, ms")
    substeps: int = Field(default=1, ge=1, le=1000, description="Runge-Kutta steps in each")
    radius: int = Field(default=0, ge=0, le=1000, description="cells this near to the middle one are driven with it")
    bias: float = Field(default=1.0, ge=0, le=10, description="IP3 that the driven cell is held against, uM")
    on_s: float = Field(default=20.0, ge=0, le=1e5, multiple_of=1, description="time of each period with bias, s")
    period_s: float = Field(default=50.0, ge=1, le=1e5, multiple_of=1, description="period of the drive, s")
    f_ex: float = Field(default=0.09, ge=0, le=10, description="most IP3 that the bias drives in, uM/s")
    f: float = Field(default=0.09, ge=0, le=10, description="most IP3 through a gap junction, uM/s; 0 cuts them")
    noise: float = Field(default=0.0, ge=0, le=10, description="of the gating; 1: the Langevin equation, 0: none")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of the gating")

    @model_validator(mode="after")
    def _fits(self):
        if self.geometry == "grid" and round(self.n_cells**0.5) ** 2 != self.n_cells:
            raise ValueError(f"n_cells of a grid must be a square number, got {self.n_cells}")
        if self.on_s > self.period_s:
            raise ValueError(f"on_s must be at most period_s, {self.period_s:g} s, got {self.on_s:g}")
        return self


def tiny() -> Config:
    """Eleven cells for 200 s."""
    return Config(n_cells=11, duration_s=200.0)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each distance. Metrics: events, participation, wave speed, period of the driven cell."""
    wiring, driven = neighbours(config)
    distance = csgraph.shortest_path(csr.to_scipy(wiring), unweighted=True, indices=driven).astype(int)
    i, t, kept, c = simulate(config, wiring, distance <= config.radius, threads)
    first = np.full(config.n_cells, np.nan)
    first[i[::-1]] = t[::-1]
    speed, error, start = wave_speed(distance, np.where(distance < config.radius, np.nan, first))
    own = t[i == driven]
    metrics = {
        "events": len(i),
        "participation": float(np.isfinite(first).mean()),
        "speed": speed,
        "speed_error": error,
        "start_s": start,
        "period_s": float(np.diff(own).mean()) if len(own) > 1 else float("nan"),
        "farthest": int(distance[i].max()) if len(i) else -1,
        "driven": driven,
    }
    arrays = {"events_i": i, "events_t": t, "first_s": first, "distance": distance, "t": kept, "c": c}
    units = {"events_t": "s", "first_s": "s", "t": "s", "c": "uM", "speed": "cells/s", "speed_error": "cells/s"}
    units |= {"start_s": "s", "period_s": "s", "farthest": "cells", "mean_first_s": "s"}
    return Result(arrays, metrics, rows(distance, first, i), units)


def neighbours(config: Config) -> tuple[csr.Csr, int]:
    """(gap junctions in both directions, the driven cell in the middle)."""
    n = config.n_cells
    if config.geometry == "ring":
        here = np.arange(n)
        pairs, driven = (here, (here + 1) % n), n // 2
    else:
        side = round(n**0.5)
        place = np.arange(n).reshape(side, side)
        steps = [(place[:, :-1], place[:, 1:]), (place[:-1], place[1:])]
        pairs = tuple(np.concatenate([pair[k].ravel() for pair in steps]) for k in (0, 1))
        driven = int(place[side // 2, side // 2])
    there, back = np.concatenate(pairs), np.concatenate(pairs[::-1])
    return csr.from_coo(there, back, np.ones(len(there)), (n, n)), driven


def simulate(config: Config, wiring: csr.Csr, driven: np.ndarray, threads: int):
    """(cells and times (s) of the events in the order of time, times (s) and calcium (uM) that are kept)."""
    n, ms = config.n_cells, 1000.0
    given = gchi.EXAMPLE_5 | {"f": config.f, "f_ex": config.f_ex, "substeps": config.substeps}
    astro = Population("astro", n, "neurosparse.astrocytes.gchi", given, every=config.dt)
    gating = rng.stream(config.seed, "gating")
    noise = (NoiseInput("astro", "noise", config.noise, gating),) if config.noise else ()
    net = Network(
        (astro,),
        inputs=(CurrentInput("drive", "astro", "bias"), *noise),
        dt=TICK,
        couplings=(Coupling("astro", "astro", wiring, "gap", gchi.COUPLED),),
    )
    every = max(1, round(np.ceil(config.duration_s * ms / config.dt / KEPT)))
    watch = (SpikeMonitor("astro"), StateMonitor("astro", ("c",), every=every * round(config.dt / TICK)))
    engine, moment, seen = clock.compile(net, watch, threads), None, []
    for on, seconds in track(pieces(config), "periods of the drive"):
        drive = np.where(driven, config.bias * on, 0.0)
        part = clock.run(engine, seconds * ms, {"drive": drive}, start=moment)
        moment = part.end
        seen.append((part.spikes["astro"], part.states["astro"]))
    spikes, states = ([each[k] for each in seen] for k in (0, 1))
    return (
        np.concatenate([part.i for part in spikes]),
        np.concatenate([part.t for part in spikes]) / ms,
        np.concatenate([part.t for part in states]) / ms,
        np.concatenate([part.fields["c"] for part in states]).astype(np.float32),
    )


def pieces(config: Config) -> list[tuple[bool, float]]:
    """(with bias, seconds) of each piece of the run."""
    edges, at = [], 0.0
    while at < config.duration_s:
        edges += [(True, at, at + config.on_s), (False, at + config.on_s, at + config.period_s)]
        at += config.period_s
    cut = [(on, low, min(high, config.duration_s)) for on, low, high in edges]
    return [(on, high - low) for on, low, high in cut if high > low]


def wave_speed(distance: np.ndarray, first: np.ndarray) -> tuple[float, float, float]:
    """(v, its standard error, both in cells/s; t_0, s) of the law above; NaN for fewer than three distances."""
    reached = np.isfinite(first)
    d, t = distance[reached].astype(float), first[reached]
    if len(np.unique(d)) < 3:
        return float("nan"), float("nan"), float("nan")
    spread = np.sum((d - d.mean()) ** 2)
    slope = np.sum((d - d.mean()) * (t - t.mean())) / spread
    start = t.mean() - slope * d.mean()
    error = np.sqrt(np.sum((t - start - slope * d) ** 2) / (len(d) - 2) / spread)
    return float(1 / slope), float(error / slope**2), float(start)


def rows(distance: np.ndarray, first: np.ndarray, i: np.ndarray) -> list[dict]:
    """Of each distance: cells, how many have an event, when on average their first one is, events of a cell."""
    events = np.bincount(i, minlength=len(distance))
    out = []
    for d in np.unique(distance):
        here = distance == d
        reached = here & np.isfinite(first)
        mean = float(first[reached].mean()) if reached.any() else float("nan")
        out.append({
            "distance": int(d), "cells": int(here.sum()), "reached": int(reached.sum()), "mean_first_s": mean,
            "events_each": float(events[here].mean()),
        })  # fmt: skip
    return out
