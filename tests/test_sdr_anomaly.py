"""The anomaly likelihood against a plain implementation over SciPy's normal law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurosparse.sdr import Sdr, anomaly, batch


def plain(p, scores):
    """Lists and SciPy: every estimate from scratch."""
    out, shorts, law = [], [], None
    for t in range(len(scores)):
        short = np.mean(scores[max(0, t + 1 - p.short_window) : t + 1])
        ready = t - p.learning - p.estimation
        if ready >= 0 and ready % p.period == 0:
            kept = shorts[p.learning :][-p.window :]
            law = stats.norm(np.mean(kept), max(np.std(kept), p.min_deviation))
        out.append(0.5 if law is None else 1.0 - law.sf(short))
        shorts.append(short)
    return np.array(out)


@given(
    st.builds(anomaly.params, window=st.integers(2, 40), short_window=st.integers(1, 6), learning=st.integers(0, 9),
              estimation=st.integers(1, 9), period=st.integers(1, 7)),
    st.lists(st.floats(0, 1), min_size=1, max_size=80),
)  # fmt: skip
def test_equal_to_the_plain_one(p, scores):
    assert anomaly.likelihood(p, scores) == pytest.approx(plain(p, scores), abs=1e-9)


def test_a_stream_is_a_batch_in_pieces():
    p = anomaly.params(window=30, learning=5, estimation=5, period=3)
    scores = np.random.default_rng(0).random(100) ** 3
    state, out = anomaly.init(p), []
    for one in scores:
        before = [array.copy() for array in state]
        old, (state, value) = state, anomaly.step(p, state, one)
        assert all(np.array_equal(a, b) for a, b in zip(before, old))
        out.append(value)
    assert np.array_equal(out, anomaly.likelihood(p, scores))


def test_a_burst_stands_out():
    p = anomaly.params(learning=50, estimation=50)
    scores = 0.1 * np.random.default_rng(1).random(400)
    scores[300:310] = 0.9
    found = anomaly.likelihood(p, scores)
    assert np.argmax(found) in range(300, 312)
    assert found[305] > 1 - 1e-9
    assert (found[:100] == 0.5).all()


def test_the_logarithm():
    assert anomaly.log_likelihood(np.array([0.0, 1 - 1e-5, 1.0])) == pytest.approx([0, 0.5, 1], abs=1e-5)


def test_raw_scores():
    assert anomaly.score([1, 2, 3], [2, 3, 4, 5]) == 0.5
    assert anomaly.score([], []) == anomaly.score([1], []) == 0.0
    assert anomaly.score([1, 1, 3], (4, 2, 2, 3)) == pytest.approx(2 / 3)
    assert (
        anomaly.score(Sdr([1, 2, 3], 9), Sdr([2, 3, 4, 5], 9)) == anomaly.score([3, 2, 1], Sdr([2, 3, 4, 5], 9)) == 0.5
    )


MISTAKES = {
    "params: window must be in": lambda: anomaly.params(window=1),
    "min_deviation must be > 0": lambda: anomaly.params(min_deviation=0.0),
    "step: score must be in": lambda: anomaly.step(anomaly.params(), anomaly.init(anomaly.params()), 1.5),
    "scores must be in": lambda: anomaly.likelihood(anomaly.params(), [0.5, 2.0]),
    "scores must be a vector": lambda: anomaly.likelihood(anomaly.params(), [[0.5]]),
    "likelihood must be in": lambda: anomaly.log_likelihood(-0.1),
    "score: predicted must have 12 bits, got 10": lambda: anomaly.score(Sdr([1], 10), Sdr([2], 12)),
    r"score: predicted must be in \[0, 11\], got": lambda: anomaly.score([12], Sdr([2], 12)),
    r"score: active must be in \[0, 11\], got": lambda: anomaly.score(Sdr([2], 12), [12]),
    "score: active must be in": lambda: anomaly.score([1], [-1]),
    "score: active must be an array": lambda: anomaly.score([1], [[1], [2, 3]]),
}


@pytest.mark.parametrize("ids", [float("nan"), "ab", [True, False], [1.0], [[1]], 3, batch.of([Sdr([1], 9)])])
def test_what_is_no_set_of_ids(ids):
    for pair in ((ids, [1]), ([1], ids)):
        with pytest.raises(
            TypeError, match="must be a vector of whole numbers, or an Sdr, got .*numpy.flatnonzero makes"
        ):
            anomaly.score(*pair)


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_named(message):
    with pytest.raises(ValueError, match=message):
        MISTAKES[message]()
