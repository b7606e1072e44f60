"""The criticality report as a figure and as a command."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurosparse import criticality, plot
from neurosparse.io import criticality as stored
from neurosparse.plot import criticality as drawing
from tests.test_criticality import QUANTITIES, N, call, critical, refused, save, spread


@pytest.fixture(scope="module")
def lively(tmp_path_factory):
    """A stored critical process."""
    counts = critical(1500, 500)
    i, t = spread(counts)
    folder = tmp_path_factory.mktemp("lively")
    return save(folder, {"spikes_i": i, "spikes_t": t}, {"n": N, "duration_ms": float(len(counts)), "dt": 1.0})


def test_the_figure_shows_what_the_report_says(lively):
    report = stored.measured(stored.read(lively))
    figure = drawing.draw(report)
    a, b, c, d = figure.axes
    m = report.row("branching parameter m")
    assert a.get_title(loc="left").startswith(f"a  m {m.value:.3f}, tau {report.mr.tau:.3g} ms")
    assert f"m in [{m.low:.3f}, {m.high:.3f}]" in a.get_legend_handles_labels()[1]
    np.testing.assert_array_equal(a.lines[1].get_ydata(), report.mr.r)
    assert [ax.get_xscale() for ax in (b, c, d)] == ["log"] * 3
    for ax, name in ((b, "size"), (c, "duration")):
        assert f"exponent {report.row(f'{name} exponent').value:.2f}" in ax.get_title(loc="left")
        assert ax.get_legend_handles_labels()[1][0].startswith("power law, ")
    fit, x = report.fit, b.lines[0].get_xdata()
    assert (x[0], b.lines[0].get_ydata()[0]) == (1.0, np.mean(fit.avalanches.size == 1))
    assert (
        d.get_title(loc="left") == f"d  crackling: {fit.crackling.fitted:.2f}, predicted {fit.crackling.predicted:.2f}"
    )
    slope = np.diff(np.log(d.lines[1].get_ydata())) / np.diff(np.log(d.lines[1].get_xdata()))
    assert slope[0] == pytest.approx(fit.crackling.fitted)


def test_the_densities_of_the_figure_sum_to_one():
    x = np.array([1, 1, 2, 3, 5, 8, 40, 41, 900])
    edges = drawing._edges(x)
    assert edges[0] == 0.5
    assert edges[-1] > 900
    assert np.histogram(x, edges)[0].sum() == len(x)
    assert np.all(edges % 1 == 0.5)


def test_the_figure_of_silence_gives_reasons():
    figure = drawing.draw(criticality.report([], [], 3, 100.0))
    assert [ax.texts[0].get_text() for ax in figure.axes[:3]] == ["n/a: no neuron fires"] * 3
    assert figure.axes[3].get_title(loc="left") == "d  Activity"
    with plot.style():
        figure.draw_without_rendering()


def test_the_command_prints_and_draws(lively, tmp_path):
    lines = call(lively, "--out", tmp_path, "--to", 2000).stdout.splitlines()
    assert lines[0] == f"of     toy  ({lively})"
    assert lines[1] == "time   0 to 2000 ms, steps of 1 ms"
    assert lines[3].split() == ["quantity", "value", "95", "%", "note"]
    assert [line[:21].strip() for line in lines[5:22]] == QUANTITIES
    figure = tmp_path / "figures" / f"criticality-toy-{lively.stem}.png"
    assert lines[-1] == f"figure  {figure}"
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.rglob("*")] == ["figures", figure.name]


def test_json_is_the_only_thing_on_standard_output(lively, tmp_path):
    outcome = call(lively, "--out", tmp_path, "--json", "--from", 100, "--to", 130)
    told = json.loads(outcome.stdout, parse_constant=pytest.fail)
    assert outcome.stdout.count("\n") == 1
    assert Path(told["source"]) == lively
    assert Path(told["figure"]).is_file()
    assert (told["name"], told["population"], told["from_ms"], told["to_ms"]) == ("toy", None, 100.0, 130.0)
    assert [row["quantity"] for row in told["rows"]] == QUANTITIES
    assert told["rows"][4]["value"] is None
    assert told["rows"][4]["note"]


@pytest.mark.parametrize("words, message", [
    (["no.h5"], "Error: criticality: RESULT must be a result, a recording or spikes, got 'no.h5'; there is no such file"),
    (["{}", "--from", "5", "--to", "5"], "Error: criticality: --from must be before --to, got (5.0, 5.0); take a longer"),
    (["{}", "--from", "-1"], "Error: criticality: --from must be in [0.0, "),
    (["{}", "--to", "nan"], "Error: criticality: --to must be a finite number in ms, got nan"),
    (["{}", "--population", "x"], "Error: criticality: --population is for results of several populations, got 'x'"),
    (["{}", "--bin", "0"], "Error: criticality.report: bin_ms must be > 0 ms, got 0.0"),
    (["{}", "--to", "x"], "Invalid value for '--to'"),
    ([], "Missing argument 'RESULT'"),
])  # fmt: skip
def test_mistakes_are_one_message(lively, tmp_path, words, message):
    assert message in refused(*(word.format(lively) for word in words), "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name, content, message", [
    ("x.h5", b"nothing", "results.load: path must be a whole, undamaged result"),
    ("x.h5", b"\x89HDF\r\n\x1a\nnothing", "recordings.open: path must be a whole recording"),
    ("x.csv", b"0,1\nzero,2\n", "trains.load x.csv line 2: a line must be an id and a time in ms"),
    ("x.npz", b"PK", "trains.load x.npz: must be a whole .npz file"),
    ("x.mat", b"", "trains.load: the end of the file's name must be one of .csv, .txt, .npz, .h5, got '.mat'"),
])  # fmt: skip
def test_files_that_are_none_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    assert message in refused(tmp_path / name, "--out", tmp_path / "out")


def test_an_hdf5_file_of_another_kind_is_refused(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = 1
    assert "recordings.open: the format of" in refused(tmp_path / "x.h5")


def test_a_damaged_byte_and_a_folder_that_is_none_are_told(lively, tmp_path):
    broken = tmp_path / "broken.h5"
    content = bytearray(lively.read_bytes())
    content[5000] ^= 1
    broken.write_bytes(content)
    assert "path must be a whole, undamaged result" in refused(broken)
    (tmp_path / "taken").write_text("")
    assert "taken" in refused(lively, "--out", tmp_path / "taken")


def test_an_old_figure_survives_a_failure(lively, tmp_path, monkeypatch):
    call(lively, "--out", tmp_path, "--to", 500)
    (figure,) = tmp_path.rglob("*.png")
    before = figure.read_bytes()
    from matplotlib.figure import Figure

    def fails(self, path, **_):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Figure, "savefig", fails)
    assert "No space left on device" in refused(lively, "--out", tmp_path, "--to", 600)
    assert figure.read_bytes() == before
    assert [*tmp_path.rglob("*.*")] == [figure]
