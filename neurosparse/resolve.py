"""What a Network means: modules found, parameters computed, delays on the grid, every mistake named before a run.

A `Plan` holds populations in order, each with its module, `Params` (floats, or arrays (n,) for values that differ
from neuron to neuron), kernels and initial state, and projections with their delay in steps.
"""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, csr, grid
from neurosparse.network import CurrentInput, Network, Population, Projection, SpikeSource

PARTS: dict[str, Any] = {
    "populations": Population | SpikeSource,
    "projections": Projection,
    "inputs": CurrentInput,
}
LONGEST = 100_000  # steps of delay: a ring of the spikes of so many steps is kept
CONTRACT = ("PORTS", "Params", "State", "params", "init", "step")


class Dynamics(NamedTuple):
    """A step module with its constants and initial state for n neurons."""

    module: ModuleType
    params: dict[str, float | np.ndarray]  # in the order of module.Params
    state: dict[str, np.ndarray]  # field -> (n,) float64

    @property
    def adds(self) -> Mapping[str, str]:
        """Ports that add to a State field before the step."""
        return getattr(self.module, "ADDS", {})


class Part(NamedTuple):
    """One population; dynamics is None for a SpikeSource."""

    name: str
    n: int
    dynamics: Dynamics | None
    kernels: dict[str, Dynamics]  # port -> kernel


class Route(NamedTuple):
    """One projection: indices into Plan.parts, and synapses ordered by source, delay, target."""

    source: int
    target: int
    port: str
    delays: np.ndarray  # (n_delays,) int64 distinct delays, steps, ascending
    segments: np.ndarray  # (n_rows * n_delays + 1,) int64: the synapses of a source with a delay
    indices: np.ndarray  # (nnz,) int32 targets
    weight: np.ndarray  # (nnz,) float32, or (1,) where all are equal


class Plan(NamedTuple):
    """A network made explicit."""

    parts: tuple[Part, ...]
    routes: tuple[Route, ...]
    inputs: tuple[tuple[str, int, str], ...]  # name, index of the target part, port
    dt: float

    def index(self, owner: str, name: str) -> int:
        """Position of a population; raises ValueError for an unknown name."""
        names = [part.name for part in self.parts]
        return names.index(check.one_of(owner, "population", name, names))


def resolve(net: Network) -> Plan:
    """Check a network and make it explicit. Raises ValueError or TypeError naming what is wrong and the way out."""
    if not isinstance(net, Network):
        check.fail("clock", "needs a Network", type(net).__name__, error=TypeError)
    check.positive("Network", "dt", net.dt, "ms")
    for name, kinds in PARTS.items():
        items = getattr(net, name)
        if not isinstance(items, tuple | list) or isinstance(items, kinds):
            check.fail("Network", f"{name} must be a tuple", items, "a single one needs its comma: (item,)", TypeError)
        for item in items:
            if not isinstance(item, kinds):
                check.fail("Network", f"{name} must hold {kinds}", item, error=TypeError)
    if not net.populations:
        check.fail("Network", "needs at least one population", net.populations)
    names = [p.name for p in net.populations] + [i.name for i in net.inputs]
    for name in names:
        if not isinstance(name, str) or names.count(name) > 1:
            check.fail("Network", "populations and inputs need distinct names", name)
    parts = tuple(_part(p, net.dt) for p in net.populations)
    plan = Plan(parts, (), (), net.dt)
    return plan._replace(
        routes=tuple(_route(plan, projection) for projection in net.projections),
        inputs=tuple((i.name, *_entrance(plan, f"CurrentInput {i.name!r}", i)) for i in net.inputs),
    )


def find_module(owner: str, what: ModuleType | str, room: str) -> ModuleType:
    """A step module given as itself, by name in `room`, as "package.module" or as "path/to/file.py"."""
    if isinstance(what, ModuleType):
        module = what
    elif not isinstance(what, str):
        check.fail(owner, "a model is a module or its name", what, error=TypeError)
    elif what.endswith(".py"):
        module = _from_file(owner, Path(what))
    else:
        module = _by_name(owner, what, room)
    missing = [name for name in CONTRACT if not hasattr(module, name)]
    if missing:
        check.fail(
            owner,
            f"a model defines {', '.join(CONTRACT)}",
            f"{module.__name__} without {', '.join(missing)}",
            "copy neurosparse/neurons/lif.py and change it",
            TypeError,
        )
    return module


def _by_name(owner: str, name: str, room: str) -> ModuleType:
    package = importlib.import_module(f"neurosparse.{room}")
    known = sorted(f.stem for f in Path(str(package.__file__)).parent.glob("*.py") if f.stem != "__init__")
    if name in known:
        return importlib.import_module(f"neurosparse.{room}.{name}")
    if "." not in name and importlib.util.find_spec(name) is None:
        check.one_of(
            owner,
            f"model in neurosparse.{room} (or a module that can be imported, or a file.py)",
            name,
            known,
        )
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        check.fail(owner, f"a module that can be imported ({error})", name, "name a file as 'folder/my_model.py'")


def _from_file(owner: str, path: Path) -> ModuleType:
    if not path.is_file():
        check.fail(owner, "the model's file must exist", str(path), error=FileNotFoundError)
    name = f"neurosparse_user_{hashlib.sha256(path.resolve().as_posix().encode() + path.read_bytes()).hexdigest()[:16]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path.resolve())
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        sys.path.insert(0, str(path.resolve().parent))
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            line = f"{type(error).__name__}: {error}"
            check.fail(owner, f"the model's file must load ({line})", str(path), "mend it and run again", TypeError)
        finally:
            sys.path.remove(str(path.resolve().parent))
    return sys.modules[name]


def _part(population: Population | SpikeSource, dt: float) -> Part:
    owner = f"{type(population).__name__} {population.name!r}"
    check.integer(owner, "n", population.n, low=1, high=2**31 - 1)
    if isinstance(population, SpikeSource):
        return Part(population.name, population.n, None, {})
    module = find_module(owner, population.neuron, "neurons")
    dynamics = _dynamics(owner, module, population.params, population.init, population.n, dt)
    kernels = {}
    for port, spec in population.kernels.items():
        check.one_of(owner, "port of a kernel", port, module.PORTS)
        if not isinstance(spec, tuple) or len(spec) != 2 or not isinstance(spec[1], Mapping):
            check.fail(
                owner, "a kernel is a pair (model, parameters)", spec, 'write ("exp", {"tau_syn": 5.0})', TypeError
            )
        kernel, params = spec
        found = find_module(owner, kernel, "synapses")
        if len(found.PORTS) != 1:
            check.fail(
                owner, "a kernel has one port", f"{found.__name__} with {', '.join(found.PORTS)}", error=TypeError
            )
        kernels[port] = _dynamics(f"{owner} kernel of {port!r}", found, params, {}, population.n, dt)
    return Part(population.name, population.n, dynamics, kernels)


def _dynamics(owner: str, module, biology: Mapping, init: Mapping, n: int, dt: float) -> Dynamics:
    if not isinstance(biology, Mapping) or not isinstance(init, Mapping):
        check.fail(owner, "params and init must be dicts", biology, error=TypeError)
    if "dt" in biology:
        check.fail(owner, "dt belongs to the Network", f"dt={biology['dt']!r} in params", "remove it there")
    try:
        p = module.params(**biology, dt=dt)
    except TypeError as error:
        check.fail(
            owner,
            f"{module.__name__}.params takes other arguments ({error})",
            sorted(biology),
            error=TypeError,
        )
    constants = {name: _constant(f"{owner} parameter {name}", value, n) for name, value in p._asdict().items()}
    state = {name: _spread(f"{owner} initial {name}", value, n) for name, value in module.init(p)._asdict().items()}
    for name, value in init.items():
        check.one_of(owner, "init", name, state)
        state[name] = _spread(f"{owner} init {name}", value, n)
    return Dynamics(module, constants, state)


def _constant(owner: str, value, n: int):
    return float(check.number(owner, "the value", value)) if np.ndim(value) == 0 else _spread(owner, value, n)


def _spread(owner: str, value, n: int) -> np.ndarray:
    array = np.asarray(check.number(owner, "the value", value), dtype=np.float64)
    if array.ndim > 1 or (array.ndim == 1 and array.shape != (n,)):
        check.fail(owner, f"needs one number or shape ({n},)", array.shape)
    return np.array(np.broadcast_to(array, (n,)))


def _entrance(plan: Plan, owner: str, entry: Projection | CurrentInput) -> tuple[int, str]:
    target = plan.index(owner, entry.target)
    dynamics = plan.parts[target].dynamics
    if dynamics is None:
        check.fail(owner, "the target must have neurons", f"the SpikeSource {entry.target!r}")
    check.one_of(owner, f"port of {entry.target!r}", entry.port, dynamics.module.PORTS)
    return target, entry.port


def _route(plan: Plan, projection: Projection) -> Route:
    owner = f"Projection {projection.source!r} -> {projection.target!r}"
    source = plan.index(owner, projection.source)
    target, port = _entrance(plan, owner, projection)
    wiring = csr.validate(owner, projection.csr)
    shape = (plan.parts[source].n, plan.parts[target].n)
    if (wiring.n_rows, wiring.n_cols) != shape:
        check.fail(owner, f"csr must have shape {shape}", (wiring.n_rows, wiring.n_cols))
    check.number(owner, "delay", projection.delay, "ms")
    if np.shape(projection.delay) not in ((), (wiring.nnz,)):
        check.fail(owner, f"delay must be one number or have shape ({wiring.nnz},)", np.shape(projection.delay))
    low = 0 if plan.parts[source].dynamics is None else 1
    check.between(owner, "delay", projection.delay, 0, LONGEST * plan.dt, "ms")
    steps = np.asarray(grid.steps(owner, "delay", projection.delay, plan.dt, low))
    delays, segments, indices, weight = _by_delay(wiring, steps)
    if len(weight) > 1 and np.all(weight == weight[0]):
        weight = csr.frozen(weight[:1])
    return Route(source, target, port, delays, segments, indices, weight)


def _by_delay(wiring: csr.Csr, steps: np.ndarray) -> tuple:
    """(delays, segments, indices, weight) of a Route."""
    delays, kind = np.unique(steps, return_inverse=True)
    if len(delays) <= 1:
        delays = delays if len(delays) else np.ones(1, dtype=np.int64)
        return csr.frozen(delays), *(csr.frozen(array) for array in wiring[:3])
    rows, cols, weight = csr.to_coo(wiring)
    segment = rows * len(delays) + kind.reshape(-1)
    order = np.argsort(segment, kind="stable")  # targets ascend in a row, and so in each of its segments
    segments = np.zeros(wiring.n_rows * len(delays) + 1, dtype=np.int64)
    np.cumsum(np.bincount(segment, minlength=len(segments) - 1), out=segments[1:])
    return tuple(csr.frozen(array) for array in (delays, segments, cols[order], weight[order]))
