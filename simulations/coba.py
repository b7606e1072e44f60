"""COBA, the conductance-based network of Vogels & Abbott: does it live, how fast, how irregularly.

With the driven background Brian2 gives 17.7 to 20.1 Hz and a CV of the intervals of 1.5 to 1.6, NumPy 17.7 to 22.0 Hz:
the rate differs from wiring to wiring.
"""

import numpy as np
from pydantic import Field

from models import coba
from neurosparse.io.results import Result
from neurosparse.network import StateMonitor
from simulations import _activity


class Config(coba.Config):
    """The network, and how long it runs."""

    duration_ms: float = Field(default=1000.0, ge=10, le=1e6, description="time simulated, ms")


def tiny() -> Config:
    """200 neurons for 60 ms."""
    return Config(n=200, duration_ms=60.0)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each population."""
    net = coba.build(coba.Config(**{name: getattr(config, name) for name in coba.Config.model_fields}))
    fields = ("v", "g_exc", "g_inh")
    watch = (StateMonitor("exc", fields, subset=(0,)),)
    seen = _activity.observe(net, config.duration_ms, monitors=watch, threads=threads)
    trace = seen.run.states["exc"]
    arrays = {
        "spikes_i": seen.i,
        "spikes_t": seen.t,
        "excitatory": np.arange(config.n) < seen.sizes["exc"],
        "first_spikes_t": seen.t[seen.i == 0],
        "state_t": trace.t,
        **{name: trace.fields[name][:, 0] for name in fields},
    }
    metrics = seen.metrics() | {
        "last_spike_ms": float(seen.t[-1]) if len(seen.t) else 0.0,
        "synapses": _activity.synapses(net),
    }
    units = {"first_spikes_t": "ms", "state_t": "ms", "v": "mV", "g_exc": "nS", "g_inh": "nS", "last_spike_ms": "ms"}
    return Result(arrays, metrics, [seen.row(name) for name in seen.sizes], _activity.UNITS | units)
