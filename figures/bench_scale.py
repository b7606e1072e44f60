"""Memory of a large run beside the estimate."""

from neurosparse import plot

SOURCE = "bench_scale"


def draw(record):
    """Two bars, with what was run in the title."""
    row = record.rows[0]
    figure = plot.figure(4.8, 2.2)
    ax = figure.add_subplot()
    values = {"estimated": row["estimate_mib"], "used": row["memory_mib"]}
    bars = ax.barh(list(values), list(values.values()), color=[plot.NEUTRAL, plot.OURS], height=0.6)
    ax.bar_label(bars, fmt="%.0f MiB", padding=3)
    ax.set(xlabel="memory (MiB)", xlim=(0, 1.25 * max(values.values())))
    ax.invert_yaxis()
    ax.set_title(
        f"{row['neurons']:,} neurons, {row['events'] / 1e6:,.0f} M events in {row['seconds']:.0f} s", loc="left"
    )
    return figure
