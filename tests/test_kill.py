"""kill -9, again and again: no moment is lost and no folder stays held; the command goes on with the same bits."""

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurosparse import cli
from neurosparse.io import locks, results
from tests.test_stream import no_git  # noqa: F401

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_kill_at_any_line(tmp_path):
    """Also inside the writes of HDF5, between rename and removal, and a second time after going on."""
    for words in (("30",), ("5", "twice")):
        folder = tmp_path / words[-1]
        folder.mkdir()
        command = [sys.executable, "-m", "tests.killer", str(folder), *words]
        out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
        assert out.returncode == 0, out.stdout + out.stderr
        killed, resumed = map(int, re.search(r"killed (\d+) resumed (\d+)", out.stdout).groups())
        assert killed >= int(words[0])
        assert resumed > killed // 3


@pytest.mark.slow
def test_a_killed_holder_holds_nothing(tmp_path):
    script = "import sys, time; from pathlib import Path; from neurosparse.io import locks\nwith locks.hold('x', Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "x")], stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout.readline() == "held\n"
        with (
            pytest.raises(BlockingIOError, match=f"wait for process {child.pid} or end it"),
            locks.hold("test", tmp_path / "x"),
        ):
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()
    with locks.hold("test", tmp_path / "x"):
        pass


def command(folder, *words):
    sets = ("--set", "n=400", "--set", "duration_ms=300", "--json", "--out", str(folder))
    return [sys.executable, "-m", "neurosparse.cli", "run", "cuba", *sets, *words]


@pytest.mark.slow
def test_kill_the_command_at_ten_random_moments(tmp_path):
    """Checkpoints every 2 ms, so that most of the time something is being written."""
    plain = subprocess.run(command(tmp_path / "plain"), cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = results.load(json.loads(plain.stdout)["result"])
    assert len(wanted.arrays["spikes_i"]) > 100
    draw, done = random.Random(1), [0]
    words = command(tmp_path / "kept", "--checkpoint-every", "2")
    while len(done) <= 10:
        child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        with child:
            begun = time.monotonic()
            while child.poll() is None and reached(tmp_path / "kept") == done[-1] and time.monotonic() < begun + 60:
                time.sleep(0.001)
            time.sleep(draw.uniform(0.0, 0.05))
            child.send_signal(signal.SIGKILL)
            _, told = child.communicate()
        assert child.returncode == -signal.SIGKILL, told
        done.append(reached(tmp_path / "kept"))
    assert done == sorted(set(done))
    last = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    record = results.load(json.loads(last.stdout)["result"])
    assert record.metrics == wanted.metrics
    assert record.arrays.keys() == wanted.arrays.keys()
    for name, array in wanted.arrays.items():
        assert array.dtype == record.arrays[name].dtype
        np.testing.assert_array_equal(array, record.arrays[name])
    assert [item.name for item in (tmp_path / "kept" / "cuba").iterdir()] == [record.path.name]


def reached(folder):
    """The step of the newest moment."""
    return max((int(path.stem[7:]) for path in folder.glob("cuba/*.checkpoints/cuba/moment-*.h5")), default=0)


@pytest.mark.parametrize(
    "words, message",
    [
        (["liquid_branching", "--checkpoint-every", "5"], "liquid_branching: checkpoints need a simulation that calls"),
        (["cuba", "--tiny", "--checkpoint-every", "0"], "checkpoints.kept: every must be > 0 ms, got 0.0"),
    ],
)
def test_the_command_refuses(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    outcome = CliRunner().invoke(cli.app, ["run", *words, "--out", str(tmp_path)])
    assert outcome.exit_code == 2
    assert message in outcome.output
    assert list(tmp_path.rglob("*")) == []
