"""Time series by name: `load_series("nyc-taxi") -> Series`, `load_nab() -> Nab` with 58 of them and their anomalies.

A series is a CSV file with a timestamp and a value in its first two columns. The Numenta Anomaly Benchmark is one tar
archive, read where it lies (`loader.folder`) and never unpacked to disk: its list SHA256SUMS is checked against the
registry, its files against the list. Nothing is downloaded: no mirror serves these files in this form.

Sources: Cui, Ahmad & Hawkins, Neural Computation 28 (2016) 2474, for the taxi passengers; Lavin & Ahmad, IEEE ICMLA
2015, and Ahmad, Lavin, Purdy & Agha, Neurocomputing 262 (2017) 134, for the benchmark.
"""

import hashlib
import json
import tarfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.data import loader
from neurosparse.data.idx import DataError
from neurosparse.data.registry import CORPORA, SERIES, Corpus, Table

OWNER, NAB = "data.load_series", "data.load_nab"
LIST = "SHA256SUMS"
EARNED = "S(t)_"  # begins the columns of what detections earned


class Series(NamedTuple):
    """Records in the order of the file; the arrays are read-only."""

    time: np.ndarray  # (n,) datetime64[s]; may repeat, or go back where clocks did
    value: np.ndarray  # (n,) float64
    windows: np.ndarray  # (k, 2) int64: first and last record of each labelled anomaly, ascending
    name: str


class Scored(NamedTuple):
    """What a published detector said of one series; each (n,) float64."""

    anomaly_score: np.ndarray  # [0, 1]
    raw_score: np.ndarray  # [0, 1] share of active columns that were not predicted
    earned: dict[str, np.ndarray]  # profile -> reward of the records that it detected


class Nab(NamedTuple):
    """The benchmark."""

    series: tuple[Series, ...]  # in the order of their names, "folder/file.csv"
    profiles: dict[str, dict[str, float]]  # name -> weights: tpWeight, fpWeight, fnWeight, tnWeight
    published: dict[str, dict[str, float]]  # detector -> profile -> score, 0 .. 100
    thresholds: dict[str, dict[str, dict[str, float]]]  # detector -> profile -> "score" (raw) and "threshold"
    scored: dict[str, dict[str, Scored]]  # detector -> name of a series -> its rows


def load_series(name: str, registry: Mapping[str, Table] = SERIES) -> Series:
    """A series that has no labels. "nyc-taxi": 17,520 half hours from 2014-07-01, passengers of New York's taxis.

    Raises ValueError for an unknown name, and DataError (a ValueError) that names file and remedy where the file is
    missing, damaged or not the published one.
    """
    table = registry[check.one_of(OWNER, "name", name, registry)]
    path = loader.folder() / table.file
    remedy = f"put {path.name} into {path.parent}, or set NEUROSPARSE_DATA to the folder that has {table.file}"
    content = _bytes(path, remedy)
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != table.md5:
        check.fail(OWNER, f"{path} must have the MD5 {table.md5}", found, remedy, DataError)
    time, value = _records(OWNER, content, str(path), table.heading, remedy)
    return Series(time, value, _frozen(np.empty((0, 2), np.int64)), name)


def load_nab(registry: Mapping[str, Corpus] = CORPORA) -> Nab:
    """The Numenta Anomaly Benchmark 1.1: 58 series, 116 labelled windows, weights and published scores.

    Raises DataError (a ValueError) that names file and remedy where the archive is missing, damaged or not the known
    one.
    """
    source = registry["nab"]
    path = loader.folder() / source.archive
    remedy = f"put {source.archive} into {path.parent}, or set NEUROSPARSE_DATA to the folder that has it"
    if not path.exists():
        check.fail(NAB, f"{path} must exist", "no such file", remedy, DataError)
    stamp = path.stat()
    files = _checked(path, (stamp.st_mtime_ns, stamp.st_size), source.sha256, remedy)
    texts: dict[str, Any] = {
        name: _json(files, f"{name}.json", path, remedy)
        for name in ("labels/combined_windows", "config/profiles", "config/thresholds", "results/final_results")
    }
    windows = texts["labels/combined_windows"]
    series = tuple(_labelled(name, windows[name], files, path, remedy) for name in sorted(windows))
    profiles = {name: weights["CostMatrix"] for name, weights in texts["config/profiles"].items()}
    scored = _scored(files, [one.name for one in series])
    return Nab(series, profiles, texts["results/final_results"], texts["config/thresholds"], scored)


@lru_cache(maxsize=1)
def _checked(path: Path, stamp: tuple, sha256: str, remedy: str) -> dict[str, bytes]:
    """The files of the archive by their names in its folder; `stamp` tells whether it is still the same archive."""
    files = _unpacked(path, remedy)
    listed = files.get(LIST, b"")
    found = hashlib.sha256(listed).hexdigest()
    if found != sha256:
        check.fail(NAB, f"{LIST} in {path} must have the SHA-256 {sha256}", found, remedy, DataError)
    for line in listed.decode().splitlines():
        digest, name = line.split(None, 1)
        name = name.removeprefix("./")
        found = hashlib.sha256(files[name]).hexdigest() if name in files else "no such file"
        if found != digest:
            check.fail(NAB, f"{name} in {path} must have the SHA-256 {digest}", found, remedy, DataError)
    return files


def _unpacked(path: Path, remedy: str) -> dict[str, bytes]:
    from lzma import LZMAError

    try:
        with tarfile.open(path, "r:*") as archive:
            return {m.name.partition("/")[2]: file.read() for m in archive if (file := archive.extractfile(m))}
    except (tarfile.TarError, LZMAError, EOFError, zlib.error) as error:
        check.fail(NAB, f"{path} must be a whole tar archive", str(error), remedy, DataError)
    except OSError as error:
        check.fail(NAB, f"{path} must be a readable file", error.strerror or str(error), remedy, DataError)


def _bytes(path: Path, remedy: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        check.fail(OWNER, f"{path} must exist", "no such file", remedy, DataError)
    except OSError as error:
        check.fail(OWNER, f"{path} must be a readable file", error.strerror or str(error), remedy, DataError)


def _json(files: dict[str, bytes], name: str, path: Path, remedy: str):
    try:
        return json.loads(files[name])
    except KeyError:
        check.fail(NAB, f"{path} must hold {name}", sorted(files)[:3], remedy, DataError)
    except ValueError as error:
        check.fail(NAB, f"{name} in {path} must be JSON", str(error), remedy, DataError)


def _labelled(name: str, limits: list, files: dict[str, bytes], path: Path, remedy: str) -> Series:
    content, what = files.get(f"data/{name}"), f"data/{name} in {path}"
    if content is None:
        check.fail(NAB, f"{what} must be there, it has labels", "no such file", remedy, DataError)
    time, value = _records(NAB, content, what, 1, remedy)
    ends = np.array([[end[:19] for end in window] for window in limits], "M8[s]").reshape(-1)
    at = [np.flatnonzero(time == end)[:1] for end in ends]
    missing = [str(end) for end, found in zip(ends, at) if not len(found)]
    if missing:
        check.fail(NAB, f"{what} must have a record at each end of its windows", missing, remedy, DataError)
    windows = np.array([int(found[0]) for found in at], np.int64).reshape(-1, 2)
    return Series(time, value, _frozen(windows), name)


def _records(owner: str, content: bytes, what: str, heading: int, remedy: str) -> tuple[np.ndarray, np.ndarray]:
    """(timestamps, values) of the lines after the heading."""
    rows = [line.split(",", 2) for line in content.decode("latin-1").split("\n")[heading:] if line.strip()]
    try:
        return _frozen(np.array([row[0] for row in rows], "M8[s]")), _frozen(np.array([float(row[1]) for row in rows]))
    except (ValueError, IndexError) as error:
        check.fail(owner, f"{what} must hold lines of a timestamp and a value", str(error), remedy, DataError)


def _scored(files: dict[str, bytes], names: list[str]) -> dict[str, dict[str, Scored]]:
    """The rows of published detectors, files results/<detector>/<folder>/<detector>_<file>."""
    out: dict[str, dict[str, Scored]] = {}
    for path, content in files.items():
        top, detector, *rest = [*path.split("/"), ""][:2] + path.split("/")[2:]
        name = "/".join(rest).replace(f"/{detector}_", "/") if rest else ""
        if top == "results" and name in names:
            out.setdefault(detector, {})[name] = _rows(content)
    return out


def _rows(content: bytes) -> Scored:
    heading, *lines = content.decode("latin-1").split()
    heading = heading.split(",")
    table = np.array([line.split(",")[1:] for line in lines[1::2]], np.float64)  # a timestamp has two words
    columns = dict(zip(heading[1:], table.T))
    earned = {name.removeprefix(EARNED): _frozen(column) for name, column in columns.items() if name.startswith(EARNED)}
    return Scored(_frozen(columns["anomaly_score"]), _frozen(columns["raw_score"]), earned)


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
