"""The command `neurosparse capacity`: every line of its table, ranges, screens, plots and messages."""

import inspect
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from neurosparse import cli, jit
from neurosparse.io import (
    capacity_answers,
    capacity_commands,
    capacity_ranges,
    capacity_screens,
)
from neurosparse.sdr import capacity
from neurosparse.sdr.capacity import match, union
from neurosparse.sdr.capacity.result import LogNumber

FUNCTIONS = capacity_commands.commands(capacity_commands.FUNCTIONS)
SOLVERS = capacity_commands.commands(capacity_commands.SOLVERS)
PARETO = capacity_commands.commands(capacity_commands.PARETO)
SLOW = (
    "correlated-",
    "verify-",
    "kanerva-fidelity",
    "kanerva-critical",
    "kanerva-error",
    "smallest-n",
    "largest-union",
    "union-size-pmf",
)
DRAWN = {
    "make_clusters",
    "sample_clusters",
    "correlated_patterns",
    "pattern_correlation",
    "willshaw_false_ones",
    "verify_correlated",
}
FP = ["--n", 2048, "--a", 40, "--s", 20]


def call(*words, code=0):
    outcome = CliRunner().invoke(cli.app, ["capacity", *map(str, words)])
    assert outcome.exit_code == code, outcome.output
    return outcome


def told(*words):
    outcome = call(*words, "--json")
    assert outcome.stdout.count("\n") == 1
    return json.loads(outcome.stdout, parse_constant=pytest.fail)


def refused(*words):
    outcome = call(*words, code=2)
    assert "Traceback" not in outcome.output
    assert outcome.stdout == ""
    return outcome.stderr.strip()


@pytest.mark.parametrize("command", FUNCTIONS + SOLVERS, ids=lambda one: one.name)
def test_the_table_says_what_the_functions_take(command):
    signature = inspect.signature(capacity_answers.function(command)).parameters
    there = {name: part.default for name, part in signature.items() if name != "method"}
    assert [one.name for one in command.arguments] == list(there)
    for argument in command.arguments:
        if argument.optional:
            assert there[argument.name] in (None, inspect.Parameter.empty)
        elif argument.default is not None:
            assert float(argument.default) == there[argument.name]
        else:
            assert there[argument.name] is inspect.Parameter.empty
    assert ("method" in signature) == bool(command.methods)
    if command.methods:
        assert command.methods[0] == signature["method"].default


def test_every_public_function_is_a_command():
    public = {name for name in capacity.__all__ if inspect.isfunction(getattr(capacity, name))}
    names = {one.name.replace("-", "_") for one in FUNCTIONS + SOLVERS + PARETO}
    assert public - DRAWN <= names


@pytest.mark.parametrize("command", FUNCTIONS + SOLVERS + PARETO, ids=lambda one: one.name)
def test_every_example_runs(command):
    if jit.disabled() and command.name.startswith(SLOW):
        pytest.skip("takes long without compilation")
    group = ["solve"] if command in SOLVERS + PARETO else []
    words = [*group, command.name, *command.example.split()]
    shown, rows = call(*words).stdout, told(*words)["rows"]
    assert rows
    results = set(rows[0]) - {one.name for one in command.arguments} - {"method"}
    assert results, "a result has the name of an argument"
    assert len(shown.splitlines()) >= min(len(rows), 2)
    assert "--" not in shown or len(rows) > 1


def test_a_number():
    assert call("false-positive", *FP, "--theta", 10).stdout.splitlines() == [
        "value    3.910589264e-13",
        "log10    -12.40775779638",
        "one in   2.557e+12",
    ]


def test_a_number_with_its_fraction():
    lines = call("false-positive", *FP, "--theta", 10, "--exact").stdout.splitlines()
    assert lines[3] == "exact    1832716258658299833264245729/4686547563635669056749223750061533827104"
    found = match.false_positive(2048, 40, 20, 10)
    assert str(found.fraction()) == lines[3].split()[1]


def test_numbers_that_no_float_holds():
    lines = call("false-positive", "--n", 65536, "--a", 1300, "--s", 1300, "--theta", 1300).stdout.splitlines()
    assert lines == ["value    5.109877370e-2771", "log10    -2770.291589522", "one in   1.957e+2770"]
    (row,) = told("false-positive", "--n", 65536, "--a", 1300, "--s", 1300, "--theta", 1300)["rows"]
    assert row["value"] is None
    assert row["log10"] == pytest.approx(-2770.2915895222144701, rel=1e-14)
    assert call("false-positive", "--n", 1000, "--a", 5, "--s", 20, "--theta", 6).stdout == "value   0\nlog10   -inf\n"
    (row,) = told("false-positive", "--n", 1000, "--a", 5, "--s", 20, "--theta", 6)["rows"]
    assert (row["value"], row["log10"]) == (0.0, None)


def test_a_fraction_of_thousands_of_digits_is_whole():
    (row,) = told("code-space", "--n", 65536, "--w", 1300, "--exact")["rows"]
    assert len(row["fraction"]) == 2771
    (row,) = told("false-positive", "--n", 65536, "--a", 2600, "--s", 2600, "--theta", 2600, "--exact")["rows"]
    assert len(row["fraction"]) > 4300  # more than Python turns into text unless asked
    assert sys.get_int_max_str_digits() == 4300


def test_ranges_make_a_table_of_all_combinations():
    shown = call("false-positive", "--n", "1000,2000", "--a", 40, "--s", 20, "--theta", "8:10").stdout.splitlines()
    assert shown[0].split() == ["n", "theta", "value", "log10"]
    assert len(shown) == 2 + 6
    rows = told("false-positive", "--n", "1000,2000", "--a", 40, "--s", 20, "--theta", "8:10")["rows"]
    assert [(row["n"], row["theta"]) for row in rows] == [(n, t) for n in (1000, 2000) for t in (8, 9, 10)]
    law = match.false_positive(np.array([[1000], [2000]]), 40, 20, np.array([8, 9, 10]))
    assert [row["log10"] for row in rows] == law.log10.ravel().tolist()


def test_methods_stand_beside_each_other():
    rows = told("union-false-positive", "--n", 20000, "--a", 100, "--s", 25, "--m", "5,10", "--theta", 15,
                "--method", "markov,plugin")["rows"]  # fmt: skip
    assert [(row["m"], row["method"]) for row in rows] == [(5, "markov"), (10, "markov"), (5, "plugin"), (10, "plugin")]
    assert rows[3]["log10"] == union.union_false_positive(20000, 100, 25, 10, 15, "plugin").log10


def test_exact_of_a_table_gives_every_fraction():
    rows = told("false-negative", "--a", 40, "--s", 20, "--v", 8, "--theta", "13:15", "--exact")["rows"]
    for row in rows:
        assert Fraction(row["fraction"]) == match.false_negative(40, 20, 8, row["theta"]).fraction()
    shown = call("false-negative", "--a", 40, "--s", 20, "--v", 8, "--theta", "13:15", "--exact").stdout
    assert rows[0]["fraction"] in shown
    long = call("code-space", "--n", "600,2048", "--w", 400, "--exact").stdout
    assert "... (" not in long
    assert " characters)" in long


def test_a_window_and_a_design():
    (row,) = told("solve", "thresholds", *FP, "--v", 8, "--fp", 1e-9, "--fn", 1e-3)["rows"]
    assert (row["low"], row["high"], row["count"]) == (9, 12, 4)
    (share,) = told("solve", "thresholds", *FP, "--v", 0.2, "--fp", 1e-9, "--fn", 1e-3)["rows"]
    assert share == row | {"v": 0.2}
    (design,) = told("solve", "smallest-s", "--n", 2048, "--a", 40, "--v", 8, "--fp", 1e-9, "--fn", 1e-3)["rows"]
    assert design["false_positive"] <= 1e-9
    assert design["false_negative"] <= 1e-3
    assert (design["s"], design["theta"]) == (13, 7)


def test_errors_below_every_float_are_not_0():
    law = ["--n", 65536, "--a", 1300, "--s", 1300]
    errors = ["--v", 0.2, "--fn", 1e-3]
    (row,) = told("solve", "thresholds", *law, *errors, "--fp", "1e-400")["rows"]
    assert (row["fp"], row["log10_fp"], row["count"]) == (None, -400.0, row["high"] - row["low"] + 1)
    near = match.false_positive(65536, 1300, 1300, np.array([row["low"] - 1, row["low"]])).log10
    assert near[0] > -400 >= near[1]
    shown = call("solve", "thresholds", *law, *errors, "--fp", "1e-9,1e-400,0").stdout.splitlines()
    assert [line.split()[0] for line in shown[2:]] == ["1e-09", "1e-400", "0"]
    assert shown[3].split()[1] == str(row["low"])
    population = ["solve", "largest-population", *law, "--theta", 1300, "--error"]
    assert call(*population, "1e-400").stdout.startswith("value   1.956994126e+2370\n")
    assert call(*population, 0).stdout == "value   0\nlog10   -inf\n"
    exact = call("any-of", "--p", "1e-400", "--m", 2, "--exact").stdout.splitlines()[-1].split()[1]
    assert Fraction(exact) == 1 - (1 - Fraction(1, 10**400)) ** 2


def test_cells_beside_shares():
    rows = told("solve", "thresholds", *FP, "--v", "0,8,0.2", "--fp", 1e-9, "--fn", 1e-3)["rows"]
    assert [row["high"] for row in rows] == [20, 12, 12]


def test_a_union_reached_by_several_patterns():
    rows = told("union-false-positive", "--n", 1000, "--a", 30, "--s", 20, "--m", "2:3", "--theta", 30,
                "--method", "markov,bloom")["rows"]  # fmt: skip
    assert rows[0]["log10"] < rows[1]["log10"] < rows[3]["log10"] < 0


def test_no_result_has_a_minus_zero():
    assert call("false-positive", *FP, "--theta", 0).stdout == "value   1\nlog10   0\n"
    assert call("any-of", "--p", 1, "--m", "1:2").stdout.count("-0") == 0
    assert capacity_screens.written(capacity_answers.Number(np.nan, -np.inf), 5) == "0"


def test_the_front_and_all_designs():
    front = told("solve", "pareto", "--n", 2048, "--a", 40, "--s", "4,8", "--v", 8)["rows"]
    every = told("solve", "pareto", "--n", 2048, "--a", 40, "--s", "4,8", "--v", 8, "--all")["rows"]
    assert len(every) == 12
    assert [row for row in every if row.pop("front")] == front
    for row in every:
        better = [
            other
            for other in every
            if other["false_positive"] <= row["false_positive"] and other["false_negative"] <= row["false_negative"]
        ]
        assert (row in front) == all(
            (other["false_positive"], other["false_negative"]) == (row["false_positive"], row["false_negative"])
            for other in better
        )


@pytest.mark.parametrize(
    "text, kind, values",
    [
        ("8", "whole", [8]),
        ("1e6", "whole", [1_000_000]),
        ("8:11", "whole", [8, 9, 10, 11]),
        ("10:45:10", "whole", [10, 20, 30, 40]),
        ("32, 64,1:3", "whole", [32, 64, 1, 2, 3]),
        ("0.1:0.5:0.1", "real", [0.1, 0.2, 0.3, 0.4, 0.5]),
        ("1e-9", "real", [1e-9]),
        ("0,0.2,8,1.0", "share", [0, 0.2, 8, 1.0]),
        ("0:8:4", "share", [0, 4, 8]),
        ("0:0.2:0.1", "share", [0.0, 0.1, 0.2]),
    ],
)
def test_arguments_as_they_are_typed(text, kind, values):
    argument = capacity_commands.Argument("x", kind, None, "")
    read = capacity_ranges.read("it", argument, text)
    assert read == values
    assert [type(one) for one in read] == [type(one) for one in values]


@pytest.mark.parametrize(
    "words, message",
    [
        ([*FP, "--theta", 21], "Error: false_positive: theta must be <= s, got (21, 20)"),
        (["--n", 20, "--a", 40, "--s", 20, "--theta", 10], "Error: false_positive: a must be <= n, got (40, 20)"),
        ([*FP, "--theta", 10.5], "Error: false-positive: --theta must be a whole number, got '10.5'"),
        ([*FP, "--theta", -3], "Error: false_positive: theta must be in [0, 67108863], got -3"),
        ([*FP, "--theta", "ten"], "--theta must be a whole number, a range or a list, got 'ten'; write 8, 8:20"),
        ([*FP, "--theta", "nan"], "--theta must be a whole number, a range or a list, got 'nan'"),
        ([*FP, "--theta", "8:"], "--theta must be a whole number, a range or a list, got '8:'"),
        ([*FP, "--theta", "12:8"], "a range of --theta must go up, got '12:8'"),
        ([*FP, "--theta", "8:12:0"], "a range of --theta must go up, got '8:12:0'"),
        ([*FP, "--theta", "1:2:3:4"], "a range of --theta must be low:high or low:high:step, got '1:2:3:4'"),
        ([*FP, "--theta", "1:1e9"], "a range of --theta must have 10000 values or fewer, got 1000000000"),
        ([*FP, "--theta", "1e99"], "--theta must have 18 digits or fewer, got '1e99'"),
        (["--n", "1000:2000", "--a", "1:10", "--s", 1, "--theta", 1], "the ranges must make 10000 rows or fewer"),
        (["--n", "1e18", "--a", 1, "--s", 1, "--theta", 1], "n must be in [1, 67108863], got 1000000000000000000"),
        ([*FP, "--theta", 10, "--method", "logg"], "--method must be one of log, exact, binomial, leading, kl, got"),
        ([*FP, "--theta", 10, "--method", "kl", "--exact"], "--exact must have a method that gives a fraction"),
        ([*FP, "--theta", "8:9", "--plot", "x.gif"], "--plot must name a file of .png, .pdf, .svg, got 'x.gif'"),
        ([*FP, "--theta", 8, "--plot", "x.png"], "--plot needs an argument with several values, got 'one'"),
        (
            ["--n", "1000:1020", "--a", "1:20", "--s", 1, "--theta", 1, "--plot", "x.png"],
            "a plot must have 12 lines or fewer, got 20",
        ),
        (FP, "Missing option '--theta'"),
    ],
)
def test_mistakes_are_one_message(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in refused("false-positive", *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words, message",
    [
        (["any-of", "--p", 1.5, "--m", 2], "any_of: p must be in [0, 1], got 1.5"),
        (["any-of", "--p", "0.1:0.5", "--m", 2], "a range of --p needs a step, got '0.1:0.5'"),
        (["any-of", "--p", "half", "--m", 2], "--p must be a number, a range or a list, got 'half'"),
        (["solve", "pareto", "--n", "9,99", "--a", 4, "--s", 4, "--v", 0], "pareto: --n must be one number"),
        (["solve", "pareto", "--n", 999, "--a", 400, "--s", "1:400", "--v", 0], "must make 10000 designs or fewer"),
        (["solve", "smallest-s", "--n", 60, "--a", 40, "--v", 0.9, "--fp", 1e-9, "--fn", 0], "some s <= a must keep"),
        (["any-of", "--p=-1e-400", "--m", 2], "any-of: --p must be >= 0, got '-1e-400'"),
        (["any-of", "--p", "1e400", "--m", 2], "any-of: --p must be below 1.8e308, got '1e400'"),
        (["solve", "thresholds", *FP, "--v", "1.0", "--fp", 0.1, "--fn", 0.1], "v must be in [0, 1), got 1.0; a share"),
        (["solve", "smallest-n", *FP[2:], "--theta", 10, "--fp", 0], "smallest_n: fp must be > 0, got 0"),
        (["falsepositive"], "No such command"),
    ],
)
def test_mistakes_of_other_commands(words, message):
    assert message in refused(*words)


def test_debug_shows_the_traceback_of_a_mistake():
    outcome = call("false-positive", *FP, "--theta", 21, "--debug", code=1)
    assert isinstance(outcome.exception, ValueError)


def test_digits():
    number = capacity_answers.Number
    assert capacity_screens.written(number(0.0, -np.inf), 5) == "0"
    assert capacity_screens.written(number(1.25, np.log10(1.25)), 3) == "1.25e+00"
    assert capacity_screens.written(number(np.nan, -400.0), 4) == "1.000e-400"
    assert capacity_screens.written(number(np.nan, np.nextafter(-400.0, -401)), 4) == "1.000e-400"
    assert capacity_screens.written(number(np.nan, 312_345.5), 12) == "3.1622777e+312345"
    assert capacity_screens.written(capacity_answers.Number(np.nan, LogNumber(-500.5).log10), 3) == "3.16e-501"


@pytest.mark.slow
def test_help_loads_nothing_heavy_and_names_all():
    heavy = "{'numpy', 'numba', 'h5py', 'matplotlib', 'scipy', 'bokeh'}"
    code = (
        "import sys\nfrom neurosparse.cli import app\n"
        "try: app(['capacity', *sys.argv[1:], '--help'])\nexcept SystemExit: pass\n"
        f"print(sorted({heavy} & sys.modules.keys()))"
    )
    for words, wanted in (([], FUNCTIONS), (["solve"], SOLVERS + PARETO)):
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines()[-1] == "[]"
        assert all(f"  {one.name} " in done.stdout for one in wanted)


def test_a_help_shows_its_example():
    shown = call("union-false-positive", "--help").stdout
    assert "Example: neurosparse capacity union-false-positive --n 20000 --a 100 --s 25 --m 10 --theta 15" in shown
    assert "Any of markov,exact,plugin,bloom. Default: markov." in shown


@pytest.mark.slow
def test_the_documentation_shows_what_the_commands_print():
    lines = (Path(__file__).parents[1] / "docs" / "capacity.md").read_text(encoding="utf-8").splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("$ neurosparse capacity ") and "serve" not in line]
    assert len(starts) >= 5
    for i in starts:
        shown = call(*lines[i].split("#")[0].split()[3:]).stdout.splitlines()
        assert [line.rstrip() for line in lines[i + 1 : i + 1 + len(shown)]] == shown


def test_theta_or_noise():
    sizes = ["solve", "smallest-n", "--a", 40, "--s", 20, "--fp", 1e-9]
    (row,) = told(*sizes, "--v", 0.2, "--fn", 1e-3)["rows"]
    (same,) = told(*sizes, "--theta", 12)["rows"]
    assert row["value"] == same["value"]
    assert "theta" not in row
    assert "theta must be given, got None; or v and fn" in refused(*sizes)
    assert "leave out theta, or v and fn" in refused(*sizes, "--theta", 12, "--v", 0.2, "--fn", 1e-3)
    rows = told("solve", "largest-population", *FP, "--error", 0.01, "--v", "4,8", "--fn", 1e-3)["rows"]
    assert rows[0]["value"] > rows[1]["value"]
    rows = told("solve", "largest-union", *FP, "--error", "1e-9,1e-6", "--v", 8, "--fn", 1e-3)["rows"]
    assert rows[0]["value"] < rows[1]["value"]


def test_rows_name_their_method():
    assert told("false-positive", *FP, "--theta", 10)["rows"][0]["method"] == "log"
    assert told("false-positive", *FP, "--theta", 10, "--exact")["rows"][0]["method"] == "exact"
    assert "method" not in told("overlap-mean", *FP)["rows"][0]
