"""Beyond NALSM: changes of the liquid and of its readout, one at a time, judged on images of the training set.

Each change is a setting of `models/nalsm.py` or of the readout. All are run with the same images, wiring seeds and
number of neurons; nothing is chosen on test images. The first row is the model as published.
"""

from typing import Annotated

import numpy as np
from pydantic import Field, field_validator

from neurosparse.io.progress import track
from neurosparse.io.results import Result
from simulations import nalsm_images

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

    pool: str = Field(default="train", pattern="^(train|test)$", description="part of the images that is split")
    n_train: int = Field(default=6000, ge=50, le=50_000, description="training images")
    n_snapshots: int = Field(default=5000, ge=1, le=1_000_000, description="short samples of the initialisation")
    changes: tuple[str, ...] = Field(default=tuple(CHANGES), min_length=1, description="names of changes")
    seeds: tuple[Annotated[int, Field(ge=0, le=2**64 - 1)], ...] = Field(
        default=(0,), min_length=1, description="of split, wiring and spikes"
    )

    @field_validator("changes")
    @classmethod
    def _known(cls, changes):
        unknown = [name for name in changes if name not in CHANGES]
        if unknown:
            raise ValueError(f"changes must be of {', '.join(CHANGES)}, got {unknown}")
        return changes


def tiny() -> Config:
    """Two changes, 60 digits."""
    return Config(
        dataset="digits", pool="test", n_train=60, n_test=20, n_neurons=100, n_snapshots=20, duration_ms=60.0,
        changes=("as published", "5 temporal bins"),
    )  # fmt: skip


def run(config: Config, threads: int = 1) -> Result:
    """Rows: accuracy, rate and gain over the first row of the same seed, for each change and seed."""
    rows = []
    shared = config.model_dump(exclude={"changes", "seeds", "model", "n_bins"})
    for seed in config.seeds:
        for name in track(config.changes, "changes"):
            one = nalsm_images.Config(**shared, seed=seed, n_branching=1, **CHANGES[name])
            found = nalsm_images.run(one, threads).metrics
            first = next((row["accuracy"] for row in rows if row["seed"] == seed), found["accuracy"])
            gain = found["accuracy"] - first
            rows.append({"change": name, "seed": seed, "accuracy": found["accuracy"], "gain": gain} | {
                key: found[key] for key in ("rate_hz", "feature_seconds")})  # fmt: skip
    arrays = {key: np.array([row[key] for row in rows]) for key in ("seed", "accuracy", "gain", "rate_hz")}
    arrays["change"] = np.array([list(CHANGES).index(row["change"]) for row in rows])
    best = max(rows, key=lambda row: row["accuracy"])
    metrics = {"best_accuracy": best["accuracy"], "best_gain": best["gain"]}
    return Result(arrays, metrics, rows, {"rate_hz": "Hz", "feature_seconds": "s"})
