"""What a stored file knows of activity: spikes, how many neurons, how long, which grid, which wiring.

    seen = criticality.read("results/cuba/0123456789ab.h5", "excitatory", 100.0, 900.0)       # Activity
    report = criticality.measured(seen)

    result       arrays `spikes_i`, `spikes_t` or `raster_i`, `raster_t` (ids, ms); "AI spikes_i" and the like are
                 populations of their own. Neurons: `excitatory` or the rows of populations; duration_ms, dt, shown of
                 the configuration; `indptr`, `indices` of the recurrent wiring
    recording    all populations, or one (io/recordings.py)
    train        .csv .txt .npz and SONATA's .h5 (io/trains.py): ids and times alone, so that silent neurons do not
                 count, and the run ends with its last spike

Where the file tells no grid, it is the longest of 1, 0.1 and 0.01 ms that holds all times, else 0.1 ms. A window is
(t0, t1] ms, since spikes are stamped at the end of a step; a spike at 0 counts in a window from 0.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, criticality
from neurosparse.io import strict_json, table
from neurosparse.io.results import FORMAT, Record, ResultError

OWNER = "criticality"
ENDS = ("spikes_i", "raster_i")
GRIDS = (1.0, 0.1, 0.01)  # ms
KINDS = ("excitatory", "inhibitory")


class Activity(NamedTuple):
    """Spikes of a window, and what they are of."""

    i: np.ndarray  # (n_spikes,) ids in [0, n)
    t: np.ndarray  # (n_spikes,) ms from `begin`
    n: int
    begin: float  # ms
    end: float  # ms
    dt: float  # ms
    name: str  # of the file's kind or simulation
    population: str  # "" for all
    part: str = ""  # what is left out
    wiring: tuple | None = None  # (indptr (n + 1,), indices)


def read(path: str | Path, population: str | None = None, t0: float | None = None, t1: float | None = None) -> Activity:
    """The activity in (t0, t1] ms of a file, of one population or of all.

    Raises FileNotFoundError, ResultError for a damaged file or one without spikes, and ValueError for a population
    that there is not and a window that is not inside the run.
    """
    path = Path(path)
    if not path.is_file():
        need, remedy = "RESULT must be a result, a recording or spikes", "there is no such file"
        check.fail(OWNER, need, str(path), remedy, FileNotFoundError)
    kind = _kind(path)
    if kind == "recording":
        return _recording(path, population, t0, t1)
    if kind == "result":
        from neurosparse.io import results

        whole = _result(results.load(path), population)
    else:
        whole = _train(path, population)
    return _cut(whole, t0, t1)


def measured(seen: Activity, bin_ms: float | None = None) -> criticality.Report:
    """The report of an activity."""
    span = seen.end - seen.begin
    return criticality.report(seen.i, seen.t, seen.n, span, seen.dt, bin_ms, seen.wiring, seen.part)


def screen(seen: Activity, report: criticality.Report, path: Path) -> str:
    """What the command prints: of what, then a line for each quantity."""
    of = f"{seen.name}, {seen.population}" if seen.population else seen.name
    head = [("of", f"{of}  ({path})"), ("time", f"{seen.begin:g} to {seen.end:g} ms, steps of {seen.dt:g} ms")]
    lines: list[dict[str, str]] = [
        {"quantity": row.quantity, "value": _value(row), "95 %": _interval(row), "note": row.note}
        for row in report.rows
    ]
    return f"{table.pairs(head, width=1000)}\n\n{table.rows(lines)}"


def screen_json(seen: Activity, report: criticality.Report, path: Path, figure: Path) -> str:
    """One object: source, population, from_ms, to_ms, figure, rows. What could not be told is null."""
    return strict_json.dumps({
        "source": path.absolute(), "name": seen.name, "population": seen.population or None,
        "from_ms": seen.begin, "to_ms": seen.end, "dt_ms": seen.dt, "figure": figure.absolute(),
        "rows": [row._asdict() for row in report.rows],
    }, tagged=False)  # fmt: skip


def figure_name(path: Path, seen: Activity) -> str:
    """Name of the figure's file: one for each file and population."""
    parts = ["criticality", *([seen.name] if _kind(path) == "result" else []), path.stem, seen.population]
    return "-".join("".join(c if c.isalnum() or c in "-_." else "_" for c in part) for part in parts if part)


def _value(row: criticality.Row) -> str:
    if row.value is None:
        return "n/a"
    text = f"{row.value:,}" if isinstance(row.value, int) else table.number(row.value)
    return f"{text} {row.unit}".rstrip()


def _interval(row: criticality.Row) -> str:
    return "" if row.low is None else f"{table.number(row.low)} to {table.number(row.high)}"


def _kind(path: Path) -> str:
    """result, recording or train, by the first bytes."""
    if path.suffix.lower() != ".h5":
        return "train"
    with path.open("rb") as file:
        start = file.read(len(FORMAT) + 1)
    if not start.startswith(b"\x89HDF\r\n\x1a\n"):
        return "result"  # its loader says what is wrong with it
    import h5py

    try:
        with h5py.File(path, "r", locking=False) as file:
            return "train" if "spikes" in file and "format" not in file.attrs else "recording"
    except OSError:
        return "recording"


def _recording(path: Path, population: str | None, t0: float | None, t1: float | None) -> Activity:
    from neurosparse.io import recordings

    with recordings.open(path) as file:
        names = recorded = file.seen("spikes")
        if not names:
            check.fail(OWNER, f"{path.name} must hold spikes", "none", "record with a SpikeMonitor", ResultError)
        if population is not None:
            names = [check.one_of(OWNER, "--population", population, names)]
        begin, end = _window(file.begin * file.dt, file.end * file.dt, t0, t1)
        found, first = [], 0
        for name in names:
            spikes = file.spikes(name, begin, end + file.dt)
            found.append((spikes.i.astype(np.int64) + first, spikes.t))
            first += file.sizes[name]
    i, t = (np.concatenate(column) for column in zip(*found))
    there = sum(file.sizes[name] for name in recorded)  # sources that nobody recorded are none of them
    part = f"only {first:,} of {there:,} neurons are seen" if first < there else ""
    whole = Activity(i, t, first, begin, end, file.dt, "recording", population or "", part)
    return _cut(whole, begin, end)


def _train(path: Path, population: str | None) -> Activity:
    from neurosparse.io import trains

    i, t = trains.pairs(path, population)
    if not len(i):
        check.fail(OWNER, f"{path.name} must hold spikes", "none")
    if t.min() < 0:
        check.fail(OWNER, f"times of {path.name} must be >= 0 ms", float(t.min()))
    ids, i = np.unique(i, return_inverse=True)
    dt = _grid(t)
    end = max(dt, float(np.ceil(t.max() / dt - 1e-6) * dt))
    return Activity(i, t, len(ids), 0.0, end, dt, "spikes", population or "")


def _result(record: Record, population: str | None) -> Activity:
    a, config = record.arrays, record.config
    i, t, name = _spikes(record, population)
    n, masks = _neurons(record, i)
    if len(i) and not 0 <= i.min() <= i.max() < n:
        got = (int(i.min()), int(i.max()))
        check.fail(f"{OWNER} {record.path}", f"neuron ids must be in [0, {n})", got, "make it again", ResultError)
    stored = _stored(i, n, config.get("shown"))
    wanted = np.ones(n, dtype=bool)
    if population is not None and population != name:
        if not masks:
            check.fail(OWNER, "--population is for results of several populations", population, "leave it away")
        wanted, name = masks[check.one_of(OWNER, "--population", population, masks)], population
    both = stored & wanted
    if not both.any():
        remedy = "leave --population away, or run with more shown"
        check.fail(OWNER, f"neurons of {name} must be stored", "none", remedy)
    mine = both[i]
    dt = float(config["dt"]) if _is_number(config.get("dt")) else _grid(t)
    last = float(np.ceil(t.max() / dt - 1e-6) * dt) if len(t) else dt
    told = config.get("duration_ms", record.metrics.get("duration_ms"))
    end = max(float(told), last) if _is_number(told) else last
    known = {"indptr", "indices"} <= a.keys()
    wiring = (a["indptr"], a["indices"]) if known and wanted.all() else None
    place, n = np.cumsum(both) - 1, int(both.sum())
    part = "" if both.all() else f"only {n:,} of {len(both):,} neurons are seen"
    if not part and n == config.get("shown"):
        part = "there may be more neurons than are stored"
    return Activity(place[i[mine]], t[mine], n, 0.0, end, min(dt, end), record.name, name, part, wiring)


def _spikes(record: Record, population: str | None) -> tuple[np.ndarray, np.ndarray, str]:
    """(ids, times, name of the set of spikes, "" for the only one)."""
    a, owner = record.arrays, f"{OWNER} {record.path}"
    sets = {key[: -len(end)].strip(): key for end in ENDS for key in a if key.endswith(end) and f"{key[:-1]}t" in a}
    sets = {name: key for name, key in sets.items() if not key.startswith("first_")}
    if not sets:
        need = f"a result must hold spikes (arrays {' or '.join(ENDS)}, with their times)"
        check.fail(owner, need, sorted(a), f"{record.name} stores none", ResultError)
    name = next(iter(sets))
    if len(sets) > 1:
        if population is None:
            check.fail(OWNER, "--population must name one of several", None, f"there are {', '.join(sets)}")
        name = check.one_of(OWNER, "--population", population, sets)
    i, t = a[sets[name]], a[f"{sets[name][:-1]}t"]
    if i.ndim != 1 or i.shape != t.shape or i.dtype.kind not in "iu" or t.dtype.kind not in "iuf":
        got = f"{i.dtype} {i.shape} and {t.dtype} {t.shape}"
        check.fail(owner, f"{sets[name]} must be whole numbers, as many as there are times", got, error=ResultError)
    if t.size and not (np.all(np.isfinite(t)) and t.min() >= 0):
        check.fail(owner, "times of spikes must be finite and >= 0 ms", t, "make it again", ResultError)
    return i.astype(np.int64), t.astype(np.float64), name


def _neurons(record: Record, i: np.ndarray) -> tuple[int, dict[str, np.ndarray]]:
    """(neurons, name -> (n,) bool of each population): by type, and by the rows that describe populations."""
    types = record.arrays.get("excitatory")
    masks: dict[str, np.ndarray] = {}
    rows = [row for row in record.rows if "population" in row and isinstance(row.get("neurons"), int)]
    sizes = [row["neurons"] for row in rows]
    n = sum(sizes)
    edges = np.cumsum([0, *sizes])
    for row, low, high in zip(rows, edges, edges[1:]):
        masks[str(row["population"])] = (np.arange(n) >= low) & (np.arange(n) < high)
    if types is not None and types.ndim == 1 and types.dtype == bool and (not n or len(types) == n):
        n, masks = len(types), dict(zip(KINDS, (types, ~types))) | masks
    told = [record.config.get(key) for key in ("n_neurons", "n", "shown")]
    seen = int(i.max()) + 1 if len(i) else 1
    n = n or next((value for value in told if isinstance(value, int) and value >= seen), seen)
    return n, masks


def _stored(i: np.ndarray, n: int, shown: Any) -> np.ndarray:
    """(n,) which neurons' spikes a result keeps: all, the first `shown`, or every so many."""
    if not isinstance(shown, int) or shown >= n:
        return np.ones(n, dtype=bool)
    every, last = -(-n // shown), int(i.max(initial=0))
    if last < shown:
        return np.arange(n) < shown
    return np.arange(n) % (every if not np.any(i % every) else 1) == 0


def _cut(whole: Activity, t0: float | None, t1: float | None) -> Activity:
    begin, end = _window(whole.begin, whole.end, t0, t1)
    inside = ((whole.t > begin) | ((whole.t == 0) & (begin == 0))) & (whole.t <= end)
    return whole._replace(i=whole.i[inside], t=whole.t[inside] - begin, begin=begin, end=end)


def _window(low: float, high: float, t0: float | None, t1: float | None) -> tuple[float, float]:
    """(begin, end), ms."""
    for name, value in (("--from", t0), ("--to", t1)):
        if value is not None:
            check.between(OWNER, name, check.scalar(OWNER, name, value, "ms"), low, high, "ms", "that is the run")
    begin, end = low if t0 is None else float(t0), high if t1 is None else float(t1)
    if begin >= end:
        check.fail(OWNER, "--from must be before --to", (begin, end), "take a longer window")
    return begin, end


def _grid(t: np.ndarray) -> float:
    """The longest step of GRIDS, ms, that all times are whole multiples of; 0.1 for others."""
    for dt in GRIDS:
        if np.all(np.abs(t / dt - np.rint(t / dt)) < 1e-3):
            return dt
    return 0.1


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value) and value > 0
