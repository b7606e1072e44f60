"""Malformed commands, configurations and files: one message, exit code 2, no traceback, and not a byte written."""

import random
import re

import h5py
import numpy as np
import pytest

from neurosparse import check, clock, discover, encode
from neurosparse.io import config as configs
from neurosparse.io import moments, recordings, results, seals, stream
from neurosparse.network import PopulationRateMonitor, SpikeMonitor, StateMonitor
from tests import malformed
from tests.malformed import refused, tolerated
from tests.test_cli import call
from tests.toy_project import toy_project, write  # noqa: F401

DEEP = "[" * 9999
COMMANDS = [
    ("run", "run toi", "simulation must be one of other, toy, got 'toi'; did you mean 'toy'"),
    ("no name", "run", "Missing argument"),
    ("path", "run ../toy", "simulation must be one of"),
    ("empty name", ["run", ""], "simulation must be one of"),
    ("binary name", ["run", "\udcff"], "simulation must be one of"),
    ("unknown command", "rum toy", "No such command"),
    ("unknown option", "run toy --sett n=1", "No such option"),
    ("n=x", "run toy --set n=abc", "n must be int in .*, got 'abc'"),
    ("n=2.5", "run toy --set n=2.5", "n must be int in"),
    ("n=nan", "run toy --set n=nan", "n must be int in"),
    ("n=inf", "run toy --set n=inf", "n must be int in"),
    ("n=0", "run toy --set n=0", r"n must be int in \[1, 100\], got 0"),
    ("n=-1", "run toy --set n=-1", r"n must be int in \[1, 100\], got -1"),
    ("n=101", "run toy --set n=101", r"n must be int in \[1, 100\], got 101"),
    ("n=1e300", "run toy --set n=1e300", "n must be int in"),
    ("n=10**5000", ["run", "toy", "--set", "n=1" + "0" * 5000], "n must be int in"),
    ("n=list", "run toy --set n=[1,2]", r"n must be int in \[1, 100\], got \[1, 2\]"),
    ("n=open list", "run toy --set n=[1", "the value of n must be TOML"),
    ("n=deep", ["run", "toy", "--set", "n=" + DEEP], "the value of n must be TOML"),
    ("n=table", "run toy --set n={a=1}", "n must be int in"),
    ("n=date", "run toy --set n=2020-01-01", "n must be int in"),
    ("n=text", ["run", "toy", "--set", 'n=""'], "n must be int in"),
    ("n.x", "run toy --set n.x=1", "n must be int in"),
    ("n=", "run toy --set n=", "--set must be key=value"),
    ("=1", "run toy --set =1", "--set must be key=value"),
    ("n", "run toy --set n", "--set must be key=value"),
    ("dots", "run toy --set ..=1", "--set must be key=value"),
    ("N", "run toy --set N=1", "a key must be one of n, mode, seed, got 'N'"),
    ("unknown key", "run toy --set size=1", "a key must be one of n, mode, seed, got 'size'"),
    ("mode=3", "run toy --set mode=3", "mode must be text, got 3"),
    ("mode=[]", "run toy --set mode=[]", "mode must be text"),
    ("seed=1.5", "run toy --set seed=1.5", "seed must be int"),
    ("seed=-1", "run toy --seed -1", "seed must be in"),
    ("seed huge", "run toy --seed 99999999999999999999", "seed must be in"),
    ("seed=x", "run toy --seed x", "Invalid value for '--seed'"),
    ("threads=0", "run toy --threads 0", "Invalid value for '--threads'"),
    ("threads=x", "run toy --threads x", "Invalid value for '--threads'"),
    ("every=nan", "run toy --checkpoint-every nan", "checkpoints need a simulation"),
    ("every=x", "run toy --checkpoint-every x", "Invalid value for '--checkpoint-every'"),
    ("out is a file", "run toy --out a.txt", "the folder for results must be a folder"),
    ("out in a file", "run toy --out a.txt/b", "the folder for results must be a folder"),
    ("mode=refuse", "run toy --set mode=refuse", "mode must be kind"),
    ("figure", "figure toi", "figure must be one of odd, toy"),
    ("no result", "figure toy", "needs a stored result of toy"),
    ("format", "figure toy --format bmp", "--format must be one of png, pdf, svg"),
    ("formats", "figure toy --format png,,", "--format must be one of png, pdf, svg"),
    ("run and result", "figure toy --run --result a.txt", "give one of the two"),
    ("result missing", "figure toy --result no.h5", "there is no such file"),
    ("result is a folder", "figure toy --result project", "it is no file"),
    ("result is text", "figure toy --result a.txt", "it does not start with a checksum"),
    ("warmup", "warmup toi", "simulation must be one of"),
    ("--config", "run toy --config", "requires an argument"),
]  # fmt: skip
CONFIGS = [
    ("no.toml", None, "the file must be readable"),
    ("project", None, "the file must be readable"),
    ("a.toml", "n = ", "can not be read: Invalid value"),
    ("a.toml", "n = 1\nn = 2", "can not be read: Cannot overwrite"),
    ("a.toml", "n: 3\n", "can not be read"),
    ("a.yaml", "n: 3\n", "can not be read"),
    ("a.toml", "n = nan", "n must be int in"),
    ("a.toml", "n = '3", "can not be read"),
    ("a.toml", "size = 3", "a key must be one of n, mode, seed"),
    ("a.toml", "[n]\nx = 3", "n must be int in"),
    ("a.toml", f"n = {DEEP}", "can not be read|nest so deep"),
    ("a.toml", b"\xff\xfen\x00", "must be UTF-8 text"),
    ("a.toml", b"\x89HDF\r\n\x1a\n", "must be UTF-8 text"),
    ("a.toml", "\0", "can not be read"),
    ("a.json", "", "can not be read: Expecting value"),
    ("a.json", "{", "can not be read"),
    ("a.json", "[1, 2]", "must hold one object of keys and values"),
    ("a.json", "3", "must hold one object of keys and values"),
    ("a.json", '{"n": 3, "n": 4}', "a key may be given once, got 'n'"),
    ("a.json", '{"n": NaN}', "n must be int in"),
    ("a.json", '{"n": 1e999}', "n must be int in"),
    ("a.json", '{"n": "3x"}', "n must be int in"),
    ("a.json", '{"n": null}', "n must be int in"),
    ("a.json", '{"n": {"a": 1}}', "n must be int in"),
    ("a.json", '{"n": 1' + "0" * 5000 + "}", "can not be read|n must be int in"),
    ("a.json", '{"n": ' + DEEP, "nest so deep|can not be read"),
    ("a.json", '{"": 1}', "a key must be one of n, mode, seed"),
]  # fmt: skip


def listing(folder):
    """Every file with its bytes, but for what Python compiles for itself."""
    files = (path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return {path: path.read_bytes() if path.is_file() else None for path in files}


def no_traceback(folder, *words):
    """The message of a command that ends with 2 and leaves every file as it was."""
    before = listing(folder)
    outcome = call(*words, code=2)
    assert "Traceback" not in outcome.output
    assert outcome.stdout.replace("chatter\n", "") == ""
    assert listing(folder) == before
    return " ".join(re.sub("[│╭╮╰╯─]", " ", outcome.stderr).split())


@pytest.mark.parametrize("words, need", [case[1:] for case in COMMANDS], ids=[case[0] for case in COMMANDS])
def test_malformed_commands(tmp_path, words, need):
    (tmp_path / "a.txt").write_text("plain text")
    message = no_traceback(tmp_path, *(words.split() if isinstance(words, str) else words))
    assert re.search(need, message), message


@pytest.mark.parametrize("name, text, need", CONFIGS, ids=range(len(CONFIGS)))
def test_malformed_configurations(tmp_path, name, text, need):
    if text is not None:
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    message = no_traceback(tmp_path, "run", "toy", "--config", name)
    assert re.search(need, message), message


VALUES = ["nan", "inf", "-1", "0", "1e300", "1e-320", "9" * 20, "9" * 5000, "abc", "[]", "[1", "{a=1}", "true", '""',
          "1979-05-27", "[[1],[1,2]]", "[nan]", "1e999", "2**3", "/", DEEP]  # fmt: skip


@pytest.fixture
def real(monkeypatch):
    """The project of this repository."""
    monkeypatch.setenv("NEUROSPARSE_PROJECT", str(discover.Path(__file__).parents[1]))


def test_junk_for_every_key_of_every_simulation(real):
    for name in discover.names("simulations"):
        module = discover.load("simulations", name)
        for key in configs.keys(module.Config):
            refused(lambda key=key, module=module: configs.build(module.Config, None, [f"{key.key}=[[1"]))
            for value in VALUES:
                tolerated(lambda: configs.build(module.Config, None, [f"{key.key}={value}"]))  # noqa: B023


@pytest.mark.parametrize(
    "words, need",
    [
        pytest.param("cuba n=4000000 in_degree=1000000", "the synapses must fit in memory", marks=pytest.mark.slow),
        ("cuba n=20000 in_degree=16000", "the synapses must fit in memory"),
        ("cuba n=20000 in_degree=16000 wiring=fixed", "the synapses must fit in memory"),
        ("cuba in_degree=4001", r"p must be in \[0, 1\]"),
        ("cuba dt=1e-320", "dt must be in"),
        ("cuba delay=1e300", "delay must be in|must fit in memory"),
        ("cuba w_exc=1e300", "weight must be below 3.4e38"),
        ("coba n=20000 in_degree=16000", "the synapses must fit in memory"),
        ("coba v_rest=1e300", "v_rest|v_th|weight|must"),
        ("stdp rate=1e300", "rate must be in"),
        ("short_term rates=[0]", "rates must be list of float"),
        ("short_term duration_ms=1e300", "duration_ms must be float in"),
    ],
)
def test_simulations_of_a_size_that_can_not_be(real, tmp_path, monkeypatch, words, need):
    monkeypatch.setattr(check, "memory", lambda: 1 << 28)
    name, *sets = words.split()
    message = no_traceback(tmp_path, "run", name, "--tiny", *[word for text in sets for word in ("--set", text)])
    assert re.search(need, message), message


def damaged(whole: bytes, header: int = 0):
    """The bytes cut at every hundredth, a bit of them turned at hundreds of places, and bytes of other kinds."""
    yield from (whole[: len(whole) * share // 100] for share in range(100))
    chance = random.Random(1)
    for at in [*range(header, header + 60), *(chance.randrange(len(whole)) for _ in range(140))]:
        yield whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
    yield from (b"plain text", b"\0" * 4096, whole[:512] * 3, whole[512:], b"\x89HDF\r\n\x1a\n", whole + b"\0")


def test_damaged_results(tmp_path):
    call("run", "toy")
    (path,) = (tmp_path / "results").rglob("*.h5")
    bad = tmp_path / "bad.h5"
    for data in damaged(path.read_bytes()):
        bad.write_bytes(data)
        assert "must be a whole, undamaged result" in refused(lambda: results.load(bad))
        message = no_traceback(tmp_path, "figure", "toy", "--result", bad) if len(data) % 7 == 0 else ""
        assert "Error: results.load" in message or not message


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(engine, file of a moment, file of a recording)"""
    watch = SpikeMonitor("a"), StateMonitor("a", ("v",)), PopulationRateMonitor("q")
    engine, folder = clock.compile(malformed.network(), watch), tmp_path_factory.mktemp("made")
    end = clock.run(engine, 0.5, malformed.inputs()).end
    assert end is not None
    given = {"s": encode.events_from_pairs([], [], 50), "i": 2.0, "m": 1.0}
    return engine, moments.save(end, engine, folder / "m.h5"), stream.run(engine, 5.0, folder / "r.h5", given)


def test_damaged_moments(made, tmp_path):
    engine, path, recording = made
    bad = tmp_path / "bad.h5"
    for data in [*damaged(path.read_bytes()), recording.read_bytes()]:
        bad.write_bytes(data)
        assert "must be a whole, undamaged moment" in refused(lambda: moments.load(bad, engine))
    with h5py.File(bad, "w", userblock_size=seals.BLOCK) as file:
        file.attrs.update({"format": "neurosparse-moment", "format_version": 2, "step": "x", "network": 3})
    seals.write(bad, moments.FORMAT)
    refused(lambda: moments.load(bad, engine))


def read(path):
    """All that a recording can be asked for, and whether it is what was written."""
    with recordings.open(path) as recording:
        recording.verify()
        spikes, states, rates = recording.spikes("a"), recording.states("a"), recording.rates("q")
        recording.rate("a", 0.5)
        recording.moment()
        return spikes.i, spikes.step, states.t, states.ids, states.fields["v"], rates.count


def test_damaged_recordings(made, tmp_path):
    _, moment, path = made
    bad, whole, right = tmp_path / "bad.h5", path.read_bytes(), read(path)
    cut = [whole[: len(whole) * share // 100] for share in range(100)]
    for data in [*cut, moment.read_bytes(), b"plain text", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + whole[100:]]:
        bad.write_bytes(data)
        refused(lambda: read(bad))
    for data in damaged(whole):
        bad.write_bytes(data)
        seen = []
        if tolerated(lambda: seen.append(read(bad))):  # noqa: B023  the byte means nothing
            for a, b in zip(seen[0], right, strict=True):
                np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("ask, need", [
    (lambda r: r.spikes("b"), "population with spikes must be one of a"),
    (lambda r: r.spikes(None), "population with spikes must be one of a"),
    (lambda r: r.spikes("a", np.nan), "t0 must be a finite number"),
    (lambda r: r.spikes("a", 0.0, "x"), "t1 must be a finite number"),
    (lambda r: r.spikes("a", [[1], [1, 2]]), "t0 must be a finite number"),
    (lambda r: r.spikes("a", ids=[3]), r"id must be in \[0, 2\]"),
    (lambda r: r.spikes("a", ids=[[0], [0, 1]]), "ids must be"),
    (lambda r: r.spikes("a", ids="0"), "id must be a whole number"),
    (lambda r: r.rate("a", 0.0), "bin must be at least 1 step"),
    (lambda r: r.rate("a", np.inf), "bin must be a finite number"),
    (lambda r: r.rate("a", [0.1, 0.2]), "bin must be one number"),
    (lambda r: r.states("a", fields=("w",)), "field must be one of v"),
    (lambda r: r.states("a", fields=3), "fields must be"),
    (lambda r: r.states("a", ids=[9]), "among those that were recorded"),
    (lambda r: r.counts("a"), "population with counts must be one that there is, and there are none"),
    (lambda r: r.rates("a"), "population with rates must be one of q"),
])  # fmt: skip
def test_malformed_questions(made, ask, need):
    with recordings.open(made[2]) as recording:
        message = refused(lambda: ask(recording))
    assert re.search(need, message), message
