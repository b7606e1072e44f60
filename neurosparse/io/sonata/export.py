"""Write a network as SONATA files: nodes, edges, types, parameter files, input spikes, both configurations.

path = export.write(folder, {"v1": nodes}, {"v1_v1": edges}, {"lgn": Train(i, t)}, tstop=1000.0)
simulate.load(path)
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from neurosparse.io import strict_json
from neurosparse.io.results import atomic
from neurosparse.io.sonata import spikes
from neurosparse.io.sonata.files import MAGIC, VERSION, fail
from neurosparse.precise import Train


class NodeData(NamedTuple):
    """One node population; node ids are 0 .. n - 1."""

    types: Mapping[int, Mapping[str, Any]]  # type id -> columns: model_type, model_template, dynamics_params ...
    type_id: np.ndarray  # (n,)
    values: Mapping[
        str, np.ndarray
    ] = {}  # (n,) each: attributes of single nodes; dynamics_params as "dynamics_params/x"


class EdgeData(NamedTuple):
    """One edge population."""

    source: str  # node populations
    target: str
    source_id: np.ndarray  # (m,)
    target_id: np.ndarray  # (m,)
    types: Mapping[int, Mapping[str, Any]]  # type id -> columns: syn_weight, delay, dynamics_params ...
    type_id: np.ndarray  # (m,)
    values: Mapping[str, np.ndarray] = {}  # (m,) each: syn_weight, delay, nsyns of single edges


def write(
    folder: str | Path,
    nodes: Mapping[str, NodeData],
    edges: Mapping[str, EdgeData],
    inputs: Mapping[str, Train],
    tstop: float,
    dt: float = 0.1,
    components: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Write everything into an empty or new folder; returns the path of simulation_config.json.

    components: name of a parameter file -> its values. Raises SonataError if the folder holds files already.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()):
        fail("export", "the folder must be empty", str(folder))
    for name, data in nodes.items():
        _table(folder / f"network/{name}_nodes.h5", f"nodes/{name}", "node", data, {})
        _types(folder / f"network/{name}_node_types.csv", "node_type_id", data.types)
    for name, data in edges.items():
        ends = {"source": (data.source, data.source_id), "target": (data.target, data.target_id)}
        _table(folder / f"network/{name}_edges.h5", f"edges/{name}", "edge", data, ends)
        _types(folder / f"network/{name}_edge_types.csv", "edge_type_id", data.types)
    for name, values in (components or {}).items():
        _text(folder / f"components/{name}", strict_json.dumps(values, indent=2))
    for name, train in inputs.items():
        spikes.write(folder / f"inputs/{name}_spikes.h5", {name: train})
    _text(folder / "circuit_config.json", strict_json.dumps(_circuit(nodes, edges), indent=2))
    path = folder / "simulation_config.json"
    _text(path, strict_json.dumps(_simulation(inputs, tstop, dt), indent=2))
    return path


def _circuit(nodes: Mapping, edges: Mapping) -> dict:
    def entry(name: str, one: str) -> dict:
        start = f"$NETWORK_DIR/{name}_{one}"
        return {f"{one}s_file": f"{start}s.h5", f"{one}_types_file": f"{start}_types.csv"}

    return {
        "manifest": {"$BASE_DIR": ".", "$NETWORK_DIR": "$BASE_DIR/network", "$COMPONENT_DIR": "$BASE_DIR/components"},
        "components": {"point_neuron_models_dir": "$COMPONENT_DIR", "synaptic_models_dir": "$COMPONENT_DIR"},
        "networks": {
            "nodes": [entry(name, "node") for name in nodes],
            "edges": [entry(name, "edge") for name in edges],
        },
    }


def _simulation(inputs: Mapping, tstop: float, dt: float) -> dict:
    given = {
        f"{name}_spikes": {
            "input_type": "spikes",
            "module": "h5",
            "input_file": f"$BASE_DIR/inputs/{name}_spikes.h5",
            "node_set": name,
        }
        for name in inputs
    }
    return {
        "manifest": {"$BASE_DIR": "."},
        "network": "$BASE_DIR/circuit_config.json",
        "run": {"tstop": tstop, "dt": dt},
        "inputs": given,
        "output": {"output_dir": "$BASE_DIR/output", "spikes_file": "spikes.h5", "spikes_sort_order": "by_time"},
    }


def _table(path: Path, where: str, what: str, data: NodeData | EdgeData, ends: Mapping) -> None:
    n = len(data.type_id)
    with atomic(path) as scratch, h5py.File(scratch, "x", locking=False) as file:
        file.attrs.create("magic", MAGIC, dtype="u4")
        file.attrs.create("version", VERSION, dtype="u4")
        group = file.create_group(where)
        if not ends:
            group["node_id"] = np.arange(n, dtype=np.uint64)
        for end, (population, ids) in ends.items():
            group[f"{end}_node_id"] = np.asarray(ids, dtype=np.uint64)
            group[f"{end}_node_id"].attrs["node_population"] = population
        group[f"{what}_type_id"] = np.asarray(data.type_id, dtype=np.uint64)
        group[f"{what}_group_id"] = np.zeros(n, dtype=np.uint32)
        group[f"{what}_group_index"] = np.arange(n, dtype=np.uint64)
        group.create_group("0")
        for name, values in data.values.items():
            group[f"0/{name}"] = np.asarray(values)


def _types(path: Path, key: str, types: Mapping[int, Mapping[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in types.values() for name in row))
    lines = [
        [key, *columns],
        *([number, *(row.get(name, "NULL") for name in columns)] for number, row in types.items()),
    ]
    _text(path, "".join(" ".join(_cell(value) for value in line) + "\n" for line in lines))


def _cell(value: Any) -> str:
    text = str(value)
    return f'"{text}"' if " " in text else text


def _text(path: Path, text: str) -> None:
    with atomic(path) as scratch:
        scratch.write_text(text, encoding="utf-8")
