"""Stored results: nothing is lost, nothing is half written, and every bad file is named."""

import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from neurosparse.io import results, seals
from neurosparse.io.config import Config
from neurosparse.io.results import Result, ResultError

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(sizes=(64, 128)),
    hnp.unicode_string_dtypes(max_len=6),
    hnp.byte_string_dtypes(max_len=6),
)
ARRAYS = DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))
NAMES = st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.floats(), max_size=3))
ROWS = st.lists(st.dictionaries(st.text(max_size=8), VALUES, max_size=4), max_size=4)


class Toy(Config):
    n: int = 3
    scale: float = 0.5
    seed: int = 0


def result(**arrays):
    arrays = arrays or {"v": np.linspace(-70, -50, 5)}
    return Result(arrays, {"accuracy": 0.9, "n": 7}, [{"case": "a", "rate": 3.5}], {"rate": "Hz"})


def no_link(*_):
    raise PermissionError(1, "Operation not permitted")


def flip(path, at, mask=0x10):
    data = bytearray(path.read_bytes())
    data[at] ^= mask
    path.write_bytes(data)


@contextmanager
def forged(path):
    """Change a stored file by hand, with a right checksum."""
    with h5py.File(path, "a") as file:
        yield file
    seals.write(path, results.FORMAT)


def leftovers(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file() and path.suffix != ".h5"]


@given(arrays=st.dictionaries(NAMES.filter(lambda name: name not in (".", "..")), ARRAYS, max_size=3), rows=ROWS)
@settings(max_examples=60, deadline=None)
def test_round_trip(tmp_path_factory, arrays, rows):
    folder = tmp_path_factory.mktemp("round")
    path = results.save("toy", Result(arrays, {}, rows, {}), Toy(), {"seed": 0}, folder)
    record = results.load(path)
    assert record.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        back = record.arrays[name]
        assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert repr(record.rows) == repr(rows)


def test_record_has_all_parts(tmp_path):
    made = result(v=np.array([1.0, np.nan]), label=np.array("one é"), big=np.arange(40_000).reshape(200, 200))
    made = made._replace(units={"v": "mV", "rate": "Hz"}, metrics={"accuracy": np.float64(np.inf), "n": np.int64(7)})
    path = results.save("toy", made, Toy(n=4), {"seed": 5, "streams": ["wiring"]}, tmp_path)
    record = results.load(path)
    assert (record.name, record.path, record.units) == ("toy", path, made.units)
    assert record.metrics == {"accuracy": np.inf, "n": 7}
    assert record.rows == made.rows
    assert record.config == {"n": 4, "scale": 0.5, "seed": 0}
    assert record.provenance == {"seed": 5, "streams": ["wiring"]}
    assert record.arrays["label"] == "one é"
    assert record.arrays["label"].shape == ()
    np.testing.assert_array_equal(record.arrays["big"], made.arrays["big"])


def test_the_file_can_be_read_without_this_package(tmp_path):
    path = results.save("toy", result()._replace(units={"v": "mV"}), Toy(), {"seed": 5}, tmp_path)
    with h5py.File(path) as file:
        assert dict(file.attrs) == {"format": "neurosparse-result", "format_version": 1, "name": "toy"}
        assert file["arrays/v"].attrs["units"] == "mV"
        assert json.loads(np.asarray(file["config"]).item()) == Toy().model_dump()


def test_another_configuration_never_replaces_a_result(tmp_path):
    first = results.save("toy", result(), Toy(), {}, tmp_path)
    second = results.save("toy", result(), Toy(n=4), {}, tmp_path)
    assert first != second
    assert first.parent == tmp_path / "toy"
    assert len(first.stem) == 12
    assert results.canonical({"b": 1, "a": 2}) == results.canonical({"a": 2, "b": 1}) == '{"a": 2, "b": 1}'


def test_only_the_same_numbers_replace_a_result(tmp_path):
    def kept(made, **provenance):
        return results.save("toy", made, Toy(), provenance, tmp_path).stem.removeprefix(first.stem)

    made = result(v=np.array([1.0, np.nan]), who=np.array(["a", "é"]))
    made = made._replace(metrics={"lost": np.nan, "n": np.int64(7)}, rows=[{"shape": (1, 2), "rate": np.inf}])
    first = results.save("toy", made, Toy(), {"seed": 1}, tmp_path)
    assert kept(made, seed=2) == ""
    assert results.load(first).provenance == {"seed": 2}
    others = [
        made._replace(arrays=made.arrays | {"v": np.array([1.0, 2.0])}),
        made._replace(arrays=made.arrays | {"v": np.array([1.0, np.nan], np.float32)}),
        made._replace(arrays={"v": made.arrays["v"]}),
        made._replace(metrics={"lost": 0.0, "n": 7}),
        made._replace(rows=[{"shape": (2, 1), "rate": np.inf}]),
    ]
    assert [kept(other) for other in others] == ["-2", "-3", "-4", "-5", "-6"]
    assert [kept(other) for other in (*others, made)] == ["-2", "-3", "-4", "-5", "-6", ""]
    assert np.isnan(results.load(first).arrays["v"][1])
    assert leftovers(tmp_path) == []


def test_a_damaged_result_is_never_replaced(tmp_path):
    first = results.save("toy", result(), Toy(), {}, tmp_path)
    flip(first, 700)
    before = first.read_bytes()
    second = first.with_stem(f"{first.stem}-2")
    second.mkdir()
    third = results.save("toy", result(), Toy(), {}, tmp_path)
    assert third.name == f"{first.stem}-3.h5"
    assert first.read_bytes() == before
    assert results.save("toy", result(), Toy(), {}, tmp_path) == third


@pytest.mark.parametrize("linked", [True, False])
def test_simultaneous_writers_lose_nothing(tmp_path, monkeypatch, linked):
    if not linked:  # as on a file system without hard links
        monkeypatch.setattr(os, "link", no_link)
    made = [result(v=np.full(3, i // 2)) for i in range(6)]
    with ThreadPoolExecutor(6) as pool:
        paths = list(pool.map(lambda one: results.save("toy", one, Toy(), {}, tmp_path), made))
    assert all(results.load(path).arrays["v"].tolist() == [i // 2] * 3 for i, path in enumerate(paths))
    assert leftovers(tmp_path) == []


def test_latest(tmp_path):
    first = results.save("toy", result(), Toy(), {}, tmp_path)
    second = results.save("toy", result(), Toy(n=4), {}, tmp_path)
    os.utime(first, ns=(1, 1))
    assert results.latest("toy", tmp_path) == second
    os.utime(second, ns=(0, 0))
    assert results.latest("toy", tmp_path) == first
    third = results.save("toy", result(v=np.zeros(1)), Toy(), {}, tmp_path)
    assert results.latest("toy", tmp_path) == third != first
    assert results.latest("toy", tmp_path, besides=Toy()) == second
    second.unlink()
    assert results.latest("toy", tmp_path, besides=Toy()) == third
    with pytest.raises(FileNotFoundError, match=r"must hold a result of other, got 'none'; .*neurosparse run other"):
        results.latest("other", tmp_path)


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_failure_amid_writing_leaves_the_old_file(tmp_path, monkeypatch, error):
    path = results.save("toy", result(), Toy(), {}, tmp_path)
    before = path.read_bytes()
    real, seen = h5py.Group.create_dataset, []

    def fails_late(self, name, *args, **options):
        seen.append(name)
        if name == "rows":
            assert leftovers(tmp_path)
            raise error
        return real(self, name, *args, **options)

    monkeypatch.setattr(h5py.Group, "create_dataset", fails_late)
    with pytest.raises(type(error)):
        results.save("toy", result(v=np.zeros(9)), Toy(), {}, tmp_path)
    assert "v" in seen
    assert path.read_bytes() == before
    assert leftovers(tmp_path) == []


def test_failure_of_the_rename_leaves_the_old_file(tmp_path, monkeypatch):
    path = results.save("toy", result(), Toy(), {}, tmp_path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(PermissionError("no")))
    monkeypatch.setattr(os, "link", no_link)
    for made in (result(), result(v=np.zeros(9))):
        with pytest.raises(PermissionError, match="no"):
            results.save("toy", made, Toy(), {"seed": 9}, tmp_path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "change, error, message",
    [
        (
            {"arrays": {"x": np.array([{}])}},
            TypeError,
            "array 'x' must hold numbers, booleans or text, got dtype",
        ),
        (
            {"arrays": {"x": np.array("2020", "M8[Y]")}},
            TypeError,
            r"array 'x' must .*; convert it with .astype",
        ),
        (
            {"arrays": {"a/b": np.zeros(1)}},
            ResultError,
            "the name of the array must be text without slashes, got 'a/b'",
        ),
        ({"arrays": {"": np.zeros(1)}}, ResultError, "the name of the array must be text"),
        ({"arrays": {3: np.zeros(1)}}, ResultError, "the name of the array must be text"),
        ({"metrics": {"accuracy": "good"}}, TypeError, "metric 'accuracy' must be one number, got 'good'"),
        ({"metrics": {"accuracy": np.zeros(2)}}, TypeError, "metric 'accuracy' must be one number"),
        (
            {"units": {"rtae": "Hz"}},
            ResultError,
            "units must name an array, a metric or a column of rows, got 'rtae'",
        ),
        (
            {"rows": [{"a": object()}]},
            TypeError,
            "strict_json: a stored value must be a number, text, list or dict",
        ),
        ({"rows": [{1: 2}]}, TypeError, "strict_json: a key must be text, got 1"),
        ({"rows": [{"$float": 2}]}, ValueError, r"strict_json: a key must not be the reserved '\$float'"),
    ],
)
def test_what_can_not_be_stored_is_refused_before_writing(tmp_path, change, error, message):
    with pytest.raises(error, match=message):
        results.save("toy", result()._replace(**change), Toy(), {}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_folders_that_can_not_be_used(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"the folder for results must be a folder, got .*file"):
        results.target("toy", Toy(), tmp_path / "file" / "deeper")
    with pytest.raises(ResultError, match=r"the name of the simulation must be text without slashes, got '\.\.'"):
        results.target("..", Toy(), tmp_path)
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(NotADirectoryError, match="the folder for results must be a folder"):
        results.target("toy", Toy(), tmp_path / "dangling")
    with pytest.raises(PermissionError, match=r"the folder for results must be writable, .*\(File name too long\)"):
        results.target("toy", Toy(), tmp_path / ("x" * 300))
    before = sorted(tmp_path.rglob("*"))
    results.target("toy", Toy(), tmp_path / "new" / ".." / ".." / "deep")
    assert sorted([*tmp_path.parent.glob("deep*"), *tmp_path.rglob("*")]) == before

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(PermissionError, match=r"the folder for results must be writable, got .*; choose another"):
        results.save("toy", result(), Toy(), {}, tmp_path / "new")


def test_files_that_are_no_result(tmp_path):
    path = results.save("toy", result(), Toy(), {}, tmp_path)
    with pytest.raises(FileNotFoundError, match=r"path must be a stored result, got .*no.h5.*; there is no such file"):
        results.load(tmp_path / "no.h5")
    (tmp_path / "text.h5").write_text("hello")
    for wrong in (tmp_path / "text.h5", tmp_path):
        with pytest.raises(ResultError, match=r"path must be a whole, undamaged result, got .*; run it again \(it "):
            results.load(wrong)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(ResultError, match=r"undamaged result, got .*other.h5.*it does not start with a checksum"):
        results.load(tmp_path / "other.h5")
    with forged(path) as file:
        file.attrs["format"] = "other"
    with pytest.raises(ResultError, match=r"the format of .* must be 'neurosparse-result', got 'other'"):
        results.load(path)
    with forged(path) as file:
        file.attrs.update({"format": "neurosparse-result", "format_version": 2})
    with pytest.raises(ResultError, match=r"format_version of .* must be <= 1, got 2; a newer neurosparse wrote it"):
        results.load(path)


@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.99])
def test_truncated_files(tmp_path, part):
    path = results.save("toy", result(v=np.arange(5000)), Toy(), {}, tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(ResultError, match=r"path must be a whole, undamaged result, got .*; run it again"):
        results.load(path)


def test_a_result_without_one_of_its_parts(tmp_path):
    path = results.save("toy", result(), Toy(), {}, tmp_path)
    with forged(path) as file:
        del file["rows"]
    with pytest.raises(ResultError, match="path must be a whole, undamaged result"):
        results.load(path)


def test_one_damaged_byte_is_always_found(tmp_path, monkeypatch):
    path = results.save("toy", result(), Toy(), {}, tmp_path)
    whole = path.read_bytes()
    results.load(path)
    monkeypatch.setattr(h5py, "File", lambda *_, **__: pytest.fail("HDF5 must not see a damaged file: it may hang"))
    draw = np.random.default_rng(0)
    places = [0, 20, 90, 511, 512, len(whole) - 1, *draw.integers(len(whole), size=250)]
    for at in map(int, places):
        path.write_bytes(whole)
        flip(path, at, 1 << int(draw.integers(8)))
        with pytest.raises(ResultError, match="path must be a whole, undamaged result"):
            results.load(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(ResultError, match="its checksum is that of other bytes"):
        results.load(path)


@pytest.mark.parametrize(
    "part, value, message",
    [
        ("config", "[]", "/config must hold a dict, got list"),
        ("metrics", "3", "/metrics must hold a dict, got int"),
        ("units", "null", "/units must hold a dict, got NoneType"),
        ("provenance", '"x"', "/provenance must hold a dict, got str"),
        ("rows", "{}", "/rows must hold a list, got dict"),
        ("rows", "[{}, 3]", "/rows must hold a list of dicts"),
        ("rows", "[" * 100_000, "run it again"),
        ("arrays", "x", "run it again"),
    ],
)
def test_parts_of_another_kind(tmp_path, part, value, message):
    path = results.save("toy", result(), Toy(), {}, tmp_path)
    with forged(path) as file:
        del file[part]
        file[part] = value
    with pytest.raises(ResultError, match=f"path must be a whole, undamaged result, got .*{message}"):
        results.load(path)


@pytest.mark.parametrize("dtype", ["<i1", "<f4", "<U3", "|O", "nonsense"])
def test_the_type_of_an_array_must_be_what_is_stored(tmp_path, dtype):
    path = results.save("toy", result(), Toy(), {}, tmp_path)
    with forged(path) as file:
        file["arrays/v"].attrs["dtype"] = dtype
    with pytest.raises(ResultError, match="path must be a whole, undamaged result"):
        results.load(path)
