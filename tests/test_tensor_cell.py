"""Neuron modules as torch layers: compiled loops against the unrolled step, gradients, shapes, and what is refused."""

import itertools
import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse import clock, rng, tensor  # noqa: E402
from neurosparse.network import CurrentInput, Network, Population, SpikeMonitor  # noqa: E402
from neurosparse.neurons import lif  # noqa: E402
from neurosparse.tensor import learned, scan_kernels, surrogate  # noqa: E402
from neurosparse.tensor.cell import Cell, functional  # noqa: E402

torch.set_num_threads(1)
FUSED = {
    "lif": ({"tau_mem": 8.0, "v_th": 1.0}, ("decay", "v_th")),
    "sigmalif": ({"v_th": 0.4, "eps": 0.5}, ("tau0", "v_th", "eps")),
    "ultralif": ({"v_th": 0.4, "eps": 0.5}, ("log_tau", "v_th", "eps")),
    "li": ({"tau_mem": 8.0}, ("decay",)),
    "lif_exp": ({"tau_mem": 8.0, "tau_exc": 4.0, "v_th": 0.5}, ("decay", "v_th")),
}
MODES = [
    *[surrogate.spikes("hard", name, detach_reset=detach) for name, detach in
      itertools.product(scan_kernels.SLOPES, (False, True)) if detach is False or name == "atan"],
    surrogate.spikes("soft"), surrogate.spikes("soft", alpha=3.0, detach_reset=True), surrogate.spikes("ste"),
]  # fmt: skip


def noise(steps, batch, n, dtype=torch.float64, seed=1):
    x = rng.normals(rng.stream(seed, "cell"), steps * batch * n).reshape(steps, batch, n)
    return torch.as_tensor(0.3 + 0.6 * x, dtype=dtype)


def both(name, mode, params, learn, dtype=torch.float64, backend="numba", **more):
    """Outputs, last state and gradients of the compiled and of the unrolled run."""
    out = []
    for way in (backend, "torch"):
        cell = Cell(name, 3, params, learn=learn, spikes=mode, backend=way, **more).to(dtype)
        x = noise(12, 2, 3, dtype).requires_grad_()
        first = cell.rest(x)._replace(v=torch.full((2, 3), 0.2, dtype=dtype, requires_grad=True))
        z, state = cell.scan(x, first)
        assert cell.used == way
        weight = noise(12, 2, 3, dtype, seed=2)
        ((z * weight).sum() + (state.v * weight[0]).sum()).backward()
        out.append([z, *state, x.grad, first.v.grad, *[p.grad for p in cell.parameters()]])
    return out


SOME = (surrogate.spikes("hard", "atan"), surrogate.spikes("soft"))
CASES = [("lif", mode) for mode in MODES] + [("li", SOME[0])]
CASES += [(name, mode) for name in ("sigmalif", "ultralif", "lif_exp") for mode in SOME]


@pytest.mark.parametrize("name, mode", CASES, ids=str)
def test_compiled_loop_is_the_unrolled_step(name, mode):
    params, learn = FUSED[name]
    for compiled, plain in zip(*both(name, mode, params, learn)):
        torch.testing.assert_close(compiled, plain, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", FUSED)
def test_compiled_loop_in_single_precision_and_with_a_value_for_each_neuron(name):
    params, learn = FUSED[name]
    own = params | ({"tau_mem": [6.0, 8.0, 10.0]} if "tau_mem" in params else {"tau0": [0.8, 0.9, 0.95]})
    for compiled, plain in zip(
        *both(name, surrogate.spikes("hard", "atan"), own, learn, torch.float32, per_neuron=True)
    ):
        torch.testing.assert_close(compiled, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("how", ["value", "subtract"])
def test_resets_of_lif(how):
    params = {"tau_mem": 8.0, "v_th": 0.5, "v_reset": 0.1, "reset": how}
    for compiled, plain in zip(*both("lif", surrogate.spikes("hard", "triangle"), params, ("decay", "v_th"))):
        torch.testing.assert_close(compiled, plain, rtol=1e-9, atol=1e-11)


def test_hard_spikes_are_those_of_the_event_engine_bit_for_bit():
    params = {"tau_mem": 8.0, "v_th": 1.0}
    x = noise(200, 1, 40)
    net = Network((Population("a", 40, lif, params),), (), (CurrentInput("jump", "a", "jump"),), dt=1.0)
    run = clock.run(net, 200.0, {"jump": x[:, 0].numpy()}, (SpikeMonitor("a"),))
    spikes = np.zeros((200, 40))
    spikes[run.spikes["a"].step, run.spikes["a"].i] = 1.0
    assert spikes.sum() > 100
    for backend in ("numba", "torch"):
        z, _ = Cell("lif", 40, params, backend=backend).double().scan(x)
        np.testing.assert_array_equal(z[:, 0].numpy(), spikes)


@pytest.mark.parametrize("name", FUSED)
def test_soft_networks_have_exact_gradients(name):
    params, learn = FUSED[name]
    cell = Cell(name, 2, params, learn=learn, spikes=surrogate.spikes("soft")).double()
    x = noise(4, 2, 2).requires_grad_()
    names = list(cell.learned)

    def run(x, *values):
        p = cell.params()._replace(
            **{field: learned.value(cell.maps[field], value) for field, value in zip(names, values)}
        )
        z, state = tensor.fused.run("numba", cell.module, p, cell.port, cell.spikes, x, cell.rest(x))
        return z, state.v

    assert torch.autograd.gradcheck(
        run, (x, *[cell.learned[field].detach().clone().requires_grad_() for field in names])
    )


def test_steps_are_the_scan_and_a_state_carries_over():
    for name, (params, _) in FUSED.items():
        cell = Cell(name, 3, params).double()
        x = noise(9, 2, 3)
        whole, last = cell.scan(x)
        first, middle = cell.scan(x[:4])
        second, end = cell.scan(x[4:], middle)
        torch.testing.assert_close(torch.cat([first, second]), whole, rtol=1e-13, atol=1e-13)
        state, out = None, []
        for now in x:
            z, state = cell(now, state)
            out.append(z)
        torch.testing.assert_close(torch.stack(out), whole, rtol=1e-12, atol=1e-13)
        for a, b, c in zip(last, end, state):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)
            torch.testing.assert_close(a, c, rtol=1e-12, atol=1e-13)
        p = cell.params()
        torch.testing.assert_close(functional(name, p, x, port=cell.port)[0], whole, rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(functional(name, p, x[0], port=cell.port)[0], whole[0], rtol=1e-12, atol=1e-13)


def test_bits_do_not_depend_on_threads_or_batch():
    cell = Cell("ultralif", 64, learn=("log_tau", "eps"), spikes=surrogate.spikes("soft"))
    x = noise(20, 64, 64, torch.float32)
    results = []
    for threads in (1, 3):
        torch.set_num_threads(threads)
        y = x.clone().requires_grad_()
        z, _ = cell.scan(y)
        cell.zero_grad()
        z.square().sum().backward()
        results.append([z.detach(), y.grad, *[p.grad.clone() for p in cell.parameters()]])
    torch.set_num_threads(1)
    assert all(torch.equal(a, b) for a, b in zip(*results))
    assert torch.equal(cell.scan(x[:, 5:6])[0], results[0][0][:, 5:6])


def test_empty_inputs():
    cell = Cell("lif", 3)
    assert cell.scan(torch.zeros(0, 2, 3))[0].shape == (0, 2, 3)
    assert cell.scan(torch.zeros(4, 0, 3))[0].shape == (4, 0, 3)


def test_refractory_cells_are_unrolled_and_say_so():
    cell = Cell("lif", 3, {"t_ref": 2.0, "v_th": 0.2})
    cell.scan(noise(5, 2, 3, torch.float32))
    assert cell.used == "torch"
    with pytest.raises(ValueError, match=r"backend 'numba' must be able to run this, got 'a refractory time"):
        Cell("lif", 3, {"t_ref": 2.0}, backend="numba").scan(torch.zeros(5, 2, 3))
    with pytest.raises(ValueError, match=r"alif with inputs at 'jump' has no compiled loop"):
        Cell("alif", 3, backend="numba").scan(torch.zeros(5, 2, 3))
    with pytest.raises(ValueError, match=r"not torch.float16"):
        Cell("lif", 3, backend="numba").scan(torch.zeros(5, 2, 3, dtype=torch.float16))
    with pytest.raises(ValueError, match="learn the leak, v_th and eps alone"):
        Cell("lif", 3, learn=("v_reset",), backend="numba").scan(torch.zeros(5, 2, 3))
    assert "backend='numba'" in repr(Cell("lif", 3, backend="numba"))


def test_mistakes():
    cell = Cell("lif", 3)
    x = torch.zeros(5, 2, 3)
    _, state = cell.scan(x)
    with pytest.raises(
        ValueError, match=r"input must have shape \(time, batch, 3\), got \(5, 3, 2\); time is the first"
    ):
        cell.scan(x.transpose(1, 2))
    with pytest.raises(ValueError, match=r"one step; for all steps call scan"):
        cell(x)
    with pytest.raises(TypeError, match="input must be a tensor of floats"):
        cell.scan(x.int())
    with pytest.raises(
        ValueError, match=r"state v must have shape \(4, 3\), as the batch, got \(2, 3\); begin the next"
    ):
        cell.scan(torch.zeros(5, 4, 3), state)
    with pytest.raises(TypeError, match="state must be the State of neurosparse.neurons.lif"):
        cell.scan(x, (0, 0))
    with pytest.raises(ValueError, match="learn must be one of"):
        Cell("lif", 3, learn=("tau",))
    with pytest.raises(TypeError, match=r"learn must be a tuple of names, got 'decay'"):
        Cell("lif", 3, learn="decay")
    with pytest.raises(ValueError, match="port must be one of"):
        Cell("lif", 3, port="exc")
    with pytest.raises(ValueError, match="backend must be one of"):
        Cell("lif", 3, backend="cuda")
    with pytest.raises(TypeError, match=r"spikes must be made by tensor.spikes"):
        Cell("lif", 3, spikes="hard")
    with pytest.raises(ValueError, match="soft spikes need one of"):
        Cell("adex", 3, spikes=surrogate.spikes("soft"))
    with pytest.raises(ValueError, match=r"decay must be one number or have shape \(3,\)"):
        Cell("lif", 3, {"tau_mem": [1.0, 2.0]})
    with pytest.raises(ValueError, match="tau0 must lie inside the range of the map"):
        Cell("sigmalif", 3, {"tau0": 1.0}, learn=("tau0",))
    with pytest.raises(ValueError, match="map of eps must be one of"):
        Cell("sigmalif", 3, learn=("eps",), maps={"eps": learned.Map("log")})


@pytest.mark.parametrize("how", [learned.Map("raw"), learned.Map("exp"), learned.Map("negative"),
    learned.Map("sigmoid", -1.0, 3.0), learned.Map("log_sigmoid"), learned.Map("clamped", 0.1, 20.0)], ids=str)  # fmt: skip
def test_maps_return_what_they_were_given(how):
    start = torch.tensor([-0.7, -0.2] if how.name in ("negative", "log_sigmoid") else [0.7, 0.2], dtype=torch.float64)
    torch.testing.assert_close(learned.value(how, learned.free("test", "p", how, start)), start)
    assert learned.of_bounds(0.0, 1.0) == learned.Map("sigmoid", 0.0, 1.0)


def test_threads_answer_each_in_its_own_way():
    """One cell is soft and one hard, in two threads that take turns."""
    turn, seen = [threading.Event(), threading.Event()], {}

    def work(k, mode):
        with surrogate.answering(mode):
            turn[k].wait(10.0)
            seen[k] = surrogate.spike(torch.zeros(1)).item()
            turn[1 - k].set()

    threads = [threading.Thread(target=work, args=(k, surrogate.spikes(how))) for k, how in enumerate(("soft", "hard"))]
    for thread in threads:
        thread.start()
    turn[0].set()
    for thread in threads:
        thread.join()
    assert seen == {0: 0.5, 1: 1.0}
