"""The order-motif task: learned in small, the same for any number of threads; mistakes in its configuration."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from neurosparse.io import config  # noqa: E402
from simulations import order_motifs  # noqa: E402


def test_threads_change_nothing():
    results = [order_motifs.run(order_motifs.tiny(), threads) for threads in (1, 3)]
    assert results[0].rows == results[1].rows
    assert all(np.array_equal(a, results[1].arrays[name]) for name, a in results[0].arrays.items())


@pytest.mark.slow
def test_delays_make_order_visible():
    """The bars of the task, with a third of the samples: chance is 10 %."""
    c = order_motifs.Config(n_train=1500, n_validation=300, n_test=500, epochs=8)
    metrics = order_motifs.run(c, threads=2).metrics
    assert metrics["accuracy_none"] <= 0.20
    assert metrics["accuracy_fixed"] >= 0.95
    assert metrics["accuracy_learned"] >= 0.95


@pytest.mark.parametrize("overrides, message", [
    (["n_train=100", "n_validation=100"], "n_validation must be below n_train, 100, got 100"),
    (["conditions=['none', 'none']"], "conditions must differ from one another"),
    (["n_taps=81"], "n_taps must be"),
])  # fmt: skip
def test_errors(overrides, message):
    with pytest.raises(config.ConfigError, match=rf"order_motifs\.Config: .*{message}"):
        config.build(order_motifs.Config, overrides=overrides)
