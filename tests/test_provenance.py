"""What stands beside the arrays of a result: strict JSON, provenance, and the tables that are printed."""

import sys
from enum import Enum
from pathlib import Path

import numpy as np

from neurosparse.io import provenance, strict_json, table


class Colour(Enum):
    RED = "red"


def test_strict_json_has_only_plain_values():
    value = {
        "a": np.arange(2),
        "b": (1.5, np.nan),
        "c": Path("x"),
        "d": Colour.RED,
        "e": np.bool_(True),
        "f": None,
    }
    text = strict_json.dumps(value)
    assert text == '{"a": [0, 1], "b": [1.5, {"$float": "nan"}], "c": "x", "d": "red", "e": true, "f": null}'
    assert repr(strict_json.loads(text)["b"]) == "[1.5, nan]"
    assert strict_json.dumps([np.inf, -np.inf, 1.0], tagged=False) == "[null, null, 1.0]"


def test_provenance_tells_all_and_is_json(tmp_path):
    made = provenance.collect(seed=3, streams=["b", "a", "b"], threads=2, seconds=1.5, folder=tmp_path)
    expected = {"seed": 3, "streams": ["b", "a"], "threads": 2, "seconds": 1.5, "commit": None, "dirty": None}
    assert expected.items() <= made.items()
    assert made["versions"]["numpy"] == np.__version__
    assert made["versions"]["python"] == sys.version.split()[0]
    assert made["cores"] >= 1
    assert made["cpu"]
    assert made["started"].endswith("+00:00")
    assert strict_json.loads(strict_json.dumps(made)) == made


def test_provenance_without_git_and_of_what_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.git(tmp_path) == {"commit": None, "dirty": None}
    monkeypatch.setattr(provenance, "_ALWAYS", ("no-such-thing",))
    assert provenance.versions()["no-such-thing"] is None


def test_provenance_of_a_checkout(monkeypatch):
    answers = {"rev-parse": "abc123", "status": " M file"}
    monkeypatch.setattr(provenance, "_output", lambda words: answers[words[3]])
    assert provenance.git(".") == {"commit": "abc123", "dirty": True}
    answers["status"] = ""
    assert provenance.git(".") == {"commit": "abc123", "dirty": False}


def test_command_can_be_typed_again(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["somewhere/bin/neurosparse", "run", "toy", "--set", "scales=[1, 2]"])
    assert provenance.command() == "neurosparse run toy --set 'scales=[1, 2]'"


def test_tables_are_aligned():
    text = table.rows([{"scale": 0.4, "n": 16712, "who": "ours"}, {"scale": 1.2345, "who": "NEST"}], {"scale": "mV"})
    assert text.splitlines() == [
        "scale (mV)      n  who",
        "----------  -----  ----",
        "     0.400  16712  ours",
        "     1.234         NEST",
    ]
    assert table.rows([]) == ""
    assert table.column([1e-7, 2.0]) == ["1e-07", "2"]
    assert table.column([float("nan"), 2.5, None]) == ["nan", "2.5", "None"]
    assert table.number(123456.7) == "123457"
    assert table.pairs([("a", "one two"), ("long", "")], width=30) == "a      one two\nlong"
