"""Speed of NALSM: milliseconds for one sample of a liquid that learns while it reads, on one and on two threads.

A sample is one image shown for `duration_ms` to a liquid whose weights change in every step, from the weights that the
initialisation left; encoding and each sample's own copy of the weights are included. What is timed is the feature
extraction of `nalsm_images`; how, `bench_liquid` says. The memory of a thread is that of one sample's state.
"""

import time
from typing import Annotated, Literal

from pydantic import Field

from models import nalsm
from neurosparse.io.results import Result
from neurosparse.network import SpikeMonitor
from simulations import bench_liquid, nalsm_images


class Config(bench_liquid.Config):
    """Size of the liquid and of the measurement."""

    weight_scale: float = Field(default=0.9, ge=0, le=100, description="|w| of a static liquid, mV")
    rule: Literal["nalsm", "static", "stdp", "ap_stdp"] = Field(default="nalsm", description="what changes weights")
    compat: Literal["", "nalsm2021"] = Field(default="", description="nalsm2021: with the quirks of the authors' code")
    n_snapshots: int = Field(default=5000, ge=1, le=1_000_000, description="short samples of the initialisation")
    n_samples: int = Field(default=400, ge=51, le=10_000, description="samples of one timing")
    duration_ms: float = Field(default=250.0, ge=60, le=300, multiple_of=1, description="time of each sample, ms")
    threads: tuple[Annotated[int, Field(ge=1, le=256)], ...] = Field(
        default=(1, 2), min_length=1, description="thread counts to time; ratios are against the first"
    )


def tiny() -> Config:
    """A hundred neurons, 51 samples, two timings."""
    return Config(dataset="digits", n_neurons=100, duration_ms=60.0, n_samples=51, n_snapshots=10, repeats=2)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each thread count. Metrics: those of `bench_liquid` and ms_per_snapshot. `threads` is not used."""
    names = ("dataset", "n_neurons", "rule", "compat", "weight_scale", "duration_ms", "n_snapshots", "seed")
    shape = nalsm_images.Config(
        n_train=config.n_samples - 1, n_test=1, **{name: getattr(config, name) for name in names}
    )  # fmt: skip
    shown = nalsm_images.stimuli(shape)
    c = nalsm_images.model(shape, shown.n_inputs)
    built = nalsm.build(c)
    begin = time.perf_counter()
    engine, start = nalsm_images.settle(c, built, shown, shape)
    settled = time.perf_counter() - begin
    samples = list(nalsm.samples(c, shown.samples(round(config.duration_ms)), config.duration_ms))
    watch = (SpikeMonitor("liquid", counts_only=True),)
    spent = bench_liquid.phases(built.network, samples, config, watch, start, "float32")
    result = bench_liquid.describe(engine, samples, start, spent, config)
    metrics = dict(result.metrics) | {"ms_per_snapshot": 1e3 * settled / config.n_snapshots}
    return result._replace(metrics=metrics, units=dict(result.units) | {"ms_per_snapshot": "ms"})
