"""Run a network: one sample, or a batch of samples in parallel threads, each with its own state.

    engine = clock.compile(net, monitors=(SpikeMonitor("liquid"),))
    run = clock.run(engine, 250.0, {"pixels": events})
    for run in clock.run_batch(engine, 250.0, samples, threads=2): ...

Results are the same bits for any number of threads, one by one or as a batch: a sample is computed by one thread, each
sum is made in source order, and random numbers are counter-based. Spikes are stamped at the end of their step.
"""

import itertools
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numba.core.errors import NumbaError

from neurosparse import arrays, check, grid, jit, record, resume, shares
from neurosparse.csr import Csr
from neurosparse.encode import check_events
from neurosparse.fuse import PHASES, fuse
from neurosparse.network import Network
from neurosparse.plan import Plan
from neurosparse.record import Rates, Spikes, States
from neurosparse.resolve import resolve
from neurosparse.routes import as_csr

BLOCKS = (1, 32)  # samples handed to a thread at a time: as many as take about BLOCK_SECONDS
BLOCK_SECONDS = 0.02
MOST_STEPS = 2**53
MOST_THREADS = 256
STEP_RULES = "a step holds arithmetic and neurosparse.ops; helpers need @jit.shared; NUMBA_DISABLE_JIT=1 helps to debug"
SLICE = 1000  # steps between two looks at Ctrl-C

Inputs = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


class Moment(NamedTuple):
    """A network between two steps: everything that the steps to come depend on."""

    step: int  # steps done so far
    arrays: dict[str, np.ndarray]  # membranes, kernels, spikes and events in flight


class Run(NamedTuple):
    """What the monitors saw, by the name of their population, and where the run ended."""

    spikes: dict[str, Spikes]
    counts: dict[str, np.ndarray]  # (n,) int64 spikes of each neuron
    states: dict[str, States]
    rates: dict[str, Rates]
    n_steps: int
    end: Moment | None  # None for the samples of a batch


class Engine(NamedTuple):
    """A compiled network. Reusable, and safe to share between threads."""

    plan: Plan
    monitors: tuple
    advance: Callable
    args: tuple[str, ...]
    fixed: dict[str, Any]  # arguments that no run changes
    initial: dict[str, np.ndarray]  # the state before the first step
    threads: int  # that share one run
    precision: str  # of state and arithmetic


def compile(
    net: Network,
    monitors: tuple = (),
    threads: int = 1,
    precision: str = "float64",
    now: Callable | None = None,
) -> Engine:
    """Check the network, write and compile its loop (or take it from the cache). `now` is for `profile`.

    threads: how many share one run, each with its own neurons; more than there are cores only wait for each other.
    Without JIT one thread does it all. precision: "float32" takes half the memory for state, traces
    and changing weights, and computes in it (see `narrow`).
    Raises ValueError or TypeError for a network or a monitor that can not be run, before anything is compiled, and
    MemoryError for a network that is larger than this machine.
    """
    threads = check.integer("clock.compile", "threads", threads, low=1, high=MOST_THREADS)
    check.one_of("clock.compile", "precision", precision, ("float64", "float32"))
    plan = resolve(net)
    record.check_monitors(plan, monitors)
    loop = fuse(plan, monitors, precision, now)
    parts = [*loop.digests, *([None] if now else [])]
    advance = jit.generated(loop.text, "advance", loop.namespace, *parts)
    threads = 1 if jit.disabled() else threads
    return Engine(
        plan,
        monitors,
        advance,
        loop.args,
        arrays.fixed(plan, monitors, threads, precision),
        arrays.initial(plan, precision),
        threads,
        precision,
    )


def run(
    net: Network | Engine,
    duration: float,
    inputs: Inputs | None = None,
    monitors: tuple = (),
    start: Moment | None = None,
    threads: int = 1,
) -> Run:
    """Run for `duration` ms from the initial state, or on from `start`, the `end` of an earlier run of this network.

    inputs: name of a SpikeSource -> Events, name of a CurrentInput -> values; or a function that returns this. They
    cover this run alone. A run cut in two, with its inputs, is the same run bit for bit; `start` is left as it was.
    Raises ValueError for missing, unknown or ill-shaped inputs, and for a `start` of another network.
    """
    engine = net if isinstance(net, Engine) else compile(net, monitors, threads)
    if isinstance(net, Engine) and (len(monitors) or not isinstance(threads, int) or threads != 1):
        got = (monitors, threads)
        check.fail("clock.run", "an Engine has its monitors and threads already", got, "give them to clock.compile")
    n_steps = _duration("clock.run", duration, engine.plan.dt)
    if start is not None:
        check_moment("clock.run", engine, start)
    return _run(engine, n_steps, {} if inputs is None else inputs, start)


def run_batch(
    engine: Engine,
    duration: float,
    samples: Iterable[Inputs],
    threads: int | None = None,
    start: Moment | None = None,
) -> Iterator[Run]:
    """Runs of many samples, each from the initial state or from `start`, in their order.

    A sample is what `run` takes as inputs; a function is called in the thread that runs it. The samples are drawn
    as they are needed, a few ahead. Each has its own state, and its own weights where a rule changes them.
    threads: default all cores.
    """
    owner, threads = "clock.run_batch", check.cores() if threads is None else threads
    if not isinstance(engine, Engine):
        check.fail(owner, "needs an Engine", type(engine).__name__, "clock.compile(net, monitors) makes one", TypeError)
    if not isinstance(samples, Iterable) or isinstance(samples, str | bytes | Mapping | np.ndarray):
        check.fail(owner, "samples must be a sequence of inputs", samples, "one sample is [inputs]", TypeError)
    threads = check.integer(owner, "threads", threads, low=1, high=MOST_THREADS)
    n_steps = _duration(owner, duration, engine.plan.dt)
    if start is not None:
        check_moment(owner, engine, start)
    left = iter(samples)
    if threads == 1:
        yield from (_run(engine, n_steps, sample, start, keep=False) for sample in left)
        return
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque = deque()
        size = BLOCKS[0]
        try:
            while True:
                while len(waiting) <= 2 * threads and (block := list(itertools.islice(left, size))):
                    waiting.append(pool.submit(_run_block, engine, n_steps, block, start))
                if not waiting:
                    return
                runs, seconds = waiting.popleft().result()
                if seconds < BLOCK_SECONDS:
                    size = min(2 * size, BLOCKS[1])
                yield from runs
        finally:
            for future in waiting:
                future.cancel()


def _run_block(engine: Engine, n_steps: int, block: list[Inputs], start: Moment | None) -> tuple[list[Run], float]:
    begin = time.perf_counter()
    return [_run(engine, n_steps, sample, start, keep=False) for sample in block], time.perf_counter() - begin


def restart(engine: Engine, moment: Moment, traces: bool = False, step: int | None = None) -> Moment:
    """The initial state with the synapses of `moment`: their weights and what else rules keep for a synapse.

    traces: keep also what rules keep for neurons, without the spikes of the last steps, as many as the longest delay of
    the projection, which are lost on their way. step: to count from; by default steps are counted on. Raised to where
    all slow clocks begin a span.
    """
    check_moment("clock.restart", engine, moment)
    period = math.lcm(*(part.every for part in engine.plan.parts))
    first = moment.step if step is None else check.integer("clock.restart", "step", step, low=0)
    step = -(-first // period) * period
    kept = engine.initial | {k: v for k, v in moment.arrays.items() if k[0] in ("wg" if traces else "w")}
    rules = [(j, route) for j, route in enumerate(engine.plan.routes) if route.rule] if traces else []
    for j, route in rules:
        rule, lost = route.rule, int(route.delays[-1])
        assert rule is not None
        p = rule.module.Params(**rule.params)
        for field in rule.module.Pre._fields:
            old = moment.arrays[f"h{j}_{field}"]
            new = kept[f"h{j}_{field}"] = np.zeros_like(old)
            row = old[(moment.step - lost - 1) % len(old)]
            new[(step - lost - 1) % len(new)] = row
            for tick in range(step - lost, step):
                row = new[tick % len(new)] = rule.module.trace(p, rule.params[f"decay_{field}"], row, 0.0)
    return Moment(step, kept)


def fingerprint(engine: Engine) -> str:
    """Hash of all that decides what a network does: models, structure, parameters, wiring, weights, first state, dt."""
    loop = fuse(engine.plan, (), engine.precision)  # its text says who reaches whom, by which port and modulator
    parts: list[str | bytes] = [str(engine.plan.dt), loop.text, *(digest or "" for digest in loop.digests)]
    for part in engine.plan.parts:
        modules = [d.module for d in (part.dynamics, *part.kernels.values()) if d is not None]
        parts += [part.name, *(jit.code_digest(module.step) or module.__name__ for module in modules)]
    for route in engine.plan.routes:
        rule = route.rule and route.rule.module
        steps = [rule.trace, rule.on_pre, rule.on_post] if rule else []
        steps += [route.release.module.release] if route.release else []
        parts += [jit.code_digest(step) or step.__module__ for step in steps]
    for name, value in sorted((arrays.fixed(engine.plan, (), 1, engine.precision) | engine.initial).items()):
        parts += [name, b"" if value is None else np.asarray(value).tobytes()]
    return jit.digest(jit.source_hash(), *parts)


def weights(engine: Engine, moment: Moment | None = None) -> tuple[Csr, ...]:
    """Synapses of every projection with their weights at `moment`, the `end` of a run; by default the first weights."""
    if moment is not None:
        check_moment("clock.weights", engine, moment)
    now, parts = (engine.initial if moment is None else moment.arrays), engine.plan.parts
    return tuple(
        as_csr(route, now.get(f"w{j}_w"), (parts[route.source].n, parts[route.target].n))
        for j, route in enumerate(engine.plan.routes)
    )


def state_bytes(engine: Engine) -> int:
    """Memory that one running sample needs beside the network itself, without its recordings."""
    return sum(array.nbytes for array in engine.initial.values())


def profile(
    net: Network,
    duration: float,
    samples: Iterable[Inputs],
    monitors: tuple = (),
    start: Moment | None = None,
    precision: str = "float64",
) -> dict[str, float]:
    """Seconds that one thread spends in each phase of the tick over all samples. Not cached; POSIX only."""
    engine = compile(net, monitors, precision=precision, now=jit.nanoseconds())
    n_steps = _duration("clock.profile", duration, engine.plan.dt)
    spent = np.zeros(len(PHASES), dtype=np.int64)
    warm = engine._replace(fixed=engine.fixed | {"spent": spent})
    samples = list(samples)
    if not samples:
        check.fail("clock.profile", "needs at least one sample", samples)
    _run(warm, n_steps, samples[0], start)
    spent[:] = 0
    for sample in samples:
        _run(warm, n_steps, sample, start)
    return dict(zip(PHASES, (spent / 1e9).tolist(), strict=True))


def _duration(owner: str, duration: float, dt: float) -> int:
    """Whole steps in `duration` ms, which must be that many and no fraction more."""
    check.between(owner, "duration", check.scalar(owner, "duration", duration, "ms"), 0, MOST_STEPS * dt, "ms")
    return grid.steps(owner, "duration", duration, dt)


def check_moment(owner: str, engine: Engine, start: Moment) -> None:
    """Raise ValueError or TypeError unless `engine` can go on from `start`."""
    if not isinstance(start, Moment):
        check.fail(owner, "start must be the end of a Run", start, error=TypeError)
    resume.check_moment(owner, engine.plan, engine.initial, *start)


def _run(engine: Engine, n_steps: int, inputs: Inputs, start: Moment | None = None, keep: bool = True) -> Run:
    given = inputs() if callable(inputs) else inputs
    if not isinstance(given, Mapping):
        check.fail("clock.run", "inputs must be a dict of names", given, error=TypeError)
    plan, begin = engine.plan, start.step if start else 0
    state = {name: shares.aligned(array) for name, array in (start.arrays if start else engine.initial).items()}
    heard = _heard(engine, given, state, begin, n_steps)
    made = record.buffers(plan, engine.monitors, begin, n_steps, engine.threads)
    _deal(engine, state, shares.apart)
    words = {f"zw{name[1:]}": array.view(np.uint64) for name, array in state.items() if name[0] == "z"}
    values = engine.fixed | state | words | heard | made.arrays
    arguments = [shares.gate(), np.zeros(2, dtype=np.int64), *[values[name] for name in engine.args]]
    t = begin
    with ThreadPoolExecutor(engine.threads) as pool:  # starts no thread before it is given work
        while t < begin + n_steps:
            t = _advance(engine, pool, t, min(t + SLICE, begin + n_steps), begin, arguments)
            record.drain(made)
    _deal(engine, state, shares.together)
    end = Moment(t, state | _tails(plan, heard, t)) if keep else None
    return Run(*record.collect(plan, engine.monitors, made, given), n_steps, end)


def _deal(engine: Engine, state: dict[str, np.ndarray], move: Callable) -> None:
    """Lists of spikes in flight, dealt out to the threads or put together again, with what the spikes released."""
    if engine.threads == 1:
        return
    for k, part in enumerate(engine.plan.parts):
        if not part.given:
            beside = [f"amp{j}" for j, route in enumerate(engine.plan.routes) if route.source == k and route.release]
            names = [f"ring{k}", *beside]
            ring, *others = (state[name] for name in names)
            counts, arrays = move(ring, state[f"ringn{k}"], engine.fixed[f"bounds{k}"], *others)
            state |= {f"ringn{k}": counts} | dict(zip(names, arrays, strict=True))


def _advance(engine: Engine, pool: ThreadPoolExecutor, t: int, until: int, begin: int, arguments: list) -> int:
    try:
        if engine.threads == 1:
            return engine.advance(t, until, begin, 0, 1, *arguments)
        engine.advance(t, t, begin, 0, engine.threads, *arguments)  # compiles, or fails, before anyone waits
        jobs = [pool.submit(engine.advance, t, until, begin, me, engine.threads, *arguments)
                for me in range(engine.threads)]  # fmt: skip
        return min([job.result() for job in jobs])  # all reached the same tick
    except NumbaError as error:
        models = {d.module.__name__ for part in engine.plan.parts for d in (part.dynamics, *part.kernels.values()) if d}
        models |= {route.rule.module.__name__ for route in engine.plan.routes if route.rule}
        reason = " ".join(str(error).split())
        check.fail("clock", f"the steps of {', '.join(sorted(models))} must compile", reason, STEP_RULES, TypeError)


def _heard(engine: Engine, given: Mapping[str, Any], state: dict, begin: int, n_steps: int) -> dict[str, Any]:
    """What comes from outside: events, after those of earlier runs that are still in flight, and currents."""
    owner, plan = "clock.run", engine.plan
    told = [(c, modulator) for c, modulator in enumerate(plan.modulators) if modulator.source is None]
    needed = [part.name for part in plan.parts if part.given] + [name for name, *_ in plan.inputs]
    needed += [modulator.name for _, modulator in told]
    for name in given:
        check.one_of(owner, "input", name, needed)
    missing = [name for name in needed if name not in given]
    if missing:
        check.fail(owner, f"inputs must name {', '.join(needed)}", sorted(given), f"add {', '.join(missing)}")
    values: dict[str, Any] = {}
    for k, part in enumerate(plan.parts):
        if part.given:
            events = check_events(f"{owner} input {part.name!r}", given[part.name], part.n, n_steps)
            before = state[f"start{k}"]
            values[f"start{k}"] = np.concatenate([before[:-1], before[-1] + events.start])
            values[f"index{k}"] = np.concatenate([state[f"index{k}"], events.index])
            values[f"base{k}"] = begin - (len(before) - 1)
    for c, (name, k, _) in enumerate(plan.inputs):
        values[f"in{c}"] = _current(f"{owner} input {name!r}", given[name], plan.parts[k].n, n_steps, engine.precision)
    for c, (name, k, *_) in told:
        values[f"mod{c}"] = _current(
            f"{owner} modulator {name!r}", given[name], plan.parts[k].n, n_steps, engine.precision
        )
    return values


def _tails(plan: Plan, heard: Mapping[str, Any], end: int) -> dict[str, np.ndarray]:
    """The events that are still in flight at step `end`."""
    tails = {}
    for k, part in enumerate(plan.parts):
        if part.given:
            start = heard[f"start{k}"][-1 - min(arrays.longest(plan, k), end) :]
            tails |= {f"start{k}": start - start[0], f"index{k}": heard[f"index{k}"][start[0] :]}
    return tails


def _current(owner: str, value, n: int, n_steps: int, precision: str) -> np.ndarray:
    array = np.atleast_2d(np.asarray(check.number(owner, "the values", value), dtype=np.float64))
    if array.ndim > 2 or array.shape[0] not in (1, n_steps) or array.shape[1] not in (1, n):
        check.fail(owner, f"needs one number, ({n},), ({n_steps}, 1) or ({n_steps}, {n})", np.shape(value))
    return arrays.owned(array, precision)
