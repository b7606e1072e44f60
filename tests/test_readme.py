"""The README keeps its word: its Python runs, its commands exist, it stays short."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_python_example_runs(tmp_path):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    check = "\nassert 500 < len(spikes.i) < 20000, len(spikes.i)\n"
    out = subprocess.run(
        [sys.executable, "-W", "error", "-c", example + check], cwd=tmp_path, capture_output=True, text=True
    )
    assert out.returncode == 0, out.stderr
    assert (tmp_path / "raster.png").stat().st_size > 5000
    assert len([line for line in example.splitlines() if line.strip()]) <= 16


def test_it_is_short_and_its_links_hold():
    assert len(README.splitlines()) < 120
    assert not re.search(r"@[A-Z]+@|TODO", README)
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_its_commands_exist():
    from neurosparse import discover

    for name in re.findall(r"neurosparse run (\w+)", README):
        assert name in discover.names("simulations")
    for name in re.findall(r"neurosparse figure (\w+)", README):
        assert name in discover.names("figures")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"^make (\w+)", README, re.MULTILINE)) <= set(targets)
