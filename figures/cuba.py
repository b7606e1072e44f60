"""CUBA at work: raster, rate, and the membrane of one neuron."""

from neurosparse import plot

SOURCE = "cuba"


def draw(record):
    """Raster and rate of a sample of the neurons, and a voltage trace."""
    a, duration = record.arrays, record.config["duration_ms"]
    n = record.config["n"]
    shown = max(1, n // 400)
    keep = a["spikes_i"] % shown == 0
    figure = plot.figure(7.2, 5.4)
    top, bottom = figure.add_gridspec(2, 1, height_ratios=[2.4, 1], hspace=0.15)
    spikes, rate = plot.raster_axes(top)
    kinds = a["excitatory"][::shown]
    plot.raster(a["spikes_i"][keep] // shown, a["spikes_t"][keep], len(kinds), duration, kinds, spikes, rate)
    spikes.set_title(f"a  CUBA, {n:,} neurons, {record.metrics['rate_hz']:.2f} Hz", loc="left")
    trace = figure.add_subplot(bottom)
    window = a["v_t"] <= min(duration, 400.0)
    first = a["first_spikes_t"]
    plot.voltage(a["v_t"][window], a["v"][window], first[first <= a["v_t"][window][-1]], -50.0, trace)
    trace.set_title("b  One excitatory neuron", loc="left")
    return figure
