"""What a Network means: modules found, parameters computed, delays on the grid, every mistake named before a run.

A `Plan` holds populations in order, each with its module, `Params` (floats, or arrays (n,) for values that differ
from neuron to neuron), kernels and initial state, and projections with their delay in steps.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurosparse import check, describe, drive, find
from neurosparse.network import (
    CurrentInput,
    Modulator,
    Network,
    PoissonInput,
    PoissonSource,
    Population,
    Projection,
    SpikeSource,
)
from neurosparse.plan import Drive, Part, Plan
from neurosparse.rng import Stream
from neurosparse.routes import entrance, route, target_of

PARTS: dict[str, Any] = {
    "populations": Population | SpikeSource | PoissonSource,
    "projections": Projection,
    "inputs": CurrentInput | PoissonInput | Modulator,
}
MOST_RATE = 1e12  # Hz


def resolve(net: Network) -> Plan:
    """Check a network and make it explicit. Raises ValueError or TypeError naming what is wrong and the way out."""
    if not isinstance(net, Network):
        check.fail("clock", "needs a Network", type(net).__name__, error=TypeError)
    check.positive("Network", "dt", net.dt, "ms")
    for name, kinds in PARTS.items():
        items = getattr(net, name)
        if not isinstance(items, tuple | list) or isinstance(items, kinds):
            check.fail("Network", f"{name} must be a tuple", items, "a single one needs its comma: (item,)", TypeError)
        for item in items:
            if not isinstance(item, kinds):
                check.fail("Network", f"{name} must hold {kinds}", item, error=TypeError)
    if not net.populations:
        check.fail("Network", "needs at least one population", net.populations)
    named = [i for i in net.inputs if not isinstance(i, PoissonInput)]
    names = [p.name for p in net.populations] + [i.name for i in named]
    for name in names:
        if not isinstance(name, str) or names.count(name) > 1:
            check.fail("Network", "populations and inputs need distinct names", name)
    describe.require(net)
    parts = tuple(_part(p, net.dt) for p in net.populations)
    plan = Plan(parts, (), (), (), (), net.dt)
    plan = plan._replace(
        inputs=tuple((i.name, *entrance(plan, f"CurrentInput {i.name!r}", i)) for i in _of(net, CurrentInput)),
        drives=tuple(_drive(plan, i) for i in _of(net, PoissonInput)),
        modulators=tuple((i.name, target_of(plan, f"Modulator {i.name!r}", i)) for i in _of(net, Modulator)),
    )
    return plan._replace(routes=tuple(route(plan, projection) for projection in net.projections))


def _of(net: Network, kind: type) -> list:
    return [i for i in net.inputs if isinstance(i, kind)]


def _part(population: Population | SpikeSource | PoissonSource, dt: float) -> Part:
    owner = f"{type(population).__name__} {population.name!r}"
    check.integer(owner, "n", population.n, low=1, high=2**31 - 1)
    if isinstance(population, SpikeSource):
        return Part(population.name, population.n, None, {})
    if isinstance(population, PoissonSource):
        rate = check.between(owner, "rate", population.rate, 0, 1000.0 / dt, "Hz")
        if np.shape(rate) not in ((), (population.n,)):
            check.fail(owner, f"rate must be one number or have shape ({population.n},)", np.shape(rate))
        chance = drive.chances(np.asarray(rate) * dt / 1000.0, population.n)
        return Part(population.name, population.n, None, {}, chance, _stream(owner, population.stream))
    module = find.find_module(owner, population.neuron, "neurons")
    dynamics = find.dynamics(owner, module, population.params, population.init, population.n, dt)
    kernels = {}
    for port, spec in population.kernels.items():
        check.one_of(owner, "port of a kernel", port, module.PORTS)
        if not isinstance(spec, tuple) or len(spec) != 2 or not isinstance(spec[1], Mapping):
            check.fail(
                owner, "a kernel is a pair (model, parameters)", spec, 'write ("exp", {"tau_syn": 5.0})', TypeError
            )
        kernel, params = spec
        found = find.find_module(owner, kernel, "synapses")
        if len(found.PORTS) != 1:
            check.fail(
                owner, "a kernel has one port", f"{found.__name__} with {', '.join(found.PORTS)}", error=TypeError
            )
        kernels[port] = find.dynamics(f"{owner} kernel of {port!r}", found, params, {}, population.n, dt)
    return Part(population.name, population.n, dynamics, kernels)


def _stream(owner: str, stream) -> Stream:
    if not isinstance(stream, Stream):
        check.fail(owner, "stream must be a Stream", stream, 'make it with rng.stream(seed, "name")', TypeError)
    return stream


def _drive(plan: Plan, entry: PoissonInput) -> Drive:
    owner = f"PoissonInput -> {entry.target!r}"
    target, port = entrance(plan, owner, entry)
    n = plan.parts[target].n
    rate = check.between(owner, "rate", entry.rate, 0, MOST_RATE, "Hz")
    if np.shape(rate) not in ((), (n,)):
        check.fail(owner, f"rate must be one number or have shape ({n},)", np.shape(rate))
    if np.ndim(check.number(owner, "weight", entry.weight)):
        check.fail(owner, "weight must be one number", np.shape(entry.weight))
    mean = np.asarray(rate, dtype=float) * plan.dt / 1000.0
    return Drive(target, port, drive.table(mean), float(entry.weight), _stream(owner, entry.stream))
