"""The segment engine against the plain reference, its laws, its limits and its errors."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import csr, rng
from neurosparse.sdr import Sdr, batch, segments, segments_files, segments_layout
from tests.segments_reference import Table

N = 24  # cells of the random tests


def reference(p):
    """The plain table of the same parameters, and a function from permanences to what it stores."""
    level = lambda value: segments.permanence("test", "level", value, p.bits, -1.0)  # noqa: E731
    return Table(p.activation_threshold, p.min_threshold, level(p.connected), level(1.0), p.max_segments,
                 p.max_segments_per_cell, p.max_synapses, p.min_synapses), level  # fmt: skip


def held(table):
    """What the engine holds, in the shape of the reference: id -> [owner, {cell: permanence as stored}]."""
    t, out = table.arrays, {}
    for g in segments.alive(table):
        start, n = t.segments[g, segments_layout.START], t.segments[g, segments_layout.LENGTH]
        cells, values = t.synapse_cell[start : start + n], t.permanence[start : start + n]
        out[int(g)] = [int(segments.owners(table, [g])[0]), dict(zip(cells.tolist(), values.tolist()))]
    return out


def agree(table, plain):
    """Equal segments, synapses, permanences, order of use; and the arrays are sound."""
    assert segments_files.sound(table.arrays, table.params.n_cells)
    stored = {g: [owner, {c: float(v) for c, v in synapses.items()}] for g, (owner, synapses) in plain.segments.items()}
    assert held(table) == stored
    assert table.n_segments == len(stored)
    assert table.n_synapses == sum(len(synapses) for _, synapses in stored.values())


limits = st.builds(
    dict, activation_threshold=st.integers(1, 4), min_threshold=st.integers(1, 4), max_segments=st.sampled_from([0, 5]),
    max_segments_per_cell=st.sampled_from([1, 3, 255]), max_synapses=st.sampled_from([3, 9, 255]),
    min_synapses=st.integers(1, 3), bits=st.sampled_from([8, 32]),
).filter(lambda p: max(p["activation_threshold"], p["min_threshold"]) <= p["max_synapses"])  # fmt: skip
operations = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2**32 - 1)), min_size=3, max_size=25)


@settings(max_examples=60)
@given(limits, operations)
def test_random_operations_are_those_of_the_reference(limits, operations):
    p = segments.params(N, **limits)
    table, (plain, level) = segments.init(p), reference(p)
    stream = rng.stream(7, "segments.grow")
    for step, (kind, seed) in enumerate(operations):
        draw = np.random.default_rng(seed)
        cells = np.sort(draw.choice(N, draw.integers(0, 13), replace=False))
        alive = segments.alive(table)
        some = alive[draw.random(len(alive)) < 0.6]
        if kind <= 1:
            living = [c for c in draw.integers(0, N, 3).tolist() if c not in plain.dead]
            table, ids = segments.create(table, living)
            assert [plain.create(c) for c in living] == ids.tolist()
        elif kind in (2, 3):
            initial, n = (0.45, 0.5)[kind - 2], int(draw.integers(0, 8))
            table, grown = segments.grow(table, some, cells, n, initial, seed=7, step=step)
            wanted = [c for c in cells.tolist() if c not in plain.dead]
            n = min(n, p.max_synapses)
            assert grown.tolist() == [plain.grow(g, wanted, n, level(initial), stream, step) for g in some.tolist()]
        elif kind == 4:
            table = segments.adapt(table, some, cells, 0.1, 0.25)
            for g in some.tolist():
                if plain.adapt(g, set(cells.tolist()), level(0.1), -level(0.25)):
                    plain.touch(g)
        elif kind == 5:
            table = segments.destroy(table, some[:1])
            for g in some[:1].tolist():
                plain.destroy(g)
        elif seed % 3 == 0:
            table = segments.kill(table, cells[:1])
            for c in cells[:1].tolist():
                plain.kill(c)
        agree(table, plain)
        seen = segments.activity(table, cells)
        active, matching = plain.activity(cells.tolist())
        assert (seen.active.tolist(), seen.matching.tolist()) == (active, matching)
        assert seen.connected_overlap.tolist() == [plain.connected_overlap(g, cells) for g in active]
        assert seen.overlap.tolist() == [plain.overlap(g, cells) for g in matching]
        frozen = segments.activity(segments.freeze(table), cells)
        assert all(np.array_equal(a, b) for a, b in zip(seen, frozen))
    again = segments.from_arrays(p, segments.state_arrays(table))
    assert held(again) == held(table)


@pytest.fixture
def table():
    """Three segments on cells 7, 7 and 9 of 100; the last has potential synapses only."""
    table, ids = segments.create(segments.init(segments.params(100, 2, 1)), [7, 7, 9])
    return segments.add(table, ids[[0, 0, 1, 2, 2]], [3, 5, 3, 3, 4], [0.6, 0.5, 0.9, 0.4, 0.2])


def test_a_small_table_by_hand(table):
    seen = segments.activity(table, [3, 4, 5])
    assert seen.active.tolist() == [0]
    assert seen.connected_overlap.tolist() == [2]
    assert (seen.matching.tolist(), seen.overlap.tolist()) == ([0, 1, 2], [2, 1, 2])
    assert segments.activity(table, [3, 4, 5], potential=False).matching.size == 0
    assert segments.activity(table, np.array([3, 5], np.int32)).active.tolist() == [0]
    cells, strengths = segments.synapses(table, 0)
    assert (cells.tolist(), strengths.round(6).tolist()) == ([3, 5], [0.6, 0.5])
    assert repr(table) == "Segments(100 cells, 3 segments, 5 synapses)"
    assert table.nbytes > 0


def test_as_csr(table):
    both = segments.to_csr(table)
    assert (both.n_rows, both.n_cols, both.nnz) == (100, 3, 5)
    strong = segments.to_csr(table, connected_only=True)
    assert strong.nnz == 3
    x = np.zeros(100)
    x[[3, 5]] = 1
    assert csr.gather(csr.transpose(csr.reweight(strong, 1.0)), x).tolist() == [2, 1, 0]


def test_remove_takes_synapses_and_empty_segments(table):
    table = segments.remove(table, [0, 1, 2], [3, 3, 99])
    assert segments.alive(table).tolist() == [0, 2]
    assert segments.synapses(table, 0)[0].tolist() == [5]


def test_a_copy_lives_alone(table):
    other = segments.destroy(segments.copy(table), [0])
    assert (other.n_segments, table.n_segments) == (2, 3)


def test_epochs_wrap_without_a_trace(table):
    """Half a million calls later the counters start anew."""
    for t in (table.arrays, segments.freeze(table).arrays):
        t.meta[segments_layout.EPOCH] = segments_layout.LAST_EPOCH - 1
        where = (
            type(table)(table.params, t) if isinstance(t, segments_layout.Arrays) else segments.Frozen(table.params, t)
        )
        for _ in range(4):
            assert segments.activity(where, [3, 5]).active.tolist() == [0]


def test_frozen_is_read_only_and_lives_alone(table):
    frozen = segments.freeze(table)
    segments.destroy(table, [0])
    assert segments.activity(frozen, [3, 5]).active.tolist() == [0]
    assert segments.activity(segments.fork(frozen), [3, 5]).active.tolist() == [0]
    with pytest.raises(ValueError, match="read-only"):
        frozen.arrays.row_segment[0] = 1


def test_the_pools_are_used_again():
    """Growth and death for a long time take no more memory than at first."""
    table = segments.init(segments.params(200, max_segments=50))
    draw, sizes = np.random.default_rng(0), []
    for step in range(30):
        table, ids = segments.create(table, draw.integers(0, 200, 20))
        cells = np.sort(draw.choice(200, 30, replace=False))
        table, _ = segments.grow(table, ids, cells, 12, step=step)
        sizes.append(int(table.arrays.meta[segments_layout.SYNAPSE_TOP]))
    assert table.n_segments == 50
    assert sizes[-1] == sizes[5]


DAMAGE = {
    "meta": (segments_layout.N_SYNAPSES, 4),
    "rows": ((3, segments_layout.LENGTH), 2),
    "row_segment": (0, 2),
    "row_synapse": (0, 7),
    "synapse_cell": (0, 99),
    "synapse_place": (0, 1),
    "segments": ((0, segments_layout.START), 1000),
    "owners": ((7, segments_layout.N_OWNED), 1),
    "permanence": (0, 0.1),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_arrays_are_refused(table, name):
    arrays = segments.state_arrays(table)
    place, value = DAMAGE[name]
    arrays[name][place] = value
    with pytest.raises(ValueError, match="from_arrays: arrays must agree with one another"):
        segments.from_arrays(table.params, arrays)


def test_other_arrays_are_refused(table):
    arrays = segments.state_arrays(table)
    with pytest.raises(ValueError, match="must be those of state_arrays"):
        segments.from_arrays(table.params, {**arrays, "more": arrays["meta"]})
    with pytest.raises(ValueError, match="count must be int32"):
        segments.from_arrays(table.params, {**arrays, "count": arrays["count"].astype(float)})
    with pytest.raises(ValueError, match="table of the same parameters"):
        segments.from_arrays(table.params._replace(activation_threshold=3), arrays)
    with pytest.raises(ValueError, match="arrays must agree"):
        segments.from_arrays(table.params._replace(n_cells=99), arrays)


MISTAKES = {
    "n_cells must be in": lambda t: segments.params(0),
    "max_synapses must be in": lambda t: segments.params(10, max_synapses=4096),
    "connected must be in": lambda t: segments.params(10, connected=1.5),
    "connected must be > 0": lambda t: segments.params(10, connected=0.0),
    "connected must be a multiple of 0.005 in 8 bits": lambda t: segments.params(10, connected=0.501, bits=8),
    "bits must be one of 8, 32": lambda t: segments.params(10, bits=16),
    "activation_threshold must be at most max_synapses, 10, got 13": lambda t: segments.params(100, 13, 10, max_synapses=10),
    "min_threshold must be at most max_synapses, 10, got 11": lambda t: segments.params(100, 10, 11, max_synapses=10),
    "cells must have 100 bits, got 101": lambda t: segments.activity(t, Sdr([1], 101)),
    "owners must have 100 bits, got 99": lambda t: segments.create(t, Sdr([1], 99)),
    "cells must be one vector or one Sdr, not a batch": lambda t: segments.activity(t, batch.of([Sdr([1], 100)])),
    "cells must be an array": lambda t: segments.activity(t, [[1], [2, 3]]),
    "arrays must be those of state_arrays, got None": lambda t: segments.from_arrays(t.params, None),
    "cells must be in": lambda t: segments.activity(t, [100]),
    "cells must ascend": lambda t: segments.activity(t, np.array([5, 3], np.int32)),
    "owners must be in": lambda t: segments.create(t, [-1]),
    "segments must exist, got 1": lambda t: segments.adapt(segments.destroy(t, [1]), [1], [3]),
    "segments must be in": lambda t: segments.synapses(t, 3),
    "segments must differ": lambda t: segments.destroy(t, [0, 0]),
    "one length, got (2, 1)": lambda t: segments.add(t, [0, 1], [3]),
    "remove: segments and cells must have one length": lambda t: segments.remove(t, [0, 1], [3]),
    "permanence must be > 0": lambda t: segments.add(t, [0], [9], 0.0),
    "each pair may occur once, got (0, 5)": lambda t: segments.add(t, [1, 0], [5, 5]),
    "each pair may occur once, got (1, 8)": lambda t: segments.add(t, [1, 1], [8, 8]),
    "may hold max_synapses, 3": lambda t: segments.add(segments.Segments(t.params._replace(max_synapses=3), t.arrays), [0, 0], [8, 9]),
    "increment must be in": lambda t: segments.adapt(t, [0], [3], increment=2.0),
    "initial must be > 0": lambda t: segments.grow(t, [0], [9], 1, initial=0.0),
    "n must be in": lambda t: segments.grow(t, [0], [9], -1),
    "owners must be alive, got 7": lambda t: segments.create(segments.kill(t, [7]), [7]),
    "cells must be alive": lambda t: segments.add(segments.kill(t, [8]), [0], [8]),
}  # fmt: skip


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_named(table, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        MISTAKES[message](table)


def test_an_sdr_is_its_active_bits(table):
    assert segments.activity(table, Sdr([3, 5], (10, 10))).active.tolist() == [0]


def test_cells_must_be_whole_numbers(table):
    with pytest.raises(TypeError, match="cells must be a vector of whole numbers"):
        segments.activity(table, [0.5])


def test_too_large_tables_are_refused(table, monkeypatch):
    monkeypatch.setattr("neurosparse.check.memory", lambda: 0)
    with pytest.raises(ValueError, match="row places must be below 2\\*\\*31"):
        segments_layout.reserve(table.arrays, row=2**31)
    monkeypatch.setattr("neurosparse.check.memory", lambda: 1000)
    with pytest.raises(MemoryError, match="a table of so many cells must fit in memory"):
        segments.init(segments.params(10_000))
    with pytest.raises(MemoryError, match="set max_segments"):
        segments_layout.reserve(table.arrays, row=10_000)
