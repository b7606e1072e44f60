"""JSON, CSV and HDF5 files of SONATA, with errors that name the file, the need and the way out."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import h5py
import numpy as np

from neurosparse import check

MAGIC = 0x0A7A
VERSION = (0, 1)


class SonataError(ValueError):
    """A SONATA file that can not be read or run."""

    user_mistake = True


def fail(owner: Any, need: str, got: object, remedy: str = "") -> NoReturn:
    """Raise a SonataError in the house's style."""
    check.fail(f"sonata {owner}", need, got, remedy, SonataError)


def existing(owner: str, path: Path, remedy: str = "") -> Path:
    """The path of a file that is there."""
    if not path.is_file():
        fail(owner, "the file must exist", str(path), remedy or "check the paths and the manifest of the configuration")
    return path


def read_json(path: Path) -> dict:
    """One JSON object."""
    existing("config", path)
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        fail(path.name, f"must be JSON ({error})", str(path), "mend the file")
    if not isinstance(value, dict):
        fail(path.name, "must hold one JSON object", value)
    return value


def read_types(path: Path | None, key: str, population: str) -> dict[int, dict[str, str]]:
    """Types by id: columns separated by spaces; empty and NULL values are left out.

    Rows of another population, where there is a column of that name, are left out too.
    """
    if path is None:
        return {}
    existing(key.removesuffix("_id") + "s", path)
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines(), delimiter=" ", skipinitialspace=True))
    except (UnicodeDecodeError, csv.Error) as error:
        fail(path.name, f"must be text in columns ({error})", str(path))
    rows = [[cell for at, cell in enumerate(row) if cell or at < len(row) - 1] for row in rows if any(row)]
    if not rows or key not in rows[0]:
        fail(path.name, f"needs a column {key}", rows[0] if rows else "an empty file", "columns are cut by spaces")
    head, found = rows[0], {}
    for row in rows[1:]:
        if len(row) > len(head):
            fail(path.name, f"a row must have {len(head)} values", row, "put text with spaces into quotation marks")
        values = {name: cell for name, cell in zip(head, row) if cell not in ("", "NULL", "nan", "None")}
        if values.get("population", population) != population:
            continue
        if not values.get(key, "").isdigit():
            fail(path.name, f"{key} must be a whole number", values.get(key))
        if int(values[key]) in found:
            fail(path.name, f"each {key} may stand once", values[key], "add a column population, or remove a row")
        found[int(values[key])] = values
    return found


@contextmanager
def hdf5(path: Path) -> Iterator[Any]:
    """An HDF5 file open for reading; its magic number, where there is one, is checked."""
    existing("data", path)
    try:
        with h5py.File(path, "r", locking=False) as file:
            _check_magic(path, file)
            yield file
    except SonataError:
        raise
    except (OSError, RuntimeError, KeyError) as error:
        line = " ".join(str(error).split())
        fail(path.name, f"must be a whole HDF5 file ({line})", str(path), "copy or make the file again")


def _check_magic(path: Path, file: h5py.File) -> None:
    magic, version = file.attrs.get("magic"), file.attrs.get("version")
    if magic is not None and (np.ndim(magic) or magic != MAGIC):
        fail(path.name, f"the attribute magic must be {MAGIC:#06x}", magic, "is this a SONATA file?")
    if version is not None and (np.shape(version) != (2,) or np.asarray(version).dtype.kind not in "iu"):
        fail(path.name, "the attribute version must be two whole numbers", version)
    if version is not None and int(np.asarray(version)[0]) > VERSION[0]:
        fail(path.name, f"the version must be {VERSION[0]}.x", list(np.asarray(version)), "update neurosparse")


def group(owner: str, parent: Any, name: str) -> Any:
    """A group that must be there."""
    found = parent.get(name) if isinstance(parent, h5py.Group) else None
    if not isinstance(found, h5py.Group):
        fail(owner, f"needs a group {name}", sorted(parent) if isinstance(parent, h5py.Group) else "a dataset")
    return found


def column(owner: str, parent: h5py.Group, name: str, n: int | None = None, kind: str = "iu") -> np.ndarray:
    """A dataset of one dimension, of `n` values of a kind (NumPy's letters)."""
    found = parent.get(name)
    if not isinstance(found, h5py.Dataset):
        fail(owner, f"needs a dataset {name}", sorted(parent))
    if found.ndim != 1 or (n is not None and len(found) != n):
        fail(owner, f"{name} must have one dimension" + ("" if n is None else f" of {n} values"), found.shape)
    if found.dtype.kind not in kind:
        fail(owner, f"{name} must hold {'whole numbers' if kind == 'iu' else 'numbers'}", str(found.dtype))
    return np.asarray(found[()])


def ids(owner: str, parent: h5py.Group, name: str, n: int | None = None) -> np.ndarray:
    """A dataset of ids as int64."""
    values = column(owner, parent, name, n)
    if len(values) and (int(values.min()) < 0 or int(values.max()) >= 2**63):
        fail(owner, f"{name} must be in [0, 2**63)", (int(values.min()), int(values.max())))
    return values.astype(np.int64)


def text(value: Any) -> str:
    """An attribute as text."""
    value = value.item() if isinstance(value, np.generic | np.ndarray) and np.size(value) == 1 else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
