"""Active dendrites, k winners and sparse weights on tensors: against plain loops, by gradcheck, and their errors."""

import math
from typing import Any, cast

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models import dendrites as dendrites_model  # noqa: E402
from neurosparse.io import config  # noqa: E402
from neurosparse.tensor import contexts, dendrites, kwinners, sparse_weights  # noqa: E402
from neurosparse.tensor.dendrites import ActiveDendrites  # noqa: E402
from neurosparse.tensor.kwinners import KWinners  # noqa: E402
from neurosparse.tensor.row_adam import RowAdam  # noqa: E402
from neurosparse.tensor.sparse_weights import MaskedLinear, Shares  # noqa: E402
from simulations import permuted_mnist  # noqa: E402

F64 = torch.float64


def drawn(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def loop_winners(row, k, strict):
    """Sort by value, then by index."""
    order = sorted(range(len(row)), key=lambda i: (-row[i], i))
    chosen = set(order[:k]) if strict else {i for i in order if row[i] >= row[order[k - 1]]}
    return [row[i] if i in chosen else 0.0 for i in range(len(row))]


def loop_layer(x, w, b, u, c, mode):
    """One sample: the equations of the docstring, one number after another."""
    out = []
    for i in range(len(w)):
        y = b[i] + sum(w[i][j] * x[j] for j in range(len(x)))
        d = [sum(u[i][j][e] * c[e] for e in range(len(c))) for j in range(len(u[i]))]
        best = max(d, key=abs) if mode == "absolute_max" else max(d)
        out.append(y + best if mode == "bias" else y / (1.0 + math.exp(-best)))
    return out


def layer(mode: Any = "absolute_max", shares=sparse_weights.DENSE, segments=3):
    linear = MaskedLinear(5, 4, Shares(0.4), seed=3)
    return ActiveDendrites(linear, 6, 1 if mode == "one_segment" else segments, shares, mode=mode).to(F64)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("k", [1, 3, 7])
def test_winners_are_those_of_sorting_ties_among_them(k, strict):
    h = torch.from_numpy(np.random.default_rng(k).integers(-2, 3, (40, 7)).astype(float))
    expected = [loop_winners(row, k, strict) for row in h.tolist()]
    assert kwinners.kwinners(h, k, strict=strict).tolist() == expected
    counts = kwinners.winners(h, k, strict).sum(dim=1)
    assert torch.all(counts == k if strict else counts >= k)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_nan_counts_as_the_largest_and_goes_on(k, strict):
    nan, inf = math.nan, math.inf
    h = torch.tensor([[1.0, nan, 3.0, inf, nan], [nan] * 5, [0.0, 2.0, 2.0, 1.0, nan], [5.0, 4.0, 3.0, 2.0, 1.0]])
    ranks = torch.tensor([[1.0, 9.0, 3.0, 8.0, 9.0], [9.0] * 5, [0.0, 2.0, 2.0, 1.0, 9.0], [5.0, 4.0, 3.0, 2.0, 1.0]])
    won = kwinners.winners(h, k, strict)
    assert torch.equal(won, kwinners.winners(ranks, k, strict))
    assert torch.all(won.sum(dim=1) == k if strict else won.sum(dim=1) >= k)
    assert torch.equal(kwinners.kwinners(h, k, strict=strict).isnan(), won & h.isnan())
    assert won[:3].logical_and(h[:3].isnan()).any(dim=1).all()


def test_autocast_may_mix_types_of_numbers():
    made, x, c = layer().float(), drawn(8, 5).bfloat16(), drawn(8, 6, seed=1).float()
    with torch.autocast("cpu", torch.bfloat16):
        y = made(x, c)
    torch.testing.assert_close(y.float(), made(x.float(), c), rtol=0.05, atol=0.05)


def test_the_gradient_goes_through_winners_alone():
    h: Any = torch.tensor([[3.0, -1.0, 2.0, 0.5]], dtype=F64, requires_grad=True)
    kwinners.kwinners(h, 2).sum().backward()
    assert h.grad.tolist() == [[1.0, 0.0, 1.0, 0.0]]
    apart = drawn(4, 9).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: kwinners.kwinners(x, 3), apart)


def test_boosting_favours_who_rarely_won_and_scales_no_output():
    h, duty = torch.tensor([[1.0, 0.9, 0.2]]), torch.tensor([0.9, 0.1, 0.0])
    assert kwinners.kwinners(h, 1).tolist() == [[1.0, 0.0, 0.0]]
    assert torch.equal(kwinners.kwinners(h, 1, duty, beta=1.0), torch.tensor([[0.0, 0.9, 0.0]]))


def test_duty_cycles_are_those_of_the_recurrence():
    """duty <- (duty (T - batch) + sum z) / T, T = min(period, seen); testing leaves them alone."""
    rest, duty, seen = KWinners(8, 2, beta=2.0, period=30).to(F64), np.zeros(8), 0
    for step in range(6):
        h = drawn(10, 8, seed=step)
        boosted = h * torch.exp(2.0 * (2 / 8 - torch.from_numpy(duty)))
        z, seen = kwinners.winners(boosted, 2).numpy(), seen + 10
        over = min(30, seen)
        duty = (duty * (over - 10) + z.sum(axis=0)) / over
        assert np.array_equal(rest(h).numpy() != 0.0, z)
        np.testing.assert_allclose(rest.duty.numpy(), duty, rtol=1e-12)
    rest.eval()
    before = rest.duty.clone()
    rest(drawn(10, 8))
    assert torch.equal(rest.duty, before)
    assert before.sum().item() == pytest.approx(2.0)
    KWinners(8, 2, period=3)(drawn(10, 8).float())  # a batch longer than the period


def test_boosting_raises_the_entropy_of_duty_cycles():
    entropies = []
    for beta in (0.0, 10.0):
        rest = KWinners(50, 5, beta, period=200)
        bias = torch.linspace(0.0, 2.0, 50)  # some units always ahead
        for step in range(60):
            rest(2.0 + bias + 0.1 * drawn(20, 50, seed=step).float())
        entropies.append(rest.entropy())
    assert entropies[1] > 1.5 * entropies[0]
    p = 5 / 50
    assert entropies[1] <= -(p * math.log2(p) + (1 - p) * math.log2(1 - p)) + 1e-6


def test_masks_keep_the_same_number_for_every_unit():
    made: Any = sparse_weights.mask(30, 20, 0.75, 1, "a")
    assert made.sum(dim=1).tolist() == [5] * 30
    assert not torch.equal(made, sparse_weights.mask(30, 20, 0.75, 1, "b"))
    assert torch.equal(made, sparse_weights.mask(30, 20, 0.75, 1, "a"))
    assert sparse_weights.mask(3, 20, 0.0, 1, "a") is None
    least: Any = sparse_weights.mask(3, 4, 0.99, 1, "a")
    assert least.sum(dim=1).tolist() == [1] * 3


def test_bounds_of_the_weights():
    """r = 1 / sqrt(input density * weight density * fan-in), for units and for segments."""
    made = ActiveDendrites(MaskedLinear(200, 100, Shares(0.5, 0.05)), 150, 4, Shares(0.2, 0.3))
    for weights, bound in ((made.linear.rows, (0.05 * 0.5 * 200) ** -0.5), (made.segments, (0.3 * 0.8 * 150) ** -0.5)):
        assert 0.99 * bound < weights.abs().max().item() <= bound
        assert weights[weights != 0].abs().mean().item() == pytest.approx(bound / 2, rel=0.02)
    assert (made.segments != 0).sum(dim=1).tolist() == [120] * 400
    assert made.linear.bias.abs().max().item() <= 200**-0.5


@pytest.mark.parametrize("holding", [True, False])
def test_zeros_come_back_after_each_step(holding):
    made = torch.nn.Sequential(MaskedLinear(12, 9, Shares(0.5)), torch.nn.Linear(9, 2))
    optimiser = torch.optim.Adam(made.parameters(), lr=0.1)
    handle = sparse_weights.hold(optimiser, made)
    if not holding:
        handle.remove()
    zeros = made[0].rows == 0
    assert zeros.sum().item() == 9 * 6
    for step in range(3):
        made(drawn(4, 12, seed=step).float()).square().sum().backward()
        optimiser.step()
    assert torch.all(made[0].rows[zeros] == 0).item() == holding
    sparse_weights.rezero(made)
    assert torch.equal(made[0].rows == 0, zeros)


def test_active_rows_give_the_dense_product_and_its_gradients():
    h = kwinners.kwinners(drawn(6, 20), 4)
    results = []
    for quick in (True, False):
        made = MaskedLinear(20, 7, Shares(0.5), seed=2, quick=quick).to(F64)
        x: Any = h.clone().requires_grad_()
        y = made(x)
        (y * drawn(6, 7, seed=9)).sum().backward()
        results.append((y, x.grad * (h != 0), made.rows.grad, made.bias.grad))
        assert torch.all(x.grad[h == 0] == 0) or not quick
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("mode", dendrites.MODES)
def test_the_layer_is_its_equations(mode):
    made, x, c = layer(mode, Shares(0.3)), drawn(8, 5), drawn(8, 6, seed=1)
    u = made.segments.view(4, -1, 6).tolist()
    w, b = made.linear.rows.t().tolist(), made.linear.bias.tolist()
    expected = torch.tensor([loop_layer(x[k].tolist(), w, b, u, c[k].tolist(), mode) for k in range(8)], dtype=F64)
    torch.testing.assert_close(made(x, c), expected)
    which = torch.tensor([3, 3, 0, 5, 7, 1, 1, 2])
    shared = torch.cat([made(x[k : k + 1], c[which[k]]) for k in range(8)])
    torch.testing.assert_close(made(x, c, which), shared)
    torch.testing.assert_close(made(x, c[:1]), made(x, c[0]))


@pytest.mark.parametrize("mode", dendrites.MODES)
def test_gradients_of_the_layer(mode):
    made, x, c = layer(mode), drawn(3, 5).requires_grad_(), drawn(2, 6, seed=1).requires_grad_()
    which, parts = torch.tensor([0, 1, 0]), [made.segments, made.linear.rows, made.linear.bias]
    names = ["segments", "linear.rows", "linear.bias"]

    def call(x, c, *given):
        return torch.func.functional_call(made, dict(zip(names, given, strict=True)), (x, c, which))

    assert torch.autograd.gradcheck(call, (x, c, *parts))


def test_a_negative_response_closes_the_gate():
    segments = torch.tensor([[0.5], [-2.0]], dtype=F64)
    c = torch.ones(1, 1, dtype=F64)
    assert dendrites.respond(segments, c, 2).item() == -2.0
    assert dendrites.respond(segments, c, 2, "max").item() == 0.5


@pytest.mark.parametrize("k", [1, 3])
def test_sparse_gradients_of_the_segments_are_the_dense_ones(k):
    made: Any = layer()
    c, g = drawn(k, 6), drawn(k, 4, seed=2)
    grads = []
    for sparse in (True, False):
        made.segments.grad = None
        (dendrites.respond(made.segments, c, 3, sparse_grad=sparse) * g).sum().backward()
        got: Any = made.segments.grad
        assert got.is_sparse == sparse
        grads.append(got.to_dense() if sparse else got)
    torch.testing.assert_close(*grads)
    assert (grads[0] != 0).any(dim=1).view(4, 3).sum(dim=1).max() <= k


def test_adam_of_rows_is_adam():
    """Rows come and go; those that ever had a gradient keep moving, the others never do."""
    ours, theirs = (torch.nn.Parameter(drawn(30, 4)) for _ in range(2))
    row, plain = RowAdam([ours], lr=0.01), torch.optim.Adam([theirs], lr=0.01)
    for step in range(25):
        rows = torch.from_numpy(np.random.default_rng(step).permutation(12 + step // 10)[:5])
        grad = torch.sparse_coo_tensor(rows[None], drawn(5, 4, seed=step), (30, 4), check_invariants=True)
        ours.grad, theirs.grad = grad, grad.to_dense()
        row.step()
        plain.step()
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)
    assert torch.equal(ours[14:], drawn(30, 4)[14:])
    assert len(row.state[ours]["rows"]) == 14


def test_prototypes_tell_the_task():
    tasks = drawn(3, 10)
    x = tasks.repeat_interleave(20, 0) + 0.1 * drawn(60, 10, seed=5)
    centres = torch.stack([contexts.prototype(x[20 * k : 20 * k + 20]) for k in range(3)])
    found = contexts.nearest(x, centres)
    assert found.tolist() == np.repeat(range(3), 20).tolist()
    assert torch.equal(found, torch.cdist(x, centres).argmin(dim=1))


def batches_of(task, n, seed):
    """Samples around one of three centres that lie close together."""
    return 0.3 * drawn(3, 40, seed=1)[task] + drawn(n, 40, seed=seed)


def test_clusters_are_found_without_being_told():
    clusters = contexts.Clusters(40, q=12)
    order = [0, 0, 1, 0, 1, 1, 2, 2, 0, 1, 2]
    found = [clusters.join(batches_of(task, 200, 10 + k)) for k, task in enumerate(order)]
    assert found == order
    members = torch.cat([batches_of(task, 200, 10 + k) for k, task in enumerate(order) if task == 1])
    torch.testing.assert_close(clusters.prototypes[1], members.mean(dim=0))
    z = members @ clusters.project
    torch.testing.assert_close(clusters.scatter[1], (len(z) - 1) * torch.cov(z.t()))
    assert clusters.size.tolist() == [800, 800, 600]


def test_a_batch_of_a_known_cluster_is_refused_with_probability_alpha():
    """Hotelling's test is exact for normal samples: of 400 batches, about a tenth falls under alpha = 0.1."""
    refused = 0
    for k in range(400):
        clusters = contexts.Clusters(10, q=4, alpha=0.1)
        clusters.join(drawn(30, 10, seed=2 * k))
        refused += clusters.join(drawn(25, 10, seed=2 * k + 1))
    assert 22 <= refused <= 62  # 40 +- 3.7 SD


def with_gradient():
    table = torch.nn.Parameter(drawn(2, 3))
    table.sum().backward()
    return table


@pytest.mark.parametrize("call, error, message", [
    (lambda: kwinners.winners(drawn(2, 4), 0), ValueError, r"tensor\.winners: k must be in \[1, 4\], got 0"),
    (lambda: kwinners.winners(drawn(2, 4), 5), ValueError, r"k must be in \[1, 4\], got 5; at least one"),
    (lambda: kwinners.winners(drawn(2, 4), cast(Any, 1.5)), TypeError, "k must be a whole number, got 1.5"),
    (lambda: kwinners.kwinners(drawn(2, 4), 1, beta=-1.0), ValueError, "beta must be >= 0"),
    (lambda: kwinners.kwinners(drawn(2, 4), 1, beta=1.0), ValueError, r"needs duty of shape \(4,\), got None; or set"),
    (lambda: kwinners.kwinners(drawn(2, 4), 1, drawn(3), 1.0), ValueError, r"duty of shape \(4,\), got \(3,\)"),
    (lambda: KWinners(4, 5), ValueError, r"tensor\.KWinners: k must be in \[1, 4\]"),
    (lambda: KWinners(4, 1, period=0), ValueError, "period must be in"),
    (lambda: KWinners(4, 1)(drawn(4)), ValueError, r"input must have shape \(batch, 4\), got \(4,\)"),
    (lambda: sparse_weights.mask(3, 4, 1.0, 0, "a"), ValueError, "sparsity must be < 1, got 1.0; a unit needs inputs"),
    (lambda: sparse_weights.mask(3, 4, -0.1, 0, "a"), ValueError, r"sparsity must be in \[0.0, 1.0\]"),
    (lambda: sparse_weights.mask(0, 4, 0.5, 0, "a"), ValueError, "n_out must be in"),
    (lambda: MaskedLinear(4, 3, Shares(0.0, 0.0)), ValueError, r"tensor\.MaskedLinear: density must be > 0, got 0.0; it is"),
    (lambda: MaskedLinear(4, 3)(drawn(2, 5).float()), ValueError, r"input must have shape \(batch, 4\), got \(2, 5\)"),
    (lambda: layer("nearest"), ValueError, "mode must be one of absolute_max, max, bias, one_segment, got 'nearest'"),
    (lambda: ActiveDendrites(MaskedLinear(5, 4), 6, 2, mode="one_segment"), ValueError, r"must be in \[1, 1\], got 2"),
    (lambda: layer(segments=0), ValueError, "n_segments must be in"),
    (lambda: ActiveDendrites(MaskedLinear(5, 4), 0, 2), ValueError, r"tensor\.ActiveDendrites: dim must be in"),
    (lambda: layer(shares=Shares(0.0, 1.5)), ValueError, r"tensor\.ActiveDendrites: density must be in \[0.0, 1.0\]"),
    (lambda: layer()(drawn(2, 5), drawn(7)), ValueError, r"contexts must have shape \(6,\) or \(k, 6\), got \(7,\)"),
    (lambda: layer()(drawn(2, 5), drawn(3, 6)), ValueError, "contexts must be one, or one for each of 2 samples, got 3"),
    (lambda: layer()(drawn(2, 5), drawn(3, 6), torch.tensor([0])), ValueError, r"which must have shape \(2,\), got \(1,\)"),
    (lambda: layer()(drawn(2, 5), drawn(3, 6), torch.tensor([0, -1])), ValueError, r"which must be in \[0, 3\), got \(-1, 0\)"),
    (lambda: layer()(drawn(2, 5), drawn(3, 6), torch.tensor([3, 0])), ValueError, r"in \[0, 3\), got \(0, 3\); it names"),
    (lambda: layer()(drawn(2, 5), drawn(3, 6), drawn(2)), TypeError, "which must be a tensor of int64 or int32, got torch.float64"),
    (lambda: layer()(drawn(2, 5), drawn(3, 6), torch.ones(2).bool()), TypeError, "which must be .*, got torch.bool"),
    (lambda: layer()(drawn(2, 5), drawn(3, 6), cast(Any, [0, 1])), TypeError, r"which must be a tensor of .*, got \[0, 1\]"),
    (lambda: layer()(drawn(2, 5), drawn(0, 6), torch.tensor([0, 0])), ValueError, "contexts must have a row for `which`"),
    (lambda: layer()(drawn(2, 5), drawn(2, 6).float()), TypeError, "contexts must be torch.float64, as the weights, got torch.fl"),
    (lambda: layer()(drawn(2, 5).float(), drawn(2, 6)), TypeError, r"MaskedLinear: input must be torch.float64, as the"),
    (lambda: layer()(drawn(2, 5), cast(Any, [1.0] * 6)), TypeError, "contexts must be a tensor, got 'list'"),
    (lambda: dendrites.respond(drawn(5, 6), drawn(1, 6), 2), ValueError, r"shapes \(n 2, dim\) and \(k, dim\), got"),
    (lambda: dendrites.respond(drawn(4, 6), drawn(1, 5), 2), ValueError, r"tensor\.respond: segments and contexts"),
    (lambda: RowAdam([drawn(2, 3)], lr=0.0), ValueError, r"tensor\.RowAdam: lr must be > 0, got 0.0"),
    (lambda: RowAdam([drawn(2, 3)], betas=(0.9, 1.0)), ValueError, r"betas must be in \[0, 1\), got \(0.9, 1.0\)"),
    (lambda: RowAdam([with_gradient()]).step(), TypeError, r"gradients must be sparse, got 'a dense one'; take torch"),
    (lambda: contexts.prototype(drawn(0, 3)), ValueError, r"samples must have shape \(n, dim\), n >= 1, got \(0, 3\)"),
    (lambda: contexts.nearest(drawn(2, 3), drawn(2, 4)), ValueError, "samples and prototypes must have shapes"),
    (lambda: contexts.Clusters(4, alpha=1.0), ValueError, r"alpha must be inside \(0, 1\), got 1.0; 1e-6"),
    (lambda: contexts.Clusters(4, q=0), ValueError, r"tensor\.Clusters: q must be in"),
    (lambda: contexts.Clusters(4, 2).join(drawn(3, 4)), ValueError, r"shape \(n, 4\), n > 3, got \(3, 4\); take a larger"),
])  # fmt: skip
def test_mistakes_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


NET = dendrites_model.Config(n_inputs=30, hidden=40, n_segments=2, kw=0.1, seed=4)


@pytest.mark.parametrize("method", ["active_dendrites", "sparse_only", "dendrites_only", "mlp"])
def test_nets_have_the_parts_of_their_method(method):
    net = dendrites_model.build(NET.model_copy(update={"method": method}))
    sparse, gated = method in dendrites_model.SPARSE, method in dendrites_model.GATED
    for layer in net.layers:
        linear: Any = layer.linear if gated else layer
        assert (linear.rows == 0).double().mean().item() == (0.5 if sparse else 0.0)
        assert isinstance(layer, ActiveDendrites) == gated
    assert all(isinstance(rest, KWinners) == sparse for rest in net.rests)
    assert net(drawn(3, 30).float(), drawn(30).float()).shape == (3, 10)
    if gated:
        with pytest.raises(ValueError, match=r"dendrites\.Net: a net with dendrites needs contexts, got None"):
            net(drawn(3, 30).float())


def test_quick_nets_have_the_gradients_of_plain_ones():
    """With every layer dense, and every gradient too, the numbers are the same."""
    grads = []
    for quick in (True, False):
        net: Any = dendrites_model.build(NET).double()
        net.layers[1].linear.quick = quick
        for layer in net.layers:
            layer.sparse_grad = quick
        x, y = drawn(16, 30), torch.arange(16) % 10
        torch.nn.functional.cross_entropy(net(x, drawn(30, seed=7)), y).backward()
        grads.append([p.grad.to_dense() for p in net.parameters() if p.grad is not None])
    for ours, theirs in zip(*grads, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-14)


def test_a_run_is_the_same_on_any_number_of_threads():
    c = permuted_mnist.tiny().model_copy(update={"methods": ("active_dendrites", "sparse_only")})
    one, two = (permuted_mnist.run(c, threads) for threads in (1, 2))
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, two.arrays[name], strict=True)


def test_contexts_that_are_found_are_as_many_as_the_tasks():
    c = permuted_mnist.Config(
        dataset="digits", methods=("active_dendrites",), n_tasks=3, n_train=1000, n_test=300, epochs=4, batch=50,
        hidden=100, kw=0.2, lr=0.003, context="found",
    )  # fmt: skip
    found = permuted_mnist.run(c)
    assert found.rows[0]["contexts"] == 3
    assert found.metrics["context_right"] > 0.99
    assert found.metrics["accuracy_active_dendrites"] > 0.6  # chance is 0.1


@pytest.mark.parametrize("override, message", [
    ("n_train=60001", "n_train must be int in"),
    ('methods=["mlp", "mlp"]', r"methods must differ from one another, got \['mlp', 'mlp'\]"),
    ("methods=[]", "methods must be list of one of active_dendrites, .* of length >= 1"),
    ("mode=one_segment", "mode=one_segment needs n_segments=1, got 10"),
    ("kw=0", "kw must be float"),
])  # fmt: skip
def test_bad_configurations_are_refused(override, message):
    with pytest.raises(config.ConfigError, match=rf"^permuted_mnist\.Config: .*{message}"):
        config.build(permuted_mnist.Config, overrides=[override])


@pytest.mark.parametrize("more, message", [
    (["dataset=digits", "n_train=1201"], r"digits has 1200 \+ 597 images, got n_train, n_test = \(1201, 597\)"),
    (["context=found", "n_train=1033", "batch=1000"], "context=found needs batches of > 33, got a last one of 33"),
    (["context=found", "batch=33"], "needs batches of > 33, got a last one of"),
])  # fmt: skip
def test_what_does_not_fit_together_is_refused(more, message):
    with pytest.raises(config.ConfigError, match=message):
        config.build(permuted_mnist.Config, overrides=more)
