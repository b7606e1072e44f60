"""A calcium wave along astrocytes: where and when calcium is high, some traces, and the first events by distance."""

import numpy as np

from neurosparse import plot

SOURCE = "astro_ring"
SHOWN_S = 600.0
TRACES = 5


def draw(record):
    """Left: calcium of all cells, and of some. Right: first events against distance, with the fitted speed."""
    figure = plot.figure(9.6, 5.4)
    left, right = figure.add_gridspec(1, 2, width_ratios=[1.7, 1], wspace=0.08)
    upper, lower = left.subgridspec(2, 1, height_ratios=[1.1, 1], hspace=0.08)
    top = figure.add_subplot(upper)
    _map(figure, top, record)
    _traces(figure.add_subplot(lower, sharex=top), record)
    _first(figure.add_subplot(right), record)
    return figure


def _shown(record):
    """(times, calcium, (n,) cells in the order of the ring, or of distance on a grid)."""
    a = record.arrays
    early = a["t"] <= min(SHOWN_S, a["t"][-1])
    ring = record.config["geometry"] == "ring"
    order = np.arange(len(a["distance"])) if ring else np.argsort(a["distance"], kind="stable")
    return a["t"][early], a["c"][early], order


def _map(figure, ax, record) -> None:
    t, c, order = _shown(record)
    extent = (0.0, float(t[-1]), -0.5, len(order) - 0.5)
    image = ax.imshow(c[:, order].T, origin="lower", extent=extent, cmap="cividis", vmin=0.0, aspect="auto")
    figure.colorbar(image, ax=ax, label="calcium (uM)", pad=0.01)
    ring = record.config["geometry"] == "ring"
    ax.set(ylabel="cell" if ring else "cell, by distance")
    m = record.metrics
    ax.set_title(f"a  {m['events']:.0f} events in {record.config['duration_s']:g} s, "
                 f"{100 * m['participation']:.0f} % of {len(order)} cells take part", loc="left")  # fmt: skip
    ax.tick_params(labelbottom=False)


def _traces(ax, record) -> None:
    t, c, _ = _shown(record)
    distance = record.arrays["distance"]
    wanted = np.unique(np.linspace(0, distance.max(), TRACES).round().astype(int))
    step = 1.1 * float(c.max())
    for k, d in enumerate(wanted):
        cell = int(np.flatnonzero(distance == d)[0])
        ax.plot(t, c[:, cell] - k * step, color=plot.INHIBITORY if d == 0 else plot.OURS, linewidth=0.9)
        note = ax.annotate(f"distance {d}", (t[-1], -k * step), (4, 5), textcoords="offset points", fontsize=7)
        note.set_in_layout(False)  # beneath the colour bar
    period = record.metrics["period_s"]
    ax.set(xlabel="time (s)", ylabel=f"calcium (uM), each {step:.2g} lower", xlim=(0, t[-1]))
    ax.set_title(
        f"b  The middle cell has an event every {period:.1f} s" if period == period else "b  Traces", loc="left"
    )


def _first(ax, record) -> None:
    a, m = record.arrays, record.metrics
    ax.plot(a["distance"], a["first_s"], "o", color=plot.OURS, markersize=3, label="first event of a cell")
    ax.set(xlabel="distance (cells)", ylabel="time of the first event (s)")
    ax.set_xlim(-0.5, max(1.0, float(a["distance"].max())) + 0.5)
    title = "c  No wave"
    if m["speed"] == m["speed"]:
        d = np.array([record.config["radius"], m["farthest"]], dtype=float)
        label = f"{m['start_s']:.1f} s + distance / ({m['speed']:.4f} cells/s)"
        ax.plot(d, m["start_s"] + d / m["speed"], color=plot.PUBLISHED, linewidth=0.9, label=label)
        title = f"c  {m['speed']:.4f} ± {m['speed_error']:.4f} cells/s"
    ax.set_title(title, loc="left")
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper left")
