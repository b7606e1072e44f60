"""Parameters of nodes and edges: the JSON files of their types, and the values in HDF5 that go before them."""

from pathlib import Path
from typing import Any

import numpy as np

from neurosparse.io.sonata import table
from neurosparse.io.sonata.config import Simulation
from neurosparse.io.sonata.files import fail, read_json
from neurosparse.io.sonata.models import IGNORED, Model
from neurosparse.io.sonata.table import Table

KINDS = ("point_neuron_models_dir", "synaptic_models_dir")


class Finder:
    """Finds JSON files by name and reads each once.

    A file is looked for in the folder that the configuration names for its kind, in the other folders of components,
    and last in `components` beside the circuit configuration; `found` tells where files were.
    """

    def __init__(self, simulation: Simulation, extra: Path | None = None):
        self.folders = [extra] if extra else []
        self.components, self.beside = simulation.components, simulation.circuit_folder / "components"
        self.read: dict[Path, dict] = {}

    def __call__(self, owner: str, kind: str, name: str) -> dict:
        first = [self.components[kind]] if kind in self.components else []
        places = [*self.folders, *first, *self.components.values(), self.beside]
        for path in (folder / name for folder in places):
            if path.is_file():
                if path not in self.read:
                    self.read[path] = read_json(path)
                return self.read[path]
        looked = ", ".join(dict.fromkeys(str(folder) for folder in places))
        return fail(owner, f"the parameter file {name} must be in one of {looked}", "none", "name one: --components")

    def notes(self, simulation: Simulation) -> list[str]:
        """Where files were, if not where the configuration says."""
        named = {folder.resolve() for folder in simulation.components.values()}
        other = {path.parent for path in self.read if path.parent.resolve() not in named}
        return [f"parameter files are read from {folder}" for folder in sorted(other)]


def of_nodes(rows: Table, mine: np.ndarray, model: Model, find: Finder) -> tuple[dict, dict]:
    """(params, init) of a Population: the rows `mine`, one number where all are equal."""
    owner = rows.owner
    unknown = table.names(rows, "dynamics_params/") - model.defaults.keys() - IGNORED
    if unknown:
        fail(owner, f"dynamics_params must be among {', '.join(model.defaults)}", sorted(unknown))
    values = {name: np.full(rows.n, value) for name, value in model.defaults.items()}
    given = table.texts(rows, "dynamics_params")
    for word in sorted({word for word in given[mine] if word}):
        for name, value in find(owner, KINDS[0], word).items():
            if name in IGNORED:
                continue
            if name not in model.defaults:
                fail(f"{owner}, {word}", f"parameters must be among {', '.join(model.defaults)}", name)
            values[name][given == word] = _number(f"{owner}, {word}", name, value)
    for name in model.defaults:
        own = table.names(rows, "dynamics_params/")
        if name in own:
            values[name] = _overridden(rows, name, values[name])
    chosen = {name: array[mine] for name, array in values.items()}
    params, init = model.translate(owner, chosen)
    return _thin(params), _thin(init)


def signs(rows: Table, find: Finder) -> np.ndarray:
    """(n,) the sign that the parameter files of edge types give to weights; 1 where they give none."""
    found = np.ones(rows.n)
    given = table.texts(rows, "dynamics_params")
    for word in sorted({word for word in given if word}):
        owner, values = f"{rows.owner}, {word}", find(rows.owner, KINDS[1], word)
        unknown = values.keys() - IGNORED - {"sign", "level_of_detail"}
        if unknown:
            fail(owner, "parameters of synapses other than sign are not run", sorted(unknown), "use static synapses")
        sign = values.get("sign", 1)
        if sign not in (1, -1):
            fail(owner, "sign must be 1 or -1", sign)
        found[given == word] = sign
    unknown = table.names(rows, "dynamics_params/")
    if unknown:
        fail(rows.owner, "dynamics_params of single edges are not run", sorted(unknown), "use static synapses")
    return found


def _overridden(rows: Table, name: str, values: np.ndarray) -> np.ndarray:
    for at, own in rows.groups.items():
        column = own.get(f"dynamics_params/{name}")
        if column is not None:
            mine = rows.group == at
            if column.dtype.kind not in "iuf" or not np.isfinite(column).all():
                fail(rows.owner, f"dynamics_params/{name} must hold finite numbers", column)
            values[mine] = column[rows.index[mine]]
    return values


def _number(owner: str, name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        fail(owner, f"{name} must be a finite number", value)
    return float(value)


def _thin(values: dict) -> dict:
    """One number in place of an array of equal ones."""
    flat = {name: np.asarray(value, dtype=float) for name, value in values.items()}
    return {name: float(array.flat[0]) if np.all(array == array.flat[0]) else array for name, array in flat.items()}
