"""G-ChI astrocyte under much neurotransmitter and under inputs below zero: it stays in its range."""

import numpy as np
import pytest

from neurosparse import clock, rng, wire
from neurosparse.astrocytes import gchi
from neurosparse.network import Network, PoissonSource, Population, Projection, StateMonitor

FIELDS = gchi.State._fields


def steps(p, s, n, inputs):
    """(n, 8) State after each step; the spikes of `inputs` come at every second."""
    p, out = gchi.Params(*map(float, p)), []
    for k in range(n):
        s, _ = gchi.step(p, s, inputs[0] * (k % 2 == 0), *inputs[1:])
        out.append(s)
    return np.array(out)


@pytest.mark.parametrize("substeps", [0, 1])
@pytest.mark.parametrize("weight", [-3.0, 20.0, 1e4, 1e9])
def test_no_input_makes_it_run_away(weight, substeps):
    p = gchi.params(dt=50.0, substeps=substeps, f_ex=2.0, g_t=1e6)
    for bias, gap in ((0.0, 0.0), (-5.0, 0.0), (0.0, -1e3), (-0.43, -0.1)):
        ours = steps(p, gchi.init(p)._replace(y=50.0, i=0.4), 200, (weight, bias, gap, 0.1))
        assert np.isfinite(ours).all()
        assert ours.min() >= 0.0
        assert ours[:, [0, 4, 6]].max() <= 1.0
        assert ours[:, 2].max() <= 2.0


def test_many_synapses_of_weight_1():
    """Y of 12,500 uM on average; receptors are all but full, calcium is finite."""
    net = Network(
        (PoissonSource("p", 100, 10.0, rng.stream(1, "p")), Population("as", 1, "gchi", every=10.0)),
        (Projection("p", "as", wire.all_to_all(100, 1, 1.0), 1.0, "spikes"),), (), dt=1.0,
    )  # fmt: skip
    seen = clock.run(net, 2000.0, {}, (StateMonitor("as", FIELDS, every=10),)).states["as"].fields
    assert seen["y"].max() > 9000.0
    assert 0.99 < seen["gamma_a"][-1, 0] <= 1.0
    assert all(np.isfinite(trace).all() for trace in seen.values())
    assert 0.5 < seen["c"].max() < 2.0


def test_nothing_decays_where_its_rate_is_zero():
    p = gchi.params(omega_c=0.0, omega_n=0.0, dt=1.0)
    ours = steps(p, gchi.init(p)._replace(y=10.0), 100, (0.0, 0.0, 0.0, 0.0))
    np.testing.assert_allclose(ours[:, 0], 1.0 - np.exp(-3e-3 * np.arange(1, 101)), rtol=1e-12)
