"""Brunel's network against Brian2 and NEST: run time, build time, time to the first result, and memory.

What is timed and how stands in `simulations/rivals/compare.py`. The asynchronous irregular regime (g 5, eta 2), one
synapse in ten of all pairs: 1,250 synapses a neuron at 12,500 neurons, and as many external Poisson sources as
excitatory ones, which count as no synaptic event.
"""

from typing import Annotated

from pydantic import Field

from models import brunel
from neurosparse.io.results import Result
from simulations.rivals import compare


class Config(compare.Config):
    """As every comparison; the synapses of a neuron grow with the network."""

    sizes: tuple[Annotated[int, Field(ge=125, le=1_250_000, multiple_of=125)], ...] = Field(
        default=(12_500,), min_length=1, description="neurons"
    )
    duration_ms: float = Field(default=200.0, ge=1, le=1e6, multiple_of=0.1, description="time simulated, ms")


def tiny() -> Config:
    """Ourselves alone, 250 neurons."""
    return Config(sizes=(250,), rivals=(), duration_ms=10.0, repeats=2, cold=False)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for us and each rival at each size. `threads` is not used."""
    degree = {n: float(sum(brunel.sizes(brunel.Config(scale=n / 12_500)).in_degree.values())) for n in config.sizes}
    return compare.run(compare.Task("brunel", degree), config)
