"""A large network: does a run stay within the memory that was estimated before it was built, and how fast is it?

CUBA's law at any size, in a process of its own whose largest resident memory is read at the end. Spikes are counted,
not stored. The defaults are a million neurons and more than a thousand million synaptic events.
"""

from pydantic import Field, model_validator

from models import cuba
from neurosparse import check, describe
from neurosparse.io import config
from neurosparse.io.results import Result
from neurosparse.network import SpikeMonitor
from simulations import rivals


class Config(config.Config):
    """The network, and how long it runs."""

    n: int = Field(default=1_000_000, ge=100, le=4_000_000, description="neurons")
    in_degree: int = Field(default=80, ge=1, le=100_000, description="synapses that a neuron receives, at most n")
    duration_ms: float = Field(default=2400.0, ge=1, le=1e6, multiple_of=0.1, description="time simulated, ms")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="of wiring and first membrane potentials")

    @model_validator(mode="after")
    def _sparse(self):
        if self.in_degree > self.n:
            raise ValueError(f"in_degree must be at most n, {self.n}, got {self.in_degree}")
        return self


def tiny() -> Config:
    """2,000 neurons for 50 ms."""
    return Config(n=2000, duration_ms=50.0)


def run(config: Config, threads: int = 1) -> Result:
    """One row. Metrics: events, seconds, and largest memory over the estimate, all of the run alone."""
    size = {"n": config.n, "in_degree": config.in_degree, "seed": config.seed}
    net = cuba.build(cuba.Config.model_validate(size), later=True)
    estimate = describe.memory(net, tuple(SpikeMonitor(p.name, True) for p in net.populations), config.duration_ms)
    options = size | {"duration_ms": config.duration_ms, "threads": min(threads, check.cores())}
    with rivals.start("simulations.rivals.large", options) as process:
        seconds, spikes = process.run()
        used = process.memory()
    row = {
        "neurons": config.n,
        "synapses": config.n * config.in_degree,
        "threads": options["threads"],
        "events": spikes * config.in_degree,
        "build_seconds": process.build_seconds,
        "seconds": seconds,
        "rate_hz": spikes / config.n / config.duration_ms * 1000.0,
        "estimate_mib": estimate.total / 2**20,
        "memory_mib": used,
    }
    metrics = {"events": row["events"], "seconds": seconds, "memory_over_estimate": used / row["estimate_mib"]}
    units = {"build_seconds": "s", "seconds": "s", "rate_hz": "Hz", "estimate_mib": "MiB", "memory_mib": "MiB"}
    return Result({}, metrics, [row], units)
