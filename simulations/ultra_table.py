"""UltraLIF's benchmark table on the sets at hand, beside the published values: soft and hard spikes, rates, seeds.

The protocol of `models/ultralif.py` but for two things: the best epoch is chosen on held-out training samples, and
accuracies are given for hard spikes too. Of N-MNIST there are 1,000 recordings to learn from and 100 to test on, a
sixtieth of what the published values had. Epochs are fewer by default (100 there).
"""

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field

from models import ultralif
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from simulations import _spiking, train_spiking

SAME = {"nmnist-small": "n-mnist"}  # what the paper calls it


class Config(config.Config):
    """Which cells on which sets."""

    datasets: tuple[Literal["mnist", "fashion-mnist", "nmnist-small", "digits"], ...] = Field(
        default=("mnist", "fashion-mnist", "nmnist-small"), min_length=1, description="samples"
    )
    cells: tuple[ultralif.Name, ...] = Field(
        default=("LIF", "UltraLIF", "UltraPLIF", "UltraDLIF"), min_length=1, description="neurons"
    )
    variant: Literal["paper", "code", "neurosparse"] = Field(default="code", description="of all cells")
    steps: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = Field(default=(1, 10), min_length=1, description="T")
    penalties: tuple[Annotated[float, Field(ge=0, le=100)], ...] = Field(
        default=(0.0,), min_length=1, description="lambda"
    )
    epochs: int = Field(default=30, ge=1, le=10_000, description="passes over the training samples")
    validation: float = Field(
        default=0.05, gt=0, lt=1, description="share of the training samples that choose the epoch"
    )
    hidden: int = Field(default=64, ge=3, le=65_536, description="neurons")
    n_train: int = Field(default=0, ge=0, le=1_000_000, description="training samples of each set; 0: all")
    n_seeds: int = Field(default=3, ge=1, le=1000, description="nets for each entry")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="of the first of them")


def tiny() -> Config:
    """Digits of 8 x 8, two cells."""
    return Config(
        datasets=("digits",), cells=("LIF", "UltraDLIF"), steps=(1, 2), epochs=2, hidden=8, n_train=200, n_seeds=2
    )


def run(config: Config, threads: int = 1) -> Result:
    """One row for each set, T, penalty and cell: means over seeds and their SD, and the published value."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        rows = [_row(config, *entry) for entry in track(list(entries(config)), "entries")]
    finally:
        torch.set_num_threads(before)
    arrays = {name: np.array([row.pop(name) for row in rows]) for name in ("each_soft", "each_hard")}
    hard = [row["hard_accuracy"] for row in rows]
    return Result(arrays, {"best_hard": max(hard), "mean_hard": float(np.mean(hard))}, rows, {"seconds": "s"})


def entries(config: Config) -> Iterator[tuple]:
    """(dataset, T, penalty, cell) in the order of the table."""
    for dataset in config.datasets:
        for steps in config.steps:
            for penalty in config.penalties:
                for cell in config.cells:
                    yield dataset, steps, penalty, cell


def _row(config: Config, dataset: str, steps: int, penalty: float, cell: str) -> dict:
    """The nets of one entry."""
    one = train_spiking.Config(
        dataset=dataset,  # type: ignore[arg-type]
        cell=cell, variant=config.variant, steps=steps, hidden=(config.hidden,), epochs=config.epochs,
        encoding="poisson", sparsity_penalty=penalty, validation=config.validation, n_train=config.n_train,
    )  # fmt: skip
    task = train_spiking.few(_spiking.task(dataset, "poisson", steps), one)
    done = [train_spiking.one(one, task, config.seed + k)[0] for k in range(config.n_seeds)]
    of = {name: np.array([row[name] for row in done]) for name in ("soft_accuracy", "hard_accuracy", "rate", "seconds")}
    return {
        "dataset": dataset, "steps": steps, "penalty": penalty, "cell": cell,
        "soft_accuracy": float(of["soft_accuracy"].mean()), "soft_sd": float(of["soft_accuracy"].std()),
        "hard_accuracy": float(of["hard_accuracy"].mean()), "hard_sd": float(of["hard_accuracy"].std()),
        "rate": float(of["rate"].mean()), "published": published(dataset, steps, penalty, cell),
        "seconds": float(of["seconds"].sum()), "each_soft": of["soft_accuracy"], "each_hard": of["hard_accuracy"],
    }  # fmt: skip


def published(dataset: str, steps: int, penalty: float, cell: str) -> float:
    """The paper's accuracy, a share; nan where it has none."""
    name, values = SAME.get(dataset, dataset), ultralif.PUBLISHED.get("AdaLIF" if cell == "ALIF" else cell, {})
    if penalty or steps not in ultralif.STEPS or name not in values:
        return float("nan")
    return values[name][ultralif.STEPS.index(steps)] / 100.0
