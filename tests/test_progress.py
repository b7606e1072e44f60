"""Progress: heartbeat lines off a terminal, a bar on one, standard output left alone."""

import io
import sys
from types import SimpleNamespace

import pytest

from neurosparse.io import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that each item moves on by four seconds."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    return now


def walk(items, clock, step=4.0, **options):
    for item in progress.track(items, "training", **options):
        clock.seconds += step
        yield item


def test_heartbeat_lines(clock, capsys):
    assert list(walk(range(6), clock)) == [0, 1, 2, 3, 4, 5]
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "training: 3/6, 12 s, about 12 s left\ntraining: 6/6, 24 s\n"


def test_short_loops_are_silent(clock, capsys):
    assert len(list(walk(range(6), clock, step=1.0))) == 6
    assert capsys.readouterr() == ("", "")


def test_unknown_and_given_totals(clock, capsys):
    list(walk(iter(range(4)), clock))
    assert "training: 3, 12 s\n" in capsys.readouterr().err
    list(walk(iter(range(4)), clock, total=8))
    assert "training: 3/8, 12 s, about 20 s left" in capsys.readouterr().err


def test_last_line_when_the_end_is_not_on_a_beat(clock, capsys):
    list(walk(range(4), clock))
    assert capsys.readouterr().err.splitlines()[1:] == ["training: 4/4, 16 s"]


def test_every(clock, capsys):
    list(walk(range(3), clock, every=2.0))
    assert capsys.readouterr().err.count("training") == 3


def test_bar_on_a_terminal(monkeypatch, capsys):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    assert list(progress.track(range(3), "training")) == [0, 1, 2]
    assert "training:" in screen.getvalue()
    assert "0/3" in screen.getvalue()
    assert capsys.readouterr().out == ""


def test_mistakes_are_told_before_the_first_item():
    with pytest.raises(ValueError, match=r"progress.track: every must be > 0 s, got 0"):
        progress.track([], "x", every=0)
    with pytest.raises(ValueError, match=r"progress.track: total must be in .*, got -1"):
        progress.track([], "x", total=-1)


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0.0, "0.01 s"),
        (0.424, "0.42 s"),
        (12.3, "12 s"),
        (185, "3 min 05 s"),
        (7800, "2 h 10 min"),
        (59.9, "1 min 00 s"),
    ],
)
def test_times_for_people(seconds, text):
    assert progress.clock(seconds) == text
