"""COBA at work: raster, rate, and the membrane and conductances of one neuron."""

from neurosparse import plot

SOURCE = "coba"
WINDOW_MS = 400.0


def draw(record):
    """Raster and rate of a sample of the neurons; below, one excitatory neuron for at most 400 ms."""
    a, duration, n = record.arrays, record.config["duration_ms"], record.config["n"]
    shown = max(1, n // 400)
    keep = a["spikes_i"] % shown == 0
    figure = plot.figure(7.2, 6.4)
    top, lower = figure.add_gridspec(2, 1, height_ratios=[1.4, 1], hspace=0.05)
    middle, bottom = lower.subgridspec(2, 1, height_ratios=[1.2, 1], hspace=0.05)
    spikes, rate = plot.raster_axes(top)
    kinds = a["excitatory"][::shown]
    plot.raster(a["spikes_i"][keep] // shown, a["spikes_t"][keep], len(kinds), duration, kinds, spikes, rate)
    m = record.metrics
    spikes.set_title(f"a  COBA, {n:,} neurons, {m['rate_hz']:.1f} Hz, CV {m['isi_cv']:.2f}", loc="left")
    window = a["state_t"] <= min(duration, WINDOW_MS)
    t, first = a["state_t"][window], a["first_spikes_t"]
    above = figure.add_subplot(middle)
    plot.voltage(t, a["v"][window], first[first <= t[-1]], -50.0, above)
    above.set_title("b  One excitatory neuron", loc="left")
    above.set(xlabel="", ylabel="membrane (mV)")
    above.tick_params(labelbottom=False)
    below = figure.add_subplot(bottom, sharex=above)
    below.plot(t, a["g_exc"][window], color=plot.EXCITATORY, linewidth=0.8, label="excitatory")
    below.plot(t, a["g_inh"][window], color=plot.INHIBITORY, linewidth=0.8, label="inhibitory")
    below.axhline(10.0, color=plot.NEUTRAL, linewidth=0.8, linestyle=":", label="leak")
    below.set(xlabel="time (ms)", ylabel="g (nS)", xlim=(0, t[-1]))
    below.set_ylim(bottom=0)
    below.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=3)
    return figure
