"""CUBA against Brian2 and NEST: run time, build time, time to the first result, and memory.

What is timed and how stands in `simulations/rivals/compare.py`.
"""

from pydantic import Field

from neurosparse.io.results import Result
from simulations.rivals import compare


class Config(compare.Config):
    """As every comparison; 4,000 and 40,000 neurons with 80 synapses each; two threads beside one."""

    rivals: tuple[compare.Name, ...] = Field(
        default=("neurosparse 2 threads", "brian2 cpp", "nest", "nest 2 threads"), description="who else runs"
    )


def tiny() -> Config:
    """Ourselves alone, 400 neurons."""
    return Config(sizes=(400,), rivals=(), duration_ms=50.0, repeats=2, cold=False)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for us and each rival at each size. `threads` is not used."""
    return compare.run(compare.Task("cuba", dict.fromkeys(config.sizes, 80.0)), config)
