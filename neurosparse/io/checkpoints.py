"""Runs that survive kill -9: what is done is kept in a folder, part by part, and the same call goes on from there.

    with checkpoints.kept("results/cuba/0123.checkpoints", every=100.0):      # what `--checkpoint-every 100` does
        run = checkpoints.run(engine, 1e5, inputs, name="cuba")               # clock.run where nothing is kept

    FOLDER/lock                     held while a process works there
           part-<step>.h5           recordings of the steps since the part before, and the key of the run
           moment-<step>.h5         the network after that step; the newest two are kept

Each file is written under a scratch name, flushed to disk and then renamed, the part before its moment. So at any time
the newest moment whose parts are whole and join up is where the run goes on, and what was written after it is
written again. A folder that holds another run (see cuts.key) is refused and left as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from neurosparse import check, clock
from neurosparse.io import columns, cuts, disk, locks, progress
from neurosparse.io.results import ResultError, atomic

FORMAT, VERSION = "neurosparse-part", 1
CHUNK = 100.0  # ms of a slice
MOMENTS = 2  # kept, so that one damaged file costs one interval


class Place(NamedTuple):
    """Where the runs of a simulation keep what is done."""

    folder: Path
    every: float  # ms


_place: ContextVar[Place | None] = ContextVar("place", default=None)


@contextmanager
def kept(folder: str | Path, every: float) -> Iterator[None]:
    """Runs inside keep checkpoints in `folder` every `every` ms of simulated time.

    The folder is removed if the block ends well. Raises BlockingIOError if another process works in `folder`.
    """
    place = Place(Path(folder), check.positive("checkpoints.kept", "every", every, "ms"))
    with locks.hold("checkpoints", place.folder):
        token = _place.set(place)
        try:
            yield
        finally:
            _place.reset(token)
        for inner in [path for path in place.folder.iterdir() if path.is_dir()]:
            clear(inner)
            with suppress(OSError):  # something of the user's is in it
                (inner / locks.NAME).unlink(missing_ok=True)
                inner.rmdir()


def run(
    engine: clock.Engine,
    duration: float,
    inputs: cuts.Inputs = None,
    name: str = "run",
    start: clock.Moment | None = None,
) -> clock.Run:
    """`clock.run`, the same bits, with checkpoints where a command or `kept` asks for them.

    name: of this run among those of a simulation. inputs: see `cuts`. Raises what `clock.run` raises, and ResultError
    if the checkpoints there are of another run.
    """
    owner, place = "checkpoints.run", _place.get()
    if not isinstance(name, str) or not name.replace("_", "").replace("-", "").isalnum():
        check.fail(owner, "name must be letters, digits, - and _", name)
    if place is None and not callable(inputs):
        return clock.run(engine, duration, inputs, start=start)
    task = cuts.task(owner, engine, duration, inputs, start)
    if place is None:
        return cuts.run(task, task.begin, task.end, start)
    every = cuts.whole_steps(owner, "every", place.every, engine.plan.dt, 1)
    folder = place.folder / name
    with locks.hold(owner, folder):
        parts, end = advance(task, cuts.key(task), folder, chunk_steps(engine), every, name)
        return columns.filled(cuts.template(task), _joined(parts), n_steps=task.end - task.begin, end=end)


def advance(
    task: cuts.Task, key: str, folder: Path, chunk: int, every: int, label: str
) -> tuple[list[Path], clock.Moment]:
    """Do what is not done yet; returns the parts in order, and the moment after the last. `folder` must be held."""
    parts, moment = _found(task, key, folder)
    step = moment.step if moment else task.begin
    if parts and moment and step == task.end:
        return parts, moment
    total = sum(1 for _ in cuts.slices(step, task, chunk, every))
    slices = progress.track(cuts.slices(step, task, chunk, every), label, total)
    while moment is None or not parts or moment.step < task.end:
        step = moment.step if moment else task.begin
        path = folder / f"part-{cuts.stop(step, task, every):016d}.h5"
        moment = _write(task, key, path, slices, moment)
        parts.append(path)
        _keep(moment, key, folder)
    next(slices, None)  # lets the progress end
    return parts, moment


def clear(folder: Path) -> None:
    """Remove all parts, moments and scratch files of a folder."""
    for pattern in ("part-*.h5", "moment-*.h5", ".*.tmp"):
        for path in folder.glob(pattern):
            path.unlink()


def chunk_steps(engine: clock.Engine) -> int:
    """Steps of a slice of CHUNK ms."""
    return max(1, round(CHUNK / engine.plan.dt))


def _write(task: cuts.Task, key: str, path: Path, slices: Iterator, moment: clock.Moment | None) -> clock.Moment:
    """Run up to the next checkpoint and write its part."""
    with atomic(path) as scratch, disk.create(scratch) as (file, well):
        writer = columns.Writer(file)
        begin = moment.step if moment else task.begin
        for first, last, whole in slices:
            piece = cuts.run(task, first, last, moment)
            assert piece.end is not None
            moment = piece.end
            writer.add(columns.of(piece))
            well()
            if whole:
                break
        assert moment is not None
        writer.finish()
        file.attrs.update({"key": key, "first": begin, "last": moment.step, **_kind()})
    return moment


def _keep(moment: clock.Moment, key: str, folder: Path) -> None:
    """Store a moment, drop those that it makes superfluous."""
    with atomic(folder / f"moment-{moment.step:016d}.h5") as scratch, disk.create(scratch) as (file, _):
        columns.put_moment(file, moment)
        file.attrs.update({"key": key, **_kind()})
    for path in sorted(folder.glob("moment-*.h5"))[:-MOMENTS]:
        path.unlink()


def _found(task: cuts.Task, key: str, folder: Path) -> tuple[list[Path], clock.Moment | None]:
    """The parts that are whole and join up, and the moment after them; all else is removed."""
    chain, step = {}, task.begin
    for path in sorted(folder.glob("part-*.h5")):
        span = _span(path, key, folder)
        if span is not None and span[0] == step:
            chain[path] = step = span[1]
    parts, moment = [], task.start
    for path in sorted(folder.glob("moment-*.h5"), reverse=True):
        found = _moment(path, key)
        if found is not None and found.step in chain.values():
            parts, moment = [part for part, last in chain.items() if last <= found.step], found
            break
    for path in [*folder.glob("part-*.h5"), *folder.glob(".*.tmp")]:
        if path not in parts:
            path.unlink()
    for path in folder.glob("moment-*.h5"):
        if not parts or int(path.stem.partition("-")[2]) > moment.step:  # type: ignore[union-attr]
            path.unlink()
    return parts, moment


def _span(path: Path, key: str, folder: Path) -> tuple[int, int] | None:
    """(first, last) step of a part, None if it is damaged. Raises ResultError if it is of another run."""
    try:
        with h5py.File(path, "r", locking=False) as file:
            other, kind = str(file.attrs["key"]), {name: file.attrs[name] for name in _kind()}
            span = int(file.attrs["first"]), int(file.attrs["last"])  # type: ignore[arg-type]
    except (OSError, KeyError, RuntimeError, ValueError, TypeError):
        return None
    if other != key or kind != _kind():
        check.fail(
            "checkpoints",
            "the network, its inputs, monitors and duration, and the code must be those of the run that began here",
            str(folder),
            "go on with those, or remove that folder to begin anew",
            ResultError,
        )
    return span


def _moment(path: Path, key: str) -> clock.Moment | None:
    try:
        with h5py.File(path, "r", locking=False) as file:
            return columns.get_moment(file) if file.attrs["key"] == key else None
    except (OSError, KeyError, RuntimeError, ValueError, TypeError):
        return None


def _kind() -> dict:
    return {"format": FORMAT, "format_version": VERSION}


def _joined(parts: list[Path]) -> dict[str, np.ndarray]:
    """The columns of all parts, each joined, added up, or taken once."""
    pieces: dict[str, list[np.ndarray]] = {}
    how = {}
    for part in parts:
        with h5py.File(part, "r", locking=False) as file:
            for column in columns.pieces(file):
                pieces.setdefault(column.path, []).append(column.array)
                how[column.path] = column.how
    join = {"join": np.concatenate, "sum": lambda arrays: np.sum(arrays, axis=0), "once": lambda arrays: arrays[-1]}
    return {path: join[how[path]](arrays) for path, arrays in pieces.items()}
