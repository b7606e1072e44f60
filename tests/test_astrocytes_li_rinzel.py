"""Li-Rinzel astrocyte: SciPy's solution of its equations, NEST's numbers, the window of oscillation, the contract."""

import inspect
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from neurosparse import clock, rng
from neurosparse.astrocytes import li_rinzel
from neurosparse.network import CurrentInput, Network, Population, SpikeMonitor, StateMonitor

START = li_rinzel.State(ip3=0.5, ca=0.1, h=0.7, sic=0.0)
PORTS = len(li_rinzel.PORTS)


def slopes(u, ip3_0=0.16, j_ext=0.0, gap=0.0):
    """The equations of Nadkarni & Jung with the ER's concentration written out, and NEST's values, per ms."""
    ip3, ca, h = u
    er = (2.0 - ca) / 0.185
    m, n = ip3 / (ip3 + 0.13), ca / (ca + 0.08234)
    channel, leak = 0.185 * 0.006 * m**3 * n**3 * h**3 * (er - ca), 0.185 * 1.1e-4 * (er - ca)
    alpha, beta = 2e-4 * 1.049 * (ip3 + 0.13) / (ip3 + 0.9434), 2e-4 * ca
    pump = 9e-4 * ca**2 / (0.1**2 + ca**2)
    return [(ip3_0 - ip3) / 7142.0 + gap, channel - pump + leak + j_ext, alpha * (1.0 - h) - beta * h]


def solved(start, until, more=(), at=None):
    """(times, 3) SciPy's solution; `until` in ms."""
    run = solve_ivp(lambda t, u: slopes(u, *more), (0.0, until), start, "DOP853", t_eval=at, rtol=1e-12, atol=1e-14)
    return run.y.T


def steps(p, s, n, inputs=(0.0, 0.0, 0.0)):
    """(n, 3) IP3, calcium and h after each step."""
    out = []
    for _ in range(n):
        s, _ = li_rinzel.step(p, s, *inputs)
        out.append(s[:3])
    return np.array(out)


@pytest.mark.parametrize("ip3_0, j_ext, gap", [(0.5, 0.0, 0.0), (0.16, 2e-5, 5e-5), (0.6, -1e-5, 0.0)])
@pytest.mark.parametrize("dt", [10.0, 50.0])
def test_a_minute_is_scipys_to_a_millionth(dt, ip3_0, j_ext, gap):
    n = round(60_000.0 / dt)
    ours = steps(li_rinzel.params(ip3_0=ip3_0, dt=dt), START, n, (0.0, j_ext, gap))
    truth = solved(START[:3], n * dt, (ip3_0, j_ext, gap), np.arange(1, n + 1) * dt)
    assert np.ptp(truth[:, 1]) > 0.05
    np.testing.assert_allclose(ours, truth, atol=1e-7)


def test_spikes_raise_ip3_at_the_start_of_the_step():
    p = li_rinzel.params(dt=50.0, delta_ip3=0.01)
    s, _ = li_rinzel.step(p, START, 3.0, 0.0, 0.0)
    np.testing.assert_allclose(s[:3], solved([0.53, 0.1, 0.7], 50.0)[-1], atol=1e-8)


def row(arrives):
    """The state at 99.9 ms from (1, 1, 1), with a spike of weight 1 that arrives after `arrives` ms."""
    p, s = li_rinzel.params(dt=0.1), li_rinzel.State(1.0, 1.0, 1.0, 0.0)
    for k in range(999):
        s, _ = li_rinzel.step(p, s, 1.0 if k == round(arrives / 0.1) else 0.0, 0.0, 0.0)
    return s


def test_nests_reference_row():
    """The row of NEST's own test of astrocyte_lr_1994, in which the spike acts at 10 ms; its C has 2e-7 of error."""
    s = row(10.0)
    assert s.ip3 == pytest.approx(0.98852964, abs=5e-9)
    assert s.ca == pytest.approx(1.1506278581, rel=1e-6)
    assert s.h == pytest.approx(0.9787586287, abs=5e-9)


def test_what_nest_3_10_gave():
    """NEST 3.10 run here: astrocyte_lr_1994 from (1, 1, 1), spike generator at 10 ms, delay 1 ms, dt 0.1 ms."""
    np.testing.assert_allclose(
        row(11.0)[:3], [0.9885296693258696, 1.150627944113071, 0.9787586304134458], rtol=0, atol=1e-11
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_nest_itself():
    """NEST's adaptive steps beside ours, two seconds with spikes, and the current that a neuron gets 1 ms later."""
    nest = pytest.importorskip("nest")
    nest.ResetKernel()
    nest.resolution = 0.1
    start = {"IP3": 0.5, "Ca_astro": 0.1, "h_IP3R": 0.7, "delta_IP3": 0.01, "SIC_scale": 2.0}
    cell, neuron = nest.Create("astrocyte_lr_1994", params=start), nest.Create("aeif_cond_alpha_astro")
    nest.Connect(cell, neuron, syn_spec={"synapse_model": "sic_connection", "weight": 1.0, "delay": 1.0})
    current = nest.Create("multimeter", params={"record_from": ["I_SIC"], "interval": 0.1})
    nest.Connect(current, neuron)
    times = [50.0, 51.0, 300.0, 310.0, 1000.0]
    nest.Connect(nest.Create("spike_generator", params={"spike_times": times}), cell, syn_spec={"delay": 1.0})
    meter = nest.Create("multimeter", params={"record_from": ["IP3", "Ca_astro", "h_IP3R"], "interval": 0.1})
    nest.Connect(meter, cell)
    nest.Simulate(2000.1)
    events, p, s, out = meter.events, li_rinzel.params(dt=0.1, delta_ip3=0.01, sic_scale=2.0), START, []
    arrivals = {round((t + 1.0) / 0.1) for t in times}
    for k in range(20_000):
        s, _ = li_rinzel.step(p, s, float(k in arrivals), 0.0, 0.0)
        out.append(s)
    out = np.array(out)
    theirs = np.array([events["IP3"], events["Ca_astro"], events["h_IP3R"]]).T
    apart = np.abs(out[:, :3] - theirs[: len(out)])
    apart[[arrival - 1 for arrival in arrivals], 0] = 0.0  # there NEST shows the jump, at the end of the step before
    assert apart.max() < 1e-9
    assert out[:, 3].max() > 5.0
    np.testing.assert_allclose(np.array(current.events["I_SIC"])[10 : len(out)], out[:-10, 3], atol=1e-6)


# IP3: calcium from, to (uM), period (s); from 200 to 300 s, of an independent code
WINDOW = {
    0.36: (0.129, 0.196, 12.8), 0.40: (0.105, 0.313, 12.8), 0.50: (0.108, 0.445, 11.5), 0.60: (0.136, 0.500, 11.0),
    0.64: (0.217, 0.438, 10.6), 0.70: (0.352, 0.352, None), 1.00: (0.453, 0.453, None),
}  # fmt: skip


def test_the_window_of_oscillation():
    """Clamped IP3 at rest, on from 0.36 to 0.64 uM, with the spec's ranges and periods; off beyond."""
    ip3 = np.array([0.30, 0.34, *WINDOW, 0.66])
    p = li_rinzel.params(ip3_0=ip3, dt=20.0)
    s, ca = li_rinzel.State(*(np.broadcast_to(x, ip3.shape) for x in li_rinzel.init(p))), []
    for k in range(15_000):
        s, _ = li_rinzel.step(p, s, 0.0, 0.0, 0.0)
        if k >= 10_000:
            ca.append(s.ca)
    np.testing.assert_array_equal(s.ip3, ip3)
    size = np.ptp(ca, axis=0)
    np.testing.assert_array_equal(size > 0.06, [value in WINDOW and value < 0.65 for value in ip3])
    for value, trace in zip(ip3, np.array(ca).T):
        if value in WINDOW:
            low, high, period = WINDOW[value]
            np.testing.assert_allclose([trace.min(), trace.max()], [low, high], atol=1.1e-3)
            middle = 0.5 * (low + high)
            rises = np.flatnonzero((trace[:-1] < middle) & (trace[1:] >= middle))
            assert period is None or np.diff(rises).mean() * 0.02 == pytest.approx(period, abs=0.06)


def rest(ip3):
    """(calcium, growth rate per ms) of the fixed point at a clamped IP3."""
    from scipy.optimize import brentq

    def settled(ca):
        opens = 1.049 * (ip3 + 0.13) / (ip3 + 0.9434)
        return [ip3, ca, opens / (opens + ca)]

    u = settled(brentq(lambda ca: slopes(settled(ca), ip3)[1], 0.01, 1.5))
    small = 1e-6 * np.eye(3)[1:]
    jacobian = [(np.array(slopes(u + e, ip3)) - slopes(u - e, ip3))[1:] / 2e-6 for e in small]
    return u[1], np.linalg.eigvals(np.array(jacobian)).real.max()


def test_rest_is_unstable_between_two_hopf_points():
    """By linearisation from 0.3545 to 0.6369 uM; at 0.64 the oscillation of the window above fades over 1000 s."""
    assert [rest(ip3)[1] > 0 for ip3 in (0.354, 0.355, 0.636, 0.637)] == [False, True, True, False]
    assert rest(0.7)[0] == pytest.approx(0.352, abs=5e-4)
    assert rest(1.0)[0] == pytest.approx(0.453, abs=5e-4)
    assert rest(0.16)[0] == pytest.approx(0.07222, abs=1e-4)


def test_order():
    truth = solved(START[:3], 400.0, (0.5,))[-1]
    errors = [
        np.abs(steps(li_rinzel.params(ip3_0=0.5, dt=dt, substeps=1), START, round(400.0 / dt))[-1] - truth).max()
        for dt in (100.0, 50.0, 25.0)
    ]
    assert errors[-1] > 1e-12
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), li_rinzel.ORDER, atol=0.3)


def test_substeps_are_steps():
    one = steps(li_rinzel.params(dt=5.0), START, 8)[-1]
    split = li_rinzel.params(dt=40.0, substeps=8)
    np.testing.assert_array_equal(steps(split, START, 1)[-1], one)
    assert li_rinzel.params(dt=50.0).substeps == math.ceil(50.0 / li_rinzel.LONGEST)
    assert li_rinzel.params(dt=li_rinzel.LONGEST).substeps == 1


def test_slow_inward_current():
    p = li_rinzel.params(dt=1.0, sic_scale=2.0, k_ip3r=0.0, rate_ip3r=0.0, rate_l=0.0, rate_serca=0.0)
    for ca, y in ((0.1, 0.0), (0.19669, 0.0), (0.19769, 1.0), (0.19869, 2.0), (0.69669, 500.0)):
        s, _ = li_rinzel.step(p, START._replace(ca=ca), 0.0, 0.0, 0.0)
        assert s.ca == ca
        assert s.sic == pytest.approx(2.0 * math.log(max(y, 1.0)), abs=1e-9)


def test_events_are_upward_crossings():
    p, s, z, ca = li_rinzel.params(ip3_0=0.5, dt=20.0, ca_th=0.3), START, [], []
    for _ in range(3000):
        s, now = li_rinzel.step(p, s, 0.0, 0.0, 0.0)
        z.append(now)
        ca.append(s.ca)
    ca = np.array([START.ca, *ca])
    np.testing.assert_array_equal(z, (ca[:-1] < 0.3) & (ca[1:] >= 0.3))
    assert sum(z) == 6


def test_calcium_stays_in_the_cell():
    for j_ext, end in ((1.0, 2.0), (-1.0, 0.0)):
        s, _ = li_rinzel.step(li_rinzel.params(dt=10.0), START, 0.0, j_ext, 0.0)
        assert s.ca == end


def test_inputs_below_zero_take_what_there_is():
    p = li_rinzel.params(dt=10.0, delta_ip3=0.01)
    for inputs in ((-100.0, 0.0, 0.0), (0.0, 0.0, -1.0), (-10.0, -1.0, -1e-2), (1e6, 1.0, 1.0), (0.0, -1.0, 0.0)):
        ours = steps(p, START, 2000, inputs)
        assert np.isfinite(ours).all()
        assert ours.min() >= 0.0
        assert ours[:, 1].max() <= p.ca_tot
        assert ours[:, 2].max() <= 1.0
    s, _ = li_rinzel.step(p, START, -100.0, 0.0, 0.0)
    np.testing.assert_allclose(s[:3], solved([0.0, *START[1:3]], 10.0)[-1], atol=1e-9)


def test_a_step_is_at_least_one_substep():
    assert li_rinzel.params(dt=1e-8)[:2] == (1.0, 1e-8)
    assert li_rinzel.params(dt=200_000.0)[:2] == (10_000.0, 20.0)


def test_ip3_diffuses():
    """Two cells, one of them at rest: their IP3 meets at the rate of both directions, 2 w, and no IP3 is lost."""
    p, w = li_rinzel.params(tau_ip3=1e12, dt=10.0), 1e-3
    s = li_rinzel.State(*(np.array([x, x]) for x in START))._replace(ip3=np.array([0.8, 0.2]))
    for _ in range(20):
        s, _ = li_rinzel.step(p, s, 0.0, 0.0, w * li_rinzel.couple(p, s.ip3, s.ip3[::-1]))
    assert s.ip3.sum() == pytest.approx(1.0, abs=1e-9)
    assert s.ip3[0] - s.ip3[1] == pytest.approx(0.6 * (1.0 - 20.0 * w) ** 20, abs=1e-9)
    assert li_rinzel.COUPLED in li_rinzel.State._fields


def lively(n, n_steps):
    """Parameters and noisy inputs (steps, n) for each port."""
    noise = rng.normals(rng.stream(5, "li_rinzel"), PORTS * n * n_steps).reshape(PORTS, n_steps, n)
    scales = np.array([20.0, 2e-5, 2e-5])[:, None, None]
    return {"ip3_0": np.linspace(0.3, 0.7, n), "tau_ip3": 2000.0}, np.abs(noise) * scales


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_compiled_loop_agrees_with_numpy(precision):
    n, n_steps = 4, 300
    many, inputs = lively(n, n_steps)
    net = Network((Population("a", n, li_rinzel, many),), (),
                  tuple(CurrentInput(port, "a", port) for port in li_rinzel.PORTS), dt=50.0)  # fmt: skip
    watch = (SpikeMonitor("a"), StateMonitor("a", li_rinzel.State._fields))
    engine = clock.compile(net, watch, precision=precision)
    run = clock.run(engine, n_steps * 50.0, dict(zip(li_rinzel.PORTS, inputs)))
    p, events, states = li_rinzel.params(dt=50.0, **many), [], []
    s = li_rinzel.State(*(np.broadcast_to(x, n) for x in li_rinzel.init(p)))
    for now in zip(*inputs):
        s, z = li_rinzel.step(p, s, *now)
        events.append(z)
        states.append(s)
    assert np.sum(events) > 3
    for name in li_rinzel.State._fields:
        ours = run.states["a"].fields[name]
        tight = {"rtol": 1e-15 if name == "sic" else 0} if precision == "float64" else {"rtol": 1e-3, "atol": 1e-3}
        np.testing.assert_allclose(ours, [getattr(s, name) for s in states], **tight)  # log: the last bit may differ
    if precision == "float64":
        seen = np.zeros((n_steps, n))
        seen[run.spikes["a"].step, run.spikes["a"].i] = 1
        np.testing.assert_array_equal(seen, events)


def test_torch_agrees():
    torch = pytest.importorskip("torch")
    from neurosparse import tensor

    inputs = lively(3, 60)[1]
    p = li_rinzel.params(dt=50.0, ip3_0=0.5)
    out, s = tensor.unroll(li_rinzel, p, [torch.as_tensor(x)[:, None, :] for x in inputs])
    q = li_rinzel.State(*(np.broadcast_to(x, 3) for x in li_rinzel.init(p)))
    for k in range(60):
        q, z = li_rinzel.step(p, q, *inputs[:, k])
        np.testing.assert_array_equal(out[k, 0].numpy(), z)
    for ours, theirs in zip(q, s):
        np.testing.assert_allclose(theirs[0].numpy(), ours, rtol=1e-14)


def test_every_parameter_may_differ_from_cell_to_cell():
    given = {k: v.default for k, v in inspect.signature(li_rinzel.params).parameters.items() if k != "dt"}
    each = {name: value * np.array([0.9, 1.0, 1.1]) for name, value in given.items() if isinstance(value, float)}
    together = li_rinzel.params(dt=10.0, **each)
    for k in range(3):
        alone = li_rinzel.params(dt=10.0, **{name: float(value[k]) for name, value in each.items()})
        for name, value in together._asdict().items():
            np.testing.assert_allclose(np.broadcast_to(value, 3)[k], getattr(alone, name), rtol=1e-15, err_msg=name)


@pytest.mark.parametrize("given, message", [
    ({"dt": 0.0}, "dt must be > 0 ms, got 0.0"),
    ({"dt": [1.0, 2.0]}, "dt must be one number"),
    ({"dt": 1e9}, "dt must be at most 10000 substeps of 20 ms, got 1000000000.0; take a shorter step of the astroc"),
    ({"delta_ip3": -1.0}, "delta_ip3 must be >= 0 uM, got -1.0"),
    ({"substeps": -1}, r"substeps must be in \[0, 10000\], got -1"),
    ({"substeps": 1.5}, "substeps must be a whole number, got 1.5"),
    ({"tau_ip3": 0.0}, "tau_ip3 must be > 0 ms, got 0.0"),
    ({"ca_tot": -2.0}, "ca_tot must be > 0 uM, got -2.0"),
    ({"kd_act": 0.0}, "kd_act must be > 0 uM"),
    ({"ip3_0": -0.1}, "ip3_0 must be >= 0 uM, got -0.1"),
    ({"sic_th": np.nan}, "sic_th must be a finite number in uM, got nan"),
    ({"sic_scale": "1"}, "sic_scale must be a finite number in pA, got '1'"),
    ({"k_ip3r": -1.0}, r"k_ip3r must be >= 0 1/\(uM ms\)"),
    ({"rate_l": -1.0}, "rate_l must be >= 0 1/ms"),
    ({"rate_serca": -1.0}, "rate_serca must be >= 0 uM/ms"),
    ({"ratio_er_cyt": 0.0}, "ratio_er_cyt must be > 0, got 0.0"),
])  # fmt: skip
def test_mistakes_are_named(given, message):
    with pytest.raises((ValueError, TypeError), match=f"^li_rinzel.params: {message}"):
        li_rinzel.params(**given)


def test_contract():
    assert "Source" in str(li_rinzel.__doc__)
    assert not li_rinzel.Params._field_defaults
    assert not li_rinzel.State._field_defaults
    assert li_rinzel.ORDER == 4
    p = li_rinzel.params()
    assert all(math.isfinite(value) for value in (*p, *li_rinzel.init(p)))
