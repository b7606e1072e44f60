"""Membrane voltage over time, with spikes marked above it and the threshold as a dashed line."""

import numpy as np
from matplotlib.axes import Axes

from neurosparse import check
from neurosparse.plot import looks


def voltage(
    t_ms, v, spikes=None, v_th: float | None = None, ax: Axes | None = None, unit: str = "mV", color=None
) -> Axes:
    """Draw one membrane voltage; returns the axes.

    t_ms, v    (n_steps,) time in ms and voltage in `unit`
    spikes     (n_spikes,) spike times, ms: a thin stick above the trace for each
    v_th       threshold, in `unit`: a dashed line
    color      of the trace; EXCITATORY if None

    Raises ValueError for unequal lengths and values that are not finite.
    """
    owner, colour = "plot.voltage", color or looks.EXCITATORY
    t_ms, v = np.asarray(t_ms, dtype=np.float64), np.asarray(v, dtype=np.float64)
    if t_ms.ndim != 1 or t_ms.shape != v.shape or t_ms.size == 0:
        check.fail(owner, "t_ms and v must be 1-D, of one length, and not empty", (t_ms.shape, v.shape))
    check.number(owner, "t_ms", t_ms, "ms")
    check.number(owner, "v", v, unit)
    spikes = np.asarray([] if spikes is None else spikes, dtype=np.float64)
    check.number(owner, "spikes", spikes, "ms")
    if v_th is not None:
        check.number(owner, "v_th", v_th, unit)
    ax = looks.axes(ax, 5.0, 2.2)
    ax.plot(t_ms, v, color=colour, linewidth=0.9, label="membrane")
    high = float(v.max() if v_th is None else max(v.max(), v_th))
    span = (high - float(v.min())) or 1.0
    if v_th is not None:
        ax.axhline(v_th, color=looks.BASELINE, linestyle=(0, (4, 3)), linewidth=0.8, label="threshold", zorder=1)
    if spikes.size:
        ax.vlines(
            spikes,
            high + 0.08 * span,
            high + 0.26 * span,
            color=looks.PUBLISHED,
            linewidth=0.9,
            label="spikes",
        )
    ax.set(xlim=_limits(t_ms), xlabel="time (ms)")
    ax.set_ylabel(f"membrane potential ({unit})")
    if v_th is not None or spikes.size:
        ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, columnspacing=1.2)
    return ax


def _limits(t_ms: np.ndarray) -> tuple[float, float]:
    """From the start of the first step (a state is stamped at its end) to the last time."""
    step = t_ms[1] - t_ms[0] if len(t_ms) > 1 else 1.0
    start = 0.0 if 0 < t_ms[0] < 1.5 * step else float(t_ms[0])
    return start, float(max(t_ms[-1], start + step))
