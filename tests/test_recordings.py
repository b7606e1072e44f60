"""Recordings are read a window at a time, in memory that follows the window; what is no recording is refused."""

import json
import tracemalloc

import h5py
import numpy as np
import pytest

from neurosparse import measure
from neurosparse.io import recordings, stream
from neurosparse.io.results import ResultError
from tests.test_stream import NOISY, Endless, made, no_git  # noqa: F401


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """Two million spikes of a source, 1000 in each step; a few thousand of neurons."""
    path = tmp_path_factory.mktemp("long") / "long.h5"
    stream.run(NOISY, 1000.0, path, Endless())
    return path


def test_windows_equal_the_whole(made, tmp_path):  # noqa: F811
    engine, n_steps, inputs, run = made
    path = stream.run(engine, float(n_steps), tmp_path / "x.h5", inputs, chunk=5.0)
    spikes, states = run.spikes["events"], run.states["b"]
    with recordings.open(path) as recording:
        for t0 in (None, -3.0, 0.0, 4.0, 4.3, 24.0, 99.0):
            for t1 in (None, -1.0, 4.0, 11.7, 12.0, 24.0, 25.0, 99.0):
                low, high = -np.inf if t0 is None else t0, np.inf if t1 is None else t1
                if None not in (t0, t1) and t1 < t0:
                    continue
                got = recording.spikes("events", t0, t1, ids=[4, 1])
                keep = (spikes.t >= low) & (spikes.t < high) & np.isin(spikes.i, [1, 4])
                np.testing.assert_array_equal(got.t, spikes.t[keep])
                np.testing.assert_array_equal(got.i, spikes.i[keep])
                seen = recording.states("b", t0, t1, ids=[1, 0], fields=("a",))
                keep = (states.t >= low) & (states.t < high)
                np.testing.assert_array_equal(seen.t, states.t[keep])
                np.testing.assert_array_equal(seen.fields["a"], states.fields["a"][keep][:, [1, 0]])
        np.testing.assert_array_equal(
            recording.states("a", ids=[0]).fields["v"][:, 0], run.states["a"].fields["v"][:, 1]
        )
        assert recording.states("a", ids=[]).fields["v"].shape == (14, 0)
        assert recording.states("a").t[[0, -1]].tolist() == [4.0, 17.0]
        got = recording.rates("events", 5.0, 9.0)
        assert got.t.tolist() == [5.0, 6.0, 7.0, 8.0]
        np.testing.assert_array_equal(got.count, run.rates["events"].count[4:8])
        edges, rate = recording.rate("events", 5.0)
        expected = measure.population_rate(spikes.t, 5, float(n_steps), 5.0)
        np.testing.assert_allclose(edges, expected[0])
        np.testing.assert_allclose(rate, expected[1])
        np.testing.assert_allclose(recording.rate("events", 2.0, 5.0, 9.0)[0], [4.0, 6.0, 8.0])


def test_a_window_of_a_long_recording_is_read_alone(long):
    with recordings.open(long) as recording:
        tracemalloc.start()
        spikes = recording.spikes("s", 700.0, 701.0, ids=[5, 999])
        v = recording.states("odd/name.%", 700.0, 710.0, ids=[3])
        window = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        edges, rate = recording.rate("s", 100.0)
        streamed = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert spikes.i.tolist() == [5, 999] * 2
    assert spikes.t.tolist() == [700.0, 700.0, 700.5, 700.5]
    assert v.fields["v"].shape == (20, 1)
    np.testing.assert_allclose(rate, 2000.0)
    assert len(edges) == 11
    assert window < 3e6  # of 24 MB: two chunks and what is given back
    assert streamed < 60e6  # a million pairs at a time


def test_attributes(long):
    with recordings.open(long) as recording:
        assert (recording.dt, recording.begin, recording.end) == (0.5, 0, 2000)
        assert recording.sizes == {"s": 1000, "odd/name.%": 20}
        assert recording.provenance["versions"]["h5py"] == h5py.__version__
        assert recording.file["spikes/s/i"].attrs["units"] == "neuron"
        assert recording.file["states/odd%2Fname%2E%25/t"].attrs["units"] == "ms"
        assert recording.file["spikes/s/step"].compression == "gzip"
        assert recording.file["spikes/s/step"].id.get_storage_size() < 2_000_000 * 8 / 20
        assert json.loads(recording.file["sizes"][()]) == recording.sizes
    assert not recording.file


def test_bad_questions(long):
    with recordings.open(long) as recording:
        for ask, error, message in (
            (lambda r: r.spikes("t"), ValueError, "population with spikes must be one of .*got 't'"),
            (lambda r: r.counts("s"), ValueError, "population with counts must be one that there is, and there are none, got 's'"),
            (lambda r: r.spikes("s", ids=[1000]), ValueError, r"id must be in \[0, 999\], got "),
            (lambda r: r.spikes("s", [1.0]), ValueError, "t0 must be one number"),
            (lambda r: r.spikes("s", 0.0, np.nan), ValueError, "t1 must be a finite number in ms"),
            (lambda r: r.spikes("s", 600, 500), ValueError, r"window \[t0, t1\) must not end before it begins, got \(600, 500\)"),
            (lambda r: r.states("odd/name.%", 2.0, 1.0), ValueError, "must not end before it begins"),
            (lambda r: r.rate("s", 1.0, 2.0, 1.0), ValueError, "must not end before it begins"),
            (lambda r: r.rates("s", 2.0, 1.0), ValueError, "must not end before it begins"),
            (lambda r: r.states("odd/name.%", fields=["u"]), ValueError, "field must be one of v, got 'u'"),
            (lambda r: r.states("odd/name.%", ids=[20]), ValueError, "ids must be among those that were recorded, got 20"),
            (lambda r: r.rate("s", 0.7), ValueError, "bin must be a whole number of steps"),
        ):  # fmt: skip
            with pytest.raises(error, match=message):
                ask(recording)


def test_files_that_are_no_recordings(made, tmp_path):  # noqa: F811
    engine, n_steps, inputs, _ = made
    path = stream.run(engine, float(n_steps), tmp_path / "x.h5", inputs)
    with pytest.raises(FileNotFoundError, match="path must be a recording.*there is no such file"):
        recordings.open(tmp_path / "none.h5")
    (tmp_path / "text").write_text("spikes")
    with pytest.raises(ResultError, match="path must be a recording.*it is no HDF5 file"):
        recordings.open(tmp_path / "text")
    whole = path.read_bytes()
    for length in (9, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(ResultError, match="path must be a whole recording.*it is truncated or damaged"):
            recordings.open(tmp_path / "cut")
    with h5py.File(tmp_path / "other", "w") as file:
        file.attrs["format"] = "something else"
    with pytest.raises(ResultError, match="must be 'neurosparse-recording', got 'something else'"):
        recordings.open(tmp_path / "other")
    with h5py.File(path, "r+") as file:
        file.attrs["format_version"] = 99
    with pytest.raises(ResultError, match="format_version of .* must be <= 1, got 99; a newer neurosparse wrote it"):
        recordings.open(path)


def test_damage_is_found(made, tmp_path):  # noqa: F811
    engine, n_steps, inputs, _ = made
    path = stream.run(engine, float(n_steps), tmp_path / "x.h5", inputs)
    with h5py.File(path) as file:
        offset = file["spikes/b/step"].id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[offset + 20] ^= 1
    path.write_bytes(data)
    with recordings.open(path) as recording, pytest.raises(ResultError, match="the content must be what was written"):
        recording.verify()
