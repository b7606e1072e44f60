"""Spike files: read in every form that is about, written in the current one.

/spikes/<population>/node_ids, timestamps      the current form; `sorting` is an HDF5 enum (text in older files)
/spikes/gids, timestamps                       the old form: one population, which the file does not name
timestamps population node_ids                 CSV, columns cut by spaces
gid spike-times                                old CSV: a node, and its times cut by commas
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from neurosparse.io.results import atomic
from neurosparse.io.sonata import files
from neurosparse.io.sonata.files import MAGIC, VERSION, fail
from neurosparse.precise import Train

SORTING = {"none": 0, "by_id": 1, "by_time": 2}


def read(path: Path, populations: list[str]) -> dict[str, Train]:
    """Population -> spikes (node ids, ms), of those populations that the file has.

    populations: those that are asked for; a file of the old form holds the spikes of the only one.
    """
    if path.suffix.lower() == ".csv":
        return _from_csv(path, populations)
    with files.hdf5(path) as file:
        top = files.group(path.name, file, "spikes")
        if "gids" in top:
            return {_only(path, populations): _train(path, top, "gids")}
        found = {name: files.group(path.name, top, name) for name in top if isinstance(top[name], h5py.Group)}
        if not found:
            fail(path.name, "spikes needs a group for each population, or gids and timestamps", sorted(top))
        return {name: _train(path, group, "node_ids") for name, group in found.items() if name in populations}


def write(path: Path, spikes: Mapping[str, Train], order: str = "by_time") -> None:
    """Write spikes by population, whole or not at all; `order` is by_time, by_id or none."""
    kind = h5py.enum_dtype(SORTING, basetype="u1")
    with atomic(path) as scratch, h5py.File(scratch, "x", locking=False) as file:
        file.attrs.create("magic", MAGIC, dtype="u4")
        file.attrs.create("version", VERSION, dtype="u4")
        for name, (i, t) in spikes.items():
            keys = {"by_time": (i, t), "by_id": (t, i)}.get(order)
            at = np.arange(len(i)) if keys is None else np.lexsort(keys)
            group = file.create_group(f"spikes/{name}")
            group.attrs.create("sorting", SORTING[order], dtype=kind)
            group.create_dataset("node_ids", data=np.asarray(i)[at].astype(np.uint64))
            group.create_dataset("timestamps", data=np.asarray(t)[at].astype(np.float64)).attrs["units"] = "ms"


def _train(path: Path, group: h5py.Group, ids: str) -> Train:
    owner = f"{path.name} {group.name}"
    i = files.ids(owner, group, ids)
    t = files.column(owner, group, "timestamps", len(i), "iuf").astype(np.float64)
    units = files.text(group["timestamps"].attrs.get("units", "ms"))
    if units not in ("ms", "milliseconds"):
        fail(owner, "units of timestamps must be ms", units)
    return _checked(owner, i, t)


def _checked(owner: str, i: np.ndarray, t: np.ndarray) -> Train:
    if not np.isfinite(t).all() or np.any(t < 0):
        fail(owner, "timestamps must be finite and >= 0 ms", float(t[~(t >= 0)][0] if np.any(~(t >= 0)) else np.inf))
    return Train(i, t)


def _only(path: Path, populations: list[str]) -> str:
    if len(populations) != 1:
        fail(path.name, "spikes without a population need a node_set of one population", populations)
    return populations[0]


def _from_csv(path: Path, populations: list[str]) -> dict[str, Train]:
    files.existing("spikes", path)
    try:
        rows = [row for row in csv.reader(path.read_text("utf-8").splitlines(), delimiter=" ") if any(row)]
        head = rows[0] if rows else []
        if {"timestamps", "node_ids"} <= set(head):
            at = [head.index("node_ids"), head.index("timestamps")]
            name = head.index("population") if "population" in head else None
            named = [
                (_only(path, populations) if name is None else row[name], *(row[k] for k in at)) for row in rows[1:]
            ]
        elif head[:2] == ["gid", "spike-times"]:
            only = _only(path, populations)
            named = [(only, row[0], t) for row in rows[1:] for t in ",".join(row[1:]).split(",") if t]
        else:
            fail(path.name, "needs columns timestamps, population and node_ids, or gid and spike-times", head)
        pairs = [(population, int(i), float(t)) for population, i, t in named]
    except (ValueError, IndexError, UnicodeDecodeError, csv.Error) as error:
        if isinstance(error, files.SonataError):
            raise
        fail(path.name, f"must be spikes in columns ({error})", str(path))
    found = {}
    for population in dict.fromkeys(name for name, _, _ in pairs if name in populations):
        mine = [(i, t) for name, i, t in pairs if name == population]
        found[population] = _checked(
            path.name, np.array([i for i, _ in mine], np.int64), np.array([t for _, t in mine], float)
        )
    return found
