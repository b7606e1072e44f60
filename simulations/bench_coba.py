"""COBA against Brian2 and NEST: run time, build time, time to the first result, memory; and whether Brian2 agrees.

What is timed and how stands in `simulations/rivals/compare.py`. Each simulator integrates the membrane in its own way:
ourselves by a midpoint exponential step (second order), Brian2 by exponential Euler (first order, as in its example),
NEST by an adaptive Runge-Kutta method. The background is the driven one (v_rest -49 mV), so that nobody falls silent.

Rates and CVs of the intervals of us and Brian2 are compared over several seeds (`simulations/rivals/agree.py`), with
our own step and with one like Brian2's (`lif_cond`, method "start"), so that the integrator's part in it shows.
With the defaults: 20.1 +- 0.3 Hz and a CV of 1.781 +- 0.007 (standard errors over seeds), Brian2 20.5 +- 0.3 Hz and
1.793 +- 0.015, Welch p 0.36 and 0.47; with the step like Brian2's 20.2 +- 0.3 Hz and 1.793 +- 0.016, p 0.42 and 1.00.
What the integrators differ by at 0.1 ms is less than what two networks do.
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from neurosparse.io.results import Result
from neurosparse.measure import firing_rate, isi_cv
from simulations.rivals import agree, compare

OURS = (compare.US, "neurosparse first_order")  # midpoint, and exponential Euler as Brian2
WARMUP = 500.0  # ms before what is compared
INTERVALS = 3  # a neuron needs so many for a CV


class Config(compare.Config):
    """As every comparison; 80 synapses a neuron."""

    sizes: tuple[Annotated[int, Field(ge=100, le=4_000_000)], ...] = Field(
        default=(4000,), min_length=1, description="neurons"
    )
    compare_n: int = Field(default=4000, ge=100, le=100_000, description="neurons whose rates and CVs are compared")
    compare_ms: float = Field(
        default=5000.0, ge=0, le=1e6, multiple_of=0.1, description="how long they are watched, ms; 0: not at all"
    )


def tiny() -> Config:
    """Ourselves alone, 200 neurons."""
    return Config(sizes=(200,), rivals=(), duration_ms=20.0, repeats=2, cold=False, compare_ms=0.0)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for us and each rival at each size. `threads` is not used.

    Metrics of rate (Hz) and cv: compared_, mean and error over seeds; welch_p, of the seeds' means; ks_p, of all
    neurons. Those of our first-order step end in its name.
    """
    task = compare.Task("coba", dict.fromkeys(config.sizes, 80.0))
    result = compare.run(task, config)
    if not config.compare_ms or agree.THEM not in config.rivals:
        return result
    found = agree.runs(task, (*OURS, agree.THEM), config.compare_n, WARMUP + config.compare_ms, config)
    seen = {name: [describe(i, t, config) for (i, t), _ in runs] for name, runs in found.items()}
    arrays, metrics = {}, {}
    for k, what in enumerate(("rate", "cv")):
        values = {name: [both[k] for both in seeds] for name, seeds in seen.items()}
        means = {name: [float(x.mean()) for x in seeds] for name, seeds in values.items()}
        for name in OURS:
            suffix = f"_{what}" + name.removeprefix(compare.US).replace(" ", "_")
            metrics |= agree.pooled(values[name], values[agree.THEM], suffix)
            metrics |= agree.welch(means[name], means[agree.THEM], suffix)
        for name in values:
            metrics |= agree.mean(what, name, means[name])
            arrays[f"{what} {name}"] = np.concatenate(values[name])
    units = result.units | {key: "Hz" for key in (*arrays, *metrics) if key.startswith(("rate", "compared_rate"))}
    return Result(result.arrays | arrays, result.metrics | metrics, result.rows, units)


def describe(i: np.ndarray, t: np.ndarray, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Rate of every neuron, Hz, and CV of those that have `INTERVALS` or more, after the warm-up."""
    i = i[t > WARMUP]
    cv = isi_cv(i, t[t > WARMUP], config.compare_n)
    counts = np.bincount(i, minlength=config.compare_n)
    return firing_rate(i, config.compare_n, config.compare_ms), cv[counts > INTERVALS]
