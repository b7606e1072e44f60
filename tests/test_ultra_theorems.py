"""What is proved of ultradiscretized neurons, and what their paper claims and is not so: numbers beside each claim."""

import functools
import math

import numba
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse import rng  # noqa: E402
from neurosparse.neurons import ultralif, ultralif_signed  # noqa: E402
from neurosparse.tensor import ultra  # noqa: E402
from neurosparse.tensor.surrogate import answering, spikes  # noqa: E402
from neurosparse.theory import dilation, max_plus  # noqa: E402

torch.set_num_threads(1)
F64 = {"dtype": torch.float64}
TAU0, V_TH, STEPS = 0.9, 0.5, 30
UNITS = 4_000 if numba.config.DISABLE_JIT else 20_000  # plain Python draws slowly
SOFT = spikes("soft")


@functools.cache
def draws(name, n):
    return rng.normals(rng.stream(7, f"theorems {name}"), n)


def normals(name, *shape, sd=1.0):
    return torch.as_tensor(sd * draws(name, math.prod(shape)).reshape(shape), **F64)


def cell(name, n, eps, variant="paper", v_th=V_TH, **params):
    made = ultra.cell(name, n, variant, params={"eps": eps, "v_th": v_th, **params}, learn_eps=False, backend="torch")
    return made.double()


def course(cell, x):
    """(V, s), each (time, batch, neuron), of a soft cell."""
    state, out = None, []
    for now in x:
        s, state = cell(now, state)
        out.append((state[0], s))
    return [torch.stack(part).numpy() for part in zip(*out)]


@pytest.fixture(scope="module")
def current():
    """I of variance .36, and the hard neurons under it."""
    x = normals("current", STEPS, UNITS, sd=0.6)
    return x, max_plus.run(x.numpy(), TAU0, V_TH)


def soft(x, eps):
    return [part[:, 0] for part in course(cell("UltraLIF", x.shape[1], eps), x[:, None])]


# ---- T1 to T3: a softened maximum, a softened step


@pytest.mark.parametrize("k", [2, 3, 8])
def test_a_softened_maximum_is_above_the_maximum_by_eps_log_k_at_most(k):
    x = normals(f"lse {k}", 5000, k)
    top = x.sort(dim=1, descending=True).values
    for eps in (0.01, 0.1, 1.0, 5.0):
        above = eps * torch.logsumexp(x / eps, dim=1) - top[:, 0]
        assert bool((above >= -1e-14).all())
        assert bool((above <= eps * math.log(k) + 1e-14).all())
        gap = top[:, 0] - top[:, 1]
        assert bool((above <= eps * torch.log1p((k - 1) * torch.exp(-gap / eps)) + 1e-14).all())


def test_a_softened_step_is_exponentially_near():
    x = normals("step", 5000)
    for eps in (0.01, 0.1, 1.0):
        off = (torch.sigmoid(x / eps) - (x >= 0).double()).abs()
        torch.testing.assert_close(off, 1.0 / (1.0 + torch.exp(x.abs() / eps)), rtol=1e-9, atol=2e-16)
        assert bool((off <= torch.exp(-x.abs() / eps) + 2e-16).all())


def test_single_steps_are_lipschitz():
    a, b, weight, x = normals("a", 4000, 3), normals("b", 4000, 3), normals("w", 20, 9), normals("x", 50, 9)
    for eps in (0.05, 0.3, 1.0):
        moved = (eps * (torch.logsumexp(a / eps, 1) - torch.logsumexp(b / eps, 1))).abs()
        assert bool((moved <= (a - b).abs().amax(dim=1) + 1e-14).all())
        steep = (torch.sigmoid(a / eps) - torch.sigmoid(b / eps)).abs()
        assert bool((steep <= (a - b).abs() / (4 * eps) + 1e-14).all())
        each = weight.expand(len(x), -1, -1).clone().requires_grad_()  # one copy of the weights for each sample
        s, _ = cell("UltraLIF", 20, eps)(torch.einsum("bi,bni->bn", x, each))
        (g,) = torch.autograd.grad(s.sum(), each)
        assert bool((g.abs().amax(dim=(1, 2)) <= x.abs().amax(dim=1) / (4 * eps)).all())


# ---- T4 to T6: convergence


@pytest.mark.parametrize("eps, membrane, spike", [  # % of neurons and steps against the claim
    (1.0, 0.0, 17.0), (0.3, 0.4, 45.0), (0.1, 1.2, 46.0), (0.03, 2.2, 37.0), (0.01, 2.9, 0.7), (0.003, 1.7, 0.0),
])  # fmt: skip
def test_the_papers_rate_of_convergence_does_not_hold(current, eps, membrane, spike):
    """Proposition 5.2 claims |V - v| <= t eps log 2 and |s - h| <= e^(-delta / eps), delta the margin of this step."""
    x, hard = current
    v, s = soft(x, eps)
    t = np.arange(1, STEPS + 1)[:, None]
    wrong_v = np.abs(v - hard.v) > t * eps * np.log(2) + 1e-12
    wrong_s = np.abs(s - hard.h) > np.exp(-np.abs(hard.m - V_TH) / eps) + 1e-12
    assert 100 * wrong_v.mean() == pytest.approx(membrane, abs=0.25)
    assert 100 * wrong_s.mean() == pytest.approx(spike, abs=0.8)


def test_nor_is_the_limit_a_linear_neuron():
    """Constant .3: a linear neuron integrates to 3 and fires, the max-plus one stays where it is."""
    x = torch.full((60, 1, 1), 0.3, **F64)
    hard = spikes("hard", "atan")
    assert float(ultra.lif(1, params={"v_th": V_TH}, spikes=hard).scan(x)[0].sum()) > 10
    assert float(ultra.lif(1, params={"v_th": 99.0}, spikes=hard).scan(x)[1].v) == pytest.approx(3.0, abs=0.01)
    run = max_plus.run(x.numpy(), TAU0, V_TH)
    assert run.h.sum() == 0
    assert float(run.m.max()) == 0.3
    v, s = course(cell("UltraLIF", 1, 0.001), x)
    assert s.max() < 1e-80
    np.testing.assert_allclose(v, 0.3, atol=1e-12)


@pytest.mark.parametrize("eps, covered", [(0.1, 3.7), (0.03, 9.0), (0.01, 19.6), (0.003, 41.9), (0.001, 68.7)])
def test_the_corrected_theorem_holds(current, eps, covered):
    x, hard = current
    v, s = soft(x, eps)
    b = max_plus.bound(x.numpy(), TAU0, V_TH, eps)
    assert 100 * b.holds.mean() == pytest.approx(covered, abs=0.8)
    assert np.all(np.abs(v - hard.v)[b.holds] <= b.membrane[b.holds] + 1e-12)
    assert np.all(np.abs(s - hard.h)[b.holds] <= b.spike[b.holds] + 1e-15)


@pytest.mark.parametrize("eps", [1.0, 0.3, 0.1, 0.01])
def test_membranes_stay_in_their_range(current, eps):
    x, _ = current
    low, high = max_plus.extent(float(x.abs().max()), TAU0, eps)
    for currents in (x[:, :4000], torch.full((STEPS, 1), -low, **F64), torch.full((STEPS, 1), low, **F64)):
        v, s = soft(currents, eps)
        u = np.where(s < 1, v / np.maximum(1 - s, 1e-300), low)
        assert v.min() >= low
        assert v.max() <= high
        assert u[s < 0.999].max(initial=low) <= high + 1e-9


@pytest.mark.parametrize("eps, median, mismatch", [
    (0.3, 0.29, 3.7), (0.1, 0.22, 0.04), (0.03, 0.155, 0.0), (0.01, 0.040, 0.0), (0.003, 0.0008, 0.0), (0.001, 0.0, 0.0),
])  # fmt: skip
def test_membranes_converge_pointwise(current, eps, median, mismatch):
    x, hard = current
    v, s = soft(x, eps)
    assert np.median(np.abs(v - hard.v).max(axis=0)) == pytest.approx(median, rel=0.05, abs=1e-5)
    assert 100 * np.mean((s >= 0.5) != (hard.h > 0)) == pytest.approx(mismatch, abs=0.15)


# ---- T7: identities


@pytest.mark.parametrize("eps", [0.1, 0.3, 1.0])
def test_without_reset_it_is_a_linear_integrator_and_one_scan(eps):
    x, log_tau = normals("scan", STEPS, 3, 5), math.log(TAU0)
    u, w, loop = torch.zeros(3, 5, **F64), torch.ones(3, 5, **F64), []
    for now in x:
        u = eps * torch.logaddexp((u + log_tau) / eps, now / eps)
        w = TAU0 ** (1.0 / eps) * w + torch.exp(now / eps)
        torch.testing.assert_close(torch.exp(u / eps), w, rtol=1e-12, atol=0)
        loop.append(u)
    torch.testing.assert_close(ultra.parallel(x, log_tau, eps), torch.stack(loop), rtol=0, atol=1e-12)
    k = torch.arange(1, STEPS + 1, **F64)[:, None, None]
    peaks = torch.stack([torch.cat([torch.zeros(1, 3, 5, **F64), x - k * log_tau])[: t + 2].amax(0) + (t + 1) * log_tau
                         for t in range(STEPS)])  # fmt: skip
    torch.testing.assert_close(ultra.parallel(x, log_tau, 1e-7), peaks, rtol=0, atol=1e-5)  # a peak that is held


@pytest.mark.parametrize("alpha", [0.1, 0.25, 1.0 / 3.0])
def test_normalised_diffusion_keeps_its_sum_and_stays_below_the_dilation(alpha):
    n, eps = 40, 0.3
    ring = cell("UltraDLIF", n, eps, "neurosparse", alpha=alpha).neighbours
    v = normals("ring", 1, n)
    total = torch.exp(v / eps).sum()
    for _ in range(100):
        largest = torch.stack([v.roll(k, 1) for k in (-1, 0, 1)]).amax(dim=0)
        spread, v = v.max() - v.min(), ring(v, eps)
        least = min(alpha, 1.0 - 2.0 * alpha)
        assert bool((v <= largest + 1e-14).all())
        assert bool((v >= largest + eps * math.log(least) - 1e-14).all())
        assert float(v.max() - v.min()) <= float(spread) + 1e-14
        torch.testing.assert_close(torch.exp(v / eps).sum(), total, rtol=1e-12, atol=0)


def test_the_papers_diffusion_grows_without_input():
    eps, v = 0.4, torch.zeros(1, 9, **F64)
    paper, ours = (cell("UltraDLIF", 9, eps, name).neighbours for name in ("paper", "neurosparse"))
    w = v
    for _ in range(30):
        v, w = paper(v, eps), ours(w, eps)
    torch.testing.assert_close(v, torch.full_like(v, 30 * eps * math.log(3.0)), rtol=1e-13, atol=0)
    torch.testing.assert_close(w, torch.zeros_like(w), rtol=0, atol=1e-13)


@pytest.mark.parametrize("variant", ["paper", "neurosparse"])
def test_diffusion_never_pulls_membranes_apart(variant):
    near = cell("UltraDLIF", 6, 0.2, variant).neighbours
    a, b = normals("near a", 500, 6), normals("near b", 500, 6)
    assert bool(((near(a, 0.2) - near(b, 0.2)).abs().amax(1) <= (a - b).abs().amax(1) + 1e-14).all())
    shares = torch.autograd.functional.jacobian(lambda v: near(v[None], 0.2)[0], a[0])
    assert bool((shares >= 0).all())
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(6, **F64), rtol=1e-13, atol=0)


# ---- T9: neighbours


@pytest.mark.parametrize("eps, least", [(0.1, 1.0), (0.01, 6.0), (0.001, 35.0), (0.0003, 60.0)])
@pytest.mark.parametrize("variant", dilation.VARIANTS)
def test_diffusing_neurons_converge_to_a_dilation(variant, eps, least):
    """The theorem of `theory.dilation`; least: % of samples and steps of which it says something."""
    x = normals("ring current", 12, 2000, 8, sd=0.6)
    ring = dilation.case(variant, 8, TAU0, V_TH)
    hard, b = dilation.run(ring, x.numpy()), dilation.bound(ring, x.numpy(), eps)
    v, s = course(cell("UltraDLIF", 8, eps, variant), x)
    assert 100 * b.holds.mean() > least
    assert np.all(np.abs(v - hard.v).max(axis=-1)[b.holds] <= b.membrane[b.holds] + 1e-12)
    assert np.all(np.abs(s - hard.h).max(axis=-1)[b.holds] <= b.spike[b.holds] + 1e-15)


def test_errors_of_the_program_form_do_not_grow_with_time():
    """Its membranes are linear: what the spikes of one step did wrong fades with tau0."""
    x = normals("long", 300, 1, 6, sd=0.6)
    ring = dilation.case("code", 6, TAU0, V_TH)
    bound = dilation.bound(ring, x.numpy(), 1e-4)
    assert bound.membrane.max() <= np.abs(x.numpy()).max() / (1 - TAU0) ** 2
    assert np.isfinite(bound.membrane).all()


# ---- closed forms of a single step


@pytest.mark.parametrize("eps", [0.3, 1.0])
def test_closed_forms_of_one_step(eps):
    x = normals("one step", 3, 7)
    e = torch.exp(x / eps)

    def s(name, variant, **more):
        return cell(name, 7, eps, variant, **more)(x)[0]

    a = TAU0 ** (1 / eps) + e
    torch.testing.assert_close(s("UltraLIF", "code", v_th=0.0), a / (1 + a), rtol=1e-12, atol=0)
    below = math.exp(-V_TH / eps)
    torch.testing.assert_close(s("UltraLIF", "paper"), a * below / (1 + a * below), rtol=1e-12, atol=0)
    b = e + e.roll(1, 1) + e.roll(-1, 1)
    for tau0 in (0.3, 0.9):
        torch.testing.assert_close(s("UltraDLIF", "code", v_th=0.0, tau0=tau0), b / (1 + b), rtol=1e-12, atol=0)
    torch.testing.assert_close(
        s("UltraDLIF", "paper"), torch.sigmoid((x - V_TH) / eps + math.log(3)), rtol=1e-12, atol=0
    )
    torch.testing.assert_close(s("UltraDLIF", "neurosparse"), torch.sigmoid((x - V_TH) / eps), rtol=1e-12, atol=0)


@pytest.mark.parametrize("eps, v_th, expected", [
    (1.0, 0.0, 0.474), (0.66, 0.0, 0.460), (0.1, 0.0, 0.259), (1.0, 0.5, 0.353), (0.66, 0.5, 0.286), (0.1, 0.5, 0.0023),
])  # fmt: skip
def test_no_inhibition_silences_but_the_signed_extension(eps, v_th, expected):
    low = torch.full((1, 1), -1e3, **F64)
    s, _ = cell("UltraLIF", 1, eps, v_th=v_th)(low)
    assert float(s) == pytest.approx(max_plus.floor(TAU0, v_th, eps), rel=1e-12)
    assert float(s) == pytest.approx(expected, abs=6e-4)
    p = ultralif_signed.params(TAU0, v_th, eps)
    with answering(SOFT):
        _, s = ultralif_signed.step(p, ultralif.State(torch.zeros(1, 1, **F64)), low, -low)
    assert float(s) < 1e-12


def test_mistakes():
    with pytest.raises(
        ValueError, match=r"theory.max_plus: current must have shape \(time, ...\), no length 0, got \(0, 3\)"
    ):
        max_plus.run(np.zeros((0, 3)), TAU0, V_TH)
    with pytest.raises(ValueError, match=r"tau0 must be in \(0, 1\), got 1"):
        max_plus.bound(np.zeros((2, 3)), 1.0, V_TH, 0.1)
    with pytest.raises(ValueError, match="eps must be > 0, got 0"):
        max_plus.bound(np.zeros((2, 3)), TAU0, V_TH, 0.0)
    with pytest.raises(ValueError, match="eps must be > 0, got -1"):
        dilation.bound(dilation.case("code", 4), np.zeros((2, 1, 4)), -1.0)
    with pytest.raises(ValueError, match="variant must be one of paper, code, neurosparse, got 'norse'"):
        dilation.case("norse", 4)
    with pytest.raises(ValueError, match="n must be in"):
        dilation.case("code", 2)
