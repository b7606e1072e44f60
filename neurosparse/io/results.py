"""One HDF5 file for each run: arrays with units, configuration, metrics, tables and provenance.

    FOLDER/<simulation>/<12 hex digits of the configuration>.h5
        /arrays/<name>      dataset, attributes `units` and `dtype`
        /config /metrics /rows /units /provenance       UTF-8 JSON (see strict_json)
        attributes of the root: format, format_version, name

A file is written under another name, flushed to disk and renamed: readers see the old result or the new one,
never half of one. Its name follows the configuration, so a run with another one replaces no earlier result.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from neurosparse.check import fail
from neurosparse.io import strict_json

FORMAT = "neurosparse-result"
VERSION = 1
_KINDS = "biufcSU"
_COMPRESS_FROM = 1 << 16  # bytes; smaller arrays gain nothing


class ResultError(ValueError):
    """A result that can not be stored, or a file that is no readable result."""

    user_mistake = True


class Result(NamedTuple):
    """What the `run` of a simulation returns."""

    arrays: dict[str, np.ndarray]
    metrics: dict[str, float]
    rows: list[dict]  # the table that the run prints, one dict for each line
    units: dict[str, str]  # unit of an array, a metric or a column of rows: ms, mV, Hz ...


class Record(NamedTuple):
    """A stored result."""

    name: str  # of the simulation
    arrays: dict[str, np.ndarray]
    metrics: dict[str, float]
    rows: list[dict]
    units: dict[str, str]
    config: dict
    provenance: dict
    path: Path


def save(name: str, result: Result, config: Any, provenance: dict, folder: str | Path = "results") -> Path:
    """Store a result of simulation `name`, whole or not at all; returns the path of its file.

    `config` is a pydantic model or a dict. Raises ResultError or TypeError before anything is written if
    a part can not be stored, OSError if the folder can not be written; an earlier file then stays as it was.
    """
    path = target(name, config, folder)
    arrays = {_plain_name("array", key): _storable(key, value) for key, value in result.arrays.items()}
    texts = {
        "config": canonical(config),
        "metrics": strict_json.dumps(_numbers(result.metrics)),
        "rows": strict_json.dumps(result.rows),
        "units": strict_json.dumps(_known_units(result)),
        "provenance": strict_json.dumps(provenance),
    }
    with atomic(path) as scratch, h5py.File(scratch, "x", locking=False) as file:
        file.attrs.update({"format": FORMAT, "format_version": VERSION, "name": name})
        group = file.create_group("arrays")
        for key, array in arrays.items():
            _write(group, key, array, result.units.get(key, ""))
        for key, text in texts.items():
            file.create_dataset(key, data=text, dtype=h5py.string_dtype("utf-8"))
    return path


def load(path: str | Path) -> Record:
    """Read a stored result.

    Raises FileNotFoundError, or ResultError if it is no HDF5, truncated, of another format or of a newer
    version.
    """
    path = Path(path)
    if not path.exists():
        fail(
            "results.load",
            "path must be a stored result",
            str(path),
            "there is no such file",
            FileNotFoundError,
        )
    if not path.is_file() or not h5py.is_hdf5(path):
        fail("results.load", "path must be an HDF5 file", str(path), error=ResultError)
    try:
        with h5py.File(path, "r", locking=False) as file:
            _check_format(file, path)
            arrays = {key: _read(file["arrays"][key]) for key in file["arrays"]}  # type: ignore[index, union-attr]
            texts = {key: strict_json.loads(file[key][()]) for key in _TEXTS}  # type: ignore[index]
            name = str(file.attrs["name"])
    except ResultError:
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        remedy = f"run it again ({type(error).__name__}: {error})"
        fail("results.load", "path must be a whole, undamaged result", str(path), remedy, ResultError)
    return Record(name=name, arrays=arrays, path=path, **texts)


_TEXTS = ("config", "metrics", "rows", "units", "provenance")


def latest(name: str, folder: str | Path = "results") -> Path:
    """The newest stored result of simulation `name`; FileNotFoundError names the command that makes one."""
    found = list((Path(folder) / name).glob("*.h5"))
    if not found:
        remedy = f"make one: neurosparse run {name}"
        fail("results.latest", f"{folder} must hold a result of {name}", "none", remedy, FileNotFoundError)
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def target(name: str, config: Any, folder: str | Path = "results") -> Path:
    """Where `save` stores this configuration. Raises OSError if that folder can not be written."""
    folder = Path(folder) / _plain_name("simulation", name)
    nearest = next(parent for parent in [folder, *folder.absolute().parents] if parent.exists())
    if not nearest.is_dir():
        fail("results", "the folder for results must be a folder", str(nearest), error=NotADirectoryError)
    if not os.access(nearest, os.W_OK):
        remedy = "choose another with --out"
        fail("results", "the folder for results must be writable", str(nearest), remedy, PermissionError)
    return folder / f"{hashlib.sha256(canonical(config).encode()).hexdigest()[:12]}.h5"


def canonical(config: Any) -> str:
    """The one JSON text of a configuration: sorted keys, no matter how it was put together."""
    values = config if isinstance(config, Mapping) else config.model_dump()
    return strict_json.dumps(values, sort_keys=True)


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Gives a scratch path beside `path`: renamed to `path` if the block ends well, else removed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield scratch
        _sync(scratch, os.O_RDWR)
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    if os.name == "posix":
        _sync(path.parent, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(group: h5py.Group, name: str, array: np.ndarray, unit: str) -> None:
    data, options = array, {}
    if array.dtype.kind == "U":  # HDF5 knows no UTF-32
        data = np.asarray(np.char.encode(array, "utf-8", "surrogatepass"))
        data = data.astype(h5py.string_dtype("utf-8", max(1, data.dtype.itemsize)))
    if array.ndim and data.nbytes >= _COMPRESS_FROM:
        options.update(compression="gzip", compression_opts=1, shuffle=True)
    dataset = group.create_dataset(name, data=data, **options)
    dataset.attrs.update({"units": unit, "dtype": array.dtype.str})


def _read(dataset: Any) -> np.ndarray:
    data, dtype = np.asarray(dataset[()]), np.dtype(dataset.attrs["dtype"])
    if dtype.kind == "U":
        data = np.asarray(np.char.decode(data, "utf-8", "surrogatepass"))
    return data.astype(dtype, copy=False)


def _check_format(file: h5py.File, path: Path) -> None:
    found = file.attrs.get("format")
    if found != FORMAT:
        fail("results.load", f"the format of {path} must be {FORMAT!r}", found, error=ResultError)
    version = int(file.attrs["format_version"])  # type: ignore[arg-type]
    if version > VERSION:
        remedy = "a newer neurosparse wrote it: update"
        fail("results.load", f"format_version of {path} must be <= {VERSION}", version, remedy, ResultError)


def _storable(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in _KINDS:
        need = f"array {name!r} must hold numbers, booleans or text"
        fail("results.save", need, array.dtype, "convert it with .astype(...)", TypeError)
    return array


def _plain_name(what: str, name: str) -> str:
    if not isinstance(name, str) or name in ("", ".", "..") or any(mark in name for mark in "/\\\0"):
        fail("results.save", f"the name of the {what} must be text without slashes", name, error=ResultError)
    return name


def _numbers(metrics: dict) -> dict:
    for name, value in metrics.items():
        if np.ndim(value) or np.asarray(value).dtype.kind not in "biuf":
            fail("results.save", f"metric {name!r} must be one number", value, error=TypeError)
    return metrics


def _known_units(result: Result) -> dict[str, str]:
    columns = {key for row in result.rows for key in row}
    for name in result.units.keys() - result.arrays.keys() - result.metrics.keys() - columns:
        fail("results.save", "units must name an array, a metric or a column of rows", name, error=ResultError)
    return result.units
