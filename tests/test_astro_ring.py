"""The wave of calcium: symmetry, speed, what stops it, and what is refused."""

import numpy as np
import pytest

from neurosparse import csr, discover
from neurosparse.astrocytes import gchi
from neurosparse.io import config

ring = discover.load("simulations", "astro_ring")


def events(result, cell):
    """Times of the events of one cell, s."""
    return result.arrays["events_t"][result.arrays["events_i"] == cell]


@pytest.fixture(scope="module")
def wave():
    """Twelve cells for 300 s."""
    return ring.run(ring.Config(n_cells=12, duration_s=300.0))


@pytest.mark.slow
def test_both_ways_round_the_ring_are_alike(wave):
    n, driven = 12, int(wave.metrics["driven"])
    for k in range(1, n // 2):
        here, there = (driven + k) % n, (driven - k) % n
        assert wave.arrays["distance"][here] == wave.arrays["distance"][there] == k
        np.testing.assert_array_equal(wave.arrays["c"][:, here], wave.arrays["c"][:, there])
        np.testing.assert_array_equal(events(wave, here), events(wave, there))
    assert wave.arrays["distance"].max() == n // 2


@pytest.mark.slow
def test_the_wave_has_one_speed(wave):
    """15.5 s a cell, as on the ring of 50; the line goes through the first events of all distances."""
    m, first = wave.metrics, wave.arrays["first_s"]
    assert m["participation"] == 1.0
    assert m["speed"] == pytest.approx(0.0645, rel=0.05)  # the far end is reached from both sides
    near = wave.arrays["distance"] < 6
    np.testing.assert_allclose(first[near], (m["start_s"] + wave.arrays["distance"] / m["speed"])[near], atol=2.5)
    inner = [row["mean_first_s"] for row in wave.rows[1:6]]
    np.testing.assert_allclose(np.diff(inner), 15.5, atol=0.5)
    assert m["speed_error"] < 0.05 * m["speed"]
    by_distance = [row["mean_first_s"] for row in wave.rows]
    assert by_distance == sorted(by_distance)


@pytest.mark.slow
def test_metrics_follow_from_the_events(wave):
    a, m = wave.arrays, wave.metrics
    own = events(wave, m["driven"])
    assert m["events"] == len(a["events_i"])
    assert m["period_s"] == pytest.approx(np.diff(own).mean())
    for cell in range(12):
        assert a["first_s"][cell] == events(wave, cell)[0]
        k = np.searchsorted(a["t"], a["first_s"][cell])
        assert a["c"][k - 2, cell] < 0.5 < a["c"][k + 1, cell]
    assert sum(row["events_each"] * row["cells"] for row in wave.rows) == pytest.approx(m["events"])


@pytest.mark.slow
def test_it_is_the_ring_of_plain_numpy(wave):
    """The equations stepped by hand: gap junctions see the fields of the last step."""
    p, n = gchi.params(**gchi.EXAMPLE_5, dt=50.0, substeps=1), 12
    s, seen = gchi.State(*(np.full(n, value) for value in gchi.init(p))), []
    for k in range(1200):
        gap = sum(gchi.couple(p, s.i, np.roll(s.i, way)) for way in (1, -1))
        drive = 1.0 * (np.arange(n) == 6) * (k * 0.05 % 50.0 < 20.0 - 1e-9)
        s, _ = gchi.step(p, s, 0.0, drive, gap, 0.0)
        seen.append(s.c)
    every = round((wave.arrays["t"][1] - wave.arrays["t"][0]) / 0.05)
    ours = wave.arrays["c"][wave.arrays["t"] <= 60.0]
    np.testing.assert_allclose(ours, np.array(seen)[every - 1 :: every][: len(ours)], rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("more", [{}, {"noise": 1.0, "duration_s": 50.0}])
def test_threads_do_not_change_it(more):
    small = ring.Config(**({"n_cells": 9, "duration_s": 100.0} | more))
    one, two = (ring.run(small, threads=threads) for threads in (1, 2))
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, two.arrays[name], err_msg=name)
    np.testing.assert_equal(one.metrics, two.metrics)


@pytest.mark.slow
def test_without_gap_junctions_the_driven_cell_is_alone():
    alone = ring.run(ring.Config(n_cells=9, duration_s=100.0, f=0.0))
    assert set(alone.arrays["events_i"]) == {4}
    m = alone.metrics
    assert (m["participation"], m["farthest"]) == (pytest.approx(1 / 9), 0)
    assert np.isnan(m["speed"])
    assert np.isnan(m["speed_error"])
    quiet = np.delete(alone.arrays["c"], 4, axis=1)
    np.testing.assert_array_equal(quiet, quiet[:, :1] * np.ones(8))


@pytest.mark.slow
def test_without_a_drive_there_is_nothing():
    nothing = ring.run(ring.Config(n_cells=5, duration_s=60.0, bias=0.0))
    assert nothing.metrics["events"] == 0
    assert nothing.metrics["participation"] == 0.0
    assert nothing.metrics["farthest"] == -1
    assert np.isnan(nothing.metrics["period_s"])


@pytest.mark.slow
def test_noise_makes_cells_differ_and_seeds_count():
    a, b, c = (
        ring.run(ring.Config(n_cells=6, duration_s=40.0, noise=0.5, seed=seed)).arrays["c"] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert not np.array_equal(a[:, 2], a[:, 4])


@pytest.mark.slow
def test_a_grid_joins_neighbours_and_a_disc_starts_a_wave():
    small = ring.Config(geometry="grid", n_cells=9)
    wiring, middle = ring.neighbours(small)
    assert middle == 4
    assert np.bincount(wiring.indices).tolist() == [2, 3, 2, 3, 4, 3, 2, 3, 2]
    np.testing.assert_array_equal(csr.transpose(wiring).indices, wiring.indices)
    given = {"geometry": "grid", "n_cells": 81, "duration_s": 200.0, "f": 0.05}
    assert ring.run(ring.Config(**given)).metrics["farthest"] == 0
    disc = ring.run(ring.Config(**given, radius=2))
    assert disc.metrics["farthest"] >= 4
    assert 0.05 < disc.metrics["speed"] < 0.1
    c = disc.arrays["c"].reshape(-1, 9, 9)
    np.testing.assert_allclose(c, c.transpose(0, 2, 1), rtol=1e-3, atol=1e-5)


def test_the_drive_is_cut_with_the_run():
    assert ring.pieces(ring.Config(duration_s=110.0)) == [(True, 20), (False, 30), (True, 20), (False, 30), (True, 10)]
    assert ring.pieces(ring.Config(duration_s=30.0, on_s=0.0)) == [(False, 30)]
    assert ring.pieces(ring.Config(duration_s=60.0, on_s=50.0)) == [(True, 50), (True, 10)]


def test_speed_of_an_exact_wave():
    d = np.array([0, 1, 1, 2, 2, 3])
    v, error, start = ring.wave_speed(d, 5.0 + d / 0.25)
    assert (v, start) == (pytest.approx(0.25), pytest.approx(5.0))
    assert error == pytest.approx(0.0, abs=1e-12)
    first = np.array([0.0, 4.2, 3.9, np.nan, 8.0, np.nan])
    slope = np.polyfit(d[np.isfinite(first)], first[np.isfinite(first)], 1)[0]
    assert ring.wave_speed(d, first)[0] == pytest.approx(1 / slope)
    assert np.isnan(ring.wave_speed(d, np.where(d < 2, first, np.nan))).all()


@pytest.mark.parametrize("override, message", [
    ("n_cells=2", r"n_cells must be int in \[3, 10000\], got 2"),
    ("geometry=star", "geometry must be"),
    ("dt=15", "dt must be float"),
    ("dt=nan", "dt must be float"),
    ("duration_s=0", "duration_s must be float"),
    ("noise=-1", "noise must be float"),
    ("f=inf", "f must be float"),
    ("on_s=60", "on_s must be at most period_s, 50 s, got 60"),
])  # fmt: skip
def test_bad_configurations_are_refused(override, message):
    with pytest.raises(config.ConfigError, match=message):
        config.build(ring.Config, overrides=[override])


def test_a_grid_must_be_square():
    with pytest.raises(config.ConfigError, match="n_cells of a grid must be a square number, got 50"):
        config.build(ring.Config, overrides=["geometry=grid"])
