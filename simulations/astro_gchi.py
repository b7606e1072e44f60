"""An astrocyte that listens to a synapse: receptors, IP3, calcium and its channels, without noise and with.

Example 2 (fig. 2) of Stimberg, Goodman, Brette & De Pitta, bioRxiv 198366 (2017): spikes at 0.5 Hz release
neurotransmitter onto two G-ChI astrocytes; in one of them the gating of IP3 receptors is stochastic.
"""

import numpy as np
from pydantic import Field, model_validator
from scipy.signal import find_peaks

from neurosparse import clock, encode, rng, wire
from neurosparse.io import config
from neurosparse.io.results import Result
from neurosparse.network import CurrentInput, Network, Population, Projection, SpikeMonitor, SpikeSource, StateMonitor

CELLS = ("deterministic", "stochastic")
FIELDS = ("gamma_a", "i", "c", "h")
HIGH, CLEAR = 0.3, 0.005  # uM; calcium peaks above the one are counted, if they stand out by the other


class Config(config.Config):
    """The synapse and the clock."""

    interval_ms: float = Field(
        default=2001.0, ge=1, le=1e6, description="between spikes, ms; the example's counter at 0.5 Hz takes 2001 steps"
    )
    duration_s: float = Field(default=30.0, ge=1, le=1e5, description="time simulated, s")
    dt: float = Field(default=1.0, ge=0.1, le=50, description="step of the astrocytes, ms")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of the gating")

    @model_validator(mode="after")
    def _fits(self):
        if self.interval_ms < self.dt:
            need, got = f"interval_ms must be >= dt = {self.dt:g} ms", f"{self.interval_ms:g}"
            raise ValueError(f"{need}, got {got}; take a smaller dt: the synapse spikes at most once a step")
        return self


def tiny() -> Config:
    """Four seconds."""
    return Config(duration_s=4.0)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: peaks of calcium above 0.3 uM of each cell; metrics: those of the deterministic one."""
    n_steps = round(1000.0 * config.duration_s / config.dt)
    noise = np.zeros((n_steps, len(CELLS)))
    noise[:, 1] = rng.normals(rng.stream(config.seed, "gating"), n_steps)
    net = Network(
        (SpikeSource("synapse", 1), Population("astro", len(CELLS), "neurosparse.astrocytes.gchi")),
        (Projection("synapse", "astro", wire.all_to_all(1, len(CELLS), 1.0), 0.0, "spikes"),),
        (CurrentInput("gating", "astro", "noise"),),
        dt=config.dt,
    )
    watch = (StateMonitor("astro", FIELDS, every=max(1, round(5.0 / config.dt))), SpikeMonitor("astro"))
    run = clock.run(net, n_steps * config.dt, {"synapse": _train(config, n_steps), "gating": noise}, watch)
    states, spikes = run.states["astro"], run.spikes["astro"]
    arrays = {name: states.fields[name] for name in FIELDS} | {"t": states.t / 1000.0}
    rows = []
    for k, cell in enumerate(CELLS):
        for at in peaks(arrays["c"][:, k]):
            rows.append({"cell": cell, "time_s": float(arrays["t"][at]), "peak": float(arrays["c"][at, k])})
    first = [row for row in rows if row["cell"] == CELLS[0]]
    metrics = {
        "peaks": float(len(first)),
        "first_s": first[0]["time_s"] if first else float("nan"),
        "first_peak": first[0]["peak"] if first else float("nan"),
        "gamma_a_max": float(arrays["gamma_a"][:, 0].max()),
        "events": float((spikes.i == 0).sum()),
    }
    units = {"i": "uM", "c": "uM", "t": "s", "time_s": "s", "peak": "uM", "first_s": "s", "first_peak": "uM"}
    return Result(arrays, metrics, rows, units)


def peaks(c: np.ndarray) -> np.ndarray:
    """Places of the local maxima above HIGH that stand out by CLEAR."""
    return find_peaks(c, height=HIGH, prominence=CLEAR)[0]


def _train(config: Config, n_steps: int) -> encode.Events:
    fires = np.zeros(n_steps, dtype=np.int64)
    at = np.rint(np.arange(config.interval_ms, n_steps * config.dt, config.interval_ms) / config.dt).astype(int)
    fires[at[at < n_steps]] = 1
    start = np.concatenate([[0], np.cumsum(fires)])
    return encode.Events(start, np.zeros(start[-1], dtype=np.int32))
