"""Operations of a run, counted by hand."""

import numpy as np
import pytest

from neurosparse import clock, cost, csr, encode, measure
from neurosparse.network import Network, Population, Projection, SpikeMonitor, SpikeSource

RING = csr.from_coo([0, 0, 1, 2], [1, 2, 2, 0], [0.4, 0.4, 0.4, 0.4], (3, 3))
INTO = csr.from_coo([0, 1], [0, 1], [20.0, 20.0], (2, 3))


def network(rule=None):
    return Network(
        (SpikeSource("s", 2), Population("n", 3, "lif", {"v_th": 1.0}), Population("slow", 2, "lif", {}, every=2.0)),
        (
            Projection("s", "n", INTO, 0.0, "jump"),
            Projection("n", "n", RING, [1.0, 2.0, 1.0, 3.0], "jump", rule),
        ),
        dt=1.0,
    )


def test_operations_are_those_counted_by_hand():
    events = encode.events_from_pairs(np.array([0, 1, 1]), np.array([1, 3, 6]), 10)
    watch = (SpikeMonitor("s"), SpikeMonitor("n", counts_only=True), SpikeMonitor("slow"))
    engine = clock.compile(network(("stdp", {})), watch)
    run = clock.run(engine, 10.0, {"s": events})
    np.testing.assert_array_equal(run.counts["n"], [1, 2, 1])  # 0.4 three times makes neuron 2 fire
    done = cost.operations(engine, run)
    assert done.spikes == 3 + 4
    assert done.synaptic_operations == 3 * 1 + (1 * 2 + 2 * 1 + 1 * 1)
    assert done.neuron_updates == 3 * 10 + 2 * 5
    assert done.weight_updates == (1 * 2 + 2 * 1 + 1 * 1) + (1 * 1 + 2 * 1 + 1 * 2)  # by sources; by targets
    assert done.energy["fp32"] == pytest.approx(1e-12 * (8 * 0.9 + 40 * 4.6 + 10 * 4.6))
    still = clock.compile(network(), watch)
    assert cost.operations(still, clock.run(still, 10.0, {"s": events})).weight_updates == 0
    assert isinstance(done, measure.Operations)


def test_refusals():
    engine = clock.compile(network(), (SpikeMonitor("s"),))
    run = clock.run(engine, 1.0, {"s": encode.events_from_pairs(np.array([0]), np.array([0]), 1)})
    with pytest.raises(ValueError, match="'n' must have a SpikeMonitor"):
        cost.operations(engine, run)
    with pytest.raises(TypeError, match="needs a Run"):
        cost.operations(engine, 3)  # type: ignore[arg-type]
