"""Node populations, edge populations and node sets, as arrays."""

from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from neurosparse.io.sonata import files, table
from neurosparse.io.sonata.files import fail
from neurosparse.io.sonata.table import Table


class Nodes(NamedTuple):
    """One population of nodes; what follows counts them by position, in the order of the file."""

    population: str
    ids: np.ndarray  # (n,) int64, distinct
    table: Table
    virtual: np.ndarray  # (n,) bool: sources of given spikes


class Edges(NamedTuple):
    """One population of edges; ends are positions in their node populations."""

    name: str
    source: str
    target: str
    source_at: np.ndarray  # (m,) int64
    target_at: np.ndarray  # (m,) int64
    table: Table


def read_nodes(path: Path, types: Path | None) -> list[Nodes]:
    """All node populations of a file."""
    with files.hdf5(path) as file:
        top = files.group(path.name, file, "nodes")
        return [_nodes(f"nodes {name!r} of {path.name}", files.group(path.name, top, name), types) for name in top]


def read_edges(path: Path, types: Path | None, nodes: dict[str, Nodes]) -> list[Edges]:
    """All edge populations of a file, their ends looked up in `nodes` (by name)."""
    with files.hdf5(path) as file:
        top = files.group(path.name, file, "edges")
        return [
            _edges(f"edges {name!r} of {path.name}", files.group(path.name, top, name), types, nodes) for name in top
        ]


def positions(owner: str, nodes: Nodes, wanted: np.ndarray) -> np.ndarray:
    """Positions of node ids; an error for an id that the population has not."""
    order = np.argsort(nodes.ids, kind="stable")
    at = np.searchsorted(nodes.ids, wanted, sorter=order)
    found = order[np.minimum(at, len(order) - 1)]
    wrong = wanted[nodes.ids[found] != wanted]
    if len(wrong):
        span = f"{len(order)} ids from {nodes.ids.min()} to {nodes.ids.max()}"
        fail(owner, f"node ids must be among those of population {nodes.population!r} ({span})", wrong[:5].tolist())
    return found


def members(owner: str, spec: Any, nodes: dict[str, Nodes], sets: dict[str, Any]) -> dict[str, np.ndarray]:
    """Population -> (n,) bool: the nodes of a node set, given by name, as the rules themselves, or as a population."""
    return _members(owner, spec, nodes, sets, ())


def _members(owner: str, spec: Any, nodes: dict[str, Nodes], sets: dict[str, Any], under: tuple) -> dict:
    if isinstance(spec, str) and spec in sets:
        if spec in under:
            fail(owner, "node sets must not go in circles", " -> ".join((*under, spec)))
        return _members(owner, sets[spec], nodes, sets, (*under, spec))
    if isinstance(spec, str) and spec in nodes:
        return {spec: np.ones(len(nodes[spec].ids), dtype=bool)}
    if spec is None or spec == "all":
        return {name: np.ones(len(population.ids), dtype=bool) for name, population in nodes.items()}
    if isinstance(spec, list):
        found: dict[str, np.ndarray] = {}
        for part in spec:
            for name, mask in _members(owner, part, nodes, sets, under).items():
                found[name] = found.get(name, False) | mask
        return found
    if not isinstance(spec, dict):
        known = ", ".join([*sets, *nodes])
        fail(owner, f"node_set must name a node set or a population ({known})", spec)
    return {name: mask for name, population in nodes.items() if (mask := _matches(owner, spec, population)).any()}


def _matches(owner: str, rules: dict, nodes: Nodes) -> np.ndarray:
    mask = np.ones(len(nodes.ids), dtype=bool)
    for key, value in rules.items():
        allowed = value if isinstance(value, list) else [value]
        if key == "population":
            mask &= nodes.population in allowed
        elif key == "node_id":
            if not all(isinstance(node, int) for node in allowed):
                fail(owner, "node_id of a node set must hold whole numbers", value)
            mask &= np.isin(nodes.ids, allowed)
        else:
            words = {str(item) for item in allowed}
            mask &= np.array([word in words for word in table.texts(nodes.table, key)], dtype=bool)
    return mask


def _nodes(owner: str, parent: h5py.Group, types: Path | None) -> Nodes:
    n = len(files.ids(owner, parent, "node_type_id"))
    if n == 0:
        fail(owner, "a population needs at least one node", 0)
    ids = files.ids(owner, parent, "node_id", n) if "node_id" in parent else np.arange(n)
    if len(np.unique(ids)) < n:
        fail(owner, "node ids must be distinct", ids)
    rows = table.read(owner, parent, "node", n, types)
    kinds = table.texts(rows, "model_type")
    if None in kinds.tolist():
        columns = sorted({key for row in rows.types.values() for key in row})
        fail(owner, "every node needs a model_type", columns, "add the column to the node types")
    return Nodes(str(parent.name).rpartition("/")[2], ids, rows, kinds == "virtual")


def _edges(owner: str, parent: h5py.Group, types: Path | None, nodes: dict[str, Nodes]) -> Edges:
    ends, names = {}, {}
    n = len(files.ids(owner, parent, "source_node_id"))
    for end in ("source", "target"):
        ids = files.ids(owner, parent, f"{end}_node_id", n)
        name = parent[f"{end}_node_id"].attrs.get("node_population")
        if name is None:
            fail(owner, f"{end}_node_id needs the attribute node_population", list(parent[f"{end}_node_id"].attrs))
        names[end] = files.text(name)
        if names[end] not in nodes:
            fail(owner, f"{end} must be a population of the nodes files ({', '.join(nodes)})", names[end])
        ends[end] = positions(owner, nodes[names[end]], ids)
    rows = table.read(owner, parent, "edge", n, types)
    name = str(parent.name).rpartition("/")[2]
    return Edges(name, names["source"], names["target"], ends["source"], ends["target"], rows)
