"""Short-term plasticity: what depressing and facilitating synapses release in a train, and at steady state.

Tsodyks & Markram, PNAS 94 (1997) 719, and Tsodyks, Pawelzik & Markram, Neural Computation 10 (1998) 821, fig. 1A and
1B: a regular train through a synapse onto a silent membrane; below, the release at steady state against the rate,
beside the closed form of the model at a regular train.
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from neurosparse import clock, encode, wire
from neurosparse.io import config
from neurosparse.io.results import Result
from neurosparse.network import Network, Population, Projection, SpikeSource, StateMonitor

KINDS = {  # u_0, tau_rec, tau_fac (ms) and weight (pA at r = 1): fig. 1A and 1B of Tsodyks, Pawelzik & Markram (1998)
    "depressing": (0.5, 800.0, 0.0, 250.0),
    "facilitating": (0.03, 130.0, 530.0, 1540.0),
}


class Config(config.Config):
    """The train and the membrane."""

    rate: float = Field(default=20.0, gt=0, le=500, description="of the train, Hz")
    duration_ms: float = Field(default=1200.0, ge=100, le=1e6, description="time simulated, ms")
    tau_mem: float = Field(default=40.0, ge=0.01, le=1e6, description="ms")
    tau_psc: float = Field(default=3.0, ge=0.01, le=1e6, description="ms")
    rates: tuple[Annotated[float, Field(ge=0.1, le=500)], ...] = Field(
        default=(1, 2, 5, 10, 15, 20, 30, 40, 60, 80, 100), min_length=1, description="of the trains, Hz"
    )
    dt: float = Field(default=0.1, ge=1e-3, le=1, description="ms")


def tiny() -> Config:
    """Half a second, two rates."""
    return Config(duration_ms=500.0, rates=(10.0, 50.0))


def run(config: Config, threads: int = 1) -> Result:
    """Rows: kind and rate with the steady release per spike, simulated and in closed form."""
    arrays: dict[str, np.ndarray] = {}
    rows = []
    for kind in KINDS:
        arrays[f"v_{kind}"], arrays["t"] = _voltage(config, kind)
        for rate in config.rates:
            closed, simulated = steady(kind, rate), _steady_in_loop(config, kind, rate)
            rows.append({"kind": kind, "rate_hz": rate, "release": simulated, "closed_form": closed})
    worst = max(abs(row["release"] / row["closed_form"] - 1.0) for row in rows)
    return Result(
        arrays, {"largest_error": worst}, rows, {"t": "ms", "rate_hz": "Hz"} | dict.fromkeys(arrays, "mV") | {"t": "ms"}
    )


def steady(kind: str, rate: float) -> float:
    """Release per spike of a regular train after many spikes, tau_psc = 0: u x at the fixed point of the map."""
    u_0, tau_rec, tau_fac, _ = KINDS[kind]
    gap = 1000.0 / rate
    keep_u = np.exp(-gap / tau_fac) if tau_fac else 0.0
    u = u_0 / (1.0 - (1.0 - u_0) * keep_u)
    keep = np.exp(-gap / tau_rec)
    return u * (1.0 - keep) / (1.0 - (1.0 - u) * keep)


def _network(config: Config, kind: str, tau_psc: float) -> Network:
    u_0, tau_rec, tau_fac, weight = KINDS[kind]
    membrane = {"tau_mem": config.tau_mem, "tau_exc": config.tau_psc, "v_th": 1e9, "v_reset": 0.0, "v_rest": 0.0}
    release = ("tsodyks", {"u_0": u_0, "tau_rec": tau_rec, "tau_fac": tau_fac, "tau_psc": tau_psc})
    return Network(
        (SpikeSource("train", 1), Population("cell", 1, "lif_exp", membrane)),
        (Projection("train", "cell", wire.all_to_all(1, 1, weight), config.dt, "exc", release=release),),
        dt=config.dt,
    )


def _train(config: Config, rate: float, n_steps: int) -> encode.Events:
    fires = np.zeros(n_steps, dtype=np.int64)
    fires[np.rint(np.arange(100.0, n_steps * config.dt, 1000.0 / rate) / config.dt).astype(int)[:-1]] = 1
    start = np.concatenate([[0], np.cumsum(fires)])
    return encode.Events(start, np.zeros(start[-1], dtype=np.int32))


def _voltage(config: Config, kind: str) -> tuple[np.ndarray, np.ndarray]:
    n_steps = round(config.duration_ms / config.dt)
    watch = (StateMonitor("cell", ("v",), every=5),)
    net = _network(config, kind, config.tau_psc)
    states = clock.run(net, n_steps * config.dt, {"train": _train(config, config.rate, n_steps)}, watch).states["cell"]
    return states.fields["v"][:, 0], states.t


def _steady_in_loop(config: Config, kind: str, rate: float) -> float:
    """The last release of a train of 60 spikes and at least 6 s."""
    n_steps = round((100.0 + max(60_000.0 / rate, 6000.0)) / config.dt)
    train = _train(config, rate, n_steps)
    end = clock.run(_network(config, kind, 0.0), n_steps * config.dt, {"train": train}).end
    assert end is not None
    u, x = end.arrays["sr0__u"][0], end.arrays["sr0__x"][0]
    return float(u * x / (1.0 - u))  # x has lost what was released: x = x_before (1 - u)
