"""Step modules, rules and short-term plasticity by name, by import path or by file, and what each kind defines."""

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np

from neurosparse import check
from neurosparse.plan import Dynamics

CONTRACT = {
    "neurons": ("PORTS", "Params", "State", "params", "init", "step"),
    "synapses": ("PORTS", "Params", "State", "params", "init", "step"),
    "plasticity": ("Params", "Synapse", "Pre", "Post", "params", "trace", "on_pre", "on_post"),
    "release": ("Params", "State", "params", "init", "release"),
}
ROOMS = {"neurons": ("neurons", "astrocytes")}  # where a name is looked for, if not in the one folder
FIRST = {"neurons": "lif", "synapses": "exp", "plasticity": "stdp", "release": "tsodyks"}  # the file to copy


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
    missing = [name for name in CONTRACT[room] if not hasattr(module, name)]
    if missing:
        check.fail(
            owner,
            f"a model defines {', '.join(CONTRACT[room])}",
            f"{module.__name__} without {', '.join(missing)}",
            f"copy neurosparse/{room}/{FIRST[room]}.py and change it",
            TypeError,
        )
    return _formed(owner, module, room)


def _formed(owner: str, module: ModuleType, room: str) -> ModuleType:
    """The module, if what it defines is of the right kind."""
    owner = f"{owner}: {module.__name__}"
    for name in CONTRACT[room]:
        part = getattr(module, name)
        if name == "PORTS":
            if not isinstance(part, tuple) or not all(isinstance(port, str) and port.isidentifier() for port in part):
                check.fail(
                    owner, "PORTS must be a tuple of names", part, 'a single one needs its comma: ("x",)', TypeError
                )
        elif name[0].isupper():
            if not (isinstance(part, type) and issubclass(part, tuple) and hasattr(part, "_fields")):
                check.fail(owner, f"{name} must be a NamedTuple", part, error=TypeError)
            if part._field_defaults:  # type: ignore[attr-defined]
                remedy = "give them in params(...) or init(p): compiled code can not"
                check.fail(owner, f"{name} must have no defaults", part._field_defaults, remedy, TypeError)  # type: ignore
        elif not callable(part):
            check.fail(owner, f"{name} must be a function", part, error=TypeError)
    adds = getattr(module, "ADDS", {})
    if adds and not (
        isinstance(adds, Mapping) and {*adds} <= {*module.PORTS} and {*adds.values()} <= {*module.State._fields}
    ):
        check.fail(owner, "ADDS must be a dict from ports to fields of State", adds, error=TypeError)
    return module


def _by_name(owner: str, name: str, room: str) -> ModuleType:
    known = {}
    for place in ROOMS.get(room, (room,)):
        package = importlib.import_module(f"neurosparse.{place}")
        files = sorted(f.stem for f in Path(str(package.__file__)).parent.glob("*.py") if f.stem != "__init__")
        known |= {stem: f"neurosparse.{place}.{stem}" for stem in files}
    if name in known:
        return importlib.import_module(known[name])
    if not all(part.isidentifier() for part in name.split(".")):
        check.fail(
            owner, "a model is named by its module, or as a file.py", name, f"the models here: {', '.join(known)}"
        )
    if "." not in name and importlib.util.find_spec(name) is None:
        check.one_of(
            owner,
            f"model in neurosparse.{room} (or a module that can be imported, or a file.py)",
            name,
            known,
        )
    try:
        return importlib.import_module(name)
    except Exception as error:
        check.fail(owner, f"a module that can be imported ({error})", name, "name a file as 'folder/my_model.py'")


def _from_file(owner: str, path: Path) -> ModuleType:
    if "\0" in str(path) or not path.is_file():
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


def dynamics(owner: str, module, biology: Mapping, init: Mapping, n: int, dt: float) -> Dynamics:
    """A step module with constants from biology and its initial state for n neurons."""
    if not isinstance(biology, Mapping) or not isinstance(init, Mapping):
        check.fail(owner, "params and init must be dicts", biology, error=TypeError)
    p = constants(owner, module, biology, dt)
    values = {name: constant(f"{owner} parameter {name}", value, n) for name, value in p._asdict().items()}
    first = call(owner, module, "init", "State", (p,), {})
    state = {name: spread(f"{owner} initial {name}", value, n) for name, value in first._asdict().items()}
    for name, value in init.items():
        check.one_of(owner, "init", name, state)
        state[name] = spread(f"{owner} init {name}", value, n)
    return Dynamics(module, values, state)


def constants(owner: str, module, biology: Mapping, dt: float):
    """`module.params` of biology."""
    if "dt" in biology:
        check.fail(owner, "dt belongs to the Network", f"dt={biology['dt']!r} in params", "remove it there")
    return call(owner, module, "params", "Params", (), {**biology, "dt": dt})


def call(owner: str, module, name: str, kind: str, args: tuple, given: dict):
    """What a function of a model returns, which anybody may have written: its own mistakes are named, not shown raw."""
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused where it is taken over
            made = getattr(module, name)(*args, **given)
    except Exception as error:
        if getattr(error, "user_mistake", False):
            raise
        what = "arguments" if isinstance(error, TypeError) else "values"
        need = f"{module.__name__}.{name} takes other {what} ({type(error).__name__}: {error})"
        kept = {key: value for key, value in given.items() if key != "dt"}
        check.fail(owner, need, sorted(kept) if what == "arguments" else kept, error=_kind_of(error))
    if not isinstance(made, getattr(module, kind)):
        check.fail(owner, f"{module.__name__}.{name} must return its {kind}", made, error=TypeError)
    return made


def _kind_of(error: Exception) -> type[Exception]:
    """TypeError as it is, all else as ValueError."""
    return TypeError if isinstance(error, TypeError) else ValueError


def constant(owner: str, value, n: int):
    """A float, or (n,) float64."""
    return float(check.number(owner, "the value", value)) if np.ndim(value) == 0 else spread(owner, value, n)


def spread(owner: str, value, n: int) -> np.ndarray:
    """(n,) float64 from one number or n of them."""
    array = np.asarray(check.number(owner, "the value", value), dtype=np.float64)
    if array.ndim > 1 or (array.ndim == 1 and array.shape != (n,)):
        check.fail(owner, f"needs one number or shape ({n},)", array.shape)
    return np.array(np.broadcast_to(array, (n,)))


def model(owner: str, room: str, spec) -> tuple[ModuleType, Mapping] | None:
    """A pair (model, parameters) with its module found."""
    if spec is None:
        return None
    name, params = check.pair(owner, room, spec, f'("{FIRST[room]}", {{}})')
    return find_module(owner, name, room), params
