"""Run a network: one sample, or a batch of samples in parallel threads, each with its own state.

    engine = clock.compile(net, monitors=(SpikeMonitor("liquid"),))
    run = clock.run(engine, 250.0, {"pixels": events})
    for run in clock.run_batch(engine, 250.0, samples, threads=2): ...

Results are the same bits for any number of threads, one by one or as a batch: a sample is computed by one thread, each
sum is made in source order, and random numbers are counter-based. Spikes are stamped at the end of their step.
"""

import itertools
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, grid, jit
from neurosparse.encode import Events, check_events
from neurosparse.fuse import PHASES, fuse, ports_used
from neurosparse.network import Network, SpikeMonitor, StateMonitor
from neurosparse.resolve import Plan, resolve

BLOCKS = (1, 32)  # samples handed to a thread at a time: as many as take about BLOCK_SECONDS
BLOCK_SECONDS = 0.02
ROOM = 1 << 16  # spikes a buffer holds before it is emptied

Inputs = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


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


class Run(NamedTuple):
    """What the monitors saw, by the name of their population."""

    spikes: dict[str, Spikes]
    counts: dict[str, np.ndarray]  # (n,) int64 spikes of each neuron
    states: dict[str, States]
    n_steps: int


class Engine(NamedTuple):
    """A compiled network. Reusable, and safe to share between threads."""

    plan: Plan
    monitors: tuple
    advance: Callable
    args: tuple[str, ...]
    fixed: dict[str, Any]  # arguments that no run changes


def compile(net: Network, monitors: tuple = (), now: Callable | None = None) -> Engine:
    """Check the network, write and compile its loop (or take it from the cache). `now` is for `profile`.

    Raises ValueError or TypeError for a network or a monitor that can not be run, before anything is compiled.
    """
    plan = resolve(net)
    for m, monitor in enumerate(monitors):
        _check_monitor(plan, monitor, monitors[:m])
    loop = fuse(plan, monitors, now)
    advance = jit.generated(loop.text, "advance", loop.namespace, *loop.digests, cache=now is None)
    return Engine(plan, monitors, advance, loop.args, _fixed(plan, monitors))


def run(net: Network | Engine, duration: float, inputs: Inputs | None = None, monitors: tuple = ()) -> Run:
    """Run for `duration` ms from the initial state.

    inputs: name of a SpikeSource -> Events, name of a CurrentInput -> values; or a function that returns this.
    Raises ValueError for missing, unknown or ill-shaped inputs before the run starts.
    """
    engine = net if isinstance(net, Engine) else compile(net, monitors)
    if isinstance(net, Engine) and monitors:
        check.fail("clock.run", "an Engine has its monitors already", monitors, "give them to clock.compile")
    n_steps = grid.steps("clock.run", "duration", duration, engine.plan.dt)
    return _run(engine, n_steps, inputs or {})


def run_batch(engine: Engine, duration: float, samples: Iterable[Inputs], threads: int | None = None) -> Iterator[Run]:
    """Runs of many samples, each from the initial state, in their order.

    A sample is what `run` takes as inputs; a function is called in the thread that runs it. The samples are drawn
    as they are needed, a few ahead. threads: default all cores.
    """
    threads = check.integer("clock.run_batch", "threads", threads or cores(), low=1)
    n_steps = grid.steps("clock.run_batch", "duration", duration, engine.plan.dt)
    left = iter(samples)
    if threads == 1:
        yield from (_run(engine, n_steps, sample) for sample in left)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque = deque()
        size = BLOCKS[0]
        try:
            while True:
                while len(waiting) <= 2 * threads and (block := list(itertools.islice(left, size))):
                    waiting.append(pool.submit(_run_block, engine, n_steps, block))
                if not waiting:
                    return
                runs, seconds = waiting.popleft().result()
                if seconds < BLOCK_SECONDS:
                    size = min(2 * size, BLOCKS[1])
                yield from runs
        finally:
            for future in waiting:
                future.cancel()


def _run_block(engine: Engine, n_steps: int, block: list[Inputs]) -> tuple[list[Run], float]:
    start = time.perf_counter()
    return [_run(engine, n_steps, sample) for sample in block], time.perf_counter() - start


def state_bytes(engine: Engine) -> int:
    """Memory that one running sample needs beside the network itself, without its recordings."""
    arrays = {id(a.base if a.base is not None else a): a for a in _state(engine.plan).values()}
    return sum(array.nbytes for array in arrays.values())


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def profile(net: Network, duration: float, samples: Iterable[Inputs], monitors: tuple = ()) -> dict[str, float]:
    """Seconds that one thread spends in each phase of the tick over all samples. Not cached; POSIX only."""
    engine = compile(net, monitors, now=jit.nanoseconds())
    n_steps = grid.steps("clock.profile", "duration", duration, engine.plan.dt)
    spent = np.zeros(len(PHASES), dtype=np.int64)
    warm = engine._replace(fixed=engine.fixed | {"spent": spent})
    samples = list(samples)
    _run(warm, n_steps, samples[0])
    spent[:] = 0
    for sample in samples:
        _run(warm, n_steps, sample)
    return dict(zip(PHASES, (spent / 1e9).tolist(), strict=True))


def _check_monitor(plan: Plan, monitor, earlier: tuple) -> None:
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
        check.integer(owner, "every", monitor.every, low=1)
        for i in monitor.subset or ():
            check.integer(owner, "id in subset", i, high=part.n - 1)


def _fixed(plan: Plan, monitors: tuple) -> dict[str, Any]:
    fixed: dict[str, Any] = {}
    for k, part in enumerate(plan.parts):
        if part.dynamics is not None:
            fixed |= {f"p{k}_{name}": value for name, value in part.dynamics.params.items()}
        for port, kernel in part.kernels.items():
            fixed |= {f"p{k}_{port}__{name}": value for name, value in kernel.params.items()}
    for j, route in enumerate(plan.routes):
        fixed |= {f"{name}{j}": getattr(route, name) for name in ("delays", "segments", "indices", "weight")}
    for m, monitor in enumerate(monitors):
        if isinstance(monitor, StateMonitor):
            fixed |= {f"every{m}": monitor.every, f"ids{m}": _ids(plan, monitor)}
    return {name: _owned(value) for name, value in fixed.items()}


def _owned(value):
    """Contiguous and writable, so that one signature serves every network of a shape."""
    return np.require(value, requirements=["C", "W"]) if isinstance(value, np.ndarray) else value


def _ids(plan: Plan, monitor: StateMonitor) -> np.ndarray:
    n = plan.parts[plan.index("StateMonitor", monitor.target)].n
    return np.arange(n) if monitor.subset is None else np.array(monitor.subset, dtype=np.int64)


def _state(plan: Plan) -> dict[str, Any]:
    """The initial state of one sample: membranes, kernels, what is in flight."""
    state: dict[str, Any] = {}
    for k, part in enumerate(plan.parts):
        if part.dynamics is None:
            continue
        ticks = 1 + max((int(route.delays[-1]) for route in plan.routes if route.source == k), default=0)
        flags = np.zeros(-(-part.n // 8) * 8, dtype=np.bool_)
        state |= {f"z{k}": flags, f"zw{k}": flags.view(np.uint64)}
        state |= {
            f"ring{k}": np.empty((ticks, part.n), dtype=np.int32),
            f"ringn{k}": np.zeros(ticks, dtype=np.int64),
        }
        state |= {f"x{k}_{port}": np.zeros(part.n) for port in ports_used(plan, k)}
        state |= {f"s{k}_{name}": value.copy() for name, value in part.dynamics.state.items()}
        for port, kernel in part.kernels.items():
            state |= {f"s{k}_{port}__{name}": value.copy() for name, value in kernel.state.items()}
    return state


def _run(engine: Engine, n_steps: int, inputs: Inputs) -> Run:
    given = inputs() if callable(inputs) else inputs
    plan, values = engine.plan, engine.fixed | _state(engine.plan) | _given(engine.plan, given, n_steps)
    for m, monitor in enumerate(engine.monitors):
        values |= _buffers(plan, m, monitor, n_steps)
    arguments = [values[name] for name in engine.args]
    drained: dict[int, list] = {m: [] for m, monitor in enumerate(engine.monitors) if f"rec{m}_i" in values}
    t = 0
    while t < n_steps:
        t = engine.advance(t, n_steps, *arguments)
        for m, pieces in drained.items():
            n = int(values[f"fill{m}"][0])
            pieces.append((values[f"rec{m}_i"][:n].copy(), values[f"rec{m}_t"][:n].copy()))
            values[f"fill{m}"][0] = 0
    return _collect(engine, values, drained, given, n_steps)


def _given(plan: Plan, given: Mapping[str, Any], n_steps: int) -> dict[str, Any]:
    owner = "clock.run"
    needed = [part.name for part in plan.parts if part.dynamics is None] + [name for name, *_ in plan.inputs]
    for name in given:
        check.one_of(owner, "input", name, needed)
    missing = [name for name in needed if name not in given]
    if missing:
        check.fail(owner, f"inputs must name {', '.join(needed)}", sorted(given), f"add {', '.join(missing)}")
    values: dict[str, Any] = {}
    for k, part in enumerate(plan.parts):
        if part.dynamics is None:
            events = check_events(f"{owner} input {part.name!r}", given[part.name], part.n, n_steps)
            values |= {f"start{k}": _owned(events.start), f"index{k}": _owned(events.index)}
    for c, (name, k, _) in enumerate(plan.inputs):
        values[f"in{c}"] = _current(f"{owner} input {name!r}", given[name], plan.parts[k].n, n_steps)
    return values


def _current(owner: str, value, n: int, n_steps: int) -> np.ndarray:
    array = np.atleast_2d(np.asarray(check.number(owner, "the values", value), dtype=np.float64))
    if array.ndim > 2 or array.shape[0] not in (1, n_steps) or array.shape[1] not in (1, n):
        check.fail(owner, f"needs one number, ({n},), ({n_steps}, 1) or ({n_steps}, {n})", np.shape(value))
    return _owned(array)


def _buffers(plan: Plan, m: int, monitor, n_steps: int) -> dict[str, Any]:
    part = plan.parts[plan.index("monitor", monitor.target)]
    if isinstance(monitor, StateMonitor):
        shape = (n_steps // monitor.every, part.n if monitor.subset is None else len(monitor.subset))
        return {f"rec{m}_{name}": np.empty(shape) for name in monitor.fields}
    if part.dynamics is None:
        return {}
    if monitor.counts_only:
        return {f"count{m}": np.zeros(part.n, dtype=np.int64)}
    room = min(max(ROOM, part.n), part.n * n_steps)
    return {f"rec{m}_i": np.empty(room, dtype=np.int32), f"rec{m}_t": np.empty(room, dtype=np.int64),
            f"fill{m}": np.zeros(1, dtype=np.int64)}  # fmt: skip


def _collect(engine: Engine, values: dict, drained: dict, given: Mapping[str, Any], n_steps: int) -> Run:
    plan, dt = engine.plan, engine.plan.dt
    out = Run({}, {}, {}, n_steps)
    for m, monitor in enumerate(engine.monitors):
        name = monitor.target
        if isinstance(monitor, StateMonitor):
            fields = {field: values[f"rec{m}_{field}"] for field in monitor.fields}
            t = (np.arange(n_steps // monitor.every) + 1) * monitor.every * dt
            out.states[name] = States(t, values[f"ids{m}"], fields)
        elif f"count{m}" in values:
            out.counts[name] = values[f"count{m}"]
        elif m in drained:
            i, t = (np.concatenate(column) if column else np.empty(0, np.int64) for column in _columns(drained[m]))
            out.spikes[name] = Spikes(i.astype(np.int32, copy=False), t.astype(np.int64, copy=False), dt)
        else:
            _source_spikes(out, plan, monitor, given[name], dt)
    return out


def _columns(pieces: list) -> tuple[list, list]:
    return [i for i, _ in pieces], [t for _, t in pieces]


def _source_spikes(out: Run, plan: Plan, monitor: SpikeMonitor, events: Events, dt: float) -> None:
    """A source's spikes are the events it was given."""
    if monitor.counts_only:
        n = plan.parts[plan.index("SpikeMonitor", monitor.target)].n
        out.counts[monitor.target] = np.bincount(events.index, minlength=n)
    else:
        steps = np.repeat(np.arange(len(events.start) - 1), np.diff(events.start))
        out.spikes[monitor.target] = Spikes(events.index, steps, dt)
