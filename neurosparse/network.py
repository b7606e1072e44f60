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
from neurosparse.rng import Stream
from neurosparse.wire import Later


class SpikeSource(NamedTuple):
    """A population without dynamics: it emits the events that a run is given under its name."""

    name: str
    n: int


class PoissonSource(NamedTuple):
    """A population without dynamics whose members fire as independent Poisson processes, drawn inside the loop.

    rate in Hz, one number or (n,); at most one spike a step: each fires with probability rate * dt. Two sources of one
    stream spike together: independent ones need streams of two names.
    """

    name: str
    n: int
    rate: Any
    stream: Stream


class Population(NamedTuple):
    """`n` neurons, or astrocytes, of one model.

    params: keyword arguments of the module's `params`, scalars or arrays (n,) for one value a neuron.
    kernels: port -> (kernel module, its parameters), e.g. {"jump": ("exp", {"tau_syn": 1.0})}.
    init: initial values of State fields, scalars or arrays (n,); what is absent starts as `init(p)` says.
    every: a clock of its own (ms), slower than the network's: the cells step at the end of each such span, with all
    that arrived in it and with the values of inputs and couplings at that moment; `params` gets it as dt.
    """

    name: str
    n: int
    neuron: ModuleType | str
    params: Mapping[str, Any] = {}
    kernels: Mapping[str, tuple[ModuleType | str, Mapping[str, Any]]] = {}
    init: Mapping[str, Any] = {}
    every: float | None = None


class Projection(NamedTuple):
    """Synapses from a source population to one port of a target population.

    csr: synapses, or a recipe for them (`wire.later`), which is followed when the network is compiled.
    delay (ms) is one number, or (nnz,) for one of each synapse in the row order of `csr`, whose rows are sources and
    columns targets. Spikes of neurons and of a PoissonSource need a delay of at least one step; events of a
    SpikeSource may have delay 0, where the projection has neither rule nor release, and then count in the very step
    in which they are emitted.
    rule: (plasticity module, its parameters), e.g. ("stdp", {"w_max": 2.0}); weights then all have one sign.
    release: (short-term plasticity module, its parameters), e.g. ("tsodyks", {"tau_rec": 800.0}).
    modulator: name of the Modulator that the rule (or, where there is none, the release) listens to, or a tuple of
    names for one that takes several.
    """

    source: str
    target: str
    csr: Csr | Later
    delay: Any
    port: str
    rule: tuple[ModuleType | str, Mapping[str, Any]] | None = None
    release: tuple[ModuleType | str, Mapping[str, Any]] | None = None
    modulator: str | tuple[str, ...] | None = None


class CurrentInput(NamedTuple):
    """Something added to a port at every step; the values are given to a run under `name`.

    They may be one number, (n,) for each neuron, (n_steps, 1) for each step, or (n_steps, n).
    """

    name: str
    target: str
    port: str


class Modulator(NamedTuple):
    """A third factor for the rules of projections onto `target`, or for the release of projections from it.

    Its values are given to a run under `name`, as those of a CurrentInput: one number, (n,) for each neuron of the
    target, (n_steps, 1) or (n_steps, n). Or they are the State field `field` of the population `source`, an astrocyte
    say, as it was after the last step: of its only cell, of cell i for neuron i, or of cell domain[i], (n,) integers.
    """

    name: str
    target: str
    source: str | None = None
    field: str = ""
    domain: Any = None


class Coupling(NamedTuple):
    """Continuous synapses: at every step of `target`, weight times a State field of each source arrives at `port`.

    The field is that after the last step. Between cells of one population whose model defines `couple(p, mine, other)`
    (gap junctions, diffusion), weight times its value for the field of both cells arrives instead. csr: rows are
    sources, columns targets, and both directions of a symmetric link stand in it.
    """

    source: str
    target: str
    csr: Csr
    port: str
    field: str


class PoissonInput(NamedTuple):
    """Poisson spikes from many sources of its own for each neuron of `target`, drawn inside the loop.

    In each step every neuron gets `weight` times a Poisson number of mean rate * dt at `port`; rate (Hz) is the sum
    over all its sources, one number or (n,). Two inputs of one stream get the same numbers: independent ones need
    streams of two names.
    """

    target: str
    port: str
    rate: Any
    weight: float
    stream: Stream


class NoiseInput(NamedTuple):
    """Gaussian white noise: at every step of `target`, sd times a standard normal number arrives at `port`.

    sd is one number or (n,), in the unit of the port. Two inputs of one stream get the same numbers.
    """

    target: str
    port: str
    sd: Any
    stream: Stream


class SpikeMonitor(NamedTuple):
    """Record the spikes of a population as (i, t) pairs; `counts_only` keeps spike counts of neurons alone."""

    target: str
    counts_only: bool = False


class StateMonitor(NamedTuple):
    """Record State fields of a population after every `every`-th step, for all neurons or the ids in `subset`.

    window: (from, to) in ms records only steps that end in (from, to].
    """

    target: str
    fields: tuple[str, ...]
    every: int = 1
    subset: tuple[int, ...] | None = None
    window: tuple[float, float] | None = None


class PopulationRateMonitor(NamedTuple):
    """Record how many neurons of a population spike in each step."""

    target: str


class Network(NamedTuple):
    """Everything that a run needs but its inputs. dt in ms."""

    populations: tuple[Population | SpikeSource | PoissonSource, ...]
    projections: tuple[Projection, ...] = ()
    inputs: tuple[CurrentInput | PoissonInput | NoiseInput | Modulator, ...] = ()
    dt: float = 0.1
    couplings: tuple[Coupling, ...] = ()

    def __str__(self) -> str:
        """A table of its parts, and the memory that it will need."""
        from neurosparse import describe

        return describe.table(self)
