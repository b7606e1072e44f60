"""Plots: what the axes hold (labels with units, points, colours), errors, and no figure left with pyplot."""

import io
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from neurosparse import measure, plot

RNG = np.random.default_rng(0)
TYPES = np.array([True, True, False, True])
SPIKES = (np.array([0, 1, 2, 2, 3]), np.array([1.0, 6.0, 7.0, 12.0, 20.0]))
INDPTR, INDICES, WEIGHT = np.array([0, 2, 2, 3]), np.array([0, 2, 1]), np.array([1.0, 2.0, -4.0])


def new_axes():
    return Figure().add_subplot()


def saved(ax, form="png") -> bytes:
    """The axes' figure as a file: that nothing fails while it is drawn is part of each test."""
    stream = io.BytesIO()
    with plot.style():
        ax.figure.savefig(stream, format=form)
    return stream.getvalue()


DRAW = {
    "raster": lambda ax: plot.raster(*SPIKES, 4, 20.0, TYPES, ax=ax),
    "voltage": lambda ax: plot.voltage([0.0, 1.0], [-70.0, -60.0], [1.0], -55.0, ax=ax),
    "weight_matrix": lambda ax: plot.weight_matrix(INDPTR, INDICES, WEIGHT, ax=ax),
    "confusion": lambda ax: plot.confusion([[3, 1], [0, 2]], ax=ax),
    "isi_histogram": lambda ax: plot.isi_histogram([1.0, 2.0], ax=ax),
    "degree_histogram": lambda ax: plot.degree_histogram(INDPTR, INDICES, ax=ax),
}
LABELS = {
    "raster": ("time (ms)", "neuron"),
    "voltage": ("time (ms)", "membrane potential (mV)"),
    "weight_matrix": ("target neuron", "source neuron"),
    "confusion": ("predicted", "true"),
    "isi_histogram": ("inter-spike interval (ms)", "number of intervals"),
    "degree_histogram": ("synapses of a neuron", "number of neurons"),
}


# ---- all of them ----


@pytest.mark.parametrize("name", DRAW)
def test_every_plot_draws_into_ax_and_returns_it(name):
    ax = new_axes()
    assert DRAW[name](ax) is ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == LABELS[name]
    assert saved(ax).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", DRAW)
def test_every_plot_makes_a_figure_of_its_own_outside_pyplot(name):
    import matplotlib.pyplot as plt

    ax = DRAW[name](None)
    assert isinstance(ax.figure, Figure)
    assert plt.get_fignums() == []
    assert saved(ax, "svg").startswith(b"<?xml")


@pytest.mark.parametrize("name", DRAW)
def test_every_plot_leaves_the_style_of_the_session_alone(name):
    before = dict(matplotlib.rcParams)
    DRAW[name](None)
    assert dict(matplotlib.rcParams) == before


def test_the_style_sheet_is_in_force_inside_its_context_only():
    with matplotlib.rc_context({"font.size": 33.0, "axes.grid": True}):
        with plot.style():
            assert matplotlib.rcParams["font.size"] == 8
            assert not matplotlib.rcParams["axes.grid"]  # what the sheet does not name is Matplotlib's default
            assert matplotlib.rcParams["pdf.fonttype"] == 42
        assert matplotlib.rcParams["font.size"] == 33


def test_colours_are_of_the_okabe_ito_palette_or_grey():
    okabe_ito = {"#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#000000"}
    named = [plot.EXCITATORY, plot.INHIBITORY, plot.OURS, plot.PUBLISHED]
    assert set(named) <= okabe_ito
    greys = [plot.BASELINE, plot.NEUTRAL]
    assert all(len({c[1:3], c[3:5], c[5:7]}) == 1 for c in greys)
    assert len({*named, *greys}) == 6


def test_figure_has_the_given_size_and_layout():
    figure = plot.figure(7.0, 2.0)
    assert figure.get_size_inches().tolist() == [7.0, 2.0]
    assert type(figure.get_layout_engine()).__name__ == "ConstrainedLayoutEngine"


@pytest.mark.slow
def test_importing_and_drawing_does_not_import_pyplot_or_numba():
    code = (
        "import sys, neurosparse.plot as p; p.raster([0], [1.0], 1, 9.0).figure.savefig(sys.stdout.buffer);"
        "assert not {'matplotlib.pyplot', 'numba', 'sklearn'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0


# ---- raster ----


def test_raster_has_each_spike_once_in_the_colour_of_its_neuron():
    ax = plot.raster(*SPIKES, 4, 20.0, TYPES)
    excitatory, inhibitory = ax.lines
    assert excitatory.get_xydata().tolist() == [[1.0, 0], [6.0, 1], [20.0, 3]]
    assert inhibitory.get_xydata().tolist() == [[7.0, 2], [12.0, 2]]
    assert [to_hex(line.get_color()).upper() for line in ax.lines] == [plot.EXCITATORY, plot.INHIBITORY]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["excitatory", "inhibitory"]
    assert ax.get_xlim() == (0.0, 20.0)
    assert ax.get_ylim() == (-0.5, 3.5)


def test_raster_rate_is_hz_of_a_neuron_in_each_population():
    ax = plot.raster(*SPIKES, 4, 20.0, TYPES, bin_ms=10.0)
    rate_ax = ax.figure.axes[1]
    assert rate_ax.get_ylabel() == "rate (Hz)"
    assert rate_ax.get_xlabel() == "time (ms)"
    assert ax.get_xlabel() == ""
    rates = {p.get_label(): p.get_data().values.tolist() for p in rate_ax.patches if p.get_label()}
    # two excitatory spikes of three neurons in the first 10 ms; the spike at the very end is in the last bin
    assert rates["excitatory"] == pytest.approx([2 / 3 * 100, 1 / 3 * 100])
    assert rates["inhibitory"] == [100.0, 100.0]


def test_raster_rate_is_the_measured_one():
    t = np.arange(1.0, 21.0)
    ax = plot.raster(np.zeros(20, int), t, 1, 20.0, bin_ms=5.0)
    drawn = ax.figure.axes[1].patches[-1].get_data()
    edges, rate = measure.population_rate(t, 1, 20.0, 5.0)
    assert drawn.values.tolist() == rate.tolist() == [1000.0] * 4
    assert drawn.edges.tolist() == edges.tolist()


def test_raster_of_one_population_and_of_silence():
    ax = plot.raster(*SPIKES, 4, 20.0)
    assert len(ax.lines) == 1
    assert ax.get_legend() is None
    silent = plot.raster([], [], 4, 20.0, np.ones(4, bool))
    assert len(silent.lines[0].get_xdata()) == 0
    assert saved(silent)


def test_raster_axes_in_a_grid_share_their_time_axis():
    figure = plot.figure(6.0, 3.0)
    for parent in (figure.add_gridspec(1, 2)[0, 1], figure.add_subfigure(figure.add_gridspec(1, 2)[0, 0])):
        upper, lower = plot.raster_axes(parent)
        assert upper.get_shared_x_axes().joined(upper, lower)
        plot.raster(*SPIKES, 4, 20.0, TYPES, ax=upper, rate_ax=lower)
        assert upper.get_position().y0 > lower.get_position().y0
    assert len(figure.axes) == 4


def test_raster_of_many_spikes_is_stored_as_pixels():
    n, spikes = 2000, 100_000
    ax = plot.raster(RNG.integers(0, n, spikes), RNG.uniform(0, 1000, spikes), n, 1000.0, np.arange(n) % 5 > 0)
    assert all(line.get_rasterized() for line in ax.lines)
    assert len(saved(ax, "pdf")) < 1_000_000
    small = plot.raster(*SPIKES, 4, 20.0)
    assert small.lines[0].get_marker() == "|"
    assert 0.5 <= ax.lines[0].get_markersize() < small.lines[0].get_markersize()


# ---- voltage ----


def test_voltage_marks_spikes_above_the_threshold():
    t, v = np.arange(1, 101) * 0.1, np.linspace(-70, -56, 100)
    ax = plot.voltage(t, v, spikes=[3.0, 9.0], v_th=-55.0)
    trace, threshold = ax.lines
    assert trace.get_xydata().shape == (100, 2)
    assert np.all(np.asarray(threshold.get_ydata()) == -55.0)
    sticks = ax.collections[0].get_segments()
    assert [stick[0][0] for stick in sticks] == [3.0, 9.0]
    assert min(stick[:, 1].min() for stick in sticks) > -55.0
    assert ax.get_xlim() == pytest.approx((0.0, 10.0))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["membrane", "threshold", "spikes"]


def test_voltage_alone_has_no_legend():
    ax = plot.voltage([50.0, 51.0], [0.0, 0.0], unit="threshold units", color=plot.INHIBITORY)
    assert ax.get_legend() is None
    assert ax.get_xlim() == (50.0, 51.0)
    assert ax.get_ylabel() == "membrane potential (threshold units)"
    assert to_hex(ax.lines[0].get_color()).upper() == plot.INHIBITORY
    assert saved(plot.voltage([0.0], [1.0]))


# ---- weights ----


def test_weight_matrix_puts_source_on_y_and_target_on_x():
    ax = plot.weight_matrix(INDPTR, INDICES, WEIGHT, unit="mV")
    image = ax.images[0]
    assert image.get_array().tolist() == [[1, 0, 2], [0, 0, 0], [0, -4, 0]]
    low, high = image.get_clim()
    assert low == -high
    assert image.origin == "lower"  # row 0 at the bottom, like neuron 0 of a raster
    assert ax.get_ylim() == (-0.5, 2.5)
    assert to_hex(image.cmap(1.0)).upper() == plot.EXCITATORY
    assert to_hex(image.cmap(0.0)).upper() == plot.INHIBITORY
    assert ax.child_axes[0].get_ylabel() == "weight (mV)"


def test_weight_matrix_in_another_order():
    ax = plot.weight_matrix(INDPTR, INDICES, WEIGHT, order=[2, 0, 1])
    dense = np.array([[1, 0, 2], [0, 0, 0], [0, -4, 0]])
    assert np.array_equal(ax.images[0].get_array(), dense[np.ix_([2, 0, 1], [2, 0, 1])])


def test_weight_matrix_of_a_big_net_shows_sums_over_blocks_of_pairs():
    dense = np.where(RNG.random((23, 17)) < 0.3, RNG.normal(size=(23, 17)), 0.0)
    indptr = np.concatenate(([0], np.cumsum((dense != 0).sum(axis=1))))
    ax = plot.weight_matrix(indptr, np.nonzero(dense)[1], dense[dense != 0], 17, max_cells=6)
    cells = np.array([[dense[r : r + 4, c : c + 4].sum() for c in range(0, 17, 4)] for r in range(0, 23, 4)])
    assert np.allclose(ax.images[0].get_array(), cells)
    assert ax.get_xlim() == (-0.5, 16.5)
    assert ax.get_ylim() == (-0.5, 22.5)
    assert ax.images[0].get_extent() == [-0.5, 19.5, -0.5, 23.5]
    assert ax.child_axes[0].get_ylabel() == "sum of the weights in 4 × 4 pairs"


def test_weight_matrix_without_synapses():
    assert saved(plot.weight_matrix([0, 0, 0], [], []))


# ---- confusion and histograms ----


def test_confusion_writes_counts_and_colours_shares_of_the_true_class():
    ax = plot.confusion([[3, 1], [0, 0]], ["cat", "dog"])
    assert np.array_equal(ax.images[0].get_array(), [[0.75, 0.25], [0, 0]])
    assert {t.get_position(): t.get_text() for t in ax.texts} == {(0, 0): "3", (1, 0): "1"}
    assert [t.get_text() for t in ax.get_yticklabels()] == ["cat", "dog"]
    assert {t.get_text(): t.get_color() for t in ax.texts} == {"3": "white", "1": "black"}


def test_isi_histogram_counts_all_intervals():
    isi = RNG.gamma(2.0, 5.0, 500)
    ax = plot.isi_histogram(isi, bins=20)
    assert ax.patches[0].get_data().values.sum() == 500
    assert len(ax.patches[0].get_data().values) == 20
    assert f"CV {isi.std() / isi.mean():.2f}" in ax.texts[0].get_text()
    assert len(plot.isi_histogram([]).patches) == 0


def test_degree_histogram_counts_every_neuron_in_both_directions():
    ax = plot.degree_histogram(INDPTR, INDICES)
    sent, received = (patch.get_data() for patch in ax.patches)
    assert sent.values.tolist() == [1, 1, 1]
    assert received.values.tolist() == [0, 3, 0]
    assert sent.edges.tolist() == [-0.5, 0.5, 1.5, 2.5]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["sent, mean 1", "received, mean 1"]
    wide = plot.degree_histogram([0, 100], np.zeros(100, int), 1, bins=7)
    assert wide.patches[0].get_data().values.sum() == 1
    assert len(wide.patches[0].get_data().values) <= 7


# ---- errors ----


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: plot.figure(0.0), r"plot\.figure: width must be > 0 inches"),
        (lambda: plot.figure(1.0, -1.0), "height must be > 0 inches"),
        (
            lambda: plot.raster([0], [1.0, 2.0], 1, 9.0),
            r"plot\.raster: i and t_ms must have one length",
        ),
        (lambda: plot.raster([1], [1.0], 1, 9.0), r"i must be in \[0, 0\]"),
        (lambda: plot.raster([0], [10.0], 1, 9.0), r"t_ms must be in \[0, 9.0\] ms"),
        (lambda: plot.raster([], [], 0, 9.0), r"n must be in \[1, "),
        (lambda: plot.raster([], [], 1, 0.0), "duration_ms must be > 0 ms"),
        (lambda: plot.raster([], [], 1, 9.0, bin_ms=0), "bin_ms must be > 0 ms"),
        (
            lambda: plot.raster([], [], 2, 9.0, [1, 0]),
            r"types must be \(2,\) bool, True for excitatory, got 'int64",
        ),
        (lambda: plot.voltage([0.0, 1.0], [0.0]), r"plot\.voltage: t_ms and v must be 1-D, of one length"),
        (lambda: plot.voltage([], []), "and not empty"),
        (lambda: plot.voltage([np.nan], [0.0]), "t_ms must be a finite number in ms"),
        (lambda: plot.voltage([0.0], [np.nan]), "v must be a finite number in mV"),
        (lambda: plot.voltage([0.0], [0.0], [np.inf]), "spikes must be a finite number in ms"),
        (lambda: plot.voltage([0.0], [0.0], v_th=np.nan), "v_th must be a finite number in mV"),
        (
            lambda: plot.weight_matrix([1, 0], [], []),
            r"plot\.weight_matrix: indptr must be 1-D and rise from 0",
        ),
        (lambda: plot.weight_matrix([0, 1], [0], []), "the lengths of indices and weight must agree"),
        (lambda: plot.weight_matrix([0, 1], [1], [1.0]), r"indices must be in \[0, 0\]"),
        (lambda: plot.weight_matrix([0, 1], [0], [np.nan]), "weight must be a finite number"),
        (lambda: plot.weight_matrix([0, 0], [], [], 0), r"n_cols must be in \[1, "),
        (lambda: plot.weight_matrix([0, 0], [], [], max_cells=0), r"max_cells must be in \[1, "),
        (lambda: plot.weight_matrix([0, 0], [], [], order=[1]), "order must be a permutation of 1 neurons"),
        (lambda: plot.weight_matrix([0, 0], [], [], 2, order=[0]), "of a square matrix"),
        (lambda: plot.confusion([[1, 2]]), r"plot\.confusion: matrix must be square"),
        (lambda: plot.confusion([[-1]]), "matrix must be >= 0"),
        (lambda: plot.confusion([[1]], ["a", "b"]), "labels must have 1 entries, got 2"),
        (lambda: plot.isi_histogram([1.0, 0.0]), r"plot\.isi_histogram: isi_ms must be > 0 ms"),
        (lambda: plot.isi_histogram([1.0], bins=0), r"bins must be in \[1, "),
        (
            lambda: plot.degree_histogram([0, 2], [0]),
            r"plot\.degree_histogram: indptr must be 1-D and rise to 1",
        ),
        (lambda: plot.degree_histogram([0, 1], [4]), r"indices must be in \[0, 0\]"),
        (lambda: plot.degree_histogram([0, 1], [0], bins=0), r"bins must be in \[1, "),
        (lambda: plot.degree_histogram([0, 1], [0], 0), r"n_cols must be in \[1, "),
    ],
)
def test_errors_name_owner_need_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
