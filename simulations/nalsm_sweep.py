"""Accuracy and branching factor of liquids against what tunes them: the astrocyte's weight, or the weights themselves.

One row for each model, value and seed, each an experiment of `nalsm_images`, from which all parts come:

    sweep           model                value
    w_astro         nalsm                weight of a spike on the astrocyte
    weight_scale    static               |w|, mV
    listening       nalsm (w_astro)      share of neurons and inputs that the astrocyte hears
    rule            stdp, ap_stdp        none (NaN)

`validation` is the accuracy on the samples that chose the readout's penalty: pick a value by it, not by `accuracy`.
A seed decides on split, wiring and spikes; the pixels' accuracy is that of each seed's split.
"""

from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field, field_validator, model_validator

from models import nalsm
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.measure import mean_over_samples
from simulations import _stimuli, nalsm_images

Seed = Annotated[int, Field(ge=0, le=2**64 - 1)]
Weights = tuple[Annotated[float, Field(ge=0, le=10)], ...]
SWEPT = {"w_astro": "nalsm", "weight_scale": "static", "listening": "nalsm"}


class Models(nalsm_images.Shown):
    """The liquids that are compared, each for every seed."""

    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1, description="of split, wiring and spikes")
    w_astros: Weights = Field(
        default=(0.002, 0.0075, 0.015, 0.025, 0.05, 0.1, 0.2), description="weights of a spike on the astrocyte"
    )
    weight_scales: Weights = Field(
        default=(0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4), description="|w| of static liquids, mV"
    )
    rules: tuple[Literal["stdp", "ap_stdp"], ...] = Field(default=("stdp", "ap_stdp"), description="others that learn")

    @field_validator("seeds", "w_astros", "weight_scales", "listenings", "rules", check_fields=False)
    @classmethod
    def _distinct(cls, values):
        if len(set(values)) < len(values):
            raise ValueError(f"entries must differ from one another, got {list(values)}; name each once")
        return values

    @model_validator(mode="after")
    def _some(self):
        if not cases(self):
            raise ValueError("needs at least one model, got w_astros, weight_scales and rules without entries")
        return self


class Config(Models):
    """What is varied, and over what."""

    listenings: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        default=(0.1, 0.2, 0.4, 0.6, 0.8, 1.0), description="shares that the astrocyte hears, at w_astro"
    )
    n_branching: int = Field(default=20, ge=1, le=1000, description="test samples for the branching factor")


class Case(NamedTuple):
    """One liquid of a comparison."""

    sweep: str
    model: str
    value: float
    shape: nalsm_images.Config  # all that decides on its numbers


def tiny() -> Config:
    """Five liquids of 100 neurons, 60 digits."""
    return Config(
        dataset="digits", n_train=60, n_test=20, n_neurons=100, n_snapshots=20, duration_ms=60.0, n_branching=3,
        w_astros=(0.015, 0.1), weight_scales=(0.9,), listenings=(0.5, 1.0), rules=("ap_stdp",),
    )  # fmt: skip


def run(config: Config, threads: int = 1) -> Result:
    """Rows as above; metrics: for each model the accuracy at the value that validates best, mean over seeds."""
    plain, rows = [], []
    for seed in config.seeds:
        shown, known = None, {}
        for case in track(cases(config, seed), f"liquids of seed {seed}"):
            if shown is None:
                shown = nalsm_images.stimuli(case.shape)
                plain.append(nalsm_images.baseline(shown, config).accuracy)
            same = case.shape.model_dump_json()
            if same not in known:  # sweeps may meet
                known[same] = measure(case.shape, shown, threads)
            row = {"sweep": case.sweep, "model": case.model, "value": case.value, "seed": seed}
            rows.append(row | known[same])
    metrics = {f"accuracy_{model}": best(rows, model) for model in dict.fromkeys(row["model"] for row in rows)}
    arrays = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    arrays |= {"baseline_accuracy": np.array(plain), "sizes": np.array(config.sizes)}
    return Result(arrays, metrics | {"baseline_accuracy": float(np.mean(plain))}, rows, {"rate_hz": "Hz"})


def cases(config: Models, seed: int | None = None) -> list[Case]:
    """The liquids of one seed, in the order of the rows."""
    values = {"w_astro": config.w_astros, "weight_scale": config.weight_scales}
    values |= {"listening": getattr(config, "listenings", ())}
    seed = config.seeds[0] if seed is None else seed
    names = [name for name in nalsm_images.Config.model_fields if name in type(config).model_fields]
    same = {name: getattr(config, name) for name in names} | {"seed": seed}
    wanted = [(sweep, SWEPT[sweep], value) for sweep, some in values.items() for value in some]
    wanted += [("rule", rule, np.nan) for rule in config.rules]
    return [
        Case(sweep, model, value, nalsm_images.Config.model_validate(
            same | {"rule": model} | ({sweep: value} if sweep in SWEPT else {})
        ))
        for sweep, model, value in wanted
    ]  # fmt: skip


def measure(shape: nalsm_images.Config, shown: _stimuli.Stimuli, threads: int) -> dict:
    """What `nalsm_images` finds for one liquid, less the readout of its plain input."""
    c = nalsm_images.model(shape, shown.n_inputs)
    built = nalsm.build(c)
    engine, start = nalsm_images.settle(c, built, shown, shape)
    counts, watched = nalsm_images.features(c, built, engine, start, shown, shape, threads)
    fitted = nalsm_images.fit(counts, shown, shape)
    branching, rates = nalsm_images.activity(engine, start, watched, shape)
    return {
        "accuracy": fitted.accuracy,
        "validation": fitted.validation,
        "branching_factor": mean_over_samples(branching),
        "rate_hz": float(rates.mean()),
    }


def best(rows: list[dict], model: str) -> float:
    """Mean accuracy over seeds at the value of this model with the highest mean of `validation`."""
    groups: dict = {}
    for row in rows:
        if row["model"] == model and row["sweep"] != "listening":
            groups.setdefault(str(row["value"]), []).append(row)
    means = [[np.mean([row[key] for row in group]) for key in ("validation", "accuracy")] for group in groups.values()]
    return float(max(means, key=lambda pair: pair[0])[1]) if means else float("nan")
