"""Leaky integrator: thresholds of single cells; it is the file to copy."""

import math
import pathlib

import numpy as np
import pytest

from neurosparse import astrocytes, clock
from neurosparse.astrocytes import leaky_integrator
from neurosparse.network import Network, Population, SpikeMonitor


def test_each_cell_may_have_its_threshold():
    """All rise from 0 to 1: those below 1 cross once, infinity is none."""
    theta = np.array([0.3, 0.6, 2.0, math.inf])
    p, a = leaky_integrator.params(theta=theta, b_astro=1.0), leaky_integrator.State(np.zeros(4))
    assert np.isfinite(p.theta).all()
    events = np.zeros(4)
    for _ in range(1000):
        a, z = leaky_integrator.step(p, a, 0.0, 0.0)
        events += z
    np.testing.assert_array_equal(events, [1, 1, 0, 0])
    for k in range(4):
        assert leaky_integrator.params(theta=float(theta[k])).theta == p.theta[k]


def test_the_engine_takes_a_threshold_a_cell():
    cells = Population(
        "as", 4, "leaky_integrator", {"theta": [0.3, 0.6, 2.0, math.inf], "b_astro": 1.0}, {}, {"a": 0.0}
    )
    spikes = clock.run(Network((cells,), dt=1.0), 500.0, {}, (SpikeMonitor("as"),)).spikes["as"]
    assert spikes.i.tolist() == [0, 1]


@pytest.mark.parametrize("theta", [math.nan, -math.inf, "1", [0.1, math.nan]])
def test_mistakes_are_named(theta):
    with pytest.raises(ValueError, match="^leaky_integrator.params: theta must be a finite number, got "):
        leaky_integrator.params(theta=theta)


def test_one_file_is_the_best_to_copy():
    guide = (pathlib.Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "**An astrocyte**: copy `neurosparse/astrocytes/leaky_integrator.py`" in guide
    assert "copy: `leaky_integrator.py`" in str(astrocytes.__doc__)
