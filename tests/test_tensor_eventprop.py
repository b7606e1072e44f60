"""EventProp against central differences, another engine, closed forms and a loop over fine steps; layers; errors."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse import csr, precise  # noqa: E402
from neurosparse.network import Network, Population, Projection, SpikeSource  # noqa: E402
from neurosparse.precise import Train  # noqa: E402
from neurosparse.tensor import eventprop_kernels as kernels  # noqa: E402
from neurosparse.tensor.eventprop import EventPropLIF, eventprop  # noqa: E402
from neurosparse.tensor.spike_times import SpikeTimes, counts, first_times, membrane, pad  # noqa: E402

F64 = torch.float64
N_IN, N = 4, 5
CONSTANTS = {"tau_mem": 20.0, "tau_syn": 5.0, "duration": 40.0}
NAMES = ("w_in", "w_rec", "d_in", "d_rec", "t_in")


def drawn(seed, batch=1):
    """Weights, delays and times of input spikes, and their ids: about 20 output spikes a sample."""
    r = np.random.default_rng(seed)
    i = torch.from_numpy(r.integers(0, N_IN, (batch, 15)))
    parts = (r.normal(1.2, 0.8, (N_IN, N)), r.normal(0.0, 0.4, (N, N)), r.uniform(0, 5, (N_IN, N)),
             r.uniform(0.5, 5, (N, N)), r.uniform(0, 30, (batch, 15)))  # fmt: skip
    return [torch.from_numpy(x) for x in parts], i


def weighted(parts, i, **more):
    """A loss on the times of all output spikes, each with its own weight; and the spikes."""
    *net, t = parts
    out = eventprop(SpikeTimes(i, t), *net, **CONSTANTS | more)
    there = torch.isfinite(out.t)
    weight = torch.cos(torch.arange(out.t.shape[1], dtype=F64))
    return (torch.where(there, out.t, 0.0) ** 2 * weight).sum() / 10.0, out


def differences(loss, parts, k, h=3e-5):
    """dL/d(parts[k]) by central differences of fourth order."""
    found, order = torch.zeros_like(parts[k]), loss(parts)[1].i
    for place in np.ndindex(*parts[k].shape):
        for factor, step in ((8.0, h), (-8.0, -h), (-1.0, 2.0 * h), (1.0, -2.0 * h)):
            moved = [x.clone() for x in parts]
            moved[k][place] += step
            value, out = loss(moved)
            assert torch.equal(out.i, order)  # a spike made or lost, or two that change places: no derivative
            found[place] += factor * value / (12.0 * h)
    return found


@pytest.mark.parametrize(
    "seed, tau",
    [(0, (20.0, 5.0)), (1, (20.0, 5.0)), (2, (20.0, 5.0)), (0, (10.0, 5.0)), (3, (8.0, 8.0)), (1, (6.0, 9.0))],
)
def test_gradients_equal_central_differences(seed, tau):
    """Weights, recurrent weights, both delays, input times: below 1e-6; the crossing in its three forms."""
    parts, i = drawn(seed)
    parts[0] *= 1.0 if tau[0] > 10 else 0.6
    taus = {"tau_mem": tau[0], "tau_syn": tau[1]}
    leaves = [x.clone().requires_grad_() for x in parts]
    loss, out = weighted(leaves, i, **taus)
    assert 10 <= int(counts(out, N).sum()) <= 120
    loss.backward()
    for k, name in enumerate(NAMES):
        fd = differences(lambda moved: weighted(moved, i, **taus), parts, k)
        assert float(fd.norm()) > 0.01
        error = float((leaves[k].grad - fd).norm() / fd.norm())
        assert error < 1e-6, f"{name}: {error}"


def test_first_spikes_and_a_readout_of_voltages():
    """The losses that are in use: on first times, and on a membrane that does not spike."""
    parts, i = drawn(8, batch=2)
    w_out = torch.from_numpy(np.random.default_rng(9).normal(size=(N, 2)))
    at = torch.tensor([7.0, 21.0, 39.5], dtype=F64)

    def loss(parts):
        out = eventprop(SpikeTimes(i, parts[4]), *parts[:4], **CONSTANTS)
        first = first_times(out, N, silent=CONSTANTS["duration"])
        return (first * torch.arange(1.0, N + 1)).sum() / 10 + membrane(out, w_out, at, 15.0, 4.0).square().sum(), out

    leaves = [x.clone().requires_grad_() for x in parts]
    loss(leaves)[0].backward()
    for k in range(5):
        fd = differences(loss, parts, k)
        assert float((leaves[k].grad - fd).norm() / fd.norm()) < 1e-6


def test_layers_follow_each_other():
    """Gradients reach the first layer through the spike times of the second."""
    parts, i = drawn(2)
    w_2 = torch.from_numpy(np.random.default_rng(1).normal(1.5, 0.5, (N, 3)))

    def loss(parts):
        out = eventprop(eventprop(SpikeTimes(i, parts[4]), *parts[:4], **CONSTANTS), w_2, **CONSTANTS)
        return torch.where(torch.isfinite(out.t), out.t, 0.0).sum(), out

    leaves = [x.clone().requires_grad_() for x in parts]
    value, out = loss(leaves)
    assert int(counts(out, 3).sum()) >= 3
    value.backward()
    fd = differences(loss, parts, 0)
    assert float((leaves[0].grad - fd).norm() / fd.norm()) < 1e-6


@pytest.mark.parametrize("tau", [(20.0, 5.0), (10.0, 5.0), (8.0, 8.0)])
def test_spikes_are_those_of_the_event_engine(tau):
    """Another engine with another root finder, recurrent and with delays; excitation and inhibition."""
    (w_in, w_rec, d_in, d_rec, t), i = drawn(7)
    w_in, w_rec = 1.3 * w_in.float(), w_rec.float()  # a Csr's weights are float32
    out = eventprop(SpikeTimes(i, t), w_in, w_rec, d_in, d_rec, tau_mem=tau[0], tau_syn=tau[1], duration=40.0)
    constants = {"tau_mem": tau[0], "tau_exc": tau[1], "tau_inh": tau[1], "v_th": 1.0, "t_ref": 0.0}
    made = []
    for source, w, d in (("in", w_in, d_in), ("n", w_rec, d_rec)):
        rows, columns = np.indices(tuple(w.shape)).reshape(2, -1)
        wiring = csr.from_coo(rows, columns, w.numpy().reshape(-1), tuple(w.shape))
        made.append(Projection(source, "n", wiring, d.numpy().reshape(-1), "exc"))
    net = Network((SpikeSource("in", N_IN), Population("n", N, "lif_exp", constants)), tuple(made))
    order = torch.argsort(t[0])
    other = precise.run(net, 40.0, {"in": Train(i[0, order].numpy(), t[0, order].numpy())}).spikes["n"]
    assert len(other.i) > 10
    assert out.i[0].tolist() == other.i.tolist()
    assert np.allclose(out.t[0].numpy(), other.t, rtol=0, atol=1e-9)


@pytest.mark.parametrize("tau", [(20.0, 5.0), (10.0, 5.0), (5.0, 10.0), (7.0, 7.0), (7.0, 7.0 + 1e-9)])
def test_the_crossing_is_the_first(tau):
    """Against a fine grid, from many states; V there is v_th to rounding."""
    p = kernels.neuron(*tau, 1.0, 1.0, 1)
    r, crossed = np.random.default_rng(0), 0
    grid = np.linspace(0.0, 60.0, 60_001)
    k = np.array([kernels.rise(d, p) for d in grid])
    for v, i in zip(r.uniform(-3, 0.99, 200), r.uniform(-1, 12, 200)):
        d = kernels.crossing(v, i, p)
        course = v * np.exp(-grid / p.tau_mem) + i * k
        above = np.flatnonzero(course >= 1.0)
        if math.isinf(d):
            assert len(above) == 0
        else:
            crossed += 1
            assert abs(v * math.exp(-d / p.tau_mem) + i * kernels.rise(d, p) - 1.0) < 1e-12
            assert len(above) == 0 or grid[above[0]] - 1e-3 <= d <= grid[above[0]]
    assert 20 < crossed < 180


def test_one_input_spike_in_closed_form():
    """tau_mem = 2 tau_syn: w (x - x^2) = v_th with x = exp(-t / tau_mem)."""
    w = torch.tensor([[8.0]], dtype=F64, requires_grad=True)
    out = eventprop(pad([([0], [2.0])]), w, tau_mem=10.0, tau_syn=5.0, duration=4.0)
    x = (1.0 + math.sqrt(1.0 - 4.0 / 8.0)) / 2.0
    assert out.t[0, 0].item() == pytest.approx(2.0 - 10.0 * math.log(x), abs=1e-12)
    out.t[0, 0].backward()
    slope = (8.0 * x - 16.0 * x * x) * -1.0 / 10.0  # dV/dt = w (x - 2 x^2) (-1 / tau_mem)
    assert w.grad.item() == pytest.approx(-(x - x * x) / slope, rel=1e-12)


def test_the_same_bits_for_any_threads_and_alone_or_in_a_batch():
    parts, i = drawn(3, batch=20)
    found, before = [], torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            leaves = [x.clone().requires_grad_() for x in parts]
            loss, out = weighted(leaves, i)
            loss.backward()
            found.append([out.t, *(x.grad for x in leaves)])
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*found))
    alone = eventprop(SpikeTimes(i[7:8], parts[4][7:8]), *parts[:4], **CONSTANTS)
    n = alone.t.shape[1]
    assert torch.equal(alone.t[0], found[0][0][7, :n])
    assert torch.isinf(found[0][0][7, n:]).all()


def test_no_delays_are_delays_of_zero_and_order_or_padding_of_inputs_do_not_matter():
    (w_in, w_rec, *_, t), i = drawn(4)
    out = eventprop(SpikeTimes(i, t), w_in, w_rec, **CONSTANTS)
    zero = eventprop(SpikeTimes(i, t), w_in, w_rec, torch.zeros_like(w_in), torch.zeros_like(w_rec), **CONSTANTS)
    assert torch.equal(out.t, zero.t)
    order = torch.argsort(t[0])
    mixed = pad([([], []), (i[0, order], t[0, order])])
    again = eventprop(mixed, w_in, w_rec, **CONSTANTS)
    assert torch.equal(again.t[1], out.t[0])
    assert counts(again, N)[0].sum() == 0
    assert torch.equal(first_times(again, N, silent=99.0)[0], torch.full((N,), 99.0, dtype=F64))


def test_silent_neurons_get_no_gradient():
    """The known limit: a spike that does not exist has no derivative."""
    w = torch.full((1, 2), 0.1, dtype=F64, requires_grad=True)
    out = eventprop(pad([([0], [1.0])]), w, duration=20.0)
    assert out.t.shape == (1, 0)
    first_times(out, 2, silent=20.0).sum().backward()
    assert torch.equal(w.grad, torch.zeros_like(w))


def test_float32_weights_get_float32_gradients_of_the_same_numbers():
    (w_in, w_rec, *_, t), i = drawn(6)
    wide, narrow = (w_in.float().to(kind).requires_grad_() for kind in (F64, torch.float32))
    for w in (wide, narrow):
        out = eventprop(SpikeTimes(i, t), w, w_rec.float().to(w.dtype), **CONSTANTS)
        assert out.t.dtype == F64
        out.t[torch.isfinite(out.t)].sum().backward()
    assert narrow.grad.dtype == torch.float32
    assert torch.equal(narrow.grad, wide.grad.float())


def test_a_layer_learns_when_to_spike():
    """Two neurons are to spike first at 8 and 13 ms; weights and delays move there."""
    layer = EventPropLIF(6, 2, CONSTANTS, recurrent=True, max_delay=6.0, gain=15.0, seed=6)
    assert {name for name, _ in layer.named_parameters()} == {"w_in", "w_rec", "d_in", "d_rec"}
    spikes, goal = pad([(range(6), np.linspace(1.0, 6.0, 6))]), torch.tensor([[8.0, 13.0]], dtype=F64)
    optimiser, losses = torch.optim.Adam(layer.parameters(), lr=0.05), []
    for _ in range(100):
        optimiser.zero_grad()
        loss = (first_times(layer(spikes), 2, silent=40.0) - goal).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[0] > 1.0
    assert losses[-1] < 0.01 * losses[0]
    layer(spikes)
    assert torch.equal(layer.d_in, layer.d_in.clamp(0.0, 6.0))
    assert "6, 2" in repr(layer)


def good():
    (w_in, w_rec, d_in, d_rec, t), i = drawn(0)
    return {"spikes": SpikeTimes(i, t), "w_in": w_in, "w_rec": w_rec, "d_in": d_in, "d_rec": d_rec, **CONSTANTS}


NAN = torch.full((N_IN, N), math.nan, dtype=F64)


@pytest.mark.parametrize("change, error, message", [
    ({"tau_mem": 0.0}, ValueError, "tensor.eventprop: tau_mem must be > 0 ms, got 0.0"),
    ({"tau_syn": math.nan}, ValueError, "tau_syn must be a finite number"),
    ({"tau_syn": [1.0, 2.0]}, ValueError, "tau_syn must be one number"),
    ({"v_th": -1.0}, ValueError, "v_th must be > 0, got -1.0"),
    ({"duration": math.inf}, ValueError, "duration must be a finite number"),
    ({"max_spikes": 0}, ValueError, "max_spikes must be in"),
    ({"max_spikes": 3}, ValueError, "each sample may make 3 spikes, got 'more'; weaken recurrent weights"),
    ({"w_in": [[1.0]]}, TypeError, "w_in must be a tensor of real numbers"),
    ({"w_in": torch.ones(N_IN, N, dtype=torch.int64)}, TypeError, "w_in must be a tensor of real numbers"),
    ({"w_in": torch.ones(N_IN)}, ValueError, r"w_in must have shape \(n_in, n\), got \(4,\)"),
    ({"w_in": NAN}, ValueError, "w_in must be finite numbers, got '20 that are not'"),
    ({"w_in": torch.ones(N_IN, N, device="meta")}, ValueError, r"w_in must be on the CPU.*move it: \.cpu\(\)"),
    ({"w_rec": torch.ones(N, N + 1, dtype=F64)}, ValueError, r"w_rec must have shape \(5, 5\), got \(5, 6\)"),
    ({"w_rec": None}, ValueError, "d_rec are delays of w_rec, which must be given"),
    ({"d_in": torch.ones(N, N_IN, dtype=F64)}, ValueError, r"d_in must have shape \(4, 5\)"),
    ({"d_in": -torch.ones(N_IN, N, dtype=F64)}, ValueError, "d_in must be >= 0.0 ms, got -1.0; clamp delays"),
    ({"spikes": SpikeTimes(torch.zeros(1, 2, dtype=torch.int64), torch.ones(1, 3))}, ValueError, "must share one shape"),
    ({"spikes": SpikeTimes(torch.zeros(1, 2), torch.ones(1, 2))}, TypeError, "spikes.i must be int64 and spikes.t real"),
    ({"spikes": pad([([0], [-1.0])])}, ValueError, "spikes.t must be times >= 0 ms"),
    ({"spikes": pad([([0], [math.nan])])}, ValueError, "spikes.t must be times >= 0 ms"),
    ({"spikes": pad([([4], [1.0])])}, ValueError, r"spikes.i must be in \[0, 4\), got \(4, 4\)"),
])  # fmt: skip
def test_errors(change, error, message):
    with pytest.raises(error, match=message):
        eventprop(**good() | change)


@pytest.mark.parametrize("make, message", [
    (lambda out: pad([]), "tensor.pad: there must be at least one sample"),
    (lambda out: pad([([0, 1], [1.0])]), "tensor.pad: ids and times of a sample must be vectors of one length"),
    (lambda out: first_times(out, 2), r"tensor.first_times: n must be in \[3, .*got 2; one for each neuron"),
    (lambda out: counts(out, 2), r"tensor.counts: n must be in \[3"),
    (lambda out: membrane(out, torch.ones(2, 1), torch.ones(1), 2.0, 1.0), r"tensor.membrane: n must be in \[3"),
    (lambda out: membrane(out, torch.ones(3, 1), torch.ones(1), 0.0, 1.0), "tensor.membrane: tau_mem must be > 0 ms"),
    (lambda out: eventprop(SpikeTimes(*(x.to("meta") for x in out)), torch.ones(3, 1), duration=9.0), r"spikes must be on the CPU.*\.cpu\(\)"),
    (lambda out: EventPropLIF(2, 3, {"tau_meme": 3.0}), "tensor.EventPropLIF: the name of a constant must be one of tau_mem.*did you mean"),
    (lambda out: EventPropLIF(2, 3, CONSTANTS, max_delay=-1.0), "tensor.EventPropLIF: max_delay must be >= 0.0 ms"),
    (lambda out: EventPropLIF(0, 3, CONSTANTS), "tensor.EventPropLIF: n_in must be in"),
])  # fmt: skip
def test_errors_around_it(make, message):
    with pytest.raises(ValueError, match=message):
        make(pad([([2], [1.0])]))


def test_membrane_of_equal_time_constants_is_the_limit():
    out, w, at = pad([([0, 1], [1.0, 2.5])]), torch.ones(2, 1, dtype=F64), torch.tensor([2.0, 6.0], dtype=F64)
    limit = membrane(out, w, at, 5.0, 5.0 + 1e-7)
    assert torch.allclose(membrane(out, w, at, 5.0, 5.0), limit, rtol=1e-6, atol=0)
    assert limit[0].item() == pytest.approx(0.2 * np.exp(-0.2), rel=1e-6)
