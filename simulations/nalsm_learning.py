"""Learning curve: accuracy of a linear readout of liquids, and of pixels, against the number of training samples.

Each liquid sees all training samples once; readouts are fitted to the first n of them, and tested on the same test
samples. So each n is a part of the next larger one; snapshots of the initialisation, which know no labels, and the
scale of the pixels come from all training samples. Phases and readout as in `nalsm_images`.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from models import nalsm
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from simulations import _stimuli, nalsm_images
from simulations.nalsm_sweep import Seed

FIRST = 50  # samples: below, a class may be missing


class Config(nalsm_images.Shown):
    """How many samples, of which liquids."""

    n_trains: tuple[Annotated[int, Field(ge=FIRST, le=60_000)], ...] = Field(
        default=(500, 1000, 2000, 4000, 8000), min_length=1, description="training samples of each point"
    )
    rules: tuple[Literal["nalsm", "static", "stdp", "ap_stdp"], ...] = Field(
        default=("static", "nalsm"), min_length=1, description="liquids"
    )
    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1, description="of split, wiring and spikes")

    @field_validator("n_trains", "rules", "seeds")
    @classmethod
    def _distinct(cls, values):
        if len(set(values)) < len(values):
            raise ValueError(f"entries must differ from one another, got {list(values)}; name each once")
        return values

    @model_validator(mode="after")
    def _enough(self):
        least, most = min(self.n_trains), max(self.n_trains)
        if most > self.sizes[0]:
            raise ValueError(f"n_trains must be <= n_train = {self.sizes[0]}, got {most}; raise n_train")
        if self.n_validation > least // 2:
            raise ValueError(f"n_validation must be <= half of each n_trains, {least}, got {self.n_validation}")
        return self


def tiny() -> Config:
    """Static and NALSM with 100 neurons, 50 and 90 digits."""
    return Config(
        dataset="digits", n_train=90, n_test=30, n_neurons=100, n_snapshots=20, duration_ms=60.0, n_trains=(50, 90)
    )


def run(config: Config, threads: int = 1) -> Result:
    """One row for each features (a rule, or pixels), n_train and seed; metrics: accuracies of the largest n_train."""
    rows = []
    for seed in config.seeds:
        shown = nalsm_images.stimuli(_shape(config, config.rules[0], seed))  # which no rule changes
        for rule in track(config.rules, f"liquids of seed {seed}"):
            rows += _curve(rule, counts(_shape(config, rule, seed), shown, threads), shown, config, seed)
        rows += _curve("pixels", shown.plain.astype(np.float64), shown, config, seed)
    names = (*config.rules, "pixels")
    most = max(config.n_trains)
    metrics = {
        f"accuracy_{name}": float(
            np.mean([row["accuracy"] for row in rows if (row["features"], row["n_train"]) == (name, most)])
        )
        for name in names
    }
    arrays = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return Result(arrays | {"sizes": np.array(config.sizes)}, metrics, rows, {})


def counts(shape: nalsm_images.Config, shown: _stimuli.Stimuli, threads: int) -> np.ndarray:
    """(n_train + n_test, n_neurons) spikes of one liquid."""
    c = nalsm_images.model(shape, shown.n_inputs)
    built = nalsm.build(c)
    engine, start = nalsm_images.settle(c, built, shown, shape)
    engine = nalsm_images.counter(built, engine, shape)
    return nalsm_images.count(c, engine, start, shown.samples(round(shape.duration_ms)), shape, threads)


def _shape(config: Config, rule: str, seed: int) -> nalsm_images.Config:
    same = {name: getattr(config, name) for name in nalsm_images.Shown.model_fields}
    return nalsm_images.Config.model_validate(same | {"rule": rule, "seed": seed})


def _curve(name: str, x: np.ndarray, shown: _stimuli.Stimuli, config: Config, seed: int) -> list[dict]:
    return [
        {"features": name, "n_train": n, "seed": seed, "accuracy": _accuracy(x, shown, config, n, name != "pixels")}
        for n in track(config.n_trains, f"readouts of {name}")
    ]


def _accuracy(x: np.ndarray, shown: _stimuli.Stimuli, config: Config, n: int, normalise: bool) -> float:
    kept = np.r_[:n, shown.n_train : len(shown.labels)]
    fewer = shown._replace(labels=shown.labels[kept], n_train=n)
    return nalsm_images.fit(x[kept], fewer, config, normalise).accuracy
