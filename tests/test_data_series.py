"""Time series: made files in every state, the real ones where present."""

import hashlib
import io
import json
import tarfile

import numpy as np
import pytest

from neurosparse import data
from neurosparse.data import loader, series
from neurosparse.data.registry import Corpus, Table

TAXI = b"timestamp,passenger_count\ndatetime,int\nT,\n2014-07-01 00:00:00,10844,0,1\n2014-07-01 00:30:00,8127.5,30,1\n"
ROWS = b"timestamp,value\n2014-01-01 00:00:00,1.5\n2014-01-01 00:05:00,-2\n2014-01-01 00:10:00,1e3\n"
SCORED = (
    b"timestamp,value,anomaly_score,raw_score,label,S(t)_standard\n"
    b"2014-01-01 00:00:00,1.5,0.25,1.0,0,0.0\n2014-01-01 00:05:00,-2,0.5,0.75,1,-0.11\n"
    b"2014-01-01 00:10:00,1e3,0.125,0.0,0,0.0\n"
)
WINDOW = ["2014-01-01 00:05:00.000000", "2014-01-01 00:10:00.000000"]
WEIGHTS = {"tpWeight": 1.0, "fpWeight": 0.11, "fnWeight": 1.0, "tnWeight": 1.0}


def files(**changed) -> dict:
    """The members of the made archive; SHA256SUMS is made of them."""
    members = {
        "data/b/two.csv": ROWS,
        "data/a/one.csv": ROWS,
        "labels/combined_windows.json": json.dumps({"b/two.csv": [], "a/one.csv": [WINDOW]}).encode(),
        "config/profiles.json": json.dumps({"standard": {"CostMatrix": WEIGHTS}}).encode(),
        "config/thresholds.json": json.dumps({"good": {"standard": {"score": 1.0, "threshold": 0.5}}}).encode(),
        "results/final_results.json": json.dumps({"good": {"standard": 70.0}}).encode(),
        "results/good/a/good_one.csv": SCORED,
    }
    members |= changed.get("change", {})
    members = {name: content for name, content in members.items() if content is not None}
    lines = [f"{hashlib.sha256(content).hexdigest()}  ./{name}\n" for name, content in members.items()]
    return {"SHA256SUMS": "".join(lines).encode()} | members | changed.get("after", {})


def corpora(members) -> dict:
    return {"nab": Corpus("made.tar.xz", hashlib.sha256(members.get("SHA256SUMS", b"")).hexdigest(), "CC0", "made")}


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """Writes made files into a folder named by NEUROSPARSE_DATA; what it returns is the registry."""
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path))
    series._checked.cache_clear()

    def write(members=None, **changed):
        members = files(**changed) if members is None else members
        with tarfile.open(tmp_path / "made.tar.xz", "w:xz") as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(f"nab/{name}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return corpora(members)

    yield write
    series._checked.cache_clear()


def tables(content=TAXI) -> dict:
    return {"taxi": Table("sub/taxi.csv", hashlib.md5(content).hexdigest(), 3, "CC0", "made")}


@pytest.fixture
def taxi(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path))
    (tmp_path / "sub").mkdir()

    def write(content=TAXI):
        (tmp_path / "sub" / "taxi.csv").write_bytes(content)
        return tables(content)

    return write


def test_a_series(taxi):
    found = data.load_series("taxi", taxi())
    assert found.time.tolist() == np.array(["2014-07-01T00:00:00", "2014-07-01T00:30:00"], "M8[s]").tolist()
    assert found.value.tolist() == [10844.0, 8127.5]
    assert (found.windows.shape, found.name) == ((0, 2), "taxi")
    assert not any(array.flags.writeable for array in found[:3])


def test_a_series_that_is_not_there_or_another(taxi, tmp_path):
    with pytest.raises(data.DataError, match=r"load_series: .*taxi.csv must exist, .*put taxi.csv into .*sub, or set"):
        data.load_series("taxi", tables())
    registry = taxi()
    taxi(TAXI + b"2014-07-01 01:00:00,1,2,3\n")
    with pytest.raises(data.DataError, match=r"must have the MD5 [0-9a-f]{32}, got '[0-9a-f]{32}'; put taxi.csv"):
        data.load_series("taxi", registry)
    for wrong in (b"a\nb\nc\n2014-07-01 00:00:00\n", b"a\nb\nc\nyesterday,1\n", b"a\nb\nc\n2014-07-01,many\n"):
        with pytest.raises(data.DataError, match="must hold lines of a timestamp and a value, got"):
            data.load_series("taxi", taxi(wrong))
    with pytest.raises(ValueError, match="name must be one of nyc-taxi, got 'nyc-taxy'; did you mean 'nyc-taxi'"):
        data.load_series("nyc-taxy")
    (tmp_path / "sub" / "taxi.csv").unlink()
    (tmp_path / "sub" / "taxi.csv").mkdir()
    with pytest.raises(data.DataError, match="taxi.csv must be a readable file, got"):
        data.load_series("taxi", tables())


def test_a_corpus(chosen):
    found = data.load_nab(chosen())
    assert [one.name for one in found.series] == ["a/one.csv", "b/two.csv"]
    assert found.series[0].windows.tolist() == [[1, 2]]
    assert found.series[1].windows.shape == (0, 2)
    assert found.series[0].value.tolist() == [1.5, -2.0, 1000.0]
    assert found.series[0].time[1] == np.datetime64("2014-01-01T00:05:00")
    assert found.profiles == {"standard": WEIGHTS}
    assert (found.published["good"]["standard"], found.thresholds["good"]["standard"]["threshold"]) == (70.0, 0.5)
    rows = found.scored["good"]["a/one.csv"]
    assert rows.anomaly_score.tolist() == [0.25, 0.5, 0.125]
    assert rows.raw_score.tolist() == [1.0, 0.75, 0.0]
    assert rows.earned["standard"].tolist() == [0.0, -0.11, 0.0]
    assert not found.series[0].value.flags.writeable


def test_a_corpus_that_changes_is_read_again(chosen):
    assert data.load_nab(chosen()).published["good"]["standard"] == 70.0
    better = json.dumps({"good": {"standard": 71.5}}).encode() + b" " * 999
    assert data.load_nab(chosen(change={"results/final_results.json": better})).published["good"]["standard"] == 71.5


@pytest.mark.parametrize("changed, message", [
    ({"after": {"data/a/one.csv": b"x"}}, "data/a/one.csv in .* must have the SHA-256 [0-9a-f]{64}, got '[0-9a-f]{64}'"),
    ({"change": {"config/profiles.json": None}}, r"must hold config/profiles.json, got \['SHA256SUMS'"),
    ({"change": {"config/profiles.json": b"{"}}, "config/profiles.json in .* must be JSON, got"),
    ({"change": {"data/b/two.csv": None}}, "data/b/two.csv in .* must be there, it has labels, got 'no such file'"),
    ({"change": {"data/b/two.csv": b"timestamp,value\nsoon,1\n"}}, "must hold lines of a timestamp and a value"),
    ({"change": {"data/a/one.csv": ROWS.replace(b"00:10", b"00:11")}}, r"must have a record at each end of its windows, got \['2014-01-01T"),
])  # fmt: skip
def test_damaged_corpora(chosen, changed, message):
    with pytest.raises(data.DataError, match=f"^data.load_nab: .*{message}.*; put made.tar.xz into "):
        data.load_nab(chosen(**changed))


def test_corpora_that_are_none(chosen, tmp_path):
    members = files()
    with pytest.raises(data.DataError, match=r"made.tar.xz must exist, got 'no such file'; put made.tar.xz into"):
        data.load_nab(corpora(members))
    chosen()
    other = {"nab": Corpus("made.tar.xz", "0" * 64, "CC0", "made")}
    with pytest.raises(data.DataError, match="SHA256SUMS in .* must have the SHA-256 0000"):
        data.load_nab(other)
    without = {name: content for name, content in members.items() if name != "data/b/two.csv"}
    with pytest.raises(data.DataError, match="data/b/two.csv in .* must have the SHA-256 .*, got 'no such file'"):
        data.load_nab(chosen(without))
    whole = (tmp_path / "made.tar.xz").read_bytes()
    for piece in (b"", b"no archive", whole[: len(whole) // 2]):
        (tmp_path / "made.tar.xz").write_bytes(piece)
        with pytest.raises(data.DataError, match="must be a whole tar archive"):
            data.load_nab(corpora(members))
    (tmp_path / "made.tar.xz").unlink()
    (tmp_path / "made.tar.xz").mkdir()
    with pytest.raises(data.DataError, match="must be a readable file"):
        data.load_nab(corpora(members))


@pytest.mark.data
@pytest.mark.skipif(
    not (loader.folder() / "htm-sequences/nyc_taxi.csv").exists(), reason="NEUROSPARSE_DATA has no nyc_taxi.csv"
)
def test_the_taxi_series():
    found = data.load_series("nyc-taxi")
    assert len(found.value) == 17_520
    assert np.all(np.diff(found.time) == np.timedelta64(30, "m"))
    assert str(found.time[0]) == "2014-07-01T00:00:00"
    assert (found.value[0], found.value[-1], found.value.max()) == (10844, 14242, 39197)


@pytest.mark.data
@pytest.mark.skipif(not (loader.folder() / "nab.tar.xz").exists(), reason="NEUROSPARSE_DATA has no nab.tar.xz")
def test_the_benchmark():
    found = data.load_nab()
    assert (len(found.series), sum(len(one.windows) for one in found.series)) == (58, 116)
    assert sum(len(one.value) for one in found.series) == 365_558
    assert found.published["numenta"]["standard"] == pytest.approx(70.10105611943965)
    for one in found.series:
        assert one.time.shape == one.value.shape
        inside = np.concatenate([[-1], one.windows.reshape(-1), [len(one.value)]])
        assert np.all(np.diff(inside) > 0)
    taxi, rows = next(one for one in found.series if "taxi" in one.name), found.scored["numentaTM"]
    assert len(rows) == 3
    assert rows[taxi.name].anomaly_score.shape == taxi.value.shape
    np.testing.assert_array_equal(taxi.value, data.load_series("nyc-taxi").value[: len(taxi.value)])
