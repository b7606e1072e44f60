"""What the figures of all comparisons with other simulators share: speed, time to a first result, memory."""

import numpy as np

from neurosparse import plot


def draw(record, title: str):
    """For each size the run times, every one a dot; then the first result, cold and warm, and the memory."""
    sizes = list(dict.fromkeys(row["neurons"] for row in record.rows))
    first = [key for key in record.metrics if key.startswith("cold_seconds_")]
    panels = len(sizes) + bool(first) + 1
    names = list(dict.fromkeys(row["rival"] for row in record.rows))
    figure = plot.figure(3.3 * panels + 0.8, 1.2 + 0.42 * len(names))
    axes = figure.subplots(
        1, panels, squeeze=False, sharey=True, width_ratios=[1.5] * len(sizes) + [1] * (panels - len(sizes))
    )[0]
    for ax, n in zip(axes, sizes):
        _speed(ax, record, [row for row in record.rows if row["neurons"] == n], n)
        ax.set_title(f"{title}, {n:,} neurons", loc="left")
    if first:
        _first_result(axes[len(sizes)], record, names, sizes[0])
    _memory(axes[-1], record, sizes[-1])
    axes[0].set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.7))
    return figure


def _colour(name: str) -> str:
    return plot.OURS if name.startswith("neurosparse") else plot.BASELINE


def _speed(ax, record, rows, n: int) -> None:
    seconds = record.config["duration_ms"] / 1000.0
    for y, row in enumerate(rows):
        timed = record.arrays[f"seconds {n} {row['rival']}"]
        colour = _colour(row["rival"])
        ax.plot(timed, y + np.linspace(-0.12, 0.12, len(timed)), "o", color=colour, alpha=0.5, markersize=4)
        ax.vlines(row["seconds"], y - 0.25, y + 0.25, color=colour)
        text = f"{row['synaptic_events'] / 1e6:.3g} M events/s"
        if row["rival"] != "neurosparse":
            text = f"{row['ratio_median']:.2g}x ({row['ratio_q1']:.2g} to {row['ratio_q3']:.2g}), " + text
        ax.annotate(text, (row["seconds"], y), (0, 9), textcoords="offset points", ha="center", fontsize=6.5)
    ax.axvline(seconds, color=plot.NEUTRAL, linewidth=0.8, linestyle=":")
    ax.set(xscale="log", xlabel=f"run, s for {seconds:g} s of network time (dotted)")
    low, high = ax.get_xlim()
    ax.set_xlim(low / 3.0, high * 3.0)


def _first_result(ax, record, names, n: int) -> None:
    for y, name in enumerate(names):
        for kind, height, alpha in (("cold", -0.16, 1.0), ("warm", 0.16, 0.5)):
            seconds = record.metrics.get(f"{kind}_seconds_{name}".replace(" ", "_"))
            if seconds is not None:
                ax.barh(y + height, seconds, 0.3, color=_colour(name), alpha=alpha)
                ax.annotate(f"{kind} {seconds:.1f}", (seconds, y + height), (3, 0), textcoords="offset points",
                            va="center", fontsize=6.5)  # fmt: skip
    ax.set(xlabel="s from start to a first result")
    ax.set_title(f"First result, {n:,}", loc="left")
    ax.margins(x=0.3)


def _memory(ax, record, n: int) -> None:
    for y, row in enumerate(row for row in record.rows if row["neurons"] == n):
        ax.barh(y, row["memory_mib"], 0.5, color=_colour(row["rival"]))
        ax.annotate(f"{row['memory_mib']:,.0f}", (row["memory_mib"], y), (3, 0), textcoords="offset points",
                    va="center", fontsize=6.5)  # fmt: skip
    ax.set(xlabel="largest memory of the process, MiB")
    ax.set_title(f"Memory, {n:,}", loc="left")
    ax.margins(x=0.3)
