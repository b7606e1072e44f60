"""A network made explicit, as `resolve` leaves it and `fuse` and `clock` take it: no names left to look up."""

from collections.abc import Mapping
from types import ModuleType
from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.rng import Stream


class Dynamics(NamedTuple):
    """A step module with its constants and initial state for n neurons."""

    module: ModuleType
    params: dict[str, float | np.ndarray]  # in the order of module.Params
    state: dict[str, np.ndarray]  # field -> (n,) float64

    @property
    def adds(self) -> Mapping[str, str]:
        """Ports that add to a State field before the step."""
        return getattr(self.module, "ADDS", {})

    @property
    def impulses(self) -> tuple[str, ...]:
        """Ports for spikes alone: what arrives counts once, however long the step."""
        return (*self.adds, *getattr(self.module, "IMPULSES", ()))


class Rule(NamedTuple):
    """What changes the weights of a projection."""

    module: ModuleType
    params: dict[str, float]
    synapse: dict[str, float]  # initial values of the fields beside w
    modulators: tuple[int, ...]  # places in Plan.modulators

    @property
    def takes(self) -> int:
        """Third factors of its functions."""
        return len(getattr(self.module, "MODULATORS", ("m",)))

    @property
    def pairs_ties(self) -> bool:
        """Whether a spike of the source that arrives in the tick of the target's spike is paired with it."""
        return getattr(self.module, "TIES", True)

    @property
    def sweeps(self) -> bool:
        """Whether all synapses are visited from time to time."""
        return hasattr(self.module, "sweep")


class Part(NamedTuple):
    """One population; dynamics is None for a source, whose events are given unless it has a stream."""

    name: str
    n: int
    dynamics: Dynamics | None
    kernels: dict[str, Dynamics]  # port -> kernel
    chance: np.ndarray | None = None  # of a PoissonSource, see `drive.chances`
    stream: Stream | None = None
    every: int = 1  # steps of the network in one of its own

    @property
    def given(self) -> bool:
        """Whether its spikes come from outside."""
        return self.dynamics is None and self.stream is None


class Drive(NamedTuple):
    """A PoissonInput."""

    target: int
    port: str
    table: np.ndarray  # see `drive.table`
    weight: float
    stream: Stream
    low: int  # first neuron
    high: int  # first that is not driven


class Route(NamedTuple):
    """One projection: indices into Plan.parts, and synapses ordered by source, delay, target."""

    source: int
    target: int
    port: str
    delays: np.ndarray  # (n_delays,) int64 distinct delays, steps, ascending
    segments: np.ndarray  # (n_rows * n_delays + 1,) int64: the synapses of a source with a delay
    indices: np.ndarray  # (nnz,) int32 targets
    weight: np.ndarray  # (nnz,) float32, or (1,) where all are equal; magnitudes where there is a rule
    rule: Rule | None = None
    sign: float = 1.0  # of the weights, where there is a rule
    release: Dynamics | None = None  # its state belongs to the sources
    release_listens: tuple[int, ...] = ()  # places in Plan.modulators


class Modulation(NamedTuple):
    """A Modulator: values that are given, or a State field of a population."""

    name: str
    target: int
    source: int | None
    field: str
    domain: np.ndarray | None  # (n,) cell of the source for each neuron of the target


class Noise(NamedTuple):
    """A NoiseInput."""

    target: int
    port: str
    sd: np.ndarray  # (1,) or (n,) float64
    stream: Stream


class Link(NamedTuple):
    """A Coupling, by target."""

    source: int
    target: int
    port: str
    field: str
    wiring: Csr  # rows are targets, columns sources
    pairwise: bool  # through the model's `couple`


class Plan(NamedTuple):
    """A network made explicit."""

    parts: tuple[Part, ...]
    routes: tuple[Route, ...]
    inputs: tuple[tuple[str, int, str], ...]  # name, index of the target part, port
    drives: tuple[Drive, ...]
    modulators: tuple[Modulation, ...]
    dt: float
    links: tuple[Link, ...] = ()
    noises: tuple[Noise, ...] = ()

    @property
    def shown(self) -> tuple[tuple[int, str], ...]:
        """(population, State field) that others read: two rows are kept, of the last step and of this one."""
        read = [(m.source, m.field) for m in self.modulators if m.source is not None]
        read += [(k, link.field) for link in self.links for k in (link.source, *([link.target] * link.pairwise))]
        return tuple(dict.fromkeys(read))

    def index(self, owner: str, name: str) -> int:
        """Position of a population; raises ValueError for an unknown name."""
        names = [part.name for part in self.parts]
        return names.index(check.one_of(owner, "population", name, names))
