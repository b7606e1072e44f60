"""Runs that are killed at any moment go on from what they kept, and end with the same bits."""

import contextlib
import os
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from pydantic import BaseModel

from neurosparse import clock, encode
from neurosparse.io import checkpoints, cuts, launch, locks, recordings, results, stream
from neurosparse.io.results import ResultError
from neurosparse.network import SpikeMonitor
from tests.test_clock import busy
from tests.test_stream import MONITORS, NOISY, Endless, made, no_git  # noqa: F401

ROOT = Path(__file__).parents[1]


def same(run, other):
    assert run.n_steps == other.n_steps
    for kind in ("spikes", "counts", "states", "rates"):
        assert list(getattr(run, kind)) == list(getattr(other, kind))
    for name, spikes in other.spikes.items():
        np.testing.assert_array_equal(run.spikes[name].i, spikes.i)
        np.testing.assert_array_equal(run.spikes[name].step, spikes.step)
        assert (run.spikes[name].dt, run.spikes[name].i.dtype) == (spikes.dt, np.int32)
    for name, counts in other.counts.items():
        np.testing.assert_array_equal(run.counts[name], counts)
    for name, rates in other.rates.items():
        np.testing.assert_array_equal(run.rates[name].count, rates.count)
        assert run.rates[name][1:] == rates[1:]
    for name, states in other.states.items():
        np.testing.assert_array_equal(run.states[name].t, states.t)
        np.testing.assert_array_equal(run.states[name].ids, states.ids)
        for field, values in states.fields.items():
            np.testing.assert_array_equal(run.states[name].fields[field], values)
    assert run.end.step == other.end.step
    for name, array in other.end.arrays.items():
        np.testing.assert_array_equal(run.end.arrays[name], array)
        assert run.end.arrays[name].dtype == array.dtype


def test_the_run_is_clock_run_with_and_without_checkpoints(made, tmp_path):  # noqa: F811
    engine, n_steps, inputs, run = made
    same(checkpoints.run(engine, float(n_steps), inputs), run)
    same(checkpoints.run(engine, float(n_steps), lambda first, last: inputs if last > first else EMPTY), run)
    with checkpoints.kept(tmp_path / "kept", 5.0):
        same(checkpoints.run(engine, float(n_steps), inputs, name="one"), run)
        same(checkpoints.run(engine, float(n_steps), inputs, name="one"), run)  # nothing is left to do
        assert len(list((tmp_path / "kept" / "one").glob("part-*"))) == -(-n_steps // 5)
        assert len(list((tmp_path / "kept" / "one").glob("moment-*"))) == 2
    assert list(tmp_path.iterdir()) == []
    same(checkpoints.run(engine, float(n_steps), inputs), run)


EMPTY = {"events": encode.events_from_pairs([], [], 0), "drive": 0.0, "more": 0.0}


def crash(folder, fails, every=5.0):
    """A run of 100 steps that ends before step `fails`; the function of inputs."""
    asked = Endless(fails)
    with contextlib.suppress(RuntimeError), checkpoints.kept(folder, every):
        checkpoints.run(NOISY, 50.0, asked)
    return asked


def test_a_run_goes_on(tmp_path):
    crash(tmp_path / "kept", 75)
    asked = Endless()
    with checkpoints.kept(tmp_path / "kept", 5.0):
        same(checkpoints.run(NOISY, 50.0, asked), whole())
    assert [first for first, last in asked.asked if last > first] == [70, 80, 90]


@pytest.mark.parametrize("spoil, goes_on_at", [
    (lambda parts, moments: moments[-1].unlink(), 60),
    (lambda parts, moments: moments[-1].write_bytes(moments[-1].read_bytes()[:200]), 60),
    (lambda parts, moments: parts[-1].write_bytes(parts[-1].read_bytes()[:-1]), 60),
    (lambda parts, moments: parts[-1].write_bytes(b""), 60),
    (lambda parts, moments: parts[0].unlink(), 0),
    (lambda parts, moments: [path.unlink() for path in moments], 0),
    (lambda parts, moments: [path.unlink() for path in parts], 0),
    (lambda parts, moments: shutil.copy(parts[0], parts[0].with_name(".part-1.h5.77.ab.tmp")), 70),
])  # fmt: skip
def test_it_goes_on_from_the_last_whole_part(tmp_path, spoil, goes_on_at):
    crash(tmp_path / "kept", 75)
    inner = tmp_path / "kept" / "run"
    spoil(sorted(inner.glob("part-*")), sorted(inner.glob("moment-*")))
    again = crash(tmp_path / "kept", 95)
    assert next(first for first, last in again.asked if last > first) == goes_on_at
    assert not list(inner.glob(".*"))
    with checkpoints.kept(tmp_path / "kept", 5.0):
        same(checkpoints.run(NOISY, 50.0, Endless()), whole())
    assert list(tmp_path.iterdir()) == []


def whole():
    return clock.run(NOISY, 50.0, Endless()(0, 100))


def test_another_run_is_refused_and_left(made, tmp_path):  # noqa: F811
    engine, n_steps, inputs, _ = made
    net = busy()[0]

    def begin(path, engine=engine, duration=float(n_steps), inputs=inputs):
        stream.run(engine, duration, path, inputs, checkpoint_every=5.0)

    kept = SimpleNamespace(room=12)
    path = tmp_path / "x.h5"

    def power_is_out(*words):
        kept.room -= 1
        if kept.room < 0:
            raise RuntimeError("power is out")
        return sync(*words)

    sync = results._sync
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "_sync", power_is_out)
        with pytest.raises(RuntimeError, match="power is out"):
            begin(path)
    parts = sorted(item.name for item in (tmp_path / "x.h5.parts").iterdir())
    assert len([name for name in parts if name.startswith("part")]) == 3
    lighter = net._replace(projections=net.projections[:-1])
    shorter = cuts.given(cuts.task("test", engine, float(n_steps), inputs, None), 0, n_steps - 1)
    for change in (
        {"engine": clock.compile(lighter, MONITORS)},
        {"engine": clock.compile(net, (SpikeMonitor("a"),))},
        {"inputs": inputs | {"more": 0.2}},
        {"duration": n_steps - 1.0, "inputs": shorter},
    ):
        with pytest.raises(ResultError, match="network, its inputs, monitors and duration, and the code must be those"):
            begin(path, **change)
        assert sorted(item.name for item in (tmp_path / "x.h5.parts").iterdir()) == parts
    with pytest.raises(ResultError, match="go on with those, or remove that folder"):
        stream.run(engine, n_steps - 1.0, path, shorter)  # not without checkpoints either
    begin(path)
    with recordings.open(path) as recording:
        assert recording.end == n_steps


def test_a_file_whose_parts_are_not_yet_removed_is_done(made, tmp_path, monkeypatch):  # noqa: F811
    engine, n_steps, inputs, _ = made
    path = tmp_path / "x.h5"
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "clear", lambda folder: (_ for _ in ()).throw(RuntimeError("power is out")))
        with pytest.raises(RuntimeError, match="power is out"):
            stream.run(engine, float(n_steps), path, inputs, checkpoint_every=5.0)
    before = path.stat()
    assert len(list((tmp_path / "x.h5.parts").iterdir())) > 3
    stream.run(engine, float(n_steps), path, inputs, checkpoint_every=5.0)
    assert path.stat() == before
    assert [item.name for item in tmp_path.iterdir()] == ["x.h5"]


def test_every_file_is_on_the_disk_before_it_has_its_name(made, tmp_path, monkeypatch):  # noqa: F811
    engine, n_steps, inputs, _ = made
    log, fsync, replace = [], os.fsync, os.replace

    def name(handle):
        return Path(os.readlink(f"/proc/self/fd/{handle}")).name

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to tell the files that are flushed")
    monkeypatch.setattr(os, "fsync", lambda handle: (log.append(("flush", name(handle))), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda a, b: (log.append(("name", Path(a).name, Path(b).name)), replace(a, b)))
    stream.run(engine, float(n_steps), tmp_path / "x.h5", inputs, checkpoint_every=12.0)
    assert log[0] == ("flush", tmp_path.name)  # the new folder of the parts
    renamed = [entry for entry in log if entry[0] == "name"]
    assert [re.sub("-0+", "-", entry[2]) for entry in renamed] == [
        "part-12.h5", "moment-12.h5", "part-24.h5", "moment-24.h5", "x.h5",
    ]  # fmt: skip
    for entry in renamed:
        at = log.index(entry)
        assert log[at - 1] == ("flush", entry[1])
        assert log[at + 1] == ("flush", tmp_path.name if entry[2] == "x.h5" else "x.h5.parts")


def test_the_key_of_a_run(made):  # noqa: F811
    engine, n_steps, inputs, run = made

    def key(engine=engine, inputs=inputs, start=None):
        return cuts.key(cuts.task("test", engine, float(n_steps), inputs, start))

    scale = 2.0
    keys = [
        key(),
        key(inputs=inputs | {"more": 0.2}),
        key(inputs=inputs | {"more": np.full(3, 0.1)}),
        key(start=run.end),
        key(inputs=lambda first, last: {**cuts.given(cuts.task("", engine, n_steps, inputs, None), first, last)}),
        key(
            inputs=lambda first, last: (scale, cuts.given(cuts.task("", engine, n_steps, inputs, None), first, last))[1]
        ),
    ]
    assert len(set(keys)) == len(keys)
    assert key(inputs=dict(reversed(inputs.items()))) == keys[0]
    assert key(engine=clock.compile(busy()[0], MONITORS)) == keys[0]


def test_bad_calls(tmp_path):
    with (
        pytest.raises(ValueError, match="checkpoints.kept: every must be > 0 ms, got 0"),
        checkpoints.kept(tmp_path, 0),
    ):
        pass
    with pytest.raises(ValueError, match="checkpoints.run: name must be letters, digits, - and _, got '../x'"):
        checkpoints.run(NOISY, 1.0, Endless(), name="../x")
    with (
        checkpoints.kept(tmp_path / "kept", 0.7),
        pytest.raises(ValueError, match="every must be a whole number of steps of 0.5 ms, got 0.7"),
    ):
        checkpoints.run(NOISY, 1.0, Endless())


def test_one_process_at_a_time(tmp_path):
    folder = tmp_path / "a" / "b"
    with locks.hold("test", folder):
        with (
            pytest.raises(BlockingIOError, match=f"no other process may write there, .*wait for process {os.getpid()}"),
            locks.hold("test", folder),
        ):
            pass
        (folder / "mine").touch()
    assert [item.name for item in folder.iterdir()] == ["mine"]
    (folder / "mine").unlink()
    with locks.hold("test", folder):
        pass
    assert not folder.exists()


def test_a_lock_that_vanished_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    real, taken = locks._lock, []

    def lock(handle):
        real(handle)
        taken.append(handle)
        if len(taken) == 1:
            (tmp_path / "x" / "lock").unlink()  # its last holder was about to remove it
        if len(taken) == 2:
            (tmp_path / "x" / "lock").unlink()
            (tmp_path / "x" / "lock").touch()

    monkeypatch.setattr(locks, "_lock", lock)
    with locks.hold("test", tmp_path / "x"):
        assert len(taken) == 3
        with pytest.raises(BlockingIOError), locks.hold("test", tmp_path / "x"):
            pass


def test_locks_where_there_is_no_fcntl(tmp_path, monkeypatch):
    held = set()

    def locking(handle, mode, n):
        key = os.fstat(handle).st_ino
        if key in held:
            raise OSError(36, "deadlock avoided")
        held.add(key)

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    with (
        locks.hold("test", tmp_path / "x"),
        pytest.raises(BlockingIOError, match="no other process may write there"),
        locks.hold("test", tmp_path / "x"),
    ):
        pass


def test_a_lock_that_the_disk_refuses(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "_lock", lambda handle: (_ for _ in ()).throw(OSError(37, "No locks available")))
    with pytest.raises(OSError, match="No locks available"), locks.hold("test", tmp_path / "x"):
        pass


class Config(BaseModel, frozen=True):
    n: int = 3


def simulation(work):
    module = ModuleType("toy")
    module.checkpoints, module.run = checkpoints, lambda config, threads: work(config)
    return module


def test_launch_keeps_checkpoints_until_the_result_is_stored(tmp_path, monkeypatch):
    asked = []

    def work(config):
        asked.append(Endless(75 if not asked else None))
        run = checkpoints.run(NOISY, 50.0, asked[-1], name="first")
        return results.Result({"i": run.spikes["odd/name.%"].i}, {}, [], {})

    with pytest.raises(RuntimeError, match="power is out"):
        launch.run("toy", simulation(work), Config(), folder=tmp_path, checkpoint_every=5.0)
    (kept,) = (tmp_path / "toy").iterdir()
    assert kept.name.endswith(".checkpoints")
    with monkeypatch.context() as patch:
        patch.setattr(results, "save", lambda *words: (_ for _ in ()).throw(RuntimeError("full")))
        with pytest.raises(RuntimeError, match="full"):
            launch.run("toy", simulation(work), Config(), folder=tmp_path, checkpoint_every=5.0)
    record = launch.run("toy", simulation(work), Config(), folder=tmp_path, checkpoint_every=5.0)
    assert [[first for first, last in one.asked if last > first][:1] for one in asked[1:]] == [[70], []]
    assert list((tmp_path / "toy").iterdir()) == [record.path]
    np.testing.assert_array_equal(record.arrays["i"], whole().spikes["odd/name.%"].i)


def test_launch_refuses_what_keeps_none(tmp_path):
    module = ModuleType("toy")
    with pytest.raises(ValueError, match="simulation toy: checkpoints need a simulation that calls checkpoints.run"):
        launch.run("toy", module, Config(), folder=tmp_path, checkpoint_every=5.0)
    assert list(tmp_path.iterdir()) == []
