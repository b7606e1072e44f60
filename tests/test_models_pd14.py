"""The microcircuit: the numbers of its paper, what downscaling keeps, and its rates beside NEST's."""

import numpy as np
import pytest

from models import pd14
from simulations import pd14 as simulation

SMALL = pd14.Config(scale=0.005, in_degree_scale=0.05)
TENTH = [
    0.480,
    2.117,
    4.005,
    5.047,
    6.752,
    7.835,
    0.856,
    7.024,
]  # NEST 3.10 with these constants at scale 0.1, two seeds


@pytest.fixture(scope="module")
def net():
    return pd14.build(SMALL)


def test_the_papers_totals():
    """77,169 neurons; 0.3 billion synapses; 0.15 mV are 87.8 pA, four times that for inhibition, twice L4E to L23E."""
    assert pd14.FULL.sum() == 77_169
    assert pd14.full_synapses().sum() == pytest.approx(298.88e6, rel=1e-4)
    w = pd14.weights(pd14.Config())
    assert w[0, 0] == pytest.approx(87.8085, rel=1e-6)
    assert w[0, 2] == 2.0 * w[0, 0]
    np.testing.assert_allclose(w[:, 1::2], -4.0 * w[0, 0])
    assert np.count_nonzero(pd14.P) == 55


def test_synapses_are_drawn_so_that_pairs_are_connected_with_p():
    """K draws with replacement leave a pair without any with probability (1 - 1 / pairs)^K = 1 - p."""
    pairs = np.outer(pd14.FULL, pd14.FULL)
    np.testing.assert_allclose(1.0 - np.exp(pd14.full_synapses() * np.log1p(-1.0 / pairs)), pd14.P, rtol=1e-9)
    merged = pd14.merged()
    assert merged.max() == merged[4, 5] == pytest.approx(0.2007, abs=1e-4)


def test_theory_gives_the_published_rates():
    np.testing.assert_allclose(simulation.self_consistent(pd14.Config()), pd14.RATES, atol=0.45)


def test_downscaling_keeps_mean_and_variance():
    """Of the input current at the published rates; the constant current makes up for the mean."""
    k = pd14.full_synapses() / pd14.FULL[:, None]

    def moments(share):
        c = pd14.Config(in_degree_scale=share)
        w = pd14.weights(c) / np.sqrt(share)
        mean = (w * k * share) @ pd14.RATES + w[0, 0] * share * pd14.K_EXT * pd14.EXTERNAL_HZ
        return pd14.constant_current(c) + 0.0005 * mean, (w**2 * k * share) @ pd14.RATES

    for one, other in zip(moments(1.0), moments(0.1)):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert np.all(pd14.constant_current(pd14.Config(in_degree_scale=1.0)) == 0)


def test_built(net):
    """Contacts, signs, weights and delays of a small one; every block where `order` says."""
    n = pd14.sizes(SMALL)
    where = pd14.order(SMALL)
    assert sorted(where) == list(range(sum(n.values())))
    layer = np.repeat(np.arange(8), list(n.values()))[where]
    w = pd14.weights(SMALL) / np.sqrt(SMALL.in_degree_scale)
    mean = np.zeros((8, 8))
    for projection in net.projections:
        excitatory = projection.source == "exc"
        assert projection.port == projection.source
        rows = np.repeat(np.arange(projection.csr.n_rows), np.diff(projection.csr.indptr))
        b = layer[rows + (0 if excitatory else net.populations[0].n)]
        a = layer[projection.csr.indices + (0 if projection.target == "exc" else net.populations[0].n)]
        np.add.at(mean, (a, b), projection.csr.weight)
        assert np.all(projection.csr.weight >= 0 if excitatory else projection.csr.weight <= 0)
        typical, deviation = (1.5, 0.75) if excitatory else (0.75, 0.375)
        assert projection.delay.mean() == pytest.approx(typical, rel=0.05)
        assert projection.delay.std() == pytest.approx(deviation, rel=0.1)
        assert projection.delay.min() == pytest.approx(0.1)
    wanted = pd14.full_synapses() * SMALL.in_degree_scale * (np.array(list(n.values())) / pd14.FULL)[:, None]
    many = wanted > 300
    assert many.sum() > 20
    np.testing.assert_allclose((mean / np.where(w == 0, 1, w))[many], wanted[many], rtol=0.04)
    assert np.all(mean[wanted < 0.5] == 0)


def test_drive(net):
    for drive, kept in zip(net.inputs, (slice(0, None, 2), slice(1, None, 2))):
        assert sorted(set(drive.rate)) == pytest.approx(sorted({8.0 * 0.05 * float(k) for k in pd14.K_EXT[kept]}))


@pytest.mark.slow
def test_rates_at_a_tenth():
    """As NEST's, 2 s after 0.3 s."""
    rows = simulation.run(simulation.Config(duration_ms=2000.0, warmup_ms=300.0)).rows
    np.testing.assert_allclose([row["rate_hz"] for row in rows], TENTH, atol=0.6, rtol=0.05)
