"""Encoders on tensors: small cases by hand, equality with `encode`, laws of chance, gradients, mistakes refused."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.extra import numpy as hnp  # noqa: E402

from neurosparse import encode  # noqa: E402
from neurosparse.tensor import encoders  # noqa: E402

unit = hnp.arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 6)), elements=st.floats(0, 1))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def steps(z):
    """For each element of (time, 1, neuron) the steps of its spikes."""
    assert set(z.unique().tolist()) <= {0.0, 1.0}
    return [z[:, 0, k].nonzero().flatten().tolist() for k in range(z.shape[2])]


def test_rate_is_bernoulli_and_repeats_by_its_generator():
    x = torch.tensor([[0.0, 0.1, 0.5, 1.0]]).repeat(50, 1)
    z = encoders.rate(x, 400, seeded())
    assert (z.shape, z.dtype) == ((400, 50, 4), torch.float32)
    assert set(z.unique().tolist()) == {0.0, 1.0}
    mean = z.mean(dim=(0, 1))
    for k, p in enumerate((0.0, 0.1, 0.5, 1.0)):
        assert mean[k].item() == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / 20_000))
    assert torch.equal(encoders.rate(x, 400, seeded()), z)
    assert not torch.equal(encoders.rate(x, 400, seeded(1)), z)
    generator = seeded()
    assert not torch.equal(encoders.rate(x, 9, generator), encoders.rate(x, 9, generator))
    half = encoders.rate(x.double(), 400, seeded(2), gain=0.5)
    assert half.dtype == torch.float64
    assert half[..., 3].mean().item() == pytest.approx(0.5, abs=0.02)


def test_rate_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    encoders.rate(torch.ones(2, 3) / 2, 5, seeded())
    assert torch.equal(torch.get_rng_state(), before)


def test_direct_repeats_without_memory_and_with_gradient():
    x = torch.tensor([[0.5, -2.0]], requires_grad=True)
    z = encoders.direct(x, 3)
    assert z.tolist() == [[[0.5, -2.0]]] * 3
    assert z.data_ptr() == x.data_ptr()
    z.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[3.0, 3.0]]


def test_latency_by_hand():
    x = torch.tensor([[1.0, math.exp(-0.55), math.exp(-0.25), 0.0]], dtype=torch.float64)  # 0, 5.5, 2.5 ms, never
    assert steps(encoders.latency(x, 8, tau=10.0)) == [[0], [5], [2], []]
    assert steps(encoders.latency(x, 3, tau=10.0, dt=2.0)) == [[0], [2], [1], []]
    assert steps(encoders.latency(x, 5, tau=10.0)) == [[0], [], [2], []]
    assert steps(encoders.latency(x, 8, tau=10.0, theta=0.6)) == [[0], [], [2], []]
    x = torch.tensor([[1.0, 0.5, 0.25, 0.0]])
    assert steps(encoders.latency(x, 4, tau=4.0, form="linear")) == [[0], [2], [3], []]
    # a membrane that charges to x meets 0.25 after 10 ln(4 / 3) = 2.9, 10 ln(2) = 6.9 ms, never
    assert steps(encoders.latency(x, 8, tau=10.0, theta=0.25, form="charge")) == [[2], [6], [], []]


def test_charge_is_the_time_a_membrane_takes():
    x, v, dt = torch.tensor([[0.3, 0.55, 0.9]], dtype=torch.float64), torch.zeros(1, 3), 0.01
    first = torch.full((1, 3), -1)
    for k in range(5000):
        v = x + (v - x) * math.exp(-dt / 10.0)
        first = torch.where((first < 0) & (v >= 0.2), torch.tensor(k), first)
    found = encoders.latency(x, 5000, tau=10.0, dt=dt, theta=0.2, form="charge").argmax(dim=0)
    assert torch.equal(found, first)


@settings(max_examples=40)
@given(x=unit, tau=st.floats(0.1, 20), theta=st.floats(0, 0.5), linear=st.booleans())
def test_latency_equals_encode(x, tau, theta, linear):
    z = encoders.latency(torch.from_numpy(x), 12, tau, 0.5, theta, "linear" if linear else "log")
    for k, row in enumerate(x):
        events = encode.latency(row, 12, tau, 0.5, theta, linear)
        assert np.array_equal(z[:, k].numpy() > 0, encode.dense(events, row.size))


def test_phase_by_hand_and_back():
    x = torch.tensor([[0.0, 0.5, 0.625, 1.0]])
    z = encoders.phase(x, 7, bits=3)
    assert steps(z) == [[], [0, 3, 6], [0, 2, 3, 5, 6], [0, 1, 2, 3, 4, 5, 6]]
    assert encoders.phase_weights(7, 3).tolist() == [0.5, 0.25, 0.125, 0.5, 0.25, 0.125, 0.5]
    x = torch.rand(20, 30, generator=seeded())
    back = (encoders.phase(x, 16) * encoders.phase_weights(16)[:, None, None]).sum(dim=0) / 2
    assert torch.equal(back, (x * 256).floor() / 256)
    fine = encoders.phase(x, 24, bits=24) * encoders.phase_weights(24, 24)[:, None, None]
    assert torch.equal(fine.sum(dim=0), x)  # all that torch.rand draws


def test_burst_by_hand():
    x = torch.tensor([[0.0, 0.01, 0.5, 1.0]])
    assert steps(encoders.burst(x, 20, most=4, fast=2, slow=6)) == [[], [0], [0, 4], [0, 2, 4, 6]]
    assert steps(encoders.burst(x, 4, most=4, fast=2, slow=6)) == [[], [0], [0], [0, 2]]


def test_population_by_hand():
    """Five fields over [0, 1]: w = 1/3, centred at -1/6, 1/6, 1/2, 5/6, 7/6."""
    found = encoders.population(torch.tensor([[0.5, 1 / 6]], dtype=torch.float64), 5, overlap=2.0)
    sigma = 1 / 6
    want = [
        [math.exp(-(((x - mu) / sigma) ** 2) / 2) for mu in (-1 / 6, 1 / 6, 1 / 2, 5 / 6, 7 / 6)] for x in (0.5, 1 / 6)
    ]
    np.testing.assert_allclose(found.numpy(), np.reshape(want, (1, 10)), rtol=1e-14)
    x = torch.rand(3, 4, dtype=torch.float64, generator=seeded()).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: encoders.population(v, 4, -1.0, 2.0), (x,))
    assert encoders.latency(encoders.population(x, 6), 10, 10.0, form="linear").shape == (10, 3, 24)


def test_delta_by_hand():
    signal = torch.tensor([[0.0, 5.0], [1.0, 4.6], [3.0, 4.0], [3.0, 3.0], [3.0, 3.0], [0.5, 4.0]])[:, None]
    # references            0 5         1 5         2 4         3 3         3 3         2 4
    z = encoders.delta(signal, 1.0)
    assert z.shape == (6, 1, 4)
    assert steps(z) == [[1, 2, 3], [5], [5], [2, 3]]


@settings(max_examples=40)
@given(signal=hnp.arrays(float, (12, 2, 3), elements=st.floats(-5, 5)), theta=st.floats(0.01, 3))
def test_delta_equals_encode(signal, theta):
    z = encoders.delta(torch.from_numpy(signal), theta)
    for k in range(2):
        assert np.array_equal(z[:, k].numpy() > 0, encode.dense(encode.delta(signal[:, k], theta), 6))


def test_dvs_by_hand():
    signal = torch.tensor([[0.0, 0.0], [1.0, -0.5], [3.0, -1.5], [3.0, -1.5], [3.0, 2.0]], dtype=torch.float64)[:, None]
    # residuals before events  0 0    1 -.5    3 -1.5     2 -.5     1 3.0
    z, state = encoders.dvs(signal, 1.0)
    assert steps(z) == [[2, 3], [4], [], [2]]
    assert state.r.tolist() == [[1.0, 2.0]]
    assert state.last.tolist() == [[3.0, 2.0]]


@settings(max_examples=40)
@given(signal=hnp.arrays(float, (9, 2, 3), elements=st.integers(-8, 8).map(lambda k: k / 2)), cut=st.integers(1, 8))
def test_dvs_is_the_pixel_of_plain_loops_and_goes_on(signal, cut):
    film = torch.from_numpy(signal)
    z, state = encoders.dvs(film, 0.75)
    for batch in range(2):
        for pixel in range(3):
            r, fired = 0.0, []
            for k in range(9):
                r += signal[k, batch, pixel] - signal[max(k - 1, 0), batch, pixel]
                sign = int(r > 0.75) - int(r < -0.75)
                r -= 0.75 * sign
                fired.append((float(sign > 0), float(sign < 0)))
            assert list(zip(z[:, batch, pixel].tolist(), z[:, batch, 3 + pixel].tolist())) == fired
            assert state.r[batch, pixel].item() == r
    first, between = encoders.dvs(film[:cut], 0.75)
    second, end = encoders.dvs(film[cut:], 0.75, between)
    assert torch.equal(torch.cat([first, second]), z)
    assert torch.equal(end.r, state.r)


def test_inputs_are_left_as_they_are():
    signal = torch.rand(4, 2, 3, generator=seeded())
    kept = signal.clone()
    state = encoders.Dvs(torch.ones(2, 3), torch.zeros(2, 3))
    encoders.dvs(signal, 0.1, state)
    encoders.delta(signal, 0.1)
    assert torch.equal(signal, kept)
    assert torch.equal(state.r, torch.ones(2, 3))


X, S = torch.full((2, 3), 0.5), torch.zeros(4, 2, 3)
NAN = torch.tensor([[0.5, math.nan]])
WRONG = [
    (encoders.rate, (X, 5, 3), TypeError, "generator must be a torch.Generator, got 3; write torch.Generator"),
    (encoders.rate, (X.to("meta"), 5, seeded()), ValueError, "generator must be on the device of x, meta, got 'cpu'"),
    (encoders.rate, (X, 0, seeded()), ValueError, "n_steps must be in"),
    (encoders.rate, (X, 5, seeded(), 3.0), ValueError, r"gain x must be in \[0, 1\], got \(1.5, 1.5\); scale or clamp"),
    (encoders.rate, (X, 5, seeded(), -1.0), ValueError, "gain must be >= 0"),
    (encoders.rate, (NAN, 5, seeded()), ValueError, "x must hold finite numbers, got '1 that are not'"),
    (encoders.rate, (X[0], 5, seeded()), ValueError, r"x must have shape \(batch, neuron\), got \(3,\)"),
    (
        encoders.rate,
        (X.long(), 5, seeded()),
        TypeError,
        "x must be a tensor of floating point numbers, got torch.int64",
    ),
    (encoders.rate, ([[0.5]], 5, seeded()), TypeError, "x must be a tensor of floating point numbers, got 'list'"),
    (encoders.rate, (X, 10**13, seeded()), MemoryError, "the spikes of all steps must fit in memory"),
    (encoders.direct, (X, 0), ValueError, "n_steps must be in"),
    (encoders.direct, (S, 2), ValueError, r"x must have shape \(batch, neuron\), got \(4, 2, 3\)"),
    (encoders.latency, (X + 1, 5, 1.0), ValueError, r"x must be in \[0, 1\]"),
    (encoders.latency, (X, 5, 0.0), ValueError, "tau must be > 0 ms"),
    (encoders.latency, (X, 5, 1.0, 0.0), ValueError, "dt must be > 0 ms"),
    (encoders.latency, (X, 5, 1.0, 1.0, -1.0), ValueError, "theta must be >= 0"),
    (encoders.latency, (X, 5, 1.0, 1.0, 0.0, "square"), ValueError, "form must be one of log, linear, charge"),
    (encoders.latency, (X, 5, 1.0, 1.0, 0.0, "charge"), ValueError, "theta must be > 0, got 0.0; without a threshold"),
    (encoders.phase, (X, 5, 25), ValueError, r"bits must be in \[1, 24\]"),
    (encoders.phase, (-X, 5), ValueError, r"x must be in \[0, 1\]"),
    (encoders.phase_weights, (5, 0), ValueError, "bits must be in"),
    (encoders.burst, (X, 5, 0), ValueError, "most must be in"),
    (encoders.burst, (X, 5, 3, 0), ValueError, "fast must be in"),
    (encoders.burst, (X, 5, 3, 4, 2), ValueError, r"slow must be in \[4, "),
    (encoders.population, (X, 2), ValueError, "m must be in"),
    (encoders.population, (X, 5, 1.0, 1.0), ValueError, "high - low must be > 0"),
    (encoders.population, (X, 5, 0.0, 1.0, 0.0), ValueError, "overlap must be > 0"),
    (
        encoders.delta,
        (X, 0.1),
        ValueError,
        r"signal must have shape \(time, batch, neuron\), got \(2, 3\); time is the",
    ),
    (encoders.delta, (S[:0], 0.1), ValueError, r"signal must have shape \(time, batch, neuron\), got \(0, 2, 3\)"),
    (encoders.delta, (S, 0.0), ValueError, "theta must be > 0"),
    (encoders.dvs, (S + math.inf, 0.1), ValueError, "signal must hold finite numbers, got '24 that are not'"),
    (encoders.dvs, (S, -1.0), ValueError, "theta must be > 0"),
    (encoders.dvs, (S, 0.1, encoders.Dvs(X, X[:1])), ValueError, r"state.last must have shape \(2, 3\), got \(1, 3\)"),
    (encoders.dvs, (S, 0.1, (X, 3)), TypeError, "state.last must be a tensor of floating point numbers"),
]


@pytest.mark.parametrize("function, args, error, message", WRONG)
def test_wrong_arguments(function, args, error, message):
    with pytest.raises(error, match=f"^tensor.encoders.{function.__name__}: {message}"):
        function(*args)
