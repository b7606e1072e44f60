"""Encoders: the event format, the laws of the random ones, hand-made answers of the others."""

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from neurosparse import clock, encode, jit, rng
from neurosparse.encode import Events
from neurosparse.network import CurrentInput, Network, Population, StateMonitor

loose: Any = encode  # called with wrong types on purpose
S = rng.stream(7, "input")
SLOW = not isinstance(rng._uniforms, jit.Kernel)  # plain Python runs: NUMBA_DISABLE_JIT=1
LONG = 5_000 if SLOW else 100_000
rasters = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9))


def same(a: Events, b: Events) -> bool:
    return np.array_equal(a.start, b.start) and np.array_equal(a.index, b.index)


def lists(events: Events) -> list[list[int]]:
    return [part.tolist() for part in np.split(events.index, events.start[1:-1])]


def test_events_from_pairs_by_hand():
    events = encode.events_from_pairs([5, 3, 9, 3, 0, 5], [2, 0, 2, 2, 4, 2], 6)
    assert events.start.tolist() == [0, 1, 1, 4, 4, 5, 5]
    assert events.index.tolist() == [3, 3, 5, 9, 0]
    assert (events.start.dtype, events.index.dtype) == (np.int64, np.int32)
    assert [array.tolist() for array in encode.pairs(events)] == [[3, 3, 5, 9, 0], [0, 2, 2, 2, 4]]
    encode.check_events("here", events, 10, 6)


def test_the_same_element_in_the_next_step_is_no_duplicate():
    events = encode.events_from_pairs([1, 1, 1, 1], [0, 1, 1, 3], 4)
    assert lists(events) == [[1], [1], [], [1]]


def test_no_events():
    for events in (encode.events_from_pairs([], [], 3), encode.from_dense(np.zeros((3, 4)))):
        assert events.start.tolist() == [0, 0, 0, 0]
        assert events.index.size == 0
        encode.check_events("here", events, 0, 3)
    assert encode.events_from_pairs([], [], 0).start.tolist() == [0]


@settings(deadline=None)
@given(raster=rasters)
def test_dense_and_back(raster):
    events = encode.from_dense(raster)
    encode.check_events("here", events, raster.shape[1], raster.shape[0])
    assert np.array_equal(encode.dense(events, raster.shape[1]), raster)


@settings(deadline=None)
@given(raster=rasters, data=st.data())
def test_pairs_and_back_in_any_order_with_duplicates(raster, data):
    events = encode.from_dense(raster)
    i, t = encode.pairs(events)
    places = [*range(i.size)]
    order = data.draw(st.permutations(places + data.draw(st.lists(st.sampled_from(places or [0]), max_size=4))))
    order = np.array(order if i.size else [], dtype=int)
    assert same(encode.events_from_pairs(i[order], t[order], len(raster)), events)


def test_bernoulli_counts_are_binomial():
    p = np.array([1e-3, 0.02, 0.3, 0.5, 0.93])
    events = encode.bernoulli(p, LONG, S)
    encode.check_events("here", events, p.size, LONG)
    for count, q in zip(np.bincount(events.index, minlength=p.size), p):
        assert stats.binomtest(int(count), LONG, q).pvalue > 1e-3


def test_bernoulli_count_law_over_samples():
    n_steps, q, n = 12, 0.3, LONG // 10
    counts = np.bincount(encode.bernoulli(np.full(n, q), n_steps, S, 3).index, minlength=n)
    observed = np.bincount(np.minimum(counts, 8), minlength=9)
    expected = n * np.diff([0, *stats.binom.cdf(range(8), n_steps, q), 1])
    assert stats.chisquare(observed, expected).pvalue > 1e-3


@pytest.mark.parametrize("q", [0.05, 0.4, 0.9])
def test_bernoulli_gaps_are_geometric_and_independent(q):
    _, t = encode.pairs(encode.bernoulli([q], LONG, S, 1))
    gaps = np.diff(t, prepend=-1)
    top = int(stats.geom.ppf(0.99, q))
    observed = np.bincount(np.minimum(gaps, top + 1), minlength=top + 2)[1:]
    expected = gaps.size * np.diff([0, *stats.geom.cdf(range(1, top + 1), q), 1])
    assert stats.chisquare(observed, expected).pvalue > 1e-3
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 4 / math.sqrt(gaps.size)


def test_bernoulli_is_stationary_and_elements_are_independent():
    n = LONG // 10
    raster = encode.dense(encode.bernoulli(np.full(n, 0.25), 10, S, 2), n)
    for row in raster:
        assert stats.binomtest(int(row.sum()), n, 0.25).pvalue > 1e-3
    correlation = np.corrcoef(raster[:, 1:].ravel(), raster[:, :-1].ravel())[0, 1]
    assert abs(correlation) < 4 / math.sqrt(raster.size)


def test_bernoulli_edges():
    smallest = np.nextafter(0.0, 1.0)
    assert lists(encode.bernoulli([0.0, 1.0, smallest, 1.0 - 1e-16], 3, S)) == [[1, 3]] * 3
    assert encode.bernoulli([1.0], 0, S).start.tolist() == [0]
    assert encode.bernoulli([], 2, S).start.tolist() == [0, 0, 0]


def test_bernoulli_grows_its_room():
    start = np.zeros(41, dtype=np.int64)
    index = encode._all_times(S, 0, np.full(30, 0.5), start, 1)
    assert same(Events(start, index), encode.bernoulli(np.full(30, 0.5), 40, S))


def test_bernoulli_numbers_belong_to_element_and_sample():
    p = np.linspace(0, 0.6, 20)
    raster = encode.dense(encode.bernoulli(p, 50, S, 4), 20)
    assert np.array_equal(encode.dense(encode.bernoulli(p[:10], 50, S, 4), 10), raster[:, :10])
    assert np.array_equal(encode.dense(encode.bernoulli(p, 30, S, 4), 20), raster[:30])
    others = [encode.bernoulli(p, 50, S, 5), encode.bernoulli(p, 50, rng.stream(7, "other"), 4)]
    assert all(not np.array_equal(encode.dense(other, 20), raster) for other in others)


def test_bernoulli_is_the_same_on_threads():
    def sample(k):
        return encode.bernoulli(np.full(40, 0.1), 50, S, k)

    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(sample, range(20)))
    assert all(same(a, sample(k)) for k, a in enumerate(threaded))


def test_bernoulli_is_pinned():
    assert lists(encode.bernoulli([0.5, 0.2, 0.9], 6, rng.stream(0, "pinned"))) == [
        [0, 2],
        [0, 1, 2],
        [1, 2],
        [0, 2],
        [2],
        [1, 2],
    ]


def test_poisson_is_bernoulli_with_the_probability_of_one_spike_or_more():
    rate = np.array([0.0, 20.0, 200.0])
    p = [0.0, 1 - math.exp(-0.01), 1 - math.exp(-0.1)]
    assert same(encode.poisson(rate, 4000, 0.5, S), encode.bernoulli(p, 4000, S))
    silent, slow, fast = np.bincount(encode.poisson(rate, 4000, 0.5, S).index, minlength=3)
    assert silent == 0
    assert slow == pytest.approx(40, abs=25)
    assert fast == pytest.approx(381, abs=75)


def test_latency_by_hand():
    x = np.array([1.0, math.exp(-0.55), math.exp(-0.25), 0.0, 1e-9])  # 0, 5.5, 2.5, never, 207.2 ms
    assert lists(encode.latency(x, 8, tau=10.0)) == [[0], [], [2], [], [], [1], [], []]
    assert lists(encode.latency(x, 3, tau=10.0, dt=2.0)) == [[0], [2], [1]]
    assert encode.latency(x, 208, tau=10.0).start[[207, 208]].tolist() == [3, 4]
    assert lists(encode.latency(x, 4, tau=10.0, threshold=math.exp(-0.25))) == [[0], [], [], []]


def test_latency_linear_by_hand():
    x = np.array([1.0, 0.5, 0.25, 0.0])
    assert lists(encode.latency(x, 4, tau=4.0, linear=True)) == [[0], [], [1], [2]]


def test_delta_by_hand():
    signal = np.array([[0.0, 5.0], [1.0, 4.6], [3.0, 4.0], [3.0, 3.0], [3.0, 3.0], [0.5, 4.0]])
    #  references:       0 5         1 5         2 4         3 3         3 3         2 4
    assert lists(encode.delta(signal, 1.0)) == [[], [0], [0, 3], [0, 3], [], [1, 2]]
    assert lists(encode.delta(signal, [2.0, 0.5])) == [[], [], [0, 3], [3], [3], [1]]


def test_delta_of_nothing():
    assert encode.delta(np.zeros((0, 3)), 1.0).start.tolist() == [0]
    assert encode.delta(np.full((4, 2), 3.0), 1.0).index.size == 0


@settings(deadline=None)
@given(moves=hnp.arrays(float, (20, 3), elements=st.floats(-0.9, 0.9)), start=st.floats(-5, 5))
def test_delta_reference_follows_a_slow_signal(moves, start):
    signal = start + np.cumsum(moves, axis=0)
    fired = encode.dense(encode.delta(signal, 1.0), 6).astype(float)
    reference = signal[0] + np.cumsum(fired[:, :3] - fired[:, 3:], axis=0)
    assert np.all(np.abs(signal - reference) < 1.0 + 1e-9)


def test_step_current_by_hand():
    """0.3 is a step's begin although 0.3 / 0.1 is 2.9999999999999996; 0.45 counts from the next step on."""
    made = encode.step_current([0.1, 0.3, 0.45, 1e308], [2.0, -1.0, 5.0, 9.0], 7, 0.1)
    assert made.shape == (7, 1)
    assert made[:, 0].tolist() == [0.0, 2.0, 2.0, -1.0, -1.0, 5.0, 5.0]
    made = encode.step_current([0, 2], [[1.0, 2.0], [3.0, 4.0]], 3, 1.0)
    assert made.tolist() == [[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]]
    assert encode.step_current([], [], 2, 1.0).tolist() == [[0.0], [0.0]]


def test_step_current_is_what_a_run_takes():
    net = Network(
        (Population("n", 2, "lif", {"tau_mem": 1e6, "r": 1e6, "v_th": 1e9}),),
        (),
        (CurrentInput("dc", "n", "current"),),
        dt=1.0,
    )
    watch = (StateMonitor("n", ("v",)),)
    v = clock.run(net, 4.0, {"dc": encode.step_current([1.0, 3.0], [1.0, -2.0], 4, 1.0)}, watch).states["n"].fields["v"]
    assert np.diff(v, axis=0) == pytest.approx(np.array([[1.0, 1.0], [1.0, 1.0], [-2.0, -2.0]]), rel=1e-4)


def test_image_probabilities_by_hand():
    images = np.array([[[1, 3], [0, 0]], [[0, 0], [0, 0]], [[50, 50], [50, 50]]], dtype=np.uint8)
    p, scale = encode.image_probabilities(images)
    assert scale == 0.75
    assert p == pytest.approx(np.array([[1 / 3, 1, 0, 0], [0, 0, 0, 0], [1 / 3, 1 / 3, 1 / 3, 1 / 3]]))
    others, again = encode.image_probabilities(np.array([[0.0, 0.2], [0.1, 0.1]]), scale)
    assert others == pytest.approx(np.array([[0, 1], [2 / 3, 2 / 3]]))
    assert again == 0.75
    assert encode.image_probabilities(np.zeros((0, 4)), 0.5)[0].shape == (0, 4)
    assert images.max() == 50


def events(start, index):
    return Events(np.array(start, np.int64), np.array(index, np.int32))


NAN = float("nan")
WRONG = [
    (lambda: encode.events_from_pairs([0], [3], 3), ValueError, r"events_from_pairs: t must be in \[0, 3\)"),
    (lambda: encode.events_from_pairs([-1], [0], 3), ValueError, "events_from_pairs: i must be in"),
    (lambda: encode.events_from_pairs([2**31], [0], 3), ValueError, r"i must be in \[0, 2147483648\)"),
    (
        lambda: encode.events_from_pairs([0.5], [0], 3),
        ValueError,
        r"i must be an \(n_events,\) array of whole",
    ),
    (lambda: encode.events_from_pairs([[0]], [0], 3), ValueError, r"i must be an .*, got 'int64 \(1, 1\)'"),
    (
        lambda: encode.events_from_pairs([0, 1], [0], 3),
        ValueError,
        r"i and t must have the same length, got \(2, 1",
    ),
    (lambda: encode.events_from_pairs([], [], -1), ValueError, "events_from_pairs: n_steps must be in"),
    (
        lambda: encode.from_dense([1, 0]),
        ValueError,
        r"from_dense: array must have shape \(n_steps, n\), got \(2,\)",
    ),
    (
        lambda: encode.dense(events([0, 1], [4]), 4),
        ValueError,
        r"encode.dense: events.index must be in \[0, 4\)",
    ),
    (lambda: encode.check_events("me", ([0], []), 1), TypeError, "me: events must be an encode.Events"),
    (
        lambda: encode.check_events("me", Events(np.zeros(1), np.zeros(1, np.int32)), 1),
        ValueError,
        "me: events must be start .*float64",
    ),
    (
        lambda: encode.check_events("me", events([], []), 1),
        ValueError,
        "events.start must rise from 0 to the 0",
    ),
    (lambda: encode.check_events("me", events([1, 1], [0]), 1), ValueError, "events.start must rise from 0"),
    (
        lambda: encode.check_events("me", events([0, 2], [0]), 1),
        ValueError,
        "events.start must rise from 0 to the 1",
    ),
    (
        lambda: encode.check_events("me", events([0, 2, 1], [0]), 9),
        ValueError,
        "events.start must rise from 0",
    ),
    (
        lambda: encode.check_events("me", events([0, 1], [0]), 1, 2),
        ValueError,
        "me: events must last 2 steps, got 1",
    ),
    (
        lambda: encode.check_events("me", events([0, 1], [-1]), 1),
        ValueError,
        r"me: events.index must be in \[0, 1\)",
    ),
    (
        lambda: encode.check_events("me", events([0, 2], [1, 0]), 2),
        ValueError,
        "events.index must ascend within",
    ),
    (
        lambda: encode.check_events("me", events([0, 0, 2], [1, 1]), 2),
        ValueError,
        "events.index must ascend within",
    ),
    (lambda: encode.bernoulli([1.5], 3, S), ValueError, r"encode.bernoulli: p must be in \[0.0, 1.0\]"),
    (lambda: encode.bernoulli([NAN], 3, S), ValueError, "encode.bernoulli: p must be a finite number"),
    (
        lambda: encode.bernoulli(0.5, 3, S),
        ValueError,
        r"encode.bernoulli: p must have shape \(n,\), got \(\)",
    ),
    (lambda: encode.bernoulli([0.5], 2**31, S), ValueError, "encode.bernoulli: n_steps must be in"),
    (lambda: encode.bernoulli([0.5], 3, S, -1), ValueError, "encode.bernoulli: sample must be in"),
    (
        lambda: loose.bernoulli([0.5], 3, 5),
        TypeError,
        "encode.bernoulli: stream must be a Stream.*rng.stream",
    ),
    (lambda: encode.poisson([-1.0], 3, 1.0, S), ValueError, "encode.poisson: rate_hz must be >= 0.0 Hz"),
    (lambda: encode.poisson([1.0], 3, 0.0, S), ValueError, "encode.poisson: dt must be > 0 ms, got 0.0"),
    (lambda: encode.latency([1.1], 3, 1.0), ValueError, "encode.latency: x must be in"),
    (lambda: encode.latency([1.0], -3, 1.0), ValueError, "encode.latency: n_steps must be in"),
    (lambda: encode.latency([1.0], 3, 0.0), ValueError, "encode.latency: tau must be > 0 ms"),
    (lambda: encode.latency([1.0], 3, 1.0, dt=-1.0), ValueError, "encode.latency: dt must be > 0 ms"),
    (
        lambda: encode.latency([1.0], 3, 1.0, threshold=-1.0),
        ValueError,
        "encode.latency: threshold must be >= 0",
    ),
    (
        lambda: encode.delta([1.0], 1.0),
        ValueError,
        r"encode.delta: signal must have shape \(n_steps, n\), got \(1,\)",
    ),
    (lambda: encode.delta([[NAN]], 1.0), ValueError, "encode.delta: signal must be a finite number"),
    (lambda: encode.delta([[1.0]], 0.0), ValueError, "encode.delta: threshold must be > 0"),
    (
        lambda: encode.delta([[1.0]], [1.0, 2.0]),
        ValueError,
        r"threshold must be one number or have shape \(1,\)",
    ),
    (
        lambda: encode.image_probabilities([1, 2]),
        ValueError,
        r"images must have shape \(n, h, w\) or \(n, d\)",
    ),
    (lambda: encode.step_current([0, 0], [1, 2], 9, 1.0), ValueError, "step_current: times must ascend"),
    (lambda: encode.step_current([-1], [1], 9, 1.0), ValueError, "times must be >= 0 ms"),
    (lambda: encode.step_current(1, [1], 9, 1.0), ValueError, r"times must have shape \(n,\)"),
    (lambda: encode.step_current([1], [1], 9, NAN), ValueError, "dt must be a finite number"),
    (lambda: encode.step_current([1], [1, 2], 9, 1.0), ValueError, r"values must have shape \(1,\) or \(1, n\)"),
    (lambda: encode.step_current([1], [NAN], 9, 1.0), ValueError, "values must be a finite number"),
    (lambda: encode.image_probabilities([[-1, 2]]), ValueError, "images must be >= 0"),
    (lambda: encode.image_probabilities([[0, 0]]), ValueError, "scale must be > 0, got .*; fit it on images"),
    (
        lambda: encode.image_probabilities([[1, 0]], 0.0),
        ValueError,
        "encode.image_probabilities: scale must be > 0",
    ),
]


@pytest.mark.parametrize("call, error, message", WRONG)
def test_wrong_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
