"""Attributes of nodes and edges, as two places hold them: HDF5 groups, and the CSV file of their types.

Row r of a population belongs to the group `group[r]`, where its values stand at `index[r]`, and to the type
`type_id[r]`. A value in the group goes before the value of the type.
"""

from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from neurosparse.io.sonata import files
from neurosparse.io.sonata.files import fail


class Table(NamedTuple):
    """The rows of one population."""

    owner: str
    n: int
    type_id: np.ndarray  # (n,) int64
    group: np.ndarray  # (n,) int64
    index: np.ndarray  # (n,) int64
    groups: dict[int, dict[str, np.ndarray]]  # attributes, dynamics_params as "dynamics_params/name"
    types: dict[int, dict[str, str]]


def read(owner: str, parent: Any, what: str, n: int, types: Path | None) -> Table:
    """The attributes of the `n` rows of a population; `what` is node or edge."""
    type_id = files.ids(owner, parent, f"{what}_type_id", n)
    known = files.read_types(types, f"{what}_type_id", str(parent.name).rpartition("/")[2])
    missing = np.setdiff1d(type_id, list(known))
    if len(missing):
        where = "the file of types, which the configuration does not name" if types is None else types.name
        fail(owner, f"every {what}_type_id must stand in {where}", missing[:5].tolist())
    groups = {int(name): _attributes(owner, parent[name]) for name in parent if name.isdigit()}
    given = f"{what}_group_id" in parent
    group = files.ids(owner, parent, f"{what}_group_id", n) if given else np.zeros(n, np.int64)
    index = files.ids(owner, parent, f"{what}_group_index", n) if given else np.arange(n)
    table = Table(owner, n, type_id, group, index, groups, known)
    _check_groups(table)
    return table


def numbers(table: Table, name: str, default: float | None = None) -> np.ndarray:
    """(n,) float64 values of an attribute; an error where a row has none and there is no default."""
    values = np.full(table.n, np.nan)
    known = np.zeros(table.n, dtype=bool)
    for kind, rows in _rows(table.type_id):
        cell = table.types[kind].get(name)
        if cell is not None:
            values[rows], known[rows] = _number(table.owner, name, cell), True
    for at, rows, column in _columns(table, name):
        if column.dtype.kind not in "iuf":
            fail(table.owner, f"{name} of group {at} must hold numbers", str(column.dtype))
        values[rows], known[rows] = column[table.index[rows]], True
    if default is not None:
        values[~known], known[:] = default, True
    if not known.all():
        missing = int(np.flatnonzero(~known)[0])
        columns = sorted({key for row in table.types.values() for key in row})
        fail(
            table.owner, f"needs {name}, as a column of the types or a dataset of the group", columns, f"row {missing}"
        )
    if not np.isfinite(values).all():
        fail(table.owner, f"{name} must be finite", float(values[~np.isfinite(values)][0]))
    return values


def texts(table: Table, name: str) -> np.ndarray:
    """(n,) objects: text, or None where a row has no such attribute."""
    values = np.full(table.n, None, dtype=object)
    for kind, rows in _rows(table.type_id):
        values[rows] = table.types[kind].get(name)
    for _, rows, column in _columns(table, name):
        values[rows] = np.array([files.text(value) for value in column.tolist()] or [""], dtype=object)[
            table.index[rows]
        ]
    return values


def names(table: Table, prefix: str) -> set[str]:
    """Names of the attributes in groups that start with `prefix`, without it."""
    return {key.removeprefix(prefix) for group in table.groups.values() for key in group if key.startswith(prefix)}


def _rows(keys: np.ndarray):
    """(key, its rows) for each distinct key."""
    found, inverse = np.unique(keys, return_inverse=True)
    for at, key in enumerate(found.tolist()):
        yield key, np.flatnonzero(inverse == at)


def _columns(table: Table, name: str):
    """(group, rows, dataset) of the groups that have the attribute."""
    for at, rows in _rows(table.group):
        if name in table.groups.get(at, {}):
            yield at, rows, table.groups[at][name]


def _number(owner: str, name: str, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return fail(owner, f"{name} of a type must be a number", cell)


def _attributes(owner: str, parent: Any) -> dict[str, np.ndarray]:
    if not isinstance(parent, h5py.Group):
        fail(owner, "a group of attributes must be a group", str(parent))
    library: Any = parent.get("@library")
    dynamics: Any = parent.get("dynamics_params")
    found = {}
    for name, item in parent.items():
        if isinstance(item, h5py.Dataset) and item.ndim == 1:
            found[name] = np.asarray(item[()])
            if isinstance(library, h5py.Group) and name in library:
                found[name] = _looked_up(
                    owner, name, found[name], np.asarray(files.column(owner, library, name, None, "OS"))
                )
    for key in map(str, dynamics if isinstance(dynamics, h5py.Group) else ()):
        found[f"dynamics_params/{key}"] = files.column(owner, dynamics, key, None, "iufOS")
    return found


def _looked_up(owner: str, name: str, keys: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Explicit enumerations: whole numbers that stand for the words of @library."""
    if keys.dtype.kind not in "iu" or (len(keys) and not 0 <= int(keys.min()) <= int(keys.max()) < len(words)):
        fail(owner, f"{name} must number the {len(words)} entries of @library", keys)
    return words[keys.astype(np.int64)]


def _check_groups(table: Table) -> None:
    for at, rows in _rows(table.group):
        sizes = {len(column) for column in table.groups.get(at, {}).values()}
        if table.groups and at not in table.groups:
            fail(table.owner, "every group id must name a group", at, f"there are {sorted(table.groups)}")
        if sizes and int(table.index[rows].max(initial=0)) >= min(sizes):
            need = f"indices into group {at} must be below its length {min(sizes)}"
            fail(table.owner, need, int(table.index[rows].max()))
