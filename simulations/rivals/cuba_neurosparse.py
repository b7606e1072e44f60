"""CUBA in neurosparse, timed with its allocations."""

import time
from collections.abc import Callable

from models import cuba
from neurosparse import clock
from neurosparse.network import SpikeMonitor


def build(options: dict) -> Callable:
    """Options: n, seed, duration_ms."""
    net = cuba.build(cuba.Config(n=options["n"], seed=options["seed"]))
    engine = clock.compile(net, (SpikeMonitor("exc"), SpikeMonitor("inh")))

    def step() -> tuple[float, int]:
        start = time.perf_counter()
        result = clock.run(engine, options["duration_ms"])
        return time.perf_counter() - start, sum(len(spikes.i) for spikes in result.spikes.values())

    return step
