"""Operations of a run, counted by hand and spike by spike."""

import numpy as np
import pytest

from neurosparse import csr, measure


def test_operations_by_hand():
    done = measure.operations([3, 0, 2], [10, 99, 4], n_steps=50, weight_updates=7)
    assert done[:4] == (5, 38, 150, 7)
    assert done.energy["fp32"] == pytest.approx((38 * 0.9 + 150 * 4.6 + 7 * 4.6) * 1e-12)
    assert done.energy["loihi"] == pytest.approx((38 * 23.6 + 150 * 81 + 7 * 120) * 1e-12)


def test_operations_equal_a_count_over_all_deliveries():
    g = np.random.default_rng(0)
    mask = g.random((20, 30)) < 0.2
    graph = csr.from_coo(*np.nonzero(mask), 1.0, mask.shape)
    i = g.integers(0, 20, 100)
    deliveries = sum(len(graph.indices[graph.indptr[k] : graph.indptr[k + 1]]) for k in i)
    counts = np.bincount(i, minlength=20)
    assert measure.operations(counts, graph, 10).synaptic_operations == deliveries
    two = measure.operations(counts, [graph, mask.sum(axis=1)], 10)
    assert two.synaptic_operations == 2 * deliveries


def test_sources_have_no_neurons_to_update():
    done = measure.operations([1, 1], [2, 2], 100, neuron_updates=0)
    assert done[:4] == (2, 4, 0, 0)
    assert done.energy["int8"] == pytest.approx(4 * 0.03e-12)
    assert measure.operations([], [], 100)[:4] == (0, 0, 0, 0)
    assert measure.operations([2], [], 5)[:4] == (2, 0, 5, 0)


def test_total_adds_counts_and_energies():
    parts = [measure.operations([k], [5], 10, k) for k in range(4)]
    whole = measure.total(parts)
    assert whole[:4] == (6, 30, 40, 6)
    for name in measure.COSTS:
        assert whole.energy[name] == pytest.approx(sum(part.energy[name] for part in parts))
    assert measure.total([])[:4] == (0, 0, 0, 0)


def test_costs_of_arithmetic_are_add_and_multiply_of_the_table():
    """A MAC is an addition and a multiplication: 0.9 + 3.7, 0.4 + 1.1, 0.03 + 0.2 pJ."""
    for name, add, multiply in (("fp32", 0.9, 3.7), ("fp16", 0.4, 1.1), ("int8", 0.03, 0.2)):
        costs = measure.COSTS[name]
        assert costs.synaptic_operation == add
        assert costs.neuron_update == costs.weight_update == pytest.approx(add + multiply)
    # a weight of 32 bit from DRAM: 1300 pJ for 64 bit, within the rounding of 20 pJ a bit
    assert measure.COSTS["fp32_memory"].synaptic_operation == pytest.approx(0.9 + 1300 / 2, rel=0.02)


def test_joules_of_own_costs():
    done = measure.operations([1], [1], 1, 1)
    assert measure.joules(done, measure.Costs(1.0, 20.0, 300.0)) == pytest.approx(321e-12)
    with pytest.raises(ValueError, match=r"joules: costs must be >= 0.0 pJ"):
        measure.joules(done, measure.Costs(-1.0, 0.0, 0.0))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"spikes": [-1, 0]}, r"operations: spikes must be in \[0, "),
        ({"spikes": [0.5, 0]}, "spikes must be a 1-D array of whole numbers"),
        ({"fan_out": [1, 2, 3]}, "out-degrees must be one for each of the 2 neurons, got 3"),
        ({"fan_out": np.array([-1, 2])}, r"out-degrees must be in \[0, "),
        ({"n_steps": -1}, r"n_steps must be in \[0, "),
        ({"weight_updates": -1}, r"weight_updates must be in \[0, "),
        ({"neuron_updates": -1}, r"neuron_updates must be in \[0, "),
    ],
)
def test_operations_errors(changes, message):
    good = {"spikes": [1, 2], "fan_out": np.array([3, 4]), "n_steps": 5}
    with pytest.raises(ValueError, match=message):
        measure.operations(**{**good, **changes})


def test_counts_do_not_overflow():
    big = 2**61
    done = measure.operations([big, big, big], [big, 2, 3], np.int64(2**62), np.int64(2**62))
    assert done[:4] == (3 * big, big * (big + 5), 3 * 2**62, 2**62)
    assert measure.total([done] * 3)[:4] == tuple(3 * number for number in done[:4])
    assert done.energy["int8"] == pytest.approx((0.03 * big * (big + 5) + 0.23 * 4 * 2**62) * 1e-12)


def test_total_refuses_what_is_no_count():
    with pytest.raises(TypeError, match="total: parts must be a sequence of Operations, got 3"):
        measure.total(3)
    with pytest.raises(TypeError, match=r"total: each part must be Operations, got 3; make it with operations"):
        measure.total([3])
