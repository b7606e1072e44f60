"""What poolers, memories and segments have learnt, as files: the same bits after, and nothing else accepted."""

import h5py
import numpy as np
import pytest

from neurosparse import rng
from neurosparse.io import memories
from neurosparse.io.results import ResultError
from neurosparse.sdr import algebra, segments, spatial_pooler, temporal_memory


def columns(first, rows):
    return algebra.random_batch(64, 6, rows, rng.stream(0, "columns"), first)


def learnt():
    """(room, parameters, state, what it does next on a state) of each room."""
    p = temporal_memory.params(n_columns=64, cells_per_column=4, activation_threshold=4, min_threshold=2)
    state, _ = temporal_memory.run(p, temporal_memory.init(p), columns(0, 40))

    def steps(p, state):
        end, ran = temporal_memory.run(p, temporal_memory.copy(state), columns(40, 30))
        return [ran.anomaly, ran.n_synapses, temporal_memory.active_cells(end)]

    yield temporal_memory, p, state, steps
    p = spatial_pooler.params((64,), (50,), boost_strength=3.0)
    state = spatial_pooler.initialise(p)
    spatial_pooler.compute(p, state, columns(0, 40), learn=True)

    def winners(p, state):
        return [spatial_pooler.compute(p, spatial_pooler.copy(state), columns(40, 30), learn=True).indices]

    yield spatial_pooler, p, state, winners
    p = segments.params(64, activation_threshold=2, min_threshold=1, bits=8)
    table, ids = segments.create(segments.init(p), np.arange(5))
    table = segments.add(table, np.repeat(ids, 3), np.tile([1, 4, 9], 5), 0.5)

    def overlaps(p, table):
        found = segments.activity(segments.copy(table), np.array([1, 9]))
        return [found.active, found.overlap]

    yield segments, p, table, overlaps


@pytest.mark.parametrize("case", list(learnt()), ids=lambda case: case[0].__name__.rpartition(".")[2])
def test_the_same_bits_after(case, tmp_path):
    room, p, state, then = case
    path = memories.save(room, p, state, tmp_path / "memory.h5")
    got_p, got = memories.load(room, path)
    assert got_p == p
    expected = then(p, state)
    assert sum(len(array) for array in expected) > 3
    for mine, theirs in zip(then(got_p, got), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    other = segments if room is not segments else temporal_memory
    with pytest.raises(ResultError, match=r"memories.load: path must hold .*, got \('neurosparse-memory', 1, "):
        memories.load(other, path)
    with pytest.raises(TypeError, match="memories.save: p must be the Params of"):
        memories.save(room, "none", state, path)
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    with pytest.raises(ResultError, match="must be a whole, undamaged memory"):
        memories.load(room, path)


def test_what_is_no_memory_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="memories.load: path must be a stored memory"):
        memories.load(segments, tmp_path / "none.h5")
    with pytest.raises(
        TypeError, match="memories.load: room must be one of the modules segments, spatial_pooler, temp"
    ):
        memories.load(rng, tmp_path / "none.h5")
    p = segments.params(8)
    path = memories.save(segments, p, segments.init(p), tmp_path / "memory.h5")
    with h5py.File(path, "r+") as file:
        del file["params"]
    memories.seals.write(path, memories.FORMAT)
    with pytest.raises(ResultError, match="must be a whole, undamaged memory"):
        memories.load(segments, path)
