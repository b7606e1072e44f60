"""Ultradiscretized cells by name: the clock's spikes, the ring as a graph, ranges of what is learned, and what is refused."""

import math

import numba
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse import clock, csr, rng, wire  # noqa: E402
from neurosparse.network import Coupling, CurrentInput, Network, Population, SpikeMonitor, StateMonitor  # noqa: E402
from neurosparse.neurons import ultradlif  # noqa: E402
from neurosparse.tensor import learned, ultra  # noqa: E402
from neurosparse.tensor.surrogate import answering, spikes  # noqa: E402

torch.set_num_threads(1)
F64 = {"dtype": torch.float64}
HARD = spikes("hard", "atan")
VARIANTS = ("paper", "code", "neurosparse")


def noise(*shape, seed=1, mean=0.2, sd=0.6):
    x = rng.normals(rng.stream(seed, "ultra"), math.prod(shape)).reshape(shape)
    return torch.as_tensor(mean + sd * x, **F64)


def random_graph(n, seed=3):
    """A connected graph of random weights, hubs and lone neurons among them."""
    links = wire.bernoulli(rng.stream(seed, "graph"), n, n, 0.15, loops=False)
    weight = 0.1 + rng.uniforms(rng.stream(seed, "weights"), links.nnz)
    return csr.reweight(links, weight)


def in_clock(module, params, x, links=None):
    """(spikes, states) (time, neuron) of the event engine's clock."""
    steps, n = x.shape
    more = () if links is None else (Coupling("a", "a", links, "spread", "w"),)
    state = "v" if links is None else "w"
    net = Network((Population("a", n, module, params),), (), (CurrentInput("x", "a", "current"),), 1.0, more)
    watch = (SpikeMonitor("a"), StateMonitor("a", (state,)))
    run = clock.run(net, float(steps), {"x": x.numpy()}, watch)
    z = np.zeros((steps, n))
    z[run.spikes["a"].step, run.spikes["a"].i] = 1.0
    return z, run.states["a"].fields[state]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", ["UltraLIF", "SigmaLIF"])
def test_hard_spikes_are_the_clocks_bit_for_bit(name, variant):
    x = noise(60, 1, 30, mean=-0.2)
    expected, v = in_clock(name.lower(), {"variant": variant, "eps": 0.1}, x[:, 0])
    assert 30 < expected.sum() < 1700
    for backend in ("numba", "torch"):
        cell = ultra.cell(name, 30, variant, params={"eps": 0.1}, spikes=HARD, backend=backend, learn_eps=False)
        z, state = cell.scan(x)
        assert not list(cell.parameters())
        np.testing.assert_array_equal(z[:, 0].numpy(), expected)
        np.testing.assert_array_equal(state.v[0].numpy(), v[-1])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("form", ["ring", "graph"])
def test_hard_spikes_of_diffusing_neurons_are_the_clocks(variant, form):
    """Those of "code" one step later there: it spreads what the input of the same step made."""
    n, steps = 20, 50
    links = None if form == "ring" else random_graph(n)
    x = noise(steps, 1, n, mean=-0.4 if variant == "paper" else -0.1)
    cell = ultra.UltraDLIF(n, variant, learn_eps=False, links=links, params={"eps": 0.3}, spikes=HARD).double()
    coupled = ultradlif.ring(n) if links is None else links
    expected, w = in_clock(ultradlif, cell.given, x[:, 0], coupled)
    z, state = cell.scan(x)
    late = 1 if variant == "code" else 0
    assert 0.02 < expected.mean() < 0.98
    np.testing.assert_array_equal(z[: steps - late, 0].numpy(), expected[late:])
    if not late:
        np.testing.assert_allclose(state.w[0].numpy(), w[-1], rtol=1e-12, atol=1e-13)


def test_a_ring_is_the_paper_written_with_shifts():
    n, tau0, eps = 7, 0.8, 0.4
    x = noise(6, 2, n)
    for variant, v_th in (("paper", 0.5), ("code", 0.0)):
        cell = ultra.UltraDLIF(n, variant, learn_eps=False, params={"tau0": tau0, "eps": eps}).double()
        v, expected = torch.zeros(2, n, **F64), []
        for now in x:
            w = tau0 * v + now if variant == "code" else v
            u = eps * torch.logsumexp(torch.stack([w.roll(k, 1) for k in (-1, 0, 1)]) / eps, dim=0)
            u = u if variant == "code" else u + now
            z = torch.sigmoid((u - v_th) / eps)
            v = (1 - z) * (w if variant == "code" else u)
            expected.append(z)
        z, state = cell.scan(x)
        torch.testing.assert_close(z, torch.stack(expected), rtol=1e-13, atol=1e-14)
        torch.testing.assert_close(state.w, v, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("variant", VARIANTS)
def test_steps_are_the_scan_and_a_state_carries_over(variant):
    cell = ultra.UltraDLIF(6, variant, links=random_graph(6)).double()
    x = noise(9, 2, 6)
    whole, last = cell.scan(x)
    first, middle = cell.scan(x[:4])
    second, end = cell.scan(x[4:], middle)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=1e-12, atol=1e-13)
    state, out = None, []
    for now in x:
        z, state = cell(now, state)
        out.append(z)
    torch.testing.assert_close(torch.stack(out), whole, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(state.w, last.w, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(end.w, last.w, rtol=1e-12, atol=1e-13)
    assert cell.scan(x[:0])[0].shape == (0, 2, 6)
    assert cell.scan(x[:, :0])[0].shape == (9, 0, 6)


def test_a_graph_of_links_both_ways_is_the_ring():
    n = 8
    links = csr.from_coo([*range(n), *range(n)], [*((k + 1) % n for k in range(n)), *((k - 1) % n for k in range(n))],
                         1.0, (n, n))  # fmt: skip
    x = noise(10, 3, n)
    for variant in VARIANTS:
        a, b = (ultra.UltraDLIF(n, variant, links=which).double().scan(x)[0] for which in (None, links))
        assert torch.equal(a, b)


def test_any_row_stochastic_matrix_is_a_graph():
    """Shares given as weights with alpha = 1; what is left of 1 is a neuron's own."""
    n, eps = 6, 0.5
    stream = rng.stream(2, "shares")
    a = 0.02 + rng.uniforms(stream, n * n).reshape(n, n).astype(np.float32).astype(float)
    a /= a.sum(axis=1, keepdims=True)
    away = ~np.eye(n, dtype=bool)
    targets, sources = np.nonzero(away)
    links = csr.from_coo(sources, targets, a[away], (n, n))
    cell = ultra.UltraDLIF(n, links=links, params={"alpha": 1.0, "eps": eps, "v_th": 1e6}, learn_eps=False).double()
    v, zero = noise(1, n), torch.zeros(1, n, **F64)
    got = cell(zero, ultradlif.State(v))[1].w
    torch.testing.assert_close(got, eps * torch.log(torch.exp(v / eps) @ torch.as_tensor(a).T), rtol=1e-6, atol=1e-7)


def test_lone_neurons_are_alone():
    links = csr.from_coo([0, 1], [1, 0], 1.0, (3, 3))
    cell = ultra.UltraDLIF(3, links=links, params={"v_th": 1e6}, learn_eps=False).double()
    x = noise(5, 1, 3)
    _, state = cell.scan(x)
    torch.testing.assert_close(state.w[0, 2], x[:, 0, 2].sum(), rtol=1e-12, atol=0)
    alone = ultra.UltraDLIF(2, links=csr.from_coo([], [], 1.0, (2, 2))).double()
    assert alone.scan(noise(3, 1, 2))[0].shape == (3, 1, 2)


@pytest.mark.parametrize("name", ["UltraLIF", "UltraPLIF", "SigmaPLIF", "LIF", "PLIF", "ALIF"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_named_cells(name, variant):
    cell = ultra.cell(name, 5, variant)
    z = cell.scan(noise(4, 2, 5).float())[0].detach()
    n_learned = {"UltraLIF": 1, "UltraPLIF": 2, "SigmaPLIF": 2, "PLIF": 1}.get(name, 0)
    assert len(list(cell.parameters())) == n_learned
    soft = name.startswith(("Ultra", "Sigma")) or variant == "code"
    assert bool(((z == 0) | (z == 1)).all()) is not soft
    if soft:
        assert float(z.min()) > 0
        assert float(z.max()) < 1


def test_where_learning_starts():
    """The authors' program starts the free number, not tau0, at 0.9; log tau0 is not bounded there."""
    slipped = 1.0 / (1.0 + math.exp(-0.9))
    for name, field in (("UltraDPLIF", "tau0"), ("PLIF", "decay")):
        cell = ultra.cell(name, 4, "code").double()
        assert float(getattr(cell.params(), field).detach()) == pytest.approx(slipped, rel=1e-6)
        assert float(next(iter(cell.learned[field].detach().reshape(-1)))) == pytest.approx(0.9, rel=1e-6)
    given = ultra.cell("UltraDPLIF", 4, "code", params={"tau0": 0.9})
    assert float(given.params().tau0.detach()) == pytest.approx(0.9, rel=1e-6)
    for variant in VARIANTS:
        cell = ultra.cell("UltraPLIF", 4, variant)
        p = cell.params()
        assert float(p.log_tau.detach()) == pytest.approx(math.log(0.9), rel=1e-5)
        assert float(p.eps.detach()) == pytest.approx(0.1 if variant == "neurosparse" else 1.0, rel=1e-5)
        assert cell.maps["log_tau"].name == ("raw" if variant == "code" else "log_sigmoid")
    assert ultra.cell("ALIF", 4, "paper").plain["beta"] == 0.1
    assert ultra.cell("ALIF", 4, "paper").plain["decay_a"] == pytest.approx(0.9, rel=1e-12)
    assert ultra.cell("LIF", 4, "paper").spikes == spikes("hard", "sigmoid", 10.0)
    assert ultra.cell("LI", 4, params={"tau_mem": 5.0}).scan(torch.ones(2, 1, 4))[0].shape == (2, 1, 4)
    assert ultra.cell("CubaLIF", 4).port == "exc"


@pytest.mark.parametrize("variant", VARIANTS)
def test_diffusing_neurons_have_exact_gradients(variant):
    learn_tau = variant == "code"
    cell = ultra.UltraDLIF(5, variant, learn_tau, links=random_graph(5, 4), params={"eps": 0.6}).double()
    x, v = noise(3, 2, 5, mean=0.0).requires_grad_(), noise(2, 5, seed=2).requires_grad_()

    def run(x, v, *free):
        for name, value in zip(list(cell.learned), free):
            cell.learned[name].data = value.detach()
        p = cell.params()._replace(**{k: learned.value(cell.maps[k], f) for k, f in zip(cell.learned, free)})
        out, w = [], v
        with answering(cell.spikes):
            for now in x:
                w, z = cell._step(p, w, now)
                out.append(z)
        return torch.stack(out), w

    free = [p.detach().clone().requires_grad_() for p in cell.learned.values()]
    assert torch.autograd.gradcheck(run, (x, v, *free))


MODES = [spikes("soft"), spikes("soft", alpha=2.0, detach_reset=True), HARD, spikes("ste")]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_compiled_loop_is_the_unrolled_step(variant, mode):
    for dtype, near in ((torch.float64, {"rtol": 1e-9, "atol": 1e-11}), (torch.float32, {"rtol": 2e-4, "atol": 2e-5})):
        if dtype == torch.float32 and mode not in MODES[:1]:
            continue
        results = []
        for backend in ("numba", "torch"):
            cell = ultra.UltraDLIF(
                6, variant, variant == "code", links=random_graph(6, 5), backend=backend, spikes=mode, per_neuron=True,
                params={"eps": 0.4, "v_reset": 0.1, "tau0": 0.8},
            ).to(dtype)  # fmt: skip
            x = noise(7, 3, 6, mean=0.0).to(dtype).requires_grad_()
            first = ultradlif.State(noise(3, 6, seed=2).to(dtype).requires_grad_())
            z, state = cell.scan(x, first)
            assert cell.used == backend
            ((z * noise(7, 3, 6, seed=3)).sum() + (state.w * noise(3, 6, seed=4)).sum()).backward()
            results.append([z, state.w, x.grad, first.w.grad, *[p.grad for p in cell.parameters()]])
        for compiled, plain in zip(*results):
            torch.testing.assert_close(compiled, plain, **near)


def test_bits_do_not_depend_on_threads_or_batch():
    cell = ultra.UltraDLIF(64, "code", True)
    x = noise(*((2, 6, 64) if numba.config.DISABLE_JIT else (16, 48, 64))).float()
    results = []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        y = x.clone().requires_grad_()
        cell.zero_grad()
        z, _ = cell.scan(y)
        z.square().sum().backward()
        results.append([z.detach(), y.grad, *[p.grad.clone() for p in cell.parameters()]])
    torch.set_num_threads(1)
    assert cell.used == "numba"
    assert all(torch.equal(a, b) for a, b in zip(*results))
    assert torch.equal(cell.scan(x[:, 5:6])[0], results[0][0][:, 5:6])
    shuffled = x.transpose(0, 1).contiguous().transpose(0, 1)
    assert torch.equal(cell.scan(shuffled)[0], results[0][0])


def test_one_scan_is_the_loop_without_reset():
    steps, n = 200, 4
    x, v = noise(steps, 2, n).requires_grad_(), noise(2, n, seed=2)
    for log_tau, eps in (
        (math.log(0.9), 0.3),
        (torch.linspace(-0.3, 0.0, n, **F64), torch.linspace(0.05, 1.0, n, **F64)),
    ):
        u, out = v, []
        for now in x:
            u = eps * torch.logaddexp((u + log_tau) / eps, now / eps)
            out.append(u)
        out = torch.stack(out)
        found = ultra.parallel(x, log_tau, eps, v)
        torch.testing.assert_close(found, out, rtol=0, atol=1e-12)
        weight = noise(steps, 2, n, seed=5)
        (a,), (b,) = (torch.autograd.grad((y * weight).sum(), x) for y in (found, out))
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)
    assert ultra.parallel(x[:0], -0.1, 1.0).shape == (0, 2, n)
    silent = ultra.parallel(x, -0.1, 0.5)
    cell = ultra.ultralif(n, learn_eps=False, params={"tau0": math.exp(-0.1), "eps": 0.5, "v_th": 1e6}).double()
    torch.testing.assert_close(silent[-1], cell.scan(x)[1].v, rtol=1e-12, atol=1e-13)


def test_mistakes():
    with pytest.raises(
        ValueError, match=r"tensor.ultra.cell: name must be one of UltraLIF, .* got 'UltraLF'; did you mean 'UltraLIF'"
    ):
        ultra.cell("UltraLF", 3)
    with pytest.raises(ValueError, match="variant must be one of paper, code, neurosparse, got 'papers'"):
        ultra.cell("LI", 3, "papers")
    for make in (ultra.ultralif, ultra.sigmalif, ultra.lif, ultra.alif, ultra.UltraDLIF):
        with pytest.raises(ValueError, match="variant must be one of paper, code, neurosparse"):
            make(3, "papers")
    with pytest.raises(ValueError, match=r'learn_tau needs variant "code", got .paper.; the others have no tau0'):
        ultra.cell("UltraDPLIF", 3, "paper")
    with pytest.raises(ValueError, match=r"tensor.UltraDLIF: links must be a Csr \(4 x 4\), got Csr\(3 x 3"):
        ultra.UltraDLIF(4, links=csr.from_coo([0], [1], 1.0, (3, 3)))
    with pytest.raises(ValueError, match=r"no neuron may be linked to itself, got 1; it keeps a share"):
        ultra.UltraDLIF(3, links=csr.from_coo([0, 1], [1, 1], 1.0, (3, 3)))
    with pytest.raises(ValueError, match=r"weights of links must be > 0"):
        ultra.UltraDLIF(3, links=csr.from_coo([0], [1], -1.0, (3, 3)))
    with pytest.raises(TypeError, match="csr must be a neurosparse.Csr"):
        ultra.UltraDLIF(3, links=np.eye(3))
    with pytest.raises(ValueError, match="backend must be one of auto, numba, torch, got 'triton'"):
        ultra.UltraDLIF(5, backend="triton")
    with pytest.raises(
        ValueError, match=r"backend 'numba' must be able to run this, got 'compiled loops take .* not torch.bfloat16'"
    ):
        ultra.UltraDLIF(5, backend="numba").scan(torch.zeros(2, 1, 5, dtype=torch.bfloat16))
    with pytest.raises(ValueError, match="alpha degree must be < 1"):
        ultra.UltraDLIF(5, params={"alpha": 0.5})
    with pytest.raises(ValueError, match="ultradlif.ring: n must be in"):
        ultra.UltraDLIF(2)
    with pytest.raises(ValueError, match=r"input must have shape \(time, batch, 5\)"):
        ultra.UltraDLIF(5).scan(torch.zeros(2, 5))
    with pytest.raises(ValueError, match=r"one step; for all steps call scan"):
        ultra.UltraDLIF(5)(torch.zeros(2, 1, 5))
    with pytest.raises(ValueError, match=r"state w must have shape \(2, 5\), as the batch"):
        ultra.UltraDLIF(5)(torch.zeros(2, 5), ultradlif.State(torch.zeros(3, 5)))
    with pytest.raises(ValueError, match=r"parallel: x must be a tensor of floats \(time, batch, neuron\)"):
        ultra.parallel(torch.zeros(3, 4), -0.1, 1.0)
    with pytest.raises(ValueError, match=r"parallel: v must have shape \(2, 4\), as the batch, got \(2, 3\)"):
        ultra.parallel(torch.zeros(3, 2, 4), -0.1, 1.0, torch.zeros(2, 3))
