"""Monitors: what they may watch, the buffers they fill, and what they give back."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.encode import Events, pairs
from neurosparse.network import SpikeMonitor, StateMonitor
from neurosparse.resolve import Plan

ROOM = 1 << 16  # spikes a buffer holds before it is emptied


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


class Buffers(NamedTuple):
    """Arrays that the loop fills for one run of `n_steps` from step `begin`."""

    arrays: dict[str, Any]
    drained: dict[int, list[tuple[np.ndarray, np.ndarray]]]  # monitor -> pieces (i, step)
    begin: int
    n_steps: int


def check_monitors(plan: Plan, monitors: tuple) -> None:
    """Raise ValueError or TypeError for a monitor that can not watch this network."""
    for m, monitor in enumerate(monitors):
        _check(plan, monitor, monitors[:m])


def _check(plan: Plan, monitor, earlier: tuple) -> None:
    owner = type(monitor).__name__
    if not isinstance(monitor, SpikeMonitor | StateMonitor):
        check.fail("clock.compile", "a monitor is a SpikeMonitor or a StateMonitor", monitor, error=TypeError)
    part = plan.parts[plan.index(owner, monitor.target)]
    if any(type(other) is type(monitor) and other.target == monitor.target for other in earlier):
        check.fail(owner, "one monitor of a kind for each population", monitor.target)
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
        if monitor.subset is not None:
            if np.ndim(monitor.subset) != 1:
                check.fail(owner, "subset must be a sequence of ids", monitor.subset, error=TypeError)
            for i in monitor.subset:
                check.integer(owner, "id in subset", i, high=part.n - 1)


def ids(plan: Plan, monitor: StateMonitor) -> np.ndarray:
    """(n_sub,) neurons that a StateMonitor watches."""
    n = plan.parts[plan.index("StateMonitor", monitor.target)].n
    return np.arange(n) if monitor.subset is None else np.array(monitor.subset, dtype=np.int64)


def buffers(plan: Plan, monitors: tuple, begin: int, n_steps: int) -> Buffers:
    """Fresh buffers."""
    made = Buffers({}, {}, begin, n_steps)
    for m, monitor in enumerate(monitors):
        part = plan.parts[plan.index("monitor", monitor.target)]
        if isinstance(monitor, StateMonitor):
            shape = (len(_recorded(monitor, begin, n_steps)), len(ids(plan, monitor)))
            made.arrays.update({f"rec{m}_{name}": np.empty(shape) for name in monitor.fields})
        elif part.dynamics is not None and monitor.counts_only:
            made.arrays[f"count{m}"] = np.zeros(part.n, dtype=np.int64)
        elif part.dynamics is not None:
            room = min(max(ROOM, part.n), part.n * n_steps)
            made.arrays[f"rec{m}_i"] = np.empty(room, dtype=np.int32)
            made.arrays[f"rec{m}_t"] = np.empty(room, dtype=np.int64)
            made.arrays[f"fill{m}"] = np.zeros(1, dtype=np.int64)
            made.drained[m] = []
    return made


def drain(made: Buffers) -> None:
    """Empty the spike buffers."""
    for m, pieces in made.drained.items():
        n = int(made.arrays[f"fill{m}"][0])
        pieces.append((made.arrays[f"rec{m}_i"][:n].copy(), made.arrays[f"rec{m}_t"][:n].copy()))
        made.arrays[f"fill{m}"][0] = 0


def collect(plan: Plan, monitors: tuple, made: Buffers, given: Mapping[str, Any]) -> tuple[dict, dict, dict]:
    """(spikes, counts, states) by the name of the population; a source's spikes are the events it was given."""
    spikes: dict[str, Spikes] = {}
    counts: dict[str, np.ndarray] = {}
    states: dict[str, States] = {}
    for m, monitor in enumerate(monitors):
        name = monitor.target
        if isinstance(monitor, StateMonitor):
            t = (_recorded(monitor, made.begin, made.n_steps) + 1) * plan.dt
            states[name] = States(t, ids(plan, monitor), {f: made.arrays[f"rec{m}_{f}"] for f in monitor.fields})
        elif f"count{m}" in made.arrays:
            counts[name] = made.arrays[f"count{m}"]
        elif m in made.drained:
            i, step = ([piece[at] for piece in made.drained[m]] for at in (0, 1))
            none = (np.empty(0, np.int32), np.empty(0, np.int64))
            spikes[name] = Spikes(np.concatenate([none[0], *i]), np.concatenate([none[1], *step]), plan.dt)
        else:
            _source(spikes, counts, plan, monitor, given[name], made.begin)
    return spikes, counts, states


def _recorded(monitor: StateMonitor, begin: int, n_steps: int) -> np.ndarray:
    """Steps after which a StateMonitor records: those whose end is a multiple of `every`."""
    first, last = begin // monitor.every, (begin + n_steps) // monitor.every
    return np.arange(first + 1, last + 1) * monitor.every - 1


def _source(spikes: dict, counts: dict, plan: Plan, monitor: SpikeMonitor, events: Events, begin: int) -> None:
    if monitor.counts_only:
        n = plan.parts[plan.index("SpikeMonitor", monitor.target)].n
        counts[monitor.target] = np.bincount(events.index, minlength=n)
    else:
        i, step = pairs(events)
        spikes[monitor.target] = Spikes(i.copy(), step + begin, plan.dt)
