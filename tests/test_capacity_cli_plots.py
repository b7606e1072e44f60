"""Plots of the command `neurosparse capacity`: what they draw, however small, and where they may go."""

import numpy as np
import pytest

from neurosparse import plot
from neurosparse.io import (
    capacity_answers,
    capacity_pareto,
    capacity_plot,
    capacity_plot_pareto,
    capacity_ranges,
)
from neurosparse.sdr.capacity import match
from tests.test_capacity_cli import FP, FUNCTIONS, PARETO, call, refused, told


@pytest.mark.parametrize("kind, start", [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_a_plot(kind, start, tmp_path):
    path = tmp_path / f"it.{kind}"
    outcome = call("false-positive", *FP[:4], "--s", "20,30", "--theta", "8:20", "--plot", path)
    assert outcome.stdout.endswith(f"\nplot  {path}\n")
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]
    assert told("false-positive", *FP, "--theta", "8:20", "--plot", path)["plot"] == str(path)


def drawn(*words):
    name, *rest = words
    command = next(one for one in FUNCTIONS if one.name == name)
    given = dict(zip(rest[::2], rest[1::2]))
    values = {one.name: capacity_ranges.read("it", one, given[one.name]) for one in command.arguments}
    answer = capacity_answers.evaluate(
        command, values, given.get("method", "").split(",") if "method" in given else None
    )
    return capacity_plot.draw(answer).axes[0]


def test_a_plot_draws_log10_however_small():
    ax = drawn("false-positive", "n", "65536", "a", "1300", "s", "1300", "theta", "100:1300:300", "method", "log,kl")
    law, bound = ax.lines
    wanted = match.false_positive(65536, 1300, 1300, np.arange(100, 1301, 300)).log10
    assert law.get_ydata().tolist() == wanted.tolist()
    assert np.all(bound.get_ydata() >= law.get_ydata())
    assert ax.yaxis.get_major_formatter()(-2000, 0) == "$10^{-2000}$"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["log", "kl"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("theta", "false positive")


def test_a_plot_of_few_decades_or_of_growing_steps():
    flat = drawn("prediction-recall", "a", "40", "s", "20", "v", "18", "theta", "10:12")
    assert flat.lines[0].get_ydata()[-1] == pytest.approx(0.3755931537)
    assert (flat.get_xscale(), flat.get_legend()) == ("linear", None)
    grown = drawn("false-positive", "n", "100,1000,10000", "a", "5", "s", "20", "theta", "2,6")
    assert grown.get_xscale() == "log"
    assert np.isnan(grown.lines[1].get_ydata()).all()  # theta > a: no place on a logarithmic axis
    assert drawn("union-size-mean", "n", "1000", "s", "25", "m", "1:10").lines[0].get_ydata()[9] == pytest.approx(
        223.67, abs=0.001
    )


def test_no_two_lines_of_a_plot_look_alike():
    with plot.style():
        lines = drawn("false-positive", "n", "2048", "a", "40", "s", "20:32", "theta", "9:20").lines
    assert len({(one.get_color(), one.get_marker(), one.get_linestyle()) for one in lines}) == len(lines) == 12


def test_a_plot_of_what_no_float_holds_and_of_zeros():
    ax = drawn("false-positive", "n", "65536", "a", "1300", "s", "1300", "theta", "1299,1299")
    assert np.isfinite(np.asarray(ax.lines[0].get_ydata())).all()
    with pytest.raises(ValueError, match="--plot needs a result above 0, got '0 everywhere'"):
        drawn("false-positive", "n", "1000", "a", "5", "s", "20", "theta", "6:9")


@pytest.mark.parametrize("all_", [[], ["--all"]])
def test_a_plot_of_the_front(all_, tmp_path):
    path = tmp_path / "front.svg"
    words = ["solve", "pareto", "--n", 2048, "--a", 40, "--s", "4,8", "--v", 8, "--plot", path, *all_]
    assert call(*words).stdout.endswith(f"\nplot  {path}\n")
    assert path.read_bytes().startswith(b"<?xml")
    assert told(*words)["plot"] == str(path)


def test_what_the_plot_of_the_front_draws():
    (command,) = PARETO
    answer = capacity_pareto.evaluate(command, {"n": [2048], "a": [40], "s": [4, 20], "v": [8]}, True)
    axes = capacity_plot_pareto.draw(answer).axes[0]
    few, many, front = axes.lines[:3]
    law = match.false_positive(2048, 40, 20, np.arange(1, 21))
    assert many.get_xdata().tolist() == law.log10.tolist()
    missed = match.false_negative(40, 20, 8, np.arange(1, 21)).log10
    zero = np.isneginf(missed)
    assert many.get_ydata()[~zero].tolist() == missed[~zero].tolist()
    assert np.all(many.get_ydata()[zero] < missed[~zero].min())
    assert len(few.get_xdata()) == 4
    assert len(front.get_xdata()) == sum(row["front"] == "yes" for row in answer.rows)
    floor = many.get_ydata()[0]
    ticks = axes.yaxis.get_major_formatter()
    assert (ticks(floor, 0), ticks(-2, 0), ticks(floor - 1, 0)) == ("0", "$10^{-2}$", "")


def test_a_plot_without_a_folder_is_refused_before_anything_runs(tmp_path):
    path = tmp_path / "nowhere" / "c.png"
    for words in (["false-positive", *FP, "--theta", "8:12"], ["solve", "pareto", *FP, "--v", 8]):
        assert "--plot must name a file in a folder that is there" in refused(*words, "--plot", path)
    assert list(tmp_path.iterdir()) == []
