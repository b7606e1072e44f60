"""Synapses a second that each builder makes, beside NEST's Connect and Brian2's connect.

From nothing to connections that can be used: ours to a finished Csr, NEST to the end of Prepare, Brian2 to the end of
its connect, compiled before. Every repetition runs each contestant once; ratios are taken within a repetition. NEST
draws fixed degrees without multapses, as ours do; `total, distinct` has no rival.
"""

from contextlib import ExitStack
from typing import Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from simulations import rivals

US = "neurosparse"
RULES = (
    "bernoulli",
    "fixed in-degree",
    "fixed out-degree",
    "total, multapses",
    "total, distinct",
    "all to all",
)
CAN = {
    "nest": RULES[:4] + RULES[5:],
    "nest 2 threads": RULES[:4] + RULES[5:],
    "brian2": RULES[:3] + RULES[5:],
}


class Config(config.Config):
    """Size and contestants. The rivals need the extra `oracles`, and Brian2 a C++ compiler."""

    n: int = Field(default=10_000, ge=2, le=100_000, description="sources and targets")
    in_degree: int = Field(
        default=500, ge=1, le=100_000, description="synapses a neuron, at most n; all to all takes fewer neurons"
    )
    rivals: tuple[Literal["nest", "nest 2 threads", "brian2"], ...] = Field(
        default=("nest", "brian2"), description="who else runs"
    )
    repeats: int = Field(default=5, ge=1, le=100, description="repetitions, after one warm-up")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="of the wiring")

    @field_validator("rivals")
    @classmethod
    def _distinct(cls, names):
        if len(set(names)) < len(names):
            raise ValueError(f"entries must differ from one another, got {list(names)}; name each once")
        return names

    @model_validator(mode="after")
    def _sparse(self):
        if self.in_degree > self.n:
            raise ValueError(f"in_degree must be at most n, {self.n}, got {self.in_degree}")
        return self


def tiny() -> Config:
    """Ourselves alone, 500 neurons."""
    return Config(n=500, in_degree=50, rivals=(), repeats=2)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each rule and contestant. `threads` is not used."""
    rows, arrays = [], {}
    for rule in track(RULES, "rules"):
        timed = measure(rule, config)
        for name, both in timed.items():
            rows.append(_row(rule, name, both, timed[US]))
            arrays[f"per second {rule} {name}"] = both[:, 1] / both[:, 0]
    metrics = {f"synapses_per_second_{row['rival']}_{row['case']}": row["synapses_per_second"] for row in rows}
    metrics = {key.replace(", ", "_").replace(" ", "_").replace("-", "_"): value for key, value in metrics.items()}
    return Result(arrays, metrics, rows, {"seconds": "s", "synapses_per_second": "1/s"} | dict.fromkeys(arrays, "1/s"))


def measure(rule: str, config: Config) -> dict[str, np.ndarray]:
    """(n_repeats, 2) seconds and synapses of each contestant that knows the rule."""
    size = round((config.n * config.in_degree) ** 0.5) if rule == "all to all" else config.n
    options = {"rule": rule, "n": size, "in_degree": config.in_degree, "seed": config.seed}
    names = (US, *(name for name in config.rivals if rule in CAN[name]))
    with ExitStack() as stack:
        made = {name: stack.enter_context(_start(name, options)) for name in names}
        for rival in made.values():
            rival.run()
        pairs = [{name: rival.run() for name, rival in made.items()} for _ in range(config.repeats)]
    return {name: np.array([pair[name] for pair in pairs]) for name in names}


def _start(name: str, options: dict):
    simulator, *more = name.split()
    return rivals.start(f"simulations.rivals.wiring_{simulator}", options | {"threads": 2 if more else 1})


def _row(rule: str, name: str, both: np.ndarray, ours: np.ndarray) -> dict:
    per_synapse = both[:, 0] / both[:, 1]
    q1, median, q3 = np.percentile(per_synapse / (ours[:, 0] / ours[:, 1]), [25, 50, 75])
    return {
        "rival": name,
        "case": rule,
        "threads": 2 if name.endswith("2 threads") else 1,
        "seconds": float(np.median(both[:, 0])),
        "ratio_median": float(median),
        "ratio_q1": float(q1),
        "ratio_q3": float(q3),
        "synapses": int(np.median(both[:, 1])),
        "synapses_per_second": float(1.0 / np.median(per_synapse)),
    }
