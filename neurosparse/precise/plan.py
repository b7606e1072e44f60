"""A Network for the event-driven engine: models found, parameters computed, synapses in order of their arrival.

The synapses of a source are cut into segments: those of one delay and one projection. Its segments are ordered by
delay, then projection, so that a spike in flight is one number, the segment at which it arrives next.
"""

import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, csr
from neurosparse.find import call, find_module
from neurosparse.network import CurrentInput, Network, Population, Projection, SpikeSource
from neurosparse.precise import models
from neurosparse.wire import Later

GRID = "run it on the grid: clock.run"
SHORTEST = 1e-9  # ms between neurons: shorter delays could vanish in the rounding of a time
CONTRACT = ("PORTS", "Params", "State", "params", "init", "flow", "arrive", "fire")


class Unit(NamedTuple):
    """One population; module is None for a SpikeSource."""

    name: str
    n: int
    module: ModuleType | None
    params: dict[str, Any]  # field -> number or (n,) float64
    state: dict[str, np.ndarray]  # field -> (n,) float64


class Plan(NamedTuple):
    """A network made explicit; sources are counted through all populations."""

    units: tuple[Unit, ...]
    offset: np.ndarray  # (n_units + 1,) int64: the first number of each population
    row: np.ndarray  # (n_sources + 1,) int64: the segments of a source
    delay: np.ndarray  # (n_segments,) ms, ascending in each row
    start: np.ndarray  # (n_segments + 1,) int64: the synapses of a segment
    unit: np.ndarray  # (n_segments,) int64: the target population
    port: np.ndarray  # (n_segments,) int64: position in its PORTS
    target: np.ndarray  # (nnz,) int64: id in the target population
    weight: np.ndarray  # (nnz,) float64


def plan(net: Network, currents: Mapping[str, Any]) -> Plan:
    """Check a network and make it explicit. Raises ValueError or TypeError naming what is wrong and the way out.

    currents: values of the CurrentInputs by name, one number or (n,) each.
    """
    check_kinds(net)
    units = tuple(_unit(net, population, currents) for population in net.populations)
    offset = np.concatenate([[0], np.cumsum([unit.n for unit in units])]).astype(np.int64)
    return Plan(units, offset, *_segments(net, units, offset))


def check_kinds(net: Network) -> None:
    """Raise TypeError or ValueError for sources, inputs, rules and releases that only the grid has."""
    for entry in net.inputs:
        if not isinstance(entry, CurrentInput):
            check.fail("precise", "inputs must be CurrentInput", type(entry).__name__, GRID, TypeError)
    if net.couplings:
        check.fail("precise", "runs without couplings", f"{len(net.couplings)} of them", GRID)
    for population in net.populations:
        if isinstance(population, Population) and population.every is not None:
            check.fail("precise", f"{population.name!r} must have no clock of its own", population.every, GRID)
        if not isinstance(population, Population | SpikeSource):
            need = f"runs neurons, and SpikeSources with given trains; {population.name!r} is neither"
            remedy = "draw its spikes beforehand and give them to a SpikeSource, or run it on the grid: clock.run"
            check.fail("precise", need, type(population).__name__, remedy, TypeError)
    for projection in net.projections:
        for word in ("rule", "release", "modulator"):
            if getattr(projection, word) is not None:
                owner = f"precise: Projection {projection.source!r} -> {projection.target!r}"
                check.fail(owner, f"runs without a {word}", getattr(projection, word), GRID)


def find(owner: str, what: ModuleType | str) -> ModuleType:
    """The closed form of a model that is given as a module or by its name."""
    known = sorted(f.stem for f in Path(str(models.__file__)).parent.glob("*.py") if f.stem != "__init__")
    if isinstance(what, str) and what.endswith(".py"):
        what = find_module(owner, what, "neurons")
    name = what.__name__ if isinstance(what, ModuleType) else what
    if not isinstance(name, str):
        check.fail(owner, "a model is a module or its name", what, error=TypeError)
    name = name.removeprefix("neurosparse.neurons.")
    if name in known:
        return importlib.import_module(f"{models.__name__}.{name}")
    if isinstance(what, str) and "." not in name and importlib.util.find_spec(name) is None:
        check.one_of(owner, "model with a closed form (others run on the grid: clock.run)", name, known)
    module = what if isinstance(what, ModuleType) else _imported(owner, what)
    named = getattr(module, "PRECISE", None)
    module = module if named is None else _imported(owner, named)
    missing = [part for part in CONTRACT if not hasattr(module, part)]
    if missing:
        got = f"{module.__name__} without {', '.join(missing)}"
        remedy = "see neurosparse.precise.models, or run it on the grid: clock.run"
        check.fail(owner, f"a closed form defines {', '.join(CONTRACT)}", got, remedy, TypeError)
    return module


def _imported(owner: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        check.fail(owner, f"a module that can be imported ({error})", name, GRID)


def _unit(net: Network, population, currents: Mapping[str, Any]) -> Unit:
    owner = f"precise: {type(population).__name__} {population.name!r}"
    if isinstance(population, SpikeSource):
        return Unit(population.name, population.n, None, {}, {})
    if population.kernels:
        check.fail(owner, "runs without synaptic kernels", sorted(population.kernels), GRID)
    module, n = find(owner, population.neuron), population.n
    biology = _with_currents(net, population, module, currents)
    p = call(owner, module, "params", "Params", (), biology)
    first = call(owner, module, "init", "State", (p,), {})
    constants = {
        field: _each(f"{owner} parameter {field}", value, n, thin=True) for field, value in p._asdict().items()
    }
    state = {field: _each(f"{owner} initial {field}", value, n) for field, value in first._asdict().items()}
    for field, value in population.init.items():
        check.one_of(owner, "init", field, [name for name in state if name != "t"])
        state[field] = _each(f"{owner} init {field}", value, n)
    return Unit(population.name, n, module, constants, state)


def _with_currents(net: Network, population: Population, module: ModuleType, currents: Mapping[str, Any]) -> dict:
    """The biology with constant currents added to the parameter that stands for them."""
    biology = dict(population.params)
    for entry in net.inputs:
        if isinstance(entry, CurrentInput) and entry.target == population.name:
            owner = f"precise: CurrentInput {entry.name!r}"
            bias = getattr(module, "BIAS", {})
            parameter = bias[check.one_of(owner, "port", entry.port, bias)]
            value = _each(owner, currents[entry.name], population.n, thin=True)
            biology[parameter] = np.asarray(check.number(owner, parameter, biology.get(parameter, 0.0))) + value
    return biology


def _each(owner: str, value, n: int, thin: bool = False) -> Any:
    """A float (if `thin`) or (n,) of them."""
    array = np.asarray(check.number(owner, "the value", value), dtype=np.float64)
    if array.shape not in ((), (n,)):
        check.fail(owner, f"needs one number or shape ({n},)", array.shape)
    return float(array) if thin and array.ndim == 0 else np.array(np.broadcast_to(array, (n,)))


def _segments(net: Network, units: tuple[Unit, ...], offset: np.ndarray) -> tuple:
    parts = [_synapses(units, offset, projection) for projection in net.projections]
    none = (np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64), np.empty(0))
    source, delay, target, weight = (np.concatenate([none[c], *(p[c] for p in parts)]) for c in range(4))
    sizes = [len(part[0]) for part in parts]
    route = np.repeat(np.arange(len(parts)), sizes)
    order = np.lexsort((target, route, delay, source))
    source, delay, route = source[order], delay[order], route[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(source) != 0) | (np.diff(delay) != 0) | (np.diff(route) != 0)
    row = np.zeros(offset[-1] + 1, dtype=np.int64)
    np.cumsum(np.bincount(source[first], minlength=offset[-1]), out=row[1:])
    ends = np.array([part[4:] for part in parts], dtype=np.int64).reshape(-1, 2)[route[first]]
    start = np.append(np.flatnonzero(first), len(order)).astype(np.int64)
    return row, delay[first], start, ends[:, 0].copy(), ends[:, 1].copy(), target[order], weight[order]


def _synapses(units: tuple[Unit, ...], offset: np.ndarray, projection: Projection) -> tuple:
    """(source, delay, target, weight, target population, port) of one projection."""
    owner, names = f"precise: Projection {projection.source!r} -> {projection.target!r}", [u.name for u in units]
    source = names.index(check.one_of(owner, "population", projection.source, names))
    target = names.index(check.one_of(owner, "population", projection.target, names))
    module = units[target].module
    if module is None:
        check.fail(owner, "the target must have neurons", f"the SpikeSource {projection.target!r}")
    port = module.PORTS.index(check.one_of(owner, f"port of {projection.target!r}", projection.port, module.PORTS))
    made = projection.csr.build() if isinstance(projection.csr, Later) else projection.csr
    wiring, shape = csr.validate(owner, made), (units[source].n, units[target].n)
    if (wiring.n_rows, wiring.n_cols) != shape:
        check.fail(owner, f"csr must have shape {shape}", (wiring.n_rows, wiring.n_cols))
    if np.shape(projection.delay) not in ((), (wiring.nnz,)):
        check.fail(owner, f"delay must be one number or have shape ({wiring.nnz},)", np.shape(projection.delay))
    if units[source].module is None:
        check.at_least(owner, "delay", projection.delay, 0, "ms")
    else:
        check.at_least(owner, "delay", projection.delay, SHORTEST, "ms")
    rows, cols, weight = csr.to_coo(wiring)
    delay = np.broadcast_to(np.asarray(projection.delay, np.float64), (wiring.nnz,))
    return rows + offset[source], delay, cols.astype(np.int64), weight.astype(np.float64), target, port
