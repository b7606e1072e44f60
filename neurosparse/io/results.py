"""One HDF5 file for each run: arrays with units, configuration, metrics, tables and provenance.

    FOLDER/<simulation>/<12 hex digits of the configuration>.h5, then ...-2.h5, ...-3.h5
        user block (512 B)  the line "neurosparse-result sha256 <64 hex digits>", then zeros
        /arrays/<name>      dataset, attributes `units` and `dtype`
        /config /metrics /rows /units /provenance       UTF-8 JSON (see strict_json)
        attributes of the root: format, format_version, name

Whole: a file is written under another name, flushed to disk and then given its own: readers see a result or none,
never half of one. The user block, which HDF5 skips, holds the SHA-256 of all that follows it; `load` checks it
before HDF5 reads on, for a single damaged byte can send the HDF5 library into an endless loop.

Kept: a file is replaced only by the same numbers. The name follows the configuration. If a file of that name holds
the same arrays, metrics and rows (NaN equals NaN), the new one takes its place; if it holds others, since the code
or a file that it reads has changed, or if it is damaged, it stays, and the new one gets the next free number. A
name is taken by a hard link, which fails where another process was faster: simultaneous writers lose nothing.
"""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import h5py
import numpy as np

from neurosparse.check import fail
from neurosparse.io import disk, seals, strict_json

FORMAT = "neurosparse-result"
VERSION = 1
_KINDS = "biufcSU"
_COMPRESS_FROM = 1 << 16  # bytes; smaller arrays gain nothing
_TEXTS = {"config": dict, "metrics": dict, "rows": list, "units": dict, "provenance": dict}


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

    `config` is a pydantic model or a dict. An earlier file is replaced only by the same numbers (see above).
    Raises ResultError or TypeError before anything is written if a part can not be stored, OSError if the
    folder can not be written; earlier files then stay as they were.
    """
    first = target(name, config, folder)
    arrays = {_plain_name("array", key): _storable(key, value) for key, value in result.arrays.items()}
    texts = {
        "config": canonical(config),
        "metrics": strict_json.dumps(_numbers(result.metrics)),
        "rows": strict_json.dumps(result.rows),
        "units": strict_json.dumps(_known_units(result)),
        "provenance": strict_json.dumps(provenance),
    }
    with _beside(first) as scratch:
        with disk.create(scratch, userblock_size=seals.BLOCK) as (file, _):
            file.attrs.update({"format": FORMAT, "format_version": VERSION, "name": name})
            group = file.create_group("arrays")
            for key, array in arrays.items():
                _write(group, key, array, result.units.get(key, ""))
            for key, text in texts.items():
                file.create_dataset(key, data=text, dtype=h5py.string_dtype("utf-8"))
        seals.write(scratch, FORMAT)
        _sync(scratch, os.O_RDWR)
        path = _place(scratch, first, result._replace(arrays=arrays))
    _sync_folder(path)
    return path


def load(path: str | Path) -> Record:
    """Read a stored result.

    Raises FileNotFoundError, or ResultError if it is no result, damaged, truncated or of a newer version.
    """
    path = Path(path)
    if not path.exists():
        need, problem = "path must be a stored result", "there is no such file"
        fail("results.load", need, str(path), problem, FileNotFoundError)
    try:
        if why := seals.damage(path, FORMAT):
            _damaged(path, why)
        with h5py.File(path, "r", locking=False) as file:
            _check_format(file, path)
            arrays = {key: _read(file["arrays"][key]) for key in file["arrays"]}  # type: ignore[index, union-attr]
            texts = {key: _parsed(key, file[key][()]) for key in _TEXTS}  # type: ignore[index]
            name = str(file.attrs["name"])
    except ResultError:
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError) as error:
        _damaged(path, f"{type(error).__name__}: {error}")
    return Record(name=name, arrays=arrays, path=path, **texts)


def latest(name: str, folder: str | Path = "results", besides: Any = None) -> Path:
    """The newest stored result of simulation `name`; FileNotFoundError names the command that makes one.

    Results of the configuration `besides` count only where there are no others; they are told by their names.
    """
    found = list((Path(folder) / name).glob("*.h5"))
    if not found:
        remedy = f"make one: neurosparse run {name}"
        fail("results.latest", f"{folder} must hold a result of {name}", "none", remedy, FileNotFoundError)
    last = None if besides is None else _digest(besides)
    return max(found, key=lambda path: (path.stem.partition("-")[0] != last, path.stat().st_mtime_ns, path.name))


def target(name: str, config: Any, folder: str | Path = "results") -> Path:
    """The first name for results of this configuration. Raises OSError if that folder can not be written."""
    folder = Path(folder) / _plain_name("simulation", name)
    _try_out(folder.absolute())
    return folder / f"{_digest(config)}.h5"


def _try_out(folder: Path) -> None:
    """Write a file where `folder` will be, for permissions do not tell all; nothing of it stays."""
    nearest = next(parent for parent in [folder, *folder.parents] if os.path.lexists(parent))
    if not nearest.is_dir():
        fail("results", "the folder for results must be a folder", str(nearest), error=NotADirectoryError)
    missing = [part for part in folder.relative_to(nearest).parts if part != ".."]
    try:
        with tempfile.TemporaryDirectory(prefix=".neurosparse-", dir=nearest) as scratch:
            inside = Path(scratch, *missing)
            inside.mkdir(parents=True, exist_ok=True)
            (inside / "file").write_bytes(b"written")
    except OSError as error:
        remedy = f"choose another with --out ({error.strerror})"
        fail("results", "the folder for results must be writable", str(folder), remedy, PermissionError)


def canonical(config: Any) -> str:
    """The one JSON text of a configuration: sorted keys, no matter how it was put together."""
    values = config if isinstance(config, Mapping) else config.model_dump()
    return strict_json.dumps(values, sort_keys=True)


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Gives a scratch path beside `path`: renamed to `path` if the block ends well, else removed."""
    path = Path(path)
    with _beside(path) as scratch:
        yield scratch
        _sync(scratch, os.O_RDWR)
        os.replace(scratch, path)
    _sync_folder(path)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield scratch
    finally:
        scratch.unlink(missing_ok=True)


def _place(scratch: Path, first: Path, result: Result) -> Path:
    """Give the file its final name: a free one, or that of a file with the same numbers."""
    path, number = first, 1
    while not _take(path, scratch):
        if _holds(path, result):
            os.replace(scratch, path)
            break
        number += 1
        path = first.with_stem(f"{first.stem}-{number}")
    return path


def _take(path: Path, scratch: Path) -> bool:
    """Call the file `path`, unless something is called so; tells whether it is."""
    try:
        os.link(scratch, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links: claim the name with an empty file
        return _take_unlinked(path, scratch)
    return True


def _take_unlinked(path: Path, scratch: Path) -> bool:
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    try:
        os.replace(scratch, path)
    except BaseException:
        path.unlink()
        raise
    return True


def _holds(path: Path, result: Result) -> bool:
    """Whether the file `path` is whole and has the arrays, metrics and rows of this result."""
    try:
        old = load(path)
    except (ResultError, OSError):
        return False
    new = result.arrays
    return (
        strict_json.dumps([old.metrics, old.rows], sort_keys=True)
        == strict_json.dumps([result.metrics, result.rows], sort_keys=True)
        and old.arrays.keys() == new.keys()
        and all(_equal(array, new[key]) for key, array in old.arrays.items())
    )


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def _digest(config: Any) -> str:
    return hashlib.sha256(canonical(config).encode()).hexdigest()[:12]


def _damaged(path: Path, why: str) -> NoReturn:
    fail("results.load", "path must be a whole, undamaged result", str(path), f"run it again ({why})", ResultError)


def _sync_folder(path: Path) -> None:
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
    # h5py gives single values in the byte order of the machine and single bytes without their final zeros
    same = data.dtype.kind == "S" if dtype.kind in "SU" else data.dtype.newbyteorder("=") == dtype.newbyteorder("=")
    if dtype.kind not in _KINDS or not same:
        raise TypeError(f"{dataset.name} holds {data.dtype}, its attribute says {dtype}")
    if dtype.kind == "U":
        data = np.asarray(np.char.decode(data, "utf-8", "surrogatepass"))
    return data.astype(dtype, copy=False)


def _parsed(key: str, text: bytes) -> Any:
    value = strict_json.loads(text)
    if not isinstance(value, _TEXTS[key]):
        raise TypeError(f"/{key} must hold a {_TEXTS[key].__name__}, got {type(value).__name__}")
    if key == "rows" and not all(isinstance(row, dict) for row in value):
        raise TypeError("/rows must hold a list of dicts")
    return value


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
