"""CUBA, the network of Vogels & Abbott: rate, irregularity and spikes of its self-sustained activity.

Brian2 gives 5.5 to 5.6 Hz and a CV of the intervals of 0.54; other wirings of the same density 5.2 to 5.9 Hz
(Bernoulli) and 5.0 to 5.3 Hz (fixed in-degree).
"""

import numpy as np
from pydantic import Field

from models import cuba
from neurosparse import clock
from neurosparse.csr import Csr
from neurosparse.io import checkpoints
from neurosparse.io.results import Result
from neurosparse.measure import firing_rate, isi_cv, mean_over_samples, population_synchrony
from neurosparse.network import SpikeMonitor, StateMonitor


class Config(cuba.Config):
    """The network, and how long it runs."""

    duration_ms: float = Field(default=1000.0, ge=10, le=1e6, description="time simulated, ms")


def tiny() -> Config:
    """400 neurons for 200 ms."""
    return Config(n=400, duration_ms=200.0)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each population. `threads` is not used: one network runs on one thread."""
    net = cuba.build(cuba.Config(**{name: getattr(config, name) for name in cuba.Config.model_fields}))
    sizes = {population.name: population.n for population in net.populations}
    watch = (*(SpikeMonitor(name) for name in sizes), StateMonitor("exc", ("v",), subset=(0,)))
    result = checkpoints.run(clock.compile(net, watch), config.duration_ms, name="cuba")
    rows = [_row(name, n, result.spikes[name], config.duration_ms) for name, n in sizes.items()]
    exc, inh = result.spikes["exc"], result.spikes["inh"]
    order = np.argsort(np.concatenate([exc.step, inh.step]), kind="stable")
    arrays = {
        "spikes_i": np.concatenate([exc.i, inh.i + sizes["exc"]]).astype(np.int32)[order],
        "spikes_t": np.concatenate([exc.t, inh.t])[order],
        "excitatory": np.arange(config.n) < sizes["exc"],
        "v": result.states["exc"].fields["v"][:, 0],
        "v_t": result.states["exc"].t,
        "first_spikes_t": exc.t[exc.i == 0],
    }
    metrics = {
        "rate_hz": len(order) / config.n / config.duration_ms * 1000.0,
        "isi_cv": mean_over_samples(isi_cv(arrays["spikes_i"], arrays["spikes_t"], config.n)),
        "synapses": sum(p.csr.nnz for p in net.projections if isinstance(p.csr, Csr)),
    }
    units = {"spikes_t": "ms", "v": "mV", "v_t": "ms", "first_spikes_t": "ms", "rate_hz": "Hz"}
    return Result(arrays, metrics, rows, units)


def _row(name: str, n: int, spikes: clock.Spikes, duration_ms: float) -> dict:
    return {
        "population": name,
        "neurons": n,
        "rate_hz": float(firing_rate(spikes.i, n, duration_ms).mean()),
        "isi_cv": mean_over_samples(isi_cv(spikes.i, spikes.t, n)),
        "synchrony": population_synchrony(spikes.i, spikes.t, n, duration_ms),
    }
