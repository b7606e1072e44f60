"""Four regimes of Brunel's network as in figure 8 of the paper, and their rates on the curves of theory."""

import numpy as np

from neurosparse import plot

SOURCE = "brunel_regimes"
SHOWN_MS = 200.0
# Brunel 2000, text to figure 8: rates of his simulations, Hz, of 10 mV reset.
PUBLISHED = {"SI fast": 60.7, "AI": 37.7, "SI slow": 5.5}


def draw(record):
    """Left: raster and activity of each regime. Right: rate against eta, theory as lines, runs as dots."""
    figure = plot.figure(10.8, 5.8)
    left, right = figure.add_gridspec(1, 2, width_ratios=[1.7, 1], wspace=0.08)
    cells = left.subgridspec(2, 2, hspace=0.05, wspace=0.1)
    for k, (row, letter) in enumerate(zip(record.rows, "abcd")):
        _regime(plot.raster_axes(cells[k]), record, row, letter)
    _rates(figure.add_subplot(right), record)
    return figure


def _regime(axes, record, row, letter: str) -> None:
    spikes, activity = axes
    a, name = record.arrays, row["regime"]
    shown = min(SHOWN_MS, record.config["duration_ms"])
    early = a[f"{name} spikes_t"] <= shown
    i, t = a[f"{name} spikes_i"][early], a[f"{name} spikes_t"][early]
    plot.raster(i, t, min(record.config["shown"], round(10_000 * record.config["scale"])), shown, None, spikes)
    spikes.set(xlabel="", ylabel="neuron")
    text = f"{letter}  {name} (g {row['g']:g}, eta {row['eta']:g})\n{row['rate_hz']:.1f} Hz, CV {row['isi_cv']:.2f}"
    spikes.set_title(text, loc="left", fontsize=8)
    bins = int(shown)
    edges = a[f"{name} activity_edges"][: bins + 1]
    activity.stairs(a[f"{name} activity"][:bins], edges, color=plot.OURS, fill=True, alpha=0.6)
    activity.set(xlabel="time (ms)", ylabel="Hz", xlim=(0, shown))
    activity.set_ylim(bottom=0)


def _rates(ax, record) -> None:
    a = record.arrays
    colours = (plot.NEUTRAL, plot.BASELINE, plot.EXCITATORY, plot.INHIBITORY)
    for row, colour in zip(sorted(record.rows, key=lambda row: row["g"]), colours):
        name = row["regime"]
        curve = a[f"{name} curve"]
        ax.plot(a["eta"], np.where(curve > 0.1, curve, np.nan), color=colour, label=f"theory, g {row['g']:g}")
        ax.plot(row["eta"], row["rate_hz"], "o", color=plot.OURS, markersize=6, zorder=3)
        ax.annotate(name, (row["eta"], row["rate_hz"]), (7, -9), textcoords="offset points", fontsize=7)
        if name in PUBLISHED and record.config["v_reset"] == 10.0 and record.config["scale"] == 1.0:
            ax.plot(row["eta"], PUBLISHED[name], "D", color=plot.PUBLISHED, markerfacecolor="none", markersize=8)
    ax.plot([], [], "o", color=plot.OURS, label="neurosparse")
    ax.plot([], [], "D", color=plot.PUBLISHED, markerfacecolor="none", label="Brunel 2000, simulated")
    ax.set(yscale="log", xlabel="eta, external rate over threshold rate", ylabel="rate (Hz)", ylim=(1.0, 600.0))
    ax.set_title("e  Rates and theory", loc="left")
    ax.legend(loc="lower right")
