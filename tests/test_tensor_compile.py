"""torch.compile, in a process of its own: what it makes and the libraries of other simulators do not live together."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="torch.compile needs a C++ compiler")
def test_cells_and_sparse_layers_compile_without_a_break_in_their_graph():
    out = subprocess.run([sys.executable, "-m", "tests.compiled"], cwd=ROOT, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert out.stdout.split() == ["compiled"]
