"""Time of a product with a sparse matrix against the activity of its input, forward and backward, beside the rivals."""

from neurosparse import plot

SOURCE = "bench_sparse"
COLOURS = {
    "csr": plot.OURS, "events": plot.EXCITATORY, "list": plot.INHIBITORY, "dense": plot.NEUTRAL,
    "torch CSR": plot.PUBLISHED, "torch COO": plot.PUBLISHED, "torch dense": plot.BASELINE, "SciPy": plot.BASELINE,
}  # fmt: skip
DASHES = {"torch COO": ":", "SciPy": ":", "torch CSR": "--", "torch dense": "--"}
LABELS = {
    "csr": "ours, csr", "events": "ours, events", "dense": "ours, filled matrix", "list": "ours, list of active units",
    "torch CSR": "PyTorch CSR", "torch COO": "PyTorch COO", "torch dense": "PyTorch dense",
}  # fmt: skip


def draw(record):
    """A row for each batch; columns: forward and backward at each density. Dots are medians, lines quartiles."""
    densities, batches = record.config["densities"], record.config["batches"]
    columns = [(density, phase) for density in densities for phase in ("forward", "backward")]
    figure = plot.figure(1.2 + 2.0 * len(columns), 0.9 + 2.0 * len(batches))
    grid = figure.subplots(len(batches), len(columns), sharex=True, sharey="row", squeeze=False)
    for axes, batch in zip(grid, batches):
        for ax, (density, phase) in zip(axes, columns):
            at = {"density": density, "batch": batch, "phase": phase}
            lines(ax, [row for row in record.rows if at.items() <= row.items()], record.config["activities"])
            ax.set_title(f"{100 * density:g} % of pairs,\nbatch {batch}, {phase}", loc="left", fontsize=8)
        axes[0].set_ylabel("time, ms")
    for ax in grid[-1]:
        ax.set_xlabel("activity of the input")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8)
    return figure


def lines(ax, rows, activities):
    """Time by activity for each way; one that does not depend on it is a level line."""
    for way in COLOURS:
        mine = [row for row in rows if row["way"] == way]
        if not mine:
            continue
        x, y = [row["activity"] for row in mine], [row["milliseconds"] for row in mine]
        low, high = [row["q1"] for row in mine], [row["q3"] for row in mine]
        if way not in ("events", "list"):
            x, y, low, high = list(activities), y * len(activities), low * len(activities), high * len(activities)
        style = {"color": COLOURS[way], "linestyle": DASHES.get(way, "-"), "label": LABELS.get(way, way)}
        ax.plot(x, y, marker="o", markersize=3, linewidth=1, **style)
        ax.fill_between(x, low, high, color=COLOURS[way], alpha=0.2, linewidth=0)
    ax.set(xscale="log", yscale="log")
