"""Release under gliotransmission: the switch from depression to facilitation, alone and in the engine."""

import math

import numpy as np
import pytest

from neurosparse import clock, encode, wire
from neurosparse.astrocytes import gchi
from neurosparse.network import Modulator, Network, Population, Projection, SpikeSource, StateMonitor
from neurosparse.release import gliotransmission


def released(gaps_ms, m, u_0=0.6, alpha=0.0):
    """Releases of a train, plainly: decay, recovery, use, loss."""
    x, u, out = 1.0, 0.0, []
    for gap in gaps_ms:
        x = 1.0 - (1.0 - x) * math.exp(-2.0e-3 * gap)
        u = u * math.exp(-3.33e-3 * gap)
        u += ((1.0 - m) * u_0 + alpha * m) * (1.0 - u)
        r = u * x
        x -= r
        out.append(r)
    return out


# 50 ms train at bound receptors Gamma_S
TRAINS = {0.0: [0.60, 0.37, 0.15, 0.10, 0.10], 0.9: [0.06, 0.10, 0.13, 0.13, 0.13]}


@pytest.mark.parametrize("m", TRAINS)
def test_the_switch_between_depression_and_facilitation(m):
    p = gliotransmission.params(dt=0.1)
    s, ours = gliotransmission.init(p), []
    for _ in range(5):
        s, r = gliotransmission.release(p, s, 500.0, m)
        ours.append(r)
    np.testing.assert_allclose(ours, released([50.0] * 5, m), rtol=1e-12)
    np.testing.assert_array_equal(np.round(ours, 2), TRAINS[m])


def test_release_follows_alpha_and_irregular_gaps():
    gaps = [3.0, 120.0, 7.0, 55.0, 1.0]
    p = gliotransmission.params(u_0=0.3, alpha=0.8, dt=1.0)
    s, ours = gliotransmission.init(p), []
    for gap in gaps:
        s, r = gliotransmission.release(p, s, gap, 0.4)
        ours.append(r)
    np.testing.assert_allclose(ours, released(gaps, 0.4, 0.3, 0.8), rtol=1e-12)


def test_the_engine_lets_an_astrocyte_set_release():
    """Example 3: an astrocyte on a clock of 10 ms lowers what a train releases, from its first calcium event on."""
    spikes = [500, 550, 600, 650, 3000, 3050, 3100, 3150]
    fires = np.zeros(4000, dtype=np.int64)
    fires[spikes] = 1
    start = np.concatenate([[0], np.cumsum(fires)])
    train = encode.Events(start, np.zeros(len(spikes), dtype=np.int32))
    sums = {"tau_mem": 1e18, "v_th": 1e9}  # its v adds up what arrives
    net = Network(
        (SpikeSource("train", 1), Population("sums", 1, "lif", sums),
         Population("astro", 1, "gchi", gchi.EXAMPLE_3 | {"i_bias": 1.25}, {}, {"i": 0.4}, every=10.0)),
        (Projection("train", "sums", wire.all_to_all(1, 1, 1.0), 1.0, "jump",
                    release=("gliotransmission", {}), modulator="bound"),),
        (Modulator("bound", "train", source="astro", field="gamma_s"),),
        dt=1.0,
    )  # fmt: skip
    seen = clock.run(net, 4000.0, {"train": train}, (StateMonitor("sums", ("v",)), StateMonitor("astro", ("gamma_s",))))
    v, gamma_s = seen.states["sums"].fields["v"][:, 0], seen.states["astro"].fields["gamma_s"][:, 0]
    ours = np.diff(v, prepend=0.0)[np.array(spikes) + 1]
    p, s, expected, last = gliotransmission.params(dt=1.0), None, [], 0
    s = gliotransmission.init(p)
    for k in spikes:
        s, r = gliotransmission.release(p, s, float(k - last), gamma_s[k - 1])
        expected.append(r)
        last = k
    np.testing.assert_allclose(ours, expected, rtol=1e-9)
    assert gamma_s[spikes[0]] == 0.0
    assert gamma_s[spikes[-1]] > 0.8
    assert ours[0] == pytest.approx(0.6)
    assert ours[1] < ours[0]
    assert ours[5] > ours[4]


def test_every_parameter_may_differ_from_source_to_source():
    each = {"u_0": [0.5, 0.6], "alpha": [0.1, 0.2], "omega_f": [3.0, 4.0], "omega_d": [1.0, 2.0]}
    together = gliotransmission.params(**{name: np.array(pair) for name, pair in each.items()}, dt=1.0)
    for k in range(2):
        alone = gliotransmission.params(**{name: pair[k] for name, pair in each.items()}, dt=1.0)
        assert tuple(value[k] for value in together) == tuple(alone)


@pytest.mark.parametrize("given, message", [
    ({"dt": 0.0}, "dt must be > 0 ms, got 0.0"),
    ({"u_0": 1.1}, r"u_0 must be in \[0, 1\], got 1.1"),
    ({"alpha": -0.1}, r"alpha must be in \[0, 1\], got -0.1"),
    ({"omega_f": -1.0}, "omega_f must be >= 0 1/s, got -1.0"),
    ({"omega_d": np.inf}, "omega_d must be a finite number in 1/s, got inf"),
])  # fmt: skip
def test_mistakes_are_named(given, message):
    with pytest.raises(ValueError, match=f"^gliotransmission.params: {message}"):
        gliotransmission.params(**given)


def test_contract():
    assert "Source" in str(gliotransmission.__doc__)
    assert not gliotransmission.Params._field_defaults
    assert not gliotransmission.State._field_defaults
