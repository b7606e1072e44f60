"""Branching factor and rate of a liquid against the scale of its weights.

Below about 0.8 a spike is followed by less than one among its targets, above by more: the edge that self-tuning
liquids look for. Mean over `n_samples` images, encoded with the scale of the whole test set.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from models import liquid
from neurosparse import clock, csr, data, encode, rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.measure import branching_factor, firing_rate, isi_cv, mean_over_samples, population_synchrony
from neurosparse.network import SpikeMonitor


class Config(config.Config):
    """Which weights, on which images."""

    dataset: Literal["digits", "mnist", "fashion-mnist"] = Field(default="mnist", description="images")
    weight_scales: tuple[Annotated[float, Field(ge=0, le=100)], ...] = Field(
        default=(0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4), min_length=1, description="|w|, mV"
    )
    n_samples: int = Field(default=20, ge=1, le=1000, description="images for each weight scale")
    n_neurons: int = Field(default=1000, ge=8, le=20_000, description="neurons of the liquid")
    duration_ms: float = Field(
        default=250.0, ge=60, le=10_000, multiple_of=1, description="time that each image is shown, ms"
    )
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of wiring, choice of images and input spikes")


def tiny() -> Config:
    """Two weight scales, four digits, 200 neurons."""
    return Config(dataset="digits", weight_scales=(0.9, 1.4), n_samples=4, n_neurons=200, duration_ms=100.0)


def run(config: Config, threads: int = 1) -> Result:
    """One row for each weight scale; metrics of the one nearest to NALSM's 0.9."""
    images = data.load(config.dataset, "test").images
    p, _ = encode.image_probabilities(images)
    p = p[rng.permutation(rng.stream(config.seed, "samples"), len(p))[: config.n_samples]]
    rows = [measure(scale, p, config, threads) for scale in track(config.weight_scales, "weight scales")]
    middle = min(rows, key=lambda row: abs(row["weight_scale"] - 0.9))
    metrics = {name: middle[name] for name in ("branching_factor", "rate_hz")}
    arrays = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return Result(arrays, metrics, rows, {"weight_scale": "mV", "rate_hz": "Hz"})


def measure(scale: float, p: np.ndarray, config: Config, threads: int) -> dict:
    """Branching factor, rate (Hz), CV of the intervals and synchrony at one weight scale."""
    net = liquid.build(
        liquid.Config(n_inputs=p.shape[1], n_neurons=config.n_neurons, weight_scale=scale, seed=config.seed)
    )
    stream, n_steps, n = rng.stream(config.seed, "input spikes"), round(config.duration_ms), config.n_neurons
    samples = [lambda k=k: liquid.events(p[k], n_steps, stream, k) for k in range(len(p))]
    engine = clock.compile(net.network, (SpikeMonitor("liquid"),))
    spikes = [run.spikes["liquid"] for run in clock.run_batch(engine, config.duration_ms, samples, threads)]
    sources = csr.transpose(net.recurrent)
    wiring = ((net.recurrent.indptr, net.recurrent.indices), (sources.indptr, sources.indices))
    return {
        "weight_scale": scale,
        "branching_factor": mean_over_samples([branching_factor(s.i, s.step, *wiring, n_steps) for s in spikes]),
        "rate_hz": float(np.mean([firing_rate(s.i, n, config.duration_ms) for s in spikes])),
        "isi_cv": mean_over_samples(np.concatenate([isi_cv(s.i, s.t, n) for s in spikes])),
        "synchrony": mean_over_samples([population_synchrony(s.i, s.t, n, config.duration_ms) for s in spikes]),
    }
