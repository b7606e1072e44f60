"""The naive truth: a network simulated by plain loops over neurons and synapses, without Numba, resolve or fuse.

The order of a tick is the specification: deliver what is due -> step every population -> collect spikes in ascending
order -> record. A spike of tick t arrives in tick t + delay.
"""

import importlib

import numpy as np

from neurosparse.network import SpikeSource


def simulate(net, n_steps, inputs):
    """(spikes, states): name -> list of (step, id), and name -> list over steps of tuples of State fields (n,)."""
    cells = {p.name: Cells(p, net.dt) for p in net.populations if not isinstance(p, SpikeSource)}
    spikes = {p.name: [] for p in net.populations}
    states = {name: [] for name in cells}
    for t in range(n_steps):
        for p in net.populations:
            if isinstance(p, SpikeSource):
                events = inputs[p.name]
                spikes[p.name] += [(t, int(i)) for i in events.index[events.start[t] : events.start[t + 1]]]
        arrived = {name: {port: np.zeros(c.n) for port in c.module.PORTS} for name, c in cells.items()}
        for projection in net.projections:
            c = projection.csr
            delays = np.rint(np.broadcast_to(projection.delay, (c.nnz,)) / net.dt)
            for step, i in spikes[projection.source]:
                for k in range(c.indptr[i], c.indptr[i + 1]):
                    if step + delays[k] == t:
                        arrived[projection.target][projection.port][c.indices[k]] += float(c.weight[k])
        for entry in net.inputs:
            value = np.broadcast_to(np.atleast_2d(inputs[entry.name]), (n_steps, cells[entry.target].n))[t]
            arrived[entry.target][entry.port] += value
        for name, c in cells.items():
            spikes[name] += [(t, i) for i in c.step(arrived[name])]
            states[name].append(c.fields())
    return spikes, states


class Cells:
    """The neurons of one population, one State each."""

    def __init__(self, population, dt):
        self.n = population.n
        self.module = find(population.neuron, "neurons")
        self.p = [constants(self.module, population.params, dt, i) for i in range(self.n)]
        self.s = [self.module.init(p) for p in self.p]
        for name, value in population.init.items():
            spread = np.broadcast_to(value, (self.n,))
            self.s = [s._replace(**{name: float(v)}) for s, v in zip(self.s, spread)]
        self.kernels = {}
        for port, (kernel, params) in population.kernels.items():
            module = find(kernel, "synapses")
            p = constants(module, params, dt, 0)
            self.kernels[port] = (module, p, [module.init(p) for _ in range(self.n)])

    def step(self, arrived):
        fired = []
        for i in range(self.n):
            x = []
            for port in self.module.PORTS:
                value = float(arrived[port][i])
                if port in self.kernels:
                    module, p, states = self.kernels[port]
                    states[i], value = module.step(p, states[i], value)
                x.append(value)
            self.s[i], z = step(self.module, self.p[i], self.s[i], x)
            if z > 0.5:
                fired.append(i)
        return fired

    def fields(self):
        return {name: np.array([float(getattr(s, name)) for s in self.s]) for name in self.module.State._fields}


def step(module, p, s, inputs):
    """module.step with one input for each of PORTS: those in ADDS go into their State field first."""
    x, adds = dict(zip(module.PORTS, inputs, strict=True)), getattr(module, "ADDS", {})
    s = s._replace(**{field: getattr(s, field) + x.pop(port) for port, field in adds.items()})
    return module.step(p, s, *x.values())


def constants(module, params, dt, i):
    p = module.params(**params, dt=dt)
    return type(p)(*(float(np.asarray(v)[i]) if np.ndim(v) else float(v) for v in p))


def find(what, room):
    return importlib.import_module(f"neurosparse.{room}.{what}") if isinstance(what, str) else what
