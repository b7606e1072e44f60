"""The house rules: who may import whom, what importing costs, how long a file may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOTTOM = {"reach", "jit", "ops", "elementary", "grid", "rng", "csr", "check", "drive", "shares", "narrow", "leaves"}
MIDDLE = {
    "wire",
    "neurons",
    "synapses",
    "sdr",
    "coding",
    "measure",
    "theory",
    "encode",
    "cochlea",
    "motifs",
    "readout",
    "plasticity",
    "release",
    "astrocytes",
    "rewiring",
}
ENGINE = {
    "network",
    "plan",
    "find",
    "routes",
    "form",
    "resolve",
    "resume",
    "fuse",
    "fuse_rules",
    "fuse_text",
    "record",
    "clock",
    "precise",
    "describe",
    "arrays",
    "influence",
}
EDGE = {
    "cost",
    "data",
    "io",
    "plot",
    "discover",
    "cli",
    "liquid",
    "stimuli",
    "classifier",
    "criticality",
    "capacity_cli",
    "capacity_page",
}
ALLOWED = (
    dict.fromkeys(BOTTOM, BOTTOM)
    | {room: BOTTOM | {room} for room in MIDDLE}
    | dict.fromkeys(ENGINE, BOTTOM | MIDDLE | ENGINE)
    | {"tensor": BOTTOM | MIDDLE | ENGINE | {"tensor"}}
    | dict.fromkeys(EDGE, BOTTOM | MIDDLE | ENGINE | EDGE)
)
FILES = sorted(
    path for folder in ("neurosparse", "models", "simulations", "figures") for path in (ROOT / folder).rglob("*.py")
)


def imports(path):
    """Absolute dotted names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(name):
    parts = name.split(".")
    return parts[1] if parts[0] == "neurosparse" and len(parts) > 1 else None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downward(path):
    top, *rest = path.relative_to(ROOT).with_suffix("").parts
    for name in imports(path):
        library = name.partition(".")[0]
        assert library not in ("brian2", "nest", "norse") or "rivals" in path.parts, name
        if top == "neurosparse":
            assert library not in ("models", "simulations", "figures", "tests"), name
            assert library != "torch" or rest[0] == "tensor", name
            assert library != "matplotlib" or rest[0] in ("plot", "cli", "io"), name
            if rest != ["__init__"] and room(name) not in (None, "__version__"):
                assert room(name) in ALLOWED[rest[0]], f"{path}: {name}"
        elif top == "models":
            assert library not in ("simulations", "figures"), name
        elif top == "simulations":
            assert library != "figures", name
        elif top == "figures":
            assert library not in ("models", "simulations"), name
            assert room(name) in (None, "io", "plot"), name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_holds_one_idea(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 400
    assert ast.get_docstring(ast.parse("\n".join(lines))), f"{path} has no docstring"


def test_importing_the_package_is_light():
    heavy = ("numba", "torch", "matplotlib", "scipy", "sklearn", "h5py", "pydantic")
    code = f"import neurosparse, sys; print(*[m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []


def test_names_load_on_first_use():
    import neurosparse

    assert neurosparse.Network.__name__ == "Network"
    assert neurosparse.clock.run is neurosparse.run
    assert set(neurosparse.__all__) <= set(dir(neurosparse))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        neurosparse.nothing  # noqa: B018
