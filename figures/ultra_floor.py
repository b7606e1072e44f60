"""Why UltraLIF is never silent: its activation under inhibition alone, by softness, threshold and time."""

import numpy as np

from neurosparse import plot
from neurosparse.plot.looks import SHARE

SOURCE = "ultra_floor"


def draw(record):
    """Three panels."""
    a, figure = record.arrays, plot.figure(8.4, 3.0)
    left, middle, right = figure.subplots(1, 3)
    shades = [SHARE(level) for level in np.linspace(0.4, 0.95, len(a["thresholds"]))]
    for v_th, colour, closed, floor in zip(a["thresholds"], shades, a["closed"], a["floor"], strict=True):
        left.plot(a["eps"], closed, color=colour, label=f"$v_{{th}}$ = {v_th:g}")
        left.plot(a["eps"][::4], floor[::4], "o", color=colour, markersize=3)
    left.set(xscale="log", ylim=(0, 0.52), xlabel=r"$\epsilon$", ylabel="least activation s, first step")
    left.set_title("a  Closed form and simulated", loc="left")
    left.legend(loc="lower right")
    colours = (plot.INHIBITORY, plot.EXCITATORY, plot.OURS)
    for eps, colour, s in zip(a["course_eps"], colours, a["course"], strict=True):
        middle.plot(np.arange(1, len(s) + 1), s, ".-", color=colour, label=rf"$\epsilon$ = {eps:g}")
    middle.set(xlabel="step of silence", ylabel="activation s", ylim=(0, None))
    middle.set_title("b  Inhibited for ever, $v_{th}$ = .5", loc="left")
    middle.legend(loc="upper right")
    for k, (eps, colour) in enumerate(((1.0, plot.INHIBITORY), (0.1, plot.OURS))):
        right.plot(a["input"], a["response"][k], color=colour, label=rf"UltraLIF, $\epsilon$ = {eps:g}")
        right.plot(a["input"], a["signed"][k], "--", color=colour, label=rf"signed, $\epsilon$ = {eps:g}")
    right.set(xlabel="input I", ylabel="activation s, first step", ylim=(-0.02, 1.02))
    right.set_title("c  Response, $v_{th}$ = .5", loc="left")
    right.legend(loc="upper left")
    return figure
