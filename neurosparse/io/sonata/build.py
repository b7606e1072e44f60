"""SONATA files into a Network: one Population for each node population and template, Projections without twins.

Synapses between one pair of neurons are summed where their delays are equal; where they differ, each further delay of
a pair goes into a projection of its own. Edges with nsyns = 0 are left out; a weight is
syn_weight * nsyns * sign, the sign being that of the edge type's parameter file.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurosparse import csr
from neurosparse.io.sonata import components, graph, models, spikes, table
from neurosparse.io.sonata.components import Finder
from neurosparse.io.sonata.config import Simulation
from neurosparse.io.sonata.files import fail
from neurosparse.io.sonata.graph import Edges, Nodes
from neurosparse.network import Network, Population, Projection, SpikeSource
from neurosparse.precise import Train

WEIGHT_FUNCTIONS = (None, "wmax")  # the weight is syn_weight itself
PLAIN_SYNAPSES = (None, "static_synapse", "nest:static_synapse")


class Part(NamedTuple):
    """What became of one node population and one template."""

    name: str  # of the Population or SpikeSource
    population: str  # of SONATA
    at: np.ndarray  # (n,) positions of its members in the node population
    ids: np.ndarray  # (n,) their node ids
    model: models.Model | None  # None: virtual


class Built(NamedTuple):
    """A network, what its parts are in the files, and its input spikes."""

    net: Network
    parts: tuple[Part, ...]
    inputs: dict[str, Train]
    edges: int  # rows of the edge files, nsyns = 0 included
    synapses: int  # what is left of them, twins summed
    notes: tuple[str, ...]


def build(simulation: Simulation, folder: Path | None = None) -> Built:
    """Read all files of a simulation; `folder` is where parameter files are looked for first.

    Raises SonataError naming file, need and remedy; nothing is written.
    """
    nodes: dict[str, Nodes] = {}
    for path, types in simulation.nodes:
        for found in graph.read_nodes(path, types):
            if found.population in nodes:
                fail(path.name, "node populations need distinct names", found.population)
            nodes[found.population] = found
    find = Finder(simulation, folder)
    pairs = [pair for population in nodes.values() for pair in _populations(population, find)]
    parts = tuple(part for _, part in pairs)
    edges = [edges for path, types in simulation.edges for edges in graph.read_edges(path, types, nodes)]
    projections = tuple(projection for each in edges for projection in _projections(each, nodes, parts, find))
    net = Network(tuple(population for population, _ in pairs), projections, dt=simulation.dt or 0.1)
    inputs, notes = _inputs(simulation, nodes, parts)
    notes = (*simulation.notes, *find.notes(simulation), *notes)
    return Built(net, parts, inputs, *_sizes(edges, projections), notes)


def _sizes(edges: list[Edges], projections: tuple[Projection, ...]) -> tuple[int, int]:
    synapses = (projection.csr.nnz for projection in projections if isinstance(projection.csr, csr.Csr))
    return sum(each.table.n for each in edges), sum(synapses)


def _populations(nodes: Nodes, find: Finder) -> list[tuple[Population | SpikeSource, Part]]:
    templates = table.texts(nodes.table, "model_template")
    kinds = [None if virtual else template or "" for virtual, template in zip(nodes.virtual, templates)]
    found = []
    for kind in dict.fromkeys(kinds):
        at = np.flatnonzero([other == kind for other in kinds])
        model = None if kind is None else models.find(nodes.table.owner, kind or None)
        short = "virtual" if model is None else model.neuron
        name = nodes.population if len(set(kinds)) == 1 else f"{nodes.population}/{short}"
        part = Part(name, nodes.population, at, nodes.ids[at], model)
        if model is None:
            found.append((SpikeSource(name, len(at)), part))
        else:
            params, init = components.of_nodes(nodes.table, at, model, find)
            found.append((Population(name, len(at), model.neuron, params, {}, init), part))
    return found


def _projections(edges: Edges, nodes: dict[str, Nodes], parts: tuple[Part, ...], find: Finder) -> list[Projection]:
    owner, rows = edges.table.owner, edges.table
    weight, delay = _weights(edges, find), table.numbers(rows, "delay")
    found = []
    for source in (part for part in parts if part.population == edges.source):
        local_source = _local(source, nodes)[edges.source_at]
        low = 0.0 if source.model is None else np.nextafter(0.0, 1.0)
        for target in (part for part in parts if part.population == edges.target):
            local_target = _local(target, nodes)[edges.target_at]
            here = (local_source >= 0) & (local_target >= 0) & ~np.isnan(weight)
            if not here.any():
                continue
            if target.model is None:
                fail(owner, "edges must end at neurons", f"virtual nodes of {edges.target!r}")
            if np.any(delay[here] < low):
                need = "delay must be >= 0 ms" if source.model is None else "delay must be > 0 ms"
                fail(owner, need, float(delay[here].min()))
            inhibitory = weight < 0 if target.model.signed else np.zeros(rows.n, bool)
            for sign in (False, True):
                mine = np.flatnonzero(here & (inhibitory == sign))
                shape, port = (len(source.at), len(target.at)), target.model.port(sign)
                for wiring, late in _layers(local_source[mine], local_target[mine], delay[mine], weight[mine], shape):
                    found.append(Projection(source.name, target.name, wiring, late, port))
    return found


def _weights(edges: Edges, find: Finder) -> np.ndarray:
    """(m,) weights, NaN for edges with nsyns = 0."""
    rows = edges.table
    for name, known in (("weight_function", WEIGHT_FUNCTIONS), ("model_template", PLAIN_SYNAPSES)):
        for word in set(table.texts(rows, name).tolist()) - set(known):
            fail(rows.owner, f"{name} must be {' or '.join(map(str, known))}", word, "other synapses do not run here")
    count = table.numbers(rows, "nsyns", 1.0)
    if np.any(count < 0) or np.any(count % 1):
        fail(rows.owner, "nsyns must be a whole number >= 0", float(count[(count < 0) | (count % 1 != 0)][0]))
    weight = table.numbers(rows, "syn_weight") * count * components.signs(rows, find)
    if np.any(np.abs(weight) > np.finfo(np.float32).max):
        fail(rows.owner, "weights must be below 3.4e38, the largest float32", float(np.abs(weight).max()))
    return np.where(count == 0, np.nan, weight)


def _layers(source, target, delay, weight, shape):
    """(Csr, delay) pairs: twins summed, the k-th distinct delay of a pair in the k-th layer."""
    order = np.lexsort((delay, target, source))
    source, target, delay, weight = (array[order] for array in (source, target, delay, weight))
    pair = np.ones(len(order), dtype=bool)
    pair[1:] = (np.diff(source) != 0) | (np.diff(target) != 0)
    first = pair.copy()
    first[1:] |= np.diff(delay) != 0
    total = np.add.reduceat(weight, np.flatnonzero(first)) if len(order) else weight
    source, target, delay, pair = source[first], target[first], delay[first], pair[first]
    starts = np.flatnonzero(pair)
    layer = np.arange(len(pair)) - np.repeat(starts, np.diff(np.append(starts, len(pair))))
    for k in range(int(layer.max(initial=-1)) + 1):
        mine = layer == k
        wiring = csr.from_coo(source[mine], target[mine], total[mine], shape)
        late = delay[mine]  # in the order of the Csr, by source and target
        yield wiring, float(late[0]) if np.all(late == late[0]) else late


def _local(part: Part, nodes: dict[str, Nodes]) -> np.ndarray:
    """Position in the node population -> position in the part, -1 for nodes of other parts."""
    local = np.full(len(nodes[part.population].ids), -1)
    local[part.at] = np.arange(len(part.at))
    return local


def _inputs(simulation: Simulation, nodes: dict[str, Nodes], parts: tuple[Part, ...]) -> tuple[dict, list[str]]:
    given: dict[str, list[Train]] = {part.name: [] for part in parts if part.model is None}
    notes = []
    for name, entry in simulation.inputs.items():
        owner = f"input {name!r} of {simulation.path.name}"
        if entry.get("enabled") is False:
            notes.append(f"input {name} is not enabled")
            continue
        if entry.get("input_type") != "spikes" or entry.get("module") not in ("h5", "sonata", "csv"):
            got = (entry.get("input_type"), entry.get("module"))
            fail(owner, "input_type must be spikes and module h5, sonata or csv", got, "other inputs do not run here")
        if "input_file" not in entry:
            fail(owner, "needs input_file", sorted(entry))
        chosen = graph.members(owner, entry.get("node_set"), nodes, simulation.node_sets)
        for population, train in spikes.read(entry["input_file"], list(chosen)).items():
            _give(owner, given, train, nodes[population], chosen[population], parts)
    order = {
        name: [np.concatenate([[], *(train[c] for train in trains)]) for c in (0, 1)] for name, trains in given.items()
    }
    trains = {name: Train(i.astype(np.int64), t.astype(float)) for name, (i, t) in order.items()}
    late = sum(int(np.sum(train.t > simulation.tstop)) for train in trains.values())
    return trains, notes + ([f"{late} input spikes after tstop are not used"] if late else [])


def _give(owner: str, given: dict, train: Train, nodes: Nodes, chosen: np.ndarray, parts: tuple[Part, ...]) -> None:
    at = graph.positions(owner, nodes, train.i)
    if np.any(~nodes.virtual[at[chosen[at]]]):
        fail(owner, "spikes can be given to virtual nodes only", f"neurons of {nodes.population!r}")
    for part in (part for part in parts if part.population == nodes.population and part.model is None):
        local = _local(part, {nodes.population: nodes})[at]
        mine = (local >= 0) & chosen[at]
        given[part.name].append(Train(local[mine], train.t[mine]))
