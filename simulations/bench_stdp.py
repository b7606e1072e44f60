"""STDP against Brian2 and NEST: plastic synapses from Poisson inputs; run time, and whether the weights are the same.

What is timed and how stands in `simulations/rivals/compare.py`. The network is that of Song, Miller & Abbott (2000)
with many neurons: 1,000 Poisson inputs at 15 Hz, each with a plastic synapse on every neuron. Brian2 runs its own
example STDP (exponential Euler, event-driven traces); NEST's stdp_synapse counts its delay as dendritic, so that pairs
differ by a step. Weights of us and Brian2 are compared after `compare_ms` over several seeds.
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from models import stdp
from neurosparse.io.results import Result
from simulations.rivals import agree, compare


class Config(compare.Config):
    """As every comparison; a neuron has 1,000 plastic synapses."""

    sizes: tuple[Annotated[int, Field(ge=1, le=100_000)], ...] = Field(
        default=(100,), min_length=1, description="neurons"
    )
    compare_n: int = Field(default=10, ge=1, le=1000, description="neurons whose weights are compared")
    compare_ms: float = Field(
        default=20_000.0, ge=0, le=1e6, multiple_of=0.1, description="when weights are compared, ms; 0: never"
    )


def tiny() -> Config:
    """Ourselves alone, 4 neurons."""
    return Config(sizes=(4,), rivals=(), duration_ms=50.0, repeats=2, cold=False, compare_ms=0.0)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for us and each rival at each size. Metrics: ks_p, the Kolmogorov-Smirnov test of the weights."""
    c = stdp.Config()
    task = compare.Task("stdp", dict.fromkeys(config.sizes, float(c.inputs)), driven=c.inputs * c.rate)
    result = compare.run(task, config)
    if not config.compare_ms or agree.THEM not in config.rivals:
        return result
    found = agree.runs(task, (compare.US, agree.THEM), config.compare_n, config.compare_ms, config)
    weights = {name: [np.asarray(w, dtype=np.float64) / c.g_max for w, _ in seen] for name, seen in found.items()}
    metrics = agree.pooled(weights[compare.US], weights[agree.THEM])
    for name, seen in found.items():
        rates = [spikes / config.compare_n / config.compare_ms * 1000.0 for _, spikes in seen]
        metrics |= agree.mean("rate", name, rates)
    arrays = {f"weights {name}": np.concatenate(seeds) for name, seeds in weights.items()}
    return result._replace(arrays=dict(result.arrays) | arrays, metrics=dict(result.metrics) | metrics)
