"""Closed forms: numbers that others published or froze, integrals done another way, and our own simulations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special

from neurosparse import clock, rng, theory
from neurosparse.network import CurrentInput, Network, Population, SpikeMonitor

SMALL = {"tau_mem": 10.0, "t_ref": 2.0, "v_th": 15.0, "v_reset": 0.0}


@pytest.mark.parametrize("mu, sigma, rate", [
    (15.0, np.sqrt(1.5), 27.1095934379), (22.5, 0.0, 77.00527776659), (10.0, 15.0, 55.783756229), (-5.0, 22.5, 34.357287128),
])  # fmt: skip
def test_siegert_in_nest(mu, sigma, rate):
    """The numbers of NEST's test_siegert_neuron.py."""
    assert theory.siegert(mu, sigma, **SMALL) == pytest.approx(rate, rel=1e-10)


@given(st.floats(-30, 60), st.floats(0.5, 30))
def test_siegert_is_its_integral(mu, sigma):
    low, high = (0.0 - mu) / sigma, (15.0 - mu) / sigma
    if high < 20:
        integral, _ = integrate.quad(lambda u: special.erfcx(-u), low, high, epsabs=0, epsrel=1e-12, limit=300)
        expected = 1000.0 / (2.0 + 10.0 * np.sqrt(np.pi) * integral)
        assert theory.siegert(mu, sigma, **SMALL) == pytest.approx(expected, rel=1e-11)
    else:
        assert theory.siegert(mu, sigma, **SMALL) < 1e-100


def test_siegert_at_its_limits():
    """Noise that vanishes gives the curve without noise; no input is too far from the threshold or beyond it."""
    for mu in (16.0, 22.5, 1e4):
        assert theory.siegert(mu, 1e-7, **SMALL) == pytest.approx(theory.siegert(mu, 0.0, **SMALL), rel=1e-9)
    assert theory.siegert(14.0, 0.0, **SMALL) == theory.siegert(-1e6, 1e-3, **SMALL) == 0.0
    assert theory.siegert(15.0, 0.0, **SMALL) == 0.0
    assert theory.siegert(1e12, 1.0, **SMALL) == pytest.approx(500.0)
    assert theory.siegert(1e3, 1.0, 20.0) == pytest.approx(1000.0 / 20.0 / np.log(1000.0 / 980.0), rel=1e-5)


def test_siegert_broadcasts():
    mu, sigma = np.array([[10.0], [20.0]]), np.array([0.0, 1.0, 5.0])
    table = theory.siegert(mu, sigma, **SMALL)
    assert table.shape == (2, 3)
    assert table[1, 2] == theory.siegert(20.0, 5.0, **SMALL)


def simulated(noise, params, mu):
    """Mean rate, Hz, of as many neurons as `noise` (n_steps, n) has columns, mV a step of 0.01 ms."""
    n_steps, n = noise.shape
    net = Network((Population("a", n, "lif", params, init={"v": 0.9 * params["v_th"]}),), (),
                  (CurrentInput("noise", "a", "jump"), CurrentInput("mu", "a", "current")), 0.01)  # fmt: skip
    counts = clock.run(net, n_steps * 0.01, {"noise": noise, "mu": mu}, (SpikeMonitor("a", counts_only=True),)).counts
    return counts["a"].sum() / n / n_steps * 1e5


@pytest.mark.slow
def test_siegert_in_simulation():
    """50 neurons under white noise for 500 ms, in steps of 0.01 ms: within 10 %, as NEST holds itself to."""
    jump = 15.0 * np.sqrt(0.01 / 10.0) * rng.normals(rng.stream(0, "white noise"), 50_000 * 50).reshape(-1, 50)
    assert simulated(jump, SMALL, 10.0) == pytest.approx(theory.siegert(10.0, 15.0, **SMALL), rel=0.1)


def test_coloured_noise_moves_the_boundaries():
    """NEST's siegert_neuron shifts them by 1.03266 sqrt(tau_syn / tau_mem) sigma."""
    shift = 1.0326266 * np.sqrt(0.5 / 10.0) * 5.0
    moved = theory.siegert(12.0, 5.0, 10.0, 2.0, 15.0 + shift, shift)
    assert theory.siegert(12.0, 5.0, **SMALL, tau_syn=0.5) == pytest.approx(moved, rel=1e-6)


def test_f_i_curve():
    """NEST's defaults of iaf_psc_alpha; the rheobase is 375 pA."""
    rates = theory.f_i_curve([375.0, 376.0, 400.0, 500.0, 1000.0, 1450.0])
    np.testing.assert_allclose(rates, [0.0, 16.3143, 33.6407, 63.0400, 149.2529, 200.3033], atol=5e-5)
    shifted = theory.f_i_curve(500.0, v_th=-55.0, v_reset=-70.0, v_rest=-70.0)
    assert shifted == pytest.approx(63.0400, abs=5e-5)


def test_campbell_in_nest():
    """test_poisson_generator_campbell_alpha.py: tau_mem 5, tau_syn 0.5, C 1, J 0.01 at 294,303.553 Hz give 20 mV."""
    assert theory.campbell("alpha", 294_303.553, 0.01, 5.0, 0.5, r=5.0).mean == pytest.approx(20.0, abs=1e-8)


def potential(kind, m, s, r, w):
    """The post-synaptic potential as a function of time, by its closed form; m = tau_mem, s = tau_syn differ."""
    c = 1.0 / s - 1.0 / m
    if kind == "delta":
        return lambda t: w * np.exp(-t / m)
    if kind == "exp":
        return lambda t: w * r / m * (np.exp(-t / m) - np.exp(-t / s)) / c
    return lambda t: w * r * np.e / (s * m) * (np.exp(-t / m) - np.exp(-t / s) * (1.0 + c * t)) / c**2


@pytest.mark.parametrize("kind", ["delta", "exp", "alpha"])
def test_campbell_is_its_integrals(kind):
    h = potential(kind, 20.0, 3.0, 0.08, 50.0)
    moments = theory.campbell(kind, 500.0, 50.0, 20.0, 3.0, 0.08)
    assert moments.mean == pytest.approx(0.5 * integrate.quad(h, 0, 600, limit=200)[0], rel=1e-9)
    assert moments.variance == pytest.approx(0.5 * integrate.quad(lambda t: h(t) ** 2, 0, 600, limit=200)[0], rel=1e-9)


def test_sigma_of_siegert_is_the_root_of_twice_campbells_variance():
    """The convention that `siegert` states: sigma^2 = tau_mem rate jump^2."""
    moments = theory.campbell("delta", 20_000.0, 0.1, tau_mem=20.0)
    assert 2.0 * moments.variance == pytest.approx(20.0 * 20.0 * 0.1**2)


def test_peaks_of_others():
    """Brunel's alpha synapse (NEST's example) and Potjans & Diesmann's exponential one (GeNN writes 87.8)."""
    alpha = theory.psp_peak("alpha", 20.0, 0.5, r=20.0)
    assert alpha == pytest.approx((2.7565854767698, 1.2088884104), rel=1e-10)
    assert 1.0 / alpha.height == pytest.approx(0.8272062097, rel=1e-9)
    assert 0.15 / theory.psp_peak("exp", 10.0, 0.5, r=0.04).height == pytest.approx(87.8085, rel=1e-6)


@pytest.mark.parametrize("kind", ["exp", "alpha"])
def test_peak_is_the_top_of_its_curve(kind):
    """Also where tau_syn is the longer one."""
    for m, s in ((20.0, 0.5), (10.0, 9.0), (5.0, 8.0)):
        h, peak = potential(kind, m, s, 0.04, 100.0), theory.psp_peak(kind, m, s, 0.04, 100.0)
        assert peak.height == pytest.approx(h(peak.time), rel=1e-9)
        assert np.all(h(np.linspace(0.01, 60.0, 5000)) <= peak.height * (1 + 1e-12))


def test_peaks_hold_through_equal_time_constants():
    """exp: t = tau, height w r / e; alpha: t = 2 tau, height 2 w r / e; smooth from either side."""
    assert theory.psp_peak("exp", 5.0, 5.0) == pytest.approx((5.0, np.exp(-1)))
    assert theory.psp_peak("alpha", 5.0, 5.0) == pytest.approx((10.0, 2 * np.exp(-1)))
    tau = 5.0 * (1.0 + np.concatenate([-np.geomspace(1e-2, 1e-9, 40), [0.0], np.geomspace(1e-9, 1e-2, 40)]))
    for kind, slope in (("exp", 0.5), ("alpha", 2.0 / 3.0)):
        times = theory.psp_peak(kind, tau, 5.0).time
        assert np.all(np.diff(times) > 0)
        np.testing.assert_allclose(np.diff(times) / np.diff(tau), slope, rtol=0.02, atol=0)


@pytest.mark.parametrize("g, eta, v_reset, rate", [
    (5, 2, 10, 37.950), (5, 2, 0, 32.033), (3, 2, 10, 327.0), (3, 2, 0, 194.79), (6, 4, 10, 55.8), (4.5, 0.9, 10, 6.52),
])  # fmt: skip
def test_brunel(g, eta, v_reset, rate):
    """One stable solution in each of the paper's regimes; its own theory: 38.0, 55.8 and 6.5 Hz."""
    (solution,) = theory.brunel_rate(g, eta, v_reset=v_reset)
    assert solution.stable
    assert solution.rate == pytest.approx(rate, rel=2e-3)
    assert solution.rate == pytest.approx(theory.siegert(solution.mu, solution.sigma, 20.0, 2.0, 20.0, v_reset))


def test_brunel_where_two_states_are_stable():
    """Excitation wins (g < 4) and the drive is below threshold: silent, or near saturation; one unstable between."""
    silent, between, wild = theory.brunel_rate(3.0, 0.5)
    assert (silent.stable, between.stable, wild.stable) == (True, False, True)
    assert silent.rate < 1e-6 < between.rate < 100.0 < wild.rate < 500.0


def test_mean_field_of_two_like_populations_is_brunel():
    k, j = np.array([[1000, 250]] * 2), np.array([[0.1, -0.5]] * 2)
    rates = theory.mean_field(k, j, 40.0, np.sqrt(0.1 * 40.0))
    np.testing.assert_allclose(rates, theory.brunel_rate(5, 2)[0].rate, rtol=1e-7)


@pytest.mark.parametrize("call, message", [
    (lambda: theory.siegert(1.0, -1.0), "theory.siegert: sigma must be >= 0 mV, got -1.0"),
    (lambda: theory.siegert(1.0, 1.0, v_th=1.0, v_reset=1.0), "v_reset must be < v_th = 1.0 mV, got 1.0"),
    (lambda: theory.siegert(1.0, 1.0, tau_mem=0.0), "tau_mem must be > 0 ms"),
    (lambda: theory.siegert(np.nan, 1.0), "mu must be a finite number in mV"),
    (lambda: theory.f_i_curve(1.0, r=0.0), "theory.f_i_curve: r must be > 0 GOhm"),
    (lambda: theory.campbell("box", 1.0, 1.0), "kind must be one of delta, exp, alpha, got 'box'"),
    (lambda: theory.campbell("exp", -1.0, 1.0), "rate must be >= 0 Hz"),
    (lambda: theory.psp_peak("delta", 1.0, 1.0), "kind must be one of exp, alpha, got 'delta'"),
    (lambda: theory.psp_peak("exp", 1.0, 0.0), "tau_syn must be > 0 ms"),
    (lambda: theory.brunel_rate(5, 2, t_ref=0.0), "theory.brunel_rate: t_ref must be > 0 ms"),
    (lambda: theory.brunel_rate(-1, 2), "g must be >= 0"),
    (lambda: theory.brunel_rate(5, 2, v_reset=20.0), "v_reset must be < v_th"),
    (lambda: theory.mean_field([[1.0, 2.0]], [[1.0, 2.0]], 1.0, 1.0), r"in_degree and weight must be \(n, n\)"),
    (lambda: theory.mean_field([[1e6]], [[-0.01]], 50.0, 1.0), "the rates must settle"),
])  # fmt: skip
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
