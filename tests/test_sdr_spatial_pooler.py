"""The spatial pooler against a plain-Python engine, closed forms of its metrics, and the reference run."""

import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.csr import Csr
from neurosparse.sdr import sp_inputs, sp_metrics, sp_topology
from neurosparse.sdr import spatial_pooler as sp
from neurosparse.sdr.sp_estimator import SpatialPooler
from tests import sp_reference

PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") != "0"
fields = st.one_of(st.integers(4, 14), st.tuples(st.integers(2, 5), st.integers(2, 5)))


@st.composite
def poolers(draw):
    """Small poolers of every kind that can be initialised."""
    return sp.params(
        draw(fields), draw(fields), potential_radius=draw(st.sampled_from([None, 1, 2])),
        potential_pct=draw(st.sampled_from([0.5, 0.8, 1.0])), initial_pct=draw(st.sampled_from([0.0, 0.3, 0.5, 1.0])),
        connected=draw(st.sampled_from([0.1, 0.2, 0.5])), perm_inc=draw(st.sampled_from([0.03, 0.1])),
        perm_dec=draw(st.sampled_from([0.008, 0.05, 0.3])), stimulus_threshold=draw(st.integers(0, 2)),
        density=draw(st.sampled_from([0.02, 0.2, 0.5])), inhibition=draw(st.sampled_from(["global", "local"])),
        inhibition_radius=draw(st.sampled_from([None, 1, 2])), wrap=draw(st.booleans()),
        boost_strength=draw(st.sampled_from([0.0, 2.0, 100.0])), min_overlap_pct=draw(st.sampled_from([0.001, 0.9])),
        duty_period=draw(st.sampled_from([3, 1000])), update_period=draw(st.sampled_from([1, 4])),
        seed=draw(st.integers(0, 2**64 - 1)),
    )  # fmt: skip


def stream(p, n_rows, seed):
    """Random patterns, some of them empty."""
    g = np.random.default_rng(seed)
    return sp_inputs.from_dense(g.random((n_rows, p.n_inputs)) < g.choice([0.0, 0.1, 0.3, 0.6], (n_rows, 1)))


def row(x, k):
    return x.indices[x.indptr[k] : x.indptr[k + 1]]


def small(**more):
    p = sp.params(64, 50, **{"density": 0.1, "boost_strength": 10.0, "seed": 3, **more})
    return p, sp.initialise(p), sp_inputs.random_sdrs(64, 30, 8, seed=1)


def assert_same_bits(a, b):
    for name, one, other in zip(a._fields, a, b, strict=True):
        assert one.tobytes() == other.tobytes(), name


@settings(max_examples=10 if PLAIN else 25, deadline=None, derandomize=True)
@given(poolers(), st.integers(0, 2**32 - 1), st.booleans())
def test_equal_to_the_plain_engine(p, seed, dead):
    smallest = int((sp_topology.pools(p) >= 0).sum(axis=1).min())
    if smallest < max(1, p.stimulus_threshold):
        with pytest.raises(ValueError, match="every pool must hold"):
            sp.initialise(p)
        return
    state = sp.initialise(p)
    if dead:
        sp.kill_columns(p, state, [0, p.n_columns - 1])
    plain, x = sp_reference.start(p, state), stream(p, 12, seed)
    if p.local and not dead:
        assert state.count[1] == plain["radius"]
    plain["radius"] = int(state.count[1])  # deaths count from the next update on
    for k in range(12):
        learn = k % 5 != 4
        assert sp.compute(p, state, row(x, k), learn).tolist() == sp_reference.step(p, plain, row(x, k).tolist(), learn)
    assert np.array_equal(state.permanence, plain["perm"])
    assert np.array_equal(state.connected.T, state.permanence >= np.float32(p.connected))
    assert state.boost.tolist() == plain["boost"]
    assert state.active_duty.tolist() == plain["active_duty"]
    assert state.overlap_duty.tolist() == plain["overlap_duty"]
    assert state.min_overlap_duty.tolist() == plain["weak"]
    assert state.count.tolist() == [plain["steps"], plain["radius"]]


def test_a_batch_is_its_rows_one_by_one():
    p, one, x = small()
    many, singles = sp.copy(one), [sp.compute(p, one, row(x, k), True) for k in range(x.n_rows)]
    z = sp.compute(p, many, x, True)
    assert_same_bits(one, many)
    assert np.array_equal(z.indices, np.concatenate(singles))
    assert z.n_cols == p.n_columns
    assert np.all(np.diff(z.indptr) == 5)
    assert sp.compute(p, many, sp_inputs.take(x, [])).n_rows == 0


def test_batches_larger_than_the_buffer(monkeypatch):
    p, state, x = small(inhibition="local")
    z = sp.compute(p, state, x)
    monkeypatch.setattr(sp, "CHUNK", 3 * p.n_columns)
    cut = sp.compute(p, state, x)
    assert z.indices.tolist() == cut.indices.tolist()
    assert z.indptr.tolist() == cut.indptr.tolist()


def test_save_and_restore_go_on_with_the_same_bits():
    p, state, x = small(inhibition="local")
    sp.compute(p, state, x, True)
    other = sp.from_arrays(p, sp.state_arrays(state))
    assert_same_bits(state, other)
    assert sp.compute(p, state, x, True).indices.tolist() == sp.compute(p, other, x, True).indices.tolist()
    assert_same_bits(state, other)


def test_inference_changes_nothing():
    p, state, x = small()
    before = sp.copy(state)
    sp.compute(p, state, x)
    assert_same_bits(before, state)


@pytest.mark.parametrize("wrap", [False, True])
def test_pools_and_first_permanences(wrap):
    p = sp.params((12, 10), (6, 5), potential_radius=2, potential_pct=0.6, initial_pct=0.3, wrap=wrap, connected=0.2)
    state = sp.initialise(p)
    inside = state.permanence >= 0
    for i in range(p.n_columns):
        r, c = sp_reference.centre(p, i)
        off = np.abs(np.indices(p.input_shape) - np.array([r, c])[:, None, None])
        if wrap:
            off = np.minimum(off, np.array(p.input_shape)[:, None, None] - off)
        square = (off <= 2).all(axis=0).reshape(-1)
        assert not np.any(inside[i] & ~square)
        assert inside[i].sum() == int(0.6 * square.sum() + 0.5)
    shares = state.permanence[inside]
    assert 0.2 < (shares >= 0.2).mean() < 0.4
    assert shares.max() <= 1


def test_first_permanences_are_uniform_on_both_sides():
    state = sp.initialise(sp.params(400, 200, potential_pct=1.0, initial_pct=0.25, connected=0.4))
    above = state.permanence >= np.float32(0.4)
    assert abs(above.mean() - 0.25) < 0.01
    assert abs(state.permanence[above].mean() - 0.7) < 0.005
    assert abs(state.permanence[~above].mean() - 0.2) < 0.005


def test_other_seeds_other_pools():
    a, b, c = (sp.initialise(sp.params(50, 20, seed=seed)) for seed in (1, 1, 2))
    assert_same_bits(a, b)
    assert not np.array_equal(a.permanence >= 0, c.permanence >= 0)


def test_others_win_in_place_of_killed_columns():
    p, state, x = small()
    often = np.unique(sp.compute(p, state, x).indices)[:10]
    sp.kill_columns(p, state, often)
    z = sp.compute(p, state, x, True)
    assert not np.isin(z.indices, often).any()
    assert np.all(np.diff(z.indptr) == 5)


def test_overlaps_beyond_a_byte():
    p = sp.params(1000, 7, potential_pct=1.0, initial_pct=1.0)
    state = sp.initialise(p)
    assert sp.overlaps(p, state, np.arange(1000)).tolist() == [1000] * 7
    assert sp.overlaps(p, state, np.arange(0)).tolist() == [0] * 7


def test_learning_makes_codes_robust():
    """Share of equal winners with a fifth of the active inputs moved: learned patterns beat new ones."""
    p = sp.params(256, 256, density=0.05, boost_strength=10.0, potential_pct=1.0)
    state, x = sp.initialise(p), sp_inputs.random_sdrs(256, 20, 16, seed=2)
    noisy = sp_inputs.noisy(x, 0.2, seed=1)

    def robust():
        return sp_metrics.output_overlap(sp.compute(p, state, x), sp.compute(p, state, noisy)).mean()

    before = robust()
    for _ in range(10):
        sp.compute(p, state, x, True)
    assert robust() > before + 0.2


# --- metrics


def csr(rows, n):
    return sp_inputs.rows([np.array(r, int) for r in rows], n)


def test_entropy():
    assert sp_metrics.entropy(csr([[0], [1]], 2)) == 1.0  # h2(1/2)
    assert sp_metrics.entropy(csr([[0], [0]], 4)) == 0.0
    z = csr([[0], [1], [2], [3]], 4)
    assert sp_metrics.entropy(z) == pytest.approx(-0.25 * np.log2(0.25) - 0.75 * np.log2(0.75))
    assert sp_metrics.sparsity(z) == 0.25


def test_stability_and_overlap():
    a, b = csr([[0, 1], [2, 3]], 5), csr([[0, 4], [2, 3]], 5)
    assert sp_metrics.stability(a, b) == 0.75
    assert sp_metrics.output_overlap(a, b).tolist() == [0.5, 1.0]
    assert sp_metrics.output_overlap(a, csr([[0], []], 5)).tolist() == [1.0, 0.0]
    assert np.isnan(sp_metrics.stability(a, csr([[], []], 5)))


def test_noise_of_nothing_and_of_all():
    p, state, x = small(stimulus_threshold=0)
    shares, overlap = sp_metrics.noise_curve(p, state, x, levels=3)
    assert shares.tolist() == [0, 0.5, 1]
    assert overlap[0] == 1.0
    area = sp_metrics.noise_robustness(p, state, x, levels=3)
    assert area == pytest.approx(overlap[0] / 4 + overlap[1] / 2 + overlap[2] / 4)


def test_witness_error_coverage_and_centres():
    p = sp.params((1, 8), 2, potential_pct=1.0, connected=0.5)
    state = sp.initialise(p)
    state.permanence[:] = 0
    state.permanence[0, [7, 0, 1]] = 1  # around the seam of the ring: its middle is 0
    state.permanence[1, [2, 3]] = 1
    state = sp.from_arrays(p, sp.state_arrays(state))
    assert sp_metrics.witness_error(state, csr([[0, 1]], 8), csr([[0, 1]], 2)) == (1 + 4) / 2
    assert sp_metrics.coverage(p, state).tolist() == [[1, 1, 1, 1, 0, 0, 0, 1]]
    middles = sp_metrics.centres(p, state)[:, 1]
    assert middles[1] == pytest.approx(2.5)
    assert min(middles[0], 8 - middles[0]) == pytest.approx(0, abs=1e-9)
    later = sp.copy(state)
    later.connected[[0, 5], 0] ^= 1
    assert sp_metrics.synapse_changes(state, later) == (1, 1)
    flat = p._replace(wrap=False)
    assert sp_metrics.centres(flat, state)[:, 1].tolist() == [pytest.approx(8 / 3), 2.5]
    later.connected[:, 1] = 0
    assert np.isnan(sp_metrics.centres(p, later)[1]).all()


# --- data sets


def test_random_sdrs():
    x = sp_inputs.random_sdrs(1024, 40, 20, seed=1)
    assert np.all(np.diff(x.indptr) == 20)
    y = sp_inputs.random_sdrs(1000, 200, (0.02, 0.2), seed=1)
    sizes = np.diff(y.indptr)
    assert sizes.min() >= 20
    assert sizes.max() <= 200
    assert abs(sizes.mean() - 110) < 15


def test_bars_and_crosses():
    x = sp_inputs.to_dense(sp_inputs.bars((9, 11), 200, 1, 2, seed=3)).reshape(-1, 9, 11)
    assert np.all(x.sum(axis=(1, 2)) == 5)
    upright = (x.sum(axis=1) == 5).any(axis=1)
    level = (x.sum(axis=2) == 5).any(axis=1)
    assert np.all(upright ^ level)
    assert 60 < upright.sum() < 140
    y = sp_inputs.to_dense(sp_inputs.crosses((9, 11), 20, 2)).reshape(-1, 9, 11)
    assert np.all(y.sum(axis=(1, 2)) == 9)
    assert np.all((y.sum(axis=1) == 5).any(axis=1) & (y.sum(axis=2) == 5).any(axis=1))


def test_noise_moves_the_stated_share():
    x = sp_inputs.random_sdrs(100, 10, 20)
    for share, kept in ((0.0, 20), (0.25, 15), (1.0, 0)):
        y = sp_inputs.noisy(x, share)
        assert np.all(np.diff(y.indptr) == 20)
        assert np.array_equal((sp_inputs.to_dense(x) & sp_inputs.to_dense(y)).sum(axis=1), np.full(10, kept))


def test_images_and_cut_fibres():
    grey = np.zeros((1, 2, 2), np.uint8)
    grey[0, 0] = 200, 90
    x = sp_inputs.images(grey, (4, 4))
    assert x.indices.tolist() == [5]
    assert sp_inputs.silenced(x, [5]).nnz == 0


# --- estimator


def test_estimator_is_the_functional_core():
    from scipy import sparse

    x = sp_inputs.random_sdrs(64, 30, 8, seed=1)
    dense = sp_inputs.to_dense(x)
    settings = {"n_columns": 50, "density": 0.1, "boost_strength": 10.0, "seed": 3}
    p, state, _ = small()
    for _ in range(2):
        sp.compute(p, state, x, True)
    z = sp_inputs.to_dense(sp.compute(p, state, x))
    made = SpatialPooler(**settings, epochs=2, output="dense").fit(dense)
    assert np.array_equal(made.transform(dense), z)
    assert np.array_equal(made.set_params(output="sparse").transform(sparse.csr_array(dense)).toarray(), z)
    assert isinstance(made.set_params(output="csr").transform(x), Csr)
    parts = SpatialPooler(**settings).partial_fit(x).partial_fit(dense)
    assert_same_bits(parts.state_, state)
    assert_same_bits(pickle.loads(pickle.dumps(parts)).state_, state)
    assert list(parts.get_feature_names_out()[:2]) == ["column0", "column1"]


def test_estimator_in_a_pipeline():
    from sklearn.base import clone
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline

    g = np.random.default_rng(0)
    kinds = g.random((4, 100)) < 0.1
    y = np.repeat(np.arange(4), 20)
    X = kinds[y] ^ (g.random((80, 100)) < 0.03)
    model = make_pipeline(SpatialPooler(n_columns=100, density=0.05), RidgeClassifier()).fit(X[::2], y[::2])
    assert clone(model[0]).get_params() == model[0].get_params()
    assert model.score(X[1::2], y[1::2]) > 0.9


# --- the reference run


@pytest.mark.slow
def test_measures_are_those_of_the_reference_run():
    """Mean of six networks within 10 % of one run of htm.core in every measure."""
    from simulations import sp_metrics as simulation

    result = simulation.run(simulation.Config())
    assert len(result.rows) == 19
    assert [row for row in result.rows if abs(row["ratio"] - 1) > 0.1] == []
