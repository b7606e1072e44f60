"""What a Network means: modules found, parameters computed, delays on the grid, every mistake named before a run.

A `Plan` holds populations in order, each with its module, `Params` (floats, or arrays (n,) for values that differ
from neuron to neuron), kernels and initial state, and projections with their delay in steps.
"""

import itertools

import numpy as np

from neurosparse import check, describe, drive, find, grid
from neurosparse.form import check_form
from neurosparse.influence import link, modulation, noise
from neurosparse.network import (
    CurrentInput,
    Modulator,
    Network,
    NoiseInput,
    PoissonInput,
    PoissonSource,
    Population,
    SpikeSource,
)
from neurosparse.plan import Drive, Part, Plan
from neurosparse.routes import entrance, route

MOST_RATE = 1e12  # Hz
MOST_GROUPS = 17  # edges of groups of neurons with one rate


def resolve(net: Network) -> Plan:
    """Check a network and make it explicit. Raises ValueError or TypeError naming what is wrong and the way out."""
    net = check_form("clock", net)
    describe.require(net)
    parts = tuple(_part(p, net.dt) for p in net.populations)
    plan = Plan(parts, (), (), (), (), net.dt)
    plan = plan._replace(
        inputs=tuple((i.name, *entrance(plan, f"CurrentInput {i.name!r}", i)) for i in _of(net, CurrentInput)),
        drives=tuple(part for i in _of(net, PoissonInput) for part in _drives(plan, i)),
        modulators=tuple(modulation(plan, i) for i in _of(net, Modulator)),
        links=tuple(link(plan, coupling) for coupling in net.couplings),
        noises=tuple(noise(plan, i) for i in _of(net, NoiseInput)),
    )
    return plan._replace(routes=tuple(route(plan, projection) for projection in net.projections))


def _of(net: Network, kind: type) -> list:
    return [i for i in net.inputs if isinstance(i, kind)]


def _part(population: Population | SpikeSource | PoissonSource, dt: float) -> Part:
    owner = f"{type(population).__name__} {population.name!r}"
    if isinstance(population, SpikeSource):
        return Part(population.name, population.n, None, {})
    if isinstance(population, PoissonSource):
        rate = check.between(owner, "rate", population.rate, 0, 1000.0 / dt, "Hz")
        if np.shape(rate) not in ((), (population.n,)):
            check.fail(owner, f"rate must be one number or have shape ({population.n},)", np.shape(rate))
        chance = drive.chances(np.asarray(rate, dtype=float) * dt / 1000.0, population.n)
        return Part(population.name, population.n, None, {}, chance, population.stream)
    module = find.find_module(owner, population.neuron, "neurons")
    every = 1 if population.every is None else grid.steps(owner, "every", population.every, dt, low=1)
    dt = every * dt
    dynamics = find.dynamics(owner, module, population.params, population.init, population.n, dt)
    kernels = {}
    for port, spec in population.kernels.items():
        check.one_of(owner, "port of a kernel", port, module.PORTS)
        kernel, params = spec
        found = find.find_module(owner, kernel, "synapses")
        if len(found.PORTS) != 1:
            check.fail(
                owner, "a kernel has one port", f"{found.__name__} with {', '.join(found.PORTS)}", error=TypeError
            )
        kernels[port] = find.dynamics(f"{owner} kernel of {port!r}", found, params, {}, population.n, dt)
    return Part(population.name, population.n, dynamics, kernels, every=every)


def _drives(plan: Plan, entry: PoissonInput) -> list[Drive]:
    """One for all neurons; a few where the rates are those of a few groups of neighbours, which can be looked up."""
    owner = f"PoissonInput -> {entry.target!r}"
    target, port = entrance(plan, owner, entry)
    n = plan.parts[target].n
    rate = check.between(owner, "rate", entry.rate, 0, MOST_RATE, "Hz")
    if np.shape(rate) not in ((), (n,)):
        check.fail(owner, f"rate must be one number or have shape ({n},)", np.shape(rate))
    mean = np.asarray(rate, dtype=float) * plan.dt / 1000.0
    whole = Drive(target, port, drive.table(mean), float(entry.weight), entry.stream, 0, n)
    edges = [0, *(np.flatnonzero(np.diff(mean)) + 1), n] if mean.ndim else []
    if not 0 < len(edges) <= MOST_GROUPS or mean.max() > drive.LOOKED_UP:
        return [whole]
    return [
        whole._replace(table=drive.table(mean[low]), low=int(low), high=int(high))
        for low, high in itertools.pairwise(edges)
    ]
