"""Spike trains of other programs as the events of a SpikeSource.

    events = trains.load("input.csv", n=100, n_steps=10_000, dt=0.1)
    clock.run(net, 1000.0, {"in": events})

    .csv .txt   one spike a line: id, time in ms, cut by a comma or by blanks; the first line may name the columns
    .npz        arrays i (ids, whole numbers) and t (ms), as np.savez(path, i=i, t=t) writes them
    .h5         spikes of the SONATA format, of one of its populations

Times are ends of steps, as recorders stamp them: a spike in (k dt, (k + 1) dt] is one of step k, one at 0 of step 0.
"""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from neurosparse import check, encode

OWNER = "trains.load"
KINDS = (".csv", ".txt", ".npz", ".h5")
ROUNDING = 1e-6  # of a step: times are sums of steps
BROKEN = (OSError, ValueError, EOFError, KeyError, TypeError, AttributeError, RuntimeError, BadZipFile, zlib.error)


def load(
    path: str | Path, n: int, n_steps: int, dt: float, start: float = 0.0, population: str | None = None
) -> encode.Events:
    """The spikes in (start, start + n_steps dt] ms of the file, as events of n elements in steps of dt ms.

    start: time of the file, ms, at which the run begins. population: which one of a SONATA file that has several.
    Spikes outside that window are left out; a second spike of an element in a step is no event of its own.
    Raises FileNotFoundError, and ValueError for a file that is malformed, with its line where it has lines, and for
    ids outside [0, n).
    """
    path = Path(path)
    n_steps = check.integer(OWNER, "n_steps", n_steps, 0, 2**31 - 1)
    n = check.integer(OWNER, "n", n, 1, 2**31 - 1)
    check.positive(OWNER, "dt", check.scalar(OWNER, "dt", dt, "ms"), "ms")
    check.scalar(OWNER, "start", start, "ms")
    i, t = pairs(path, population)
    if len(i) and not 0 <= i.min() <= i.max() < n:
        check.fail(f"{OWNER} {path.name}", f"ids must be in [0, {n})", (int(i.min()), int(i.max())), "see n")
    with np.errstate(over="ignore"):  # outside the window
        step = np.ceil((t - start) / dt - ROUNDING) - 1
    step[(t == 0) & (start == 0)] = 0
    inside = (step >= 0) & (step < n_steps)
    return encode.events_from_pairs(i[inside], step[inside].astype(np.int64), n_steps)


def pairs(path: str | Path, population: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """All spikes of the file: ids (n_spikes,) int64 and times (n_spikes,) float64, ms, in its order.

    population: which one of a SONATA file that has several.
    Raises FileNotFoundError, and ValueError for a file that is malformed, with its line where it has lines.
    """
    path = Path(path)
    kind = check.one_of(OWNER, "the end of the file's name", path.suffix.lower(), KINDS)
    if population is not None and kind != ".h5":
        check.fail(OWNER, "population is for SONATA files, .h5", population, "leave it away")
    if not path.is_file():
        check.fail(OWNER, "path must be a file of spikes", str(path), "there is no such file", FileNotFoundError)
    if kind == ".h5":
        return _from_sonata(path, population)
    return _from_npz(path) if kind == ".npz" else _from_text(path)


def _from_text(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        check.fail(f"{OWNER} {path.name}", "the file must be UTF-8 text", str(path))
    found: list[tuple[float, float]] = []
    for at, line in enumerate(lines, 1):
        words = [word.strip() for word in line.split(",")] if "," in line else line.split()
        if not words:
            continue
        pair = [_number(word) for word in words]
        owner = f"{OWNER} {path.name} line {at}"
        if not found and at == 1 + _blank(lines) and not any(np.isfinite(pair)):
            _check_head(owner, words)
            continue
        if len(pair) != 2 or not np.all(np.isfinite(pair)):
            check.fail(owner, "a line must be an id and a time in ms, cut by a comma or by blanks", line)
        if pair[0] % 1 or abs(pair[0]) >= 2**53:
            check.fail(owner, "the id must be a whole number", words[0], "columns are id, then time")
        found.append((pair[0], pair[1]))
    i, t = np.array(found, dtype=np.float64).reshape(-1, 2).T
    return i.astype(np.int64), t


def _blank(lines: list[str]) -> int:
    """How many of the first lines are blank."""
    return next((at for at, line in enumerate(lines) if line.strip()), 0)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return np.nan


def _check_head(owner: str, words: list[str]) -> None:
    """Names of columns: two of them (a leading # is none), the time not first."""
    names = [word for word in " ".join(words).lstrip("# ").split() if word]
    if names and names[0].lower().startswith("t"):
        check.fail(owner, "columns must be id, then time", " ".join(words), "swap them")


def _from_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    owner = f"{OWNER} {path.name}"
    try:
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            names = list(getattr(file, "files", ()))
            arrays = [file[name] for name in ("i", "t")] if {"i", "t"} <= set(names) else None
    except BROKEN as error:
        check.fail(owner, "must be a whole .npz file of plain arrays", str(path), " ".join(str(error).split()))
    if arrays is None:
        check.fail(owner, "needs arrays i and t", names, "np.savez(path, i=ids, t=times) writes them")
    i, t = arrays
    if i.ndim != 1 or i.shape != t.shape or (i.size and i.dtype.kind not in "iu") or t.dtype.kind not in "iuf":
        need = "needs ids i, whole numbers, and times t, ms, of one length"
        check.fail(owner, need, f"{i.dtype} {i.shape} and {t.dtype} {t.shape}")
    check.number(owner, "t", t, "ms")
    if i.size and int(i.max()) >= 2**63:
        check.fail(owner, "ids must be below 2**63", int(i.max()))
    return i.astype(np.int64), t.astype(np.float64)


def _from_sonata(path: Path, population: str | None) -> tuple[np.ndarray, np.ndarray]:
    from neurosparse.io.sonata import files, spikes

    owner = f"{OWNER} {path.name}"
    with files.hdf5(path) as file:
        top = files.group(path.name, file, "spikes")
        names = [population or "spikes"] if "gids" in top else sorted(top)
    if population is None and len(names) != 1:
        check.fail(owner, "population must name one", None, f"there are {', '.join(names) or 'none'}")
    name = names[0] if population is None else check.one_of(owner, "population", population, names)
    found = spikes.read(path, [name])
    if name not in found:
        check.fail(owner, "the population must be a group of spikes", name)
    return np.asarray(found[name].i, np.int64), np.asarray(found[name].t, np.float64)
