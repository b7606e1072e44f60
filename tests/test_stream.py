"""Streamed recordings: the same content however they came about, memory that does not grow, windows read alone."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import clock, encode, rng
from neurosparse.io import columns, cuts, disk, provenance, recordings, stream
from neurosparse.io.results import ResultError
from neurosparse.network import (
    CurrentInput,
    Network,
    Population,
    PopulationRateMonitor,
    SpikeMonitor,
    SpikeSource,
    StateMonitor,
)
from tests.test_clock import busy

ROOT = Path(__file__).parents[1]
MONITORS = (
    *(SpikeMonitor(name) for name in ("a", "b", "events")),
    SpikeMonitor("c", counts_only=True),
    StateMonitor("b", ("v", "a"), every=3),
    StateMonitor("a", ("v",), subset=(2, 0), window=(3.0, 17.0)),
    PopulationRateMonitor("b"),
    PopulationRateMonitor("events"),
)


@pytest.fixture(scope="module")
def made():
    net, n_steps, inputs = busy()
    engine = clock.compile(net, MONITORS)
    return engine, n_steps, inputs, clock.run(engine, float(n_steps), inputs)


@pytest.fixture(autouse=True)
def no_git(monkeypatch):
    monkeypatch.setattr(provenance, "git", lambda folder: {"commit": None, "dirty": None})


def same(recording, run):
    assert sorted(recording.seen("spikes")) == sorted(run.spikes)
    for name, spikes in run.spikes.items():
        got = recording.spikes(name)
        assert (got.i.dtype, got.step.dtype, got.dt) == (np.int32, np.int64, spikes.dt)
        np.testing.assert_array_equal(got.i, spikes.i)
        np.testing.assert_array_equal(got.step, spikes.step)
    for name, counts in run.counts.items():
        np.testing.assert_array_equal(recording.counts(name), counts)
    for name, rates in run.rates.items():
        got = recording.rates(name)
        np.testing.assert_array_equal(got.count, rates.count)
        assert got[1:] == rates[1:]
    for name, states in run.states.items():
        got = recording.states(name)
        np.testing.assert_array_equal(got.t, states.t)
        np.testing.assert_array_equal(got.ids, states.ids)
        assert got.fields.keys() == states.fields.keys()
        for field, values in states.fields.items():
            np.testing.assert_array_equal(got.fields[field], values)
    for name, array in run.end.arrays.items():
        np.testing.assert_array_equal(recording.moment().arrays[name], array)


@settings(max_examples=12)
@given(chunk=st.integers(1, 30), every=st.none() | st.integers(1, 30))
def test_the_content_is_the_run_however_it_is_cut(made, tmp_path_factory, chunk, every):
    engine, n_steps, inputs, run = made
    folder = tmp_path_factory.mktemp("cut")
    path = stream.run(engine, float(n_steps), folder / "x.h5", inputs, chunk=float(chunk), checkpoint_every=every)
    with recordings.open(path) as recording:
        same(recording, run)
        recording.verify()
        assert recording.content == columns_hash(made)
    assert [item.name for item in folder.iterdir()] == ["x.h5"]


def columns_hash(made):
    """The content of one whole run, written in one piece."""
    with h5py.File("whole", "w", driver="core", backing_store=False) as file:
        writer = columns.Writer(file)
        writer.add(columns.of(made[3]))
        writer.finish()
        return columns.content(file)


def test_a_later_part_of_a_run(made, tmp_path):
    engine, n_steps, inputs, _ = made
    first = cuts.task("test", engine, float(n_steps), inputs, None)
    middle = cuts.run(first, 0, 9, None).end
    rest = cuts.given(first, 9, n_steps)
    run = clock.run(engine, float(n_steps - 9), rest, start=middle)
    path = stream.run(engine, n_steps - 9.0, tmp_path / "x.h5", rest, chunk=4.0, checkpoint_every=6.0, start=middle)
    with recordings.open(path) as recording:
        same(recording, run)
        assert (recording.begin, recording.end, recording.moment().step) == (9, n_steps, n_steps)


def test_nothing_for_no_time(made, tmp_path):
    engine = made[0]
    none = {"events": encode.events_from_pairs([], [], 0), "drive": 0.5, "more": 0.1}
    for name, every in (("a", None), ("b", 5.0)):
        with recordings.open(stream.run(engine, 0.0, tmp_path / name, none, checkpoint_every=every)) as recording:
            same(recording, clock.run(engine, 0.0, none))
            assert len(recording.rate("b", 1.0)[1]) == 0


SOURCE = Network((SpikeSource("s", 1000), Population("odd/name.%", 20, "lif", {"tau_mem": 10.0, "v_th": 1.0})),
                 inputs=(CurrentInput("drive", "odd/name.%", "current"),), dt=0.5)  # fmt: skip


class Endless:
    """Inputs without an end; counts what it is asked for, and may fail at a step."""

    def __init__(self, fails=None):
        self.asked, self.fails = [], fails

    def __call__(self, first, last):
        if self.fails is not None and last > self.fails:
            raise RuntimeError("power is out")
        self.asked.append((first, last))
        start = np.arange(last - first + 1) * 1000
        drive = 1.5 + np.sin(np.arange(first, last))[:, None] + rng.uniforms(rng.stream(0, "u"), 20)
        return {"s": encode.Events(start, np.tile(np.arange(1000, dtype=np.int32), last - first)), "drive": drive}


NOISY = clock.compile(SOURCE, (SpikeMonitor("odd/name.%"), SpikeMonitor("s"), StateMonitor("odd/name.%", ("v",))))


def test_a_function_gives_endless_inputs(tmp_path):
    whole = Endless()(0, 90)
    run = clock.run(NOISY, 45.0, whole)
    asked = Endless()
    for name, inputs in (("whole", whole), ("function", asked)):
        with recordings.open(stream.run(NOISY, 45.0, tmp_path / name, inputs, chunk=10.0)) as recording:
            same(recording, run)
    assert len(run.spikes["odd/name.%"].i) > 50
    assert asked.asked[1:] == [(0, 20), (20, 40), (40, 60), (60, 80), (80, 90)]


@pytest.mark.parametrize("every", [None, 12.5])
def test_memory_does_not_grow_with_the_duration(tmp_path, monkeypatch, every):
    for name, value in (("CHUNK", 1024), ("SMALL", 512), ("READ", 2048)):  # reached by the shorter run
        monkeypatch.setattr(columns, name, value)
    peaks = []
    for k, duration in enumerate((25.0, 25.0, 250.0)):  # the last one records 6 MB
        tracemalloc.start()
        stream.run(NOISY, duration, tmp_path / f"{k}.h5", Endless(), chunk=5.0, checkpoint_every=every)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.05 * peaks[1] + 100_000, peaks


GROWING = """
import resource, sys
from neurosparse import clock
from neurosparse.io import stream
from neurosparse.network import *
from tests.test_stream import Endless, NOISY
stream.run(NOISY, float(sys.argv[2]), sys.argv[1], Endless(), chunk=100.0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_a_process_does_not_grow_with_the_duration(tmp_path):
    peaks = []
    for duration in ("1000", "10000"):  # 2 and 20 million spikes: 24 and 240 MB
        words = [sys.executable, "-c", GROWING, str(tmp_path / f"{duration}.h5"), duration]
        out = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
        peaks.append(int(out.stdout))
    assert peaks[1] < peaks[0] + 30_000, peaks  # kB


def test_a_crash_loses_one_interval(tmp_path):
    path = tmp_path / "x.h5"
    with recordings.open(stream.run(NOISY, 50.0, tmp_path / "ref.h5", Endless())) as recording:
        wanted = recording.content
    with pytest.raises(RuntimeError, match="power is out"):
        stream.run(NOISY, 50.0, path, Endless(fails=55), chunk=3.0, checkpoint_every=10.0)
    assert not path.exists()
    kept = sorted(item.name for item in (tmp_path / "x.h5.parts").iterdir())
    assert [name for name in kept if name[0] == "p"] == [f"part-{20 * k:016d}.h5" for k in (1, 2)]
    asked = Endless()
    stream.run(NOISY, 50.0, path, asked, chunk=20.0, checkpoint_every=13.0)  # other intervals do not matter
    assert next(first for first, last in asked.asked if last > first) == 40
    with recordings.open(path) as recording:
        assert recording.content == wanted
    again = Endless()
    stream.run(NOISY, 50.0, path, again)
    assert [first for first, last in again.asked if last > first] == []
    assert not (tmp_path / "x.h5.parts").exists()


def test_without_checkpoints_a_crash_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="power is out"):
        stream.run(NOISY, 50.0, tmp_path / "x.h5", Endless(fails=55), chunk=3.0)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_no_scratch(made, tmp_path):
    engine, n_steps, inputs, _ = made
    (tmp_path / ".x.h5.123.abc.tmp").write_text("half")
    stream.run(engine, float(n_steps), tmp_path / "x.h5", inputs)
    assert [item.name for item in tmp_path.iterdir()] == ["x.h5"]


def test_bad_calls(made, tmp_path):
    engine, n_steps, inputs, _ = made
    path, duration = tmp_path / "x.h5", float(n_steps)
    for change, error, message in (
        ({"duration": 1.5}, ValueError, "stream.run: duration must be a whole number of steps of 1 ms, got 1.5; take 2"),
        ({"duration": [1.0]}, ValueError, "duration must be one number"),
        ({"duration": -1.0}, ValueError, r"duration must be in \[0, "),
        ({"chunk": 0.2}, ValueError, "chunk must be at least 1 step"),
        ({"checkpoint_every": 1.5}, ValueError, "checkpoint_every must be a whole number of steps"),
        ({"engine": SOURCE}, TypeError, "stream.run: needs an Engine, got 'Network'"),
        ({"inputs": 3}, TypeError, r"inputs must be a dict of names, or a function of \(first step"),
        ({"inputs": {}}, ValueError, "inputs must name events, drive, more"),
        ({"inputs": inputs | {"events": encode.events_from_pairs([], [], n_steps - 1)}}, ValueError, "must last 24 steps"),
        ({"inputs": inputs | {"more": np.zeros((n_steps - 1, 3))}}, ValueError, "values for each step must be 24, got 23"),
        ({"inputs": inputs | {"more": [0.1, np.nan, 0.2]}}, ValueError, "the values must be a finite number"),
        ({"start": 3}, TypeError, "start must be the end of a Run"),
    ):  # fmt: skip
        given = {"engine": engine, "duration": duration, "path": path, "inputs": inputs} | change
        with pytest.raises(error, match=message):
            stream.run(**given)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_stays(made, tmp_path):
    engine, n_steps, inputs, _ = made
    path = tmp_path / "x.h5"
    path.write_text("my notes")
    with pytest.raises(ResultError, match="path must be free, or hold the recording of this very run"):
        stream.run(engine, float(n_steps), path, inputs)
    assert path.read_text() == "my notes"
    path.unlink()
    stream.run(engine, float(n_steps), path, inputs)
    with pytest.raises(ResultError, match="path must be free"):
        stream.run(engine, float(n_steps), path, inputs | {"more": 0.2})


class Full:
    """A disk that takes `room` more writes."""

    def __init__(self, room):
        self.room = room

    def open(self, path, mode, buffering):
        raw, disk_of = open(path, mode, buffering=buffering), self  # noqa: SIM115
        write, cut = raw.write, raw.truncate

        class Raw:
            name = str(path)
            seek, tell, read, readinto = raw.seek, raw.tell, raw.read, raw.readinto
            __enter__, __exit__ = lambda self: self, lambda self, *_: raw.close()

            def write(self, data):
                disk_of.take()
                return write(data)

            def truncate(self, size):
                disk_of.take()
                return cut(size)

        return Raw()

    def take(self):
        self.room -= 1
        if self.room < 0:
            raise OSError(28, "No space left on device")


def test_a_full_disk_leaves_the_last_good_state(made, tmp_path, monkeypatch):
    engine, n_steps, inputs, _ = made
    wanted, room, failed = columns_hash(made), 0, 0
    while True:
        path, full = tmp_path / f"{room}.h5", Full(room)
        monkeypatch.setattr(disk, "open", full.open, raising=False)
        try:
            stream.run(engine, float(n_steps), path, inputs, checkpoint_every=10.0)
        except OSError as error:
            told = error
        monkeypatch.undo()
        if full.room >= 0:
            break
        assert told.errno == 28
        assert ".tmp" in told.filename
        assert not list(tmp_path.rglob("*.tmp"))
        stream.run(engine, float(n_steps), path, inputs, checkpoint_every=10.0)
        with recordings.open(path) as recording:
            assert recording.content == wanted
        room, failed = room + 1 + room // 2, failed + 1
    assert failed > 10
