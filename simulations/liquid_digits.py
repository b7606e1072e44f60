"""A liquid of spiking neurons reads handwritten digits; a linear readout of its spike counts names them.

Each image drives the input neurons with Bernoulli spikes for `duration_ms`; the features are the spike counts of the
liquid. Logistic regression on the raw pixels of the same split is the baseline. Both readouts choose their penalty
on the last fifth of the training images and are fitted again on all of them.
"""

from functools import partial
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from models import liquid
from neurosparse import clock, data, encode, rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.network import SpikeMonitor

SIZES = {"digits": (1200, 597), "mnist": (6000, 2000), "fashion-mnist": (6000, 2000)}  # n_train, n_test by default
PENALTIES = {"ridge": (0.01, 0.1, 1.0, 10.0), "logistic": (0.03, 0.1, 1.0, 10.0)}  # alpha; C


class Config(config.Config):
    """What is read, by which liquid."""

    dataset: Literal["digits", "mnist", "fashion-mnist"] = Field(default="digits", description="images")
    pool: Literal["test", "all"] = Field(
        default="test", description="test: split the test images (digits: all images) at random; all: official split"
    )
    n_train: int = Field(default=0, ge=0, le=60_000, description="training images; 0: 1200 digits, 6000 of the others")
    n_test: int = Field(default=0, ge=0, le=60_000, description="test images; 0: 597 digits, 2000 of the others")
    n_neurons: int = Field(default=1000, ge=8, le=20_000, description="neurons of the liquid")
    weight_scale: float = Field(default=0.9, ge=0, le=100, description="|w| of all synapses, mV")
    duration_ms: float = Field(
        default=250.0, ge=1, le=10_000, multiple_of=1, description="time that each image is shown, ms"
    )
    neuron: str = Field(default="lif", description="neuron of the liquid: a name, a module or a file.py")
    neuron_params: dict[str, float | str | bool] = Field(default={}, description="its parameters, over the liquid's")
    readout: Literal["ridge", "logistic"] = Field(default="ridge", description="linear readout of the liquid")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of the split, the wiring and the input spikes")

    @model_validator(mode="after")
    def _fits(self):
        n_train, n_test = self.sizes
        if self.dataset == "digits" and self.pool == "all":
            raise ValueError("pool=all needs an official split, got dataset=digits; leave pool out")
        if n_train < 50:
            raise ValueError(f"n_train must be >= 50 (0 for the default), got {n_train}")
        pool = 1797 if self.dataset == "digits" else 10_000
        if self.pool == "test" and n_train + n_test > pool:
            raise ValueError(f"n_train + n_test must be <= {pool}, got {n_train} + {n_test}; take fewer, or pool=all")
        if self.pool == "all" and n_test > 10_000:
            raise ValueError(f"n_test must be <= 10000 with pool=all, got {n_test}; there are no more test images")
        return self

    @property
    def sizes(self) -> tuple[int, int]:
        """(n_train, n_test) with the defaults of the data set filled in."""
        n_train, n_test = SIZES[self.dataset]
        return self.n_train or n_train, self.n_test or n_test


def tiny() -> Config:
    """A second's worth: 100 neurons read 80 digits."""
    return Config(n_train=60, n_test=20, n_neurons=100, duration_ms=50.0)


def run(config: Config, threads: int = 1) -> Result:
    """Build, simulate, read out. Metrics: accuracy and baseline_accuracy are shares of the test images."""
    (images, labels), (test_images, test_labels) = split(config)
    net = build(config, images[0].size)
    p, scale = encode.image_probabilities(images)
    p = np.concatenate([p, encode.image_probabilities(test_images, scale)[0]])
    counts, first = features(net, p, config, threads)
    n = len(images)
    ours, penalty = fit(config.readout, counts[:n], labels)
    pixels, c = fit("logistic", images.reshape(n, -1), labels, normalise=False)
    predicted = ours.predict(counts[n:])
    accuracy = float(np.mean(predicted == test_labels))
    baseline = float(pixels.score(test_images.reshape(len(test_images), -1), test_labels))
    confusion = np.zeros((10, 10), dtype=np.int64)
    np.add.at(confusion, (test_labels, predicted), 1)
    rate = counts.mean(axis=0) / config.duration_ms * 1000.0
    arrays = {
        "image": images[0],
        "raster_i": first.i,
        "raster_t": first.t,
        "rate": rate,
        "confusion": confusion,
        "predicted": predicted,
        "label": test_labels,
        "excitatory": net.excitatory,
        "positions": net.positions,
        "indptr": net.recurrent.indptr,
        "indices": net.recurrent.indices,
        "weight": net.recurrent.weight,
    }
    metrics = {
        "accuracy": accuracy,
        "baseline_accuracy": baseline,
        "rate_hz": float(rate.mean()),
        "liquid_synapses": net.recurrent.nnz,
        "input_synapses": net.inputs.nnz,
    }
    kind = {"ridge": f"ridge, alpha {penalty:g}", "logistic": f"logistic, C {penalty:g}"}[config.readout]
    rows = [
        {"features": "spike counts of the liquid", "n": counts.shape[1], "readout": kind, "accuracy": accuracy},
        {"features": "raw pixels", "n": images[0].size, "readout": f"logistic, C {c:g}", "accuracy": baseline},
    ]
    return Result(arrays, metrics, rows, {"raster_t": "ms", "rate": "Hz", "weight": "mV", "positions": "grid units"})


def split(config: Config):
    """((train images, labels), (test images, labels)) in a seeded random order."""
    n_train, n_test = config.sizes
    draw = rng.stream(config.seed, "split")
    if config.pool == "all":
        train, test = data.load(config.dataset, "train"), data.load(config.dataset, "test")
        at = [rng.permutation(draw, len(train.labels))[:n_train], rng.permutation(draw, len(test.labels), 1)[:n_test]]
        return (train.images[at[0]], train.labels[at[0]]), (test.images[at[1]], test.labels[at[1]])
    pool = data.load(config.dataset, "test")
    order = rng.permutation(draw, len(pool.labels))
    train, test = order[:n_train], order[n_train : n_train + n_test]
    return (pool.images[train], pool.labels[train]), (pool.images[test], pool.labels[test])


def build(config: Config, n_inputs: int) -> liquid.Liquid:
    """The liquid of this configuration."""
    shared = {name: getattr(config, name) for name in ("n_neurons", "weight_scale", "neuron", "neuron_params", "seed")}
    return liquid.build(liquid.Config(n_inputs=n_inputs, **shared))


def samples(p: np.ndarray, config: Config):
    """What `clock.run` takes as inputs, for each row of p: drawn when it is needed, in the thread that needs it."""
    stream, n_steps = rng.stream(config.seed, "input spikes"), round(config.duration_ms)
    return [partial(liquid.events, p[k], n_steps, stream, k) for k in range(len(p))]


def features(net: liquid.Liquid, p: np.ndarray, config: Config, threads: int) -> tuple[np.ndarray, clock.Spikes]:
    """Spike counts (n_samples, n_neurons) of all samples, and the spikes of the first."""
    shown = samples(p, config)
    engine = clock.compile(net.network, (SpikeMonitor("liquid", counts_only=True),))
    runs = clock.run_batch(engine, config.duration_ms, shown, threads)
    counts = [run.counts["liquid"] for run in track(runs, "simulating", total=len(p))]
    first = clock.run(net.network, config.duration_ms, shown[0], (SpikeMonitor("liquid"),))
    return np.array(counts), first.spikes["liquid"]


def fit(kind: str, x: np.ndarray, y: np.ndarray, normalise: bool = True):
    """(readout, penalty): the penalty that scores best on the last fifth of the samples, fitted on all of them."""
    from neurosparse.readout import Readout  # scikit-learn takes most of a second to import

    cut = len(y) * 4 // 5

    def make(value: float) -> Readout:
        return Readout(kind, C=value, alpha=value, normalise=normalise)

    best = max(PENALTIES[kind], key=lambda value: make(value).fit(x[:cut], y[:cut]).score(x[cut:], y[cut:]))
    return make(best).fit(x, y), best
