"""Record a run of any length to one HDF5 file while it goes on, in memory that does not grow with its duration.

    engine = clock.compile(net, (SpikeMonitor("exc"), StateMonitor("exc", ("v",), subset=(0, 1))))
    stream.run(engine, 1e6, "night.h5", inputs, checkpoint_every=1e4)     # kill it, call it again: it goes on
    with recordings.open("night.h5") as night:
        night.spikes("exc", 5000.0, 6000.0)

The run is done in slices; what they saw is appended chunk by chunk. With checkpoints every interval leaves a part in
`night.h5.parts/` (see checkpoints.py), and the parts are put together at the end. The file itself is written under a
scratch name and renamed: it is whole or it is not there. Its content has the same hash however it came about.
"""

import glob
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import h5py

from neurosparse import check, clock
from neurosparse.io import checkpoints, columns, cuts, disk, locks, progress, provenance, recordings, strict_json
from neurosparse.io.results import ResultError, atomic


def run(
    engine: clock.Engine,
    duration: float,
    path: str | Path,
    inputs: cuts.Inputs = None,
    *,
    chunk: float = checkpoints.CHUNK,
    checkpoint_every: float | None = None,
    start: clock.Moment | None = None,
) -> Path:
    """Run for `duration` ms and record what the monitors of `engine` see to `path`; returns the path.

    inputs: as for `clock.run`, for the whole run; or a function inputs(first, last) of steps first .. last - 1.
    chunk (ms): a slice; memory follows it. checkpoint_every (ms of simulated time): None keeps no checkpoints.
    start: the end of an earlier run. The same call after a crash goes on from the last checkpoint, and after the end
    it does nothing. Raises ValueError or TypeError as `clock.run`, ResultError where the file or the checkpoints
    there are of another run, BlockingIOError if another process writes there, OSError if the disk is full.
    """
    owner = "stream.run"
    task = cuts.task(owner, engine, duration, inputs, start)
    steps = cuts.whole_steps(owner, "chunk", chunk, engine.plan.dt, 1)
    every = None
    if checkpoint_every is not None:
        every = cuts.whole_steps(owner, "checkpoint_every", checkpoint_every, engine.plan.dt, 1)
    path, key = Path(path), cuts.key(task)
    folder = path.with_name(path.name + ".parts")
    with locks.hold(owner, folder):
        if not _done(owner, path, key):
            for scratch in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
                scratch.unlink()
            if every is None and not any(folder.glob("part-*.h5")):
                _directly(task, key, path, steps)
            else:
                _by_parts(task, key, path, folder, steps, every or max(1, task.end - task.begin))
        checkpoints.clear(folder)
    return path


def _directly(task: cuts.Task, key: str, path: Path, chunk: int) -> None:
    begun, moment = datetime.now(UTC), task.start
    total = sum(1 for _ in cuts.slices(task.begin, task, chunk, None))

    def pieces() -> Iterator[columns.Column]:
        nonlocal moment
        for first, last, _ in progress.track(cuts.slices(task.begin, task, chunk, None), path.name, total):
            piece = cuts.run(task, first, last, moment)
            moment = piece.end
            yield from columns.of(piece)

    _write(task, key, path, pieces(), lambda: moment, begun)


def _by_parts(task: cuts.Task, key: str, path: Path, folder: Path, chunk: int, every: int) -> None:
    begun = datetime.now(UTC)
    parts, moment = checkpoints.advance(task, key, folder, chunk, every, path.name)

    def pieces() -> Iterator[columns.Column]:
        for part in progress.track(parts, f"{path.name}: putting parts together"):
            with h5py.File(part, "r", locking=False) as file:
                yield from columns.pieces(file)

    _write(task, key, path, pieces(), lambda: moment, begun)


def _write(task: cuts.Task, key: str, path: Path, pieces: Iterable[columns.Column], end, begun: datetime) -> None:
    """The file, whole or not at all; `end` gives the last moment when all pieces are taken."""
    with atomic(path) as scratch, disk.create(scratch) as (file, well):
        writer = columns.Writer(file, final=True)
        for column in pieces:
            writer.add([column])
            well()
        writer.finish()
        columns.put_moment(file.create_group("end"), end())
        sizes = {part.name: part.n for part in task.engine.plan.parts}
        seconds = round((datetime.now(UTC) - begun).total_seconds(), 3)  # of this process, the last one
        made = provenance.collect(started=begun, seconds=seconds)
        for name, value in {"sizes": sizes, "provenance": made}.items():
            file.create_dataset(name, data=strict_json.dumps(value), dtype=h5py.string_dtype("utf-8"))
        well()
        file.attrs.update(
            {
                "format": recordings.FORMAT,
                "format_version": recordings.VERSION,
                "dt": task.engine.plan.dt,
                "dt_units": "ms",
                "begin": task.begin,
                "end": task.end,
                "key": key,
                "network": clock.fingerprint(task.engine),
                "content": columns.content(file),
            }
        )


def _done(owner: str, path: Path, key: str) -> bool:
    """Whether `path` holds this very run. Raises ResultError if it holds anything else."""
    if not path.exists():
        return False
    try:
        with recordings.open(path) as recording:
            other = recording.key
    except (ResultError, FileNotFoundError):
        other = "another file"
    if other != key:
        need = "path must be free, or hold the recording of this very run (network, inputs, duration, monitors, code)"
        check.fail(owner, need, str(path), "remove it or choose another path", ResultError)
    return True
