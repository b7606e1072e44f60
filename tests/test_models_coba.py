"""COBA: its constants, and activity that lives as Brian2's and NumPy's does."""

import numpy as np
import pytest

from models import coba
from simulations import coba as simulation


def test_built():
    net = coba.build(coba.Config(n=500))
    assert [population.neuron for population in net.populations] == ["lif_cond"] * 2
    for projection in net.projections:
        assert np.all(projection.csr.weight == (6.0 if projection.source == "exc" else 67.0))
        assert projection.port == projection.source
    assert sum(p.csr.nnz for p in net.projections) == pytest.approx(40_000, rel=0.03)


def test_open_start():
    net = coba.build(coba.Config(n=500, v_rest=-60.0, start="open"))
    exc = net.populations[0]
    assert exc.init["g_exc"].mean() == pytest.approx(40.0, abs=3.5)
    assert exc.init["g_inh"].min() == 0.0
    assert exc.init["v"].mean() == pytest.approx(-65.0, abs=1.2)
    assert exc.params["v_rest"] == -60.0


@pytest.mark.slow
def test_alive():
    """Driven: 17.7 to 22.2 Hz and a CV of 1.5 to 1.6 in NumPy and Brian2, from wiring to wiring; never silent."""
    for seed in range(3):
        metrics = simulation.run(simulation.Config(seed=seed)).metrics
        assert 15.0 < metrics["rate_hz"] < 25.0
        assert 1.4 < metrics["isi_cv"] < 1.7
        assert metrics["last_spike_ms"] > 990.0


@pytest.mark.slow
def test_silent_without_drive_or_start():
    metrics = simulation.run(simulation.Config(v_rest=-60.0)).metrics
    assert metrics["rate_hz"] == metrics["last_spike_ms"] == 0.0
    assert np.isnan(metrics["isi_cv"])
