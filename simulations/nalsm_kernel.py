"""Kernel quality of liquids: how many inputs their counts tell apart, and how many they still do when inputs are noisy.

    SP        rank of the counts of per_class clean samples of each class, mean over n_draws draws    (separation)
    AP        the same of noisy samples                                                             (generalisation)
    quality   SP' - AP' brought to [0, 1]; SP' and AP' are SP and AP between a lowest and a highest rank

The lowest and the highest rank are those of all liquids of the authors, as shares of the largest rank that there can
be, and SP' - AP' may be -1 to 1. own_ranges: all three are those of the liquids of this run, as in the paper; but where
their ranks hardly differ, that enlarges chance.

Noise: pixels + N(0, noise), cut to the range of the data; times of events + N(0, jitter), reflected. Samples are the
last n_samples of training and test together. As in the authors' code a noisy image has about 6 times as many events,
since noisy images are scaled by a largest pixel of their own; rescale = false keeps the events as many as they were.
compat = "nalsm2021": all events of a recording move by the same time.
Spikes of the input are random too, so that as many samples as neurons have nearly full rank, clean or noisy: where all
ranks are full (dotted in the figure) the quality tells nothing.

Source: V. Ivanov, K. Michmizos, NeurIPS 2021, and its published code; `measure.rank` for the measures.
"""

import numpy as np
from pydantic import Field, model_validator

from models import nalsm
from neurosparse import check, rng
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.measure import kernel_quality, mean_rank, separation
from simulations import nalsm_images
from simulations.nalsm_sweep import Models, Weights, cases

SP_RANGE = (0.5581, 0.99446)  # lowest and highest rank of the authors' liquids, of 1000
AP_RANGE = (0.1275, 0.99328)


class Config(Models):
    """Which liquids, how many samples, how much noise."""

    n_snapshots: int = Field(default=2000, ge=1, le=1_000_000, description="short samples of the initialisation")
    w_astros: Weights = Field(default=(0.015,), description="weights of a spike on the astrocyte")
    weight_scales: Weights = Field(default=(0.4, 0.9, 1.4), description="|w| of static liquids, mV")
    n_samples: int = Field(default=0, ge=0, le=70_000, description="samples, the last ones; 0: 1500, or all if fewer")
    per_class: int = Field(default=100, ge=1, le=7000, description="samples of each class in a draw")
    n_draws: int = Field(default=5, ge=1, le=1000, description="draws; NALSM took 1000")
    noise: float = Field(default=125.0, gt=0, le=1000, description="SD of the pixels' noise, grey levels of 255")
    own_ranges: bool = Field(default=False, description="lowest and highest ranks are those of this run")
    rescale: bool = Field(default=True, description="noisy images have a scale of their own: about 6 times the events")
    jitter_ms: float = Field(default=10.0, gt=0, le=300, description="SD of the noise of recorded times, ms")

    @model_validator(mode="after")
    def _there(self):
        if self.n_samples > sum(self.sizes):
            raise ValueError(f"n_samples must be <= n_train + n_test = {sum(self.sizes)}, got {self.n_samples}")
        return self

    @property
    def n_used(self) -> int:
        """n_samples with the default filled in."""
        return self.n_samples or min(1500, sum(self.sizes))


def tiny() -> Config:
    """Four liquids of 60 neurons, 90 of 100 digits, 4 of each class."""
    return Config(
        dataset="digits", n_train=50, n_test=50, n_neurons=60, n_snapshots=20, duration_ms=60.0, n_samples=90,
        per_class=4, n_draws=2, weight_scales=(0.4, 0.9), rules=("ap_stdp",),
    )  # fmt: skip


def run(config: Config, threads: int = 1) -> Result:
    """One row for each liquid and seed; metrics: the highest quality of each model."""
    rows = []
    for seed in config.seeds:
        some = cases(config, seed)
        level = config.jitter_ms if config.dataset == "nmnist-small" else config.noise
        clean, noisy = (nalsm_images.stimuli(some[0].shape, noise, config.rescale) for noise in (0.0, level))
        labels = clean.labels[-config.n_used :]
        _enough(labels, config)
        for case in track(some, f"liquids of seed {seed}"):
            found = measure(case.shape, (clean, noisy), labels, config, threads)
            rows.append({"model": case.model, "value": case.value, "seed": seed} | found)
    full = min(config.n_neurons * config.n_bins, config.per_class * len(np.unique(labels)))
    sp, ap = (np.array([row[name] for row in rows]) / full for name in ("sp", "ap"))
    quality = qualities(sp, ap, config.own_ranges).tolist()
    rows = [row | {"quality": one} for row, one in zip(rows, quality, strict=True)]
    metrics = {
        f"quality_{model}": max(row["quality"] for row in rows if row["model"] == model)
        for model in dict.fromkeys(row["model"] for row in rows)
    }
    return Result({name: np.array([row[name] for row in rows]) for name in rows[0]}, metrics, rows, {"rate_hz": "Hz"})


def measure(shape: nalsm_images.Config, shown: tuple, labels: np.ndarray, config: Config, threads: int) -> dict:
    """Ranks of the counts of clean and noisy samples; distances and rate of the clean ones."""
    clean, noisy = shown
    c = nalsm_images.model(shape, clean.n_inputs)
    built = nalsm.build(c)
    engine, start = nalsm_images.settle(c, built, clean, shape, 2 * config.n_used)
    engine = nalsm_images.counter(built, engine, shape)
    counts = [
        nalsm_images.count(c, engine, start, of.samples(round(shape.duration_ms))[-config.n_used :], shape, threads)
        for of in (clean, noisy)
    ]
    draws = rng.stream(shape.seed, "kernel draws")
    sp, ap = (mean_rank(states, labels, config.per_class, config.n_draws, draws) for states in counts)
    rate = float(counts[0].sum()) / (len(labels) * shape.n_neurons * shape.duration_ms) * 1000.0
    return {"sp": sp, "ap": ap, "separation": separation(counts[0], labels), "rate_hz": rate}


def qualities(sp: np.ndarray, ap: np.ndarray, own: bool) -> np.ndarray:
    """Kernel quality of liquids (k,) from their ranks over the largest that there can be; NaN where all are alike."""
    if not own:
        return kernel_quality(sp, ap, SP_RANGE, AP_RANGE)
    spans = ((float(sp.min()), float(sp.max())), (float(ap.min()), float(ap.max())))
    if any(low == high for low, high in spans):
        return np.full(len(sp), np.nan)
    difference = 2.0 * kernel_quality(sp, ap, *spans) - 1.0
    low, high = float(difference.min()), float(difference.max())
    return kernel_quality(sp, ap, *spans, (low, high)) if low < high else np.full(len(sp), np.nan)


def _enough(labels: np.ndarray, config: Config) -> None:
    """Before anything runs: every class has as many samples as a draw takes."""
    fewest = int(np.unique(labels, return_counts=True)[1].min())
    if fewest < config.per_class:
        remedy = "raise n_samples or lower per_class"
        check.fail("nalsm_kernel", f"per_class must be <= {fewest}, the smallest class", config.per_class, remedy)
