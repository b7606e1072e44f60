"""Networks as plain values: populations, sources, projections, inputs and monitors. No behaviour but checks.

    net = Network(
        populations=(SpikeSource("pixels", 784), Population("liquid", 1000, "lif", {"tau_mem": 64.0, "v_th": 20.0})),
        projections=(Projection("pixels", "liquid", wiring, delay=1.0, port="jump"),),
        dt=1.0,
    )

Neurons and kernels are named by module, by name ("lif", "package.module") or by file ("my_neuron.py"); their
parameters are given as biology and turned into kernel constants with the network's dt, so that the two can not differ.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from neurosparse.csr import Csr


class SpikeSource(NamedTuple):
    """A population without dynamics: it emits the events that a run is given under its name."""

    name: str
    n: int


class Population(NamedTuple):
    """`n` neurons of one model.

    params: keyword arguments of the module's `params`, scalars or arrays (n,) for one value a neuron.
    kernels: port -> (kernel module, its parameters), e.g. {"jump": ("exp", {"tau_syn": 1.0})}.
    init: initial values of State fields, scalars or arrays (n,); what is absent starts as `init(p)` says.
    """

    name: str
    n: int
    neuron: ModuleType | str
    params: Mapping[str, Any] = {}
    kernels: Mapping[str, tuple[ModuleType | str, Mapping[str, Any]]] = {}
    init: Mapping[str, Any] = {}


class Projection(NamedTuple):
    """Synapses from a source population to one port of a target population.

    delay (ms) is one number, or (nnz,) for one of each synapse in the row order of `csr`, whose rows are sources and
    columns targets. Spikes of neurons need a delay of at least one step; events of a
    SpikeSource may have delay 0 and then count in the very step in which they are emitted.
    """

    source: str
    target: str
    csr: Csr
    delay: Any
    port: str


class CurrentInput(NamedTuple):
    """Something added to a port at every step; the values are given to a run under `name`.

    They may be one number, (n,) for each neuron, (n_steps, 1) for each step, or (n_steps, n).
    """

    name: str
    target: str
    port: str


class SpikeMonitor(NamedTuple):
    """Record the spikes of a population as (i, t) pairs; `counts_only` keeps spike counts of neurons alone."""

    target: str
    counts_only: bool = False


class StateMonitor(NamedTuple):
    """Record State fields of a population after every `every`-th step, for all neurons or the ids in `subset`."""

    target: str
    fields: tuple[str, ...]
    every: int = 1
    subset: tuple[int, ...] | None = None


class Network(NamedTuple):
    """Everything that a run needs but its inputs. dt in ms."""

    populations: tuple[Population | SpikeSource, ...]
    projections: tuple[Projection, ...] = ()
    inputs: tuple[CurrentInput, ...] = ()
    dt: float = 0.1
