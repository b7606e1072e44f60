"""Norse side by side, where it is installed: its cells among ours, ours among its, and NIR graphs that both run."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
norse = pytest.importorskip("norse.torch", reason="the extra neurosparse[oracles] is not installed")

from torch import nn  # noqa: E402

from neurosparse import rng  # noqa: E402
from neurosparse.tensor import Cell, layers  # noqa: E402
from neurosparse.tensor.cell import functional  # noqa: E402
from neurosparse.tensor.guest import Guest  # noqa: E402
from neurosparse.tensor.net import Layered  # noqa: E402

torch.set_num_threads(1)
EULER = {"tau_mem": 10.0, "method": "euler"}
GOLDEN = [0.1, 0.27, 0.487, 0.7335, 0.9963, 0.0, 0.3951, 0.7717, 0.0]  # lif_feed_forward_step, input 1, its defaults


def drawn(steps, n, seed=0):
    return torch.as_tensor(rng.uniforms(rng.stream(seed, "norse"), steps * 2 * n)).reshape(steps, 2, n).float()


def euler_cuba(tau_mem=10.0, tau_syn=5.0):
    """lif_exp stepped by Euler, as Norse steps: its constants by hand, for ours are exact."""
    p = Cell("lif_exp", 1, {"tau_mem": tau_mem, "tau_exc": tau_syn}).params()
    return p._replace(decay=1 - 1 / tau_mem, drive=0.0, decay_exc=1 - 1 / tau_syn, gain_exc=1 / tau_mem)


def test_golden_values_of_its_lif():
    x, state, v = torch.ones(1, 1, dtype=torch.float64), None, []
    for _ in GOLDEN:
        _, state = functional("lif_exp", euler_cuba(), x, state, port="exc")
        v.append(state.v.item())
    np.testing.assert_allclose(v, GOLDEN, atol=5e-5)
    cell, state, theirs = norse.LIFCell(), None, []
    for _ in GOLDEN:
        _, state = cell(x, state)
        theirs.append(state.v.item())
    np.testing.assert_allclose(v, theirs, rtol=1e-6, atol=1e-7)


def test_our_cells_in_its_sequential_state():
    """Step by step through SequentialState, and all at once through our own scans: the same."""
    torch.manual_seed(0)
    first, last = Cell("lif", 6, {"tau_mem": 5.0, "v_th": 0.3}, learn=("decay",)), Cell("li", 3, {"tau_mem": 8.0})
    linears = nn.Linear(8, 6), nn.Linear(6, 3)
    model = norse.SequentialState(linears[0], first, linears[1], last)
    assert model.stateful_layers == [False, True, False, True]
    x, state, out = drawn(30, 8), None, []
    for now in x:
        y, state = model(now, state)
        out.append(y)
    scanned = last.scan(linears[1](first.scan(linears[0](x))[0]))[0]
    torch.testing.assert_close(torch.stack(out), scanned, rtol=1e-5, atol=1e-6)
    torch.stack(out).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_its_cells_beside_ours_in_one_net():
    torch.manual_seed(0)
    mixed = norse.SequentialState(
        nn.Linear(8, 6), norse.LIFBoxCell(), nn.Linear(6, 6), Cell("lif", 6, EULER), nn.Linear(6, 3)
    )
    y, state = mixed(drawn(1, 8)[0])
    assert y.shape == (2, 3)
    assert state[3].v.shape == (2, 6)


def test_its_cells_train_in_our_net():
    """A Layered of LIFBox cells learns to tell which half of the inputs is active."""
    torch.manual_seed(0)
    net = Layered([nn.Linear(8, 16), nn.Linear(16, 2)], [Guest(norse.LIFBoxCell(norse.LIFBoxParameters(alpha=2.0)))])
    x, y = drawn(10, 8, 1).repeat(1, 16, 1), torch.arange(32) % 2
    x = (x + 2.0) * torch.where(y[:, None] == (torch.arange(8) >= 4), 1.0, 0.1)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(30):
        answer = net(x)
        optimiser.zero_grad()
        nn.functional.cross_entropy(answer.logits, y).backward()
        optimiser.step()
    assert answer.hidden[0].sum() > 0
    assert (net(x).logits.argmax(1) == y).float().mean() == 1.0


def test_a_guest_is_the_loop_over_its_cell():
    guest, x = Guest(norse.LIFBoxCell()), 3.0 * drawn(40, 4)
    state, out = None, []
    for now in x:
        z, state = norse.LIFBoxCell()(now, state)
        out.append(z)
    z, last = guest.scan(x)
    assert z.sum() > 10
    assert torch.equal(z, torch.stack(out))
    assert torch.equal(last.v, state.v)


def through_norse(graph, x):
    """Outputs and last state of a NIR graph that Norse reads and runs."""
    module, state, out = norse.from_nir(graph, dt=1e-3), None, []
    with torch.no_grad():
        for now in x:
            y, state = module(now, state)
            out.append(y)
    return torch.stack(out), state


CASES = [
    ("lif", EULER | {"v_th": 0.1}, "current", False),
    ("lif", EULER | {"v_th": 0.5}, "jump", True),
    ("lif", EULER | {"v_th": 0.1, "v_rest": 0.05}, "current", True),
]


@pytest.mark.parametrize("name, params, port, unit_r", CASES, ids=str)
def test_it_reads_our_files_and_spikes_the_same(name, params, port, unit_r, tmp_path):
    library, nir = pytest.importorskip("nir"), pytest.importorskip("neurosparse.io.nir")
    torch.manual_seed(1)
    stack = [nn.Linear(8, 6), Cell(name, 6, params, port=port), nn.Linear(6, 4), Cell(name, 4, params, port=port)]
    nir.export(layers.describe(stack), tmp_path / "net.nir", unit_r=unit_r)
    x = (drawn(200, 8) < 0.4).float()
    theirs, _ = through_norse(library.read(tmp_path / "net.nir"), x)
    with torch.no_grad():
        ours = stack[3].scan(stack[2](stack[1].scan(stack[0](x))[0]))[0]
    assert ours.sum() > 20
    assert torch.equal(ours, theirs)


def test_it_reads_our_currents():
    """CubaLIF: w_in = tau_syn / dt is one jump per spike there too; membranes at rel. 1e-6."""
    pytest.importorskip("nir")
    nir = pytest.importorskip("neurosparse.io.nir")
    torch.manual_seed(2)
    linear, x = nn.Linear(8, 6), (drawn(80, 8) < 0.4).float()
    graph = nir.graph(layers.describe([linear, Cell("lif_exp", 6, {"tau_mem": 10.0, "tau_exc": 4.0})]))
    theirs, state = through_norse(graph, x)
    with torch.no_grad():
        ours, last = functional("lif_exp", euler_cuba(10.0, 4.0), linear(x), port="exc")
    assert ours.sum() > 5
    assert torch.equal(ours, theirs)
    ((synapse, membrane),) = next(iter(found for name, found in state.state.items() if "cuba" in name))
    torch.testing.assert_close(last.v, membrane.v, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(last.i_exc / (1 - 1 / 4.0), synapse.v, rtol=1e-6, atol=1e-6)


def test_we_read_what_it_exports():
    """Its exporter writes one number for all neurons, and dt tau in place of tau: 1e-5 s for 10 ms."""
    pytest.importorskip("nir")
    nir = pytest.importorskip("neurosparse.io.nir")
    model = norse.SequentialState(nn.Linear(8, 6), norse.LIFBoxCell(), nn.Linear(6, 3), norse.LIBoxCell())
    graph = norse.to_nir(model, torch.ones(1, 8))
    stack = layers.build(nir.records(graph, dt=1e-3, method="euler"))
    assert [getattr(layer, "n", None) for layer in stack] == [None, 6, None, 3]
    assert (stack[1].params().decay, stack[1].params().v_th) == (pytest.approx(0.9), 1.0)
    torch.testing.assert_close(stack[2].weight, model[2].weight)


def test_nirtorch_runs_graphs_with_feedback_of_our_cells():
    """What is no chain: nirtorch steps it, our cells are its nodes; the loop written out gives the same."""
    library, nirtorch = pytest.importorskip("nir"), pytest.importorskip("nirtorch")
    nir = pytest.importorskip("neurosparse.io.nir")
    torch.manual_seed(5)
    w, back = 0.3 + rng.normals(rng.stream(1, "w"), 24).reshape(4, 6), np.full((4, 4), -0.2)
    w, back = w.astype(np.float32), back.astype(np.float32)
    four = {key: np.full(4, value) for key, value in {"tau": 0.01, "r": 4.0, "v_leak": 0.0, "v_threshold": 0.3}.items()}
    nodes = {"input": library.Input({"input": np.array([6])}), "w": library.Linear(w), "lif": library.LIF(**four),
             "back": library.Linear(back), "output": library.Output({"output": np.array([4])})}  # fmt: skip
    edges = [("input", "w"), ("w", "lif"), ("lif", "back"), ("back", "lif"), ("lif", "output")]
    graph = library.NIRGraph(nodes, edges)
    with pytest.raises(ValueError, match=r"nirtorch runs it; nir\.cell makes our cells"):
        nir.records(graph, dt=1.0)
    module = nirtorch.nir_to_torch(graph, {library.LIF: lambda node: layers.build(nir.cell(node, dt=1.0))[0]})
    cell, z, ours, state = Cell("lif", 4, {"tau_mem": 10.0, "r": 4.0, "v_th": 0.3}, port="current"), 0.0, [], None
    theirs, all_states, x = [], None, drawn(50, 6)
    with torch.no_grad():
        for now in x:
            z = torch.zeros(2, 4) if state is None else z
            z, state = cell(now @ torch.tensor(w).T + z @ torch.tensor(back).T, state)
            ours.append(z)
            y, all_states = module(now, all_states) if all_states is not None else module(now)
            theirs.append(y)
    assert torch.stack(ours).sum() > 10
    assert torch.equal(torch.stack(ours), torch.stack(theirs))


def test_we_read_its_files():
    library, nir = pytest.importorskip("nir"), pytest.importorskip("neurosparse.io.nir")
    torch.manual_seed(3)
    linear, x = nn.Linear(8, 6), (drawn(200, 8) < 0.4).float()
    p = norse.LIFBoxParameters(tau_mem_inv=torch.full((6,), 100.0), v_th=torch.full((6,), 0.1), v_leak=torch.zeros(6))
    theirs = norse.SequentialState(linear, norse.LIFBoxCell(p))
    affine = library.Affine(linear.weight.detach().numpy(), linear.bias.detach().numpy())
    six = {key: np.full(6, value) for key, value in {"tau": 0.01, "r": 1.0, "v_leak": 0.0, "v_threshold": 0.1}.items()}
    stack = layers.build(nir.records(library.NIRGraph.from_list(affine, library.LIF(**six)), dt=1.0, method="euler"))
    state, out = None, []
    with torch.no_grad():
        for now in x:
            z, state = theirs(now, state)
            out.append(z)
        ours, last = stack[1].scan(stack[0](x))
    assert ours.sum() > 20
    assert torch.equal(ours, torch.stack(out))
    torch.testing.assert_close(last.v, state[1].v, rtol=1e-6, atol=1e-6)
