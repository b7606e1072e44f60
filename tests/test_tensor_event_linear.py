"""Event layers against torch.nn.Linear, what they choose and refuse, memory that is used again, the light exponential."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse import jit, rng  # noqa: E402
from neurosparse.tensor import light, pages, shared_work  # noqa: E402
from neurosparse.tensor.event_linear import EventLinear, listed  # noqa: E402


def inputs(shape, activity, dtype=torch.float32, graded=False):
    n = int(np.prod(shape))
    u = rng.uniforms(rng.stream(1, "events"), n)
    values = rng.normals(rng.stream(1, "values"), n) if graded else 1.0
    return torch.as_tensor(((u < activity) * values).reshape(shape), dtype=dtype)


def passed(layer, x, g):
    x = x.clone().requires_grad_()
    y = layer(x)
    layer.zero_grad()
    y.backward(g)
    return [y.detach(), x.grad, *[p.grad.clone() for p in layer.parameters()]]


@pytest.mark.parametrize("shape", [(6, 4, 9), (5, 9), (9,), (0, 4, 9)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("graded", [True, False])
def test_events_give_what_the_product_gives(shape, bias, graded):
    x = inputs(shape, 0.5, torch.float64, graded)
    layers = [EventLinear(9, 5, bias, backend).double() for backend in ("events", "dense")]
    layers[1].load_state_dict(layers[0].state_dict())
    g = torch.as_tensor(rng.normals(rng.stream(1, "g"), 5 * (x.numel() // 9))).reshape(*shape[:-1], 5)
    for a, b in zip(*[passed(layer, x, g) for layer in layers]):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-13)
    assert [layer.used for layer in layers] == ["events", "dense"]


def test_bits_do_not_depend_on_threads_or_batch(monkeypatch):
    monkeypatch.setattr(shared_work, "SMALL", 0)
    layer, x, g = EventLinear(40, 13, backend="events"), inputs((7, 6, 40), 0.3, graded=True), torch.ones(7, 6, 13)
    before, got = torch.get_num_threads(), []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            got.append(passed(layer, x, g))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*got))
    assert torch.equal(layer(x[:, 2:3]), got[0][0][:, 2:3])


def test_automatic_choice_is_by_activity_and_reported():
    layer = EventLinear(50, 3)
    layer(inputs((4, 8, 50), 0.05))
    assert layer.used == "events"
    assert 0.0 < layer.activity < 0.1
    layer(inputs((4, 8, 50), 0.8))
    assert layer.used == "dense"
    assert layer.activity > 0.7
    layer.half()(inputs((4, 8, 50), 0.05, torch.float16))
    assert layer.used == "dense"


def test_events_are_listed_row_by_row():
    edges, ids, values = listed(torch.tensor([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [-1.0, 0.0, 3.0]]))
    assert edges.tolist() == [0, 1, 1, 3]
    assert ids.tolist() == [1, 0, 2]
    assert values.tolist() == [2.0, -1.0, 3.0]


def test_mistakes():
    with pytest.raises(ValueError, match="backend must be one of"):
        EventLinear(3, 2, backend="csr")
    with pytest.raises(ValueError, match="n_out must be"):
        EventLinear(3, 0)
    with pytest.raises(
        ValueError, match=r"events must be able to run, got 'input torch.float16.*take backend=\"auto\""
    ):
        EventLinear(3, 2, backend="events").half()(torch.zeros(2, 3, dtype=torch.float16))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        EventLinear(3, 2)(torch.zeros(2, 4))


def test_memory_is_used_again_when_no_tensor_holds_it(monkeypatch):
    monkeypatch.setattr(pages, "_blocks", [])
    shape = (pages.SMALL // 4 + 5,)
    a = pages.empty(shape, torch.float32)
    first, part = a.data_ptr(), a[7:]
    assert first % pages.ALIGN == 0
    del a
    b = pages.empty(shape, torch.float32)  # `part` still holds the first block
    assert b.data_ptr() != first
    del part
    assert pages.empty(shape, torch.float32).data_ptr() == first
    assert pages.held() == 2 * 4 * shape[0]
    monkeypatch.setattr(pages, "KEEP", 5 * shape[0])
    c = pages.empty_like(b)
    assert c.data_ptr() == first
    del b
    d = pages.empty((2 * shape[0],), torch.float32)
    assert pages.held() == 4 * (c.numel() + d.numel())  # what was free went
    assert pages.empty((3,), torch.float64).shape == (3,)
    assert pages.held() == 4 * (c.numel() + d.numel())  # the small do not count


@pytest.mark.skipif(jit.disabled(), reason="compiled code alone has it")
def test_light_exponential():
    run = jit.kernel(_filled)
    x = -np.concatenate([np.linspace(0, 86.9, 5000), [88.0, 1e30, np.inf]]).astype(np.float32)
    y = np.empty_like(x)
    run(x, y)
    np.testing.assert_allclose(y[:-3], np.exp(x[:-3].astype(float)), rtol=4e-7)
    np.testing.assert_allclose(y[-3:], np.exp(-87.0), rtol=1e-6)
    wide = np.empty(len(x))
    run(x.astype(float), wide)
    np.testing.assert_allclose(wide, np.exp(x.astype(float)), rtol=1e-15)


def _filled(x, y):
    for i in range(len(x)):
        y[i] = light.exp(x[i])
