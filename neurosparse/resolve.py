"""What a Network means: modules found, parameters computed, delays on the grid, every mistake named before a run.

A `Plan` holds populations in order, each with its module, `Params` (floats, or arrays (n,) for values that differ
from neuron to neuron), kernels and initial state, and projections with their delay in steps.
"""

import functools
import hashlib
import importlib
import importlib.util
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from neurosparse import check, csr, grid
from neurosparse.network import CurrentInput, Network, Population, Projection, SpikeSource

PACKAGE = Path(__file__).parent
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
    order: np.ndarray | None  # (nnz,) place in the Projection's csr of each synapse; None where they are the same


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
    check.positive("Network", "dt", net.dt, "ms")
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


def module_digest(module: ModuleType) -> str:
    """Hash of a step module's source and constants and of the user's modules that it draws on."""
    from neurosparse.jit import digest

    parts: dict[str, list[str | bytes]] = {}
    _visit(module, module.__name__.partition(".")[0], parts)
    return digest(*[piece for key in sorted(parts) for piece in (key, *parts[key])])


def _visit(module: ModuleType, package: str, parts: dict) -> None:
    path = getattr(module, "__file__", None)
    if not path or path in parts or Path(path).is_relative_to(PACKAGE):  # this package is hashed whole in any case
        return
    if module.__name__.partition(".")[0] != package and not _is_users(Path(path)):
        return
    constants = {k: v for k, v in vars(module).items() if isinstance(v, int | float | bool | str | tuple)}
    parts[path] = [
        Path(path).read_bytes(),
        repr(sorted((k, repr(v)) for k, v in constants.items() if k[:2] != "__")),
    ]
    for value in list(vars(module).values()):
        other = value if isinstance(value, ModuleType) else sys.modules.get(getattr(value, "__module__", None) or "")
        if other is not None:
            _visit(other, package, parts)


def _is_users(path: Path) -> bool:
    """Neither the standard library, nor installed by someone else."""
    return path.suffix == ".py" and not any(path.is_relative_to(folder) for folder in _libraries())


@functools.cache
def _libraries() -> tuple[str, ...]:
    return tuple(sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib"))


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
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _part(population: Population | SpikeSource, dt: float) -> Part:
    owner = f"{type(population).__name__} {population.name!r}"
    check.integer(owner, "n", population.n, low=1, high=2**31 - 1)
    if isinstance(population, SpikeSource):
        return Part(population.name, population.n, None, {})
    module = find_module(owner, population.neuron, "neurons")
    dynamics = _dynamics(owner, module, population.params, population.init, population.n, dt)
    kernels = {}
    for port, (kernel, params) in population.kernels.items():
        check.one_of(owner, "port of a kernel", port, module.PORTS)
        found = find_module(owner, kernel, "synapses")
        kernels[port] = _dynamics(f"{owner} kernel of {port!r}", found, params, {}, population.n, dt)
    return Part(population.name, population.n, dynamics, kernels)


def _dynamics(owner: str, module, biology: Mapping, init: Mapping, n: int, dt: float) -> Dynamics:
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
    return float(value) if np.ndim(value) == 0 else _spread(owner, value, n)


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
    if np.shape(projection.delay) not in ((), (wiring.nnz,)):
        check.fail(owner, f"delay must be one number or have shape ({wiring.nnz},)", np.shape(projection.delay))
    low = 0 if plan.parts[source].dynamics is None else 1
    steps = np.asarray(grid.steps(owner, "delay", projection.delay, plan.dt, low))
    delays, segments, indices, weight, order = _by_delay(wiring, steps)
    if len(weight) > 1 and np.all(weight == weight[0]):
        weight = weight[:1]
    return Route(source, target, port, delays, segments, indices, weight, order)


def _by_delay(wiring: csr.Csr, steps: np.ndarray) -> tuple:
    """(delays, segments, indices, weight, order) of a Route."""
    delays, kind = np.unique(steps, return_inverse=True)
    if len(delays) <= 1:
        delays = delays if len(delays) else np.ones(1, dtype=np.int64)
        return delays, wiring.indptr, wiring.indices, wiring.weight, None
    rows, cols, weight = csr.to_coo(wiring)
    segment = rows * len(delays) + kind.reshape(-1)
    order = np.argsort(segment, kind="stable")  # targets ascend in a row, and so in each of its segments
    segments = np.zeros(wiring.n_rows * len(delays) + 1, dtype=np.int64)
    np.cumsum(np.bincount(segment, minlength=len(segments) - 1), out=segments[1:])
    return delays, segments, cols[order], weight[order], order
