"""Delays on the grid of time: taps, the three ways of a layer, learning of delays, the same spikes on an engine; errors."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse import clock, csr, encode  # noqa: E402
from neurosparse.network import Network, Population, Projection, SpikeMonitor, SpikeSource  # noqa: E402
from neurosparse.neurons import lif  # noqa: E402
from neurosparse.tensor import delays, unroll  # noqa: E402
from neurosparse.tensor.delays import DelayLinear  # noqa: E402

F64 = torch.float64
N_IN, N_OUT, TAPS, T, BATCH = 3, 4, 6, 15, 2


def drawn(seed=0):
    """w, real d, and x (time, batch, n_in) with zeros."""
    r = np.random.default_rng(seed)
    w, d = r.normal(size=(N_IN, N_OUT)), r.uniform(0, TAPS - 1, (N_IN, N_OUT))
    x = r.normal(size=(T, BATCH, N_IN)) * (r.random((T, BATCH, N_IN)) < 0.4)
    return tuple(torch.from_numpy(a) for a in (w, d, x))


def loop(x, kernel):
    """y_j[t] = sum over i, k of K_ij[k] x_i[t - k], one number after another."""
    y = torch.zeros(*x.shape[:2], kernel.shape[2], dtype=x.dtype)
    for t in range(len(x)):
        for k in range(min(len(kernel), t + 1)):
            y[t] += x[t - k] @ kernel[k]
    return y


@pytest.mark.parametrize("sigma", [3.0, 0.7, 0.23])
def test_taps_sum_to_w_and_are_gaussian(sigma):
    w, d, _ = drawn()
    kernel = delays.taps(w, d, TAPS, sigma)
    assert kernel.shape == (TAPS, N_IN, N_OUT)
    assert torch.allclose(kernel.sum(dim=0), w, rtol=0, atol=1e-14)
    ratio = torch.exp(-0.5 * (((2 - d) / sigma) ** 2 - ((3 - d) / sigma) ** 2))
    assert torch.allclose(kernel[2], kernel[3] * ratio, rtol=1e-9, atol=1e-300)


def test_narrow_taps_are_whole_delays():
    w, d, x = drawn()
    whole = d.round().long()
    kernel = delays.whole_taps(w, whole, TAPS)
    assert torch.allclose(delays.taps(w, whole.double(), TAPS, 0.01), kernel, rtol=0, atol=1e-15)
    assert torch.allclose(delays.taps(w, d, TAPS, 0.001), kernel, rtol=0, atol=1e-12)
    shifted = torch.zeros(T, BATCH, N_OUT, dtype=F64)
    for i, j in np.ndindex(N_IN, N_OUT):
        k = int(whole[i, j])
        shifted[k:, :, j] += w[i, j] * x[: T - k, :, i]
    assert torch.allclose(delays.unfold(x, kernel), shifted, rtol=0, atol=1e-14)


def test_three_ways_agree_with_a_loop():
    w, d, x = drawn(1)
    whole = d.round().long()
    wide, narrow = delays.taps(w, d, TAPS, 1.0), delays.whole_taps(w, whole, TAPS)
    for found, kernel in (
        (delays.unfold(x, wide), wide), (delays.events(x, wide), wide), (delays.unfold(x, narrow), narrow),
        (delays.gather(x, w, whole, TAPS), narrow),
    ):  # fmt: skip
        assert torch.allclose(found, loop(x, kernel), rtol=0, atol=1e-13)


@pytest.mark.parametrize("way", ["unfold", "events", "gather"])
def test_gradients(way):
    """By finite differences, for x (where it is zero, too), w and d; sigma is no parameter."""
    w, d, x = (a.requires_grad_() for a in drawn(2))
    whole = d.detach().round().long()
    if way == "gather":
        reference = torch.autograd.grad(delays.unfold(x, delays.whole_taps(w, whole, TAPS)).square().sum(), (x, w))
        found = torch.autograd.grad(delays.gather(x, w, whole, TAPS).square().sum(), (x, w))
        assert all(torch.allclose(a, b, rtol=0, atol=1e-12) for a, b in zip(found, reference))
    elif way == "unfold":
        assert torch.autograd.gradcheck(lambda *a: delays.unfold(a[2], delays.taps(a[0], a[1], TAPS, 1.0)), (w, d, x))
    else:
        both = [
            torch.autograd.grad(f(x, delays.taps(w, d, TAPS, 1.0)).square().sum(), (w, d, x))
            for f in (delays.events, delays.unfold)
        ]
        assert all(torch.allclose(a, b, rtol=0, atol=1e-12) for a, b in zip(*both))


def test_no_grad_where_none_is_asked_for():
    w, d, x = drawn(3)
    whole = d.round().long()
    out = (
        delays.gather(x.requires_grad_(), w, whole, TAPS).sum()
        + delays.events(x, delays.whole_taps(w, whole, TAPS)).sum()
    )
    out.backward()
    assert torch.allclose(x.grad[0, 0], 2.0 * w.sum(dim=1))


def test_a_layer_is_wide_in_training_and_rounded_in_testing():
    layer = DelayLinear(N_IN, N_OUT, TAPS, seed=1).double()
    x = drawn(4)[2]
    assert float(layer.sigma) == TAPS / 2
    assert torch.allclose(layer(x), loop(x, delays.taps(layer.w, layer.d, TAPS, TAPS / 2)), atol=1e-12)
    layer.eval()
    assert torch.allclose(layer(x), loop(x, delays.whole_taps(layer.w, layer.d.round().long(), TAPS)), atol=1e-12)
    assert layer.anneal(1.0) == pytest.approx(0.23)
    assert layer.anneal(0.5) == pytest.approx((0.23 * TAPS / 2) ** 0.5)
    assert layer.state_dict()["sigma"] == layer.sigma


@pytest.mark.parametrize("learned", [True, False])
def test_sparse_input_gives_the_same(learned):
    """Few spikes go by events or by gather; adding a dense sample forces the product."""
    layer = DelayLinear(N_IN, N_OUT, TAPS, learned, seed=2).double()
    x = torch.zeros(T, 2, N_IN, dtype=F64)
    x[2, 0, 1] = x[9, 0, 2] = 1.0
    sparse = layer(x)[:, 0]
    x[:, 1] = 1.0
    assert torch.allclose(sparse, layer(x)[:, 0], rtol=0, atol=1e-13)
    assert isinstance(layer.d, torch.nn.Parameter) == learned


def test_one_tap_is_no_delay():
    layer = DelayLinear(N_IN, N_OUT, 1, learned=False).double()
    x = drawn(5)[2]
    assert torch.allclose(layer(x), x @ layer.w, rtol=0, atol=1e-14)


def test_delays_are_learned():
    """A spike at 0 is to arrive at 2, 5 and 9 steps; d goes there while sigma falls, and testing is exact."""
    layer = DelayLinear(1, 3, 12, seed=0)
    layer.w.data.fill_(1.0)
    goal = torch.zeros(20, 1, 3)
    goal[2, 0, 0] = goal[5, 0, 1] = goal[9, 0, 2] = 1.0
    x = torch.zeros(20, 1, 1)
    x[0] = 1.0
    optimiser = torch.optim.Adam([layer.d], lr=0.2)
    for epoch in range(150):
        layer.anneal(min(1.0, epoch / 100))
        optimiser.zero_grad()
        (layer(x) - goal).square().sum().backward()
        optimiser.step()
        layer.clamp_()
    assert layer.whole().tolist() == [[2, 5, 9]]
    assert torch.equal(layer.eval()(x), goal)


def test_the_engine_has_the_same_spikes():
    """LIF neurons behind a layer of delays: unrolled on tensors, and as a Network."""
    layer = DelayLinear(N_IN, N_OUT, TAPS, learned=True, seed=3).eval()
    layer.w.data.mul_(2.0)
    x = (torch.rand(40, 1, N_IN, generator=torch.Generator().manual_seed(0)) < 0.3).double()
    w, d = layer.synapses()
    assert csr.to_scipy(w).toarray() == pytest.approx(layer.w.detach().numpy())
    jump = layer.double()(x).detach()
    z, _ = unroll(lif, lif.params(tau_mem=5.0, dt=1.0), (torch.zeros_like(jump), jump))
    wiring = Projection("in", "n", w, d.numpy().astype(float), "jump")
    net = Network((SpikeSource("in", N_IN), Population("n", N_OUT, "lif", {"tau_mem": 5.0})), (wiring,), dt=1.0)
    step, _, i = x.nonzero(as_tuple=True)
    events = encode.events_from_pairs(i.numpy(), step.numpy(), 40)
    found = clock.run(net, 40.0, {"in": events}, (SpikeMonitor("n"),)).spikes["n"]
    engine = np.zeros((40, N_OUT))
    engine[found.step, found.i] = 1.0
    assert z.sum() > 5
    assert np.array_equal(engine, z[:, 0].numpy())


@pytest.mark.parametrize("make, error, message", [
    (lambda: DelayLinear(0, 3, 4), ValueError, "tensor.DelayLinear: n_in must be in"),
    (lambda: DelayLinear(2, 3, 0), ValueError, "tensor.DelayLinear: n_taps must be in"),
    (lambda: DelayLinear(2, 3.0, 4), TypeError, "n_out must be a whole number"),
    (lambda: DelayLinear(2, 3, 4, "fixed"), ValueError, "learned must be one of True, False, got 'fixed'"),
    (lambda: DelayLinear(2, 3, 4).anneal(1.5), ValueError, r"anneal: progress must be in \[0.0, 1.0\], got 1.5"),
    (lambda: DelayLinear(2, 3, 4)(torch.zeros(5, 2)), ValueError, r"input must have shape \(time, batch, 2\), got \(5, 2\)"),
    (lambda: DelayLinear(2, 3, 4)(torch.zeros(5, 2, 3)), ValueError, r"input must have shape \(time, batch, 2\)"),
])  # fmt: skip
def test_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()
    assert "n_taps=4" in repr(DelayLinear(2, 3, 4))
