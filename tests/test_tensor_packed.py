"""Spikes kept as bits, layers computed again: exact, and small."""

import os
from contextlib import nullcontext

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse import rng, tensor  # noqa: E402
from neurosparse.tensor import packed as packing  # noqa: E402
from neurosparse.tensor.cell import Cell  # noqa: E402
from neurosparse.tensor.live_bytes import live_bytes  # noqa: E402
from neurosparse.tensor.packed import again, checkpointed, pack, packed, unpack, usual  # noqa: E402

torch.set_num_threads(1)
SLOW_WITHOUT_JIT = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") != "0", reason="takes minutes without compilation"
)
FLOATS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


def spikes(*shape, rate=0.3):
    u = rng.uniforms(rng.stream(5, f"spikes {shape}"), int(np.prod(shape)))
    return torch.from_numpy((u < rate).reshape(shape).astype(np.float32))


def net(n=100):
    """Three layers x, states -> out, states, and their parameters."""
    torch.manual_seed(0)
    linears, cells = [torch.nn.Linear(n, n) for _ in range(3)], []
    for layer in linears:
        layer.weight.data *= 4.0
        cells.append(Cell("lif", n, {"tau_mem": 5.0}, learn=("decay",), spikes=tensor.spikes("hard", "triangle")))

    def run(x, states):
        after = []
        for layer, cell, state in zip(linears, cells, states or [None] * 3, strict=True):
            x, state = cell.scan(layer(x), state)
            after.append(state)
        return x, after

    return run, [p for layer in (*linears, *cells) for p in layer.parameters()]


def gradients(run, parameters, x, weight):
    x = x.clone().requires_grad_()
    out, states = run(x)
    for p in parameters:
        p.grad = None
    ((out * weight).sum() + sum(state.v.square().sum() for state in states)).backward()
    return [out.detach(), x.grad, *[p.grad.clone() for p in parameters]]


@pytest.mark.parametrize("kind", FLOATS, ids=str)
@pytest.mark.parametrize("shape", [(), (1,), (8,), (13, 7), (3, 0, 2), (5, 4, 9)], ids=str)
def test_bits_come_back_as_they_were(kind, shape):
    x = spikes(*shape).to(kind)
    bits = pack(x)
    assert bits.data.numel() == -(-x.numel() // 8)
    back = unpack(bits)
    assert torch.equal(back, x)
    assert back.dtype == kind
    assert back.stride() == x.stride() or not x.numel()


def test_bits_keep_strides():
    for x in (spikes(6, 5).t(), spikes(6, 5, 4).permute(1, 2, 0), spikes(6, 5, 4).transpose(0, 1)):
        back = unpack(pack(x))
        assert torch.equal(back, x)
        assert back.stride() == x.stride()


def test_other_tensors_are_no_bits():
    x = spikes(40, 100)
    for value in (-0.0, float("nan"), 0.5, -1.0, float("inf"), 1.0 + 2**-23):
        for place in (0, 3999):  # among the first that are looked at, and after them
            y = x.clone()
            y.view(-1)[place] = value
            assert pack(y) is None
    assert pack(x[:, ::2]) is None  # has gaps
    assert pack(x[:1].expand(40, 100)) is None
    assert pack(x.int()) is None
    assert pack(x.to_sparse()) is None


def test_bits_of_other_devices_are_those_of_numpy():
    for n in (1, 8, 77):
        x = spikes(n)
        bits = pack(x)
        again = packing._packed_by_torch(x.view(torch.int32), torch.empty_like(bits.data))
        assert torch.equal(again, bits.data)
        assert torch.equal(packing._unpacked_by_torch(bits.data, n).float(), x)


def test_gradients_of_packed_spikes_have_the_same_bits():
    run, parameters = net(30)
    x, weight = spikes(20, 4, 30), spikes(20, 4, 30, rate=0.5) - 0.3
    plain = gradients(lambda x: run(x, None), parameters, x, weight)
    with packed():
        again = gradients(lambda x: run(x, None), parameters, x, weight)
    assert all(torch.equal(a, b) for a, b in zip(plain, again, strict=True))
    assert all(float(g.abs().max()) > 0 for g in plain)


@pytest.mark.parametrize("segment", [None, 1, 6, 20, 50])
def test_gradients_computed_again_have_the_same_bits(segment):
    run, parameters = net(30)
    x, weight = spikes(20, 4, 30), spikes(20, 4, 30, rate=0.5) - 0.3

    def segments(x):
        out, states = [], None
        for part in x.split(segment or usual(20)):
            z, states = run(part, states)
            out.append(z)
        return torch.cat(out), states

    plain = gradients(segments, parameters, x, weight)
    again = gradients(lambda x: checkpointed(run, x, None, segment), parameters, x, weight)
    assert all(torch.equal(a, b) for a, b in zip(plain, again, strict=True))
    for a, b in zip(gradients(lambda x: run(x, None), parameters, x, weight), again, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_layer_by_layer_gradients_pass_through_the_bits_between():
    linears, cells = [torch.nn.Linear(30, 30) for _ in range(2)], [Cell("lif", 30, {"v_th": 0.2}) for _ in range(2)]
    x = spikes(9, 4, 30)
    found = []
    for way in (lambda layer, x: layer(x, None), lambda layer, x: checkpointed(layer, x, None, 9)):
        z = x
        for layer, cell in zip(linears, cells, strict=True):
            layer.zero_grad()
            z, _ = way(lambda x, state, layer=layer, cell=cell: cell.scan(layer(x), state), z)
        z.sum().backward()
        found.append([layer.weight.grad.clone() for layer in linears])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
    assert found[0][0].abs().max() > 0


def test_what_is_no_spikes_is_computed_again_all_the_same():
    run, parameters = net(20)
    x, weight = spikes(9, 4, 20) * 0.7, spikes(9, 4, 20)
    plain = gradients(lambda x: run(x, None), parameters, x, weight)
    with_again = gradients(lambda x: again(run, x, None), parameters, x, weight)
    assert all(torch.equal(a, b) for a, b in zip(plain, with_again, strict=True))
    with torch.no_grad():
        out, _ = checkpointed(run, x)
    assert torch.equal(out, run(x, None)[0].detach())


@SLOW_WITHOUT_JIT
def test_what_is_kept_for_a_hundred_steps():
    """Bytes between the forward and the backward pass, and the most at any time, of three layers."""
    run, _ = net()
    x = spikes(100, 64, 100)
    run(x, None)[0].sum().backward()
    kept, most = {}, {}
    for name, way in {"plain": run, "packed": run, "again": lambda x, _: checkpointed(run, x)}.items():
        with live_bytes() as count, packed() if name == "packed" else nullcontext():
            total = way(x, None)[0].sum()
            kept[name] = count.now
            total.backward()
            most[name] = count.peak
    cell_steps = 4 * 100 * 64 * 100  # bytes
    assert kept["plain"] == pytest.approx(3 * cell_steps + 2 * cell_steps, rel=0.05)  # membranes; spikes between
    assert kept["packed"] == pytest.approx(3 * cell_steps + 3 * cell_steps / 32, rel=0.05)
    assert kept["plain"] > 8 * kept["again"]
    assert most["plain"] > 3 * most["again"]


def test_small_tensors_and_parameters_stay_as_they_are():
    w, x, small = torch.ones(100, requires_grad=True), spikes(100), spikes(10)
    assert packing._keep(w) is w
    assert packing._keep(small) is small
    assert isinstance(packing._keep(x), packing.Bits)
    with packed():
        (w * x).sum().backward()
    assert torch.equal(w.grad, x)


def test_mistakes():
    with pytest.raises(ValueError, match=r"segment must be in \[1"):
        checkpointed(lambda x, state: (x, state), torch.zeros(3, 2), None, 0)
    with pytest.raises(TypeError, match=r"x must be a tensor, time first, got 'list'"):
        checkpointed(lambda x, state: (x, state), [1.0])
    assert [usual(n) for n in (0, 1, 2, 4, 5, 99, 100, 101)] == [1, 1, 2, 2, 3, 10, 10, 11]
