"""How soft should an ultradiscretized neuron be? Accuracy and hard spikes with eps held, and where it goes if learned.

One hidden layer on pixels as currents, T = 1, as the paper's ablation; the best epoch is chosen on held-out training
samples. `operations` are those of hard spikes, a sample. Published values (100 epochs, best test epoch, the threshold 1
of another program) are for MNIST alone.
"""

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field

from models import ultralif
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from simulations import _spiking, train_spiking

Cell = Literal["UltraLIF", "UltraPLIF", "UltraDLIF"]
PUBLISHED_AT = (0.5, 1.0, 2.0)  # eps held; then learned


class Config(config.Config):
    """Which cells, how soft."""

    dataset: Literal["mnist", "fashion-mnist", "fonts", "digits"] = Field(default="mnist", description="images")
    cells: tuple[Cell, ...] = Field(default=("UltraLIF", "UltraPLIF", "UltraDLIF"), min_length=1, description="neurons")
    variant: Literal["paper", "code", "neurosparse"] = Field(default="code", description="of all cells")
    eps: tuple[Annotated[float, Field(gt=0, le=20)], ...] = Field(
        default=(0.1, 0.5, 1.0, 2.0), min_length=1, description="held; then once learned, from 1"
    )
    epochs: int = Field(default=15, ge=1, le=10_000, description="passes over the training samples")
    hidden: int = Field(default=64, ge=3, le=65_536, description="neurons")
    n_train: int = Field(default=0, ge=0, le=1_000_000, description="training samples; 0: all")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="of the nets")


def tiny() -> Config:
    """Digits of 8 x 8, one cell."""
    return Config(dataset="digits", cells=("UltraPLIF",), eps=(0.5, 2.0), epochs=2, hidden=8, n_train=200)


class Watch:
    """A checkpoint that keeps nothing but eps after each epoch."""

    def __init__(self):
        self.seen: list[float] = []

    def load(self):
        """Nothing to go on from."""

    def save(self, snapshot) -> None:
        """Note the free number of eps, if it is learned."""
        free = [
            array for name, array in snapshot.arrays.items() if name.startswith("net/") and name.endswith("learned.eps")
        ]
        self.seen.append(float(free[0].mean()) if free else float("nan"))


def run(config: Config, threads: int = 1) -> Result:
    """One row for each cell and eps; arrays: eps of the learned over epochs (n_cells, epochs)."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        done = [_one(config, cell, eps) for cell in track(config.cells, "cells") for eps in (*config.eps, 0.0)]
    finally:
        torch.set_num_threads(before)
    rows = [row for row, _ in done]
    courses = np.array([course for row, course in done if row["learned"]])
    best = max(rows, key=lambda row: row["hard_accuracy"])
    return Result({"eps_course": courses}, {"best_hard": best["hard_accuracy"], "best_eps": best["eps"]}, rows, {})


def _one(config: Config, cell: str, eps: float) -> tuple[dict, list[float]]:
    """(row, eps over epochs) of one net; eps 0: learned from 1."""
    one = train_spiking.Config(
        dataset=config.dataset, cell=cell, variant=config.variant, steps=1, hidden=(config.hidden,),
        epochs=config.epochs, encoding="direct", n_train=config.n_train, eps=eps or 1.0, learn_eps=not eps,
        validation=0.05,
    )  # fmt: skip
    task = train_spiking.few(_spiking.task(config.dataset, "direct", 1), one)
    watch = Watch()
    row, _, _ = train_spiking.one(one, task, config.seed, watch)  # type: ignore[arg-type]
    shown = {name: row[name] for name in ("soft_accuracy", "hard_accuracy", "rate", "eps")}
    shown |= {"operations": row["synaptic_operations"] + row["macs"]}
    return {"cell": cell, "learned": not eps, **shown, "published": published(config, cell, eps)}, _values(
        config, watch
    )


def _values(config: Config, watch: Watch) -> list[float]:
    """eps from the free numbers, by the map of the variant."""
    from neurosparse.tensor import learned
    from neurosparse.tensor.ultra_graph import EPS_MAPS

    return learned.value(EPS_MAPS[config.variant], torch.tensor(watch.seen)).tolist()


def published(config: Config, cell: str, eps: float) -> float:
    """The paper's accuracy, a share; nan where it has none."""
    if config.dataset != "mnist" or (eps and eps not in PUBLISHED_AT):
        return float("nan")
    values = ultralif.PUBLISHED_EPS[cell][0]
    return values[PUBLISHED_AT.index(eps) if eps else len(PUBLISHED_AT)] / 100.0
