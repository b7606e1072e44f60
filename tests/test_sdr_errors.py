"""The figures of SDR errors: every check passes, and a check can fail."""

import numpy as np
import pytest

from models import sdr_theory as paper
from simulations import sdr_errors


@pytest.mark.slow
def test_every_figure_is_within_its_acceptance():
    result = sdr_errors.run(sdr_errors.Config(trials=20_000))
    assert [row for row in result.rows if not row["passed"]] == []
    assert {row["figure"] for row in result.rows} == {"4A", "4B", "5A", "5B", "6", "7A", "7B"}
    assert result.metrics == {"checks": 19.0, "passed": 19.0}


def test_what_is_off_does_not_pass(monkeypatch):
    """The errata themselves: the caption's grid, half the cells active, and the first dot of a = 256."""
    config = sdr_errors.tiny()
    monkeypatch.setattr(paper, "FIG6_GRID", paper.FIG6_CAPTION[:2])
    assert [row["passed"] for row in sdr_errors.fig6(config, 1)[1]] == [True, False]
    monkeypatch.setattr(paper, "DASHED_5A", {300: 0.58401})
    assert not sdr_errors.fig5a(config, 1)[1][-1]["passed"]
    monkeypatch.setattr(paper, "FAR_4A", (0, 0))
    assert not sdr_errors.fig4a(config, 1)[1][-1]["passed"]


def test_intervals_of_published_dots():
    made = {"log10": np.log10([[1e-5, 1e-5, 0.5]]), "published": np.array([[1e-5, 2e-5, np.nan]])}
    row = sdr_errors._within(made, 10_000_000, 0.999)
    assert row["points"] == 2
    assert not row["passed"]
    assert sdr_errors._within(
        made | {"published": made["published"][:, :1], "log10": made["log10"][:, :1]}, 10_000_000, 0.999
    )["passed"]
