"""The four regimes of Brunel's network, figure 8 of the paper, beside the self-consistent rate as eta grows.

    SR       (g 3, eta 2)       synchronous, neurons regular, near saturation
    SI fast  (g 6, eta 4)       oscillation of the whole, neurons irregular
    AI       (g 5, eta 2)       stationary, neurons irregular
    SI slow  (g 4.5, eta 0.9)   slow oscillation, neurons irregular and slow

The paper gives a simulated and a predicted rate for the last three: 60.7 and 55.8, 37.7 and 38.0, 5.5 and 6.5 Hz.
"""

import numpy as np
from pydantic import Field

from models import brunel as model
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from simulations import brunel

REGIMES = {"SR": (3.0, 2.0), "SI fast": (6.0, 4.0), "AI": (5.0, 2.0), "SI slow": (4.5, 0.9)}  # g, eta
ETA = np.arange(0.5, 4.51, 0.05)


class Config(config.Config):
    """Size and time of each of the four runs."""

    v_reset: float = Field(default=10.0, ge=-100, lt=20, description="reset, mV: 10 in the paper, 0 in NEST's examples")
    scale: float = Field(default=1.0, ge=0.01, le=100, description="of neurons and in-degrees; 1: 12,500 and 1,250")
    duration_ms: float = Field(default=500.0, ge=20, le=1e6, multiple_of=1, description="time measured, ms")
    warmup_ms: float = Field(default=200.0, ge=0, le=1e6, multiple_of=1, description="time before that, ms")
    shown: int = Field(default=50, ge=1, le=10_000, description="excitatory neurons whose spikes are kept")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of wiring, first potentials and external spikes")


def tiny() -> Config:
    """125 neurons in each regime."""
    return Config(scale=0.01, duration_ms=30.0, warmup_ms=10.0)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each regime. Arrays: "<regime> <array of brunel>", and the theory's curves over eta."""
    rows, arrays, units = [], {"eta": ETA}, {}
    for name, (g, eta) in track(REGIMES.items(), "regimes"):
        one = brunel.run(brunel.Config(g=g, eta=eta, **config.model_dump()), threads)
        rows.append({"regime": name, "g": g, "eta": eta} | one.metrics)
        arrays |= {f"{name} {key}": value for key, value in one.arrays.items() if key != "theory"}
        arrays[f"{name} curve"] = curve(g, config)
        units |= {f"{name} {key}": unit for key, unit in (one.units | {"curve": "Hz"}).items()}
    metrics = {f"{key}_{row['regime']}".replace(" ", "_"): row[key] for row in rows for key in ("rate_hz", "theory_hz")}
    kept = {key: unit for key, unit in units.items() if key in arrays}
    return Result(arrays, metrics, rows, kept | {"rate_hz": "Hz", "theory_hz": "Hz", "oscillation_hz": "Hz"})


def curve(g: float, config: Config) -> np.ndarray:
    """(n_eta,) the highest stable rate at each eta, Hz."""
    at = [model.Config(g=g, eta=float(eta), v_reset=config.v_reset, scale=config.scale) for eta in ETA]
    return np.array([max(s.rate for s in brunel.solutions(c) if s.stable) for c in at])
