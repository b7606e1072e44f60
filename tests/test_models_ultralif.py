"""The experiment of the UltraLIF paper: its sizes, inputs, loss and schedule, and that the net learns."""

import numba
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from models import ultralif  # noqa: E402
from neurosparse import rng  # noqa: E402
from neurosparse.tensor.surrogate import spikes  # noqa: E402

torch.set_num_threads(1)
SMALL = {"n_inputs": 12, "n_classes": 3, "hidden": 8, "batch": 16}


def clusters(n, name, t=1):
    """(x (t, n, 12), label): three overlapping clusters in [0, 1]."""
    label = np.arange(n) % 3
    centre = rng.uniforms(rng.stream(0, "centres"), 36).reshape(3, 12)
    x = np.clip(centre[label] + 0.2 * rng.normals(rng.stream(0, name), n * 12).reshape(n, 12), 0, 1)
    return torch.as_tensor(x, dtype=torch.float32).expand(t, n, 12), torch.as_tensor(label)


@pytest.mark.parametrize("n_inputs, n_classes, expected", [
    (784, 10, 50_890), (3072, 10, 197_322), (2312, 10, 148_682), (32_768, 11, 2_097_931), (700, 20, 46_164),
])  # fmt: skip
def test_numbers_of_parameters(n_inputs, n_classes, expected):
    if numba.config.DISABLE_JIT and n_inputs > 1000:
        pytest.skip("plain Python draws two million weights slowly")
    for cell, more in (("LIF", 0), ("UltraLIF", 1), ("UltraPLIF", 2), ("UltraDLIF", 1), ("UltraDPLIF", 2)):
        net = ultralif.build(ultralif.Config(cell=cell, n_inputs=n_inputs, n_classes=n_classes))
        assert sum(p.numel() for p in net.parameters()) == expected + more


@pytest.mark.parametrize(
    "cell", ["UltraLIF", "UltraPLIF", "UltraDLIF", "UltraDPLIF", "SigmaLIF", "SigmaPLIF", "LIF", "PLIF", "ALIF"]
)
def test_shapes_and_what_the_layers_give(cell):
    c = ultralif.Config(cell=cell, layers=2, n_steps=4, **SMALL)
    x, label = clusters(10, "x", 4)
    logits, active = ultralif.build(c)(x)
    assert logits.shape == (10, 3)
    assert [z.shape for z in active] == [(4, 10, 8)] * 2
    ultralif.loss(c, logits, active, label).backward()


def test_the_readout_is_linear_and_averaged():
    c = ultralif.Config(n_steps=5, **SMALL)
    net = ultralif.build(c)
    x, _ = clusters(6, "x", 5)
    logits, (z,) = net(x)
    torch.testing.assert_close(logits, torch.stack([net.linears[-1](now) for now in z]).mean(dim=0))


def test_the_penalty_is_on_the_mean_activation():
    x, label = clusters(10, "x", 2)
    c = ultralif.Config(layers=2, penalty=0.1, **SMALL)
    logits, active = ultralif.build(c)(x)
    plain = ultralif.loss(ultralif.Config(layers=2, **SMALL), logits, active, label)
    mean = torch.cat([z.flatten() for z in active]).mean()
    torch.testing.assert_close(ultralif.loss(c, logits, active, label) - plain, 0.1 * mean, rtol=1e-4, atol=1e-6)


def test_first_weights_are_of_the_seed_alone():
    a, b, other = (ultralif.build(ultralif.Config(seed=seed)) for seed in (42, 42, 43))
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters()))
    assert not torch.equal(a.linears[0].weight, other.linears[0].weight)
    for made, n_in in zip(a.linears, (784, 64)):
        assert float(made.weight.detach().abs().max()) <= n_in**-0.5
        assert float(made.weight.detach().std()) == pytest.approx((3 * n_in) ** -0.5, rel=0.05)


def test_pixels_saturate_above_44_hundredths():
    x = ultralif.pixels(np.arange(256, dtype=np.uint8).reshape(1, 16, 16), "mnist")[0]
    assert x.shape == (256,)
    assert x.dtype == np.float32
    assert np.argmax(x == 1.0) / 255 == pytest.approx(0.1307 + 0.3081, abs=1 / 255)
    assert (x[:33] == 0).all()
    with pytest.raises(ValueError, match="dataset must be one of mnist, fashion-mnist, got 'cifar10'"):
        ultralif.pixels(np.zeros((1, 4), np.uint8), "cifar10")
    with pytest.raises(TypeError, match="images must be uint8, got dtype"):
        ultralif.pixels(np.zeros((1, 4)), "mnist")


def test_at_one_step_the_leak_of_the_programs_ring_does_not_matter():
    """As in all the paper's tables; and its own form has no neighbours there."""
    x, _ = clusters(20, "x")
    a, b = (ultralif.build(ultralif.Config(cell=name, **SMALL))(x)[0] for name in ("UltraDLIF", "UltraDPLIF"))
    assert torch.equal(a, b)
    assert ultralif.PUBLISHED["UltraDLIF"]["mnist"][0] == ultralif.PUBLISHED["UltraDPLIF"]["mnist"][0] == 95.67
    net = ultralif.build(ultralif.Config(cell="UltraDLIF", variant="paper", **SMALL))
    drive = net.linears[0](x[0])
    torch.testing.assert_close(net(x)[1][0][0], torch.sigmoid(drive - 0.5 + np.log(3.0)))


def test_the_programs_baseline_is_soft_and_the_papers_is_not():
    x, _ = clusters(20, "x", 3)
    for variant, soft in (("paper", False), ("code", True)):
        (z,) = ultralif.build(ultralif.Config(cell="LIF", variant=variant, **SMALL))(3 * x)[1]
        assert bool(((z == 0) | (z == 1)).all()) is not soft
    (z,) = ultralif.build(ultralif.Config(cell="UltraLIF", **SMALL), spikes=spikes("ste"))(x)[1]
    assert bool(((z == 0) | (z == 1)).all())


def test_what_was_published_is_whole():
    assert len(ultralif.PUBLISHED) == 10
    assert all(len(row) == 6 and all(len(of) == 3 for of in row.values()) for row in ultralif.PUBLISHED.values())
    assert ultralif.PUBLISHED["UltraPLIF"]["fashion-mnist"] == (83.02, 86.03, 86.59)
    assert ultralif.PUBLISHED["UltraDPLIF"]["shd"] == (51.24, 68.90, 67.84)
    best = {of: max(row[of][0] for row in ultralif.PUBLISHED.values()) for of in ultralif.SETS}
    assert best == {
        "mnist": 95.67,
        "fashion-mnist": 83.02,
        "cifar10": 43.27,
        "n-mnist": 94.14,
        "dvs-gesture": 60.23,
        "shd": 51.24,
    }


@pytest.mark.parametrize("cell, variant", [("UltraPLIF", "code"), ("UltraDLIF", "neurosparse"), ("LIF", "paper")])
def test_it_learns(cell, variant):
    c = ultralif.Config(cell=cell, variant=variant, lr=0.02, epochs=8, n_steps=2, **SMALL)
    net = ultralif.build(c)
    adam, schedule = ultralif.optimiser(c, net)
    x, label = clusters(192, "train", 2)
    for _ in range(c.epochs):
        for some in torch.arange(192).split(c.batch):
            adam.zero_grad()
            ultralif.loss(c, *net(x[:, some]), label[some]).backward()
            adam.step()
        schedule.step()
    assert adam.param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-12)
    x, label = clusters(300, "test", 2)
    assert float((net(x)[0].argmax(dim=1) == label).double().mean()) > 0.8
