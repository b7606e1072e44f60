"""A synapse drives two astrocytes: bound receptors, IP3, calcium, channels, as in figure 2 of Stimberg et al."""

from neurosparse import plot

SOURCE = "astro_gchi"
LABELS = {"gamma_a": "bound receptors", "i": "IP3 (uM)", "c": "calcium (uM)", "h": "channels not closed"}
# Peaks of the deterministic cell, s and uM, of an independent program (forward Euler, 1 ms)
OTHERS = {3.15: 1.16, 4.53: 0.74, 8.77: 0.69, 13.02: 0.60, 15.80: None, 17.12: None, 19.64: None, 21.15: None,
          23.61: None, 25.16: None, 27.60: None, 29.16: None}  # fmt: skip


def draw(record):
    """Four traces, one above the other, each with both cells."""
    a, m = record.arrays, record.metrics
    figure = plot.figure(7.2, 6.4)
    grid = figure.add_gridspec(len(LABELS), 1, hspace=0.08)
    for k, (name, label) in enumerate(LABELS.items()):
        ax = figure.add_subplot(grid[k])
        ax.plot(a["t"], a[name][:, 1], color=plot.BASELINE, linewidth=0.9, label="stochastic")
        ax.plot(a["t"], a[name][:, 0], color=plot.OURS, linewidth=1.2, label="deterministic")
        ax.set(ylabel=label, xlim=(0, a["t"][-1]))
        if name == "c":
            _others(ax, a["t"][-1])
            ax.set_title(
                f"c  {m['peaks']:.0f} peaks, the first at {m['first_s']:.2f} s, {m['first_peak']:.2f} uM", loc="left"
            )
        else:
            ax.set_title("abcd"[k], loc="left")
        if name == "c":
            ax.set_ylim(top=1.6)
            ax.legend(loc="upper right", ncols=3, fontsize=7)
    ax.set_xlabel("time (s)")
    return figure


def _others(ax, end: float) -> None:
    times = [t for t in OTHERS if t <= end]
    known = [t for t in times if OTHERS[t]]
    ax.plot(known, [OTHERS[t] for t in known], "D", color=plot.PUBLISHED, markerfacecolor="none", markersize=6)
    ax.plot(
        times, [-0.1] * len(times), "|", color=plot.PUBLISHED, markersize=7, label="peaks of an independent program"
    )
