"""The report on criticality: known truths recovered from stored spikes, reasons where there is none, the command."""

import re

import numpy as np
import pytest
from typer.testing import CliRunner

from neurosparse import cli, clock, criticality, csr, encode, measure, rng, wire
from neurosparse.io import criticality as stored
from neurosparse.io import results, stream
from neurosparse.io.sonata import spikes as sonata
from neurosparse.network import Network, Population, Projection, SpikeMonitor, SpikeSource
from neurosparse.precise import Train

N = 200
QUANTITIES = [
    "neurons", "spikes", "mean rate", "conventional m_1", "branching parameter m", "tau", "branching factor",
    "avalanches", "size exponent", "size law", "duration exponent", "duration law", "crackling, predicted",
    "crackling, fitted", "ISI CV", "Fano factor", "synchrony",
]  # fmt: skip


def spread(counts, n=N, seed=0):
    """(i, t): so many spikes in each step of 1 ms, of neurons drawn at random."""
    t = np.repeat(np.arange(len(counts)), counts) + 1.0
    return (rng.uniforms(rng.stream(seed, "who"), len(t)) * n).astype(np.int64), t


def process(m, h, n_steps, seed=0, **more):
    return spread(measure.branching_process(m, h, n_steps, rng.stream(seed, "process"), **more))


def critical(n=4000, longest=2000):
    """Critical avalanches one after the other, a quiet step between; those alive after `longest` steps are left out."""
    trials = measure.branching_process(1.0, 0.0, longest, rng.stream(1, "critical"), n_trials=n, start=1)
    return np.concatenate([[0]] + [row[: np.count_nonzero(row) + 1] for row in trials if row[-1] == 0])


def save(folder, arrays, config=None, metrics=None, rows=(), name="toy"):
    result = results.Result(arrays, metrics or {}, list(rows), {})
    return results.save(name, result, config or {}, {"started": "today"}, folder)


def call(*words, code=0):
    outcome = CliRunner().invoke(cli.app, ["criticality", *map(str, words)])
    assert outcome.exit_code == code, outcome.output
    return outcome


def refused(*words):
    outcome = call(*words, code=2)
    assert "Traceback" not in outcome.output
    assert outcome.stdout == ""
    return outcome.stderr.strip()


# ---- truths ----


@pytest.mark.parametrize("m, part", [(0.95, 1.0), (0.95, 0.1), (0.8, 1.0)])
def test_the_branching_parameter_of_a_stored_process_is_recovered(tmp_path, m, part):
    i, t = process(m, 100 * (1 - m), 20_000, subsample=part)
    path = save(tmp_path, {"spikes_i": i, "spikes_t": t}, {"n": N, "duration_ms": 20_000.0, "dt": 1.0})
    report = stored.measured(stored.read(path))
    row = report.row("branching parameter m")
    assert row.low < m < row.high
    assert row.value == pytest.approx(m, abs=0.02)
    tau = report.row("tau")
    assert tau.low < -1 / np.log(m) < tau.high
    assert tau.unit == "ms"
    assert report.row("mean rate").value == pytest.approx(len(i) / N / 20.0)
    conventional = report.row("conventional m_1").value
    assert conventional == pytest.approx(m, abs=0.02) if part == 1.0 else conventional < 0.7


def test_critical_avalanches_have_the_exponents_of_theory():
    """3/2, 2 and 2: the lower ends are found, so a tenth or two away."""
    counts = critical()
    i, t = spread(counts)
    report = criticality.report(i, t, N, float(len(counts)))
    assert report.row("size exponent").value == pytest.approx(1.5, abs=0.1)
    assert report.row("duration exponent").value == pytest.approx(2.0, abs=0.2)
    assert report.row("crackling, fitted").value == pytest.approx(2.0, abs=0.2)
    assert report.row("crackling, predicted").value == pytest.approx(2.0, abs=0.4)
    assert report.row("avalanches").value == np.count_nonzero(np.diff((counts > 0).astype(int)) == 1)
    size = report.row("size exponent")
    assert size.low < size.value < size.high


def test_the_measures_are_those_of_measure():
    i, t = process(0.9, 1.0, 4000)
    report = criticality.report(i, t, N, 4000.0)
    assert [row.quantity for row in report.rows] == QUANTITIES
    counts = np.bincount(t.astype(int) - 1, minlength=4000)
    assert report.row("Fano factor").value == pytest.approx(counts.reshape(-1, 5).sum(1).var() / counts.mean() / 5)
    assert report.row("synchrony").value == measure.population_synchrony(i, t, N, 4000.0)
    assert report.row("ISI CV").value == measure.mean_over_samples(measure.isi_cv(i, t, N))
    assert report.row("conventional m_1").value == pytest.approx(
        measure.mr_estimator(counts, 10, n_boot=0).m_conventional
    )
    assert report.rate.mean() == pytest.approx(report.row("mean rate").value)


def test_wider_bins_see_the_same_time_constant():
    i, t = process(0.95, 2.0, 20_000)
    one, four = (criticality.report(i, t, N, 20_000.0, bin_ms=bin_ms).row("tau") for bin_ms in (1.0, 4.0))
    assert one.value == pytest.approx(four.value, rel=0.25)


def test_finer_grids_of_the_same_spikes_agree():
    i, t = process(0.9, 1.0, 4000)
    coarse = criticality.report(i, t, N, 4000.0, dt=1.0)
    fine = criticality.report(i, t, N, 4000.0, dt=0.1, bin_ms=1.0)
    for name in ("branching parameter m", "Fano factor", "ISI CV"):
        assert coarse.row(name) == fine.row(name)


def test_the_branching_factor_follows_the_stored_wiring():
    """A ring of four: each spike has one follower."""
    wiring = (np.arange(5), np.array([1, 2, 3, 0]))
    t = np.arange(5.0, 4000.0, 10.0)
    i = np.arange(len(t)) % 4
    kept = criticality.report(i, t, 4, 4000.0, wiring=wiring).row("branching factor")
    assert kept.value == 0.0  # windows of 4 ms, spikes every 10
    close = criticality.report(i, t / 5.0, 4, 800.0, wiring=wiring).row("branching factor")
    back = csr.transpose(csr.make(*(np.array(x) for x in wiring), np.ones(4, np.float32), 4))
    step = (t / 5.0).astype(int) - 1
    assert close.value == measure.branching_factor(i, step, wiring, (back.indptr, back.indices), 800)
    assert close.value == pytest.approx(1.0)


@pytest.mark.parametrize("law, x", [
    ("power law", lambda u: np.floor(u ** (-1 / 1.5))), ("exponential", lambda u: np.ceil(-20 * np.log(u))),
    ("undecided", lambda u: np.floor(u[:60] ** (-1 / 1.5))),
])  # fmt: skip
def test_preferred_law(law, x):
    u = rng.uniforms(rng.stream(2, "law"), 5000)
    name, note = criticality.preferred(measure.power_law(np.maximum(x(u), 1), xmin=1 if law != "power law" else 10))
    assert name == law
    assert re.match(r"against lognormal R \S+, p \S+; against exponential R ", note)


# ---- what can not be told ----


def reasons(report):
    return {row.quantity: row.note for row in report.rows if row.value is None}


def test_silence_leaves_reasons():
    report = criticality.report([], [], 10, 1000.0)
    why = reasons(report)
    assert set(why) == set(QUANTITIES) - {"neurons", "spikes", "mean rate", "avalanches"}
    assert why.pop("ISI CV") == "no neuron has 3 spikes"
    assert set(why.values()) == {"no neuron fires"}
    assert report.row("avalanches").note == "no neuron fires"


def test_few_spikes_short_runs_and_constant_activity_leave_reasons():
    few = reasons(criticality.report(*process(0.5, 0.02, 2000, seed=1), N, 2000.0))
    assert few["tau"] == few["size law"] == "spikes: 78; it takes 100"
    short = reasons(criticality.report(*process(0.9, 10.0, 60), N, 60.0))
    assert short["branching parameter m"] == "bins of 1 ms: 60; it takes 100"
    assert short["branching factor"] == "the wiring is not stored"
    steady = reasons(criticality.report(np.zeros(1000, int), np.arange(1.0, 1001.0), 1, 1000.0))
    assert steady["tau"] == steady["synchrony"] == "activity does not vary"
    assert steady["size exponent"] == "no bin of 1 ms is quiet: activity never pauses"
    tiny = reasons(criticality.report([0], [1.0], 1, 8.0))
    assert tiny["Fano factor"] == "8 ms; it takes two bins of 5 ms"
    lonely = spread(np.tile([0, 30], 20))
    assert reasons(criticality.report(*lonely, N, 40.0))["size law"] == "avalanches: 19; it takes 50"
    cut = criticality.report(*spread([50, 50, 0, 50, 50]), N, 5.0)
    assert reasons(cut)["size law"] == "no activity between two quiet bins"
    alike = criticality.report(*spread(np.tile([0, 2], 200)), N, 400.0)
    assert reasons(alike)["crackling, fitted"] == "all of them are alike"


def test_reasons_of_the_branching_factor():
    i, t = process(0.9, 10.0, 200)
    wiring = (np.arange(5), np.array([1, 2, 3, 0]))
    why = reasons(criticality.report(i, t, N, 200.0, wiring=wiring))["branching factor"]
    assert why == "the wiring is of 4 neurons, the spikes are of 200"
    wiring = (np.zeros(N + 1, int), np.empty(0, int))
    why = reasons(criticality.report(i[t < 40], t[t < 40], N, 40.0, wiring=wiring))["branching factor"]
    assert why == "no spike is 29 ms or more from both ends"
    spoiled = criticality.report(i, t, N, 200.0, wiring=wiring, part="only 2 of 3 neurons are seen")
    assert reasons(spoiled)["branching factor"] == "only 2 of 3 neurons are seen"
    assert spoiled.row("conventional m_1").note == "too low for a part; only 2 of 3 neurons are seen"
    alike = criticality.report(*spread(np.tile([0, 2], 200)), N, 400.0, part="only a part is stored")
    assert alike.row("avalanches").note == "bins of 1 ms, one step: spikes are closer than that; only a part is stored"


def test_doubts_are_noted():
    slow = criticality.report(*spread(np.repeat([3, 9], 500)), N, 1000.0)
    assert slow.row("tau").note == "longer than a tenth of the run: not resolved"
    assert slow.row("tau").high == np.inf
    noise = criticality.report(*process(0.0, 5.0, 5000), N, 5000.0)
    assert "poor fit: r_k is no exponential" in noise.row("branching parameter m").note


@pytest.mark.parametrize("changes, message", [
    ({"dt": 0.0}, "dt must be > 0 ms, got 0.0"),
    ({"bin_ms": -1.0}, "bin_ms must be > 0 ms, got -1.0"),
    ({"bin_ms": 200.0}, r"bin_ms / dt must be in \[1, 100\], got 200; a bin can not be longer"),
    ({"dt": 1e-9}, r"duration_ms / dt must be in \[1, 2147483647\]"),
    ({"i": [7]}, r"i must be in \[0, 4\]"),
    ({"t_ms": [101.0]}, r"t_ms must be in \[0, 100.0\] ms"),
])  # fmt: skip
def test_mistakes_are_named(changes, message):
    given = {"i": [0], "t_ms": [1.0], "n": 5, "duration_ms": 100.0} | changes
    with pytest.raises(ValueError, match=f"^criticality.report: {message}"):
        criticality.report(**given)


# ---- files ----


def test_populations_of_a_result_by_type_and_by_rows(tmp_path):
    i, t = np.array([0, 1, 2, 3, 4]), np.arange(1.0, 6.0)
    arrays = {"spikes_i": i, "spikes_t": t, "excitatory": i < 3}
    rows = [{"population": "exc", "neurons": 3}, {"population": "inh", "neurons": 2}]
    path = save(tmp_path, arrays, {"duration_ms": 10.0}, rows=rows)
    whole = stored.read(path)
    assert (whole.n, whole.begin, whole.end, whole.dt, whole.population) == (5, 0.0, 10.0, 1.0, "")
    for name in ("inhibitory", "inh"):
        part = stored.read(path, name)
        assert (part.i.tolist(), part.t.tolist(), part.n, part.population) == ([0, 1], [4.0, 5.0], 2, name)
    with pytest.raises(
        ValueError, match="criticality: --population must be one of .*exc, inh, got 'iinh'; did you mean"
    ):
        stored.read(path, "iinh")
    windowed = stored.read(path, None, 2.0, 4.0)
    assert (windowed.i.tolist(), windowed.t.tolist(), windowed.begin, windowed.end) == ([2, 3], [1.0, 2.0], 2.0, 4.0)


def test_sets_of_spikes_are_populations(tmp_path):
    t = np.array([0.1, 0.2])
    arrays = {f"{name} spikes_{x}": v for name in ("A b", "C") for x, v in (("i", np.array([0, 1])), ("t", t))}
    path = save(tmp_path, arrays, {"shown": 5, "duration_ms": 1.0}, name="regimes")
    seen = stored.read(path, "A b")
    assert (seen.n, seen.dt, seen.population) == (5, 0.1, "A b")
    assert seen.part == "there may be more neurons than are stored"
    assert stored.figure_name(path, seen) == f"criticality-regimes-{path.stem}-A_b"
    with pytest.raises(ValueError, match="--population must name one of several, got None; there are A b, C"):
        stored.read(path)
    with pytest.raises(ValueError, match="--population must be one of A b, C, got 'D'"):
        stored.read(path, "D")


def test_kept_spikes_of_a_part_count_for_the_part(tmp_path):
    rows = [{"population": "exc", "neurons": 80}, {"population": "inh", "neurons": 20}]
    config, t = {"shown": 10, "duration_ms": 10.0}, np.array([1.0, 2.0])
    first = stored.read(save(tmp_path, {"spikes_i": np.array([3, 9]), "spikes_t": t}, config, rows=rows))
    assert (first.n, first.part, first.i.tolist()) == (10, "only 10 of 100 neurons are seen", [3, 9])
    every = save(tmp_path, {"spikes_i": np.array([30, 90]), "spikes_t": t}, config, rows=rows)
    seen = stored.read(every)
    assert (seen.n, seen.part, seen.i.tolist()) == (10, "only 10 of 100 neurons are seen", [3, 9])
    inhibitory = stored.read(every, "inh")
    assert (inhibitory.n, inhibitory.part) == (2, "only 2 of 100 neurons are seen")
    few = {"spikes_i": np.array([3, 9]), "spikes_t": t}
    with pytest.raises(ValueError, match="neurons of inh must be stored, got 'none'; leave --population away"):
        stored.read(save(tmp_path, few, config, rows=rows), "inh")


def test_wiring_and_durations_of_results(tmp_path):
    arrays = {
        "raster_i": np.array([0, 2]),
        "raster_t": np.array([1.0, 2.0]),
        "excitatory": np.array([True, True, False]),
    }
    arrays |= {"indptr": np.array([0, 1, 1, 1]), "indices": np.array([2])}
    seen = stored.read(save(tmp_path, arrays, metrics={"duration_ms": 50.0}))
    assert (seen.end, seen.wiring[0].tolist(), seen.wiring[1].tolist()) == (50.0, [0, 1, 1, 1], [2])
    part = stored.read(save(tmp_path, arrays, {"dt": 0.5}), "excitatory")
    assert (part.wiring, part.end, part.dt) == (None, 2.0, 0.5)
    assert part.part == "only 2 of 3 neurons are seen"
    assert stored.measured(seen).row("branching factor").note == "spikes: 2; it takes 100"


@pytest.mark.parametrize("arrays, message", [
    ({"x": np.zeros(2)}, r"a result must hold spikes \(arrays spikes_i or raster_i.*got \['x'\]; toy stores none"),
    ({"spikes_i": np.zeros(2), "spikes_t": np.zeros(2)}, "spikes_i must be whole numbers, as many as there are times"),
    ({"spikes_i": np.zeros(2, int), "spikes_t": np.zeros(3)}, "spikes_i must be whole numbers, as many as"),
    ({"spikes_i": np.zeros(1, int), "spikes_t": np.array([np.nan])}, "times of spikes must be finite and >= 0 ms"),
    ({"spikes_i": np.array([5]), "spikes_t": np.ones(1), "excitatory": np.ones(3, bool)},
     r"neuron ids must be in \[0, 3\), got \(5, 5\)"),
])  # fmt: skip
def test_results_without_sound_spikes_are_refused(tmp_path, arrays, message):
    path = save(tmp_path, arrays)
    with pytest.raises(results.ResultError, match=f"^criticality .*: {message}"):
        stored.read(path)


def test_a_result_of_one_population_has_no_parts(tmp_path):
    path = save(tmp_path, {"spikes_i": np.array([0]), "spikes_t": np.array([1.0])})
    with pytest.raises(ValueError, match="--population is for results of several populations, got 'x'; leave it away"):
        stored.read(path, "x")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """(path, the spikes of two sources) of a recording of 40 ms."""
    a, b = process(0.9, 1.0, 40), process(0.5, 2.0, 40, seed=3)
    given = {name: encode.events_from_pairs(i, (t - 1).astype(int), 40) for name, (i, t) in (("a", a), ("b", b))}
    net = Network(
        (SpikeSource("a", N), SpikeSource("b", N), Population("c", 2, "lif")),
        (Projection("a", "c", wire.all_to_all(N, 2, 0.0), 1.0, "current"),), dt=1.0,
    )  # fmt: skip
    engine = clock.compile(net, (SpikeMonitor("a"), SpikeMonitor("b")))
    path = tmp_path_factory.mktemp("recorded") / "night.h5"
    stream.run(engine, 40.0, path, given)
    return path, {name: encode.pairs(events) for name, events in given.items()}


def test_recordings(recorded):
    path, truth = recorded
    both = stored.read(path)
    assert (both.n, both.begin, both.end, both.dt, both.name) == (2 * N, 0.0, 40.0, 1.0, "recording")
    assert len(both.i) == sum(len(i) for i, _ in truth.values())
    one = stored.read(path, "b", 10.0, 30.0)
    i, step = truth["b"]
    inside = (step >= 10) & (step < 30)
    assert sorted(zip(one.i, one.t)) == sorted(zip(i[inside], step[inside] + 1.0 - 10.0))
    assert (one.n, one.population, one.end) == (N, "b", 30.0)
    assert (both.part, one.part) == ("", f"only {N} of {2 * N} neurons are seen")
    with pytest.raises(ValueError, match="--population must be one of a, b, got 'c'"):
        stored.read(path, "c")
    with pytest.raises(ValueError, match=r"--to must be in \[0.0, 40.0\] ms, got 50.0; that is the run"):
        stored.read(path, t1=50.0)


def test_recordings_without_spikes_are_refused(recorded, tmp_path):
    wiring = Projection("a", "c", wire.all_to_all(1, 1, 0.0), 1.0, "current")
    net = Network((SpikeSource("a", 1), Population("c", 1, "lif")), (wiring,), dt=1.0)
    path = tmp_path / "quiet.h5"
    stream.run(
        clock.compile(net, (SpikeMonitor("c", counts_only=True),)),
        5.0,
        path,
        {"a": encode.events_from_pairs([], [], 5)},
    )
    with pytest.raises(results.ResultError, match="quiet.h5 must hold spikes, got 'none'; record with a SpikeMonitor"):
        stored.read(path)


def test_spike_trains_of_other_programs(tmp_path):
    i, t = np.array([10_001, 10_007, 10_001]), np.array([0.25, 3.5, 7.3])
    (tmp_path / "x.csv").write_text("".join(f"{a},{b}\n" for a, b in zip(i, t)))
    np.savez(tmp_path / "x.npz", i=i, t=t)
    sonata.write(tmp_path / "x.h5", {"cells": Train(i, t)})
    for end in ("csv", "npz", "h5"):
        seen = stored.read(tmp_path / f"x.{end}")
        assert (seen.i.tolist(), seen.n, seen.end, seen.dt) == ([0, 1, 0], 2, pytest.approx(7.3), 0.01)
    assert stored.read(tmp_path / "x.h5", "cells").population == "cells"
    (tmp_path / "off.csv").write_text("0,1.2345678\n")
    assert stored.read(tmp_path / "off.csv").dt == 0.1
    (tmp_path / "none.csv").write_text("id,time\n")
    with pytest.raises(ValueError, match="criticality: none.csv must hold spikes, got 'none'"):
        stored.read(tmp_path / "none.csv")
    (tmp_path / "old.csv").write_text("0,-1.0\n")
    with pytest.raises(ValueError, match="criticality: times of old.csv must be >= 0 ms, got -1.0"):
        stored.read(tmp_path / "old.csv")


# ---- the figure and the command ----
