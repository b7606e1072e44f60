"""The one place that sets Numba options, and the kernel cache: content-addressed, so it can not be stale.

Kinds of function:

* `shared`: plain Python outside, inlined inside compiled code (helpers of steps, random numbers, leaf loops);
* `kernel`: an entry point called from Python with arrays; compiled once for each signature and cached;
* `generated`: source text made by the clock, written beside its cache as a readable file.

Numba's own cache follows only the file of the cached function, so a kernel that calls code in another file serves
old machine code after that file changes, and two processes that store two signatures of one function at once can
swap them (https://github.com/numba/numba/issues/4807). Here every signature has a folder of its own, whose name is a
hash of all that the code reaches as it is in memory (see `reach`) and of this package's source at its import.

`NEUROSPARSE_CACHE=0` turns the cache off, `NEUROSPARSE_CACHE_DIR` moves it, `NUMBA_DISABLE_JIT=1` runs plain Python.
"""

import functools
import hashlib
import linecache
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from llvmlite import ir
from numba.extending import lower_builtin, overload, register_jitable, type_callable

from neurosparse import __version__, reach

__all__ = [
    "shared",
    "device",
    "kernel",
    "generated",
    "overload",
    "cache_folder",
    "source_hash",
    "digest",
    "Kernel",
]

OPTIONS = {"nogil": True, "error_model": "numpy"}
COUNTLESS: dict[str, Any] = OPTIONS | {"_nrt": False}
_config: Any = numba.config
_decorating = threading.Lock()
_made: dict[str, Callable] = {}
_helpers: dict[Callable, str] = {}  # what each helper reached when it was first compiled here

shared = register_jitable


def disabled() -> bool:
    """Whether plain Python runs instead of machine code."""
    return bool(_config.DISABLE_JIT)


def device(function: Callable) -> Callable:
    """Compiled for calls from compiled code only; a plain step becomes this inside a loop, inlined to be vectorised."""
    return function if _config.DISABLE_JIT else numba.njit(forceinline=True, **OPTIONS)(function)


def apart(function: Callable) -> Callable:
    """Compiled for calls from compiled code only, and not inlined if its body begins with `stay_apart()`.

    It may not make arrays: without Numba's runtime no array that it is given is counted, an atomic addition each.
    """
    return function if _config.DISABLE_JIT else numba.njit(**COUNTLESS)(function)


def stay_apart() -> None:
    """Inside a compiled function: the compiler shall not inline it. Loops then keep their constants in registers."""


@type_callable(stay_apart)
def _type_stay_apart(context):
    return lambda: numba.types.none


@lower_builtin(stay_apart)
def _lower_stay_apart(context, builder, signature, args):
    builder.function.attributes.add("noinline")
    return context.get_dummy_value()


def fetch(array, i) -> None:
    """Inside a compiled function: begin to bring array[i] near the processor; no error where there is none."""


@type_callable(fetch)
def _type_fetch(context):
    return lambda array, i: numba.types.none


@lower_builtin(fetch, numba.types.Array, numba.types.Integer)
def _lower_fetch(context, builder, signature, args):
    pointer = builder.gep(context.make_array(signature.args[0])(context, builder, args[0]).data, [args[1]])
    byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
    hint = builder.module.declare_intrinsic(
        "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, word, word, word])
    )
    builder.call(hint, [builder.bitcast(pointer, byte), word(0), word(3), word(1)])
    return context.get_dummy_value()


def code_digest(*values: Any) -> str | None:
    """Hash of everything that functions (or values) reach; None where that can not be told, so not be cached.

    None too for a helper whose globals were changed after this process compiled it: Numba goes on with the old ones.
    """
    try:
        found = digest(*[piece for value in values for piece in reach.pieces(value)])
        helpers = {h: digest(*reach.pieces(h)) for value in values for h in reach.helpers(value)}
    except reach.UnknownValue:
        return None
    changed = [h for h, now in helpers.items() if _helpers.setdefault(h, now) != now]
    return None if changed else found


def kernel(function: Callable) -> Callable:
    """An entry point: compiled and cached for each signature it is called with. Never called from compiled code."""
    if _config.DISABLE_JIT:
        return function
    return functools.update_wrapper(Kernel(function), function)


class Kernel:
    """A lazily compiled function with one cache folder for each signature."""

    def __init__(self, function: Callable):
        self.function = function
        self.compiled: dict[tuple, Callable] = {}

    def __call__(self, *args):
        kinds = tuple(map(_kind, args))
        compiled = self.compiled.get(kinds)
        if compiled is None:
            signature, reached = str(tuple(map(numba.typeof, args))), code_digest(self.function)
            key = digest(source_hash(), reached or "", signature)
            compiled = self.compiled[kinds] = _compile(self.function, key, cache=reached is not None)
        return compiled(*args)


def _kind(value) -> Any:
    """What Numba's type of a value depends on, at a fraction of the cost of asking Numba."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.ndim, value.flags.num
    if isinstance(value, tuple):
        return type(value), *map(_kind, value)
    return type(value), isinstance(value, int) and not -(2**63) <= value < 2**63


def generated(text: str, name: str, namespace: dict, *parts: str | None) -> Callable:
    """Compile the function `name` of the source `text`; its file and cache live in a folder named by their hash.

    `parts` are hashes of what the text calls (see `code_digest`); with a None among them nothing is cached. One
    signature only: what else decides the types of the arguments belongs into the text or the parts.
    """
    cache = None not in parts
    key = digest(source_hash(), text, *[part or "" for part in parts])
    if cache and key in _made:
        return _made[key]
    path = _write_once(key, text) if cache else None
    filename = str(path) if path else f"<neurosparse {key}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    # Numba imports the function's module by name when it loads from the cache, so it must be a module.
    module = sys.modules[f"neurosparse_generated_{key}"] = ModuleType(f"neurosparse_generated_{key}")
    vars(module).update(namespace, __file__=filename)
    exec(compile(text, filename, "exec"), vars(module))
    function = getattr(module, name)
    if not _config.DISABLE_JIT:
        function = _compile(function, key, cache=path is not None)
    if cache:
        _made[key] = function
    return function


def nanoseconds() -> Callable[[], int]:
    """A monotonic clock for compiled code, ns. POSIX only; code that calls it can not be cached."""
    import ctypes
    import time

    if _config.DISABLE_JIT:
        return time.monotonic_ns
    gettime = ctypes.CDLL(None).clock_gettime
    gettime.argtypes, gettime.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_int
    clock = int(time.CLOCK_MONOTONIC)

    @numba.njit
    def now():
        pair = np.empty(2, dtype=np.int64)
        gettime(clock, pair.ctypes)
        return pair[0] * 1_000_000_000 + pair[1]

    return now


def cache_folder() -> Path | None:
    """The cache of this user, version, interpreter and processor; None when the cache is off."""
    if os.environ.get("NEUROSPARSE_CACHE", "1") == "0":
        return None
    root = os.environ.get("NEUROSPARSE_CACHE_DIR")
    if not root:
        from platformdirs import user_cache_dir

        root = os.path.join(user_cache_dir("neurosparse", appauthor=False), "kernels")
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    cpu = digest(llvmlite.binding.get_host_cpu_name(), llvmlite.binding.get_host_cpu_features().flatten())[:6]
    build = f"{__version__}-{python}-numba{numba.__version__}-{llvmlite.binding.get_host_cpu_name()}-{cpu}"
    return Path(root).absolute() / build


@functools.cache
def source_hash() -> str:
    """Hash of every source file of this package, taken when this module is imported."""
    root = Path(__file__).parent
    files = sorted(root.rglob("*.py"))
    return digest(*[part for file in files for part in (str(file.relative_to(root)), file.read_bytes())])


def digest(*parts: str | bytes) -> str:
    """Sixteen hexadecimal digits that depend on every part and on where one ends and the next begins."""
    total = hashlib.blake2b(digest_size=8)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()


def _compile(function: Callable, key: str, cache: bool = True) -> Callable:
    folder = cache_folder() if cache else None
    if folder is None:
        return numba.njit(**OPTIONS)(function)
    # Numba reads CACHE_DIR while it decorates, and at no other time.
    with _decorating:
        before = _config.CACHE_DIR
        try:
            _config.CACHE_DIR = str(folder / key)
            return _forgiving(numba.njit(cache=True, **OPTIONS)(function))
        except (OSError, RuntimeError):  # no folder can be written: compile in memory
            return numba.njit(**OPTIONS)(function)
        finally:
            _config.CACHE_DIR = before


def _forgiving(dispatcher: Any) -> Callable:
    """A damaged cache is a slow start, not an error: what can not be read is compiled anew and written over."""
    cache = getattr(dispatcher, "_cache", None)
    if cache is None or not hasattr(cache, "load_overload"):
        return dispatcher
    load, save = cache.load_overload, cache.save_overload

    def load_or_none(*args):
        try:
            return load(*args)
        except Exception:
            return None

    def save_or_not(*args):
        try:
            save(*args)
        except Exception:
            with suppress(Exception):
                cache.flush()
                save(*args)

    cache.load_overload, cache.save_overload = load_or_none, save_or_not
    return dispatcher


def _write_once(key: str, text: str) -> Path | None:
    """Write the text to its folder, whole or not at all; None when the cache is off or can not be written."""
    folder = cache_folder()
    if folder is None:
        return None
    path = folder / key / "network.py"
    if path.exists():
        return path
    scratch = path.with_name(f"network.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(text, encoding="utf-8")
        os.replace(scratch, path)
    except OSError:
        return None
    return path


source_hash()
