"""COBA against Brian2 and NEST: run time, build time, time to the first result, and memory.

What is timed and how stands in `simulations/rivals/compare.py`. Each simulator integrates the membrane in its own way:
ourselves by a midpoint exponential step (second order), Brian2 by exponential Euler (first order, as in its example),
NEST by an adaptive Runge-Kutta method. The background is the driven one (v_rest -49 mV), so that nobody falls silent.
"""

from typing import Annotated

from pydantic import Field

from neurosparse.io.results import Result
from simulations.rivals import compare


class Config(compare.Config):
    """As every comparison; 80 synapses a neuron."""

    sizes: tuple[Annotated[int, Field(ge=100, le=4_000_000)], ...] = Field(
        default=(4000,), min_length=1, description="neurons"
    )


def tiny() -> Config:
    """Ourselves alone, 200 neurons."""
    return Config(sizes=(200,), rivals=(), duration_ms=20.0, repeats=2, cold=False)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for us and each rival at each size. `threads` is not used."""
    return compare.run(compare.Task("coba", dict.fromkeys(config.sizes, 80.0)), config)
