"""The networks of the comparisons in neurosparse, timed with its allocations."""

import importlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from neurosparse import clock
from neurosparse.network import Network, Population, SpikeMonitor


def build(options: dict) -> Callable:
    """Options: network, n, seed, duration_ms, threads, first_order."""
    model = importlib.import_module(f"models.{options['network']}")
    size = {"scale": options["n"] / 12_500} if options["network"] == "brunel" else {"n": options["n"]}
    net = model.build(model.Config(**size, seed=options["seed"]))
    if options["first_order"]:
        net = net._replace(
            populations=tuple(p._replace(params=p.params | {"method": "start"}) for p in net.populations)
        )
    monitors = tuple(SpikeMonitor(p.name) for p in net.populations if isinstance(p, Population))
    engine = clock.compile(net, monitors, options["threads"])

    last: dict[str, clock.Run] = {}

    def step() -> tuple[float, int]:
        start = time.perf_counter()
        result = clock.run(engine, options["duration_ms"])
        last["run"] = result
        return time.perf_counter() - start, sum(len(spikes.i) for spikes in result.spikes.values())

    made: Any = step
    if options["network"] == "stdp":
        made.values = lambda: clock.weights(engine, last["run"].end)[0].weight
    else:
        made.values = lambda: _spikes(net, last["run"])
    return made


def _spikes(net: Network, run: clock.Run) -> tuple[np.ndarray, np.ndarray]:
    """(ids, times in ms) of all populations; ids count through them in order."""
    first = np.cumsum([0, *(p.n for p in net.populations)])
    i = np.concatenate([run.spikes[p.name].i + k for p, k in zip(net.populations, first)])
    return i, np.concatenate([run.spikes[p.name].t for p in net.populations])
