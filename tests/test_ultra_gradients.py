"""Gradients of ultradiscretized neurons: exact, bounded where the reset is detached, and not so for surrogates."""

import math

import pytest

torch = pytest.importorskip("torch")

from neurosparse import ops  # noqa: E402
from neurosparse.neurons import ultralif  # noqa: E402
from neurosparse.tensor import ultra  # noqa: E402
from neurosparse.tensor.cell import functional  # noqa: E402
from neurosparse.tensor.surrogate import answering, spikes  # noqa: E402
from tests.test_ultra_theorems import F64, SOFT, TAU0, V_TH, cell, normals  # noqa: E402

torch.set_num_threads(1)


@pytest.mark.parametrize("eps", [0.05, 0.3, 1.0])
def test_derivatives_of_a_step(eps):
    v, x = normals("v", 200).requires_grad_(), normals("i", 200).requires_grad_()
    tau, soft_eps = (torch.full((200,), value, **F64).requires_grad_() for value in (math.log(TAU0), eps))
    p = ultralif.Params(tau, soft_eps, V_TH, 0.0)
    u = ops.logsumexp2(v + tau, x, soft_eps)
    du = torch.autograd.grad(u.sum(), (v, tau, x, soft_eps), retain_graph=True)
    share = torch.sigmoid((v + tau - x) / eps)
    entropy = -(torch.xlogy(share, share) + torch.xlogy(1 - share, 1 - share))
    for got, expected in zip(du, (share, share, 1 - share, entropy)):
        torch.testing.assert_close(got, expected.detach(), rtol=1e-9, atol=1e-12)
    assert float(entropy.detach().max()) <= math.log(2.0)
    with answering(SOFT):
        _, s = ultralif.fire(p, u)
    (ds,) = torch.autograd.grad(s.sum(), soft_eps)
    slope = s * (1 - s) / eps
    assert float(slope.detach().max()) <= 1 / (4 * eps)
    torch.testing.assert_close(ds, (slope * (entropy - (u - V_TH) / eps)).detach(), rtol=1e-8, atol=1e-11)


def test_the_derivative_after_eps_of_a_diffusion_is_an_entropy():
    near, eps = cell("UltraDLIF", 7, 1.0, "paper").neighbours, torch.tensor(0.4, **F64, requires_grad=True)
    v = normals("entropy", 1, 7)
    each = near(v, eps)[0]
    share = torch.softmax(torch.stack([v[0].roll(k) for k in (-1, 0, 1)]) / 0.4, dim=0)
    for i in range(7):
        (g,) = torch.autograd.grad(each[i], eps, retain_graph=True)
        assert float(g) == pytest.approx(-float((share[:, i] * share[:, i].log()).sum()), rel=1e-12)
        assert 0 <= float(g) <= math.log(3.0)


@pytest.mark.parametrize("eps, low, high", [
    (1.0, -0.14, 1.07), (0.5, -0.20, 1.04), (0.2, -0.43, 1.01), (0.1, -0.93, 1.00), (0.05, -2.10, 1.00),
])  # fmt: skip
def test_the_reset_is_no_contraction_unless_it_is_detached(eps, low, high):
    """dV / du = (1 - s) - u s (1 - s) / eps leaves [-1, 1] for small eps; detached it is 1 - s."""
    u = torch.linspace(-3, 3, 60001, **F64).requires_grad_()
    for detach in (False, True):
        with answering(spikes("soft", detach_reset=detach)):
            v, s = ultralif.fire(ultralif.Params(0.0, eps, V_TH, 0.0), u)
        (rho,) = torch.autograd.grad(v.sum(), u)
        if detach:
            torch.testing.assert_close(rho, 1 - s.detach(), rtol=1e-12, atol=0)
        else:
            assert float(rho.min()) == pytest.approx(low, abs=0.006)
            assert float(rho.max()) == pytest.approx(high, abs=0.006)


@pytest.mark.parametrize("eps", [0.05, 0.3, 1.0])
def test_detached_resets_never_let_gradients_grow(eps):
    """dV_T / dV_0 is a product of p (1 - s), each in (0, 1); attached ones reach beyond 1."""
    x = normals("recurrence", 12, 400, sd=0.6)
    grown = {}
    for detach in (True, False):
        one = ultra.ultralif(400, "paper", learn_eps=False, params={"eps": eps}, backend="torch",
                             spikes=spikes("soft", detach_reset=detach)).double()  # fmt: skip
        v0 = normals("start", 1, 400).requires_grad_()
        state, factors = ultralif.State(v0), []
        for now in x:
            start = state.v
            s, state = one(now[None], state)
            (factor,) = torch.autograd.grad(state.v.sum(), start, retain_graph=True)
            factors.append(factor)
            if detach:
                share = torch.sigmoid((start + math.log(TAU0) - now) / eps)
                torch.testing.assert_close(factor, (share * (1 - s)).detach(), rtol=1e-9, atol=1e-12)
        grown[detach] = torch.stack(factors)
    assert float(grown[True].min()) >= 0
    assert float(grown[True].max()) < 1
    if eps == 0.05:
        assert float(grown[False].abs().max()) > 1.5


@pytest.mark.parametrize("eps", [0.1, 0.5, 1.0])
def test_gradients_of_a_step_are_exact(eps):
    def step(v, x, log_tau, log_eps, v_th):
        p = ultralif.Params(log_tau, log_eps.exp(), v_th, 0.1)
        s, state = functional("ultralif", p, x, ultralif.State(v), port="current", mode=SOFT)
        return s, state.v

    free = [torch.tensor(value, **F64) for value in (math.log(TAU0), math.log(eps), V_TH)]
    given = (normals("gv", 2, 6, sd=0.5), normals("gi", 2, 6, sd=0.5), *free)
    assert torch.autograd.gradcheck(step, [value.requires_grad_() for value in given])


def difference_and_backprop(cell, seed):
    """Change of a loss along a random direction of the weights: by differences, and by backpropagation."""
    x, label = (normals(f"net {seed}", 6, 16, 10) > 0).double(), torch.arange(16) % 3
    weight, direction = normals(f"weights {seed}", 12, 10, sd=0.3), normals(f"direction {seed}", 12, 10)
    out = normals(f"readout {seed}", 3, 12)

    def loss(w):
        z, _ = cell.scan(x @ w.T)
        return torch.nn.functional.cross_entropy(z.mean(dim=0) @ out.T, label)

    w = weight.clone().requires_grad_()
    (g,) = torch.autograd.grad(loss(w), w)
    h = 1e-5
    with torch.no_grad():
        change = float(loss(weight + h * direction) - loss(weight - h * direction)) / (2 * h)
    return change, float((g * direction).sum())


@pytest.mark.parametrize("name, variant", [
    ("UltraLIF", "paper"), ("UltraLIF", "code"), ("UltraLIF", "neurosparse"), ("UltraDLIF", "paper"), ("UltraDLIF", "code"),
    ("UltraDLIF", "neurosparse"), ("SigmaLIF", "code"), ("LIF", "code"),
])  # fmt: skip
def test_forward_and_backward_agree_in_soft_networks(name, variant):
    for seed in range(3):
        change, backprop = difference_and_backprop(ultra.cell(name, 12, variant, backend="torch").double(), seed)
        assert change == pytest.approx(backprop, rel=1e-6, abs=1e-10)


@pytest.mark.parametrize("variant", ["paper", "neurosparse"])
def test_forward_and_backward_disagree_with_a_surrogate(variant):
    """The loss of a spiking net is flat almost everywhere; what backpropagation returns is not its derivative."""
    for seed in range(3):
        change, backprop = difference_and_backprop(ultra.cell("LIF", 12, variant, backend="torch").double(), seed)
        assert abs(backprop) > 1e-3
        assert abs(change - backprop) > 0.5 * abs(backprop)
