"""Train a spiking net: any data set, any cell; the best epoch is chosen on held-out training samples.

Layers of cells between linear maps, a linear readout averaged over time, cross-entropy. Accuracies are those of the
test set, once with the spikes that the net was trained with (soft, where the cell is) and once with hard spikes; the
test set has no part in any choice. `neurosparse run train_spiking --set dataset=mnist --set steps=1`

Source of the defaults: arXiv:2602.11206, section 5 (hidden 64, Adam 1e-3 falling as a cosine, batches of 128).
"""

import time
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import nn

from neurosparse.io import config, trained
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.tensor import fit, report, ultra
from neurosparse.tensor.net import Layered
from neurosparse.tensor.surrogate import NAMES, spikes
from simulations import _spiking

Name = Literal["mnist", "fashion-mnist", "digits", "fonts", "nmnist-small", "fsdd", "motifs"]
Variant = Literal["paper", "code", "neurosparse"]


class Config(config.Config):
    """What is trained on what."""

    dataset: Name = Field(default="digits", description="samples; digits and fonts need no file")
    cell: Literal[tuple(ultra.CELLS)] = Field(default="UltraPLIF", description="neurons of the hidden layers")  # type: ignore
    variant: Variant = Field(default="neurosparse", description="of the cell: the paper's, its program's, or ours")
    steps: int = Field(default=10, ge=1, le=10_000, description="time steps of a sample")
    hidden: tuple[Annotated[int, Field(ge=1, le=65_536)], ...] = Field(
        default=(64,), min_length=1, description="neurons of each hidden layer"
    )
    epochs: int = Field(default=20, ge=1, le=10_000, description="passes over the training samples")
    encoding: Literal["poisson", "rate", "direct"] = Field(default="rate", description="of images")
    sparsity_penalty: float = Field(default=0.0, ge=0, le=100, description="times the mean of all hidden spikes")
    seed: int = Field(
        default=0, ge=0, le=2**32 - 1, description="of weights, order, noise and split; then one more each"
    )
    n_seeds: int = Field(default=1, ge=1, le=1000, description="nets")
    batch: int = Field(default=128, ge=1, le=65_536, description="samples of a step")
    lr: float = Field(default=1e-3, gt=0, le=10, description="of Adam")
    schedule: Literal["cosine", "constant", "one_cycle"] = Field(default="cosine", description="of lr")
    weight_decay: float = Field(default=0.0, ge=0, le=10, description="of weights, decoupled")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="of hidden spikes")
    shift: int = Field(default=0, ge=0, le=8, description="pixels that training images are moved by at most")
    spike: Literal["own", "hard", "soft", "ste"] = Field(
        default="own", description="how cells answer; own: as the cell"
    )
    eps: float = Field(default=0.0, ge=0, le=100, description="first softness of ultra cells; 0: the variant's")
    learn_eps: bool = Field(default=True, description="whether ultra cells learn it")
    surrogate: Literal[NAMES] = Field(default="atan", description="derivative of hard spikes, with spike=hard")  # type: ignore
    validation: float = Field(
        default=0.1, gt=0, lt=1, description="share of the training samples that choose the epoch"
    )
    n_train: int = Field(default=0, ge=0, le=1_000_000, description="training samples, validation among them; 0: all")
    n_test: int = Field(default=0, ge=0, le=1_000_000, description="test samples; 0: all")


def tiny() -> Config:
    """Digits of 8 x 8, two epochs."""
    return Config(hidden=(12,), steps=3, epochs=2, n_train=300, n_test=100)


def run(config: Config, threads: int = 1) -> Result:
    """One row for each seed; arrays: loss and accuracies (n_seeds, epochs), rates of layers."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        task = few(_spiking.task(config.dataset, config.encoding, config.steps, config.shift), config)
        done = [one(config, task, config.seed + k) for k in range(config.n_seeds)]
    finally:
        torch.set_num_threads(before)
    rows = [row for row, _, _ in done]
    arrays = {
        "loss": np.array([[e.loss for e in found.history] for _, found, _ in done]),
        "train_accuracy": np.array([[e.train_accuracy for e in found.history] for _, found, _ in done]),
        "validation_accuracy": np.array([[e.accuracy for e in found.history] for _, found, _ in done]),
        "rates": np.array([rates for _, _, rates in done]),
    }
    names = ("soft_accuracy", "hard_accuracy", "rate", "seconds", "synaptic_operations", "energy_arithmetic",
             "energy_memory", "energy_ann", "peak_memory")  # fmt: skip
    metrics = {name: float(np.mean([row[name] for row in rows])) for name in names}
    units = {"seconds": "s", "peak_memory": "MiB"} | dict.fromkeys(names[5:8], "J")
    return Result(arrays, metrics, rows, units)


def few(task: _spiking.Task, config: Config) -> _spiking.Task:
    """The first n_train and n_test samples."""
    some = [
        fit.Samples(s.x[: n or None], s.y[: n or None])
        for s, n in zip((task.train, task.test), (config.n_train, config.n_test))
    ]
    return task._replace(train=some[0], test=some[1])


def build(config: Config, n_in: int, classes: int, seed: int) -> Layered:
    """The net with torch's own first weights, drawn from `seed`."""
    torch.manual_seed(seed)
    sizes = (n_in, *config.hidden)
    linears = [nn.Linear(a, b) for a, b in zip(sizes, (*config.hidden, classes))]
    cells = [ultra.cell(config.cell, n, config.variant, **keywords(config)) for n in config.hidden]
    return Layered(linears, cells, config.dropout)


def keywords(config: Config) -> dict:
    """What the cells are made with, beside their name and variant."""
    given: dict = {} if config.spike == "own" else {"spikes": answers(config)}
    if config.cell.startswith(("Ultra", "Sigma")):
        given |= {"learn_eps": config.learn_eps} | ({"params": {"eps": config.eps}} if config.eps else {})
    return given


def answers(config: Config):
    """The spike mode that was asked for."""
    return spikes("hard", config.surrogate) if config.spike == "hard" else spikes(config.spike)


def one(config: Config, task: _spiking.Task, seed: int, checkpoint: trained.Checkpoint | None = None):
    """(row, what was found, rates of layers) of one net."""
    train, validation = fit.split(task.train, config.validation, seed)
    net = build(config, task.n_in, task.classes, seed)
    how = fit.plan(config.epochs, config.batch, config.lr, config.schedule, config.weight_decay,
                   config.sparsity_penalty, seed=seed)  # fmt: skip
    start = time.perf_counter()
    found = fit.fit(
        net, train, validation, task.encode, how, checkpoint=checkpoint, track=track, validate=task.validate
    )
    seconds = time.perf_counter() - start
    done = report.evaluate(net, task.test, task.validate, seed)
    row = {"seed": seed, "best_epoch": found.best, "validation": found.history[found.best].accuracy,
           "soft_accuracy": done.soft_accuracy, "hard_accuracy": done.hard_accuracy, "rate": done.rate,
           "seconds": seconds, "synaptic_operations": done.synaptic_operations, "macs": done.macs,
           "energy_arithmetic": done.energy["arithmetic"], "energy_memory": done.energy["memory"],
           "energy_ann": done.energy["ann"], "peak_memory": done.peak_memory, "eps": softness(net)}  # fmt: skip
    return row, found, done.rates


def softness(net: Layered) -> float:
    """eps of the first layer of cells, nan where it has none."""
    eps = getattr(net.cells[0].params(), "eps", float("nan"))  # type: ignore[operator]
    return float(torch.as_tensor(eps).detach().mean())
