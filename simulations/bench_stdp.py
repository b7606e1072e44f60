"""STDP against Brian2 and NEST: plastic synapses from Poisson inputs; run time, and whether the weights are the same.

What is timed and how stands in `simulations/rivals/compare.py`. The network is that of Song, Miller & Abbott (2000)
with many neurons: 1,000 Poisson inputs at 15 Hz, each with a plastic synapse on every neuron. Brian2 runs its own
example STDP (exponential Euler, event-driven traces); NEST's stdp_synapse counts its delay as dendritic, so that pairs
differ by a step. Weights of us and Brian2 are compared after `compare_ms` over several seeds.
"""

from typing import Annotated, Any

import numpy as np
from pydantic import Field
from scipy import stats

from models import stdp
from neurosparse.io.results import Result
from simulations.rivals import compare

SEEDS = 6


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
    if not config.compare_ms or "brian2 cpp" not in config.rivals:
        return result
    found = {name: [_weights(task, name, config, k) for k in range(SEEDS)] for name in (compare.US, "brian2 cpp")}
    ours, theirs = (np.concatenate([weights for weights, _ in runs]) / c.g_max for runs in found.values())
    test: Any = stats.ks_2samp(ours, theirs)
    metrics = {"ks_p": float(test.pvalue), "ks_distance": float(test.statistic)}
    for name, runs in found.items():
        rates = np.array([spikes for _, spikes in runs]) / config.compare_n / config.compare_ms * 1000.0
        metrics[f"compared_rate_{name.replace(' ', '_')}"] = float(rates.mean())
        metrics[f"compared_rate_error_{name.replace(' ', '_')}"] = float(rates.std(ddof=1) / np.sqrt(SEEDS))
    arrays = {"weights neurosparse": ours, "weights brian2 cpp": theirs}
    return result._replace(arrays=dict(result.arrays) | arrays, metrics=dict(result.metrics) | metrics)


def _weights(task: compare.Task, name: str, config: Config, k: int) -> tuple[np.ndarray, int]:
    """Weights, and spikes, of one run of `compare_ms`."""
    other = config.model_copy(update={"seed": config.seed + k, "duration_ms": config.compare_ms})
    with compare.start(task, name, config.compare_n, other) as rival:
        _, spikes = rival.run()
        return np.asarray(rival.values(), dtype=np.float64), spikes
