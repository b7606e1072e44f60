"""Beyond NALSM: changes of the liquid and of its readout, one at a time, judged on images of the training set.

Each change is a setting of `models/nalsm.py` or of the readout. All are run with the same images, wiring seeds and
number of neurons; nothing is chosen on test images. The first row is the model as published.
"""

import time

import numpy as np
from pydantic import Field, ValidationError, field_validator, model_validator

from models import nalsm
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from simulations import _stimuli, nalsm_images
from simulations.nalsm_sweep import Seed

CHANGES = {
    "as published": {},
    "receptive fields": {"model": {"fields": 4.0}},
    "receptive fields, sparser": {"model": {"fields": 3.0, "input_density": 0.075}},
    "heterogeneous time constants": {"model": {"tau_spread": 0.3}},
    "adaptation": {"model": {"adaptation": 1.0}},
    "delays of 1 to 10 ms": {"model": {"max_delay": 10}},
    "4 small liquids": {"model": {"n_liquids": 4}},
    "5 temporal bins": {"n_bins": 5},
    "receptive fields, 5 temporal bins": {"model": {"fields": 4.0}, "n_bins": 5},
}


class Config(nalsm_images.Shown):
    """What is tried. n_test are the images that judge."""

    pool: str = Field(
        default="train",
        pattern="^(train|test)$",
        description="part of the images that is split; digits need test, N-MNIST is as published",
    )
    n_train: int = Field(default=6000, ge=50, le=50_000, description="training images")
    n_snapshots: int = Field(default=5000, ge=1, le=1_000_000, description="short samples of the initialisation")
    changes: tuple[str, ...] = Field(default=tuple(CHANGES), min_length=1, description="names of changes")
    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1, description="of split, wiring and spikes")

    @field_validator("changes", "seeds")
    @classmethod
    def _distinct(cls, values):
        if len(set(values)) < len(values):
            raise ValueError(f"entries must differ from one another, got {list(values)}; name each once")
        return values

    @field_validator("changes")
    @classmethod
    def _known(cls, changes):
        unknown = [name for name in changes if name not in CHANGES]
        if unknown:
            raise ValueError(f"changes must be of {', '.join(CHANGES)}, got {unknown}")
        return changes

    @model_validator(mode="after")
    def _possible(self):
        if self.model or self.n_bins != 1:
            got = f"model={config.show(self.model)}, n_bins={self.n_bins}"
            raise ValueError(f"model and n_bins are what changes set, got {got}; leave them out, and name changes")
        for name in self.changes:
            try:
                shape(self, name, self.seeds[0])
            except ValidationError as error:
                said = config.explain(nalsm_images.Config, error, self.model_dump()).partition(": ")[2]
                raise ValueError(f"change {name!r} does not fit: {said}; or leave it out of changes") from None
        return self


def tiny() -> Config:
    """Two changes, 60 digits."""
    return Config(
        dataset="digits", pool="test", n_train=60, n_test=20, n_neurons=100, n_snapshots=20, duration_ms=60.0,
        changes=("as published", "5 temporal bins"),
    )  # fmt: skip


def run(config: Config, threads: int = 1) -> Result:
    """Rows: accuracy, rate and gain over the first row of the same seed, for each change and seed."""
    rows = []
    for seed in config.seeds:
        shown = nalsm_images.stimuli(shape(config, config.changes[0], seed))  # which no change changes
        for name in track(config.changes, "changes"):
            found = measure(shape(config, name, seed), shown, threads)
            first = next((row["accuracy"] for row in rows if row["seed"] == seed), found["accuracy"])
            rows.append({"change": name, "seed": seed, "gain": found["accuracy"] - first} | found)
    arrays = {key: np.array([row[key] for row in rows]) for key in ("seed", "accuracy", "gain", "rate_hz")}
    arrays["change"] = np.array([list(CHANGES).index(row["change"]) for row in rows])
    best = max(rows, key=lambda row: row["accuracy"])
    metrics = {"best_accuracy": best["accuracy"], "best_gain": best["gain"]}
    return Result(arrays, metrics, rows, {"rate_hz": "Hz", "feature_seconds": "s"})


def shape(config: Config, name: str, seed: int) -> nalsm_images.Config:
    """The experiment of `nalsm_images` that a change is."""
    shared = config.model_dump(exclude={"changes", "seeds", "model", "n_bins"})
    return nalsm_images.Config.model_validate(shared | {"seed": seed, "n_branching": 1} | CHANGES[name])


def measure(one: nalsm_images.Config, shown: _stimuli.Stimuli, threads: int) -> dict:
    """What `nalsm_images` finds, less the readout of the plain input, which is the same for all changes."""
    c = nalsm_images.model(one, shown.n_inputs)
    built = nalsm.build(c)
    engine, start = nalsm_images.settle(c, built, shown, one)
    begin = time.perf_counter()
    counts, watched = nalsm_images.features(c, built, engine, start, shown, one, threads)
    seconds = time.perf_counter() - begin
    _, rates = nalsm_images.activity(engine, start, watched, one)
    accuracy = nalsm_images.fit(counts, shown, one).accuracy
    return {"accuracy": accuracy, "rate_hz": float(rates.mean()), "feature_seconds": seconds}
