"""Temporal memory against the plain reference; its laws, its files, its errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from neurosparse import csr, rng
from neurosparse.sdr import Sdr, batch, segments, segments_files, temporal_memory
from tests.segments_reference import Memory
from tests.test_sdr_segments import held, reference

SMALL = {
    "n_columns": 8, "cells_per_column": 3, "activation_threshold": 2, "min_threshold": 1, "max_new_synapses": 3,
    "initial_permanence": 0.3, "permanence_decrement": 0.2,
}  # fmt: skip

settings_of_memory = st.builds(
    dict, initial_permanence=st.sampled_from([0.21, 0.5]), activation_threshold=st.integers(1, 3),
    min_threshold=st.integers(1, 3), max_new_synapses=st.integers(1, 5), predicted_decrement=st.sampled_from([0.0, 0.1]),
    max_segments_per_cell=st.sampled_from([1, 2, 255]), max_synapses=st.sampled_from([3, 5, 255]),
    max_segments=st.sampled_from([0, 7]), min_synapses=st.sampled_from([None, 1, 2]), keep_winner=st.booleans(),
    grow_predicted=st.booleans(),
    bits=st.sampled_from([8, 32]), permanence_decrement=st.sampled_from([0.0, 0.15]), seed=st.integers(0, 2**64 - 1),
).filter(lambda p: p["min_threshold"] <= p["max_new_synapses"])  # fmt: skip


class Bursting(Memory):
    """The reference where only segments of columns that burst grow."""

    def learn(self, wrong, learning, fresh, overlap, before, winners):
        full = {g: self.max_new if g in self.firing else n for g, n in overlap.items()}
        super().learn(wrong, learning, fresh, full, before, winners)


def plain_memory(p):
    """The reference of the same parameters."""
    table, level = reference(temporal_memory.segment_params(p))
    rates = (level(p.initial_permanence), level(p.permanence_increment), -level(p.permanence_decrement),
             -level(p.predicted_decrement))  # fmt: skip
    stream = rng.stream(p.seed, "temporal_memory")
    kind = Memory if p.grow_predicted else Bursting
    return kind(table, rates, p.n_columns, p.cells_per_column, p.max_new_synapses, p.keep_winner, stream)


def agree(p, state, plain):
    """Equal cells, lists and segments to the last bit."""
    table = temporal_memory.table(p, state)
    stored = {g: [owner, {c: float(v) for c, v in s.items()}] for g, (owner, s) in plain.table.segments.items()}
    assert held(table) == stored
    assert temporal_memory.active_cells(state).tolist() == plain.active
    assert temporal_memory.winner_cells(state).tolist() == plain.winners
    assert temporal_memory.predictive_cells(state).tolist() == plain.predictive()
    assert temporal_memory.active_segments(state).tolist() == plain.firing
    columns = sorted({c // p.cells_per_column for c in plain.predictive()})
    assert temporal_memory.predicted_columns(state).tolist() == columns


@settings(max_examples=60)
@given(settings_of_memory, st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_random_streams_are_those_of_the_reference(given_settings, seed, n_patterns):
    p = temporal_memory.params(**{**SMALL, **given_settings})
    state, plain, draw = temporal_memory.init(p), plain_memory(p), np.random.default_rng(seed)
    patterns = [np.sort(draw.choice(p.n_columns, draw.integers(0, 6), replace=False)) for _ in range(n_patterns)]
    for _ in range(30):
        event = draw.random()
        if event < 0.05:
            state = temporal_memory.reset(p, state)
            plain.reset()
        elif event < 0.1:
            cells = np.sort(draw.choice(24, draw.integers(1, 5), replace=False))
            state = temporal_memory.kill_cells(p, state, cells)
            plain.kill(cells.tolist())
        elif event < 0.15:
            state = temporal_memory.from_arrays(p, temporal_memory.state_arrays(state))
        columns, learn = patterns[draw.integers(n_patterns)], bool(draw.random() < 0.85)
        state, ran = temporal_memory.step(p, state, columns, learn)
        assert ran.anomaly[0] == pytest.approx(plain.step(columns.tolist(), learn), abs=1e-15)
        agree(p, state, plain)
        if learn:
            assert temporal_memory.matching_segments(state).tolist() == plain.matching
    assert segments_files.sound(state.segments, 24)


@pytest.mark.parametrize("bits", [8, 32])
def test_the_law_of_four_presentations(bits):
    """From .21 with steps of .10 a synapse is connected after four: anomaly 1, 1, 1, 1, .02."""
    p = temporal_memory.params(n_columns=512, cells_per_column=4, bits=bits)
    state, sequence = temporal_memory.init(p), csr_of(sparse_patterns(50, 512, 40), 512)
    means = []
    for _ in range(5):
        state, ran = temporal_memory.run(p, temporal_memory.reset(p, state), sequence)
        means.append(round(float(ran.anomaly.mean()), 9))
    assert means == [1, 1, 1, 1, 0.02]


def sparse_patterns(n, n_columns, w, seed=0):
    stream = rng.stream(seed, "patterns")
    return [rng.choice(stream, n_columns, w, step) for step in range(n)]


def csr_of(patterns, n_columns):
    rows = np.repeat(np.arange(len(patterns)), [len(one) for one in patterns])
    return csr.from_coo(rows, np.concatenate(patterns), 1.0, (len(patterns), n_columns))


def test_contexts_are_told_apart():
    """After A B C D and X B C Y, the same C predicts D in one context and Y in the other."""
    p = temporal_memory.params(n_columns=300, cells_per_column=8, predicted_decrement=0.02)
    a, b, c, d, x, y = sparse_patterns(6, 300, 20, seed=3)
    state = temporal_memory.init(p)
    for _ in range(40):
        for sequence in ([a, b, c, d], [x, b, c, y]):
            state, _ = temporal_memory.run(p, temporal_memory.reset(p, state), sequence)
    for start, end in ((a, d), (x, y)):
        state, _ = temporal_memory.run(p, temporal_memory.reset(p, state), [start, b, c], learn=False)
        assert np.array_equal(temporal_memory.predicted_columns(state), end)


def test_one_call_equals_many_and_other_starting_room():
    p = temporal_memory.params(n_columns=128, cells_per_column=8, predicted_decrement=0.01, max_new_synapses=15)
    patterns = sparse_patterns(40, 128, 20) * 3
    one, ran = temporal_memory.run(p, temporal_memory.init(p), patterns, record=True)
    many = temporal_memory.init(p)
    for k, columns in enumerate(patterns):
        many, each = temporal_memory.step(p, many, columns)
        assert each.n_segments[0] == ran.n_segments[k]
        row = slice(*ran.predicted.indptr[k : k + 2])
        assert np.array_equal(ran.predicted.indices[row], temporal_memory.predicted_columns(many))
    for name, array in temporal_memory.state_arrays(one).items():
        assert np.array_equal(array[:2], temporal_memory.state_arrays(many)[name][:2]) or name in ("crossed", "cells")
    assert held(temporal_memory.table(p, one)) == held(temporal_memory.table(p, many))


def test_saved_and_restored_to_the_same_bits():
    p = temporal_memory.params(n_columns=128, cells_per_column=4, max_segments=300)
    patterns = sparse_patterns(60, 128, 20, seed=5)
    state, _ = temporal_memory.run(p, temporal_memory.init(p), patterns)
    again = temporal_memory.from_arrays(p, temporal_memory.state_arrays(state))
    state, first = temporal_memory.run(p, state, patterns)
    again, second = temporal_memory.run(p, again, patterns)
    assert all(np.array_equal(a, b) for a, b in zip(first[:-1], second[:-1]))
    a, b = (temporal_memory.state_arrays(one) for one in (state, again))
    assert all(np.array_equal(a[name], b[name]) for name in a if name != "crossed")


def test_without_learning_nothing_is_learned():
    p = temporal_memory.params(**SMALL)
    state, _ = temporal_memory.run(p, temporal_memory.init(p), [[0, 1, 2], [3, 4, 5]] * 4)
    before = held(temporal_memory.table(p, temporal_memory.copy(state)))
    state, _ = temporal_memory.run(p, state, [[0, 1, 2], [5, 6]] * 4, learn=False)
    assert held(temporal_memory.table(p, state)) == before
    assert len(temporal_memory.matching_segments(state)) == 0


def test_the_cap_holds_and_all_dead_columns_stay_silent():
    p = temporal_memory.params(**SMALL, max_segments=10)
    state, ran = temporal_memory.run(p, temporal_memory.init(p), sparse_patterns(60, 8, 4))
    assert ran.n_segments.max() == 10
    state = temporal_memory.kill_cells(p, state, np.arange(6))
    state, ran = temporal_memory.step(p, state, [0, 1])
    assert (ran.n_active[0], ran.n_winners[0], ran.anomaly[0]) == (0, 0, 1.0)


def test_an_empty_element_has_no_anomaly():
    p = temporal_memory.params(**SMALL)
    _, ran = temporal_memory.run(p, temporal_memory.init(p), [[], [1]])
    assert ran.anomaly.tolist() == [0, 1]
    assert temporal_memory.run(p, temporal_memory.init(p), [])[1].anomaly.shape == (0,)


@pytest.mark.parametrize("grow", [True, False])
def test_segments_that_predicted_rightly_grow_or_not(grow):
    """A and B take turns; a cell of A dies and another one takes its place: do the segments of B's cells reach it?"""
    p = temporal_memory.params(**SMALL, grow_predicted=grow)
    state, ran = temporal_memory.run(p, temporal_memory.init(p), [[0, 1, 2], [4, 5, 6]] * 24 + [[0, 1, 2]])
    assert np.all(ran.anomaly[-4:] == 0)
    state = temporal_memory.kill_cells(p, state, temporal_memory.winner_cells(state)[:1])
    expecting = temporal_memory.predictive_cells(state).tolist()
    assert len(expecting) == 3
    state, ran = temporal_memory.run(p, state, [[4, 5, 6], [0, 1, 2]] * 2 + [[4, 5, 6]])
    assert np.all(ran.anomaly[::2] == 0)  # two of three synapses are enough
    stored = held(temporal_memory.table(p, state)).values()
    assert [len(synapses) for cell, synapses in stored if cell in expecting] == [2 + grow] * 3


P = temporal_memory.params(**SMALL)
B = batch.of([Sdr([1], 8), Sdr([2], 8)])
MISTAKES = {
    "n_columns must be in": lambda s: temporal_memory.params(n_columns=0),
    "cells_per_column must be a whole number": lambda s: temporal_memory.params(cells_per_column=1.5),
    "max_new_synapses must be in": lambda s: temporal_memory.params(max_new_synapses=0),
    "initial_permanence must be > 0": lambda s: temporal_memory.params(initial_permanence=0.0),
    "initial_permanence must be in": lambda s: temporal_memory.params(initial_permanence=1.1),
    "keep_winner must be one of": lambda s: temporal_memory.params(keep_winner=2),
    "grow_predicted must be one of": lambda s: temporal_memory.params(grow_predicted=None),
    "seed must be in": lambda s: temporal_memory.params(seed=-1),
    "step: columns must be in": lambda s: temporal_memory.step(P, s, [8]),
    "columns of an element must ascend": lambda s: temporal_memory.run(P, s, [[1], [2, 1]]),
    "sequence must have 8 columns, got 9": lambda s: temporal_memory.run(P, s, csr.from_coo([0], [0], 1.0, (1, 9))),
    "sequence must be a Csr or a list": lambda s: temporal_memory.run(P, s, 3),
    "cells must be in": lambda s: temporal_memory.kill_cells(P, s, [24]),
    "arrays must be those of state_arrays, got \\[": lambda s: temporal_memory.from_arrays(P, {}),
    "arrays must be those of state_arrays, got None": lambda s: temporal_memory.from_arrays(P, None),
    "step: columns must have 8 bits, got 9": lambda s: temporal_memory.step(P, s, Sdr([1], 9)),
    "run: columns of an element must have 8 bits, got 9": lambda s: temporal_memory.run(P, s, [Sdr([1], 9)]),
    "kill_cells: cells must have 24 bits, got 99": lambda s: temporal_memory.kill_cells(P, s, Sdr([1], 99)),
    "step: columns must be one vector or one Sdr, not a batch.*to run": lambda s: temporal_memory.step(P, s, B),
    "step: columns must be one .*, not a batch": lambda s: temporal_memory.step(P, s, sparse.csr_array(np.eye(8))),
    "run: columns of an element must be one .*, not a batch": lambda s: temporal_memory.run(P, s, [B, B]),
    "must be a Csr or a list of active columns, got Sdr": lambda s: temporal_memory.run(P, s, Sdr([1], 8)),
    "must be a Csr or a list of active columns, got <": lambda s: temporal_memory.run(
        P, s, sparse.csr_array(np.eye(8))
    ),
    "activation_threshold must be at most max_synapses, 5": lambda s: temporal_memory.params(
        64, 4, 6, 2, max_synapses=5
    ),
    "max_new_synapses must be at least min_threshold, 4, got 3": lambda s: temporal_memory.params(
        64, 4, 4, 4, max_new_synapses=3
    ),
    "min_threshold must be at most max_synapses, 255": lambda s: temporal_memory.with_thresholds(P, s, 2, 256),
    "must be at least min_threshold, 4, got 3": lambda s: temporal_memory.with_thresholds(P, s, 2, 4),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_named(message):
    with pytest.raises((ValueError, TypeError), match=message):
        MISTAKES[message](temporal_memory.init(P))


def test_other_thresholds_from_the_next_step_on():
    """A memory that learned at 2 recalls at 3 what has 3 synapses, and nothing at 4."""
    p, sequence = temporal_memory.params(**SMALL | {"initial_permanence": 0.5, "max_synapses": 4}), [[0, 1, 2], [4]]
    state, _ = temporal_memory.run(p, temporal_memory.init(p), sequence)
    for theta, right in ((2, 1), (3, 1), (4, 0)):
        p, state = temporal_memory.with_thresholds(p, state, theta, 3)
        assert (p.activation_threshold, p.min_threshold) == (theta, 3)
        state, ran = temporal_memory.run(p, temporal_memory.reset(p, state), sequence, learn=False)
        assert ran.n_correct.tolist() == [0, right]
    temporal_memory.from_arrays(p, temporal_memory.state_arrays(state))


def test_other_arrays_are_refused():
    arrays = temporal_memory.state_arrays(temporal_memory.init(P))
    with pytest.raises(ValueError, match="clock must be int64"):
        temporal_memory.from_arrays(P, {**arrays, "clock": arrays["clock"][:3]})
    with pytest.raises(ValueError, match="memory of the same parameters"):
        temporal_memory.from_arrays(P._replace(permanence_increment=0.3), arrays)
    clock = arrays["clock"].copy()
    clock[1] = 99
    with pytest.raises(ValueError, match="arrays must agree with one another"):
        temporal_memory.from_arrays(P, {**arrays, "clock": clock})
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        temporal_memory.nothing  # noqa: B018


def test_the_estimator():
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError

    sequence = sparse_patterns(20, 256, 20, seed=1)
    memory = temporal_memory.TemporalMemory(n_columns=256, cells_per_column=4, epochs=5)
    assert clone(memory).get_params()["epochs"] == 5
    with pytest.raises(NotFittedError, match="fit"):
        memory.predict(sequence)
    memory.fit(sequence)
    assert memory.score_samples(sequence).tolist() == [1.0] + [0.0] * 19
    assert memory.score(sequence) == pytest.approx(0.95)
    predicted = memory.predict(csr_of(sequence, 256))
    assert predicted.n_rows == 20
    for k in range(19):
        assert np.array_equal(predicted.indices[slice(*predicted.indptr[k : k + 2])], sequence[k + 1])
    dense = np.zeros((20, 256), bool)
    dense[np.repeat(np.arange(20), 20), np.concatenate(sequence)] = True
    assert np.array_equal(memory.predict(dense).indices, predicted.indices)
    before = memory.state_.segments.meta.copy()
    memory.predict(sequence)
    assert np.array_equal(before, memory.state_.segments.meta)
    again = temporal_memory.TemporalMemory(n_columns=256, cells_per_column=4, epochs=5)
    for _ in range(5):
        again.partial_fit(sequence, reset=True)
    assert held(again.segments_) == held(memory.segments_)
    with pytest.raises(ValueError, match="epochs must be in"):
        memory.set_params(epochs=0).fit(sequence)


def test_the_estimator_takes_all_forms_of_a_sequence():
    pytest.importorskip("sklearn")
    dense = np.zeros((6, 8))
    dense[np.arange(6).repeat(2), [0, 1, 2, 3, 4, 5] * 2] = 1
    scipy = sparse.coo_array(dense)
    lists = [np.flatnonzero(row) for row in dense]
    sdrs = [Sdr(row, 8) for row in lists]
    seen = [temporal_memory.TemporalMemory(**SMALL, epochs=3).fit(X) for X in (
        dense, dense.astype(bool), scipy, sparse.csc_matrix(dense), lists, sdrs, batch.of(sdrs))]  # fmt: skip
    assert all(held(one.segments_) == held(seen[0].segments_) for one in seen)
    assert len(held(seen[0].segments_))


X = np.eye(8)
NAN = np.where(X, np.nan, 0.0)
REFUSED = {
    "X as a matrix must hold zeros and ones, got .*nan": NAN,
    "must hold zeros and ones, got .*2.5": X * 2.5,
    "X as a matrix must hold zeros and ones, got array": X.astype(str),
    "zeros and ones, got array.*nan": sparse.csr_array(NAN),
    r"must have shape \(n_steps, 8\), got \(8, 7\)": X[:, 1:],
    r"must have shape \(n_steps, 8\), got \(7, 9\)": sparse.csr_array((7, 9)),
    r"must have shape \(n_steps, 8\), got \(8,\)": X[0],
    r"must have shape \(n_steps, 8\), got \(8, 1, 8\)": X[:, None],
    "X must hold at least one element, got 0": [],
    "at least one element, got 0": X[:0],
    "columns of an element must have 8 bits, got 1000": [Sdr([1, 2], 1000)],
    "columns of an element must be in": [[8]],
    "sequence must be a Csr or a list of active columns, got 'text'": "text",
    "sequence must have 8 columns, got 9": batch.of([Sdr([1], 9)]),
}


@pytest.mark.parametrize("message", REFUSED)
def test_the_estimator_refuses_what_is_no_sequence(message):
    pytest.importorskip("sklearn")
    fresh, fitted = (temporal_memory.TemporalMemory(**SMALL) for _ in range(2))
    fitted.fit(X)
    for method in (fresh.fit, fresh.partial_fit, fitted.predict, fitted.score_samples, fitted.score):
        with pytest.raises((ValueError, TypeError), match=f"sdr.TemporalMemory.{method.__name__}: .*{message}"):
            method(REFUSED[message])
    assert not hasattr(fresh, "state_")


def test_the_segments_of_a_memory_can_be_read():
    state, _ = temporal_memory.run(P, temporal_memory.init(P), [[0, 1, 2], [3, 4, 5]] * 2)
    table = temporal_memory.table(P, state)
    seen = segments.activity(segments.freeze(table), temporal_memory.active_cells(state))
    assert np.array_equal(seen.active, temporal_memory.active_segments(state))
    assert np.array_equal(seen.matching, temporal_memory.matching_segments(state))
