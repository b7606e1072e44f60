"""One network on several threads: the same bits as on one, from any moment to any other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import clock, encode, rng, shares, wire
from neurosparse.network import (
    CurrentInput,
    Network,
    Population,
    PopulationRateMonitor,
    Projection,
    SpikeMonitor,
    SpikeSource,
    StateMonitor,
)

WATCH = (SpikeMonitor("e"), SpikeMonitor("i", counts_only=True), SpikeMonitor("s"), PopulationRateMonitor("e"),
         PopulationRateMonitor("s"), StateMonitor("e", ("v",), every=3, subset=(0, 70, 149, 5)))  # fmt: skip


def network(seed=0):
    """Three populations of sizes that no share divides, several delays, inhibition, a current."""

    def wired(source, n, target, m, p, w):
        made = wire.bernoulli(rng.stream(seed, f"{source}{target}"), n, m, p, w)
        delay = 1.0 + np.floor(5 * rng.uniforms(rng.stream(seed, f"d{source}{target}"), made.nnz))
        return Projection(source, target, made, delay, "jump")

    lif = {"tau_mem": 10.0, "v_th": 1.0, "t_ref": 2.0}
    return Network(
        (SpikeSource("s", 40), Population("e", 150, "lif", lif), Population("i", 70, "lif", lif)),
        (wired("s", 40, "e", 150, 0.3, 0.4), wired("s", 40, "i", 70, 0.3, 0.4), wired("e", 150, "i", 70, 0.2, 0.2),
         wired("i", 70, "e", 150, 0.2, -0.3), wired("e", 150, "e", 150, 0.1, 0.15)),
        (CurrentInput("x", "e", "current"),), dt=0.5,
    )  # fmt: skip


def inputs(seed, steps):
    return {
        "s": encode.bernoulli(np.full(40, 0.05), steps, rng.stream(seed, "s")),
        "x": 0.3 * rng.normals(rng.stream(seed, "x"), steps)[:, None],
    }


def same(one, many):
    np.testing.assert_array_equal(one.spikes["e"].i, many.spikes["e"].i)
    np.testing.assert_array_equal(one.spikes["e"].step, many.spikes["e"].step)
    np.testing.assert_array_equal(one.counts["i"], many.counts["i"])
    np.testing.assert_array_equal(one.states["e"].fields["v"], many.states["e"].fields["v"])
    for name in ("e", "s"):
        np.testing.assert_array_equal(one.rates[name].count, many.rates[name].count)
    for name, array in one.end.arrays.items():
        if not name.startswith("ring"):
            np.testing.assert_array_equal(array, many.end.arrays[name], err_msg=name)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), threads=st.integers(1, 5), cut=st.integers(1, 249))
def test_any_number_of_threads_from_any_moment(seed, threads, cut):
    net, given_ = network(seed), inputs(seed, 250)
    one = clock.run(net, 125.0, given_, WATCH)
    same(one, clock.run(net, 125.0, given_, WATCH, threads=threads))
    assert len(one.spikes["e"].i) > 50
    engines = [clock.compile(net, WATCH, k) for k in (threads, 1, 2)]
    events, x = given_["s"], given_["x"]
    first = {"s": events._replace(start=events.start[: cut + 1], index=events.index[: events.start[cut]]), "x": x[:cut]}
    rest = {"s": events._replace(start=events.start[cut:] - events.start[cut], index=events.index[events.start[cut] :]),
            "x": x[cut:]}  # fmt: skip
    middle = clock.run(engines[0], cut * 0.5, first)
    for engine in engines[1:]:  # a moment does not remember how many threads made it
        end = clock.run(engine, (250 - cut) * 0.5, rest, start=middle.end)
        np.testing.assert_array_equal(np.concatenate([middle.spikes["e"].i, end.spikes["e"].i]), one.spikes["e"].i)
        np.testing.assert_array_equal(end.end.arrays["s1_v"], one.end.arrays["s1_v"])


def test_many_spikes_in_little_room(monkeypatch):
    """Threads whose buffers fill stop together and go on together."""
    monkeypatch.setattr("neurosparse.record.ROOM", 200)
    net, given_ = network(), inputs(0, 250)
    drive = given_ | {"x": np.full((250, 1), 5.0)}
    one, many = (clock.run(net, 125.0, drive, WATCH, threads=k) for k in (1, 2))
    assert len(one.spikes["e"].i) > 1000
    same(one, many)


@given(n=st.integers(1, 5000), threads=st.integers(1, 40))
def test_bounds_cover_all_in_whole_blocks(n, threads):
    at = shares.bounds(n, threads)
    assert at[0] == 0
    assert at[-1] == n
    assert np.all(np.diff(at) >= 0)
    assert np.all(at[:-1] % 64 == 0) or n < 64


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_lists_are_moved_there_and_back(seed, threads):
    r = np.random.default_rng(seed)
    n, ticks = 200, 3
    ring, counts = np.zeros((ticks, n), np.int32), np.zeros((ticks, 1), np.int64)
    beside = np.zeros((ticks, n))
    for u in range(ticks):
        fired = np.flatnonzero(r.random(n) < r.random())
        counts[u], ring[u, : len(fired)], beside[u, : len(fired)] = len(fired), fired, fired * 0.5
    limits = shares.bounds(n, threads)
    dealt, (parted, weights) = shares.apart(ring, counts, limits, beside)
    for u in range(ticks):
        for q in range(threads):
            mine = parted[u, limits[q] : limits[q] + dealt[u, q]]
            assert np.all((mine >= limits[q]) & (mine < limits[q + 1]))
            np.testing.assert_array_equal(weights[u, limits[q] : limits[q] + dealt[u, q]], mine * 0.5)
    back, (whole, values) = shares.together(parted, dealt, limits, weights)
    np.testing.assert_array_equal(back, counts)
    np.testing.assert_array_equal(whole, ring)
    np.testing.assert_array_equal(values, beside)


def test_bad_threads():
    with pytest.raises(ValueError, match=r"threads must be in \[1, 256\], got 0"):
        clock.compile(network(), threads=0)
    engine = clock.compile(network(), threads=2)
    with pytest.raises(ValueError, match="an Engine has its monitors and threads already"):
        clock.run(engine, 1.0, {}, threads=2)
