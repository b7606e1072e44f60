"""The networks of the comparisons in neurosparse, timed with its allocations."""

import importlib
import time
from collections.abc import Callable
from typing import Any

from neurosparse import clock
from neurosparse.network import Population, SpikeMonitor


def build(options: dict) -> Callable:
    """Options: network, n, seed, duration_ms, threads."""
    model = importlib.import_module(f"models.{options['network']}")
    size = {"scale": options["n"] / 12_500} if options["network"] == "brunel" else {"n": options["n"]}
    net = model.build(model.Config(**size, seed=options["seed"]))
    monitors = tuple(SpikeMonitor(p.name) for p in net.populations if isinstance(p, Population))
    engine = clock.compile(net, monitors, options["threads"])

    last: dict[str, clock.Moment | None] = {}

    def step() -> tuple[float, int]:
        start = time.perf_counter()
        result = clock.run(engine, options["duration_ms"])
        last["end"] = result.end
        return time.perf_counter() - start, sum(len(spikes.i) for spikes in result.spikes.values())

    made: Any = step
    made.values = lambda: clock.weights(engine, last["end"])[0].weight
    return made
