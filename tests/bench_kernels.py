"""Guards for the leaf kernels: `make bench` runs them with pytest-benchmark; the test suite does not collect them."""

import numpy as np
import pytest

from neurosparse import clock, csr, encode, rng, wire
from neurosparse.network import CurrentInput, Network, Population, SpikeMonitor

STREAM = rng.stream(0, "bench")


def test_uniforms_100k(benchmark):
    benchmark(rng.uniforms, STREAM, 100_000)


def test_encode_mnist_like_image(benchmark):
    p = np.zeros(784)
    p[:151] = 22 / 151
    benchmark(encode.bernoulli, p, 250, STREAM)


@pytest.mark.parametrize("active", [10, 1000])
def test_scatter(benchmark, active):
    matrix, out = wire.bernoulli(STREAM, 10_000, 10_000, 0.01), np.zeros(10_000)
    benchmark(csr.scatter_add, out, matrix, np.arange(active))


def test_wire_a_million_synapses(benchmark):
    benchmark(wire.bernoulli, STREAM, 10_000, 10_000, 0.01)


def test_lif_neuron_steps(benchmark):
    """4,000 unconnected neurons for 1,000 steps: divide by 4 million for the time of a neuron-step."""
    net = Network((Population("a", 4000, "lif", {"i_bias": 1.2}),), (), (CurrentInput("x", "a", "jump"),), dt=0.1)
    engine = clock.compile(net, (SpikeMonitor("a", counts_only=True),))
    benchmark(clock.run, engine, 100.0, {"x": 0.0})
