"""Spike trains from files: the same events from every form, and a message for each thing that can be wrong."""

import re

import numpy as np
import pytest

from neurosparse import encode
from neurosparse.io import trains
from neurosparse.io.sonata import spikes
from neurosparse.precise import Train

IDS, STEP = np.array([3, 0, 2, 0]), np.array([0, 2, 2, 9])
TIMES = (STEP + 1) * 0.1  # as recorders stamp them; 0.3 is 0.30000000000000004 here
EXPECTED = encode.events_from_pairs(IDS, STEP, 10)
LINES = [f"{i}{{}}{t!r}" for i, t in zip(IDS.tolist(), TIMES.tolist())]


def write(folder, form):
    """A file of the four spikes."""
    cut = {"comma": ",", "blanks": "  ", "tab": "\t", "head": ", ", "savetxt": " "}
    if form in cut:
        head = {"head": "\ufeffid, time (ms)\n\n", "savetxt": "# ids times\n"}.get(form, "")
        path = folder / ("x.csv" if form in ("comma", "head") else "x.TXT")
        path.write_text(head + "\n".join(LINES).format(*[cut[form]] * 4) + "\n", encoding="utf-8")
    elif form == "npz":
        path = folder / "x.npz"
        np.savez(path, i=IDS.astype(np.uint16), t=TIMES)
    else:
        path = folder / "x.h5"
        others = {"other": Train(np.array([99]), np.array([1.0]))} if form == "two" else {}
        spikes.write(path, {"in": Train(IDS, TIMES)} | others)
    return path


@pytest.mark.parametrize("form", ["comma", "blanks", "tab", "head", "savetxt", "npz", "h5", "two"])
def test_every_form_gives_the_same_events(tmp_path, form):
    made = trains.load(write(tmp_path, form), 4, 10, 0.1, population="in" if form == "two" else None)
    np.testing.assert_array_equal(made.start, EXPECTED.start)
    np.testing.assert_array_equal(made.index, EXPECTED.index)
    assert encode.check_events("test", made, 4, 10) is made


def test_the_old_form_of_sonata(tmp_path):
    import h5py

    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["spikes/gids"], file["spikes/timestamps"] = IDS, TIMES
    assert trains.load(tmp_path / "x.h5", 4, 10, 0.1).index.tolist() == EXPECTED.index.tolist()


@pytest.mark.parametrize("start, expected", [
    (0.0, [(0, 0), (1, 0), (2, 1), (3, 3)]), (1.0, [(2, 0), (3, 2)]), (1.5, [(2, 0), (3, 2)]), (9.0, []), (-2.0, [(0, 1), (1, 2), (2, 3)]),
])  # fmt: skip
def test_windows(tmp_path, start, expected):
    """(k dt, (k + 1) dt] is step k, 0 is in step 0; two spikes of one element in a step are one event."""
    (tmp_path / "x.csv").write_text("0,0.0\n1,1.0\n2,1.5\n2,2.0\n3,4\n4,1e308\n")
    i, step = encode.pairs(trains.load(tmp_path / "x.csv", 5, 4, 1.0, start))
    assert list(zip(i.tolist(), step.tolist())) == expected


def test_no_spikes(tmp_path):
    (tmp_path / "x.csv").write_text("id,time\n")
    np.savez(tmp_path / "x.npz", i=[], t=[])
    for name in ("x.csv", "x.npz"):
        assert trains.load(tmp_path / name, 4, 10, 0.1).index.size == 0


@pytest.mark.parametrize("name, content, message", [
    ("x.csv", b"0,1.0\n1\n", "x.csv line 2: a line must be an id and a time in ms, .* got '1'"),
    ("x.csv", b"0,1.0\n1,x\n", "line 2: a line must be"),
    ("x.csv", b"0,nan\n", "line 1: a line must be"),
    ("x.csv", b"0 1.0 2.0\n", "line 1: a line must be"),
    ("x.csv", b"id,t\nid,t\n", "line 2: a line must be"),
    ("x.csv", b"0.5,1.0\n", "line 1: the id must be a whole number, got '0.5'; columns are id, then time"),
    ("x.csv", b"time,id\n1.0,0\n", "line 1: columns must be id, then time, got 'time id'; swap them"),
    ("x.csv", b"9,1.0\n", r"ids must be in \[0, 4\), got \(9, 9\)"),
    ("x.csv", b"-1,1.0\n", "ids must be in"),
    ("x.csv", b"\xff\xfe\x00", "the file must be UTF-8 text"),
    ("x.npz", b"none", "must be a whole .npz file of plain arrays"),
    ("x.npz", b"PK\x03\x04none", "must be a whole .npz file"),
    ("x.npz", {"i": IDS}, "needs arrays i and t, got .'i'."),
    ("x.npz", {"i": IDS, "t": TIMES[1:]}, r"of one length, got 'int64 \(4,\) and float64 \(3,\)'"),
    ("x.npz", {"i": IDS * 0.5, "t": TIMES}, "needs ids i, whole numbers"),
    ("x.npz", {"i": IDS, "t": TIMES * np.nan}, "t must be a finite number in ms"),
    ("x.npz", {"i": np.full(4, 2**63, np.uint64), "t": TIMES}, r"ids must be below 2\*\*63"),
    ("x.npz", {"i": np.array([None]), "t": TIMES[:1]}, "must be a whole .npz file of plain arrays"),
    ("x.h5", b"none", "must be a whole HDF5 file"),
    ("x.dat", b"0 1.0", "the end of the file's name must be one of .csv, .txt, .npz, .h5, got '.dat'"),
])  # fmt: skip
def test_files_that_are_refused(tmp_path, name, content, message):
    if isinstance(content, dict):
        np.savez(tmp_path / name, **content)
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        trains.load(tmp_path / name, 4, 10, 0.1)


@pytest.mark.parametrize("form, more, message", [
    ("two", {}, "population must name one, got None; there are in, other"),
    ("two", {"population": "inn"}, "population must be one of in, other, got 'inn'; did you mean 'in'"),
    ("comma", {"population": "in"}, "population is for SONATA files, .h5"),
    ("comma", {"n_steps": -1}, "n_steps must be in"),
    ("comma", {"n": 0}, "n must be in"),
    ("comma", {"dt": 0.0}, "dt must be > 0 ms"),
    ("comma", {"start": np.nan}, "start must be a finite number"),
])  # fmt: skip
def test_questions_that_are_refused(tmp_path, form, more, message):
    with pytest.raises(ValueError, match=message):
        trains.load(write(tmp_path, form), **{"n": 4, "n_steps": 10, "dt": 0.1} | more)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=re.escape("path must be a file of spikes")):
        trains.load(tmp_path / "x.csv", 4, 10, 0.1)


def test_a_sonata_file_without_spikes(tmp_path):
    import h5py

    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["spikes/in"] = np.zeros(3)
    with pytest.raises(ValueError, match="x.h5"):
        trains.load(tmp_path / "x.h5", 4, 10, 0.1)
