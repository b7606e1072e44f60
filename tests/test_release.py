"""Short-term plasticity: NEST's numbers, the equations, the order of maxima."""

import numpy as np
import pytest

from neurosparse import clock, encode, wire
from neurosparse.network import (
    Network,
    Population,
    Projection,
    SpikeSource,
    StateMonitor,
)


def test_tsodyks_as_nest():
    """Tsodyks, Pawelzik & Markram (1998), fig. 1A, by NEST's test_tsodyks_synapse; the spikes first take 1 ms."""
    train = np.zeros((11000, 1))
    train[np.arange(980, 10490, 500)] = 1
    ticks = np.concatenate([[0], np.cumsum(train[:, 0])]).astype(np.int64)
    events = encode.Events(ticks, np.zeros(ticks[-1], dtype=np.int32))
    membrane = {"tau_mem": 40.0, "tau_exc": 3.0, "v_th": 1e9, "v_reset": 0.0, "v_rest": 0.0}
    net = Network(
        (SpikeSource("s", 1), Population("n", 1, "lif_exp", membrane)),
        (Projection("s", "n", wire.all_to_all(1, 1, 250.0), 1.1, "exc",
                    release=("tsodyks", {"u_0": 0.5, "tau_rec": 800.0, "tau_fac": 0.0, "tau_psc": 3.0})),),
    )  # fmt: skip
    v = clock.run(net, 1100.0, {"s": events}, (StateMonitor("n", ("v",), every=10),)).states["n"].fields["v"][:, 0]
    known = {100: 2.40135, 125: 5.30244, 150: 4.10833, 175: 4.32217, 200: 3.05339, 1000: 0.726588, 1050: 0.726578,
             1075: 0.846346, 1100: 0.453126}  # fmt: skip
    np.testing.assert_allclose([v[t - 1] for t in known], list(known.values()), atol=1e-5)


@pytest.mark.parametrize("taus", [(800.0, 0.0, 0.0), (130.0, 530.0, 1.5), (5.0, 30.0, 5.0), (5.0, 30.0, 5.0 + 1e-8)])
def test_release_solves_its_equations(taus):
    from scipy.integrate import solve_ivp

    from neurosparse.release import tsodyks

    rec, fac, psc = taus
    p, s = tsodyks.params(0.2, rec, fac, psc, dt=0.1), None
    s = tsodyks.init(p)
    y = np.array([1.0, 0.0, 0.0, 0.0])
    for gap in (1, 30, 4, 400, 77):
        s, released = tsodyks.release(p, s, gap)

        def flow(t, y):
            active = y[1] / psc if psc else 0.0
            return [y[2] / rec, -active, active - y[2] / rec, -y[3] / fac if fac else 0.0]

        y = solve_ivp(flow, (0, gap * 0.1), y, rtol=1e-11, atol=1e-13, method="LSODA").y[:, -1]
        u = (y[3] if fac else 0.0) + 0.2 * (1 - (y[3] if fac else 0.0))
        assert released == pytest.approx(u * y[0], rel=1e-7)
        x = u * y[0]
        y = np.array([y[0] - x, y[1] + x, y[2], u]) if psc else np.array([y[0] - x, 0.0, y[2] + x, u])
        assert s.x + s.y <= 1 + 1e-12


def test_first_release_is_u_and_the_order_of_maxima():
    """Norse's STP example: depressing synapses (U 0.45) peak at the first spike, facilitating ones (U 0.15) later."""
    from neurosparse.release import tsodyks

    peaks = {}
    for kind, (u, rec, fac) in {"depressing": (0.45, 750.0, 50.0), "facilitating": (0.15, 50.0, 750.0)}.items():
        p = tsodyks.params(u, rec, fac, dt=1.0)
        s, out = tsodyks.init(p), []
        for _ in range(10):
            s, released = tsodyks.release(p, s, 20.0)
            out.append(released)
        assert out[0] == pytest.approx(u)
        peaks[kind] = int(np.argmax(out))
    assert peaks["depressing"] == 0 < peaks["facilitating"]
