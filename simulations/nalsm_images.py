"""NALSM on images and recordings: accuracy, branching factor and rate of a liquid that an astrocyte tunes.

Phases, rules and baselines stand in `models/nalsm.py`. The readout is multinomial logistic regression whose penalty is
chosen on the last fifth of the training samples (n_validation of them, if given), on counts of the liquid and, for the
baseline, on the plain pixels; then it is fitted on all training samples, or, with n_validation, on the rest alone.
With compat the liquid's readout is that of the authors' code, see `models/nalsm_readout.py`.
The branching factor is that of the first `n_branching` test samples.
"""

import math
import time
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field, ValidationError, model_validator

from models import nalsm, nalsm_readout
from neurosparse import check, clock, csr, rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.measure import branching_factor, mean_over_samples
from neurosparse.network import SpikeMonitor, StateMonitor
from simulations import _stimuli
from simulations.liquid_digits import PENALTIES

Dataset = Literal["digits", "mnist", "fashion-mnist", "nmnist-small"]
POOLS = {"digits": 1797, "mnist": 10_000, "fashion-mnist": 10_000}
SIZES = {"digits": (1200, 597), "mnist": (8000, 2000), "fashion-mnist": (8000, 2000), "nmnist-small": (1000, 100)}
INPUTS = {"digits": 8 * 8, "mnist": 28 * 28, "fashion-mnist": 28 * 28, "nmnist-small": 2 * 34 * 34}
GIVEN = ("rule", "n_neurons", "w_astro", "listening", "weight_scale", "c_theta", "c_width", "compat", "seed")
BINS = np.linspace(-3.0, 3.0, 121)  # mV
COUNT = np.dtype(np.int32)


class Shown(config.Config):
    """What is shown, for how long, and how it is read: what the simulations of this family share."""

    dataset: Dataset = Field(default="mnist", description="images, or recordings of an event camera")
    pool: Literal["test", "train", "all"] = Field(
        default="test",
        description="part of the images (digits: all of them) that is split at random; all: as published; "
        "N-MNIST is always as published",
    )
    n_neurons: int = Field(default=1000, ge=8, le=20_000, description="neurons of the liquid")
    n_train: int = Field(
        default=0, ge=0, le=60_000, description="training samples; 0: 8000 (digits 1200, N-MNIST 1000)"
    )
    n_test: int = Field(default=0, ge=0, le=10_000, description="test samples; 0: 2000 (digits 597, N-MNIST 100)")
    n_validation: int = Field(
        default=0, ge=0, le=30_000, description="of n_train, never fitted; 0: a fifth, fitted last"
    )
    n_snapshots: int = Field(default=10_000, ge=1, le=1_000_000, description="short samples of the initialisation")
    w_astro: float = Field(default=0.015, ge=0, le=10, description="weight of a spike on the astrocyte")
    weight_scale: float = Field(default=0.9, ge=0, le=100, description="|w| of a static liquid, mV")
    c_theta: float = Field(default=37.0, ge=0, le=1000, description="calcium threshold of AP-STDP; N-MNIST: 10 to 13")
    c_width: float = Field(default=22.0, ge=0, le=1000, description="width of its windows; N-MNIST: 2 to 3")
    n_bins: int = Field(default=1, ge=1, le=60, description="equal spans of a sample that are counted apart")
    model: dict[str, float] = Field(default={}, description="more of models/nalsm.py, as {fields=4.0}")
    readout: Literal["auto", "logistic", "paper"] = Field(
        default="auto", description="paper: that of the authors' code; auto: paper with compat, else logistic"
    )
    epochs: int = Field(default=5000, ge=2, le=100_000, description="of the readout of the authors' code")
    duration_ms: float = Field(default=250.0, ge=60, le=300, multiple_of=1, description="time of each sample, ms")
    compat: Literal["", "nalsm2021"] = Field(default="", description="nalsm2021: with the quirks of the authors' code")

    @model_validator(mode="after")
    def _fits(self):
        n_train, n_test = self.sizes
        if n_train < 50 or n_test < 1:
            raise ValueError(f"n_train must be >= 50 and n_test >= 1 (0 for the default), got {n_train} and {n_test}")
        if self.n_validation > n_train // 2:
            raise ValueError(f"n_validation must be <= half of n_train = {n_train}, got {self.n_validation}")
        most = POOLS.get(self.dataset, 1100)
        if self.dataset == "nmnist-small" and (n_train > 1000 or n_test > 100):
            raise ValueError(f"nmnist-small has 1000 + 100 recordings, got n_train={n_train}, n_test={n_test}")
        if self.dataset == "digits" and self.pool != "test":
            raise ValueError(f"pool={self.pool} needs an official split, got dataset=digits; say pool=test")
        most = most if self.pool == "test" else 60_000
        if self.pool != "all" and n_train + n_test > most:
            remedy = "take fewer" + (", or pool=all" if self.dataset != "digits" else "")
            raise ValueError(f"n_train + n_test must be <= {most}, got {n_train} + {n_test}; {remedy}")
        self._liquid()
        return self

    def _liquid(self) -> None:
        """What `model` names is its to name, and goes with the data set and the size."""
        own = sorted(set(self.model) & {"n_inputs", *GIVEN, *type(self).model_fields})
        if own:
            remedy = "set them beside it" if set(own) <= set(type(self).model_fields) else "leave them out"
            raise ValueError(f"model must not name keys of the simulation, got {own}; {remedy}")
        try:
            c = nalsm.Config.model_validate(self.model)
        except ValidationError as error:
            raise ValueError(f"model: {config.explain(nalsm.Config, error, self.model)}") from None
        if self.n_neurons % c.n_liquids:
            raise ValueError(f"n_neurons must be a multiple of n_liquids = {c.n_liquids}, got {self.n_neurons}")
        n_inputs = INPUTS[self.dataset]
        if c.fields and math.isqrt(n_inputs) ** 2 != n_inputs:
            raise ValueError(f"receptive fields need a square image, got dataset={self.dataset}; leave fields out")

    @property
    def authors_readout(self) -> bool:
        """Whether the readout is that of the authors' code."""
        return self.readout == "paper" or (self.readout == "auto" and bool(self.compat))

    @property
    def sizes(self) -> tuple[int, int]:
        """(n_train, n_test) with the defaults of the data set filled in."""
        n_train, n_test = SIZES[self.dataset]
        return self.n_train or n_train, self.n_test or n_test


class Config(Shown):
    """What is read, by which liquid."""

    rule: Literal["nalsm", "static", "stdp", "ap_stdp"] = Field(default="nalsm", description="what changes weights")
    listening: float = Field(default=1.0, ge=0, le=1, description="share of neurons and inputs that it hears")
    n_branching: int = Field(default=20, ge=1, le=1000, description="test samples for the branching factor")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of the split, the wiring and the spikes")


class Fitted(NamedTuple):
    """What a readout gets right."""

    accuracy: float  # share of the test samples
    predicted: np.ndarray  # (n_test,) labels
    validation: float  # share of the training samples that the penalty was chosen on


def tiny() -> Config:
    """60 digits, 100 neurons."""
    return Config(
        dataset="digits", n_train=60, n_test=20, n_neurons=100, n_snapshots=30, duration_ms=60.0, n_branching=4
    )


def run(config: Config, threads: int = 1) -> Result:
    """Initialise, simulate, read out. Metrics: shares of the test samples, branching factor, rate, seconds."""
    shown = stimuli(config)
    c = model(config, shown.n_inputs)
    built = nalsm.build(c)
    begin = time.perf_counter()
    engine, start = settle(c, built, shown, config)
    settled = time.perf_counter()
    counts, watched = features(c, built, engine, start, shown, config, threads)
    simulated = time.perf_counter()
    fitted = readouts(counts, shown, config)
    branching, rates = activity(engine, start, watched, config)
    rate = counts.reshape(len(counts), -1, config.n_bins).sum(axis=2).mean(axis=0) / config.duration_ms * 1000.0
    metrics = {name: one.accuracy for name, one in fitted.items()} | {
        "branching_factor": mean_over_samples(branching),
        "rate_hz": float(rates.mean()),
        "init_seconds": settled - begin,
        "feature_seconds": simulated - settled,
    }
    before, after = nalsm.recurrent(engine, None), nalsm.recurrent(engine, start)
    arrays = {
        "rate": rate,
        "branching": branching,
        "raster_i": watched[0].spikes["liquid"].i,
        "raster_t": watched[0].spikes["liquid"].step - (start.step if start else 0) + 1.0,
        "image": shown.plain[shown.n_train],
        "label": shown.labels[shown.n_train :],
        "predicted": fitted["accuracy"].predicted,
        "weight_bins": BINS,
        "weights_before": np.histogram(before.weight, BINS)[0],
        "weights_after": np.histogram(after.weight, BINS)[0],
        "positions": built.positions,
        "excitatory": built.excitatory,
        "indptr": after.indptr,
        "indices": after.indices,
        "weight": after.weight,
    }
    if "astro" in watched[0].states:
        arrays["a_minus"] = np.array([run.states["astro"].fields["a"][:, 0] for run in watched])
    rows = [{"features": "counts of the liquid" if name == "accuracy" else "plain input", "accuracy": one.accuracy}
            for name, one in fitted.items()]  # fmt: skip
    units = {"raster_t": "ms", "rate": "Hz", "rate_hz": "Hz", "weight": "mV", "weight_bins": "mV"}
    return Result(arrays, metrics, rows, units | {"init_seconds": "s", "feature_seconds": "s"})


def stimuli(config: Config, noise: float = 0.0, rescale: bool = True) -> _stimuli.Stimuli:
    """What this configuration shows; noise and rescale: see `_stimuli`; grey levels of images, ms of recordings."""
    authors = bool(config.compat)
    if config.dataset == "nmnist-small":
        return _stimuli.recordings(config.dataset, *config.sizes, config.seed, noise, authors)
    return _stimuli.images(config.dataset, config.pool, *config.sizes, config.seed, authors, noise, rescale)


def model(config: Config, n_inputs: int) -> nalsm.Config:
    """The model of this configuration."""
    given: dict[str, Any] = {name: getattr(config, name) for name in GIVEN} | config.model
    return nalsm.Config(n_inputs=n_inputs, **given)


def settle(c: nalsm.Config, built, shown: _stimuli.Stimuli, config: Config, n_counted: int = 0):
    """(engine, weights after the initialisation); n_counted: samples that `count` is to keep, 0 for all."""
    room(config, n_counted or len(shown.labels))
    engine = nalsm.compile(built)
    pieces = shown.snapshots(config.n_snapshots, round(nalsm.SNAPSHOT_MS), rng.stream(config.seed, "snapshots"))
    return engine, nalsm.initialise(c, engine, track(pieces, "initialising", total=config.n_snapshots))


def features(c, built, engine, start, shown: _stimuli.Stimuli, config: Config, threads: int):
    """Counts (n_samples, n_neurons) of all samples, and runs of the first test samples with all their spikes."""
    samples = shown.samples(round(config.duration_ms))
    monitors = (SpikeMonitor("liquid"), *([StateMonitor("astro", ("a",))] if "astro" in _names(built) else []))
    closely = nalsm.compile(built, monitors)
    counts = count(c, engine if config.n_bins == 1 else closely, start, samples, config, threads)
    few = samples[shown.n_train : shown.n_train + config.n_branching]
    return counts, list(nalsm.features(c, closely, start, few, threads, config.duration_ms))


def count(c, engine, start, samples: list, config: Shown, threads: int) -> np.ndarray:
    """(n_samples, n_neurons * n_bins) spikes of the liquid; `engine` records them one by one where there are bins."""
    begin, n_steps, bins = start.step if start else 0, round(config.duration_ms), config.n_bins
    room(config, len(samples))
    counts = np.zeros((len(samples), config.n_neurons * bins), COUNT)

    def counted(run: clock.Run) -> np.ndarray:
        if bins == 1:
            return run.counts["liquid"]
        spikes = run.spikes["liquid"]
        span = (spikes.step - begin) * bins // n_steps
        return np.bincount(spikes.i * bins + span, minlength=config.n_neurons * bins)

    runs = nalsm.features(c, engine, start, samples, threads, config.duration_ms)
    for row, run in zip(counts, track(runs, "simulating", total=len(samples)), strict=True):
        row[:] = counted(run)
    return counts


def room(config: Shown, n_samples: int) -> None:
    """Raise MemoryError, before anything runs, where the counts and the readout's float64 copy of them do not fit."""
    each = COUNT.itemsize + np.dtype(np.float64).itemsize
    what = f"counts of {n_samples} samples, n_neurons={config.n_neurons} and n_bins={config.n_bins}, twice,"
    size = float(n_samples) * config.n_neurons * config.n_bins * each
    check.fits("nalsm_images.count", what, size, "take fewer of one of them, or a larger machine")


def counter(built, engine: clock.Engine, config: Shown) -> clock.Engine:
    """The engine that `count` needs: one that records all spikes where there are bins."""
    return engine if config.n_bins == 1 else nalsm.compile(built, (SpikeMonitor("liquid"),))


def _names(built) -> list[str]:
    return [population.name for population in built.network.populations]


def activity(engine, start, watched: list[clock.Run], config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Branching factor and rate (Hz) of each run, with the wiring that the liquid has."""
    wiring = nalsm.recurrent(engine, start)
    sources = csr.transpose(wiring)
    rows = ((wiring.indptr, wiring.indices), (sources.indptr, sources.indices))
    begin, n_steps = start.step if start else 0, round(config.duration_ms)
    spikes = [run.spikes["liquid"] for run in watched]
    factors = [branching_factor(s.i, s.step - begin, *rows, n_steps) for s in spikes]
    return np.array(factors), np.array([len(s.i) / config.n_neurons / config.duration_ms * 1000.0 for s in spikes])


def readouts(counts: np.ndarray, shown: _stimuli.Stimuli, config: Config) -> dict[str, Fitted]:
    """From the counts and from the plain input."""
    return {"accuracy": fit(counts, shown, config), "baseline_accuracy": baseline(shown, config)}


def baseline(shown: _stimuli.Stimuli, config: Shown) -> Fitted:
    """The same readout without a liquid."""
    return fit(shown.plain.astype(np.float64), shown, config, normalise=False)


def fit(x: np.ndarray, shown: _stimuli.Stimuli, config: Shown, normalise: bool = True) -> Fitted:
    """A readout of x (n_samples, d), training samples first."""
    from neurosparse.readout import Readout  # scikit-learn takes most of a second to import

    n, y = shown.n_train, shown.labels
    cut = n - (config.n_validation or n // 5)
    if normalise and config.authors_readout:
        found = nalsm_readout.fit(x, y, cut, n - cut, config.epochs)
        return Fitted(float(np.mean(found.predicted == y[n:])), found.predicted, float(found.validation[found.epoch]))
    tried = {C: Readout("logistic", C=C, normalise=normalise).fit(x[:cut], y[:cut]) for C in PENALTIES["logistic"]}
    scores = {C: float(readout.score(x[cut:n], y[cut:n])) for C, readout in tried.items()}
    best = max(scores, key=lambda C: scores[C])
    made = tried[best] if config.n_validation else Readout("logistic", C=best, normalise=normalise).fit(x[:n], y[:n])
    predicted = made.predict(x[n:])
    return Fitted(float(np.mean(predicted == y[n:])), predicted, scores[best])
