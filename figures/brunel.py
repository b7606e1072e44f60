"""One regime of Brunel's network as in figure 8 of the paper: spikes of some neurons and the activity of all."""

from neurosparse import plot

SOURCE = "brunel"


def draw(record):
    """Raster of the kept neurons; beneath it the activity in bins of 1 ms, with the self-consistent rate."""
    a, c, m = record.arrays, record.config, record.metrics
    figure = plot.figure(6.4, 4.2)
    spikes, activity = plot.raster_axes(figure)
    n = min(c["shown"], max(1, round(10_000 * c["scale"])))
    plot.raster(a["spikes_i"], a["spikes_t"], n, c["duration_ms"], None, spikes)
    spikes.set_xlabel("")
    title = f"g {c['g']:g}, eta {c['eta']:g}: {m['rate_hz']:.1f} Hz, CV {m['isi_cv']:.2f}, chi {m['synchrony']:.2f}"
    spikes.set_title(title, loc="left")
    activity.stairs(a["activity"], a["activity_edges"], color=plot.OURS, linewidth=0.8, fill=True, alpha=0.5)
    activity.axhline(m["theory_hz"], color=plot.PUBLISHED, linewidth=1.0, linestyle="--")
    text = f"theory {m['theory_hz']:.1f} Hz"
    activity.annotate(
        text, (1.0, m["theory_hz"]), (4, 0), ("axes fraction", "data"), "offset points", va="center", fontsize=7
    )
    activity.set(xlabel="time (ms)", ylabel="activity (Hz)", xlim=(0, c["duration_ms"]))
    activity.set_ylim(bottom=0)
    return figure
