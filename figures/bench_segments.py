"""Time of one call of the segment engine by size of the table, beside htm.core on another machine, and the bars."""

from neurosparse import plot

SOURCE = "bench_segments"
# htm.core's C++ on a Xeon, microseconds, (connected, and with potential synapses and the threshold scan).
PUBLISHED = {
    (10_000, 40): (1.4, 2.85), (10_000, 1280): (106, 148), (100_000, 40): (10.6, 28), (100_000, 1280): (785, 925),
    (500_000, 40): (52.5, 212), (500_000, 1280): (2175, 2450),
}  # fmt: skip
BARS = {(100_000, 40): 9.0, (100_000, 1280): 250.0}
COLOURS = {"connected": plot.OURS, "both": plot.EXCITATORY, "frozen": plot.BASELINE}


def draw(record):
    """A panel for each number of active cells; dots are medians, lines quartiles."""
    actives = record.config["n_active"]
    figure = plot.figure(4.2 * len(actives), 3.6)
    for k, n_active in enumerate(actives):
        ax = figure.add_subplot(1, len(actives), k + 1)
        for mode, colour in COLOURS.items():
            mine = [row for row in record.rows if row["mode"] == mode and row["n_active"] == n_active]
            x, y = [row["n_segments"] for row in mine], [row["microseconds"] for row in mine]
            spread = [[m - row["q1"] for m, row in zip(y, mine)], [row["q3"] - m for m, row in zip(y, mine)]]
            ax.errorbar(x, y, spread, fmt="o-", color=colour, markersize=4, capsize=2, label=f"ours, {mode}")
        for column, (marker, label) in enumerate((("D", "connected"), ("s", "both, scan"))):
            marks = {
                n: PUBLISHED[n, n_active][column] for n in record.config["n_segments"] if (n, n_active) in PUBLISHED
            }
            if marks:
                ax.plot(list(marks), list(marks.values()), marker, color=plot.PUBLISHED, markerfacecolor="none",
                        markersize=5, label=f"htm.core, {label}*")  # fmt: skip
        for (n, active), bar in BARS.items():
            if active == n_active and n in record.config["n_segments"]:
                ax.plot([n / 1.6, n * 1.6], [bar, bar], color=plot.INHIBITORY, linewidth=2, label="wanted, at most")
        ax.set(xscale="log", yscale="log", xlabel="segments", ylabel="time of a call, µs")
        ax.set_title(f"{n_active:,} active cells", loc="left")
        if k == 0:
            ax.legend(fontsize=7)
    figure.supxlabel(
        "* on another machine: a Xeon, one thread, means, measured elsewhere", fontsize=6, x=0.01, ha="left"
    )
    return figure
