"""Save and restore: a new process goes on as if nothing had happened; damaged and foreign files are refused."""

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurosparse import clock
from neurosparse.io import moments, seals
from neurosparse.io.results import ResultError
from neurosparse.network import SpikeMonitor
from tests.test_clock import busy, cut

ROOT = Path(__file__).parents[1]
SCRIPT = """
import sys
from neurosparse import clock
from neurosparse.io import moments
from neurosparse.network import SpikeMonitor
from tests.test_clock import busy, cut
net, n_steps, inputs = busy()
_, (duration, rest) = cut(inputs, n_steps, int(sys.argv[2]))
engine = clock.compile(net, (SpikeMonitor("b"),))
spikes = clock.run(engine, duration, rest, start=moments.load(sys.argv[1], engine)).spikes["b"]
print(*spikes.step, *spikes.i)
"""


def halves(at):
    net, n_steps, inputs = busy()
    engine = clock.compile(net, (SpikeMonitor("b"),))
    (duration, first), (rest_duration, rest) = cut(inputs, n_steps, at)
    return engine, clock.run(engine, duration, first), rest_duration, rest


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 17])
def test_a_new_process_goes_on(tmp_path, at):
    engine, first, duration, rest = halves(at)
    path = moments.save(first.end, engine, tmp_path / "middle.h5")
    here = clock.run(engine, duration, rest, start=first.end).spikes["b"]
    out = subprocess.run([sys.executable, "-c", SCRIPT, str(path), str(at)], cwd=ROOT, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    assert [int(x) for x in out.stdout.split()] == [*here.step, *here.i]
    assert len(here.i) > 0


def test_round_trip(tmp_path):
    engine, first, _, _ = halves(9)
    again = moments.load(moments.save(first.end, engine, tmp_path / "m.h5"), engine)
    assert again.step == 9
    assert set(again.arrays) == set(first.end.arrays)
    for name, array in first.end.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
        assert again.arrays[name].dtype == array.dtype


def test_another_network_is_refused(tmp_path):
    engine, first, _, _ = halves(9)
    path = moments.save(first.end, engine, tmp_path / "m.h5")
    net, _, _ = busy()
    heavier = net.projections[1].csr._replace(weight=net.projections[1].csr.weight * 2)
    other = net._replace(
        projections=(net.projections[0], net.projections[1]._replace(csr=heavier), *net.projections[2:])
    )
    with pytest.raises(ResultError, match="the moment must be of this network"):
        moments.load(path, clock.compile(other))
    moments.load(path, clock.compile(net))  # monitors do not matter


def test_damaged_files(tmp_path):
    engine, first, _, _ = halves(9)
    path = moments.save(first.end, engine, tmp_path / "m.h5")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ResultError, match="path must be a whole, undamaged moment"):
        moments.load(path, engine)
    with h5py.File(path, "w", userblock_size=seals.BLOCK) as file:
        file.attrs["format"] = "something else"
    seals.write(path, moments.FORMAT)
    with pytest.raises(ResultError, match="path must hold neurosparse-moment of version 2"):
        moments.load(path, engine)
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        moments.load(tmp_path / "none.h5", engine)
