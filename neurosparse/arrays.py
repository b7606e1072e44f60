"""The arrays that a loop works on: what no run changes, and the state from which every run begins."""

import re
from typing import Any

import numpy as np

from neurosparse import check, record, shares
from neurosparse.fuse import ports_used
from neurosparse.network import StateMonitor
from neurosparse.plan import Plan, Route
from neurosparse.routes import incoming

LARGEST = float(np.finfo(np.float32).max)


def fixed(plan: Plan, monitors: tuple, threads: int, precision: str) -> dict[str, Any]:
    """What no run changes: constants, wiring, shares of the threads."""
    found: dict[str, Any] = {}
    for k, part in enumerate(plan.parts):
        if part.dynamics is not None:
            found |= {f"p{k}_{name}": value for name, value in part.dynamics.params.items()}
        for port, kernel in part.kernels.items():
            found |= {f"p{k}_{port}__{name}": value for name, value in kernel.params.items()}
    for j, route in enumerate(plan.routes):
        if route.release:
            found |= {f"pr{j}__{name}": value for name, value in route.release.params.items()}
        if route.rule:
            found |= {f"pr{j}_{name}": value for name, value in route.rule.params.items()} | {f"sign{j}": route.sign}
            found |= dict(zip((f"inptr{j}", f"insyn{j}", f"inseg{j}"), incoming(route, plan.parts[route.target].n)))
    drawn = {f"drive{d}": entry.weight for d, entry in enumerate(plan.drives)}
    _check_range(plan, found | drawn, precision)
    found = {name: owned(value, precision) for name, value in found.items()}
    for k, part in enumerate(plan.parts):
        found |= {f"bounds{k}": shares.bounds(part.n, threads), f"pace{k}": part.every}
        found |= {f"chance{k}": part.chance, f"stream{k}": part.stream}
    for d, entry in enumerate(plan.drives):
        found |= {f"table{d}": entry.table, f"driven{d}": entry.weight, f"drawn{d}": entry.stream}
        found |= {f"low{d}": entry.low, f"high{d}": entry.high}
    for j, route in enumerate(plan.routes):
        segments = shares.cut(route.segments, route.indices, found[f"bounds{route.target}"])
        found |= {f"delays{j}": route.delays, f"weight{j}": route.weight}
        found |= {f"indices{j}": route.indices, f"segments{j}": segments}
    for c, modulator in enumerate(plan.modulators):
        found |= {f"domain{c}": modulator.domain}
    for b, noise in enumerate(plan.noises):
        found |= {f"noise{b}": noise.stream, f"sd{b}": owned(noise.sd, precision)}
    for a, link in enumerate(plan.links):
        found |= {f"lptr{a}": link.wiring.indptr, f"lsrc{a}": link.wiring.indices}
        found |= {f"lw{a}": owned(link.wiring.weight.astype(np.float64), precision)}
    for m, monitor in enumerate(monitors):
        if isinstance(monitor, StateMonitor):
            found |= {f"every{m}": monitor.every, f"ids{m}": record.ids(plan, monitor)}
    return found


def owned(value, precision: str) -> Any:
    """In the engine's precision; contiguous and writable, so that one signature serves every network of a shape."""
    if isinstance(value, float):
        return np.float32(value) if precision == "float32" else value
    return np.require(_as(value, precision), requirements=["C", "W"]) if isinstance(value, np.ndarray) else value


def initial(plan: Plan, precision: str) -> dict[str, np.ndarray]:
    """The state before the first step: membranes, kernels, synapses that change, what is in flight."""
    found = _first(plan)
    _check_range(plan, found, precision)
    return {name: _as(array, precision) for name, array in found.items()}


def _check_range(plan: Plan, found: dict[str, Any], precision: str) -> None:
    """Raise ValueError for finite numbers that float32, where it is asked for, would turn into infinities."""
    for name, value in found.items() if precision == "float32" else ():
        array = np.asarray(value)
        if array.dtype == np.float64 and max(array.max(initial=0.0), -array.min(initial=0.0)) > LARGEST:
            lost = array[np.isfinite(array) & (np.abs(array) > LARGEST)]
            if lost.size:
                need = f"{_in_words(plan, name)} must be below 3.4e38, the largest float32"
                check.fail("clock.compile", need, float(lost[0]), 'take a smaller one, or precision="float64"')


def _in_words(plan: Plan, name: str) -> str:
    """Whose parameter or first state it is that the loop calls by numbers: p0_v_th is "v_th of population 'a'"."""
    kind, number, field = re.fullmatch(r"([a-z]+)(\d+)_*(.*)", name).groups()  # type: ignore[union-attr]
    if kind in ("p", "s"):
        return f"{field.replace('__', ': ')} of population {plan.parts[int(number)].name!r}"
    if kind == "drive":
        return f"weight of a PoissonInput of {plan.parts[plan.drives[int(number)].target].name!r}"
    route = plan.routes[int(number)]
    return f"{field} of {plan.parts[route.source].name!r} -> {plan.parts[route.target].name!r}"


def _as(array: np.ndarray, precision: str) -> np.ndarray:
    return array.astype(precision) if array.dtype == np.float64 else array


def _first(plan: Plan) -> dict[str, np.ndarray]:
    state: dict[str, np.ndarray] = {}
    for k, part in enumerate(plan.parts):
        ticks = 1 + longest(plan, k)
        if part.given:
            state |= {f"start{k}": np.zeros(1, dtype=np.int64), f"index{k}": np.empty(0, dtype=np.int32)}
            continue
        state |= {f"ring{k}": np.zeros((ticks, part.n), np.int32), f"ringn{k}": np.zeros((ticks, 1), np.int64)}
        if part.dynamics is None:
            continue
        state[f"z{k}"] = np.zeros(-(-part.n // shares.ALIGN) * shares.ALIGN, dtype=np.uint8)
        state |= {f"x{k}_{port}": np.zeros(part.n) for port in ports_used(plan, k)}
        state |= {f"s{k}_{name}": value for name, value in part.dynamics.state.items()}
        for port, kernel in part.kernels.items():
            state |= {f"s{k}_{port}__{name}": value for name, value in kernel.state.items()}
    for j, route in enumerate(plan.routes):
        state |= _changing(plan, j, route)
    state |= {f"pub{k}_{field}": np.tile(state[f"s{k}_{field}"], (2, 1)) for k, field in plan.shown}
    return state


def _changing(plan: Plan, j: int, route: Route) -> dict[str, np.ndarray]:
    """State of a projection's rule and release."""
    state: dict[str, np.ndarray] = {}
    n, ticks = plan.parts[route.source].n, 1 + longest(plan, route.source)
    if route.release:
        state |= {f"sr{j}__{name}": value for name, value in route.release.state.items()}
        state |= {f"last{j}": np.full(n, -1, dtype=np.int64), f"amp{j}": np.zeros((ticks, n))}
    if route.rule:
        module = route.rule.module
        state[f"w{j}_w"] = route.weight.astype(np.float64)
        state |= {f"w{j}_{name}": np.full(len(route.weight), first) for name, first in route.rule.synapse.items()}
        state |= {f"h{j}_{name}": np.zeros((ticks + 1, n)) for name in module.Pre._fields}
        state |= {f"g{j}_{name}": np.zeros(plan.parts[route.target].n) for name in module.Post._fields}
    return state


def longest(plan: Plan, k: int) -> int:
    """Longest delay of a population's spikes, steps."""
    return max((int(route.delays[-1]) for route in plan.routes if route.source == k), default=0)
