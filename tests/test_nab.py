"""Scoring of anomaly detectors: by hand, against a naive scorer, and against the benchmark's own scored files."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurosparse import data
from neurosparse.data import loader
from neurosparse.measure import nab

there = pytest.mark.skipif(not (loader.folder() / "nab.tar.xz").exists(), reason="NEUROSPARSE_DATA has no nab.tar.xz")


def sigma(y):
    return 2 / (1 + math.exp(5 * y)) - 1


def naive(scores, windows, profile, threshold):
    """The raw score of one series, record by record."""
    n = len(scores)
    skip = min(int(0.15 * n), 750)
    total, found = 0.0, set()
    for i in range(skip, n):
        inside = [k for k, (a, b) in enumerate(windows) if a <= i <= b]
        if scores[i] < threshold:
            continue
        if inside:
            a, b = windows[inside[0]]
            if inside[0] not in found:
                total += profile.tp * sigma(-(b - i + 1) / (b - a + 1)) / sigma(-1)
            found.add(inside[0])
            continue
        before = [(a, b) for a, b in windows if b < i]
        y = (i - before[-1][1]) / max(before[-1][1] - before[-1][0], 1) if before else 3.0
        total += profile.fp * (sigma(y) if y < 3 else -1.0)
    counted = [k for k, (_, b) in enumerate(windows) if b >= skip]
    return total - profile.fn * (len(counted) - len(found))


@st.composite
def corpora(draw):
    """A few short series with windows, and scores of few values, so that many are equal."""
    out = []
    for _ in range(draw(st.integers(1, 3))):
        n = draw(st.integers(4, 40))
        ends = sorted(draw(st.sets(st.integers(0, n - 1), max_size=6)))
        windows = [ends[k : k + 2] for k in range(0, len(ends) - 1, 2)]
        scores = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
        out.append((np.array(scores) / 4, np.array(windows, int).reshape(-1, 2)))
    return out


@given(corpora(), st.sampled_from(list(nab.PROFILES)))
def test_scores_are_those_of_a_naive_scorer_and_the_best_threshold_is_best(corpus, name):
    scores, windows = [one for one, _ in corpus], [one for _, one in corpus]
    profile = nab.PROFILES[name]
    counted = sum(b >= nab.probation(len(one)) for one, limits in corpus for _, b in limits)
    if not counted:
        with pytest.raises(ValueError, match="measure.nab: there must be a window that does not end in the probation"):
            nab.score(scores, windows, profile)
        return
    raw = {}
    for threshold in (0.0, 0.25, 0.5, 0.75, 1.0, 2.0):
        raw[threshold] = sum(naive(one, limits, profile, threshold) for one, limits in corpus)
        found = nab.score(scores, windows, profile, threshold)
        assert found.raw == pytest.approx(raw[threshold])
        assert found.score == pytest.approx(100 * (found.raw + profile.fn * counted) / (profile.fn + 1) / counted)
        earned = [nab.detections(one, limits, profile, threshold) for one, limits in corpus]
        assert sum(map(np.sum, earned)) - profile.fn * (counted - found.found) == pytest.approx(found.raw)
        assert found.false_positives == sum(
            np.count_nonzero(one[skip:][nab.positions(len(one), limits)[1][skip:] < 0] >= threshold)
            for one, limits in corpus
            if (skip := nab.probation(len(one))) >= 0
        )
        assert found.windows == counted
    assert nab.score(scores, windows, name).raw == pytest.approx(max(raw.values()))


def test_the_sigmoid_is_the_published_one():
    y, number = nab.positions(30, [[10, 19]])
    assert (y[10], y[19], y[20]) == (-1.0, -0.1, 1 / 9)
    assert np.all(np.isinf(y[:10]))
    assert number.tolist() == [-1] * 10 + [0] * 10 + [-1] * 10
    reward = nab.rewards(60, [[10, 19]], nab.PROFILES["standard"])
    assert reward[10] == 1.0
    assert reward[0] == reward[46] == reward[59] == -0.11
    assert reward[45] == pytest.approx(0.11 * sigma(26 / 9))
    assert np.all(np.diff(reward[10:47]) < 0)
    np.testing.assert_allclose(nab.rewards(60, [[10, 19]], nab.Profile(2, 0.22, 1)), 2 * reward)


def test_one_record_is_a_window_too():
    assert nab.rewards(9, [[4, 4]], nab.PROFILES["standard"])[4] == 1.0
    assert nab.score([np.eye(9)[4]], [[[4, 4]]]).score == 100.0


def test_nothing_scores_0_and_all_at_once_100():
    windows = [[[30, 39], [60, 69]], [[20, 24]], []]
    quiet = [np.zeros(100)] * 3
    perfect = [np.isin(np.arange(100), [first for first, _ in one]).astype(float) for one in windows]
    for name in nab.PROFILES:
        assert nab.score(quiet, windows, name, threshold=0.5) == (0.0, -3 * nab.PROFILES[name].fn, 0.5, 0, 3, 0)
        found = nab.score(perfect, windows, name)
        assert (found.score, found.threshold, found.found, found.false_positives) == (100.0, 1.0, 3, 0)
    never = nab.score([np.arange(100.0)[::-1]], [[[98, 99]]])
    assert (never.score, never.threshold, never.found) == (0.0, np.inf, 0)


def test_probation():
    assert [nab.probation(n) for n in (0, 6, 7, 1000, 5000, 5001, 100_000)] == [0, 0, 1, 150, 750, 750, 750]
    early = nab.score([np.eye(100)[14]], [[[0, 20]]], threshold=1.0)
    assert (early.found, early.windows) == (0, 1)
    assert nab.score([np.eye(100)[15]], [[[0, 20]]], threshold=1.0).found == 1


def test_bad_corpora():
    for windows in ([[5, 4]], [[0, 5], [5, 7]], [[3, 10]], [[-1, 3]], [[0.5, 2.0]], [[4, 5], [1, 2]]):
        with pytest.raises(
            ValueError, match=r"measure.nab: windows must be pairs of records \(first, last\) of the 10"
        ):
            nab.positions(10, windows)
    with pytest.raises(ValueError, match="same number of series, got '1 and 2'"):
        nab.score([np.zeros(10)], [[[3, 4]], [[3, 4]]])
    with pytest.raises(ValueError, match=r"scores of a series must have shape \(n,\), got \(2, 5\)"):
        nab.score([np.zeros((2, 5))], [[[3, 4]]])
    with pytest.raises(ValueError, match="scores must be a finite number"):
        nab.score([[0.0, np.nan]], [[[0, 1]]])
    with pytest.raises(ValueError, match="profile must be one of standard, .* did you mean 'standard'"):
        nab.score([np.zeros(10)], [[[3, 4]]], "standart")
    with pytest.raises(TypeError, match="n must be a whole number"):
        nab.probation(1.5)  # type: ignore[arg-type]


@pytest.mark.data
@there
def test_every_reward_in_the_published_files():
    """numentaTM on three series under three profiles: each reward to 1e-11; files put a window's at its beginning."""
    corpus = data.load_nab()
    windows = {one.name: one.windows for one in corpus.series}
    compared = 0
    for name, rows in corpus.scored["numentaTM"].items():
        for profile, published in rows.earned.items():
            weights, threshold = nab.PROFILES[profile], corpus.thresholds["numentaTM"][profile]["threshold"]
            ours = nab.detections(rows.anomaly_score, windows[name], weights, threshold)
            for first, last in windows[name]:
                earned = ours[first : last + 1].sum()
                ours[first : last + 1] = 0
                ours[first] = earned or -weights.fn
            np.testing.assert_allclose(ours, published, atol=1e-11, rtol=0)
            raw = nab.score([rows.anomaly_score], [windows[name]], profile, threshold).raw
            assert raw == pytest.approx(published.sum(), abs=1e-10)
            compared += np.count_nonzero(published)
    assert compared == 76


@pytest.mark.data
@there
def test_profiles_null_and_perfect_on_the_whole_corpus():
    corpus = data.load_nab()
    windows = [one.windows for one in corpus.series]
    perfect = [np.isin(np.arange(len(one.value)), one.windows[:, 0]).astype(float) for one in corpus.series]
    for name, weights in corpus.profiles.items():
        assert nab.PROFILES[name] == (weights["tpWeight"], weights["fpWeight"], weights["fnWeight"])
        null = nab.score([np.zeros(len(one.value)) for one in corpus.series], windows, name, threshold=1.0)
        assert (null.score, null.windows) == (0.0, 116)
        assert null.raw == corpus.thresholds["null"][name]["score"]
        assert nab.score(perfect, windows, name).score == 100.0
        for detector in ("ARTime", "contextOSE", "expose", "numenta", "numentaTM"):  # of others the two files disagree
            raw, final = corpus.thresholds[detector][name]["score"], corpus.published[detector][name]
            assert 100 * (raw - null.raw) / (116 - null.raw) == pytest.approx(final, abs=1e-6)
