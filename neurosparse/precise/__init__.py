"""The event-driven engine: a Network run off the grid, at exact times.

    net = Network((SpikeSource("in", 1), Population("n", 1, "lif")), (Projection("in", "n", csr, 1.234, "jump"),))
    run = precise.run(net, 100.0, {"in": Train(np.array([0]), np.array([3.21]))})
    run.spikes["n"].t      # ms, exact

Nothing happens between events, so nothing is computed between them: time steps do not exist, `Network.dt` is not read
and delays are kept as they are. The engine runs models with a closed form between events (`models/`, the contract is
in its docstring); what it can not run exactly (synaptic kernels, currents that change, Poisson sources) it refuses.

**Order of events at one and the same time**: input spikes are sent (by population order, then id); then neurons that
reach their threshold by themselves fire (by population order, then id); then spikes arrive in the order in which they
were sent, each at its projections in their order, at targets in ascending order, and a neuron that fires sends at
once. A neuron may so fire between two arrivals of one time; the grid engine adds up all arrivals of a step first.

Best to read: models/lif.py, then engine.py.
"""

from neurosparse.precise.engine import Run, Train, run

__all__ = ["run", "Run", "Train"]
