"""Gradients through time: rules against one another, against hand-made sums, and how much they keep."""

import os

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse import rng, tensor  # noqa: E402
from neurosparse.tensor import SparseLinear, pages, surrogate, through_time  # noqa: E402
from neurosparse.tensor.cell import Cell  # noqa: E402
from neurosparse.tensor.delays import DelayLinear  # noqa: E402
from neurosparse.tensor.live_bytes import live_bytes  # noqa: E402
from neurosparse.tensor.through_time import backward, chosen, rule, windows  # noqa: E402
from simulations import memory_through_time  # noqa: E402

torch.set_num_threads(1)
SLOW_WITHOUT_JIT = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") != "0", reason="takes minutes without compilation"
)
STEPS, BATCH, N_IN, N_OUT = 12, 4, 10, 5
TRIANGLE = tensor.spikes("hard", "triangle")
FORGETFUL, SLOW = 1e-3, 5.0  # tau_mem, ms: exp(-1000) is 0


def numbers(name, *shape):
    return torch.from_numpy(rng.normals(rng.stream(3, name), int(np.prod(shape))).reshape(shape))


def inputs(steps=STEPS, batch=BATCH, n=N_IN):
    return (numbers("input", steps, batch, n) > 0).double()


def linear(n_in, n_out, name):
    layer = torch.nn.Linear(n_in, n_out).double()
    with torch.no_grad():
        layer.weight.copy_(numbers(name, n_out, n_in) / n_in**0.5)
        layer.bias.copy_(0.1 * numbers(f"{name} bias", n_out))
    return layer


def sparse(n_in, n_out, name):
    return SparseLinear(tensor.random_pattern(n_in, n_out, 0.5, name=name), name=name).double()


def net(tau, make=linear, neuron="lif", **more):
    params = {"tau_mem": tau, "v_th": 0.3, "reset": "subtract"} if neuron == "lif" else {"tau0": tau}
    cells = [Cell(neuron, n, params, spikes=TRIANGLE, **more).double() for n in (20, 15)]
    return [make(N_IN, 20, "a"), cells[0], make(20, 15, "b"), cells[1], linear(15, N_OUT, "c")]


def loss(out, t):
    return torch.nn.functional.cross_entropy(out, torch.arange(len(out)) % N_OUT) * (1.0 + 0.1 * t)


def gradient(layers):
    return torch.cat([p.grad.reshape(-1) for layer in layers for p in layer.parameters()])


def of(how, tau=SLOW, x=None, loss=loss, make=linear, more=None, **given):
    """(what is left, gradient) of a fresh net."""
    layers = net(tau, make, **(more or {}))
    passed = backward(layers, inputs() if x is None else x, loss, how, **given)
    return passed, gradient(layers)


def close(a, b, **bounds):
    torch.testing.assert_close(a, b, **({"rtol": 1e-12, "atol": 1e-15} | bounds))


def test_bptt_is_the_gradient_of_the_whole_loss():
    layers = net(SLOW)
    out, states = through_time.through(layers, inputs())
    whole = sum(loss(now, t) for t, now in enumerate(out)) / STEPS
    whole.backward()
    passed, g = of(rule())
    close(g, gradient(layers))
    close(passed.loss, whole.detach())
    close(passed.mean, out.detach().mean(dim=0))
    close(passed.states[3].v, states[3].v.detach())
    assert not passed.states[3].v.requires_grad
    assert passed.states[0] is None
    assert g.abs().max() > 0.01


@pytest.mark.parametrize("make", [linear, sparse])
@pytest.mark.parametrize("how", [rule("sltt"), rule("ottt"), rule("truncated", 5), rule("sltt_k", STEPS)], ids=str)
def test_where_membranes_forget_every_rule_is_bptt(how, make):
    close(of(how, FORGETFUL, make=make)[1], of(rule(), FORGETFUL, make=make)[1], rtol=1e-10)


@pytest.mark.parametrize("how", [rule("sltt"), rule("ottt"), rule("truncated", 5)], ids=str)
def test_where_membranes_remember_it_is_another_with_the_same_loss(how):
    (first, exact), (second, g) = of(rule()), of(how)
    close(second.loss, first.loss)
    close(second.mean, first.mean)
    assert 0.8 < torch.cosine_similarity(g, exact, dim=0) < 0.999


def test_one_window_is_bptt_and_windows_of_one_step_are_sltt():
    for how in (rule("truncated", STEPS), rule("truncated", 99), rule("checkpointed", STEPS)):
        assert torch.equal(of(how)[1], of(rule())[1])
    assert torch.equal(of(rule("truncated", 1))[1], of(rule("sltt"))[1])
    assert torch.equal(of(rule("sltt_k", STEPS))[1], of(rule("sltt"))[1])
    for k in (None, 5):
        close(of(rule("checkpointed", k))[1], of(rule())[1])


def test_truncated_is_two_halves_of_which_the_second_gets_the_states_of_the_first():
    layers, x = net(SLOW), inputs()
    first = backward(layers, x[:6], loss)
    backward(layers, x[6:], lambda out, t: loss(out, t + 6), states=first.states)
    close(gradient(layers) / 2, of(rule("truncated", 6))[1])


def test_a_random_subset_of_steps_has_the_gradient_of_all_in_expectation():
    x, k = inputs(4), 2
    seen = {}
    for iteration in range(60):
        seen.setdefault(tuple(chosen(rule("sltt_k", k), 4, iteration)), iteration)
    assert len(seen) == 6  # all pairs of 4
    mean = sum(of(rule("sltt_k", k), x=x, iteration=iteration)[1] for iteration in seen.values()) / len(seen)
    close(mean * 4 / k, of(rule("sltt"), x=x)[1])
    assert chosen(rule("sltt_k", k, seed=1), 4, 3) == chosen(rule("sltt_k", k, seed=1), 4, 3)
    close(of(rule("sltt_k", k), x=x, iteration=1)[0].loss, of(rule(), x=x)[0].loss)


@pytest.mark.parametrize("neuron, tau, decay", [("lif", 4.0, np.exp(-0.25)), ("sigmalif", 0.8, 0.8)])
def test_one_layer_by_hand(neuron, tau, decay):
    x, w, goal = inputs(6, 2, 3), numbers("w", 2, 3), numbers("goal", 6, 2, 2)
    v_th, eps = {"lif": (1.0, 1.0), "sigmalif": (0.5, 0.1)}[neuron]
    v, trace = torch.zeros(2, 2, dtype=torch.float64), torch.zeros(2, 3, dtype=torch.float64)
    by = {"sltt": 0.0, "ottt": 0.0}
    for t in range(6):
        u = decay * v + x[t] @ w.T
        trace = decay * trace + x[t]
        delta = goal[t] * surrogate.derivative((u - v_th) / eps, "triangle", 1.0) / eps / 6
        by = {"sltt": by["sltt"] + delta.T @ x[t], "ottt": by["ottt"] + delta.T @ trace}
        v = torch.where(u >= v_th, 0.0, u)
    for how, expected in by.items():
        layer = torch.nn.Linear(3, 2, bias=False).double()
        with torch.no_grad():
            layer.weight.copy_(w)
        params = {"tau_mem": tau} if neuron == "lif" else {"tau0": tau}
        cell = Cell(neuron, 2, params, spikes=TRIANGLE).double()
        backward([layer, cell], x, lambda out, t: (out * goal[t]).sum(), rule(how))
        close(layer.weight.grad, expected)
        assert expected.abs().max() > 0.01


def test_the_trace_leaves_bias_input_and_output_as_they_are():
    """Of ottt only the weights' gradient differs from sltt, in every layer, and not that of a readout."""
    plain, traced = net(SLOW), net(SLOW)
    backward(plain, inputs(), loss, rule("sltt"))
    backward(traced, inputs(), loss, rule("ottt"))
    for k in (0, 2):
        close(traced[k].bias.grad, plain[k].bias.grad)
        assert not torch.allclose(traced[k].weight.grad, plain[k].weight.grad)
    close(traced[4].weight.grad, plain[4].weight.grad)


def test_only_bptt_gives_credit_to_a_spike_that_matters_later():
    x = torch.zeros(3, 1, 1, dtype=torch.float64)
    x[0] = 1.0
    found = {}
    for how in ("bptt", "sltt", "ottt"):
        layers = [linear(1, 1, "one"), Cell("li", 1, {"tau_mem": 5.0}, port="jump").double()]
        backward(layers, x, lambda out, t: out.sum() * float(t == 2), rule(how))
        found[how] = float(layers[0].weight.grad)
    assert found["sltt"] == 0.0
    assert found["bptt"] == pytest.approx(np.exp(-2 / 5.0) / 3)
    assert found["ottt"] == pytest.approx(found["bptt"])  # one layer without reset: the trace is all there is


def test_a_loss_of_windows():
    def whole(out, first):
        return out.mean(dim=0).square().sum() + 0.0 * first

    layers = net(SLOW)
    out, _ = through_time.through(layers, inputs())
    whole(out, 0).backward()
    passed, g = of(rule(per="window"), loss=whole)
    close(g, gradient(layers))
    close(passed.mean.square().sum(), passed.loss)
    halves = of(rule("truncated", 8, per="window"), loss=whole)[0].loss
    out = out.detach()
    close(halves, (8 * whole(out[:8], 0) + 4 * whole(out[8:], 8)) / 12)
    close(of(rule("sltt", per="window"), loss=lambda out, t: loss(out[0], t))[1], of(rule("sltt"))[1])


@pytest.mark.parametrize("how", [rule(), rule("checkpointed"), rule("sltt"), rule("sltt_k", 3), rule("ottt")], ids=str)
def test_steps_may_come_one_by_one(how):
    assert torch.equal(of(how, x=(now for now in inputs()), steps=STEPS)[1], of(how)[1])
    assert torch.equal(of(how, steps=6)[1], of(how, x=inputs()[:6])[1])


def test_learned_leaks_get_gradients():
    more = {"learn": ("decay",)}
    assert of(rule("sltt"), more=more)[1].isfinite().all()
    close(of(rule("checkpointed", 4), more=more)[1], of(rule(), more=more)[1])
    assert len(of(rule(), more=more)[1]) == len(of(rule())[1]) + 2


def test_windows():
    assert windows(rule(), 5) == [(0, 5)]
    assert windows(rule("sltt"), 3) == [(0, 1), (1, 1), (2, 1)]
    assert windows(rule("truncated", 2), 5) == [(0, 2), (2, 2), (4, 1)]
    assert windows(rule("checkpointed"), 100) == [(k, 10) for k in range(0, 100, 10)]


def peak(how, steps, n=64):
    """Most bytes at once of a pass whose inputs come step by step."""
    layers = [linear(n, n, "a"), Cell("lif", n, {"v_th": 0.5}).double(), linear(n, n, "b"), Cell("lif", n).double()]
    x = inputs(1, 128, n)[0]
    for layer in layers:
        for p in layer.parameters():
            p.grad = torch.zeros_like(p)
    with live_bytes() as count:
        backward(layers, (x * (t % 3 > 0) for t in range(steps)), loss_of_all, how, steps=steps)
    return count.peak


def loss_of_all(out, t):
    return out.square().mean()


@SLOW_WITHOUT_JIT
def test_memory_of_single_steps_does_not_grow_and_that_of_bptt_does():
    for how in (rule("sltt"), rule("sltt_k", 2), rule("ottt"), rule("truncated", 4)):
        assert peak(how, 64) <= 1.05 * peak(how, 4)
    assert peak(rule(), 64) > 5 * peak(rule(), 4)
    assert peak(rule("checkpointed"), 64) < 0.3 * peak(rule(), 64)


def test_live_bytes_count_a_storage_once_while_it_lives():
    before = torch.zeros(50)
    with live_bytes() as count:
        kept = before + 1.0
        view = kept.view(5, 10)[2:]
        before.add_(1.0)
        assert (count.now, count.peak) == (200, 200)
        gone = kept * 2.0
        del gone
        assert (count.now, count.peak) == (200, 400)
        del kept
        assert count.now == 200
        del view
        assert (count.now, count.peak) == (0, 400)


def test_live_bytes_count_pages_that_are_used_again():
    n = pages.SMALL
    first = pages.empty((n,), torch.uint8)
    del first  # a block that is free
    with live_bytes() as count:
        kept = pages.empty((n,), torch.uint8)
        view = kept[1:]
        del kept
        assert count.now == n
        del view
        assert (count.now, count.peak) == (0, n)


@pytest.mark.slow
def test_cost_is_measured_in_a_process_of_its_own():
    found = memory_through_time.cost(memory_through_time.Config(n=200, batch=64, repeats=2), "bptt", 40, 1)
    assert found["live"] > 6 * 40 * 64 * 200 * 4 / 2**20  # spikes and membranes of three layers
    assert found["resident"] > 0.5 * found["live"]
    assert 0.0 < found["q1"] <= found["seconds"] <= found["q3"]


def test_mistakes():
    layers, x = net(SLOW), inputs()
    with pytest.raises(ValueError, match="how must be one of bptt, .*did you mean 'sltt'"):
        rule("slt")
    with pytest.raises(ValueError, match="per must be one of step, window"):
        rule(per="all")
    with pytest.raises(ValueError, match=r"'sltt_k' needs k, got None; say of how many steps"):
        rule("sltt_k")
    with pytest.raises(ValueError, match=r"'sltt' has no k, got 3; leave it out"):
        rule("sltt", 3)
    with pytest.raises(ValueError, match=r"k must be in \[1"):
        rule("truncated", 0)
    with pytest.raises(TypeError, match=r"how must be made by tensor.rule"):
        backward(layers, x, loss, "sltt")
    with pytest.raises(ValueError, match="layers must be at least one"):
        backward([], x, loss)
    with pytest.raises(TypeError, match="a layer must be a torch module, got 'int'"):
        backward([3], x, loss)
    with pytest.raises(ValueError, match="k must be at most the 12 steps there are, got 13"):
        backward(layers, x, loss, rule("sltt_k", 13))
    with pytest.raises(ValueError, match="states must be 5, one for each layer, got 2"):
        backward(layers, x, loss, states=[None, None])
    with pytest.raises(ValueError, match=r"x must have shape \(time, batch, ...\), got \(12,\)"):
        backward(layers, x[:, 0, 0], loss)
    with pytest.raises(TypeError, match="steps must be given where x has no length"):
        backward(layers, iter(x), loss)
    with pytest.raises(ValueError, match="steps must be at most the 12 of x, got 13"):
        backward(layers, x, loss, steps=13)
    with pytest.raises(ValueError, match=r"steps must be in \[1"):
        backward(layers, x[:0], loss)
    with pytest.raises(ValueError, match="x must have the steps that were announced, got 12"):
        backward(layers, iter(x), loss, steps=13)
    with pytest.raises(TypeError, match=r"loss must return a tensor of one number.*\(4,\); take its mean"):
        backward(layers, x, lambda out, t: out.mean(dim=1))
    with pytest.raises(TypeError, match="got 'float'"):
        backward(layers, x, lambda out, t: 1.0)
    with pytest.raises(ValueError, match="loss must depend on the parameters"):
        backward(layers, x, lambda out, t: out.detach().mean(), rule("sltt"))
    with pytest.raises(ValueError, match="DelayLinear needs all steps at once, got 'sltt'"):
        backward([DelayLinear(10, 5, 3)], x, loss, rule("sltt"))
    with pytest.raises(ValueError, match="ottt takes nn.Linear or SparseLinear.*got 'Linear before Linear'"):
        backward([linear(10, 3, "a"), linear(3, 3, "b")], x, loss, rule("ottt"))
    with pytest.raises(ValueError, match="neurons of ottt must be one of lif, alif, li, sigmalif, got 'ultralif'"):
        backward([linear(10, 3, "a"), Cell("ultralif", 3).double()], x, loss, rule("ottt"))
    with pytest.raises(ValueError, match=r"ottt needs one decay for all neurons of a layer, got \(3,\)"):
        backward([linear(10, 3, "a"), Cell("lif", 3, {"tau_mem": [1.0, 2.0, 3.0]}).double()], x, loss, rule("ottt"))
