"""Labelled recordings of event cameras by name: `load_events("nmnist-small", "test") -> Recordings`.

A set is one tar archive, read where it lies (`loader.folder`) and never unpacked to disk: for each part a list of
numbers and labels, and for each number a file of events (`aer`). The archive last read stays in memory, so that the
next part, or another dt, costs no second decompression. Nothing is downloaded: no mirror serves these archives.
"""

import hashlib
import re
import tarfile
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurosparse import check, encode, grid
from neurosparse.data import aer, loader
from neurosparse.data.idx import DataError
from neurosparse.data.registry import RECORDED, Recorded

OWNER = "data.load_events"


class Recordings(NamedTuple):
    """Recordings and their classes, in the order of the part's list; the arrays are read-only."""

    events: tuple[encode.Events, ...]  # n of them, each of 2 height width elements, all of the same number of steps
    labels: np.ndarray  # (n,) uint8
    numbers: np.ndarray  # (n,) int64, of the recording in the full set
    shape: tuple[int, int, int]  # (2, height, width): polarity (OFF, ON), y, x; an element is a flat index into it
    dt: float  # ms
    name: str


def load_events(
    name: str, part: str = "test", duration_ms: float = 300.0, dt: float = 1.0, registry: Mapping = RECORDED
) -> Recordings:
    """The recordings of one part of a data set in steps of dt ms, cut or filled up with silence to duration_ms.

    "nmnist-small" is the beginning of N-MNIST: "train" its first 1,000 training recordings, "test" its first 100 test
    recordings, of 34 x 34 pixels and about 300 ms; recording k shows image k of MNIST, test images from 60,001 on.
    Raises ValueError for an unknown name or part, a duration that is not whole steps or dt <= 0, and DataError (a
    ValueError) that names file and remedy where the archive is missing, damaged or not the known one.
    """
    source = registry[check.one_of(OWNER, "name", name, registry)]
    listed = source.parts[check.one_of(OWNER, f"part of {name}", part, source.parts)]
    n_steps = grid.steps(OWNER, "duration_ms", check.scalar(OWNER, "duration_ms", duration_ms, "ms"), dt, low=1)
    path = loader.folder() / source.archive
    remedy = f"put {source.archive} into {path.parent}, or set NEUROSPARSE_DATA to the folder that has it"
    if not path.exists():
        check.fail(OWNER, f"{path} must exist", "no such file", remedy, DataError)
    stamp = path.stat()
    members = _members(path, (stamp.st_mtime_ns, stamp.st_size), remedy)
    numbers, labels = _list(path, listed.name, members, remedy)
    digest, events = hashlib.md5(members[listed.name], usedforsecurity=False), []
    for number in numbers:
        data, file = members.get(f"{number}.bs2"), f"{number}.bs2 in {path}"
        if data is None:
            check.fail(OWNER, f"{file} must be there, {listed.name} names it", "no such file", remedy, DataError)
        digest.update(data)
        events.append(_binned(source, data, file, remedy, n_steps, dt))
    if digest.hexdigest() != listed.md5:
        need = f"{part} of {path} must have the decompressed MD5 {listed.md5}"
        check.fail(OWNER, need, digest.hexdigest(), remedy, DataError)
    for array in (labels, numbers, *(array for one in events for array in one)):
        array.flags.writeable = False
    return Recordings(tuple(events), labels, numbers, source.shape, dt, name)


@lru_cache(maxsize=1)
def _members(path: Path, stamp: tuple, remedy: str) -> dict[str, bytes]:
    """The files of an archive by their names without folders; `stamp` tells whether it is still the same archive."""
    from lzma import LZMAError

    try:
        with tarfile.open(path, "r:*") as archive:
            return {Path(m.name).name: file.read() for m in archive if (file := archive.extractfile(m))}
    except (tarfile.TarError, LZMAError, EOFError, zlib.error) as error:
        check.fail(OWNER, f"{path} must be a whole tar archive", str(error), remedy, DataError)
    except OSError as error:
        check.fail(OWNER, f"{path} must be a readable file", error.strerror or str(error), remedy, DataError)


def _list(path: Path, name: str, members: dict[str, bytes], remedy: str) -> tuple[np.ndarray, np.ndarray]:
    """(numbers, labels) of a part: lines of two whole numbers, after a heading that starts with #."""
    if name not in members:
        check.fail(OWNER, f"{path} must hold {name}", sorted(members)[:3], remedy, DataError)
    lines = [line.strip() for line in members[name].decode("latin-1").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    wrong = [line for line in lines if not re.fullmatch(r"[0-9]{1,9}\s+[0-9]", line)]
    if wrong or not lines:
        need = f"{name} in {path} must hold lines of a number and a label 0..9"
        check.fail(OWNER, need, wrong[0] if wrong else "no line", remedy, DataError)
    numbers, labels = np.array([line.split() for line in lines], dtype=np.int64).T
    return numbers.copy(), labels.astype(np.uint8)


def _binned(source: Recorded, data: bytes, what: str, remedy: str, n_steps: int, dt: float) -> encode.Events:
    _, height, width = source.shape
    recording = aer.decode(data, what, height, width, remedy, OWNER)
    return aer.bin_events(recording, n_steps, dt, height, width)
