"""The compiled loop against the naive one, and the promises of `clock`: same bits for any threads, batch or single."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse import clock, csr, encode, record, rng, wire
from neurosparse.network import (
    CurrentInput,
    Network,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSource,
    StateMonitor,
)
from neurosparse.neurons import lif
from tests import reference

BRISK = {"tau_mem": 10.0, "v_th": 1.0, "t_ref": 1.0}


def small(draw_int, draw_float):
    """A network with two sources of spikes, two populations of different models, loops and delays."""
    n = draw_int(1, 9)
    m = draw_int(1, 17)
    seed = draw_int(0, 2**32)

    def wiring(name, a, b, scale):
        made = wire.bernoulli(rng.stream(seed, name), a, b, 0.5)
        return csr.reweight(made, scale * rng.normals(rng.stream(seed, name + " weights"), made.nnz))

    bb = wiring("bb", m, m, 0.3)
    net = Network(
        populations=(
            SpikeSource("events", 5),
            Population("a", n, "lif", BRISK | {"tau_mem": 5.0 + np.arange(n), "hold": draw_int(0, 1) == 1}),
            Population("c", 3, "lif_exp", {"tau_mem": 10.0, "v_th": 1.0, "t_ref": 1.0},
                       kernels={"inh": ("exp", {"tau_syn": 2.0})}),
            Population("b", m, "alif", BRISK | {"tau_adapt": 20.0, "beta": 0.2, "reset": "subtract"},
                       kernels={"jump": ("exp", {"tau_syn": 3.0})}, init={"v": np.linspace(0, 0.9, m)}),
        ),
        projections=(
            Projection("events", "a", wiring("ea", 5, n, 1.0), float(draw_int(0, 3)), "jump"),
            Projection("a", "b", wiring("ab", n, m, 0.5), float(draw_int(1, 4)), "jump"),
            Projection("b", "a", wiring("ba", m, n, 0.5), float(draw_int(1, 2)), "current"),
            Projection("b", "c", wiring("bc", m, 3, 3.0), 2.0, "exc"),
            Projection("a", "c", wiring("ac", n, 3, 3.0), 1.0, "exc"),
            Projection("a", "c", wiring("ac", n, 3, 3.0), 1.0, "inh"),
            Projection("b", "b", bb, 1.0 + rng.poissons(rng.stream(seed, "delays"), np.full(bb.nnz, 2.0)), "jump"),
        ),
        inputs=(CurrentInput("drive", "b", "current"), CurrentInput("more", "c", "exc")),
        dt=1.0,
    )  # fmt: skip
    n_steps = draw_int(1, 40)
    events = encode.bernoulli(np.full(5, 0.4), n_steps, rng.stream(seed, "events"))
    shape = [(), (m,), (n_steps, 1), (n_steps, m)][draw_int(0, 3)]
    drive = draw_float(0.0, 2.0) + 0.5 * rng.uniforms(rng.stream(seed, "drive"), int(np.prod(shape))).reshape(shape)
    return net, n_steps, {"events": events, "drive": drive, "more": 0.1}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_equals_the_naive_loop_bit_for_bit(data):
    net, n_steps, inputs = small(
        lambda low, high: data.draw(st.integers(low, high)), lambda low, high: data.draw(st.floats(low, high))
    )
    monitors = (
        *(SpikeMonitor(name) for name in ("events", "a", "b", "c")),
        StateMonitor("c", ("v", "i_exc", "i_inh")),
        StateMonitor("a", ("v", "r")),
        StateMonitor("b", ("v", "a"), every=3, subset=(0,)),
    )
    run = clock.run(net, float(n_steps), inputs, monitors)
    spikes, states = reference.simulate(net, n_steps, inputs)
    for name in ("events", "a", "b", "c"):
        got = list(zip(run.spikes[name].step.tolist(), run.spikes[name].i.tolist()))
        assert got == spikes[name]
    for field in ("v", "i_exc", "i_inh"):
        np.testing.assert_allclose(
            run.states["c"].fields[field], [s[field] for s in states["c"]], rtol=1e-13, atol=1e-13
        )
    if n_steps:
        np.testing.assert_array_equal(run.states["a"].fields["v"], [s["v"] for s in states["a"]])
        every = states["b"][2::3]
        np.testing.assert_array_equal(run.states["b"].fields["a"][:, 0], [s["a"][0] for s in every])
    np.testing.assert_array_equal(run.states["b"].t, np.arange(3, n_steps + 1, 3))


def busy():
    draws = iter(rng.uniforms(rng.stream(5, "busy"), 100))
    return small(lambda low, high: low + int(next(draws) * (high - low + 1)), lambda low, high: high)


def test_batch_threads_and_single_give_the_same_bits():
    net, n_steps, inputs = busy()
    stream = rng.stream(1, "samples")
    samples = [inputs | {"events": encode.bernoulli(np.full(5, 0.3), n_steps, stream, k)} for k in range(37)]
    monitors = (SpikeMonitor("b"), StateMonitor("b", ("v",)), SpikeMonitor("a", counts_only=True))
    engine = clock.compile(net, monitors)
    single = [clock.run(engine, float(n_steps), sample) for sample in samples]
    assert sum(len(run.spikes["b"].i) for run in single) > 100
    for threads in (1, 2, 3):
        batch = list(clock.run_batch(engine, float(n_steps), iter(samples), threads))
        assert len(batch) == len(single)
        for one, other in zip(single, batch):
            for a, b in zip(one.spikes["b"][:2], other.spikes["b"][:2]):
                np.testing.assert_array_equal(a, b)
            np.testing.assert_array_equal(one.counts["a"], other.counts["a"])
            np.testing.assert_array_equal(one.states["b"].fields["v"], other.states["b"].fields["v"])


def test_a_batch_may_be_abandoned_and_takes_functions():
    net, n_steps, inputs = busy()
    calls = []
    samples = (lambda k=k: calls.append(k) or inputs for k in range(1000))
    runs = clock.run_batch(clock.compile(net, (SpikeMonitor("a"),)), float(n_steps), samples, threads=2)
    next(runs)
    runs.close()
    assert len(calls) < 200


def test_an_error_in_a_thread_reaches_the_caller():
    net, n_steps, inputs = busy()
    engine = clock.compile(net)
    samples = [inputs] * 20 + [{}] + [inputs] * 20
    with pytest.raises(ValueError, match="inputs must name events, drive, more, got"):
        list(clock.run_batch(engine, float(n_steps), samples, threads=2))


def test_full_spike_buffers_are_emptied_on_the_way(monkeypatch):
    net, n_steps, inputs = busy()
    whole = clock.run(net, float(n_steps), inputs, (SpikeMonitor("b"), SpikeMonitor("a")))
    monkeypatch.setattr(record, "ROOM", 1)
    parts = clock.run(net, float(n_steps), inputs, (SpikeMonitor("b"), SpikeMonitor("a")))
    for name in ("a", "b"):
        np.testing.assert_array_equal(whole.spikes[name].step, parts.spikes[name].step)
        np.testing.assert_array_equal(whole.spikes[name].i, parts.spikes[name].i)


def test_a_monitor_changes_nothing():
    net, n_steps, inputs = busy()
    alone = clock.run(net, float(n_steps), inputs, (SpikeMonitor("b"),))
    watched = clock.run(net, float(n_steps), inputs, (StateMonitor("a", ("v",)), SpikeMonitor("a"), SpikeMonitor("b")))
    np.testing.assert_array_equal(alone.spikes["b"].step, watched.spikes["b"].step)
    np.testing.assert_array_equal(alone.spikes["b"].i, watched.spikes["b"].i)


def test_order_of_neurons_within_a_population_changes_nothing():
    """Permuted ids give permuted spikes (sums of two equal-sized weights do not depend on order)."""
    n = 12
    wiring = wire.bernoulli(rng.stream(0, "w"), n, n, 0.3, weight=0.25)
    order = rng.permutation(rng.stream(0, "order"), n)
    rows, cols, weight = csr.to_coo(wiring)
    turned = csr.from_coo(order[rows], order[cols], weight, (n, n))
    drive = 1.2 + rng.uniforms(rng.stream(0, "drive"), n)
    turned_drive = np.empty(n)
    turned_drive[order] = drive

    def spikes(wiring, drive):
        net = Network((Population("a", n, "lif", BRISK),), (Projection("a", "a", wiring, 1.0, "jump"),),
                      (CurrentInput("drive", "a", "current"),), dt=1.0)  # fmt: skip
        run = clock.run(net, 100.0, {"drive": drive}, (SpikeMonitor("a"),)).spikes["a"]
        return run.step, run.i

    steps, ids = spikes(wiring, drive)
    turned_steps, turned_ids = spikes(turned, turned_drive)
    assert sorted(zip(steps, order[ids])) == sorted(zip(turned_steps, turned_ids))
    assert len(steps) > 50


def test_stamps():
    net = Network((Population("a", 1, "lif", {"tau_mem": 10.0, "v_th": 0.5, "i_bias": 1.0}, init={"v": 0.0}),), dt=0.5)
    spikes = clock.run(net, 20.0, monitors=(SpikeMonitor("a"),)).spikes["a"]
    assert spikes.t[0] == 7.0  # 10 ln 2 = 6.93 ms, on a grid of 0.5 ms
    np.testing.assert_array_equal(spikes.times("step_start"), spikes.t - 0.5)
    with pytest.raises(ValueError, match="stamp must be one of step_end, step_start, got 'start'"):
        spikes.times("start")


def test_counts_equal_the_spikes():
    net, n_steps, inputs = busy()
    counts = clock.run(net, float(n_steps), inputs, (SpikeMonitor("b", True), SpikeMonitor("events", True))).counts
    spikes = clock.run(net, float(n_steps), inputs, (SpikeMonitor("b"), SpikeMonitor("events"))).spikes
    for name in ("b", "events"):
        np.testing.assert_array_equal(counts[name], np.bincount(spikes[name].i, minlength=len(counts[name])))


def test_profile_accounts_for_the_phases():
    net, n_steps, inputs = busy()
    spent = clock.profile(net, float(n_steps), [inputs] * 3, (SpikeMonitor("b", counts_only=True),))
    assert list(spent) == ["deliver", "step", "record"]
    assert all(seconds > 0 for seconds in spent.values())


ONE = Population("a", 3, "lif", BRISK)
BARE = Network((ONE,), dt=1.0)
DRIVEN = Network((ONE, SpikeSource("s", 2)), inputs=(CurrentInput("drive", "a", "current"),), dt=1.0)
QUIET = {"s": encode.events_from_pairs([], [], 5), "drive": 0.0}


@pytest.mark.parametrize("change, message", [
    ({"x": 1}, "input must be one of s, drive, got 'x'"),
    ({"drive": np.zeros(4)}, r"drive'?: needs one number, \(3,\), \(5, 1\) or \(5, 3\), got \(4,\)"),
    ({"drive": np.zeros((2, 3))}, r"needs one number.*got \(2, 3\)"),
    ({"drive": np.zeros((1, 5, 3))}, r"needs one number.*got \(1, 5, 3\)"),
    ({"drive": np.nan}, "must be a finite number, got nan"),
    ({"drive": "strong"}, "must be a finite number, got 'strong'"),
    ({"s": encode.events_from_pairs([], [], 4)}, "must last 5 steps, got 4"),
    ({"s": encode.events_from_pairs([2], [0], 5)}, r"must be in \[0, 2\)"),
])  # fmt: skip
def test_bad_inputs(change, message):
    with pytest.raises(ValueError, match=message):
        clock.run(DRIVEN, 5.0, QUIET | change)


@pytest.mark.parametrize("monitors, message", [
    ((SpikeMonitor("b"),), "SpikeMonitor: population must be one of a, s, got 'b'"),
    ((SpikeMonitor("a"), SpikeMonitor("a", True)), "one monitor of a kind for each population, got 'a'"),
    ((StateMonitor("s", ("v",)),), "target must have neurons, got \"the SpikeSource 's'\""),
    ((StateMonitor("a", ("u",)),), "field must be one of v, r, got 'u'"),
    ((StateMonitor("a", ("v", "v")),), r"each field may be named once, got \('v', 'v'\)"),
    ((StateMonitor("a", ("v",), every=0),), r"every must be in \[1, "),
    ((StateMonitor("a", ("v",), subset=(3,)),), r"id in subset must be in \[0, 2\], got 3"),
])  # fmt: skip
def test_bad_monitors(monitors, message):
    with pytest.raises(ValueError, match=message):
        clock.compile(DRIVEN, monitors)


def test_bad_calls():
    with pytest.raises(TypeError, match="a monitor is a .*SpikeMonitor.*, got 'a'"):
        clock.compile(BARE, ("a",))
    with pytest.raises(TypeError, match=r"fields must be a tuple of names, got 'v'; write \('v',\)"):
        clock.compile(BARE, (StateMonitor("a", "v"),))
    engine = clock.compile(BARE)
    with pytest.raises(ValueError, match=r"duration must be in \[0, .*\] ms, got -1.0"):
        clock.run(engine, -1.0)
    with pytest.raises(ValueError, match=r"duration must be a whole number of steps of 1 ms, got 1.4; take 1"):
        clock.run(engine, 1.4)
    with pytest.raises(ValueError, match=r"duration must be one number, got \(2,\)"):
        clock.run(engine, np.ones(2))
    with pytest.raises(TypeError, match="inputs must be a dict of names, got 3"):
        clock.run(engine, 1.0, lambda: 3)
    with pytest.raises(ValueError, match=r"threads must be in \[1, .*got 0"):
        list(clock.run_batch(engine, 1.0, [], threads=0))
    with pytest.raises(ValueError, match="needs at least one sample"):
        clock.profile(BARE, 1.0, [])
    with pytest.raises(TypeError, match="subset must be a sequence of ids, got 2"):
        clock.compile(BARE, (StateMonitor("a", ("v",), subset=2),))
    clock.compile(BARE, (StateMonitor("a", ("v",), subset=np.arange(3)),))
    with pytest.raises(ValueError, match="an Engine has its monitors and threads already"):
        clock.run(engine, 1.0, monitors=(SpikeMonitor("a"),))
    with pytest.raises(ValueError, match=r"threads must be in \[1, .*got -1"):
        list(clock.run_batch(engine, 1.0, [], threads=-1))


def test_nothing_runs_for_no_time():
    run = clock.run(BARE, 0.0, monitors=(SpikeMonitor("a"), StateMonitor("a", ("v",))))
    assert run.n_steps == 0
    assert run.spikes["a"].i.shape == (0,)
    assert run.states["a"].fields["v"].shape == (0, 3)


def test_the_engine_is_reusable():
    engine = clock.compile(Network((Population("a", 2, lif, BRISK | {"i_bias": 2.0}, init={"v": 0.0}),), dt=1.0),
                           (SpikeMonitor("a"),))  # fmt: skip
    first, second = (clock.run(engine, 50.0).spikes["a"].step for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(first) > 0


def cut(inputs, n_steps, at):
    """Inputs of a run that is cut into two at a step."""
    events, drive = inputs["events"], np.asarray(inputs["drive"])
    i, t = encode.pairs(events)
    for first, last in ((0, at), (at, n_steps)):
        now = (t >= first) & (t < last)
        part = {
            "events": encode.events_from_pairs(i[now], t[now] - first, last - first),
            "drive": drive,
            "more": inputs["more"],
        }
        if drive.ndim == 2 and len(drive) == n_steps:
            part["drive"] = drive[first:last]
        yield float(last - first), part


@settings(max_examples=15)
@given(st.data())
def test_a_run_cut_anywhere_is_the_same_run(data):
    net, n_steps, inputs = small(
        lambda low, high: data.draw(st.integers(low, high)), lambda low, high: data.draw(st.floats(low, high))
    )
    at = data.draw(st.integers(1, n_steps))
    monitors = (*(SpikeMonitor(name) for name in ("events", "a", "b")), StateMonitor("b", ("v", "a"), every=3))
    engine = clock.compile(net, monitors)
    whole = clock.run(engine, float(n_steps), inputs)
    (first_time, first_inputs), (second_time, second_inputs) = cut(inputs, n_steps, at)
    first = clock.run(engine, first_time, first_inputs)
    kept = {name: array.copy() for name, array in first.end.arrays.items()}
    for _ in range(2):  # the moment between is left as it was
        second = clock.run(engine, second_time, second_inputs, start=first.end)
        for name in ("events", "a", "b"):
            for a, b, c in zip(whole.spikes[name][:2], first.spikes[name][:2], second.spikes[name][:2]):
                np.testing.assert_array_equal(a, np.concatenate([b, c]))
        for field in ("v", "a"):
            parts = [run.states["b"].fields[field] for run in (first, second)]
            np.testing.assert_array_equal(whole.states["b"].fields[field], np.concatenate(parts))
        np.testing.assert_array_equal(whole.states["b"].t, np.concatenate([first.states["b"].t, second.states["b"].t]))
        assert whole.end.step == second.end.step == n_steps
        for name, array in whole.end.arrays.items():
            np.testing.assert_array_equal(array, second.end.arrays[name])
    for name, array in first.end.arrays.items():
        np.testing.assert_array_equal(array, kept[name])


def test_a_moment_of_another_network():
    net, n_steps, inputs = busy()
    moment = clock.run(net, float(n_steps), inputs).end
    with pytest.raises(ValueError, match="start must come from this network"):
        clock.run(BARE, 1.0, start=moment)
    with pytest.raises(TypeError, match="start must be the end of a Run, got 3"):
        clock.run(BARE, 1.0, start=3)
