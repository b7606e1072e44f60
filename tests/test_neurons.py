"""Neurons and kernels: the contract of each file, and one answer on three backends, for everything discovered."""

import inspect
import math

import numpy as np
import pytest

from neurosparse import clock, rng
from neurosparse.network import CurrentInput, Network, Population, StateMonitor
from neurosparse.neurons import lif
from tests import reference
from tests.cells import KERNELS, MANY, NEURONS, SILENT, lively, name_of, named, resets, run_numba, run_numpy

STEPS = NEURONS + KERNELS
SPIKING = [module for module in NEURONS if not hasattr(module, "OUT")]  # a leaky integrator is read, and never spikes
RESETS = [(module, reset) for module in NEURONS for reset in resets(module)]


@pytest.mark.parametrize("module", STEPS, **named)
def test_contract(module):
    assert module.__doc__
    assert "Source" in module.__doc__
    assert not module.Params._field_defaults  # defaults of NamedTuples fail in compiled code
    assert not module.State._field_defaults
    assert module not in NEURONS or module.ORDER in (None, 1, 2, 4, math.inf)
    p = module.params(dt=0.5)
    assert all(math.isfinite(value) for value in p)
    s = module.init(p)
    assert set(getattr(module, "ADDS", {})) <= set(module.PORTS)
    assert set(getattr(module, "ADDS", {}).values()) <= set(module.State._fields)
    after, z = reference.step(module, p, s, [0.1] * len(module.PORTS))
    assert type(after) is type(s)
    assert np.ndim(z) == 0
    with pytest.raises(ValueError, match=r"dt must be > 0 ms, got 0"):
        module.params(dt=0.0)


@pytest.mark.parametrize("module, reset", RESETS, **named)
def test_numpy_and_numba_agree_bit_for_bit(module, reset):
    dt, many, inputs = lively(module, MANY, 1000 if reset else 600)
    z, fields = run_numba(module, dt, many | reset, inputs)
    plain, states = run_numpy(module, dt, many | reset, inputs)
    np.testing.assert_array_equal(plain, z)
    for name, value in states.items():
        np.testing.assert_array_equal(value, fields[name], err_msg=name)
    if module in SPIKING:
        assert 0.005 < z.mean() < 0.5
        assert z.any(axis=0).all()


@pytest.mark.parametrize("module", KERNELS, **named)
def test_kernels_agree_bit_for_bit(module):
    x = rng.normals(rng.stream(0, "kernel"), 3000).reshape(300, 10)
    net = Network((Population("a", 10, lif, {"tau_mem": 1e18, "v_th": 1e9}, kernels={"jump": (module, {})}),), (),
                  (CurrentInput("x", "a", "jump"),), dt=1.0)  # fmt: skip
    v = clock.run(net, 300.0, {"x": x}, (StateMonitor("a", ("v",)),)).states["a"].fields["v"]
    p = module.params(dt=1.0)
    s, total = module.State(*(np.full(10, value) for value in module.init(p))), np.zeros(10)
    for t in range(300):
        s, y = module.step(p, s, x[t])
        total = total + y
        np.testing.assert_array_equal(v[t], total)


@pytest.mark.parametrize("module, reset", RESETS, **named)
def test_torch_agrees_bit_for_bit(module, reset):
    torch = pytest.importorskip("torch")
    from neurosparse import tensor

    dt, many, inputs = lively(module, MANY, 1000 if reset else 300)
    z, states = run_numpy(module, dt, many | reset, inputs)
    p = module.params(dt=dt, **many, **reset)
    out, s = tensor.unroll(module, p, [torch.as_tensor(x)[:, None, :] for x in inputs])
    np.testing.assert_array_equal(out[:, 0].numpy(), z)
    for name, value in s._asdict().items():
        np.testing.assert_array_equal(value[0].numpy(), states[name][-1], err_msg=name)


@pytest.mark.parametrize("module", NEURONS, **named)
def test_no_input_breaks_a_state(module):
    """A thousand times the lively input, of both signs: numbers stay numbers, and upstrokes do not overflow."""
    dt, many, inputs = lively(module, 50, 200)
    z, states = run_numpy(module, dt, many, [1000.0 * x for x in inputs])
    assert all(np.isfinite(value).all() for value in states.values())
    assert z.any() or module not in SPIKING


@pytest.mark.parametrize("module", NEURONS, **named)
def test_torch_gradients_are_right_where_it_is_smooth(module):
    torch = pytest.importorskip("torch")
    from neurosparse import tensor

    dt, many, inputs = lively(module, 4, 8)
    p = module.params(dt=dt, **many | SILENT.get(name_of(module), {}))
    inputs = [0.1 * torch.as_tensor(x).reshape(8, 2, 2).requires_grad_() for x in inputs]
    assert not tensor.unroll(module, p, inputs)[0].any()
    assert torch.autograd.gradcheck(lambda *x: tensor.unroll(module, p, x)[1][0], inputs)


@pytest.mark.parametrize("module", SPIKING, **named)
def test_torch_surrogate_gradient_reaches_the_inputs(module):
    torch = pytest.importorskip("torch")
    from neurosparse import tensor

    dt, many, inputs = lively(module, 4, 60)
    p = module.params(dt=dt, **many)
    strong = float(inputs[0].mean() + 2.0 * inputs[0].std())
    x = torch.full((60, 1, 4), strong, dtype=torch.float64, requires_grad=True)
    z, _ = tensor.unroll(module, p, [x] + [torch.zeros_like(x)] * (len(module.PORTS) - 1))
    z.sum().backward()
    assert z.sum() > 0
    assert torch.isfinite(x.grad).all()
    assert x.grad[0].abs().sum() > 0


def numeric(function):
    """Numbers that a function takes by keyword, but for dt; those of lif where it passes **membrane on."""
    known = inspect.signature(function).parameters.values()
    own = {p.name: p.default for p in known if isinstance(p.default, float) and p.name != "dt"}
    return (numeric(lif.params) if any(p.kind is p.VAR_KEYWORD for p in known) else {}) | own


@pytest.mark.parametrize("module", STEPS, **named)
def test_every_parameter_may_differ_from_neuron_to_neuron(module):
    each = {name: value * np.array([0.9, 1.0, 1.1]) for name, value in numeric(module.params).items()}
    together = module.params(dt=0.1, **each)
    for k in range(3):
        alone = module.params(dt=0.1, **{name: float(value[k]) for name, value in each.items()})
        for name, value in together._asdict().items():
            np.testing.assert_allclose(np.broadcast_to(value, (3,))[k], getattr(alone, name), rtol=1e-15, err_msg=name)
    start = module.State(*(np.full(3, value) for value in module.init(together)))
    assert all(value.shape == (3,) for value in module.step(together, start, *[0.1] * inputs_of(module))[0])


def inputs_of(module):
    return len(module.PORTS) - len(getattr(module, "ADDS", {}))


@pytest.mark.parametrize("module", NEURONS, **named)
def test_neurons_that_differ_run_as_they_would_alone(module):
    dt, many, inputs = lively(module, 3, 300)
    each = many | {name: value * np.array([0.95, 1.0, 1.05]) for name, value in many.items()}
    varied = {"tau_mem": [8.0, 9.0, 10.0], "tau0": [0.8, 0.9, 0.95], "a": [0.02, 0.03, 0.1]}
    each |= {next(name for name in varied if name in numeric(module.params)): np.array(next(
        value for name, value in varied.items() if name in numeric(module.params)))}  # fmt: skip
    z, fields = run_numba(module, dt, each, inputs)
    plain, states = run_numpy(module, dt, {k: np.asarray(v) for k, v in each.items()}, inputs)
    np.testing.assert_array_equal(plain, z)
    for name, value in states.items():
        np.testing.assert_array_equal(value, fields[name], err_msg=name)
