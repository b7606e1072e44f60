"""Stacks of layers on the event engine: the same spikes, each layer one step after the one before; and what is refused."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from neurosparse import clock, encode, rng  # noqa: E402
from neurosparse.network import SpikeMonitor, StateMonitor  # noqa: E402
from neurosparse.tensor import Cell, SparseLinear, layers, random_pattern, surrogate  # noqa: E402
from neurosparse.tensor.channels import Scale  # noqa: E402
from neurosparse.tensor.delays import DelayLinear  # noqa: E402
from neurosparse.tensor.guest import Guest  # noqa: E402
from neurosparse.tensor.net import Layered  # noqa: E402
from neurosparse.tensor.to_network import to_network  # noqa: E402

torch.set_num_threads(1)
T, SIZES = 60, (20, 24, 16, 6)
LIF = {"tau_mem": 8.0, "v_th": 0.4}
OTHERS = {"lif": {"v_rest": 0.1, "i_bias": 0.05}, "alif": {"beta": 0.3}, "lif_exp": {"tau_exc": 3.0, "v_th": 0.2}}


def spikes(n, share=0.2, steps=T):
    return torch.from_numpy(rng.uniforms(rng.stream(3, "input"), steps * n).reshape(steps, 1, n) < share).double()


def sparse(k, n_in, n_out, backend="auto"):
    layer = SparseLinear(random_pattern(n_in, n_out, 0.6, seed=k), name=f"w{k}", backend=backend)
    with torch.no_grad():
        layer.values *= 2.0
        layer.bias *= 0.5
    return layer.double()


def stack_of(neuron, params, backend="torch", way="auto"):
    made = []
    for k in range(len(SIZES) - 1):
        made += [sparse(k, *SIZES[k : k + 2], way), Cell(neuron, SIZES[k + 1], params, backend=backend).double()]
    return [*made, sparse(9, SIZES[-1], 4, way), Cell("li", 4, {"tau_mem": 10.0}).double()]


def outputs(stack, x):
    """What each cell gives, (time, n)."""
    out = []
    with torch.no_grad():
        for layer in stack:
            x = layer.scan(x)[0] if isinstance(layer, Cell) else layer(x)
            out += [x[:, 0].numpy()] if isinstance(layer, Cell) else []
    return out


def on_the_engine(net, x, depth, read_out=True, threads=1):
    """The same of the network, each layer shifted back by the steps that it is late."""
    late = depth - 1
    x = np.vstack([x[:, 0].numpy(), np.zeros((late, x.shape[2]))])
    names = [f"layer{k}" for k in range(1, depth + 1)]
    monitors = [SpikeMonitor(name) for name in names[: -1 if read_out else None]]
    monitors += [StateMonitor(names[-1], ("v",))] if read_out else []
    run = clock.run(net, (T + late) * net.dt, {"input": encode.from_dense(x > 0)}, tuple(monitors), threads=threads)
    sizes = {p.name: p.n for p in net.populations}
    out = []
    for k, name in enumerate(names):
        if name in run.states:
            whole = run.states[name].fields["v"]
        else:
            whole = np.zeros((T + late, sizes[name]))
            whole[run.spikes[name].step, run.spikes[name].i] = 1.0
            assert not whole[:k].any()
        out.append(whole[k : k + T])
    return out


@pytest.mark.parametrize(
    "neuron, params, backend, way",
    [
        ("lif", {}, "torch", "csr"),
        ("lif", {}, "auto", "events"),
        ("lif", {"reset": "subtract", "t_ref": 2.0}, "torch", "auto"),
        ("lif", {"t_ref": 2.0, "hold": False}, "torch", "auto"),
        ("lif", OTHERS["lif"], "torch", "auto"),
        ("alif", OTHERS["alif"], "torch", "auto"),
    ],
    ids=str,
)
def test_sparse_layers_spike_the_same_bit_for_bit(neuron, params, backend, way):
    stack, x = stack_of(neuron, LIF | params, backend, way), spikes(SIZES[0])
    for ours, engine in zip(outputs(stack, x), on_the_engine(to_network(stack, 1.0), x, 4), strict=True):
        assert np.abs(ours).sum() > 1.0
        np.testing.assert_array_equal(engine, ours)


def test_currents_are_the_same_to_rounding():
    stack, x = stack_of("lif_exp", LIF | OTHERS["lif_exp"]), spikes(SIZES[0])
    for ours, engine in zip(outputs(stack, x), on_the_engine(to_network(stack), x, 4), strict=True):
        np.testing.assert_allclose(engine, ours, atol=1e-12)


def test_dense_layers_are_the_same_where_sums_are_exact_and_threads_do_not_matter():
    stack = []
    for k in range(3):
        linear = nn.Linear(SIZES[k], SIZES[k + 1]).double()
        with torch.no_grad():
            for i, values in enumerate((linear.weight, linear.bias)):
                drawn = rng.normals(rng.stream(5, f"w{k}{i}"), values.numel()).reshape(values.shape)
                values.copy_(torch.from_numpy(np.round(drawn * 64) / 256))  # multiples of 2**-8
        stack += [linear, Cell("lif", SIZES[k + 1], LIF).double()]
    x = spikes(SIZES[0])
    found = on_the_engine(to_network(stack), x, 3, read_out=False, threads=2)
    for ours, engine in zip(outputs(stack, x), found, strict=True):
        assert ours.sum() > 20
        np.testing.assert_array_equal(engine, ours)


def test_what_was_learned_runs():
    """Constants that follow from no biology, and values for each neuron."""
    params = LIF | {"tau_mem": list(np.linspace(4.0, 12.0, 24))}
    first = Cell("lif", 24, params, learn=("decay", "v_th"), per_neuron=True, backend="torch").double()
    with torch.no_grad():
        first.learned["decay"] += torch.linspace(-0.5, 0.5, 24)
        first.learned["v_th"] *= 1.2
    stack = [
        sparse(0, 20, 24),
        first,
        sparse(1, 24, 4),
        Cell("lif", 4, LIF | {"tau_mem": [3.0, 4.0, 5.0, 7.0]}).double(),
    ]
    x = spikes(20)
    for ours, engine in zip(outputs(stack, x), on_the_engine(to_network(stack), x, 2, read_out=False), strict=True):
        assert ours.sum() > 10
        np.testing.assert_array_equal(engine, ours)


def test_a_cell_alone_and_a_layered_net_without_its_readout():
    x = spikes(6)
    stack = [Cell("lif", 6, {"tau_mem": 5.0, "v_th": 1.5}).double()]
    assert on_the_engine(to_network(stack), x, 1, read_out=False)[0].sum() == outputs(stack, x)[0].sum() > 0
    cells = [Cell("lif", 24, LIF).double(), Cell("lif", 16, LIF).double()]
    net = Layered([sparse(0, 20, 24), sparse(1, 24, 16), nn.Linear(16, 3).double()], cells)
    x = spikes(20)
    with torch.no_grad():
        hidden = net(x).hidden
    for ours, engine in zip(hidden, on_the_engine(to_network(net), x, 2, read_out=False), strict=True):
        np.testing.assert_array_equal(engine, ours[:, 0].numpy())


def test_other_models_in_the_first_layer():
    hard, x = surrogate.spikes("hard"), spikes(20)
    stack = [
        sparse(0, 20, 24),
        Cell("ultralif", 24, spikes=hard).double(),
        sparse(1, 24, 8),
        Cell("lif", 8, LIF).double(),
    ]
    for ours, engine in zip(outputs(stack, x), on_the_engine(to_network(stack), x, 2, read_out=False), strict=True):
        assert ours.sum() > 5
        np.testing.assert_array_equal(engine, ours)
    with pytest.raises(ValueError, match="layer2 must stay at rest .*got 'ultralif"):
        to_network([*stack[2:], sparse(2, 8, 24), stack[1]])


def test_delays_of_synapses():
    layer = DelayLinear(20, 8, 5, learned=False)
    stack = [
        layer.double(),
        Cell("lif", 8, {"tau_mem": 8.0, "v_th": 0.3}).double(),
        sparse(1, 8, 3),
        Cell("li", 3).double(),
    ]
    x = spikes(20)
    ours, engine = outputs(stack, x), on_the_engine(to_network(stack), x, 2)
    assert ours[0].sum() > 20
    np.testing.assert_array_equal(engine[0], ours[0])
    np.testing.assert_allclose(engine[1], ours[1], atol=1e-12)


def test_weights_beyond_float32_are_refused_or_rounded():
    linear = nn.Linear(3, 2, bias=False).double()
    with torch.no_grad():
        linear.weight.fill_(0.1)
    stack = [linear, Cell("lif", 2)]
    with pytest.raises(ValueError, match=r"weights and biases of layer1 must be float32 numbers.*rounded=True"):
        to_network(stack)
    assert to_network(stack, rounded=True).projections[0].csr.weight[0] == np.float32(0.1)


def test_mistakes():
    cell, linear = Cell("lif", 3), nn.Linear(3, 3)
    soft = Cell("lif", 3, spikes=surrogate.spikes("soft"))
    late = Cell("lif", 3, {"t_ref": 2.0, "hold": False, "i_bias": 0.1})
    drifts = Cell("li", 3, {"v_rest": 0.7}, learn=("decay",))
    with torch.no_grad():
        drifts.learned["decay"] += 1.0
    for stack, message in [
        ([linear], "the last layer must be a cell"),
        ([], "the last layer must be a cell"),
        ([linear, linear, cell], "alternates between weights"),
        ([Scale([1.0]), cell], "alternates between weights .*scale as layer 0"),
        ([linear, cell, cell], "weights must stand between two cells"),
        ([linear, soft], "layer 1 must have hard spikes"),
        ([linear, Cell("li", 3), linear, cell], "li has no spikes to pass on: it must be last"),
        ([linear, Cell("lif", 3, dt=0.5), linear, cell], r"dt must be one for all cells, got \[0.5, 1.0\]"),
        ([linear, Cell("lif", 4)], "weights into layer1 must have 4 outputs, got 3"),
        ([linear, cell, linear, late], "layer2 must stay at rest while nothing arrives"),
        ([linear, cell, linear, drifts], "layer2 must stay at rest"),
    ]:
        with pytest.raises(ValueError, match=message):
            to_network(stack)
    with pytest.raises(ValueError, match="dt must be one for all cells"):
        to_network([linear, cell], dt=0.1)
    with pytest.raises(TypeError, match="layer 1 must be one of nn.Linear"):
        to_network([linear, nn.ReLU()])
    broken = nn.Linear(3, 3)
    broken.weight.data[0, 0] = float("nan")
    with pytest.raises(ValueError, match="weights of layer1 must be a finite number"):
        to_network([broken, cell])


def test_guests():
    """A cell of another library, called (x, state) -> (out, state), in a net of ours."""

    class Leak(nn.Module):
        def forward(self, x, state=None):
            v = x if state is None else 0.5 * state + x
            return v, v

    x = spikes(5).float()
    out, last = Guest(Leak()).scan(x)
    assert torch.equal(out[-1], last)
    torch.testing.assert_close(out[2], x[2] + 0.5 * x[1] + 0.25 * x[0])
    assert torch.equal(Guest(Leak())(x[0])[0], x[0])
    assert Guest(Leak()).scan(x[:0])[0].shape == (0, 1, 5)
    assert Layered([nn.Linear(5, 4), nn.Linear(4, 2)], [Guest(Leak())])(x).logits.shape == (1, 2)
    with pytest.raises(TypeError, match="cell must be a torch module"):
        Guest(len)
    alone = Leak()
    alone.forward = lambda x, state: x
    with pytest.raises(TypeError, match=r"Leak must answer with a pair \(out, state\), got 'Tensor'"):
        Guest(alone)(x[0])


def test_records_must_be_records(tmp_path):
    with pytest.raises(TypeError, match="stack must be a sequence of layers"):
        layers.describe(3)
    with pytest.raises(TypeError, match='a record is a dict with the key "layer"'):
        layers.build([{}])
    with pytest.raises(ValueError, match="layer must be one of linear"):
        layers.build([{"layer": "conv"}])
    with pytest.raises(ValueError, match="layer 0: a linear has 'bias'"):
        layers.build([{"layer": "linear", "weight": np.zeros((2, 2))}])
    (cell,) = layers.describe([Cell("lif", 2, learn=("decay",))])
    for change, message in [
        ({"neuron": "os.path"}, r"neuron \(own_models=True imports it.* must be one of"),
        ({"neuron": "evil.py"}, r"neuron \(own_models=True"),
        ({"spikes": ["hard"]}, "layer 0: a cell must be whole"),
        ({"spikes": ["often", "atan", 1.0, False]}, "how must be one of"),
        ({"dtype": "nn"}, "dtype must be one of float16"),
        ({"learn": {"decay": {"map": ["raw"], "free": [1.0, 2.0, 3.0]}}}, "a cell must be whole"),
    ]:
        with pytest.raises(ValueError, match=message):
            layers.build([cell | change])
    own = tmp_path / "mine.py"
    own.write_text(
        "from neurosparse.neurons.lif import *\nfrom neurosparse.neurons.lif import PORTS, Params, State, init, params, step\n"
    )
    (record,) = layers.describe([Cell(str(own), 2)])
    assert layers.build([record], own_models=True)[0].module.__name__ == record["neuron"]
    zeros = np.zeros((2, 2))
    with pytest.raises(ValueError, match=r"delay must be in \[0, 1\]"):
        layers.build([{"layer": "delay_linear", "weight": zeros, "delay": zeros + 3, "n_taps": 2}])
