"""A Run as named columns, and an HDF5 file that grows by them: what a recording consists of.

    spikes/exc/i  spikes/exc/step  counts/exc  rates/exc/count  states/exc/t  states/exc/ids  states/exc/fields/v

The names follow the fields of `clock.Run` and of what is in them: every array in a dict of a Run is a column, so that
what monitors learn to see is written without a line here. The columns of the runs that follow one another are joined
end to end, but those of `HOW`: counts are added up, and ids are the same each time.

A joined column is stored in chunks that are written once, each with a checksum (Fletcher32). `index/<column>` holds
the first value of every chunk of the columns in `SORTED`, for binary search.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import h5py
import numpy as np

from neurosparse.clock import Moment, Run

HOW = {"counts": "sum", "ids": "once"}  # by the name of a field; all others: "join"
SORTED = ("step", "t")
UNITS = {"step": "steps of dt", "t": "ms", "i": "neuron", "ids": "neuron", "counts": "spikes", "count": "spikes"}
CHUNK, SMALL, WIDE = 1 << 16, 1 << 12, 1024  # elements in a chunk, in one of a scratch file, columns in one
READ = 1 << 20  # elements read at a time
_ESCAPES = str.maketrans({"%": "%25", "/": "%2F", ".": "%2E"})


class Column(NamedTuple):
    """One array of a recording, or a piece of it."""

    path: str  # "spikes/exc/i"
    array: np.ndarray  # (k, ...)
    how: str  # "join", "sum" or "once"


def of(run: Run) -> Iterator[Column]:
    """The columns of a run."""
    for kind in run._fields:
        if isinstance(getattr(run, kind), dict):
            yield from _of(kind, getattr(run, kind), HOW.get(kind, "join"))


def filled(run: Run, arrays: Mapping[str, np.ndarray], **fields: Any) -> Run:
    """`run` with other arrays in the places of its own, and other `fields`."""
    kinds = [kind for kind in run._fields if isinstance(getattr(run, kind), dict)]
    return run._replace(**{kind: _filled(kind, getattr(run, kind), arrays) for kind in kinds}, **fields)


def quoted(name: str) -> str:
    """A population's name as one part of a path in HDF5."""
    return name.translate(_ESCAPES)


def unquoted(part: str) -> str:
    """The name that was quoted."""
    return unquote(part)


class Writer:
    """Grows a new HDF5 file by columns; memory is bounded by one chunk of each.

    final: compress and index; else write as fast as the disk allows.
    """

    def __init__(self, file: h5py.File, final: bool = False):
        self.file, self.final = file, final
        self.joined: dict[str, _Joined] = {}
        self.others: dict[str, Column] = {}

    def add(self, columns: Iterable[Column]) -> None:
        """Take the next piece of each column."""
        for column in columns:
            path, array, how = column
            if how == "join":
                if path not in self.joined:
                    self.joined[path] = _Joined(self.file, path, array, self.final)
                self.joined[path].add(array)
            elif how == "sum" and path in self.others:
                self.others[path] = column._replace(array=self.others[path].array + array)
            else:
                self.others[path] = column

    def finish(self) -> None:
        """Write what is left."""
        for path, array, how in self.others.values():
            data = self.file.create_dataset(path, data=array, fletcher32=array.ndim > 0 and array.size > 0)
            data.attrs.update({"how": how, "units": _unit(path)})
        for column in self.joined.values():
            column.finish()


class _Joined:
    def __init__(self, file: h5py.File, path: str, like: np.ndarray, final: bool):
        tail = like.shape[1:]
        width = [max(1, min(n, WIDE)) for n in tail]
        self.rows = max(1, (CHUNK if final else SMALL) // int(np.prod(width, dtype=np.int64)))
        options = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if final else {}
        self.data = file.create_dataset(
            path, (0, *tail), like.dtype, maxshape=(None, *tail), chunks=(self.rows, *width), fletcher32=True, **options
        )
        self.data.attrs.update({"how": "join", "units": _unit(path)})
        indexed = final and path.rpartition("/")[2] in SORTED and not _of_neurons(path)
        self.index = _Joined(file, f"index/{path}", like[:0], False) if indexed else None
        self.waiting: list[np.ndarray] = []
        self.held = 0

    def add(self, array: np.ndarray) -> None:
        self.waiting.append(array)
        self.held += len(array)
        if self.held >= self.rows:
            array = np.concatenate(self.waiting)
            whole = self.held // self.rows * self.rows
            self.waiting, self.held = [array[whole:].copy()], self.held - whole
            self.write(array[:whole])

    def write(self, array: np.ndarray) -> None:
        at = len(self.data)
        self.data.resize(at + len(array), axis=0)
        self.data[at:] = array
        if self.index is not None:
            self.index.add(array[:: self.rows].copy())  # a view would keep the whole array alive

    def finish(self) -> None:
        if self.held:
            self.write(np.concatenate(self.waiting))
        if self.index is not None:
            self.index.finish()


def datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    """The columns of a file by their paths, sorted."""
    found: dict[str, h5py.Dataset] = {}

    def look(path: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and "how" in item.attrs and not path.startswith("index/"):
            found[path] = item

    file.visititems(look)
    return dict(sorted(found.items()))


def pieces(file: h5py.File) -> Iterator[Column]:
    """The columns of a file, long ones in pieces of about READ elements."""
    for path, data in datasets(file).items():
        how = str(data.attrs["how"])
        rows = max(1, READ // max(1, int(np.prod(data.shape[1:], dtype=np.int64))))
        for at in range(0, max(1, len(data)), rows) if how == "join" else ():
            yield Column(path, data[at : at + rows], how)
        if how != "join":
            yield Column(path, np.asarray(data[()]), how)


def content(file: h5py.File) -> str:
    """SHA-256 of names, types and values of all columns, whatever the chunks that they are stored in."""
    hashes: dict[str, Any] = {}
    for path, array, _ in pieces(file):
        if path not in hashes:
            hashes[path] = hashlib.sha256(f"{path} {array.dtype.str} {array.shape[1:]} ".encode())
        hashes[path].update(np.ascontiguousarray(array).data)
    return hashlib.sha256("".join(one.hexdigest() for one in hashes.values()).encode()).hexdigest()


def put_moment(group: h5py.Group, moment: Moment) -> None:
    """Store a Moment."""
    group.attrs["step"] = moment.step
    for name, array in moment.arrays.items():
        group.create_dataset(name, data=array, fletcher32=array.size > 0)


def get_moment(group: h5py.Group) -> Moment:
    """The Moment that was stored."""
    return Moment(int(group.attrs["step"]), {str(name): np.asarray(group[name]) for name in group})  # type: ignore


def _of(path: str, seen: Any, how: str) -> Iterator[Column]:
    if isinstance(seen, np.ndarray):
        yield Column(path, seen, how)
    elif isinstance(seen, Mapping):
        for name, value in seen.items():
            yield from _of(f"{path}/{quoted(name)}", value, how)
    elif hasattr(seen, "_fields"):
        for name in seen._fields:
            yield from _of(f"{path}/{name}", getattr(seen, name), HOW.get(name, how))


def _filled(path: str, seen: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(seen, np.ndarray):
        return arrays[path]
    if isinstance(seen, Mapping):
        return {name: _filled(f"{path}/{quoted(name)}", value, arrays) for name, value in seen.items()}
    if hasattr(seen, "_fields"):
        return seen._replace(**{name: _filled(f"{path}/{name}", getattr(seen, name), arrays) for name in seen._fields})
    return seen


def _unit(path: str) -> str:
    parts = path.split("/")
    if _of_neurons(path):
        return "as in the State of the neuron"
    return UNITS.get(parts[0], UNITS.get(parts[-1], ""))


def _of_neurons(path: str) -> bool:
    """Whether this is a State field, which a neuron may name as it likes."""
    return path.startswith("states/") and path.split("/")[2:3] == ["fields"]
