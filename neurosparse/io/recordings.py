"""Read recordings that `stream.run` wrote, a window at a time, from files of any size.

    with recordings.open("night.h5") as night:
        spikes = night.spikes("exc", 5000.0, 6000.0, ids=[3, 7])      # record.Spikes
        v = night.states("exc", 5000.0, 6000.0).fields["v"]           # record.States
        edges, rate = night.rate("exc", bin=5.0)                      # read in pieces

    HDF5 attributes: format, format_version, dt (ms), begin and end (steps), key and network (fingerprints), content
    spikes/<population>/i step     states/<population>/t ids fields/<name>
    counts/<population>            rates/<population>/count                     see columns.py
    index/...                     first value of each chunk of `step` and `t`
    end/...                       the Moment after the last step
    sizes provenance              JSON

A window is [t0, t1) ms. Times are ends of steps, so the spike of step k counts as (k + 1) dt; a t0 or t1 within a
millionth of a step of a step's end counts as that end.
"""

import builtins
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurosparse import check
from neurosparse.clock import Moment
from neurosparse.io import columns, cuts, strict_json
from neurosparse.io.results import ResultError
from neurosparse.record import Rates, Spikes, States

FORMAT, VERSION = "neurosparse-recording", 1
PIECE = 1 << 20  # elements read at a time
DAMAGE = (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError)  # what h5py raises for damaged bytes


def open(path: str | Path) -> "Recording":
    """The recording at `path`, to be closed; reads no data yet.

    Raises FileNotFoundError, or ResultError for a file that is none, is truncated, or was written by a newer version.
    """
    owner = "recordings.open"
    if not Path(path).is_file():
        check.fail(owner, "path must be a recording", str(path), "there is no such file", FileNotFoundError)
    with builtins.open(path, "rb") as raw:
        if raw.read(8) != b"\x89HDF\r\n\x1a\n":
            check.fail(owner, "path must be a recording", str(path), "it is no HDF5 file", ResultError)
    file = None
    try:
        file = h5py.File(path, "r", locking=False)
        _check_format(owner, file, path)
        return Recording(file)
    except BaseException as error:
        if file is not None:
            file.close()
        if isinstance(error, DAMAGE) and not getattr(error, "user_mistake", False):
            remedy = f"it is truncated or damaged ({error})"
            check.fail(owner, "path must be a whole recording", str(path), remedy, ResultError)
        raise


class Recording:
    """An open recording; a context manager. Every method reads only what it gives back, and a little around it."""

    def __init__(self, file: h5py.File):
        self.file = file
        notes: dict[str, Any] = dict(file.attrs)
        self.dt = float(notes["dt"])  # ms
        self.begin, self.end = int(notes["begin"]), int(notes["end"])  # first step, the step after the last
        self.key, self.content = str(notes["key"]), str(notes["content"])
        self.sizes: dict[str, int] = self._json("sizes")  # neurons of each population
        self.provenance: dict[str, Any] = self._json("provenance")

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """What HDF5 says of damaged bytes becomes one message."""
        try:
            yield
        except DAMAGE as error:
            if getattr(error, "user_mistake", False):
                raise
            remedy = f"it is damaged ({error}): record it again"
            check.fail("Recording", "the recording must be whole", self.file.filename, remedy, ResultError)

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def seen(self, kind: str) -> list[str]:
        """Names of the populations of which there are "spikes", "counts", "states" or "rates"."""
        with self._whole():
            group: Any = self.file.get(kind, {})
            return [columns.unquoted(name) for name in group]

    def spikes(
        self, name: str, t0: float | None = None, t1: float | None = None, ids: Sequence | None = None
    ) -> Spikes:
        """Spikes of a population in [t0, t1) ms, of all its neurons or of `ids`."""
        pieces = [*self.pieces(name, t0, t1, ids)]
        none = Spikes(np.empty(0, np.int32), np.empty(0, np.int64), self.dt)
        i, step = (np.concatenate([getattr(part, field) for part in [none, *pieces]]) for field in ("i", "step"))
        return Spikes(i, step, self.dt)

    def pieces(
        self, name: str, t0: float | None = None, t1: float | None = None, ids: Sequence | None = None
    ) -> Iterator[Spikes]:
        """The spikes of `spikes`, about a million at a time."""
        first, last = self._window(t0, t1)
        with self._whole():
            group = self._group("spikes", name)
            wanted = None if ids is None else self._ids("Recording.spikes", name, ids)
            begin, end = (self._place(f"{group.name[1:]}/step", step) for step in (first, last))
            for at in range(begin, end, PIECE):
                i, step = (group[field][at : min(at + PIECE, end)] for field in ("i", "step"))
                if wanted is not None:
                    keep = wanted[i]
                    i, step = i[keep], step[keep]
                yield Spikes(i, step, self.dt)

    def rate(
        self, name: str, bin: float, t0: float | None = None, t1: float | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(edges, rate): the population's mean rate in each bin, (n_bins,) Hz for each neuron; edges (n_bins + 1,) ms.

        bin (ms) is a whole number of steps; a bin holds the spikes stamped in (lo, hi], as measure.population_rate
        counts them, and those of the steps that [t0, t1) covers; the last one may be shorter.
        """
        width = cuts.whole_steps("Recording.rate", "bin", bin, self.dt, 1)
        first, last = self._inside(t0, t1)
        edges = np.append(np.arange(first, last, width), last)
        count = np.zeros(len(edges) - 1)
        for part in self.pieces(name, t0, t1):
            count += np.bincount((part.step - first) // width, minlength=len(count))
        return edges * self.dt, count * (1000.0 / self.sizes[name] / self.dt) / np.diff(edges)

    def counts(self, name: str) -> np.ndarray:
        """(n,) spikes of each neuron over the whole recording, of a SpikeMonitor with counts_only."""
        with self._whole():
            return self._group("counts", name)[()]

    def rates(self, name: str, t0: float | None = None, t1: float | None = None) -> Rates:
        """What a PopulationRateMonitor saw in [t0, t1) ms; `rate` makes bins of the spikes instead."""
        first, last = self._inside(t0, t1)
        with self._whole():
            count = self._group("rates", name)["count"][first - self.begin : last - self.begin]
            return Rates(count, self.sizes[name], first, self.dt)

    def states(
        self,
        name: str,
        t0: float | None = None,
        t1: float | None = None,
        ids: Sequence | None = None,
        fields: Sequence[str] | None = None,
    ) -> States:
        """State fields recorded in [t0, t1) ms, of all recorded neurons or of `ids`, in that order."""
        owner = "Recording.states"
        if not isinstance(fields, tuple | list | type(None)):
            check.fail(owner, "fields must be a tuple of names", fields, error=TypeError)
        with self._whole():
            group = self._group("states", name)
            names = sorted(group["fields"]) if fields is None else list(fields)
            for field in names:
                check.one_of(owner, "field", field, group["fields"])
            recorded = group["ids"][()]
            cols = np.arange(len(recorded)) if ids is None else _columns(owner, recorded, ids)
            begin, end = (self._place(f"{group.name[1:]}/t", (step + 0.5) * self.dt) for step in self._window(t0, t1))
            taken = {field: _block(group["fields"][field], begin, end, cols) for field in names}
            return States(group["t"][begin:end], recorded[cols], taken)

    def moment(self) -> Moment:
        """The network after the last step: the `start` of a run that goes on."""
        with self._whole():
            return columns.get_moment(self.file["end"])  # type: ignore[arg-type]

    def verify(self) -> None:
        """Read everything; raises ResultError if it is not what was written."""
        try:
            found = columns.content(self.file)
        except DAMAGE as error:
            found = str(error)
        if found != self.content:
            remedy = "it is damaged: record it again"
            check.fail("Recording.verify", "the content must be what was written", found, remedy, ResultError)

    def _json(self, name: str) -> Any:
        return strict_json.loads(self.file[name][()])  # type: ignore[index]

    def _group(self, kind: str, name: str) -> Any:
        check.one_of("Recording", f"population with {kind}", name, self.seen(kind))
        return self.file[f"{kind}/{columns.quoted(name)}"]

    def _ids(self, owner: str, name: str, ids: Sequence) -> np.ndarray:
        """(n,) bool: the neurons that are wanted."""
        wanted = np.zeros(self.sizes[name], dtype=np.bool_)
        for i in np.atleast_1d(check.array(owner, "ids", ids)):
            wanted[check.integer(owner, "id", i, high=len(wanted) - 1)] = True
        return wanted

    def _window(self, t0: float | None, t1: float | None) -> tuple[int, int]:
        """First step of [t0, t1), and the first one after it. Raises ValueError where t1 lies before t0."""
        first = self.begin if t0 is None else self._step("t0", t0)
        last = self.end if t1 is None else self._step("t1", t1)
        if t0 is not None and t1 is not None and t1 < t0:
            check.fail("Recording", "a window [t0, t1) must not end before it begins", (t0, t1), "take t0 <= t1")
        return first, max(first, last)

    def _inside(self, t0: float | None, t1: float | None) -> tuple[int, int]:
        """The same, of the steps that there are."""
        first, last = (min(max(step, self.begin), self.end) for step in self._window(t0, t1))
        return first, last

    def _step(self, name: str, t: float) -> int:
        """The first step that ends at t or later."""
        low, high = self.begin - 1, self.end + 1
        return int(np.clip(np.ceil(check.scalar("Recording", name, t, "ms") / self.dt - 1e-6) - 1, low, high))

    def _place(self, path: str, value: float) -> int:
        """The first place in a sorted column whose value is not below `value`: a search in the index, then a chunk."""
        data, index = self.file[path], self.file[f"index/{path}"]
        chunk = int(np.searchsorted(index[()], value)) - 1  # type: ignore[index]
        if chunk < 0:
            return 0
        rows = data.chunks[0]  # type: ignore[union-attr]
        return chunk * rows + int(np.searchsorted(data[chunk * rows : (chunk + 1) * rows], value))  # type: ignore


def _columns(owner: str, recorded: np.ndarray, ids: Sequence) -> np.ndarray:
    """Where the ids are among those recorded."""
    where = {int(i): at for at, i in enumerate(recorded)}
    wanted = [check.integer(owner, "id", i) for i in np.atleast_1d(check.array(owner, "ids", ids))]
    for i in wanted:
        if i not in where:
            check.fail(owner, "ids must be among those that were recorded", i)
    return np.array([where[i] for i in wanted], dtype=np.int64)


def _block(data: Any, begin: int, end: int, cols: np.ndarray) -> np.ndarray:
    """Rows begin .. end - 1 of some columns, read in pieces."""
    out = np.empty((end - begin, len(cols)), dtype=data.dtype)
    if not len(cols):
        return out
    low, high = int(cols.min()), int(cols.max()) + 1
    rows = max(1, PIECE // (high - low))
    for at in range(begin, end, rows):
        to = min(at + rows, end)
        out[at - begin : to - begin] = data[at:to, low:high][:, cols - low]
    return out


def _check_format(owner: str, file: h5py.File, path: str | Path) -> None:
    found = file.attrs.get("format")
    if found != FORMAT:
        check.fail(owner, f"the format of {path} must be {FORMAT!r}", found, error=ResultError)
    version = int(file.attrs["format_version"])  # type: ignore[arg-type]
    if version > VERSION:
        remedy = "a newer neurosparse wrote it: update"
        check.fail(owner, f"format_version of {path} must be <= {VERSION}", version, remedy, ResultError)
