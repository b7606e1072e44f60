"""Monitors: what they may watch, the buffers they fill, and what they give back."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, grid
from neurosparse.encode import Events, pairs
from neurosparse.network import PopulationRateMonitor, SpikeMonitor, StateMonitor
from neurosparse.plan import Plan

ROOM = 1 << 16  # spikes a buffer holds before it is emptied
SHORTER = "record fewer steps or neurons, or stream it to disk: io.stream.run"


class Spikes(NamedTuple):
    """Spikes of one population as pairs, in time order, ascending ids within a step."""

    i: np.ndarray  # (k,) int32 neuron ids
    step: np.ndarray  # (k,) int64 steps, counted from 0
    dt: float  # ms

    @property
    def t(self) -> np.ndarray:
        """(k,) spike times in ms: the end of the step, as NEST stamps them."""
        return self.times()

    def times(self, stamp: str = "step_end") -> np.ndarray:
        """(k,) times in ms; `stamp="step_start"` gives Brian2's, one step earlier."""
        check.one_of("Spikes.times", "stamp", stamp, ("step_end", "step_start"))
        return (self.step + (stamp == "step_end")) * self.dt


class States(NamedTuple):
    """Recorded State fields of one population."""

    t: np.ndarray  # (n_rec,) ms, the end of the step
    ids: np.ndarray  # (n_sub,) neuron ids
    fields: dict[str, np.ndarray]  # name -> (n_rec, n_sub) float64


class Rates(NamedTuple):
    """Spikes of a population in each step."""

    count: np.ndarray  # (n_steps,) int64
    n: int  # neurons
    begin: int  # first step
    dt: float  # ms

    @property
    def t(self) -> np.ndarray:
        """(n_steps,) ms, the end of the step."""
        return (self.begin + 1 + np.arange(len(self.count))) * self.dt

    @property
    def rate(self) -> np.ndarray:
        """(n_steps,) spikes a neuron and second, Hz."""
        return self.count * (1000.0 / self.n / self.dt)

    def smooth(self, width: float) -> np.ndarray:
        """(n_steps,) Hz, averaged over a centred window of `width` ms, an odd number of steps; shorter at the ends."""
        half = round(check.at_least("Rates.smooth", "width", width, self.dt, "ms") / self.dt) // 2
        total = np.concatenate([[0], np.cumsum(self.count)])
        at = np.arange(len(self.count))
        low, high = np.maximum(at - half, 0), np.minimum(at + half + 1, len(self.count))
        return (total[high] - total[low]) / (high - low) * (1000.0 / self.n / self.dt)


class Buffers(NamedTuple):
    """Arrays that the loop fills for one run of `n_steps` from step `begin`."""

    arrays: dict[str, Any]
    drained: dict[int, list[tuple[np.ndarray, np.ndarray]]]  # monitor -> pieces (i, step)
    begin: int
    n_steps: int


def check_monitors(plan: Plan, monitors: tuple) -> None:
    """Raise ValueError or TypeError for a monitor that can not watch this network."""
    if not isinstance(monitors, tuple | list):
        need = "monitors must be a tuple"
        check.fail("clock.compile", need, monitors, "a single one needs its comma: (SpikeMonitor('a'),)", TypeError)
    for m, monitor in enumerate(monitors):
        _check(plan, monitor, monitors[:m])


def _check(plan: Plan, monitor, earlier: tuple) -> None:
    owner = type(monitor).__name__
    kinds = SpikeMonitor | StateMonitor | PopulationRateMonitor
    if not isinstance(monitor, kinds):
        check.fail("clock.compile", f"a monitor is a {kinds}", monitor, error=TypeError)
    part = plan.parts[plan.index(owner, monitor.target)]
    if any(type(other) is type(monitor) and other.target == monitor.target for other in earlier):
        check.fail(owner, "one monitor of a kind for each population", monitor.target)
    if isinstance(monitor, SpikeMonitor) and not isinstance(monitor.counts_only, bool | np.bool_):
        check.fail(owner, "counts_only must be True or False", monitor.counts_only, error=TypeError)
    if isinstance(monitor, StateMonitor):
        if part.dynamics is None:
            check.fail(owner, "the target must have neurons", f"the SpikeSource {part.name!r}")
        if not isinstance(monitor.fields, tuple) or not monitor.fields:
            check.fail(owner, "fields must be a tuple of names", monitor.fields, "write ('v',)", TypeError)
        for name in monitor.fields:
            check.one_of(owner, "field", name, part.dynamics.state)
        if len(set(monitor.fields)) < len(monitor.fields):
            check.fail(owner, "each field may be named once", monitor.fields)
        check.integer(owner, "every", monitor.every, low=1)
        if monitor.window is not None:
            if not isinstance(monitor.window, tuple | list) or len(monitor.window) != 2:
                check.fail(owner, "window must be a pair (from, to) in ms", monitor.window, error=TypeError)
            low, high = (check.scalar(owner, "edge of window", edge, "ms") for edge in monitor.window)
            check.at_least(owner, "start of window", low, 0, "ms")
            check.at_least(owner, "end of window", high, low, "ms")
            check.between(owner, "end of window", high, 0, grid.MOST * plan.dt, "ms")
        if monitor.subset is not None:
            if (
                not isinstance(monitor.subset, tuple | list | range | np.ndarray)
                or getattr(monitor.subset, "ndim", 1) != 1
            ):
                check.fail(owner, "subset must be a sequence of ids", monitor.subset, error=TypeError)
            for i in monitor.subset:
                check.integer(owner, "id in subset", i, high=part.n - 1)


def ids(plan: Plan, monitor: StateMonitor) -> np.ndarray:
    """(n_sub,) neurons that a StateMonitor watches."""
    n = plan.parts[plan.index("StateMonitor", monitor.target)].n
    return np.arange(n) if monitor.subset is None else np.array(monitor.subset, dtype=np.int64)


def buffers(plan: Plan, monitors: tuple, begin: int, n_steps: int, threads: int) -> Buffers:
    """Fresh buffers."""
    made = Buffers({}, {}, begin, n_steps)
    for m, monitor in enumerate(monitors):
        part = plan.parts[plan.index("monitor", monitor.target)]
        if isinstance(monitor, StateMonitor):
            first, last = _rows(plan, monitor, begin, n_steps)
            shape = (last - first, len(ids(plan, monitor)))
            check.fits("StateMonitor", "the recording", 8 * shape[0] * shape[1] * len(monitor.fields), SHORTER)
            made.arrays.update({f"rec{m}_{name}": np.empty(shape) for name in monitor.fields})
            made.arrays.update({f"from{m}": first, f"to{m}": last})
        elif part.given:
            continue
        elif isinstance(monitor, PopulationRateMonitor):
            check.fits("PopulationRateMonitor", "the recording", 4 * threads * n_steps, SHORTER)
            made.arrays[f"busy{m}"] = np.zeros((threads, n_steps), dtype=np.int32)
        elif monitor.counts_only:
            made.arrays[f"count{m}"] = np.zeros(part.n, dtype=np.int64)
        else:
            room = min(max(ROOM, part.n), part.n * n_steps)
            made.arrays[f"rec{m}_i"] = np.empty((threads, room), dtype=np.int32)
            made.arrays[f"rec{m}_t"] = np.empty((threads, room), dtype=np.int64)
            made.arrays[f"fill{m}"] = np.zeros((threads, 8), dtype=np.int64)  # a cache line for each
            made.drained[m] = []
    return made


def drain(made: Buffers) -> None:
    """Empty the spike buffers; what the threads saw is put in order of steps, then of neurons."""
    for m, pieces in made.drained.items():
        filled, i, step = (made.arrays[f"{name}"] for name in (f"fill{m}", f"rec{m}_i", f"rec{m}_t"))
        n = filled[:, 0]
        if len(n) == 1:
            pieces.append((i[0, : n[0]].copy(), step[0, : n[0]].copy()))
        else:
            both = [np.concatenate([array[q, : n[q]] for q in range(len(n))]) for array in (i, step)]
            order = np.argsort(both[1], kind="stable")
            pieces.append((both[0][order], both[1][order]))
        filled[:] = 0


def collect(plan: Plan, monitors: tuple, made: Buffers, given: Mapping[str, Any]) -> tuple[dict, dict, dict, dict]:
    """(spikes, counts, states, rates) by the name of the population; a source's spikes are the events it was given."""
    spikes: dict[str, Spikes] = {}
    counts: dict[str, np.ndarray] = {}
    states: dict[str, States] = {}
    rates: dict[str, Rates] = {}
    for m, monitor in enumerate(monitors):
        name = monitor.target
        if isinstance(monitor, StateMonitor):
            t = np.arange(*_rows(plan, monitor, made.begin, made.n_steps)) * monitor.every * plan.dt
            states[name] = States(t, ids(plan, monitor), {f: made.arrays[f"rec{m}_{f}"] for f in monitor.fields})
        elif isinstance(monitor, PopulationRateMonitor):
            part = plan.parts[plan.index("monitor", name)]
            count = np.diff(given[name].start) if part.given else made.arrays[f"busy{m}"].sum(0)
            rates[name] = Rates(count.astype(np.int64), part.n, made.begin, plan.dt)
        elif f"count{m}" in made.arrays:
            counts[name] = made.arrays[f"count{m}"]
        elif m in made.drained:
            i, step = ([piece[at] for piece in made.drained[m]] for at in (0, 1))
            none = (np.empty(0, np.int32), np.empty(0, np.int64))
            spikes[name] = Spikes(np.concatenate([none[0], *i]), np.concatenate([none[1], *step]), plan.dt)
        else:
            _source(spikes, counts, plan, monitor, given[name], made.begin)
    return spikes, counts, states, rates


def _rows(plan: Plan, monitor: StateMonitor, begin: int, n_steps: int) -> tuple[int, int]:
    """A StateMonitor records after the steps first * every .. (last - 1) * every, counted from 1: (first, last)."""
    first, last = begin // monitor.every + 1, (begin + n_steps) // monitor.every + 1
    if monitor.window is not None:
        low, high = (int(np.floor(edge / plan.dt / monitor.every + 1e-9)) + 1 for edge in monitor.window)
        first, last = max(first, low), min(last, high)
    return first, max(first, last)


def _source(spikes: dict, counts: dict, plan: Plan, monitor: SpikeMonitor, events: Events, begin: int) -> None:
    if monitor.counts_only:
        n = plan.parts[plan.index("SpikeMonitor", monitor.target)].n
        counts[monitor.target] = np.bincount(events.index, minlength=n)
    else:
        i, step = pairs(events)
        spikes[monitor.target] = Spikes(i.copy(), step + begin, plan.dt)
