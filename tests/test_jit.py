"""The kernel cache: never stale, safe when many start at once, and off when told so."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from neurosparse import jit
from tests.test_network import NEURON

NO_JIT = bool(int(os.environ.get("NUMBA_DISABLE_JIT", "0")))

SCRIPT = """
import sys
from neurosparse import clock
from neurosparse.network import CurrentInput, Network, Population, SpikeMonitor
net = Network((Population("q", 2, "quadratic"),), inputs=(CurrentInput("x", "q", "x"),), dt=0.1)
spikes = clock.run(net, 100.0, {"x": 4.0}, (SpikeMonitor("q"),)).spikes["q"]
print(spikes.i.size, spikes.step.sum())
"""


def start(folder, script=SCRIPT, **env):
    """Run SCRIPT in a new process that finds quadratic.py in `folder` and keeps its cache there."""
    env = os.environ | {"PYTHONPATH": str(folder), "NEUROSPARSE_CACHE_DIR": str(folder / "cache"), **env}
    return subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "Warning" not in err
    return out


@pytest.mark.slow
def test_an_edited_step_takes_effect_in_a_new_process(tmp_path):
    """The trap: Numba's own cache would go on with the machine code of the old step."""
    path = tmp_path / "quadratic.py"
    path.write_text(NEURON)
    first = finish(start(tmp_path))
    assert finish(start(tmp_path)) == first
    path.write_text(NEURON.replace("s.v * s.v + x", "s.v * s.v + 4.0 * x"))
    changed = finish(start(tmp_path))
    assert changed != first
    assert finish(start(tmp_path, NEUROSPARSE_CACHE="0")) == changed


@pytest.mark.slow
def test_an_edited_helper_takes_effect_in_a_new_process(tmp_path):
    helper = "from neurosparse import jit\n@jit.shared\ndef square(v):\n    return {0} * v * v\n"
    (tmp_path / "quadratic.py").write_text(
        "from squares import square\n" + NEURON.replace("s.v * s.v + x", "square(s.v) + x")
    )
    (tmp_path / "squares.py").write_text(helper.format("1.0"))
    first = finish(start(tmp_path))
    (tmp_path / "squares.py").write_text(helper.format("2.0"))
    assert finish(start(tmp_path)) != first


POISON = SCRIPT.replace(
    "spikes = ",
    """import quadratic
text = open(quadratic.__file__).read()
open(quadratic.__file__, "w").write(text.replace("s.v * s.v + x", "s.v * s.v + 4.0 * x"))
spikes = """,
)


@pytest.mark.slow
def test_an_edit_while_a_process_runs_poisons_nothing(tmp_path):
    """It compiles what it imported, under the name of what it imported, not of what the file says by then."""
    (tmp_path / "quadratic.py").write_text(NEURON)
    old = finish(start(tmp_path, script=POISON))
    new = finish(start(tmp_path))
    assert new != old
    assert new == finish(start(tmp_path, NEUROSPARSE_CACHE="0"))


@pytest.mark.slow
def test_a_damaged_cache_mends_itself(tmp_path):
    (tmp_path / "quadratic.py").write_text(NEURON)
    first = finish(start(tmp_path))
    files = list((tmp_path / "cache").rglob("*.nb?"))
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[:20])
    assert finish(start(tmp_path)) == first
    assert all(path.stat().st_size > 20 for path in files)


@pytest.mark.slow
def test_one_file_by_two_names(tmp_path):
    """By its path, then as a module: neither finds the other's cache in its way."""
    path = tmp_path / "quadratic.py"
    path.write_text(NEURON)
    by_path = SCRIPT.replace('"quadratic"', repr(str(path)))
    assert finish(start(tmp_path, script=by_path)) == finish(start(tmp_path)) == finish(start(tmp_path, script=by_path))


@pytest.mark.slow
def test_four_processes_may_start_at_once_on_an_empty_cache(tmp_path):
    (tmp_path / "quadratic.py").write_text(NEURON)
    answers = {finish(process) for process in [start(tmp_path) for _ in range(4)]}
    assert len(answers) == 1
    assert {finish(start(tmp_path))} == answers
    assert not list(tmp_path.rglob("*.tmp*"))


@pytest.mark.slow
def test_a_cache_that_can_not_be_written_is_no_obstacle(tmp_path):
    (tmp_path / "quadratic.py").write_text(NEURON)
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert finish(start(tmp_path)) == finish(start(tmp_path, NEUROSPARSE_CACHE="0"))


def test_digest_separates_its_parts():
    assert jit.digest("ab", "c") != jit.digest("a", "bc")
    assert jit.digest("ab", b"c") == jit.digest("ab", "c")
    assert len(jit.digest("")) == 16


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("NEUROSPARSE_CACHE_DIR", str(tmp_path))
    folder = jit.cache_folder()
    assert folder.parent == tmp_path
    assert f"py{sys.version_info.major}{sys.version_info.minor}" in folder.name
    monkeypatch.setenv("NEUROSPARSE_CACHE", "0")
    assert jit.cache_folder() is None


@pytest.mark.skipif(NO_JIT, reason="there is nothing to compile")
def test_every_signature_has_its_own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("NEUROSPARSE_CACHE_DIR", str(tmp_path))

    @jit.kernel
    def double(x):
        return x + x

    assert double(2) == 4
    assert double(2.5) == 5.0
    np.testing.assert_array_equal(double(np.ones(2)), [2, 2])
    indices = list(tmp_path.rglob("*.nbi"))
    assert len(indices) == 3
    assert len({index.parent for index in indices}) == 3
    assert double.__name__ == "double"


def test_generated_text_is_a_readable_file(monkeypatch, tmp_path):
    monkeypatch.setenv("NEUROSPARSE_CACHE_DIR", str(tmp_path))
    text = textwrap.dedent("""\
        def plus(x):
            return x + CONSTANT
    """)
    assert jit.generated(text, "plus", {"CONSTANT": 3}, "part", str(tmp_path))(4) == 7
    (path,) = tmp_path.rglob("network.py")
    assert Path(path).read_text() == text


def test_a_clock_for_compiled_code():
    now = jit.nanoseconds()
    first = now()
    assert now() >= first > 0
