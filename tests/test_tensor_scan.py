"""Corners of the compiled scan: no steps, gradients that stop, memory that is used again."""

import pytest

torch = pytest.importorskip("torch")

from neurosparse.tensor import pages, scan, surrogate  # noqa: E402
from tests import scan_cases  # noqa: E402

KINDS = ("linear", "tropical", "leaky")


@pytest.mark.parametrize("kind", KINDS)
def test_no_steps_hand_the_gradient_of_the_last_state_to_the_first(kind):
    out = scan_cases.outputs(scan.scan, kind, surrogate.spikes("hard", "atan"), (0, 2, 3), torch.float64, "cpu")
    weight = scan_cases.noise("last", (2, 3), torch.float64)
    torch.testing.assert_close(out["dv"], weight, rtol=0, atol=0)
    assert not out["dleak"].any()


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_do_not_depend_on_what_else_is_learned(kind):
    shape, mode = (9, 3, 7), surrogate.spikes("soft") if kind != "leaky" else surrogate.DEFAULT
    whole, plain = (scan_cases.outputs(scan.scan, kind, mode, shape, torch.float64, "cpu", on) for on in (True, False))
    for key in plain:
        assert torch.equal(whole[key], plain[key])


def test_outputs_stay_when_memory_is_used_again(monkeypatch):
    monkeypatch.setattr(pages, "SMALL", 0)
    mode, shape = surrogate.spikes("hard", "sigmoid"), (5, 2, 3)
    first = scan_cases.outputs(scan.scan, "linear", mode, shape, torch.float32, "cpu")
    kept = {key: value.clone() for key, value in first.items()}
    for _ in range(3):
        again = scan_cases.outputs(scan.scan, "linear", mode, shape, torch.float32, "cpu")
    assert all(torch.equal(first[key], kept[key]) and torch.equal(again[key], kept[key]) for key in kept)


def test_a_gradient_may_be_asked_for_twice():
    x = (0.5 * scan_cases.noise("x", (6, 2, 3), torch.float64)).requires_grad_()
    v = torch.zeros(2, 3, dtype=torch.float64)
    z, _ = scan.scan(x, v, scan.Membrane("linear", 0.8, 1.0, 0.0, 0.5, 0.0, 0.0, 1.0), surrogate.spikes("soft"))
    g = torch.ones_like(z)
    once, twice = (torch.autograd.grad(z, x, g, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(once, twice)
    assert torch.equal(g, torch.ones_like(z))  # what came in stays
