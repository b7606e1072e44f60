"""A liquid in space: where its neurons are, some of its synapses, and how connections thin out with distance."""

import numpy as np

from figures import _nalsm
from neurosparse import plot

SOURCE = "nalsm_images"
SHOWN = 6  # neurons whose synapses are drawn, of either kind
BIN = 0.5  # grid units
PAIRS = {"EE": (plot.EXCITATORY, "-", "o"), "EI": (plot.EXCITATORY, "--", "s"), "IE": (plot.INHIBITORY, "-", "o"),
         "II": (plot.INHIBITORY, "--", "s")}  # fmt: skip


def draw(record):
    """Positions with the synapses that a few neurons send, and the share of connected pairs at each distance."""
    a = record.arrays
    figure = plot.figure(8.4, 3.9)
    left, right = figure.add_gridspec(1, 2, width_ratios=[1.05, 1])
    _space(figure.add_subplot(left, projection="3d"), a)
    _distances(figure.add_subplot(right), a)
    return figure


def _space(ax, a) -> None:
    x, excitatory = a["positions"], a["excitatory"]
    for name, colour, mine in (
        ("excitatory", plot.EXCITATORY, excitatory),
        ("inhibitory", plot.INHIBITORY, ~excitatory),
    ):
        ax.scatter(*x[mine].T, s=8, color=colour, alpha=0.55, linewidths=0, label=f"{mine.sum():,} {name}")
        for source in np.flatnonzero(mine)[:SHOWN]:
            targets = a["indices"][a["indptr"][source] : a["indptr"][source + 1]]
            for target in targets:
                ax.plot(*np.stack([x[source], x[target]]).T, color=colour, linewidth=0.5, alpha=0.6)
            ax.scatter(*x[source], s=26, color=colour, edgecolors="black", linewidths=0.6)
    ax.set(xlabel="x", ylabel="y", zlabel="z")
    ax.grid(False)
    ax.tick_params(labelsize=6, pad=-2)
    ax.xaxis.labelpad = ax.yaxis.labelpad = ax.zaxis.labelpad = -8
    ax.set_box_aspect(np.ptp(x, axis=0) + 1)
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, 0.98), markerscale=2.0)
    ax.set_title(f"a  Synapses of {2 * SHOWN} neurons, of {len(a['indices']):,} in all (grid units)", loc="left")


def _distances(ax, a) -> None:
    x, kind = a["positions"].astype(float), np.where(a["excitatory"], "E", "I")
    n = len(x)
    distance = np.linalg.norm(x[:, None] - x[None], axis=2)
    joined = np.zeros((n, n), dtype=bool)
    joined[np.repeat(np.arange(n), np.diff(a["indptr"])), a["indices"]] = True
    edges = np.arange(0.75, distance.max() + BIN, BIN)
    law = np.linspace(0.75, distance.max(), 200)
    for pair, (colour, line, mark) in PAIRS.items():
        mine = np.outer(kind == pair[0], kind == pair[1]) & ~np.eye(n, dtype=bool)
        of = np.histogram(distance[mine], edges)[0]
        found = np.histogram(distance[mine & joined], edges)[0]
        middle = np.histogram(distance[mine], edges, weights=distance[mine])[0]
        some = of >= 20
        ax.plot(middle[some] / of[some], 100 * found[some] / of[some], mark, color=colour, markersize=4,
                markerfacecolor=colour if line == "-" else "white", label=f"{pair[0]} → {pair[1]}")  # fmt: skip
        ax.plot(law, 100 * _nalsm.CONNECT[pair] * np.exp(-((law / _nalsm.LENGTH) ** 2)), line,
                color=plot.PUBLISHED, linewidth=0.8, zorder=1)  # fmt: skip
    ax.plot([], [], color=plot.PUBLISHED, linewidth=0.8, label=f"C exp(−(D/3)²), {_nalsm.SOURCE}")
    ax.set(
        xlabel="distance of two neurons (grid units)",
        ylabel="pairs that are connected (%)",
        xlim=(0, 3 * _nalsm.LENGTH),
    )
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper right")
    ax.set_title("b  Who is connected to whom", loc="left")
