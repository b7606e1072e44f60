"""What compiled code depends on: the functions and values that a function can reach, as they are in memory.

Numba freezes them all when it compiles: the code of the function and of every function that it calls, defaults,
closure cells, and the values of the globals and module attributes that are named. Their digest is the only honest name
for the machine code. Files are not asked: a file may be edited after its import.
"""

import types
from collections.abc import Iterator
from typing import Any

import numpy as np

LEAVES = (
    "numpy",
    "math",
    "cmath",
    "numba",
    "builtins",
    "scipy",
    "neurosparse.ops",
    "neurosparse.elementary",
    "neurosparse.jit",
)


class UnknownValue(TypeError):
    """A function reaches something whose content can not be hashed; what is compiled from it must not be cached."""


def pieces(value: Any, names: frozenset[str] = frozenset(), seen: dict[int, int] | None = None) -> Iterator[bytes]:
    """Bytes that differ wherever what `value` reaches differs.

    names: attributes that the code around names; of a module only these are followed. Raises UnknownValue.
    """
    seen = {} if seen is None else seen
    if isinstance(value, types.FunctionType | types.ModuleType | type) or _function(value) is not None:
        if id(value) in seen:
            yield f"again {seen[id(value)]}".encode()
            return
        seen[id(value)] = len(seen)
    function = _function(value)
    if function is not None:
        yield from _of_function(function, seen)
    elif isinstance(value, types.ModuleType):
        yield f"module {value.__name__}".encode()
        if not _is_leaf(value.__name__):
            for name in sorted(names & vars(value).keys()):
                yield name.encode()
                yield from pieces(vars(value)[name], names, seen)
    elif isinstance(value, type):
        yield f"class {value.__module__}.{value.__qualname__} {getattr(value, '_fields', '')}".encode()
    elif isinstance(value, np.ndarray | np.generic):
        yield f"array {value.dtype.str} {value.shape}".encode()
        if value.dtype.hasobject:
            raise UnknownValue(f"an array of objects, {value!r:.80}")
        yield value.tobytes()
    elif isinstance(value, tuple | list):
        yield f"{type(value).__name__} {len(value)}".encode()
        for item in value:
            yield from pieces(item, names, seen)
    elif value is None or isinstance(value, bool | int | float | complex | str | bytes):
        yield f"{type(value).__name__} {value!r}".encode()
    elif isinstance(value, types.BuiltinFunctionType | np.ufunc):
        yield f"builtin {value.__name__}".encode()
    else:
        raise UnknownValue(f"{type(value).__name__} {value!r:.80}")


def helpers(value: Any) -> set[types.FunctionType]:
    """The functions below `value`, outside the leaves: what Numba compiles once for a process."""
    found: set[types.FunctionType] = set()

    def look(function: types.FunctionType | None) -> None:
        if function is None or function in found or _is_leaf(function.__module__ or ""):
            return
        found.add(function)
        names = frozenset(_names(function.__code__))
        reached = [cell.cell_contents for cell in function.__closure__ or ()]
        reached += [function.__globals__[name] for name in names & function.__globals__.keys()]
        modules = [item for item in reached if isinstance(item, types.ModuleType) and not _is_leaf(item.__name__)]
        reached += [vars(module)[name] for module in modules for name in names & vars(module).keys()]
        for item in reached:
            look(_function(item))

    top = _function(value)
    look(top)
    return found - {top}


def _function(value: Any) -> types.FunctionType | None:
    """The Python function in a plain one, a Numba dispatcher, or one of our kernels."""
    for wrapped in (value, getattr(value, "py_func", None)):
        if isinstance(wrapped, types.FunctionType):
            return wrapped
    return None


def _of_function(function: types.FunctionType, seen: dict[int, int]) -> Iterator[bytes]:
    yield f"function {function.__module__}.{function.__qualname__}".encode()
    if _is_leaf(function.__module__ or ""):
        return
    names = frozenset(_names(function.__code__))
    yield from _of_code(function.__code__)
    for value in (*(function.__defaults__ or ()), *sorted((function.__kwdefaults__ or {}).items())):
        yield from pieces(value, names, seen)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield f"cell {name}".encode()
        yield from pieces(cell.cell_contents, names, seen)
    for name in sorted(names & function.__globals__.keys()):
        yield f"global {name}".encode()
        yield from pieces(function.__globals__[name], names, seen)


def _of_code(code: types.CodeType) -> Iterator[bytes]:
    yield code.co_code
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)).encode()
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _of_code(constant)
        else:
            shown = sorted(map(repr, constant)) if isinstance(constant, frozenset) else repr(constant)
            yield f"{type(constant).__name__} {shown}".encode()  # the order of a set is another in each process


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _is_leaf(module: str) -> bool:
    """Named by version elsewhere: their code is not followed."""
    return any(module == leaf or module.startswith(leaf + ".") for leaf in LEAVES)
