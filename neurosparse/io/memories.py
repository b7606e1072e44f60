"""What a spatial pooler, a temporal memory or a table of segments has learnt, as a file: go on with it, bit for bit.

    memories.save(temporal_memory, p, state, "memory.h5")
    p, state = memories.load(temporal_memory, "memory.h5")

HDF5: every array that the room's `state_arrays` names, its Params as JSON, and the name of the room. Written whole or
not at all, and sealed (see seals.py); no pickle. What is read is checked by the room's `from_arrays`.
"""

from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np

from neurosparse import check
from neurosparse.io import disk, seals, strict_json
from neurosparse.io.results import ResultError, atomic
from neurosparse.sdr import segments, spatial_pooler, temporal_memory

FORMAT, VERSION = "neurosparse-memory", 1
ROOMS = {room.__name__.rpartition(".")[2]: room for room in (segments, spatial_pooler, temporal_memory)}


def save(room: ModuleType, p: Any, state: Any, path: str | Path) -> Path:
    """Store the state of `room`, made with parameters p; returns the path. A file of that name is replaced, whole.

    Raises TypeError or ValueError for a room, parameters and a state that are not one another's, OSError if the file
    can not be written.
    """
    name = _name("memories.save", room)
    if not isinstance(p, room.Params):
        check.fail("memories.save", f"p must be the Params of {name}", type(p).__name__, error=TypeError)
    arrays = room.state_arrays(state)
    _go_together(room, p, arrays)
    with atomic(path) as scratch:
        with disk.create(scratch, userblock_size=seals.BLOCK) as (file, _):
            file.attrs.update({"format": FORMAT, "format_version": VERSION, "room": name})
            file.create_dataset("params", data=strict_json.dumps(p._asdict()), dtype=h5py.string_dtype("utf-8"))
            group = file.create_group("arrays")
            for key, array in arrays.items():
                group.create_dataset(key, data=array)
        seals.write(scratch, FORMAT)
    return Path(path)


def load(room: ModuleType, path: str | Path) -> tuple[Any, Any]:
    """(parameters, state) of what `save` stored.

    Raises FileNotFoundError, or ResultError for a file that is none, is damaged, or holds what another room learnt.
    """
    owner, name, path = "memories.load", _name("memories.load", room), Path(path)
    if not path.is_file():
        check.fail(owner, "path must be a stored memory", str(path), "there is no such file", FileNotFoundError)
    if why := seals.damage(path, FORMAT):
        check.fail(owner, "path must be a whole, undamaged memory", str(path), why, ResultError)
    try:
        with h5py.File(path, "r", locking=False) as file:
            kind = (file.attrs["format"], int(file.attrs["format_version"]), file.attrs["room"])  # type: ignore[arg-type]
            if kind != (FORMAT, VERSION, name):
                check.fail(owner, f"path must hold {(FORMAT, VERSION, name)}", kind, error=ResultError)
            given = strict_json.loads(file["params"][()])  # type: ignore[index]
            arrays = {str(key): np.asarray(file["arrays"][key]) for key in file["arrays"]}  # type: ignore[index]
        p = room.Params(**{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()})
        return p, room.from_arrays(p, arrays)
    except ResultError:
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        check.fail(owner, "path must be a whole, undamaged memory", str(path), str(error), ResultError)


def _go_together(room: ModuleType, p: Any, arrays: dict) -> None:
    try:
        room.from_arrays(p, arrays)
    except (TypeError, ValueError) as error:
        need = f"state must be what a function of {room.__name__.rpartition('.')[2]} returned last, made with p"
        check.fail("memories.save", need, str(error), "use the state that run returned, not the one it was given")


def _name(owner: str, room: ModuleType) -> str:
    """The name of a room that has something to store."""
    name = getattr(room, "__name__", "").rpartition(".")[2]
    if ROOMS.get(name) is not room:
        check.fail(owner, f"room must be one of the modules {', '.join(ROOMS)}", room, error=TypeError)
    return name
