"""Simulations of astrocytes: what their configurations refuse, and what they measure at the edge."""

import math

import numpy as np
import pytest

from neurosparse import discover
from neurosparse.io import config

gchi, switch, ip3 = (discover.load("simulations", name) for name in ("astro_gchi", "astro_switch", "astro_ip3"))


@pytest.mark.parametrize("simulation, given, message", [
    (gchi, ["interval_ms=10", "dt=20"], r"astro_gchi.Config: interval_ms must be >= dt = 20 ms, got 10; take a smaller dt"),
    (ip3, ["ip3_low=0.7", "ip3_high=0.3"], r"astro_ip3.Config: ip3_low must be <= ip3_high, got 0.7 and 0.3; swap them"),
])  # fmt: skip
def test_mistakes_are_named(simulation, given, message):
    with pytest.raises(config.ConfigError, match=message):
        config.build(simulation.Config, None, given)


@pytest.mark.parametrize("interval, dt", [(20.0, 20.0), (25.0, 20.0), (1.1, 1.1), (2001.0, 1.0)])
def test_no_spike_is_lost(interval, dt):
    made = gchi._train(gchi.Config(interval_ms=interval, dt=dt), 3000)
    assert made.start[-1] in (math.ceil(3000 * dt / interval) - 1, math.floor(3000 * dt / interval))
    assert np.diff(made.start).max() == 1


def test_a_synapse_with_all_receptors_bound_releases_nothing():
    got = switch.run(switch.Config(transient_s=0.1, bound=(1.0, 0.5), rates=(1.0, 20.0)))
    np.testing.assert_array_equal(got.arrays["closed"][0], 0.0)
    assert got.metrics["largest_error"] < 1e-5


@pytest.mark.parametrize("record_s, finite", [(12.0, True), (5.0, False)])
def test_periods_are_those_of_the_cells_that_have_one(record_s, finite):
    """Cells of 11 to 13 s: over 12 s some, over 5 s none crosses the middle twice."""
    got = ip3.run(ip3.Config(n=9, ip3_low=0.4, ip3_high=0.62, settle_s=100.0, record_s=record_s))
    periods = [row["period_s"] for row in got.rows]
    assert np.isnan(periods).any()
    wanted = [np.nanmin(periods), np.nanmax(periods)] if finite else [math.nan, math.nan]
    np.testing.assert_array_equal([got.metrics["period_min_s"], got.metrics["period_max_s"]], wanted)
