"""What a spatial pooler, its data sets, metrics and estimator refuse, and in which words."""

import numpy as np
import pytest

from neurosparse.csr import Csr, from_coo
from neurosparse.sdr import Sdr, batch, sp_inputs, sp_metrics
from neurosparse.sdr import spatial_pooler as sp
from neurosparse.sdr.sp_estimator import SpatialPooler
from tests.test_sdr_spatial_pooler import assert_same_bits, csr, small


@pytest.mark.parametrize("bad, message", [
    ({"potential_pct": 0}, "spatial_pooler.params: potential_pct must be > 0, got 0"),
    ({"density": 1.5}, r"density must be in \[0, 1\], got 1.5"),
    ({"connected": 0.0}, r"connected must be in \[1e-06, 1\], got 0.0"),
    ({"perm_inc": -0.1}, r"perm_inc must be in \[0, 1\], got -0.1"),
    ({"perm_dec": float("nan")}, "perm_dec must be a finite number, got nan"),
    ({"initial_pct": [0.1, 0.2]}, r"initial_pct must be one number, got \(2,\)"),
    ({"min_overlap_pct": 2}, r"min_overlap_pct must be in \[0, 1\], got 2"),
    ({"boost_strength": -1}, r"boost_strength must be in \[0, .*got -1"),
    ({"duty_period": 0}, r"duty_period must be in \[1, .*got 0"),
    ({"update_period": 1.5}, "update_period must be a whole number, got 1.5"),
    ({"stimulus_threshold": 11}, r"stimulus_threshold must be in \[0, 10\], got 11"),
    ({"inhibition": "globl"}, "inhibition must be one of global, local, got 'globl'; did you mean 'global'"),
    ({"wrap": "no"}, "wrap must be one of False, True, got 'no'"),
    ({"wrap": 1}, "wrap must be one of False, True, got 1"),
    ({"inhibition_radius": 0}, r"inhibition_radius must be in \[1, .*got 0"),
    ({"potential_radius": -1}, r"potential_radius must be in \[0, .*got -1"),
    ({"seed": -1}, r"seed must be in \[0, .*got -1"),
    ({"input_shape": (2, 3, 4)}, r"input_shape must be a number, \(n,\) or \(rows, columns\), got \(2, 3, 4\)"),
    ({"input_shape": 0}, r"input_shape must be in \[1, .*got 0"),
    ({"column_shape": (2**20, 2**20)}, "column_shape must be at most 2147483647 places"),
])  # fmt: skip
def test_parameters_out_of_range(bad, message):
    with pytest.raises((TypeError, ValueError), match=message):
        sp.params(**{"input_shape": 10, "column_shape": 10, **bad})


def test_too_large_for_the_memory():
    with pytest.raises(MemoryError, match="permanences and connections must fit in memory, got .*smaller fields"):
        sp.params(2**24, 2**24)


def test_pools_too_small_for_the_threshold():
    p = sp.params(100, 10, potential_radius=1, stimulus_threshold=4, potential_pct=1.0)
    with pytest.raises(ValueError, match="initialise: every pool must hold 4 inputs or more, got 3; widen"):
        sp.initialise(p)


@pytest.mark.parametrize("x, message", [
    ([3, 2], "ascending and distinct in each pattern, got .*sort them"),
    ([3, 3], "ascending and distinct"),
    ([64], r"inputs must be in \[0, 64\), got"),
    ([-1, 2], r"inputs must be in \[0, 64\), got"),
    ([0.5], "x must be a Csr or a vector of active inputs"),
    ([[1, 2]], "x must be a Csr or a vector of active inputs"),
    ([[1], [2, 3]], "x must be an array"),
    (Sdr([1, 2], 65), "x must have 64 bits, got 65"),
    (from_coo([0], [0], 1.0, (1, 65)), "x must have 64 columns, got 65"),
    (Csr(np.array([0, 2]), np.array([5, 4], np.int32), np.ones(2, np.float32), 64), "ascending and distinct"),
])  # fmt: skip
def test_inputs_that_are_none(x, message):
    p, state, _ = small()
    before = sp.copy(state)
    with pytest.raises((TypeError, ValueError), match=rf"spatial_pooler.compute: .*{message}"):
        sp.compute(p, state, x, True)
    assert_same_bits(before, state)


def test_other_mistakes():
    p, state, x = small()
    with pytest.raises(ValueError, match=r"overlaps: inputs must be in \[0, 64\), ascending"):
        sp.overlaps(p, state, [2, 1])
    with pytest.raises(ValueError, match=r"kill_columns: columns must be whole numbers in \[0, 50\), got \[50\]"):
        sp.kill_columns(p, state, [50])
    with pytest.raises(ValueError, match="overlaps: x must have 64 bits, got 65"):
        sp.overlaps(p, state, Sdr([1], 65))
    with pytest.raises(ValueError, match="kill_columns: columns must have 50 bits, got 51"):
        sp.kill_columns(p, state, Sdr([1], 51))
    with pytest.raises(TypeError, match="from_arrays: arrays must be those of state_arrays, got None"):
        sp.from_arrays(p, None)  # pyright: ignore[reportArgumentType]
    arrays = sp.state_arrays(state)
    with pytest.raises(ValueError, match=r"from_arrays: alive must be uint8 of shape \(50,\), got"):
        sp.from_arrays(p, arrays | {"alive": arrays["alive"][1:]})
    with pytest.raises(ValueError, match="from_arrays: array must be one of .*, got 'boost'"):
        sp.from_arrays(p, {k: v for k, v in arrays.items() if k != "boost"})
    with pytest.raises(ValueError, match="from_arrays: every pool must hold 1 inputs or more, got 0"):
        sp.from_arrays(p, arrays | {"permanence": np.full((50, 64), -1, np.float32)})
    with pytest.raises(ValueError, match=r"entropy: patterns must be in \[1"):
        sp_metrics.entropy(sp_inputs.take(x, []))
    with pytest.raises(ValueError, match="stability: both must have the same patterns and columns"):
        sp_metrics.stability(x, csr([[1]], 64))
    with pytest.raises(ValueError, match="witness_error: both must have the same patterns"):
        sp_metrics.witness_error(state, x, csr([[1]], 50))
    with pytest.raises(ValueError, match="synapse_changes: both states must be of one pooler"):
        sp_metrics.synapse_changes(state, sp.initialise(sp.params(10, 10)))
    with pytest.raises(ValueError, match=r"noise_curve: levels must be in \[2"):
        sp_metrics.noise_curve(p, state, x, 1)


@pytest.mark.parametrize("call, message", [
    (lambda x: sp_inputs.random_sdrs(10, 2, 11), r"random_sdrs: active must be in \[0, 10\], got 11"),
    (lambda x: sp_inputs.random_sdrs(10, 2, (0.1, 1.5)), r"random_sdrs: active must be in \[0, 1\]"),
    (lambda x: sp_inputs.bars((5, 5), 2, 1, 3), r"bars: half must be in \[0, 2\], got 3; the bar must fit"),
    (lambda x: sp_inputs.bars((5, 5), 2, 0), r"bars: n_bars must be in \[1"),
    (lambda x: sp_inputs.noisy(x, 2.0), r"noisy: share must be in \[0, 1\], got 2.0"),
    (lambda x: sp_inputs.noisy(csr([range(6)], 10), 1.0), r"noisy: silent inputs of a row must be in \[6, .*got 4"),
    (lambda x: sp_inputs.images(np.ones((1, 5, 5)), (4, 4)), r"images: images must be at most 4 x 4, got \(5, 5\)"),
    (lambda x: SpatialPooler(epochs=0).fit(x), r"SpatialPooler.fit: epochs must be in \[1"),
    (lambda x: SpatialPooler().fit([Sdr([1], 9), Sdr([1], 8)]), "SpatialPooler.fit: row 1 must have 9 bits, got 8"),
    (lambda x: SpatialPooler().fit([Sdr([1], 9), [1]]), "SpatialPooler.fit: row 1 must be an Sdr"),
    (lambda x: SpatialPooler().fit([[1, 0], [1]]), "SpatialPooler.fit: X must be an array, got .*need one length"),
    (lambda x: SpatialPooler(input_shape=9).fit(x), "SpatialPooler.fit: X must have 9 features, got 64"),
    (lambda x: SpatialPooler(n_columns=9).fit(x).transform(np.ones((1, 3))), "X has 3 features, but SpatialPooler is"),
    (lambda x: SpatialPooler(n_columns=9, output="x").fit(x).transform(x), "output must be one of sparse, dense, csr"),
])  # fmt: skip
def test_mistakes_with_patterns(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(sp_inputs.random_sdrs(64, 3, 8))


def test_sdrs_are_patterns():
    p, state, x = small()
    made = batch.sdrs(x)
    assert np.array_equal(sp.compute(p, state, made[0].reshape(8, 8)), sp.compute(p, state, made[0].indices))
    assert np.array_equal(sp.overlaps(p, state, made[0]), sp.overlaps(p, state, made[0].indices))
    pooler = SpatialPooler(n_columns=50, density=0.1, epochs=2).fit(x)
    assert_same_bits(pooler.state_, SpatialPooler(n_columns=50, density=0.1, epochs=2).fit(made).state_)
    sp.kill_columns(p, state, Sdr([3, 7], 50))
    assert np.flatnonzero(state.alive == 0).tolist() == [3, 7]


def test_transform_needs_fit():
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError, match="transform: the pooler must be fitted first"):
        SpatialPooler().transform(np.ones((1, 4)))
