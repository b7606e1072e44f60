"""STDP's weight distribution: competition between Poisson inputs pushes weights to the bounds and steadies the rate.

Song, Miller & Abbott (2000), fig. 1b: from uniform first weights, after 100 s most lie near 0 and many near the top.
"""

import numpy as np
from pydantic import Field

from models import stdp
from neurosparse import clock
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.measure import isi_cv, mean_over_samples
from neurosparse.network import PopulationRateMonitor, SpikeMonitor


class Config(stdp.Config):
    """The network, and how long it runs."""

    seconds: int = Field(default=100, ge=1, le=100_000, description="time simulated, s")
    traced: int = Field(default=20, ge=1, description="synapses whose weight is kept every second")


def tiny() -> Config:
    """100 inputs for 2 s."""
    return Config(inputs=100, g_max=0.1, seconds=2, traced=5)


def run(config: Config, threads: int = 1) -> Result:
    """Weights in units of g_max. Rows: the share of weights in each fifth; metrics: lowest, highest, rate."""
    net = stdp.build(stdp.Config(**{name: getattr(config, name) for name in stdp.Config.model_fields}))
    engine = clock.compile(net, (SpikeMonitor("neurons"), PopulationRateMonitor("neurons")), threads)
    first = clock.weights(engine)[0].weight / config.g_max
    moment, spikes, traces, rates = None, [], [first[: config.traced]], []
    for _ in track(range(config.seconds), "seconds"):
        run = clock.run(engine, 1000.0, start=moment)
        moment = run.end
        assert moment is not None
        spikes.append(run.spikes["neurons"])
        rates.append(run.rates["neurons"].rate.mean())
        traces.append(moment.arrays["w0_w"][: config.traced] / config.g_max)
    last = clock.weights(engine, moment)[0].weight / config.g_max
    late = [s for second, s in enumerate(spikes) if second >= config.seconds // 2]
    i, t = (np.concatenate([getattr(s, name) for s in late]) for name in ("i", "t"))
    arrays = {
        "w_first": first,
        "w_last": last,
        "w_traces": np.array(traces, dtype=np.float32),
        "rate": np.array(rates),
        "t": np.arange(1, config.seconds + 1, dtype=float),
    }
    metrics = {
        "low": float((last < 0.2).mean()),
        "high": float((last > 0.8).mean()),
        "rate_hz": float(np.mean(rates[config.seconds // 2 :])),
        "isi_cv": mean_over_samples(isi_cv(i, t, config.n)),
    }
    parts = np.histogram(last, np.linspace(0.0, 1.0, 6))[0] / len(last)
    rows = [{"from": k / 5, "to": (k + 1) / 5, "share": float(part)} for k, part in enumerate(parts)]
    return Result(arrays, metrics, rows, {"rate": "Hz", "t": "s", "rate_hz": "Hz"})
