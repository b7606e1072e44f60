"""The anomaly likelihood against a plain implementation over SciPy's normal law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurosparse.sdr import anomaly


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
    assert anomaly.score([], []) == 0.0


MISTAKES = {
    "params: window must be in": lambda: anomaly.params(window=1),
    "min_deviation must be > 0": lambda: anomaly.params(min_deviation=0.0),
    "step: score must be in": lambda: anomaly.step(anomaly.params(), anomaly.init(anomaly.params()), 1.5),
    "scores must be in": lambda: anomaly.likelihood(anomaly.params(), [0.5, 2.0]),
    "scores must be a vector": lambda: anomaly.likelihood(anomaly.params(), [[0.5]]),
    "likelihood must be in": lambda: anomaly.log_likelihood(-0.1),
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_named(message):
    with pytest.raises(ValueError, match=message):
        MISTAKES[message]()
