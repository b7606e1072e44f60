"""Finds simulations and figures by looking at files: no registry, no base class, no import until one is used.

A project is a folder with `simulations/` and `figures/`: the one named by NEUROSPARSE_PROJECT, else the
current folder or one above it, else the checkout that holds this package.

    simulation   simulations/NAME.py: docstring, Config, tiny() -> Config, run(config, threads=1) -> Result
    figure       figures/NAME.py: docstring, SOURCE = "name of its simulation", draw(record) -> Figure
"""

import ast
import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

from neurosparse.check import fail, one_of

NEEDS = {"simulations": ("Config", "tiny", "run"), "figures": ("SOURCE", "draw")}
ROOMS = ("simulations", "figures", "models")
_EXTRAS = {"torch": "torch", "brian2": "oracles", "nest": "oracles", "norse": "oracles"}


class DiscoverError(ValueError):
    """No project, or nothing of that name in it, or a file that breaks the contract."""

    user_mistake = True


def project() -> Path:
    """The project folder. Raises DiscoverError with the remedy when there is none."""
    named = os.environ.get("NEUROSPARSE_PROJECT")
    if named:
        folder = Path(named).expanduser().absolute()
        if not any((folder / kind).is_dir() for kind in NEEDS):
            fail(
                "NEUROSPARSE_PROJECT",
                "the folder must hold simulations/ or figures/",
                named,
                error=DiscoverError,
            )
        return folder
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).parents[1]):
        if all((folder / kind).is_dir() for kind in NEEDS):
            return folder
    need = "this folder or one above it must hold simulations/ and figures/"
    remedy = "change into a checkout of neurosparse, or set NEUROSPARSE_PROJECT to one"
    raise DiscoverError(f"discover: {need}, got {str(here)!r}; {remedy}")


def names(kind: str) -> list[str]:
    """Names of all "simulations" or "figures", sorted."""
    one_of("discover.names", "kind", kind, NEEDS, DiscoverError)
    files = (project() / kind).glob("*.py")
    return sorted(file.stem for file in files if file.stem.isidentifier() and not file.stem.startswith("_"))


def load(kind: str, name: str) -> ModuleType:
    """Import one simulation or figure and check that it keeps the contract. Raises DiscoverError."""
    folder = _folder_of(kind, name)
    _make_importable(folder)
    try:
        module = importlib.import_module(f"{kind}.{name}")
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise DiscoverError(f"{kind}.{name}: needs {error.name}: pip install 'neurosparse[{extra}]'") from error
    for need in NEEDS[kind]:
        if not hasattr(module, need):
            fail(
                f"{kind}.{name}",
                f"the file must define {', '.join(NEEDS[kind])}",
                f"no {need}",
                error=DiscoverError,
            )
    return module


def describe(kind: str, name: str) -> str:
    """First line of the docstring, without importing the file; says so if the file can not be read."""
    try:
        lines = (ast.get_docstring(_tree(kind, name)) or "").splitlines()
    except SyntaxError as error:
        return f"(can not be read: line {error.lineno}: {error.msg})"
    return lines[0] if lines else ""


def figures_of(simulation: str) -> list[str]:
    """Names of the figures whose SOURCE is this simulation, without importing them."""
    return [name for name in names("figures") if _source(name) == simulation]


def _source(name: str) -> str | None:
    try:
        nodes = _tree("figures", name).body
    except SyntaxError:
        return None
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if "SOURCE" in targets:
                return str(node.value.value)
    return None


def _tree(kind: str, name: str) -> ast.Module:
    return ast.parse((_folder_of(kind, name) / kind / f"{name}.py").read_text(encoding="utf-8"))


def _folder_of(kind: str, name: str) -> Path:
    one_of(f"{project().name}/{kind}", kind.removesuffix("s"), name, names(kind), DiscoverError)
    return project()


def _make_importable(folder: Path) -> None:
    """Put the project first on sys.path, and forget rooms of the same names from another project."""
    sys.path[:] = [str(folder), *(entry for entry in sys.path if entry != str(folder))]
    for room in filter(lambda room: (folder / room).is_dir(), ROOMS):
        loaded = sys.modules.get(room)
        if loaded is not None and str(folder / room) not in getattr(loaded, "__path__", []):
            for module in [name for name in sys.modules if name == room or name.startswith(f"{room}.")]:
                del sys.modules[module]
        if room not in sys.modules and not (folder / room / "__init__.py").exists():
            package = ModuleType(room)  # else a package of that name anywhere on sys.path would win
            package.__path__ = [str(folder / room)]
            sys.modules[room] = package
    importlib.invalidate_caches()
