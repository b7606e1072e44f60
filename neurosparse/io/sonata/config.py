"""Simulation and circuit files: what to run, on which network, where the files are.

One path is given, and it may name

* a simulation configuration, whose "network" names the circuit (circuit_config.json beside it if it does not);
* a small file that names both ("network" and "simulation");
* one file that holds all ("networks" beside "run").

Paths are relative to the file that they stand in. Variables of a manifest ("$BASE_DIR" or "${BASE_DIR}") may hold
others; "$configdir" is the folder of the file.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

from neurosparse import check
from neurosparse.io.sonata.files import SonataError, fail, read_json

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
ORDERS = {"time": "by_time", "by_time": "by_time", "id": "by_id", "by_id": "by_id", "none": "none"}


class Output(NamedTuple):
    """Where spikes go."""

    folder: Path
    file: str
    order: str  # by_time, by_id or none
    overwrite: bool


class Simulation(NamedTuple):
    """What the files say; everything that they name is a full path."""

    path: Path
    tstop: float  # ms
    dt: float | None  # ms
    nodes: tuple[tuple[Path, Path | None], ...]  # HDF5 file, types
    edges: tuple[tuple[Path, Path | None], ...]
    components: dict[str, Path]  # what each folder of components is for
    circuit_folder: Path
    inputs: dict[str, dict]
    node_sets: dict[str, Any]
    output: Output
    notes: tuple[str, ...]  # what is in the files and not done


class _File(NamedTuple):
    path: Path
    values: dict
    variables: dict[str, str]

    def place(self, key: str, value: Any) -> Path:
        """A path that stands in this file."""
        return self.path.parent / expand(self.path.name, key, value, self.variables)


def read(path: str | Path) -> Simulation:
    """Read the configuration files. Raises SonataError for what is missing or wrong in them."""
    top = _open(Path(path).absolute())
    if "simulation" in top.values:
        simulation = _open(top.place("simulation", top.values["simulation"]))
        circuit = _circuit(top if "network" in top.values else simulation)
    else:
        simulation, circuit = top, _circuit(top)
    name, run = simulation.path.name, _section(simulation, "run")
    if run.get("tstop") is None:
        fail(name, "run needs tstop, ms", sorted(run))
    tstop, dt = (None if run.get(key) is None else _milliseconds(name, key, run[key]) for key in ("tstop", "dt"))
    networks = _section(circuit, "networks")
    components = circuit.values.get("components") or simulation.values.get("components") or {}
    owner = circuit if circuit.values.get("components") else simulation
    if not isinstance(components, dict):
        fail(owner.path.name, "components must be a section", components)
    return Simulation(
        path=simulation.path,
        tstop=tstop or 0.0,
        dt=dt,
        nodes=_files(circuit, networks, "nodes", "node"),
        edges=_files(circuit, networks, "edges", "edge"),
        components={kind: owner.place(kind, value) for kind, value in components.items()},
        circuit_folder=circuit.path.parent,
        inputs=_inputs(simulation),
        node_sets=_node_sets(circuit) | _node_sets(simulation),
        output=_output(simulation, run),
        notes=_notes(simulation),
    )


def expand(owner: str, key: str, value: Any, variables: dict[str, str]) -> str:
    """`value` with its variables replaced, those inside variables too."""
    if not isinstance(value, str) or not value:
        fail(owner, f"{key} must be a path", value)

    def replace(text: str, under: tuple[str, ...]) -> str:
        def one(match: re.Match) -> str:
            name = match[1] or match[2]
            if name in under:
                fail(owner, "variables of the manifest must not go in circles", " -> ".join((*under, name)))
            if name not in variables:
                fail(owner, f"{key} uses a variable that the manifest must define", f"${name}")
            return replace(variables[name], (*under, name))

        return VARIABLE.sub(one, text)

    path = replace(value, ())
    if "\0" in path:
        fail(owner, f"{key} must be a path", path)
    return path


def _open(path: Path) -> _File:
    values = read_json(path)
    manifest = values.get("manifest", {})
    if not isinstance(manifest, dict) or not all(isinstance(value, str) for value in manifest.values()):
        fail(path.name, "manifest must hold variables and their paths", manifest)
    variables = {name.strip("${}"): value for name, value in manifest.items()}
    return _File(path, values, {"configdir": str(path.parent), "workingdir": str(Path.cwd())} | variables)


def _circuit(file: _File) -> _File:
    if "networks" in file.values:
        return file
    if "network" in file.values:
        return _open(file.place("network", file.values["network"]))
    beside = file.path.with_name("circuit_config.json")
    if not beside.is_file():
        fail(file.path.name, "needs network, the path of the circuit configuration", sorted(file.values))
    return _open(beside)


def _milliseconds(owner: str, key: str, value: Any) -> float:
    if isinstance(value, bool | list | dict):
        fail(owner, f"run.{key} must be a finite number in ms", value)
    return float(check.positive(f"sonata {owner}", f"run.{key}", value, "ms"))


def _section(file: _File, name: str) -> dict:
    value = file.values.get(name)
    if not isinstance(value, dict):
        fail(file.path.name, f"needs a section {name}", sorted(file.values) if value is None else value)
    return value


def _files(circuit: _File, networks: dict, kind: str, one: str) -> tuple[tuple[Path, Path | None], ...]:
    entries = networks.get(kind, [])
    if not isinstance(entries, list) or (kind == "nodes" and not entries):
        fail(circuit.path.name, f"networks.{kind} must be a list of files", entries)
    found = []
    for entry in entries:
        if not isinstance(entry, dict) or f"{kind}_file" not in entry:
            fail(circuit.path.name, f"an entry of networks.{kind} needs {kind}_file", entry)
        types = entry.get(f"{one}_types_file")
        types = None if types in (None, "", "NULL") else circuit.place(f"{one}_types_file", types)
        found.append((circuit.place(f"{kind}_file", entry[f"{kind}_file"]), types))
    return tuple(found)


def _inputs(file: _File) -> dict[str, dict]:
    inputs = file.values.get("inputs", {})
    if not isinstance(inputs, dict) or not all(isinstance(entry, dict) for entry in inputs.values()):
        fail(file.path.name, "inputs must hold named sections", inputs)
    return {
        name: entry | ({"input_file": file.place("input_file", entry["input_file"])} if "input_file" in entry else {})
        for name, entry in inputs.items()
    }


def _node_sets(file: _File) -> dict[str, Any]:
    place = file.values.get("node_sets_file")
    return {} if place is None else read_json(file.place("node_sets_file", place))


def _output(file: _File, run: dict) -> Output:
    output = file.values.get("output", {})
    if not isinstance(output, dict):
        fail(file.path.name, "output must be a section", output)
    order = output.get("spikes_sort_order", "by_time")
    order = ORDERS[check.one_of(f"sonata {file.path.name}", "output.spikes_sort_order", order, ORDERS, SonataError)]
    overwrite = output.get("overwrite_output_dir", run.get("overwrite_output_dir", False))
    if not isinstance(overwrite, bool):
        fail(file.path.name, "overwrite_output_dir must be true or false", overwrite)
    name = output.get("spikes_file", "spikes.h5")
    name = Path(expand(file.path.name, "output.spikes_file", name, file.variables)).name
    return Output(file.place("output.output_dir", output.get("output_dir", "output")), name, order, overwrite)


def _notes(file: _File) -> tuple[str, ...]:
    reports = file.values.get("reports")
    return (f"reports are not written: {', '.join(map(str, reports))}",) if reports else ()
