"""A network as a table, its memory estimate, wiring that is built later."""

import numpy as np
import pytest

from neurosparse import clock, describe, rng, wire
from neurosparse.network import (
    CurrentInput,
    Modulator,
    Network,
    PoissonInput,
    PoissonSource,
    Population,
    PopulationRateMonitor,
    Projection,
    SpikeMonitor,
    SpikeSource,
    StateMonitor,
)

STREAM = rng.stream(0, "describe")


def network(n=100, k=10, **change):
    synapses = Projection("s", "n", wire.later(wire.fixed_in_degree, STREAM, n, n, k, 0.5), 1.5, "jump")
    return Network(
        (SpikeSource("s", n), PoissonSource("p", 3, 8.0, STREAM), Population("n", n, "lif", {"v_th": 15.0, "reset": "subtract"},
         {"jump": ("exp", {})})),
        (synapses._replace(**change),),
        (PoissonInput("n", "jump", 2e4, 0.1, STREAM), CurrentInput("x", "n", "current"), Modulator("m", "n")),
    )  # fmt: skip


def test_a_network_prints_itself():
    text = str(network(rule=("stdp", {})))
    for piece in ("Network of 100 neurons and 103 sources, dt 0.1 ms", "s           100  spikes", "Poisson  8 Hz",
                  "v_th 15, reset subtract, jump: exp", "s -> n      about 1,000", "1.5", "stdp", "20000 Hz, weight 0.1",
                  "n.current  CurrentInput", "Modulator", "of memory (synapses"):  # fmt: skip
        assert piece in text, text
    built = wire.fixed_in_degree(STREAM, 100, 100, 10, 0.5)
    assert "s -> n      1,000     0.5" in str(network(csr=built))
    assert "1 .. 4.8" in str(network(csr=built, delay=np.linspace(1, 4.75, 1000)))
    assert "Network of 1 neurons, dt 0.1 ms" in str(Network((Population("a", 1, "lif"),)))


def test_wiring_that_is_built_later_is_the_same():
    assert clock.weights(clock.compile(network()))[0].nnz == 1000
    later = wire.later(wire.bernoulli, STREAM, 50, 60, 0.2, 2.0)
    now = wire.bernoulli(STREAM, 50, 60, 0.2, 2.0)
    assert later.expected == 600
    np.testing.assert_array_equal(later.build().indices, now.indices)
    with pytest.raises(ValueError, match="builder must be one of bernoulli, fixed_in_degree"):
        wire.later(wire.ring, STREAM, 1, 1, 1.0)


def test_a_network_larger_than_the_machine_is_refused_before_it_is_built():
    with pytest.raises(MemoryError, match=r"Network: must fit in memory, got '.* TiB of .* GiB'; take fewer synapses"):
        clock.compile(network(n=10**8, k=10**5))
    with pytest.raises(MemoryError, match="must fit in memory"):
        clock.compile(Network((Population("a", 2**31 - 1, "lif_exp"),)))


def test_readable():
    assert [describe.readable(x) for x in (0, 1023, 1536, 3 << 30)] == ["0 B", "1023 B", "1.5 KiB", "3.0 GiB"]


def test_every_part_counts():
    net = network()
    plain = describe.memory(net)
    assert plain.synapses == 8 * 1000 + 8 * 101
    assert (
        describe.memory(network(rule=("reward_stdp", {}))).plasticity
        > describe.memory(network(rule=("stdp", {}))).plasticity
    )
    assert describe.memory(network(delay=np.ones(1000))).synapses > 3 * plain.synapses
    watch = (
        SpikeMonitor("n"),
        SpikeMonitor("s", counts_only=True),
        StateMonitor("n", ("v",), every=2),
        PopulationRateMonitor("n"),
    )
    made = [describe.memory(net, (monitor,), duration=1000.0).recordings for monitor in watch]
    assert made == [2 * 12 * 100 * 10, 800, 8 * 5000 * 100, 40_000]
    assert plain.recordings == 0


def test_the_rate_monitor():
    net = Network((PoissonSource("p", 30, 100.0, STREAM),))
    rates = clock.run(net, 100.0, monitors=(PopulationRateMonitor("p"), SpikeMonitor("p"))).rates["p"]
    assert rates.t[0] == pytest.approx(0.1)
    assert rates.rate.mean() == pytest.approx(100.0, rel=0.3)
    smooth = rates.smooth(5.0)
    assert smooth[500] == pytest.approx(rates.rate[475:526].mean())
    assert smooth[0] == pytest.approx(rates.rate[:26].mean())
    with pytest.raises(ValueError, match="width must be >= 0.1 ms, got 0"):
        rates.smooth(0)


def test_a_window_of_states():
    net = Network((Population("a", 2, "lif", {"i_bias": 2.0}),))

    def seen(**kwargs):
        return clock.run(net, 10.0, monitors=(StateMonitor("a", ("v",), **kwargs),)).states["a"]

    whole, part = seen(every=3), seen(every=3, window=(2.0, 5.0))
    inside = (whole.t > 2.0 + 1e-9) & (whole.t < 5.0 + 1e-9)
    np.testing.assert_array_equal(part.t, whole.t[inside])
    np.testing.assert_array_equal(part.fields["v"], whole.fields["v"][inside])
    assert seen(window=(20.0, 30.0)).fields["v"].shape == (0, 2)
    first = clock.run(net, 4.0, monitors=(watch := (StateMonitor("a", ("v",), window=(2.0, 5.0)),)))
    rest = clock.run(net, 6.0, monitors=watch, start=first.end)
    both = np.concatenate([first.states["a"].fields["v"], rest.states["a"].fields["v"]])
    np.testing.assert_array_equal(both, seen(window=(2.0, 5.0)).fields["v"])
    for bad, message in (
        ((3.0,), "window must be a pair"),
        ((3.0, 1.0), "end of window must be >= 3.0 ms"),
        ((-1.0, 1.0), "start"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            seen(window=bad)
