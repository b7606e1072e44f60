"""A large CUBA network of ours, spikes counted only."""

import time
from collections.abc import Callable

from models import cuba
from neurosparse import clock
from neurosparse.network import SpikeMonitor


def build(options: dict) -> Callable:
    """Options: n, in_degree, seed, duration_ms, threads."""
    net = cuba.build(cuba.Config(**{name: options[name] for name in ("n", "in_degree", "seed")}), later=True)
    engine = clock.compile(net, tuple(SpikeMonitor(p.name, True) for p in net.populations), options["threads"])

    def step() -> tuple[float, int]:
        begin = time.perf_counter()
        counts = clock.run(engine, options["duration_ms"]).counts
        return time.perf_counter() - begin, int(sum(count.sum() for count in counts.values()))

    return step
