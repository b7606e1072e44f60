"""NIR files: numbers there and back, what the nodes mean, what is refused; JSON for the rest."""

import itertools
import json
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
library = pytest.importorskip("nir", reason="the extra neurosparse[nir] is not installed")

from torch import nn  # noqa: E402

from neurosparse import rng  # noqa: E402
from neurosparse.io import layers_json, nir  # noqa: E402
from neurosparse.tensor import Cell, SparseLinear, layers, random_pattern, surrogate  # noqa: E402
from neurosparse.tensor.channels import Delay, Scale  # noqa: E402
from neurosparse.tensor.delays import DelayLinear  # noqa: E402

torch.set_num_threads(1)
HARD = surrogate.spikes("hard", "atan", 3.0, detach_reset=True)
OWN = [4.0, 5.0, 6.0, 7.0, 8.0]
CELLS = [
    ("lif", {"tau_mem": OWN, "v_th": 0.7, "v_reset": 0.1, "v_rest": 0.2, "i_bias": 0.1}, {"port": "jump"}),
    ("lif", {"tau_mem": 9.0, "v_th": 0.3, "r": OWN, "reset": "subtract"}, {"port": "current", "spikes": HARD}),
    ("lif", {"tau_mem": 9.0, "v_th": 0.2, "method": "euler"}, {"port": "current", "dt": 0.1}),
    ("lif", {"tau_mem": 9.0}, {"learn": ("decay", "v_th"), "per_neuron": True}),
    ("lif", {"tau_mem": 1e17, "v_th": 2.0}, {}),
    ("lif_exp", {"tau_exc": OWN, "tau_mem": 6.0, "v_th": 0.3, "r": 1.5, "i_bias": 0.2}, {}),
    ("lif_exp", {"tau_inh": 5.0, "tau_mem": 5.0, "v_th": 0.3}, {"port": "inh"}),
    ("li", {"tau_mem": OWN, "r": 2.0, "v_rest": -0.5}, {"port": "current"}),
    ("li", {"tau_mem": 7.0}, {"learn": ("decay",)}),
    ("li", {"tau_mem": 1e17}, {}),
]  # fmt: skip


def noise(n, steps=60, seed=1):
    x = rng.normals(rng.stream(seed, "nir"), steps * 2 * n).reshape(steps, 2, n)
    return torch.as_tensor(0.4 + 0.5 * x, dtype=torch.float32)


def outputs(stack, x):
    """What each layer gives."""
    out = []
    with torch.no_grad():
        for layer in stack:
            x = layer.scan(x)[0] if hasattr(layer, "scan") else layer(x)
            out.append(x)
    return out


def there_and_back(stack, path, **options):
    nir.export(layers.describe(stack), path, **options)
    return layers.build(nir.load(path))


@pytest.mark.parametrize("name, params, more", CELLS, ids=str)
def test_cells_come_back(name, params, more, tmp_path):
    cell = Cell(name, 5, params, **more)
    if cell.learned:
        with torch.no_grad():
            cell.learned["decay"] -= 0.5
    (back,) = there_and_back([cell], tmp_path / "cell.nir")
    assert (back.module, back.port, back.spikes, back.dt) == (cell.module, cell.port, cell.spikes, cell.dt)
    of_inputs = {field for field in cell.params()._fields if field.startswith(("gain", "decay_"))}
    read = {"current": {"gain"}, "jump": set()}.get(cell.port, {f"gain_{cell.port}", f"decay_{cell.port}"})
    for field in {*cell.params()._fields} - of_inputs | read:
        ours, theirs = (torch.as_tensor(getattr(each.params(), field)).detach() for each in (cell, back))
        np.testing.assert_allclose(*np.broadcast_arrays(theirs, ours), rtol=1e-6, err_msg=field)
    x = 4.0 * noise(5)
    for ours, theirs in zip(outputs([cell], x), outputs([back], x)):
        assert ours.abs().sum() > 1
        torch.testing.assert_close(theirs, ours, rtol=1e-5, atol=1e-6)


def test_a_stack_comes_back_and_the_library_takes_it(tmp_path):
    torch.manual_seed(0)
    delays = DelayLinear(6, 5, 4, learned=False)
    delays.d.copy_(torch.arange(6)[:, None].expand(6, 5) % 4)
    stack = [
        nn.Flatten(2), SparseLinear(random_pattern(8, 6, 0.5)), Cell("lif", 6, {"tau_mem": 5.0, "v_th": 0.3}), delays,
        Cell("lif_exp", 5, {"tau_exc": 3.0, "v_th": 0.05}), Scale(np.linspace(1.0, 2.0, 5)), Delay(np.arange(5)),
        nn.Linear(5, 4, bias=False), Cell("li", 4, {"tau_mem": 7.0}),
    ]  # fmt: skip
    back = there_and_back(stack, tmp_path / "net.nir", shape=(2, 2, 2))
    assert [type(layer) for layer in back] == [type(layer) for layer in stack]
    x = noise(8).reshape(60, 2, 2, 2, 2)
    for ours, theirs in zip(outputs(stack, x), outputs(back, x)):
        assert ours.abs().sum() > 1
        torch.testing.assert_close(theirs, ours, rtol=1e-6, atol=1e-7)
    for ours, theirs in zip(itertools.chain(*(m.state_dict().values() for m in stack)),
                            itertools.chain(*(m.state_dict().values() for m in back)), strict=True):  # fmt: skip
        assert torch.equal(ours, theirs)
    made = library.read(tmp_path / "net.nir", type_check=True)
    made.infer_types()
    made.check_types()
    assert [type(node).__name__ for node in made.nodes.values() if type(node).__name__ != "Input"]
    assert {"Affine", "LIF", "Delay", "CubaLIF", "Scale", "Linear", "LI", "Flatten"} <= {
        type(node).__name__ for node in made.nodes.values()
    }
    assert not [path for path in tmp_path.iterdir() if path.name != "net.nir"]


def nodes_of(stack, **options):
    made = nir.graph(layers.describe(stack), **options)
    return [node for node in made.nodes.values() if not isinstance(node, library.Input | library.Output)]


def test_what_the_numbers_of_a_file_mean():
    """Seconds in the file; r of a jump; w_in of an impulse; the leak potential with the bias current in it."""
    (node,) = nodes_of(
        [Cell("lif", 2, {"tau_mem": 20.0, "v_rest": 0.5, "i_bias": 0.25, "r": 2.0}, port="current", dt=0.1)]
    )
    np.testing.assert_allclose(node.tau, 0.02, rtol=1e-12)
    np.testing.assert_allclose(node.r, 2.0, rtol=1e-12)
    np.testing.assert_allclose(node.v_leak, 1.0, rtol=1e-12)
    np.testing.assert_array_equal(node.v_reset, 0.0)
    assert (node.metadata["dt"], node.metadata["reset"], node.metadata["method"]) == (1e-4, "value", "exact")
    (node,) = nodes_of([Cell("lif", 2, {"tau_mem": 20.0, "reset": "subtract"})])
    np.testing.assert_allclose(node.r, 1.0 / (1.0 - math.exp(-1 / 20)), rtol=1e-12)
    assert node.metadata["reset"] == "subtract"
    (node,) = nodes_of([Cell("lif_exp", 2, {"tau_mem": 20.0, "tau_exc": 5.0, "r": 3.0})])
    np.testing.assert_allclose([node.w_in, node.r], [[5.0] * 2, [3.0] * 2], rtol=1e-12)
    linear = nn.Linear(2, 2)
    before, node = nodes_of([linear, Cell("lif", 2, {"tau_mem": 10.0, "method": "euler"})], unit_r=True)
    np.testing.assert_array_equal(node.r, 1.0)
    np.testing.assert_allclose(before.weight, 10.0 * linear.weight.detach(), rtol=1e-6)
    np.testing.assert_allclose(before.bias, 10.0 * linear.bias.detach(), rtol=1e-6)


def vectors(**values):
    return {name: np.full(3, value) for name, value in values.items()}


def test_graphs_of_others():
    """No metadata: dt comes from the caller; resets to v_reset; r of an IF is a scale; chains in chains."""
    inner = library.NIRGraph.from_list(library.IF(**vectors(r=500.0, v_threshold=1.0)))
    graph = library.NIRGraph.from_list(library.LI(**vectors(tau=0.01, r=1.0, v_leak=0.2)), inner)
    with pytest.raises(ValueError, match="dt must be known, got 'no dt in the metadata'; pass dt="):
        nir.records(graph)
    li, scale, lif = layers.build(nir.records(graph, dt=1.0))
    assert (li.port, li.params().drive) == ("current", pytest.approx(0.2 * (1 - math.exp(-0.1))))
    torch.testing.assert_close(scale.factor.detach(), torch.full((3,), 0.5, dtype=torch.float64))
    assert (lif.params().decay, lif.params().carry) == (1.0, 0.0)
    z, _ = lif.scan(scale(torch.ones(6, 1, 3)))
    assert z[:, 0, 0].tolist() == [0, 1, 0, 1, 0, 1]
    cuba = library.CubaLIF(**vectors(tau_mem=0.02, tau_syn=0.004, r=2.0, v_leak=0.0, v_threshold=1.0, w_in=8.0))
    (cell,) = nir.records(library.NIRGraph.from_list(cuba), dt=1.0)
    assert cell["given"]["r"] == pytest.approx(2.0 * 8.0 / 4.0)
    with pytest.raises(ValueError, match="CubaLIF must be stepped exactly"):
        nir.records(library.NIRGraph.from_list(cuba), dt=1.0, method="euler")
    weights, one = library.Linear(np.ones((4, 3))), library.LI(*(np.array(value) for value in (0.01, 1.0, 0.0)))
    nodes = {
        "i": library.Input({"input": np.array([3])}),
        "w": weights,
        "li": one,
        "o": library.Output({"output": np.array([4])}),
    }
    _, cell = nir.records(library.NIRGraph(nodes, [("i", "w"), ("w", "li"), ("li", "o")], type_check=False), dt=1.0)
    assert cell["n"] == 4  # one number for all neurons, as Norse writes
    wait = library.NIRGraph.from_list(library.Delay(delay=np.array([0.0, 2e-3, 5e-3])))
    with pytest.raises(ValueError, match="dt must be known"):
        nir.records(wait)
    assert nir.records(wait, dt=0.5)[0]["steps"].tolist() == [0, 4, 10]
    with pytest.raises(ValueError, match="delays must be whole steps of 3 ms"):
        nir.records(wait, dt=3.0)


def test_one_node():
    node = library.LIF(**vectors(tau=0.01, r=1.0, v_leak=0.0, v_threshold=0.5))
    (record,) = nir.cell(node, dt=1.0)
    assert (record["neuron"], record["n"], record["given"]["v_th"]) == ("lif", 3, 0.5)
    with pytest.raises(ValueError, match=r"nir\.cell: a node must be of a known kind, got 'Input'"):
        nir.cell(library.Input({"input": np.array([3])}))


def lif_node():
    return library.LIF(**vectors(tau=0.01, r=1.0, v_leak=0.0, v_threshold=1.0))


def test_graphs_that_are_refused():
    three = {"input": np.array([3])}
    ends = {"input": library.Input(three), "output": library.Output({"output": np.array([3])})}
    around = [("input", "lif"), ("lif", "output")]
    with pytest.raises(ValueError, match=r"a node must be of a known kind, got 'Threshold'; take LIF or IF"):
        nir.records(library.NIRGraph.from_list(library.Threshold(threshold=np.ones(3))), dt=1.0)
    conv = library.Conv1d(4, np.ones((1, 1, 3)), 1, 0, 1, 1, np.zeros(1))
    with pytest.raises(
        ValueError, match="node 'conv1d': a node must be of a known kind, got 'Conv1d'; known are Affine"
    ):
        nir.records(library.NIRGraph.from_list(conv), dt=1.0)
    loop = {**ends, "lif": lif_node(), "back": library.Linear(np.ones((3, 3)))}
    graph = library.NIRGraph(loop, [*around, ("lif", "back"), ("back", "lif")])
    with pytest.raises(
        ValueError, match=r"must be a chain, without branches, sums or feedback, got \"edges of \['lif'\]"
    ):
        nir.records(graph, dt=1.0)
    apart = library.NIRGraph({**ends, "lif": lif_node(), "other": lif_node()}, around, type_check=False)
    with pytest.raises(ValueError, match=r"through all nodes.*\['other'\]"):
        nir.records(apart, dt=1.0)
    with pytest.raises(ValueError, match="one Input and one Output"):
        nir.records(library.NIRGraph({"lif": lif_node()}, [], type_check=False), dt=1.0)
    with pytest.raises(ValueError, match="edges must join nodes that there are, got 'gone'"):
        nir.records(library.NIRGraph(ends, [("input", "gone")], type_check=False), dt=1.0)
    one = library.LIF(*(np.array(value) for value in (0.01, 1.0, 0.0, 1.0)))
    with pytest.raises(ValueError, match="LIF of one number for all neurons must come after weights"):
        nir.records(library.NIRGraph({**ends, "lif": one}, around, type_check=False), dt=1.0)
    sparse = library.Linear(
        np.ones((2, 3)), metadata={"layer": "SparseLinear", "indptr": np.arange(4), "indices": np.arange(3)}
    )
    with pytest.raises(ValueError, match=r"need int32 indices|indices must be in \[0, 2\)"):
        nir.records(library.NIRGraph.from_list(sparse))
    with pytest.raises(TypeError, match=r"graph must be a nir\.NIRGraph"):
        nir.records(lif_node(), dt=1.0)
    wrong = lif_node()
    wrong.tau = np.zeros(3)
    with pytest.raises(ValueError, match="tau must be > 0"):
        nir.records(library.NIRGraph.from_list(wrong), dt=1.0)
    wrong = lif_node()
    wrong.metadata = {"reset": "sideways"}
    with pytest.raises(ValueError, match="reset must be one of value, subtract"):
        nir.records(library.NIRGraph.from_list(wrong), dt=1.0)


def test_files_that_are_refused(tmp_path, monkeypatch):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "net.nir"
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        nir.load(path)
    nir.export(layers.describe([Cell("lif", 3)]), path)
    whole = path.read_bytes()
    with h5py.File(path, "r+") as file:
        del file["node/nodes/lif/type"]
        file["node/nodes/lif/type"] = "Dendrite"
    with pytest.raises(ValueError, match=r"every node must be of a known kind, got .Dendrite \(nodes/lif\)"):
        nir.load(path)
    for broken in (whole[:900], b"no file", b""):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match="path must be a whole NIR file"):
            nir.load(path)
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="layer 0: must be a layer that NIR can express"):
        nir.export(layers.describe([Cell("ultralif", 3)]), path)
    assert path.read_bytes() == whole
    monkeypatch.setitem(__import__("sys").modules, "nir", None)
    with pytest.raises(ImportError, match=r"pip install 'neurosparse\[nir\]'"):
        nir.load(path)


@pytest.mark.parametrize("name, params, more, reason", [
    ("ultralif", {}, {}, "max-plus"),
    ("ultradlif", {}, {}, "max-plus"),
    ("sigmalif", {}, {}, "outside of any time constant"),
    ("alif", {}, {}, "no moving threshold"),
    ("izhikevich", {}, {}, "there is no node for it"),
    ("lif", {"t_ref": 2.0}, {}, "no refractory time"),
    ("lif", {}, {"spikes": surrogate.spikes("soft")}, "its spikes are soft"),
    ("lif", {"tau_mem": 1e-3}, {}, r"decay must be in \(0, 1\)"),
    ("lif", {"tau_mem": 1e17}, {"port": "current"}, "input must arrive at jump"),
    ("lif_exp", {}, {"port": "current"}, "its input arrives at 'current'"),
], ids=str)  # fmt: skip
def test_cells_that_nir_can_not_express(name, params, more, reason):
    with pytest.raises(
        ValueError, match=f"NIR can express .*{reason}.*, got .*{name}.*layers_json.save keeps every layer"
    ):
        nir.graph(layers.describe([Cell(name, 3, params, **more)]))


def test_stacks_that_are_refused():
    mixed = DelayLinear(3, 3, 4, learned=False)
    mixed.d.copy_(torch.tensor([[0, 1, 2], [2, 1, 0], [3, 3, 3]]))
    for stack, options, message in [
        ([mixed, Cell("lif", 3)], {}, "each synapse has a delay of its own"),
        ([Cell("lif", 3), Cell("lif", 3, dt=0.1)], {}, "dt must be one for all cells"),
        ([Delay([1, 2])], {}, "dt must be given with delays"),
        ([nn.Flatten(2), nn.Linear(4, 2)], {}, "shape must be given"),
        ([nn.Linear(4, 2), Cell("lif", 3)], {}, "layers must fit one another"),
        ([Cell("lif", 3)], {"unit_r": True}, "r must have weights before it"),
        ([], {}, "there must be a layer"),
    ]:
        with pytest.raises(ValueError, match=message):
            nir.graph(layers.describe(stack), **options)
    with pytest.raises(TypeError, match="(?s)layers must be records, got .*take layers.describe"):
        nir.graph([Cell("lif", 3)])
    by_target = DelayLinear(2, 3, 4, learned=False)
    by_target.d.copy_(torch.tensor([[0, 1, 3]]).expand(2, 3))
    back = layers.build(nir.records(nir.graph(layers.describe([by_target]), dt=1.0)))
    torch.testing.assert_close(outputs(back, noise(2))[-1], outputs([by_target], noise(2))[-1])


def test_delay_of_channels():
    layer, x = Delay([0, 2, 1]), noise(3)
    y, _ = layer.scan(x)
    assert torch.equal(y[2:, :, 1], x[:-2, :, 1])
    assert not y[:2, :, 1].any()
    state, steps = None, []
    for now in x:
        out, state = layer(now, state)
        steps.append(out)
    assert torch.equal(torch.stack(steps), y)
    for wrong, message in [(lambda: layer(x), "one step"), (lambda: layer.scan(x[:, :, :2]), r"shape \(time, batch, 3\)"),
                           (lambda: layer.scan(x[:, :1], state), "state must have shape"), (lambda: Delay([[1]]), "steps must have shape"),
                           (lambda: Delay([-1]), "steps must be >= 0"), (lambda: Scale([[1.0]]), "factor must have shape")]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            wrong()
    with pytest.raises(TypeError, match="steps must be whole numbers"):
        Delay([0.5])


def test_json_keeps_every_bit(tmp_path):
    stack = [
        nn.Flatten(2), SparseLinear(random_pattern(4, 6, 0.5)), Cell("ultralif", 6, learn=("log_tau", "eps"), per_neuron=True),
        DelayLinear(6, 5, 3, learned=False), Cell("ultradlif", 5), nn.Linear(5, 5).double(), Scale(np.ones(5)).double(),
        Cell("alif", 5, {"tau_mem": OWN, "t_ref": 2.0}, spikes=HARD).double(), Delay(np.arange(5)), Cell("li", 5),
    ]  # fmt: skip
    path = layers_json.save(layers.describe(stack), tmp_path / "net.json")
    back = layers.build(layers_json.load(path))
    for ours, theirs in zip(stack, back, strict=True):
        assert type(ours) is type(theirs)
        assert repr(ours) == repr(theirs)
        for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
            assert torch.equal(a, b)
    with pytest.raises(TypeError, match="layers must be records"):
        layers_json.save(stack, path)
    with pytest.raises(TypeError, match="dtype must be one of float32"):
        layers_json.save([{"layer": "linear", "weight": np.zeros(2, complex)}], path)


def test_json_files_that_are_refused(tmp_path):
    path = tmp_path / "net.json"
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        layers_json.load(path)
    layers_json.save(layers.describe([nn.Linear(2, 2)]), path)
    good = json.loads(path.read_text())
    for change, message in [
        ({"format": "other"}, "the file must have the format"),
        ({"version": 2}, "update"),
        ({"version": "x"}, "update"),
        ({"layers": [{"layer": "linear", "weight": {"dtype": "object", "shape": [1], "values": [1]}}]}, "dtype must be one of"),
        ({"layers": [{"weight": {"dtype": "float32", "shape": [3], "values": [1]}}]}, "the file is damaged"),
        ({"layers": [{"weight": {"dtype": "float32", "shape": [2], "values": [[1], [1, 2]]}}]}, "values must be an array"),
    ]:  # fmt: skip
        path.write_text(json.dumps(good | change))
        with pytest.raises(ValueError, match=message):
            layers_json.load(path)
    path.write_text("{")
    with pytest.raises(ValueError, match="path must be a JSON file"):
        layers_json.load(path)
