"""What does not belong together is refused before compiled code trusts it: states, parameters, batches made by hand."""

import threading

import numpy as np
import pytest

from neurosparse import check, rng
from neurosparse.csr import Csr
from neurosparse.io import memories
from neurosparse.sdr import Sdr, algebra, batch, classifier, metrics, overlap, segments, segments_guard, sp_metrics
from neurosparse.sdr import spatial_pooler as sp
from neurosparse.sdr import temporal_memory as tm

STREAM = rng.stream(0, "misfits")
POOLER, OTHER = sp.params(64, 50, density=0.1), sp.params(80, 50, density=0.1)
MEMORY = tm.params(
    n_columns=64, cells_per_column=4, activation_threshold=3, min_threshold=2, max_new_synapses=6, max_segments=500
)
X = algebra.random_batch(64, 6, 8, STREAM)
FIT = r"state must be of 80 inputs and 50 columns, got \(64, 50\); p and state of one pooler go together"


def by_hand(indptr, indices, n=64):
    return Csr(np.array(indptr), np.array(indices, np.int32), np.ones(len(indices), np.float32), n)


@pytest.mark.parametrize("call", [
    lambda s: sp.compute(OTHER, s, algebra.random_batch(80, 6, 3, STREAM)),
    lambda s: sp.compute(OTHER, s, algebra.random_batch(80, 6, 3, STREAM), learn=True),
    lambda s: sp.compute(OTHER, s, [1, 79]),
    lambda s: sp.overlaps(OTHER, s, [1, 79]),
    lambda s: sp.kill_columns(OTHER, s, [1]),
    lambda s: sp_metrics.noise_curve(OTHER, s, algebra.random_batch(80, 6, 3, STREAM)),
    lambda s: sp_metrics.coverage(OTHER, s),
    lambda s: sp_metrics.centres(OTHER, s),
])  # fmt: skip
def test_a_state_of_another_pooler(call):
    state = sp.initialise(POOLER)
    before = sp.state_arrays(state)
    with pytest.raises(ValueError, match=FIT):
        call(state)
    assert all(np.array_equal(array, before[name]) for name, array in sp.state_arrays(state).items())


@pytest.mark.parametrize("name", sp.State._fields)
def test_every_array_of_a_pooler_is_looked_at(name):
    state = sp.initialise(POOLER)
    with pytest.raises(ValueError, match="compute: state must be of 64 inputs and 50 columns"):
        sp.compute(POOLER, state._replace(**{name: getattr(state, name)[:-1]}), X)


def test_what_is_no_state():
    with pytest.raises(
        TypeError, match=r"compute: need the Params and the State of a spatial_pooler, got \('Params', "
    ):
        sp.compute(POOLER, None, X)  # pyright: ignore[reportArgumentType]
    with pytest.raises(
        TypeError, match="run: need the Params and the State of a temporal_memory, got .*see params, init"
    ):
        tm.run(MEMORY, sp.initialise(POOLER), X)  # pyright: ignore[reportArgumentType]


def test_witnesses_of_another_pooler():
    state = sp.initialise(POOLER)
    z = sp.compute(POOLER, state, X)
    assert sp_metrics.witness_error(state, X, z) > 0
    with pytest.raises(ValueError, match=r"x and z must be of 64 inputs and 50 columns, got \(64, 64\)"):
        sp_metrics.witness_error(state, X, X)
    with pytest.raises(ValueError, match=r"x and z must be of 64 inputs and 50 columns, got \(65, 50\)"):
        sp_metrics.witness_error(state, X._replace(n_cols=65), z)
    with pytest.raises(ValueError, match="witness_error: both must have the same patterns"):
        sp_metrics.witness_error(state, X, batch.of([batch.sdr(z, 0)]))


def test_no_pattern_has_no_curve():
    with pytest.raises(ValueError, match=r"noise_curve: patterns must be in \[1, .*got 0"):
        sp_metrics.noise_curve(POOLER, sp.initialise(POOLER), batch.of([], 64))


CALLS = {
    "run": lambda p, s: tm.run(p, s, [[1, 2]]),
    "step": lambda p, s: tm.step(p, s, [1, 2]),
    "reset": tm.reset,
    "kill_cells": lambda p, s: tm.kill_cells(p, s, [1]),
    "table": tm.table,
    "with_thresholds": lambda p, s: tm.with_thresholds(p, s, 3, 2),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_state_of_another_memory(name):
    state = tm.init(MEMORY)
    size = "state must be of 100000 columns of 4 cells, got '64 columns, 256 cells'; p and state of one memory go"
    with pytest.raises(ValueError, match=f"temporal_memory.{name}: {size}"):
        CALLS[name](MEMORY._replace(n_columns=100_000), state)
    for other in ({"max_synapses": 20}, {"activation_threshold": 4}, {"connected_permanence": 0.6}, {"bits": 8},
                  {"permanence_increment": 0.2}):  # fmt: skip
        with pytest.raises(ValueError, match=f"{name}: state must come from a memory of the same parameters, got"):
            CALLS[name](MEMORY._replace(**other), state)
    same_cells = MEMORY._replace(n_columns=128, cells_per_column=2)
    with pytest.raises(ValueError, match="state must be of 128 columns of 2 cells"):
        CALLS[name](same_cells, state)


def test_too_many_cells_for_the_memory(monkeypatch):
    p = tm.params(2**20, 2**9)
    monkeypatch.setattr(check, "memory", lambda: 2**34)
    with pytest.raises(MemoryError, match="temporal_memory.init: a memory of so many cells must fit in memory"):
        tm.init(p)


@pytest.mark.parametrize("word", ["no", 1, None])
def test_learn_is_true_or_false(word):
    with pytest.raises(TypeError, match=f"spatial_pooler.compute: learn must be True or False, got {word!r}"):
        sp.compute(POOLER, sp.initialise(POOLER), X, learn=word)
    for name, call in (("run", tm.run), ("step", tm.step)):
        with pytest.raises(TypeError, match=f"temporal_memory.{name}: learn must be True or False, got {word!r}"):
            call(MEMORY, tm.init(MEMORY), [], learn=word)
    with pytest.raises(TypeError, match="temporal_memory.run: record must be True or False"):
        tm.run(MEMORY, tm.init(MEMORY), [], record=word)
    assert sp.compute(POOLER, sp.initialise(POOLER), X, np.bool_(True)).n_rows == 8


def test_a_state_that_is_no_longer_it(tmp_path):
    p = tm.params(n_columns=256, cells_per_column=4, activation_threshold=6, min_threshold=4, max_new_synapses=12)
    old = tm.init(p)
    new, _ = tm.run(p, old, algebra.random_batch(256, 20, 60, STREAM))
    with pytest.raises(
        ValueError, match="memories.save: state must be what a function of temporal_memory returned last"
    ):
        memories.save(tm, p, old, tmp_path / "old.h5")
    assert memories.save(tm, p, new, tmp_path / "new.h5").exists()


STATE = sp.initialise(POOLER)
TAKERS = {
    "algebra.overlap": lambda bad: algebra.overlap(Sdr([1], 64), bad),
    "algebra.overlap, the first": lambda bad: algebra.overlap(bad, X),
    "algebra.overlap, the second": lambda bad: algebra.overlap(X, bad),
    "algebra.successive": overlap.successive,
    "algebra.union": algebra.union,
    "algebra.intersection": algebra.intersection,
    "algebra.concatenate": lambda bad: algebra.concatenate([X, bad]),
    "algebra.kill": lambda bad: algebra.kill(bad, Sdr([1], 64)),
    "algebra.noise": lambda bad: algebra.noise(bad, 1, STREAM),
    "algebra.flip": lambda bad: algebra.flip(bad, 0.1, 0.1, STREAM),
    "algebra.subsample": lambda bad: algebra.subsample(bad, 1, STREAM),
    "batch.to_dense": batch.to_dense,
    "batch.packed": batch.packed,
    "batch.sdrs": batch.sdrs,
    "metrics.of": metrics.of,
    "metrics.update": lambda bad: metrics.update(metrics.start(64), bad),
    "spatial_pooler.compute": lambda bad: sp.compute(POOLER, STATE, bad),
    "sp_metrics.entropy": sp_metrics.entropy,
    "sp_metrics.stability": lambda bad: sp_metrics.stability(bad, bad),
    "sp_metrics.noise_curve": lambda bad: sp_metrics.noise_curve(POOLER, STATE, bad),
    "sp_metrics.witness_error": lambda bad: sp_metrics.witness_error(STATE, X, bad),
    "temporal_memory.run": lambda bad: tm.run(MEMORY, tm.init(MEMORY), bad),
    "classifier": lambda bad: classifier.run(classifier.init(64, 4), bad, [1] * bad.n_rows),
}


@pytest.mark.parametrize("name", TAKERS)
def test_batches_made_by_hand(name):
    for indices in ([1, 3, 2, 10**8, 7], [-1, 3, 4, 5, 7], [0, 1, 2, 3, 64], [4, 3, 5, 6, 7], [1, 1, 2, 3, 4]):
        with pytest.raises(ValueError, match=name.partition(",")[0]):
            TAKERS[name](by_hand([0, 5], indices))
    for indptr in ([0, 10**7], [0, 5, 2], [0, -1, 5], [1, 5]):
        with pytest.raises(ValueError, match=name.partition(",")[0]):
            TAKERS[name](by_hand(indptr, range(5)))


def test_rows_of_a_batch_begin_anew():
    for indptr, indices in (([0], []), ([0, 0], []), ([0, 0, 2, 2, 2, 4, 4], [5, 9, 0, 9]), ([0, 1, 2], [3, 3])):
        made = batch.rows(by_hand(indptr, indices), "test")
        assert [row for one in batch.sdrs(made) for row in one] == indices
    for indptr, indices in (([0, 0, 3, 4], [5, 9, 0, 9]), ([0, 4, 4], [5, 9, 0, 9])):
        with pytest.raises(ValueError, match=r"test: bits must be in \[0, 64\), ascending and distinct in each row"):
            batch.rows(by_hand(indptr, indices), "test")


@pytest.mark.parametrize("change, message", [
    ({"indptr": [0, 1]}, r"test: indptr of the batch must be a vector of int64, got \('list', \(2,\)\)"),
    ({"indptr": np.array([0, 1], np.int32)}, "indptr of the batch must be a vector of int64, got .*int32"),
    ({"indptr": np.empty(0, np.int64)}, r"indptr of the batch must hold n_rows \+ 1 offsets"),
    ({"indices": np.array([0.5])}, "indices of the batch must be a vector of int32, got .*float64"),
    ({"indices": np.array([[1]], np.int32)}, "indices of the batch must be a vector of int32"),
    ({"n_cols": 0}, r"n_cols of the batch must be in \[1"),
])  # fmt: skip
def test_arrays_of_another_kind(change, message):
    with pytest.raises((TypeError, ValueError), match=message):
        batch.rows(by_hand([0, 1], [1])._replace(**change), "test")


def test_one_row_of_a_batch_is_checked_alone():
    half = by_hand([0, 2, 3], [1, 4, 99])
    assert batch.sdr(half, 0) == Sdr([1, 4], 64)
    with pytest.raises(ValueError, match=r"batch.sdr: bits must be in \[0, 64\)"):
        batch.sdr(half, 1)


def table():
    made, ids = segments.create(segments.init(segments.params(100, 2, 1)), [7, 9])
    return segments.add(made, np.repeat(ids, 2), [3, 5, 3, 8], 0.6)


def test_one_thread_at_a_time():
    mine, state, said = table(), tm.init(MEMORY), []

    def ask():
        for call in (lambda: segments.activity(mine, [3, 5]), lambda: tm.step(MEMORY, state, [1])):
            try:
                call()
            except RuntimeError as error:
                said.append(str(error))

    held = mine.arrays.meta, state.segments.meta
    for meta in held:
        segments_guard.enter("test", meta)
    other = threading.Thread(target=ask)
    other.start()
    other.join()
    assert [text.partition(":")[0] for text in said] == ["segments.activity", "temporal_memory.step"]
    with pytest.raises(RuntimeError, match="are for one thread at a time, got 'a second one'; give each its own"):
        segments.activity(mine, [3, 5])
    frozen = segments.freeze(mine)
    assert segments.activity(segments.fork(frozen), [3, 5]).active.tolist() == [0]
    assert segments.activity(segments.copy(mine), [3, 5]).active.tolist() == [0]
    for meta in held:
        segments_guard.leave(meta)
    assert segments.activity(mine, [3, 5]).active.tolist() == [0]


def test_after_a_mistake_the_table_is_free():
    mine = table()
    for _ in range(2):
        with pytest.raises(ValueError, match="cells must ascend"):
            segments.activity(mine, np.array([5, 3], np.int32))
    assert segments.activity(mine, [3, 5]).active.tolist() == [0]
    with pytest.raises(ValueError, match=r"permanence must be one number or have shape \(1,\), got \(2,\)"):
        segments.add(mine, [0], [7], permanence=[0.1, 0.2])
