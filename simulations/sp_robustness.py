"""Spatial pooler: overlap of outputs against noise of the input, before and after learning, and how evenly columns win.

Learning makes the codes of known patterns robust; boosting makes columns take part evenly, so that the distribution
of their duty cycles is narrow and its entropy high. Source: Cui, Ahmad & Hawkins 2017, figure 2.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import sp_inputs, sp_metrics
from neurosparse.sdr import spatial_pooler as sp
from simulations import _sp

CASES = ("untrained", "trained", "trained, boosted")


class Config(config.Config):
    """Data and length of learning; the paper's is 10 seeds and 120 epochs."""

    patterns: Literal["random", "sparsities", "bars", "bar_sets", "crosses"] = Field(
        default="random", description="data"
    )
    side: int = Field(default=32, ge=4, le=128, description="inputs are side x side, and so are columns")
    n_patterns: int = Field(default=200, ge=2, le=100_000, description="patterns that are learned")
    epochs: int = Field(default=30, ge=1, le=1000, description="how often each is shown")
    n_seeds: int = Field(default=3, ge=1, le=1000, description="networks and data sets")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="of the first of them")


def tiny() -> Config:
    """Sixty-four columns, two epochs."""
    return Config(side=8, n_patterns=20, epochs=2, n_seeds=2)


def run(config: Config, threads: int = 1) -> Result:
    """One row for each case, means over seeds; arrays hold each seed's curve and duty cycles. `threads` is not used."""
    seeds = range(config.seed, config.seed + config.n_seeds)
    made = [_cases(config, seed) for seed in track(seeds, "networks")]
    curves, duty = (np.array([[case[at] for case in one] for one in made]) for at in (0, 1))
    entropy = np.array([[case[2] for case in one] for one in made])
    area = ((curves[..., 1:] + curves[..., :-1]) / 2).mean(axis=-1)
    rows = [
        {"case": case, "noise_robustness": float(area[:, k].mean()), "entropy": float(entropy[:, k].mean()),
         "duty_sd": float(duty[:, k].std(axis=-1).mean())}
        for k, case in enumerate(CASES)
    ]  # fmt: skip
    arrays = {"noise": np.linspace(0, 1, sp_metrics.LEVELS), "overlap": curves, "duty": duty, "entropy": entropy}
    names = ("noise_robustness", "entropy")
    metrics = {f"{name}_{case.split()[-1]}": row[name] for case, row in zip(CASES, rows) for name in names}
    return Result(arrays, metrics, rows, {"entropy": "bit"})


def _cases(config: Config, seed: int) -> list[tuple]:
    """(noise curve, duty cycles over the patterns, entropy) of the three cases."""
    x, n = _sp.patterns(config.patterns, config.side, config.n_patterns, seed), config.side**2
    out = []
    for settings in (dict(_sp.BOOSTED, boost_strength=0.0), _sp.BOOSTED):
        p = sp.params(n, n, seed=seed, **settings)
        state = sp.initialise(p)
        out += [] if out else [_look(p, state, x, seed)]
        for epoch in range(config.epochs):
            _sp.epoch(p, state, x, epoch, seed)
        out.append(_look(p, state, x, seed))
    return out


def _look(p, state, x, seed) -> tuple:
    z = sp.compute(p, state, x)
    curve = sp_metrics.noise_curve(p, state, sp_inputs.take(x, range(min(50, x.n_rows))), seed=seed)[1]
    return curve, np.bincount(z.indices, minlength=z.n_cols) / z.n_rows, sp_metrics.entropy(z)
