"""Files of the SHD format: made ones in every state, counted by plain loops."""

import contextlib

import h5py
import numpy as np
import pytest

from neurosparse import encode
from neurosparse.data import DataError, shd

TIMES = [[0.0, 0.0049, 0.005, 0.0101, 0.0102, 0.5], [], [0.029, 0.001]]
UNITS = [[3, 3, 3, 9, 8, 1], [], [0, 699]]


def made(
    path, times=TIMES, units=UNITS, labels=(4, 19, 0), speakers=(2, 2, 11), kinds=(np.float32, np.uint16), libver=None
):
    with h5py.File(path, "w", libver=libver) as file:
        for name, rows, kind in (("times", times, kinds[0]), ("units", units, kinds[1])):
            if rows is not None:
                column = file.create_dataset(f"spikes/{name}", (len(rows),), h5py.vlen_dtype(kind))
                for k, row in enumerate(rows):
                    column[k] = np.array(row, kind)
        if labels is not None:
            file["labels"] = np.array(labels)
        if speakers is not None:
            file["extra/speaker"] = np.array(speakers)
    return path


def naive(n_steps, dt, pool, n_units=700):
    out = np.zeros((3, n_steps, -(-n_units // pool)), int)
    for k in range(3):
        for t, unit in zip(TIMES[k], UNITS[k]):
            step = int(float(np.float32(t)) * 1000.0 / dt)
            if step < n_steps:
                out[k, step, unit // pool] += 1
    return out


@pytest.mark.parametrize("dt, duration, pool", [(10.0, 30.0, 1), (5.0, 30.0, 5), (1.0, 1000.0, 1), (10.0, 1000.0, 3)])
def test_counts_are_those_of_a_plain_loop(tmp_path, dt, duration, pool):
    found = shd.load_shd(made(tmp_path / "a.h5"), dt, duration, pool)
    counts = shd.counts(found)
    assert counts.dtype == np.uint8
    np.testing.assert_array_equal(counts, naive(round(duration / dt), dt, pool))
    np.testing.assert_array_equal(shd.counts(found, [2, 0, 2]), counts[[2, 0, 2]])
    assert shd.counts(found, []).shape == (0, *found.shape)
    for k in range(3):
        events = encode.check_events("test", shd.events(found, k), *found.shape[::-1])
        np.testing.assert_array_equal(encode.dense(events, found.shape[1]), counts[k] > 0)


def test_what_the_file_tells_beside_spikes(tmp_path):
    found = shd.load_shd(str(made(tmp_path / "a.h5")))
    assert found.labels.tolist() == [4, 19, 0]
    assert found.speakers.tolist() == [2, 2, 11]
    assert (found.shape, found.dt) == ((100, 700), 10.0)
    assert found.start.tolist() == [0, 4, 4, 6]
    assert found.count.tolist() == [3, 1, 1, 1, 1, 1]
    assert shd.load_shd(made(tmp_path / "b.h5", speakers=None)).speakers.tolist() == [-1, -1, -1]
    for k, names in enumerate((np.array(["b", "a", "b"], "S1"), np.array(["b", "a", "b"], object))):
        assert shd.load_shd(made(tmp_path / f"c{k}.h5", speakers=names)).speakers.tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="read-only"):
        found.count[0] = 9


def test_the_published_file_stores_float16(tmp_path):
    found = shd.load_shd(made(tmp_path / "a.h5", kinds=(np.float16, np.uint16)), 10.0, 30.0)
    assert shd.counts(found).sum() == 7


def test_any_version_of_hdf5_and_any_size_of_number(tmp_path):
    want = shd.counts(shd.load_shd(made(tmp_path / "a.h5")))
    for k, more in enumerate(({"libver": "latest"}, {"kinds": (float, int)})):
        found = shd.counts(shd.load_shd(made(tmp_path / f"b{k}.h5", **more)))
        np.testing.assert_array_equal(found, want)


def test_counts_saturate(tmp_path):
    path = made(tmp_path / "a.h5", [np.zeros(300)], [np.zeros(300, int)], [1], [1])
    assert shd.counts(shd.load_shd(path)).max() == 255


@pytest.mark.parametrize("changed, message", [
    ({"times": None}, r"a\.h5 must hold spikes/times, got \['extra', 'labels', 'spikes'\]; fetch"),
    ({"units": None}, "must hold spikes/units, got "),
    ({"labels": None}, r"must hold labels, got \['extra', 'spikes'\]"),
    ({"labels": (1, 2)}, r"times, units, labels and speakers of .* must have one length, got \[\(3,\), \(3,\), \(2,\)"),
    ({"speakers": (1,)}, "must have one length, got "),
    ({"labels": (1.0, 2.0, 3.0)}, r"labels of .* must be whole numbers \(n,\), n > 0, got 'float64 \(3,\)'"),
    ({"labels": [[1], [2], [3]]}, r"labels of .* must be whole numbers \(n,\), n > 0, got 'int64 \(3, 1\)'"),
    ({"labels": 3}, r"labels of .* must be whole numbers \(n,\), n > 0, got 'int64 \(\)'"),
    ({"speakers": (1.5, 2.0, 3.0)}, "extra/speaker of .* must be whole numbers"),
    ({"times": [], "units": [], "labels": np.zeros(0, int), "speakers": np.zeros(0, int)}, "labels of .* n > 0"),
    ({"units": [[1], [], [2, 3]]}, r"sample 0 of .* must have times and units of one length, got \(\(6,\), \(1,\)\)"),
    ({"times": [[], [], [-0.1, 0.0]], "units": [[], [], [1, 2]]}, r"sample 2 of .* times >= 0 in seconds, got array"),
    ({"times": [[np.nan], [], []], "units": [[1], [], []]}, "sample 0 of .* must have times >= 0 in seconds"),
    ({"kinds": (np.int64, np.int64)}, "sample 0 of .* must have times >= 0 in seconds"),
    ({"units": [[1] * 6, [], [0, 700]]}, r"sample 2 of .* must have units in \[0, 700\), got array\(\[  0, 700\]"),
    ({"units": [[-1] * 6, [], [0, 1]], "kinds": (float, int)}, "sample 0 of .* must have units in"),
    ({"kinds": (float, float)}, "sample 0 of .* must have units in"),
])  # fmt: skip
def test_malformed_files_are_refused(tmp_path, changed, message):
    path = made(tmp_path / "a.h5", **changed)
    with pytest.raises(DataError, match=f"^data.load_shd: .*{message}"):
        shd.load_shd(path)


def test_columns_of_another_kind_are_refused_before_they_are_read(tmp_path):
    """HDF5 crashes on numbers of some forms that NumPy does not know, which a flipped bit can make."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["spikes/times"], file["spikes/units"] = np.zeros(3), np.zeros(3, int)
        file["labels"] = np.zeros(3, int)
    with pytest.raises(DataError, match="spikes/times of .* must be lists of numbers, got dtype"):
        shd.load_shd(tmp_path / "a.h5")
    with pytest.raises(DataError, match="labels of .* must be numbers, got dtype"):
        shd.load_shd(made(tmp_path / "b.h5", labels=np.zeros(3, [("a", int)])))
    with pytest.raises(DataError, match="spikes/units of .* must be lists of numbers"):
        shd.load_shd(made(tmp_path / "d.h5", kinds=("f4", np.dtype("u2").newbyteorder())))
    whole = made(tmp_path / "c.h5").read_bytes()
    lists = whole.index(bytes.fromhex("1900000010000000")) + 1  # a sequence of variable length, of 16 bytes
    (tmp_path / "c.h5").write_bytes(whole[:lists] + b"\x0f" + whole[lists + 1 :])
    with pytest.raises(DataError, match="spikes/times of .* must be lists of numbers, got "):
        shd.load_shd(tmp_path / "c.h5")


def test_damaged_files_are_refused_or_read(tmp_path):
    """Cut, empty, no HDF5, or with bytes flipped: a DataError, or the same data."""
    with pytest.raises(DataError, match="none.h5 must exist, got 'no such file'; SHD and SSC come from zenkelab"):
        shd.load_shd(tmp_path / "none.h5")
    with pytest.raises(DataError, match="must be a whole HDF5 file"):
        shd.load_shd(tmp_path)
    whole = made(tmp_path / "a.h5").read_bytes()
    bad = tmp_path / "bad.h5"
    for content in (b"", b"<html>", b"\x89HDF\r\n\x1a\n", *(whole[:k] for k in (100, 1000, len(whole) - 10))):
        bad.write_bytes(content)
        with pytest.raises(DataError, match=r"^data.load_shd: .*bad\.h5 must be a whole HDF5 file, got .*; fetch"):
            shd.load_shd(bad)
    for k in range(0, len(whole), 97):
        bad.write_bytes(whole[:k] + bytes([whole[k] ^ 0xFF]) + whole[k + 1 :])
        with contextlib.suppress(DataError):
            shd.load_shd(bad)


@pytest.mark.parametrize("changed, error, message", [
    ({"dt": 0.0}, ValueError, "dt must be > 0 ms"),
    ({"duration_ms": 5.0}, ValueError, "duration_ms must be at least 1 step|duration_ms must be a whole number"),
    ({"duration_ms": np.ones(2)}, ValueError, "duration_ms must be one number"),
    ({"dt": 0.01}, ValueError, "65536 steps less those of duration_ms must be >= 0, got -34464; take a larger dt"),
    ({"pool": 0}, ValueError, r"pool must be in \[1, 700\]"),
    ({"n_units": 2.0}, TypeError, "n_units must be a whole number"),
])  # fmt: skip
def test_wrong_arguments(tmp_path, changed, error, message):
    with pytest.raises(error, match=f"^data.load_shd: ({message})"):
        shd.load_shd(made(tmp_path / "a.h5"), **changed)


def test_wrong_samples(tmp_path):
    found = shd.load_shd(made(tmp_path / "a.h5"))
    for samples, message in (([3], "samples must be in"), ([0.5], "of whole numbers, got 'float64"), (1, "got 'int64")):
        with pytest.raises(ValueError, match=f"^data.shd.counts: .*{message}"):
            shd.counts(found, samples)
    with pytest.raises(ValueError, match="data.shd.events: sample must be in"):
        shd.events(found, 3)
