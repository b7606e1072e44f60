"""Recordings of event cameras: bytes written by hand, made archives in every state, the real one where present."""

import hashlib
import io
import os
import tarfile

import numpy as np
import pytest

from neurosparse import data, encode
from neurosparse.data import events
from neurosparse.data.registry import File, Recorded

LIST = b"#sample #class\r\n2\t7\r\n1\t4\r\n"
EVENTS = {
    1: [(3, 1, 1, 0), (0, 2, 0, 1499), (0, 2, 0, 1501)],
    2: [(1, 1, 0, 700), (1, 1, 0, 1300), (3, 2, 1, 8_000_000)],
}
SHAPE = (2, 3, 4)


def written(recorded) -> bytes:
    """Events (x, y, p, t) in bytes, by arithmetic alone."""
    out = []
    for x, y, p, t in recorded:
        out += [x, y, 128 * p + t // 65536, t // 256 % 256, t % 256]
    return bytes(out)


def plain(raw: bytes) -> list:
    """The naive decoder."""
    return [
        (raw[k], raw[k + 1], raw[k + 2] // 128, raw[k + 2] % 128 * 65536 + raw[k + 3] * 256 + raw[k + 4])
        for k in range(0, len(raw), 5)
    ]


def naive(recorded, n_steps, height=34, width=34) -> set:
    """(step, element) of all events, each once."""
    binned = {(round(t / 1000), (p * height + y) * width + x) for x, y, p, t in recorded}
    return {pair for pair in binned if pair[0] < n_steps}


def as_set(found: encode.Events) -> set:
    i, t = encode.pairs(found)
    assert len(i) == len(set(zip(t, i)))
    return set(zip(t.tolist(), i.tolist()))


def files(**changed) -> dict:
    """The members of the made archive."""
    members = {"list.txt": LIST, **{f"{k}.bs2": written(recorded) for k, recorded in EVENTS.items()}}
    members |= {name.replace("_", "."): content for name, content in changed.items()}
    return {name: content for name, content in members.items() if content is not None}


def registry(members=None):
    """A registry with the made set, whose MD5 is that of `members`."""
    members = members or files()
    content = b"".join(members.get(name, b"") for name in ("list.txt", "2.bs2", "1.bs2"))
    part = File("list.txt", hashlib.md5(content).hexdigest())
    return {"made": Recorded("made.tar.xz", {"test": part}, SHAPE, "CC0", "this test")}


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """Writes a made archive into a folder named by NEUROSPARSE_DATA."""
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path))
    events._members.cache_clear()

    def write(members=None, how="w:xz"):
        path = tmp_path / "made.tar.xz"
        with tarfile.open(path, how) as archive:
            folder = tarfile.TarInfo("made")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            for name, content in (files() if members is None else members).items():
                info = tarfile.TarInfo(f"made/{name}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return path

    yield write
    events._members.cache_clear()


# ---- the format ---------------------------------------------------------------------------------------


def test_read_aer_reads_bytes_and_files(tmp_path):
    recorded = [(0, 33, 1, 2**23 - 1), (33, 0, 0, 65536), (7, 8, 1, 256), (7, 8, 0, 1)]
    (tmp_path / "a.bs2").write_bytes(written(recorded))
    for source in (written(recorded), tmp_path / "a.bs2", str(tmp_path / "a.bs2")):
        x, y, p, t = data.read_aer(source)
        assert list(zip(x.tolist(), y.tolist(), p.tolist(), t.tolist())) == recorded
        assert (x.dtype, y.dtype, p.dtype, t.dtype) == (np.uint8, np.uint8, np.uint8, np.int32)
    assert [len(column) for column in data.read_aer(b"")] == [0, 0, 0, 0]


def test_read_aer_reads_whatever_holds_bytes():
    raw = written(EVENTS[2])
    for source in (bytearray(raw), memoryview(raw), np.frombuffer(raw, np.uint8)):
        for found, column in zip(data.read_aer(source, width=4), data.read_aer(raw), strict=True):
            np.testing.assert_array_equal(found, column)
    for source in (3, None, np.zeros(5), np.zeros((1, 5), np.uint8), [1, 2, 3, 4, 5]):
        with pytest.raises(TypeError, match="read_aer: source must be a path, or the bytes of a file, got "):
            data.read_aer(source)


def test_bin_events_refuses_what_is_no_recording():
    with pytest.raises(TypeError, match=r"recording must be a Recording, got \(.*write Recording\(x, y, p, t\)"):
        data.bin_events(([1], [2], [1], [0]))
    for name in "xyp":
        wrong = data.Recording([1], [2], [1], [0])._replace(**{name: [0.5]})
        with pytest.raises(ValueError, match=rf"bin_events: {name} must be whole numbers, got \[0.5\]"):
            data.bin_events(wrong)
    with pytest.raises(ValueError, match="x must be whole numbers, got 1.5"):
        data.bin_events(data.Recording(1.5, 2, 1, 0))


def test_read_aer_equals_the_plain_decoder():
    raw = np.random.default_rng(1).integers(0, 256, 5000, dtype=np.uint8).tobytes()
    found = data.read_aer(raw, 256, 256)
    assert [tuple(map(int, event)) for event in zip(*found)] == plain(raw)


def test_wrong_bytes(tmp_path):
    good = written([(1, 2, 1, 3)])
    with pytest.raises(data.DataError, match="read_aer: the bytes must hold whole events of 5 bytes, got '9 bytes'"):
        data.read_aer((good + good)[:-1])
    with pytest.raises(data.DataError, match=r"coordinates x < 34, y < 34, got '\(34, 0\) in event 1'; fetch"):
        data.read_aer(good + written([(34, 0, 0, 0)]))
    with pytest.raises(data.DataError, match=r"coordinates x < 3, y < 2, got '\(1, 2\) in event 0'"):
        data.read_aer(good, 2, 3)
    (tmp_path / "a.bs2").write_bytes(good[:-1])
    with pytest.raises(data.DataError, match=r"a\.bs2 must hold whole events of 5 bytes, got '4 bytes'"):
        data.read_aer(tmp_path / "a.bs2")
    with pytest.raises(data.DataError, match="none must be a readable file, got 'No such file"):
        data.read_aer(tmp_path / "none")


def test_bin_events_rounds_merges_and_cuts():
    recording = data.read_aer(written(EVENTS[1] + EVENTS[2]))
    for n_steps in (1, 2, 3):
        assert as_set(data.bin_events(recording, n_steps)) == naive(EVENTS[1] + EVENTS[2], n_steps)
    halves = data.bin_events(data.read_aer(written([(0, 0, 0, 500), (1, 0, 0, 1500), (2, 0, 0, 2500)])), 5)
    assert as_set(halves) == {(0, 0), (2, 1), (2, 2)}
    fine = data.bin_events(recording, 100, 0.1)
    assert as_set(fine) == {(round(t / 100), (p * 34 + y) * 34 + x) for x, y, p, t in EVENTS[1] + EVENTS[2] if t < 9999}
    assert data.bin_events(recording, 5, 1e-300).index.tolist() == [(34 + 1) * 34 + 3]


@pytest.mark.parametrize("changed, more, message", [
    ({"x": [34]}, {}, r"x must be in \[0, 33\]"),
    ({"y": [3]}, {"height": 3}, r"y must be in \[0, 2\]"),
    ({"p": [2]}, {}, r"p must be in \[0, 1\]"),
    ({"t": [-1]}, {}, "t must be >= 0 us"),
    ({"t": [1, 2]}, {}, r"x, y, p, t must have shape \(n_events,\), the same"),
    ({}, {"dt": 0.0}, "dt must be > 0 ms"),
    ({}, {"n_steps": -1}, r"n_steps must be in \[0, "),
])  # fmt: skip
def test_wrong_recordings(changed, more, message):
    recording = data.Recording(**{name: np.array(changed.get(name, [0])) for name in "xypt"})
    with pytest.raises(ValueError, match=f"data.bin_events: {message}"):
        data.bin_events(recording, **more)


# ---- made archives ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["w:xz", "w:gz", "w"])
def test_load_events_keeps_the_order_of_the_list(chosen, how):
    chosen(how=how)
    found = data.load_events("made", duration_ms=3, registry=registry())
    assert found.labels.tolist() == [7, 4]
    assert found.numbers.tolist() == [2, 1]
    assert (found.shape, found.dt, found.name) == (SHAPE, 1.0, "made")
    for number, one in zip((2, 1), found.events):
        encode.check_events("test", one, 24, 3)
        assert as_set(one) == naive(EVENTS[number], 3, 3, 4)
    with pytest.raises(ValueError, match="read-only"):
        found.events[0].index[0] = 1


def test_steps_of_another_length(chosen):
    chosen()
    found = data.load_events("made", "test", 10.0, 0.5, registry())
    assert [one.start.size for one in found.events] == [21, 21]
    assert as_set(found.events[0]) == {(1, 5), (3, 5)}


def test_the_archive_is_read_once_and_anew_when_it_changes(chosen, monkeypatch):
    path = chosen()
    data.load_events("made", registry=registry())
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(tarfile, "open", lambda *a: pytest.fail("read again"))
        data.load_events("made", dt=0.5, registry=registry())
    path.write_bytes(before + b"\0" * 4)  # another size
    os.utime(path, ns=(1, 1))
    calls, opened = [], tarfile.open
    monkeypatch.setattr(tarfile, "open", lambda *a: calls.append(a) or opened(*a))
    data.load_events("made", registry=registry())
    assert len(calls) == 1


@pytest.mark.parametrize("changed, message", [
    ({"list_txt": None}, r"must hold list\.txt, got \['1\.bs2', '2\.bs2'\]"),
    ({"list_txt": b"#\n1 2\n3 x\n"}, "must hold lines of a number and a label 0..9, got '3 x'"),
    ({"list_txt": b"1 10\n"}, "a label 0..9, got '1 10'"),
    ({"list_txt": b"1" * 20 + b" 1\n"}, "a label 0..9, got '1{20} 1'"),
    ({"list_txt": b"#\r\n\r\n"}, "a label 0..9, got 'no line'"),
    ({"2_bs2": None}, r"2\.bs2 in .* must be there, list\.txt names it, got 'no such file'"),
    ({"1_bs2": b"123456"}, r"1\.bs2 in .* must hold whole events of 5 bytes, got '6 bytes'"),
    ({"1_bs2": b"\4\0\0\0\0"}, r"1\.bs2 in .* coordinates x < 4, y < 3, got '\(4, 0\) in event 0'"),
    ({"1_bs2": b"\0\0\0\0\0"}, "test of .* must have the decompressed MD5 [0-9a-f]{32}, got '[0-9a-f]{32}'"),
])  # fmt: skip
def test_wrong_archives_name_file_and_remedy(chosen, changed, message):
    path = chosen(files(**changed))
    with pytest.raises(data.DataError, match=f"^data.load_events: .*{message}; put made.tar.xz into ") as caught:
        data.load_events("made", registry=registry())
    assert str(path) in str(caught.value)


def cut(path):
    path.write_bytes(path.read_bytes()[:150])


def spoil(path):
    path.write_bytes(path.read_bytes()[:40] + b"\xff" * 40)


def cut_gzip(path):
    raw = path.with_suffix(".gz")
    with tarfile.open(raw, "w:gz") as archive:
        archive.add(path, "made/1.bs2")
    path.write_bytes(raw.read_bytes()[:60])


def no_archive(path):
    path.write_bytes(b"<html>not found</html>")


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, spoil, cut_gzip, no_archive, empty])
def test_damaged_archives(chosen, damage):
    damage(chosen())
    with pytest.raises(data.DataError, match=r"made\.tar\.xz must be a whole tar archive, got .*; put made\.tar\.xz"):
        data.load_events("made", registry=registry())


def test_a_missing_archive_names_the_folder(chosen, tmp_path):
    with pytest.raises(
        data.DataError, match=r"must exist, got 'no such file'; put .* or set NEUROSPARSE_DATA"
    ) as caught:
        data.load_events("made", registry=registry())
    assert f"into {tmp_path}" in str(caught.value)
    (tmp_path / "made.tar.xz").mkdir()
    with pytest.raises(data.DataError, match="must be a readable file, got 'Is a directory'"):
        data.load_events("made", registry=registry())


@pytest.mark.parametrize("args, message", [
    (("nmnist-smal",), "name must be one of nmnist-small, got 'nmnist-smal'; did you mean 'nmnist-small'"),
    (("nmnist-small", "tset"), "part of nmnist-small must be one of train, test"),
    (("nmnist-small", "test", 0.0), "duration_ms must be at least 1 step"),
    (("nmnist-small", "test", 1.5), "duration_ms must be a whole number of steps"),
    (("nmnist-small", "test", 300.0, 0.0), "dt must be > 0 ms"),
])  # fmt: skip
def test_wrong_arguments(args, message):
    with pytest.raises(ValueError, match=f"data.load_events: {message}"):
        data.load_events(*args)


# ---- the real archive ---------------------------------------------------------------------------------


@pytest.mark.data
def test_nmnist_small_is_the_published_one():
    """Counts, and the first recording of either part, by the plain decoder; labels are MNIST's, where it is there."""
    path = data.folder() / "nmnist-small.tar.xz"
    if not (os.environ.get("NEUROSPARSE_DATA") and path.exists()):
        pytest.skip("NEUROSPARSE_DATA does not name a folder that holds nmnist-small.tar.xz")
    raw = {}
    with tarfile.open(path) as archive:
        for member in archive:
            raw[member.name.rpartition("/")[2]] = archive.extractfile(member).read() if member.isfile() else b""
    per_class = {
        "train": [97, 116, 99, 93, 105, 92, 94, 117, 87, 100],
        "test": [8, 14, 8, 11, 14, 7, 10, 15, 2, 11],
    }
    for part, first, n in (("train", 1, 1000), ("test", 60_001, 100)):
        found = data.load_events("nmnist-small", part)
        assert found.numbers.tolist() == list(range(first, first + n))
        assert np.bincount(found.labels).tolist() == per_class[part]
        assert {one.start.size for one in found.events} == {301}
        last = [plain(raw[f"{number}.bs2"][-5:])[0][3] / 1000.0 for number in found.numbers]  # ms; times ascend
        assert 296.0 < min(last) < max(last) < 337.0
        recorded = plain(raw[f"{first}.bs2"])
        assert len(recorded) == {1: 4681, 60_001: 3330}[first]
        assert as_set(found.events[0]) == naive(recorded, 300)
        if (data.folder() / "mnist").is_dir():
            assert np.array_equal(found.labels, data.load("mnist", part).labels[:n])
