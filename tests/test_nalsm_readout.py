"""The readout of NALSM's code against torch's Adadelta, its targets, and what it refuses."""

import numpy as np
import pytest

from models import nalsm_readout


def data(n=300, d=20, seed=0):
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 10, n)
    counts = draw.poisson(2.0, (n, d)) + 15 * (np.arange(d) == labels[:, None])
    return counts, labels


def test_epochs_are_those_of_torch():
    torch = pytest.importorskip("torch")
    counts, labels = data(600)
    ours = nalsm_readout.fit(counts, labels, 500, 50, epochs=6)
    x = torch.tensor(nalsm_readout._batches(counts[:500]), dtype=torch.float64)
    held = torch.tensor(nalsm_readout._batches(counts[500:550]), dtype=torch.float64)
    w = torch.zeros((21, 10), dtype=torch.float64, requires_grad=True)
    goal = torch.softmax(2.0 * torch.eye(10, dtype=torch.float64)[labels[:500]] - 1.0, 1)
    np.testing.assert_allclose([goal.max(), goal.min()], [0.451, 0.061], atol=1e-3)  # the published targets
    steps, scores = torch.optim.Adadelta([w], lr=0.1, rho=0.95, eps=1e-8), []
    for _ in range(6):
        for first in (0, 250):
            steps.zero_grad()
            z = torch.log_softmax(x[first : first + 250] @ w, 1)
            loss = -(goal[first : first + 250] * z).sum(1).mean() + 2.5e-10 * (w[:-1] ** 2).sum()
            loss.backward()
            steps.step()
        scores.append(float(((held @ w).argmax(1).numpy() == labels[500:550]).mean()))
    np.testing.assert_allclose(ours.validation, scores, atol=0.021)  # one sample of 50: float32 against float64
    assert ours.epoch == int(np.argmax(ours.validation[:-1]))


def test_it_learns_and_depends_on_the_batch():
    counts, labels = data(700)
    found = nalsm_readout.fit(counts, labels, 500, 100, epochs=1000)
    assert np.mean(found.predicted == labels[600:]) > 0.7
    assert found.validation.max() == found.validation[found.epoch]
    assert nalsm_readout._batches(counts[:250])[0, 0] != nalsm_readout._batches(counts[:1])[0, 0]


@pytest.mark.parametrize("change, words", [
    ({"epochs": 1}, "epochs must be"), ({"n_train": 690}, r"n_train \+ n_validation must be in"),
    ({"n_train": 0}, "n_train must be"), ({"n_validation": 0}, "n_validation must be"),
])  # fmt: skip
def test_refusals(change, words):
    counts, labels = data(700)
    with pytest.raises(ValueError, match=words):
        nalsm_readout.fit(counts, labels, **{"n_train": 500, "n_validation": 50, "epochs": 2} | change)
    with pytest.raises(ValueError, match="labels must be in"):
        nalsm_readout.fit(counts, labels + 1, 500, 50, 2)
