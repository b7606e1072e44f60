"""Malformed arguments of builders of synapses, encoders, sparse rows and random numbers: refused in words, at once."""

import inspect
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import check, csr, encode, rng, wire
from tests.malformed import BACK, JUNK, NAN, STREAM, WIRING, events, refused, tolerated

POSITIONS, KIND, TABLE = np.zeros((4, 3)), np.zeros(4, int), np.ones((1, 1))

CALLS = [
    (lambda: wire.bernoulli(None, 2, 3, 0.5), "stream must be a Stream, got None"),
    (lambda: wire.bernoulli(STREAM, 0, 3, 0.5), "n_pre must be in"),
    (lambda: wire.bernoulli(STREAM, 2, 3.0, 0.5), "n_post must be a whole number"),
    (lambda: wire.bernoulli(STREAM, 2, 2**31, 0.5), "n_post must be in"),
    (lambda: wire.bernoulli(STREAM, 2, 3, NAN), "p must be a finite number"),
    (lambda: wire.bernoulli(STREAM, 2, 3, 1.5), r"p must be in \[0, 1\]"),
    (lambda: wire.bernoulli(STREAM, 2, 3, "0.5"), "p must be a finite number"),
    (lambda: wire.bernoulli(STREAM, 2, 3, [0.5, 0.5]), "p must be one number"),
    (lambda: wire.bernoulli(STREAM, 2, 3, [[1], [1, 2]]), "p must be"),
    (lambda: wire.bernoulli(STREAM, 2, 3, 0.5, NAN), "weight must be a finite number"),
    (lambda: wire.bernoulli(STREAM, 2, 3, 0.5, 1e300), "weight must be below"),
    (lambda: wire.bernoulli(STREAM, 2**31 - 1, 2**31 - 1, 0.5), "the synapses must fit in memory"),
    (lambda: wire.fixed_in_degree(STREAM, 5, 5, 6), r"k must be in \[0, 5\]"),
    (lambda: wire.fixed_in_degree(STREAM, 5, 5, 2.0), "k must be a whole number"),
    (lambda: wire.fixed_in_degree(STREAM, 5, 5, -1), "k must be in"),
    (lambda: wire.fixed_in_degree(STREAM, 5, 6, 2, loops=False), "needs n_pre == n_post"),
    (lambda: wire.fixed_in_degree(STREAM, 2**31 - 1, 2**31 - 1, 10**6), "the synapses must fit in memory"),
    (lambda: wire.fixed_out_degree(STREAM, 5, 5, 6), "k must be in"),
    (lambda: wire.fixed_out_degree(STREAM, 2**31 - 1, 2**31 - 1, 10**6), "the synapses must fit in memory"),
    (lambda: wire.multapses(STREAM, 5, 5, -1), "n_synapses must be in"),
    (lambda: wire.multapses(STREAM, 5, 5, 10**15), "the synapses must fit in memory"),
    (lambda: wire.multapses(STREAM, 5, 5, 3, np.ones(3)), "weight must be one number"),
    (lambda: wire.pairs(STREAM, 5, 5, 26), "n_synapses must be in"),
    (lambda: wire.pairs(STREAM, 10**9, 10**9, 10**15), "the synapses must fit in memory"),
    (lambda: wire.distance(STREAM, np.zeros(4), KIND, TABLE, 1.0), r"needs positions \(n, d\)"),
    (lambda: wire.distance(STREAM, np.full((4, 3), NAN), KIND, TABLE, 1.0), "positions must be a finite number"),
    (lambda: wire.distance(STREAM, POSITIONS, KIND + 1, TABLE, 1.0), "with every kind in"),
    (lambda: wire.distance(STREAM, POSITIONS, KIND[:3], TABLE, 1.0), r"needs positions \(n, d\)"),
    (lambda: wire.distance(STREAM, POSITIONS, KIND, 2 * TABLE, 1.0), "constants must be in"),
    (lambda: wire.distance(STREAM, POSITIONS, KIND, TABLE, 0.0), "length must be > 0"),
    (lambda: wire.distance(STREAM, POSITIONS, KIND, TABLE, [1.0, 2.0]), "length must be one number"),
    (lambda: wire.distance(STREAM, np.zeros((10**6, 1)), np.zeros(10**6, int), TABLE, 1.0), "must fit in memory"),
    (lambda: wire.ensembles(STREAM, [0, 1], [0], [[0.5]]), "group_pre must be in"),
    (lambda: wire.ensembles(STREAM, [0.0], [0], [[0.5]]), "group_pre must be a vector of whole numbers"),
    (lambda: wire.ensembles(STREAM, [[0], [0, 1]], [0], [[0.5]]), "group_pre must be"),
    (lambda: wire.ensembles(STREAM, [0], [0], [0.5]), "needs vectors of ensemble ids"),
    (lambda: wire.ring(5, 3), "k must be in"),
    (lambda: wire.ring(2**31 - 1, 10**6), "the synapses must fit in memory"),
    (lambda: wire.all_to_all(2**31 - 1, 2**31 - 1), "the synapses must fit in memory"),
    (lambda: wire.all_to_all(2, 3, "w"), "weight must be a finite number"),
    (lambda: wire.one_to_one(0), "n must be in"),
    (lambda: wire.one_to_one(2**31 - 1), "the synapses must fit in memory"),
    (lambda: wire.lattice("n"), "n must be a whole number"),
    (lambda: wire.lattice(2**31 - 1), "must fit in memory"),
    (lambda: wire.box(-1), "n must be in"),
    (lambda: wire.later(wire.ring, STREAM, 2, 3, 1), "builder must be one of"),
    (lambda: wire.later([], STREAM, 2, 3, 1), "builder must be one of"),
    (lambda: wire.later(wire.bernoulli, 0, 2, 3, 1), "stream must be a Stream"),
    (lambda: wire.later(wire.bernoulli, STREAM, "2", 3, 1), "n_pre must be a whole number"),
    (lambda: wire.later(wire.bernoulli, STREAM, 2, 3, NAN), "amount must be a finite number"),
    (lambda: wire.later(wire.bernoulli, STREAM, 2, 3, -1), "amount must be >= 0"),
    (lambda: wire.later(wire.bernoulli, STREAM, 2, 3, 0.5, wait=1), "wire.bernoulli takes other arguments"),
    (lambda: csr.from_coo([0], [0], 1.0, 5), "shape must be a pair"),
    (lambda: csr.from_coo([0], [0], 1.0, (1, 1, 1)), "shape must be a pair"),
    (lambda: csr.from_coo([0], [0], 1.0, (1.0, 1)), "rows of shape must be a whole number"),
    (lambda: csr.from_coo([0], [0], 1.0, (1, 2**31)), "columns of shape must be in"),
    (lambda: csr.from_coo([0], [0], 1.0, (2**62, 1)), "must fit in memory"),
    (lambda: csr.from_coo([0, 1], [0], 1.0, (2, 2)), "rows and cols must have one length"),
    (lambda: csr.from_coo([2], [0], 1.0, (2, 2)), r"rows must be in \[0, 2\)"),
    (lambda: csr.from_coo([0], [-1], 1.0, (2, 2)), r"cols must be in \[0, 2\)"),
    (lambda: csr.from_coo([0.5], [0], 1.0, (2, 2)), "rows must be a vector of whole numbers"),
    (lambda: csr.from_coo([[0], [0, 1]], [0], 1.0, (2, 2)), "rows must be"),
    (lambda: csr.from_coo([0, 0], [1, 1], 1.0, (2, 2)), "each pair may occur once"),
    (lambda: csr.from_coo([0], [0], [1.0, 2.0], (2, 2)), "weight must be one number or have shape"),
    (lambda: csr.from_coo([0], [0], 1j, (2, 2)), "weight must be a finite number"),
    (lambda: csr.from_scipy(np.ones((2, 2))), "matrix must be a SciPy sparse matrix"),
    (lambda: csr.reweight(WIRING, np.ones(5)), "weight must be one number or have shape"),
    (lambda: csr.reweight("csr", 1.0), "csr must be a neurosparse.Csr"),
    (lambda: csr.transpose(None), "csr must be a neurosparse.Csr"),
    (lambda: csr.gather(WIRING, np.ones(2)), r"x must have shape \(3,\)"),
    (lambda: csr.gather(WIRING, ["a"] * 3), "x must be a finite number"),
    (lambda: csr.scatter_add(np.zeros(3), WIRING, [2]), r"active must be in \[0, 2\)"),
    (lambda: csr.scatter_add(np.zeros(2), WIRING, [0]), "out must have shape"),
    (lambda: csr.scatter_add([0.0] * 3, WIRING, [0]), "out must be a writeable array of floats"),
    (lambda: encode.events_from_pairs([0], [5], 5), r"t must be in \[0, 5\)"),
    (lambda: encode.events_from_pairs([0, 1], [1], 5), "the same length"),
    (lambda: encode.events_from_pairs([0.5], [1], 5), "i must be an"),
    (lambda: encode.events_from_pairs([[0], [0, 1]], [1], 5), "i must be"),
    (lambda: encode.events_from_pairs([0], [1], 2**31 - 1), "the steps must fit in memory"),
    (lambda: encode.dense(3, 2), "events must be an encode.Events"),
    (lambda: encode.dense(events(), 2**40), "must fit in memory"),
    (lambda: encode.from_dense([[1], [1, 2]]), "array must be an array"),
    (lambda: encode.from_dense([["a"]]), "array must hold numbers or booleans"),
    (lambda: encode.bernoulli([0.5, NAN], 5, STREAM), "p must be a finite number"),
    (lambda: encode.bernoulli([[0.5]], 5, STREAM), r"p must have shape \(n,\)"),
    (lambda: encode.bernoulli(np.ones(10**6), 2**31 - 1, STREAM), "must fit in memory"),
    (lambda: encode.poisson([-1.0], 5, 1.0, STREAM), "rate_hz must be >= 0"),
    (lambda: encode.poisson([1.0], 5, [1.0, 2.0], STREAM), "dt must be one number"),
    (lambda: encode.poisson([1.0], 5, 1.0, STREAM, -1), "sample must be in"),
    (lambda: encode.latency([0.5], 5, [1.0, 2.0]), "tau must be one number"),
    (lambda: encode.latency([2.0], 5, 1.0), r"x must be in \[0.0, 1.0\]"),
    (lambda: encode.delta(np.ones((3, 2)), np.ones(3)), "threshold must be one number or have shape"),
    (lambda: encode.delta([[NAN]], 1.0), "signal must be a finite number"),
    (lambda: encode.image_probabilities(np.ones((2, 2)), scale=np.ones(2)), "scale must be one number"),
    (lambda: encode.image_probabilities(np.zeros((2, 2))), "fit it on images"),
    (lambda: rng.stream(-1, "a"), "seed must be in"),
    (lambda: rng.uniforms(STREAM, 2**62), "the numbers must fit in memory"),
    (lambda: rng.normals(STREAM, NAN), "n must be a whole number"),
    (lambda: rng.permutation(STREAM, 2**62), "the numbers must fit in memory"),
    (lambda: rng.choice(STREAM, 2**62, 2**61), "the numbers must fit in memory"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def small_machine(monkeypatch):
    monkeypatch.setattr(check, "memory", lambda: 1 << 30)


@pytest.mark.parametrize("call, words", CALLS, ids=range(len(CALLS)))
def test_malformed_arguments(call, words):
    message = refused(call)
    assert re.search(words, message), message


FINE = {
    wire.bernoulli: (STREAM, 4, 5, 0.5, 1.0),
    wire.fixed_in_degree: (STREAM, 4, 5, 2, 1.0),
    wire.fixed_out_degree: (STREAM, 4, 5, 2, 1.0),
    wire.multapses: (STREAM, 4, 5, 7, 1.0),
    wire.pairs: (STREAM, 4, 5, 7, 1.0),
    wire.distance: (STREAM, POSITIONS, KIND, TABLE, 1.0, 1.0),
    wire.ensembles: (STREAM, KIND, KIND, TABLE, 1.0),
    wire.ring: (7, 2, 1.0),
    wire.all_to_all: (4, 5, 1.0),
    wire.one_to_one: (4, 1.0),
    wire.box: (12,),
    wire.lattice: (12,),
    wire.later: (wire.bernoulli, STREAM, 4, 5, 0.5, 1.0),
    csr.from_coo: (np.arange(3), np.arange(3), np.ones(3), (3, 3)),
    csr.from_scipy: (csr.to_scipy(BACK),),
    csr.to_scipy: (BACK,),
    csr.to_coo: (BACK,),
    csr.transpose: (BACK,),
    csr.reweight: (BACK, 2.0),
    csr.scatter_add: (np.zeros(3), BACK, np.arange(3)),
    csr.gather: (BACK, np.ones(3)),
    encode.events_from_pairs: (np.arange(3), np.arange(3), 5),
    encode.pairs: (events(),),
    encode.dense: (events(), 2),
    encode.from_dense: (np.eye(3),),
    encode.bernoulli: (np.full(3, 0.5), 5, STREAM, 0),
    encode.poisson: (np.full(3, 9.0), 5, 1.0, STREAM, 0),
    encode.latency: (np.full(3, 0.5), 5, 1.0, 1.0, 0.0),
    encode.delta: (np.eye(3), 0.5),
    encode.image_probabilities: (np.eye(3), 0.5),
    rng.stream: (0, "name"),
    rng.uniforms: (STREAM, 5, 0, 0),
    rng.normals: (STREAM, 5, 0, 0),
    rng.bernoullis: (STREAM, np.full(3, 0.5), 0),
    rng.poissons: (STREAM, np.full(3, 0.5), 0),
    rng.permutation: (STREAM, 5, 0),
    rng.choice: (STREAM, 9, 5, 0),
}
SPOTS = [(call, at) for call, args in FINE.items() for at in range(len(args))]
SMALL = [x for x in JUNK if not (isinstance(x, int) and 2**20 < x < 2**32)]  # what fits and takes long


@pytest.mark.parametrize("call, at", SPOTS, ids=lambda value: getattr(value, "__qualname__", value))
def test_junk_for_every_argument(call, at):
    assert len(FINE[call]) <= len(inspect.signature(call).parameters) + 1
    for junk in SMALL:
        args = [*FINE[call]]
        args[at] = junk
        tolerated(lambda args=args: call(*args))


@given(st.sampled_from(SPOTS), st.one_of(st.floats(), st.integers(-(2**70), 10**4), st.text(), st.none(),
       st.lists(st.one_of(st.floats(), st.integers(), st.lists(st.integers())))))  # fmt: skip
@settings(max_examples=150)
def test_one_random_argument(spot, junk):
    call, at = spot
    args = [*FINE[call]]
    args[at] = junk
    tolerated(lambda: call(*args))
