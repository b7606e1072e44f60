"""Models with their own spikes: AdEx, Izhikevich, Hodgkin-Huxley and IntFire1 against their papers and other programs."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from neurosparse import clock
from neurosparse.network import CurrentInput, Network, Population, SpikeMonitor
from neurosparse.neurons import adex, hh_traub, intfire1, izhikevich, lif
from tests import equations
from tests.cells import one

STEEP = {"tau_mem": 200.0 / 11.0, "c_m": 200.0, "v_rest": -70.0, "v_th": -50.0, "delta_t": 2.0, "a": 3.0, "b": 0.0,
         "tau_w": 300.0, "v_reset": -58.0, "v_peak": 0.0, "i_bias": 420.0}  # fmt: skip


def exact_adex(duration, grid):
    """(v and w at the times of the grid, spike times), by LSODA, stopped at every spike."""

    def slopes(t, y):
        v, w = y
        dv = (11.0 * (-70.0 - v) + 22.0 * np.exp((min(v, 5.0) + 50.0) / 2.0) - w + 420.0) / 200.0
        return [dv, (3.0 * (v + 70.0) - w) / 300.0]

    def peak(t, y):
        return y[0]

    setattr(peak, "terminal", True)  # noqa: B010
    out, spikes, t, y = np.empty((2, len(grid))), [], 0.0, [-70.0, 5.0]
    while t < duration:
        s = solve_ivp(slopes, (t, duration), y, "LSODA", events=peak, rtol=1e-10, atol=1e-10, dense_output=True, max_step=0.5)  # fmt: skip
        inside = (grid >= t) & (grid <= s.t[-1])
        out[:, inside] = s.sol(grid[inside])
        t, y = s.t[-1], [-58.0, s.y[1, -1]]
        spikes += [t] * s.status
    return out, spikes


def test_adex_against_lsoda_up_to_the_upstroke():
    """NEST's test_aeif_lsodar with its parameters, the reference computed anew; dt 0.1 ms, half a ms before the peak."""
    spikes, fields = one(STEEP, 0.1, 20.0, neuron=adex, fields=("v", "w"), init={"w": 5.0})
    grid = 0.1 * (np.arange(200) + 1)
    (v, w), times = exact_adex(20.0, grid)
    before = grid < times[0] - 0.5
    np.testing.assert_allclose(fields["v"][before], v[before], rtol=1e-6)
    np.testing.assert_allclose(fields["w"][before], w[before], rtol=1e-7)
    assert spikes.t[0] == pytest.approx(times[0], abs=0.1)


@pytest.mark.slow
def test_adex_against_lsoda_over_many_spikes():
    """The same over 200 ms and 15 spikes: mean relative errors below 5e-4 (v) and 1e-4 (w), as NEST asks."""
    spikes, fields = one(STEEP, 0.001, 200.0, neuron=adex, fields=("v", "w"), init={"w": 5.0})
    (v, w), times = exact_adex(200.0, 0.001 * (np.arange(200_000) + 1))
    assert len(spikes.t) == len(times) == 15
    np.testing.assert_allclose(spikes.t, times, atol=0.015)
    assert np.mean(np.abs((fields["v"] - v) / v)) < 5e-4
    assert np.mean(np.abs((fields["w"] - w) / w)) < 1e-4


def test_adex_of_pynn():
    """PyNN's scenario EIF_cond_alpha_isfa_ista: eight spikes within 1 % of the times that its back ends agree on."""
    params = {"i_bias": 1000.0, "v_peak": -40.0, "t_ref": 2.0}
    spikes, _ = one(params, 0.01, 200.0, neuron=adex, init={"v": -65.0})
    golden = [10.015, 25.515, 43.168, 63.41, 86.649, 113.112, 142.663, 174.76]
    np.testing.assert_allclose(spikes.t, golden, rtol=1e-3)


def test_adex_holds_v_while_refractory_and_w_goes_on():
    spikes, fields = one({"i_bias": 1500.0, "t_ref": 5.0}, 0.1, 60.0, neuron=adex, fields=("v", "w"))
    first = spikes.step[0]
    np.testing.assert_array_equal(fields["v"][first : first + 51], -70.6)
    assert fields["v"][first + 51] > -70.6
    held = fields["w"][first : first + 51]
    np.testing.assert_allclose(held, held[0] * np.exp(-0.1 * np.arange(51) / 144.0), rtol=1e-9)
    assert fields["w"][first] - fields["w"][first - 1] == pytest.approx(80.5, abs=0.5)


@pytest.mark.parametrize("kind", izhikevich.TYPES)
def test_izhikevich_runs_as_in_the_paper(kind):
    """The paper's program written out: look for spikes, reset, two half steps of v, one of u; for each cell of figure 2."""
    p = izhikevich.TYPES[kind]
    spikes, fields = one(p, 1.0, 300.0, (CurrentInput("x", "a", "current"),), {"x": 10.0}, neuron=izhikevich,
                         fields=("v", "u"), init={"v": -65.0, "u": p["b"] * -65.0})  # fmt: skip
    v, u, fired = -65.0, p["b"] * -65.0, []
    for t in range(301):
        if v >= 30.0:
            fired.append(t - 1)
            v, u = p["c"], u + p["d"]
        if t > 0:
            assert fields["v"][t - 1] == v
            assert fields["u"][t - 1] == u
        v += 0.5 * (0.04 * (v * v) + 5.0 * v + 140.0 - u + 10.0)
        v += 0.5 * (0.04 * (v * v) + 5.0 * v + 140.0 - u + 10.0)
        u += p["a"] * (p["b"] * v - u)
    np.testing.assert_array_equal(spikes.step, fired)
    assert len(fired) > 5


def intervals(kind, current=10.0, duration=600.0):
    spikes, _ = one(izhikevich.TYPES[kind], 0.1, duration, (CurrentInput("x", "a", "current"),), {"x": current},
                    neuron=izhikevich)  # fmt: skip
    return np.diff(spikes.t)


def test_izhikevich_cells_fire_as_their_names_say():
    regular, fast, bursts = intervals("regular_spiking"), intervals("fast_spiking"), intervals("chattering")
    assert regular[0] < 0.5 * regular[-1]  # adapts
    assert fast[-1] == pytest.approx(fast[3], rel=0.05)  # settles at once
    assert fast.mean() < 0.5 * regular.mean()
    assert np.sort(bursts)[-5] > 5.0 * np.median(bursts)  # short intervals in bursts, long ones between
    initial = intervals("intrinsically_bursting")
    assert max(initial[:2]) < 0.25 * initial[-1]


def test_izhikevich_rests_where_nothing_moves():
    p = izhikevich.params(dt=1.0)
    assert izhikevich.init(p) == pytest.approx((-70.0, -14.0))
    s, _ = izhikevich.step(p, izhikevich.init(p), 0.0)
    assert s == pytest.approx(izhikevich.init(p), abs=1e-12)


def test_hodgkin_huxley_against_dop853():
    """PyNN's scenario HH_cond_exp (1 nA, leak at -65 mV, from -64 mV): spikes where SciPy has them, the first in time."""
    params = {"v_rest": -65.0, "i_bias": 1000.0}
    spikes, fields = one(params, 0.01, 20.0, neuron=hh_traub, init={"v": -64.0})
    start = list(hh_traub.init(hh_traub.params(dt=0.002, **params))._replace(v=-64.0, r=0.0))
    del start[4]

    def crosses(t, y):
        return y[0] + 20.0

    setattr(crosses, "direction", 1.0)  # noqa: B010
    s = solve_ivp(lambda t, y: equations.hh_traub(y, 1000.0, -65.0), (0.0, 20.0), start, "DOP853", events=crosses,
                  rtol=1e-9, atol=1e-9)  # fmt: skip
    assert len(s.t_events[0]) > 2
    np.testing.assert_allclose(spikes.t, s.t_events[0], atol=0.012)  # a step, and what Strang leaves
    assert 0.01 * np.argmax(fields["v"] > 0.0) < 2.96  # what PyNN asks of its back ends


def test_hodgkin_huxley_counts_crossings_once():
    """One spike for each upward crossing, also where v_th is crossed for longer than t_ref; a silent cell has none."""
    for t_ref in (0.0, 3.0):
        spikes, fields = one({"i_bias": 600.0, "t_ref": t_ref}, 0.05, 200.0, neuron=hh_traub)
        above = fields["v"] >= -20.0
        np.testing.assert_array_equal(spikes.step, np.flatnonzero(above[1:] & ~above[:-1]) + 1)
        assert 10 < len(spikes.step) < 40
    spikes, fields = one({"i_bias": 600.0, "t_ref": 30.0}, 0.05, 200.0, neuron=hh_traub)
    assert np.diff(spikes.t).min() > 30.0
    assert len(one({"v_rest": -65.0}, 0.05, 200.0, neuron=hh_traub)[0].i) == 0


def test_hodgkin_huxley_spike_has_its_shape():
    """Up to near e_na, down to near e_k, a millisecond wide; gates stay in [0, 1]."""
    _, fields = one({"i_bias": 600.0}, 0.01, 100.0, neuron=hh_traub, fields=("v", "m", "h", "n"))
    assert 20.0 < fields["v"].max() < 50.0
    assert -90.0 < fields["v"].min() < -65.0
    assert all(fields[gate].min() >= 0.0 and fields[gate].max() <= 1.0 for gate in "mhn")


def event_driven(times, weights, tau, t_ref):
    """IntFire1 without a grid: m at the events, spikes strictly above 1, inputs ignored while refractory."""
    m, last, free, fired = 0.0, 0.0, -1.0, []
    for t, w in zip(times, weights):
        if t <= free + 1e-9:
            continue
        m, last = (m * math.exp(-(t - last) / tau) if last > free else 0.0) + w, t
        if m > 1.0:
            fired.append(t)
            m, free = 0.0, t + t_ref
    return fired


def test_intfire1_equals_its_event_driven_form():
    dt, steps = 0.05, 20_000
    x = np.zeros((steps, 1))
    r = np.random.Generator(np.random.Philox(5))
    at = np.sort(r.choice(steps, 800, replace=False))
    x[at, 0] = r.normal(0.25, 0.3, 800)
    spikes, _ = one({"tau_mem": 24.0, "t_ref": 3.0}, dt, steps * dt, (CurrentInput("x", "a", "jump"),), {"x": x},
                    neuron=intfire1, fields=("m",))  # fmt: skip
    fired = event_driven(dt * at, x[at, 0], 24.0, 3.0)
    np.testing.assert_array_equal(spikes.step, np.rint(np.array(fired) / dt))
    assert len(fired) > 30


def test_intfire1_fires_strictly_above_one():
    for weight, count in ((1.0, 0), (np.nextafter(1.0, 2.0), 1)):
        x = np.zeros((5, 1))
        x[1] = weight
        spikes, _ = one({}, 1.0, 5.0, (CurrentInput("x", "a", "jump"),), {"x": x}, neuron=intfire1, fields=("m",))
        assert len(spikes.step) == count


@pytest.mark.slow
def test_siegert_rate_of_a_noisy_membrane():
    """NEST's test_siegert_neuron: mean 15 mV, sd sqrt(1.5) mV, threshold 15 mV: 27.1095934379 Hz; within a tenth."""
    dt, n, steps = 0.02, 50, 25_000
    noise = np.random.Generator(np.random.Philox(2)).normal(0.0, 1.0, (steps, n))
    spread = math.sqrt(1.5) * math.sqrt(1.0 - math.exp(-2.0 * dt / 10.0))  # of v in a step, so that sd(v) is sqrt(1.5)
    net = Network((Population("a", n, lif, {"tau_mem": 10.0, "t_ref": 2.0, "v_th": 15.0, "i_bias": 15.0}),), (),
                  (CurrentInput("x", "a", "jump"),), dt)  # fmt: skip
    run = clock.run(net, steps * dt, {"x": spread * noise}, (SpikeMonitor("a"),))
    assert len(run.spikes["a"].i) / n / (steps * dt / 1000.0) == pytest.approx(27.1095934379, rel=0.1)
