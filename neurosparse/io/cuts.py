"""A long run as a task that is done in slices: its inputs cut, its pieces run, and its name.

    task = cuts.task("stream.run", engine, 1e6, inputs)
    for first, last, _ in cuts.slices(task.begin, task, chunk, every):
        piece = cuts.run(task, first, last, moment)

A run cut anywhere is the same run bit for bit (see clock.run). Steps are counted from the first run of the network.
Inputs are those of `clock.run` for the whole task, or, where they would not fit in memory or have no end, a function
of a range of steps: inputs(first, last) gives those of steps first .. last - 1, and is asked once for an empty range.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numba
import numpy as np

from neurosparse import check, clock, grid, jit
from neurosparse.encode import Events, check_events

Inputs = Mapping[str, Any] | Callable[[int, int], Mapping[str, Any]] | None


class Task(NamedTuple):
    """A run that is to be done."""

    engine: clock.Engine
    inputs: Mapping[str, Any] | Callable[[int, int], Mapping[str, Any]]
    start: clock.Moment | None
    begin: int  # first step
    end: int  # the step after the last


def task(owner: str, engine: clock.Engine, duration: float, inputs: Inputs, start: clock.Moment | None) -> Task:
    """Check a run before it begins; raises ValueError or TypeError as `clock.run` does."""
    if not isinstance(engine, clock.Engine):
        check.fail(owner, "needs an Engine", type(engine).__name__, "clock.compile(net, monitors) makes one", TypeError)
    n_steps = whole_steps(owner, "duration", duration, engine.plan.dt)
    begin = start.step if isinstance(start, clock.Moment) else 0
    made = Task(engine, {} if inputs is None else inputs, start, begin, begin + n_steps)
    if not isinstance(made.inputs, Mapping) and not callable(made.inputs):
        need = "inputs must be a dict of names, or a function of (first step, step after the last)"
        check.fail(owner, need, inputs, error=TypeError)
    if isinstance(made.inputs, Mapping):
        _check(owner, made, made.inputs)
    template(made)
    return made


def whole_steps(owner: str, name: str, value: float, dt: float, low: int = 0) -> int:
    """Steps in `value` ms, which must be a whole number of them, at least `low`."""
    if np.ndim(value) != 0:
        check.fail(owner, f"{name} must be one number", np.shape(value))
    return grid.steps(owner, name, check.between(owner, name, value, 0, clock.MOST_STEPS * dt, "ms"), dt, low)


def template(task: Task) -> clock.Run:
    """A run of no steps: what the monitors will see, without any of it."""
    return run(task, task.begin, task.begin, task.start)


def run(task: Task, first: int, last: int, moment: clock.Moment | None) -> clock.Run:
    """Steps first .. last - 1, on from `moment`."""
    return clock.run(task.engine, (last - first) * task.engine.plan.dt, given(task, first, last), start=moment)


def given(task: Task, first: int, last: int) -> Mapping[str, Any]:
    """The inputs of steps first .. last - 1."""
    if callable(task.inputs):
        return task.inputs(first, last)
    n_steps = task.end - task.begin
    return {name: _cut(value, first - task.begin, last - task.begin, n_steps) for name, value in task.inputs.items()}


def slices(step: int, task: Task, chunk: int, every: int | None) -> Iterator[tuple[int, int, bool]]:
    """(first, last, whether to stop there and keep what is done): from `step` to the end, at least one.

    No slice is longer than `chunk` steps, and none crosses a multiple of `every`.
    """
    while True:
        mark = task.end if every is None else min(stop(step, task, every), task.end)
        last = min(step + chunk, mark)
        yield step, last, last == mark
        step = last
        if step >= task.end:
            return


def stop(step: int, task: Task, every: int) -> int:
    """The first step after `step` at which a checkpoint is due."""
    return min(task.begin + ((step - task.begin) // every + 1) * every, task.end)


def key(task: Task) -> str:
    """Hash of all that decides the recordings: network, code, monitors, inputs, first and last step, first moment.

    A function of inputs is told by its code and what that reaches; what of this can not be hashed, by its type alone.
    """
    total = hashlib.sha256()
    for part in _parts(task):
        data = part if isinstance(part, memoryview) else memoryview(repr(part).encode())
        total.update(data.nbytes.to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()


def _parts(task: Task) -> Iterator[Any]:
    yield clock.fingerprint(task.engine)
    yield from (np.__version__, numba.__version__, task.begin, task.end)
    for monitor in task.engine.monitors:
        yield type(monitor).__name__
        yield from _arrays(monitor._asdict())
    yield from _arrays(task.start.arrays if task.start else {})
    if isinstance(task.inputs, Mapping):
        yield from _arrays(task.inputs)
    else:
        yield from _function(task.inputs)


def _function(function: Any) -> Iterator[Any]:
    yield getattr(function, "__qualname__", type(function).__qualname__)
    digest = jit.code_digest(function)
    code = getattr(function, "__code__", None)
    if digest is not None or code is None:
        yield digest
        return
    yield code.co_code
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    for value in (*code.co_consts, *cells, *(function.__defaults__ or ())):
        yield jit.code_digest(value) or type(value).__qualname__


def _arrays(values: Mapping[str, Any]) -> Iterator[Any]:
    for name, value in sorted(values.items()):
        yield name
        for array in map(np.asarray, value if isinstance(value, Events) else (value,)):
            yield array.dtype.str, array.shape
            yield array.tolist() if array.dtype.hasobject else np.ascontiguousarray(array).data


def _check(owner: str, task: Task, inputs: Mapping[str, Any]) -> None:
    """What the first slice would not see: whole-run inputs of another length, or with a mistake later on."""
    n_steps = task.end - task.begin
    sizes = {part.name: part.n for part in task.engine.plan.parts}
    for name, value in inputs.items():
        what = f"{owner} input {name!r}"
        if isinstance(value, Events):
            check_events(what, value, sizes[name] if name in sizes else 2**31 - 1, n_steps)
        else:
            check.number(what, "the values", value)
            if np.ndim(value) == 2 and len(value) not in (1, n_steps):
                check.fail(what, f"values for each step must be {n_steps}", len(value))


def _cut(value: Any, first: int, last: int, n_steps: int) -> Any:
    if isinstance(value, Events):
        start = value.start[first : last + 1]
        return Events(start - start[0], value.index[start[0] : start[-1]])
    if np.ndim(value) == 2 and len(value) == n_steps > 1:
        return np.asarray(value)[first:last]
    return value
