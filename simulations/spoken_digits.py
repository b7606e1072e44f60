"""Spoken digits, end to end: sound through a cochlea into spikes, through a trained net, tested on a new speaker.

Each of the six speakers is left out once; a net is trained on the other five, a tenth of whose recordings chooses the
epoch. Hidden layers of LIF cells, the first with learned delays where `taps` > 1; the readout is linear, averaged over
time. Beside it a model without spikes: logistic regression on the same spikes counted in `pieces` spans of time, its
penalty chosen on the same validation recordings. The cochlea's threshold and gain were chosen
with that regression on the speakers that are tested here, so both figures are a little too kind.

Data: Free Spoken Digit Dataset (Jackson et al. 2018), 3,000 recordings at 8 kHz.
"""

import time
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from threadpoolctl import threadpool_limits
from torch import nn

from neurosparse import cochlea, data, rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.tensor import fit, report, ultra
from neurosparse.tensor.delays import DelayLinear
from neurosparse.tensor.net import Layered

PENALTIES = (1e-3, 1e-2, 1e-1)  # C of the regression


class Config(config.Config):
    """The net, and how long it learns."""

    dataset: Literal["fsdd", "tones"] = Field(
        default="fsdd", description="recordings; tones are made, and need no file"
    )
    cell: Literal["LIF", "PLIF", "UltraPLIF", "ALIF"] = Field(
        default="PLIF", description="neurons of the hidden layers"
    )
    hidden: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(
        default=(128, 128), min_length=1, description="sizes"
    )
    taps: int = Field(default=1, ge=1, le=1000, description="steps that a delay of the first layer may have; 1: none")
    steps: int = Field(default=70, ge=1, le=10_000, description="of 10 ms; what is longer is cut off")
    tau_mem: float = Field(default=50.0, gt=0, le=1e5, description="ms, where cells are LIF, PLIF or ALIF")
    epochs: int = Field(default=25, ge=1, le=10_000, description="passes over the recordings")
    batch: int = Field(default=64, ge=1, le=65_536, description="recordings of a step")
    lr: float = Field(default=2e-3, gt=0, le=10, description="of Adam, falling as a cosine")
    dropout: float = Field(default=0.3, ge=0, lt=1, description="of hidden spikes")
    pieces: int = Field(default=7, ge=1, le=1000, description="spans of time that the regression counts in")
    n_folds: int = Field(default=0, ge=0, le=6, description="speakers that are left out, one after another; 0: all")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="of weights, order and dropout")


def tiny() -> Config:
    """Made tones of three speakers, two epochs."""
    return Config(dataset="tones", hidden=(16,), steps=20, epochs=2, pieces=4, n_folds=2)


def run(config: Config, threads: int = 1) -> Result:
    """One row for each speaker that was left out: accuracy of the net and of the regression."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        waves, labels, speakers, rate = _recordings(config)
        counts = cochlea.spikes(waves, rate, config.steps)
        left_out = np.unique(speakers)[: config.n_folds or None]
        with threadpool_limits(threads):  # more threads than processors that are free cost the regression fortyfold
            rows = [_fold(config, counts, labels, speakers, who) for who in track(left_out, "speakers")]
    finally:
        torch.set_num_threads(before)
    names = ("accuracy", "baseline", "rate", "seconds", "synaptic_operations")
    metrics = {name: float(np.mean([row[name] for row in rows])) for name in names}
    metrics["worst"] = min(row["accuracy"] for row in rows)
    arrays = {"mean_counts": counts.mean(axis=0, dtype=np.float64), "example": counts[0], "classes": np.unique(labels)}
    arrays["mean_by_class"] = np.array([counts[labels == k].mean(axis=0) for k in arrays["classes"]])
    return Result(arrays, metrics, rows, {"seconds": "s"})


def _recordings(config: Config):
    """(waves, labels, speakers, rate in Hz)."""
    if config.dataset == "fsdd":
        speech = data.load_speech("fsdd")
        return speech.waves, speech.labels.astype(np.int64), speech.speakers, speech.rate
    stream, rate, n = rng.stream(config.seed, "tones"), 8000, 90
    labels, speakers = np.arange(n) % 3, np.arange(n) // 30
    t = np.arange(1600) / rate
    pitch = np.exp(0.1 * rng.normals(stream, n))
    waves = [np.sin(2 * np.pi * 300.0 * 2.0 ** labels[k] * pitch[k] * t) for k in range(n)]
    return waves, labels, speakers, rate


def _fold(config: Config, counts: np.ndarray, labels: np.ndarray, speakers: np.ndarray, who) -> dict:
    """Train without one speaker, test on that one."""
    x, y, out = torch.from_numpy(counts), torch.from_numpy(labels), torch.from_numpy(speakers == who)
    train, validation = fit.split(fit.Samples(x[~out], y[~out]), 0.1, config.seed)
    net = build(config, counts.shape[2], int(labels.max()) + 1)
    how = fit.plan(config.epochs, config.batch, config.lr, seed=config.seed)
    start = time.perf_counter()
    found = fit.fit(net, train, validation, _encode, how)
    seconds = time.perf_counter() - start
    done = report.evaluate(net, fit.Samples(x[out], y[out]), _encode, config.seed, 200)
    baseline = _regression(config, counts, labels, speakers, who)
    return {
        "speaker": str(who), "accuracy": done.hard_accuracy, "baseline": baseline,
        "validation": found.history[found.best].accuracy, "best_epoch": found.best, "rate": done.rate,
        "seconds": seconds, "synaptic_operations": done.synaptic_operations,
    }  # fmt: skip


def _encode(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return x.transpose(0, 1).float()


def build(config: Config, n_in: int, classes: int) -> Layered:
    """The net, with torch's own first weights; delays as `DelayLinear` draws them."""
    torch.manual_seed(config.seed)
    sizes = (n_in, *config.hidden)
    maps: list[nn.Module] = [nn.Linear(a, b) for a, b in zip(sizes, (*config.hidden, classes))]
    if config.taps > 1:
        maps[0] = DelayLinear(n_in, config.hidden[0], config.taps, seed=config.seed)
    given = {} if config.cell == "UltraPLIF" else {"params": {"tau_mem": config.tau_mem / 10.0}}  # of steps of 10 ms
    cells = [ultra.cell(config.cell, n, "neurosparse", **given) for n in config.hidden]
    return Layered(maps, cells, config.dropout)


def _regression(config: Config, counts: np.ndarray, labels: np.ndarray, speakers: np.ndarray, who) -> float:
    """Accuracy on the speaker of the model without spikes, its penalty chosen on the net's validation recordings."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    edges = np.linspace(0, counts.shape[1], config.pieces + 1).astype(int)
    spans = [counts[:, a:b].sum(axis=1, dtype=np.float64) for a, b in pairwise(edges)]
    x, y, out = torch.from_numpy(np.concatenate(spans, axis=1)), torch.from_numpy(labels), speakers == who
    train, validation = fit.split(fit.Samples(x[~out], y[~out]), 0.1, config.seed)
    models = [make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=2000, tol=1e-3)) for c in PENALTIES]
    fitted = [model.fit(train.x.numpy(), train.y.numpy()) for model in models]
    best = max(fitted, key=lambda model: model.score(validation.x.numpy(), validation.y.numpy()))
    return float(best.score(x[out].numpy(), labels[out]))
