"""Gliotransmission turns a depressing synapse into a facilitating one.

Example 3 (fig. 3) of Stimberg, Goodman, Brette & De Pitta, bioRxiv 198366 (2017), after De Pitta et al., PLoS Comput.
Biol. 7 (2011) e1002293: an astrocyte driven from outside releases gliotransmitter, whose receptors Gamma_S lower the
release of a synapse; trains after 16.5 s through a synapse without, with weak and with strong gliotransmission. Then
50 ms trains at fixed Gamma_S, and the steady release of regular trains against their rate.
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from neurosparse import clock
from neurosparse.astrocytes import gchi
from neurosparse.io import config
from neurosparse.io.results import Result
from neurosparse.network import Network, Population, SpikeMonitor, StateMonitor
from neurosparse.release import gliotransmission

SYNAPSES = {"none": None, "weak": 0.8, "strong": 1.25}  # i_bias of its astrocyte, uM
TRAIN = (0, 50, 100, 150, 200, 300, 310, 320, 330, 340, 350, 360, 370, 380, 390, 400)  # ms
U_0, OMEGA_F, OMEGA_D = 0.6, 3.33, 2.0  # of the synapse, as in the example; rates in 1/s


class Config(config.Config):
    """The astrocytes' time and the synapse's receptors."""

    transient_s: float = Field(default=16.5, ge=0.01, le=1e4, description="time of the astrocytes before the train, s")
    bound: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        default=(0.0, 0.375, 0.9), min_length=1, description="share of bound receptors, Gamma_S, of the fixed trains"
    )
    rates: tuple[Annotated[float, Field(ge=0.01, le=500)], ...] = Field(
        default=(0.1, 0.2, 0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100), min_length=1, description="of trains, Hz"
    )
    dt: float = Field(default=1.0, ge=0.1, le=10, description="step of the astrocytes, ms")


def tiny() -> Config:
    """Three seconds, two rates."""
    return Config(transient_s=3.0, bound=(0.0, 0.9), rates=(1.0, 20.0))


def run(config: Config, threads: int = 1) -> Result:
    """Rows: releases of each spike of a train; metrics: releases of gliotransmitter, where the switch lies."""
    drives = {name: bias for name, bias in SYNAPSES.items() if bias is not None}
    cells = Population(
        "astro", len(drives), gchi, gchi.EXAMPLE_3 | {"i_bias": np.array([*drives.values()])}, {}, {"i": 0.4}
    )
    n_steps = round((1000.0 * config.transient_s + TRAIN[-1]) / config.dt) + 1
    watch = (StateMonitor("astro", ("c", "gamma_s")), SpikeMonitor("astro"))
    run = clock.run(Network((cells,), dt=config.dt), n_steps * config.dt, {}, watch)
    c, gamma_s = (run.states["astro"].fields[name] for name in ("c", "gamma_s"))
    rows, metrics, times = [], {}, np.array(TRAIN, dtype=float)
    for name in SYNAPSES:
        k = list(drives).index(name) if name in drives else None
        at = np.rint((1000.0 * config.transient_s + times) / config.dt).astype(int) - 1
        bound = np.zeros(len(at)) if k is None else gamma_s[at, k]
        rows += _rows(f"{name} gliotransmission", times, bound)
        if k is not None:
            moments = run.spikes["astro"].t[run.spikes["astro"].i == k] / 1000.0
            metrics |= {f"release_{name}_{n}_s": float(t) for n, t in enumerate(moments, start=1)}
    for bound in config.bound:
        rows += _rows("fixed", 50.0 * np.arange(5), np.full(5, bound))
    shown = slice(None, None, max(1, round(10.0 / config.dt)))
    arrays = {"t": run.states["astro"].t[shown] / 1000.0, "c": c[shown], "gamma_s": gamma_s[shown]}
    arrays |= {
        "rate": np.array(config.rates),
        "steady": np.array([[steady(r, m) for r in config.rates] for m in config.bound]),
    }
    arrays["closed"] = np.array([[closed_form(r, m) for r in config.rates] for m in config.bound])
    scale = np.where(arrays["closed"] > 0.0, arrays["closed"], 1.0)  # nothing is released where all receptors are bound
    metrics["largest_error"] = float((np.abs(arrays["steady"] - arrays["closed"]) / scale).max())
    metrics["switch_at"] = 1.0 - OMEGA_D / (OMEGA_D + OMEGA_F) / U_0  # Gamma_S at which u_0 makes slow trains level
    return Result(arrays, metrics, rows, {"t": "s", "c": "uM", "rate": "Hz", "time_ms": "ms"})


def train(times, bound) -> list[float]:
    """What a synapse releases at the spikes of a train (ms), with the share of bound receptors at each."""
    p = gliotransmission.params(U_0, 0.0, OMEGA_F, OMEGA_D, dt=1.0)
    s, last, out = gliotransmission.init(p), times[0], []
    for t, m in zip(times, bound, strict=True):
        s, r = gliotransmission.release(p, s, t - last, m)
        last = t
        out.append(float(r))
    return out


def steady(rate: float, m: float) -> float:
    """The last release of a regular train of 60 spikes and at least 6 s."""
    times = np.arange(max(60, round(6.0 * rate))) * 1000.0 / rate
    return train(times, np.full(len(times), m))[-1]


def closed_form(rate: float, m: float) -> float:
    """u x at the fixed point of the map from spike to spike."""
    keep_u, keep_x = np.exp(-OMEGA_F / rate), np.exp(-OMEGA_D / rate)
    u_0 = (1.0 - m) * U_0
    u = u_0 / (1.0 - (1.0 - u_0) * keep_u)
    return u * (1.0 - keep_x) / (1.0 - (1.0 - u) * keep_x)


def _rows(synapse: str, times, bound) -> list[dict]:
    released = train(times, bound)
    return [
        {"synapse": synapse, "time_ms": float(t), "gamma_s": float(m), "released": r}
        for t, m, r in zip(times, bound, released, strict=True)
    ]
