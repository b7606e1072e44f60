"""What a run cost: spikes, synaptic operations, updates of neurons and weights, and energies, from its own monitors.

    engine = clock.compile(net, tuple(SpikeMonitor(p.name, counts_only=True) for p in net.populations))
    done = cost.operations(engine, clock.run(engine, 1000.0, inputs))

Counted as in `measure.energy`: a spike of neuron i costs one operation for each of its synapses; a neuron one update
for each step of its own clock; a plastic synapse one update for each spike of its source and of its target. Links of
couplings and draws of noise are not counted.
"""

import numpy as np

from neurosparse import check
from neurosparse.clock import Engine, Run
from neurosparse.measure import energy


def operations(engine: Engine, run: Run) -> energy.Operations:
    """Operations of the whole network in a run of `engine`, which must have watched the spikes of every population.

    Raises ValueError where a population has no SpikeMonitor, and TypeError for what is no Run.
    """
    if not isinstance(run, Run):
        check.fail("cost.operations", "needs a Run", type(run).__name__, "clock.run(engine, ...) makes one", TypeError)
    plan = engine.plan
    counts = [_spikes(part.name, part.n, run) for part in plan.parts]
    parts = []
    for k, part in enumerate(plan.parts):
        mine = [route for route in plan.routes if route.source == k]
        fans = [np.diff(route.segments[:: len(route.delays)]) for route in mine]
        updates = 0
        for route, fan in zip(mine, fans, strict=True):
            if route.rule is not None:
                fan_in = np.bincount(route.indices, minlength=plan.parts[route.target].n)
                updates += int(counts[k] @ fan + counts[route.target] @ fan_in)
        steps = 0 if part.dynamics is None else run.n_steps // part.every
        parts.append(energy.operations(counts[k], fans, run.n_steps, updates, part.n * steps))
    return energy.total(parts)


def _spikes(name: str, n: int, run: Run) -> np.ndarray:
    """(n,) int64 spikes of each neuron."""
    if name in run.counts:
        return run.counts[name]
    if name not in run.spikes:
        watched = [*run.counts, *run.spikes]
        remedy = f"add SpikeMonitor({name!r}, counts_only=True)"
        check.fail("cost.operations", f"{name!r} must have a SpikeMonitor", watched, remedy)
    return np.bincount(run.spikes[name].i, minlength=n)
