"""Soft spikes and their gradients, the softened maximum and its own: what replaces surrogates in UltraLIF."""

import numpy as np

from neurosparse import plot
from neurosparse.plot.looks import SHARE

SOURCE = "ultra_shapes"


def draw(record):
    """Four panels."""
    a, figure = record.arrays, plot.figure(7.2, 5.0)
    (forward, backward), (maximum, share) = figure.subplots(2, 2)
    shades = [SHARE(level) for level in np.linspace(0.95, 0.4, len(a["eps"]))]
    for eps, colour, z, slope, top, part in zip(
        a["eps"], shades, a["soft"], a["soft_slope"], a["maximum"], a["maximum_slope"], strict=True
    ):
        forward.plot(a["x"], z, color=colour, label=rf"$\epsilon$ = {eps:g}")
        backward.plot(a["x"], slope, color=colour)
        backward.plot(0, 1 / (4 * eps), "_", color=plot.PUBLISHED, markersize=9)
        maximum.plot(a["x"], top, color=colour)
        maximum.plot(0, eps * np.log(2), "_", color=plot.PUBLISHED, markersize=9)
        share.plot(a["x"], part, color=colour)
    forward.plot(a["x"], a["hard"], color=plot.INHIBITORY, linestyle="--", label="hard")
    backward.plot(a["x"], a["hard_slope"], color=plot.INHIBITORY, linestyle="--", label="ATan surrogate")
    backward.plot([], [], "_", color=plot.PUBLISHED, markersize=9, label=r"$1 / 4\epsilon$")
    maximum.plot(a["x"], np.maximum(a["x"], 0), color=plot.INHIBITORY, linestyle="--", label="max(a, 0)")
    maximum.plot([], [], "_", color=plot.PUBLISHED, markersize=9, label=r"$\epsilon$ log 2")
    forward.set(xlabel=r"$u - v_{th}$", ylabel="spike")
    backward.set(xlabel=r"$u - v_{th}$", ylabel="its derivative, backward")
    maximum.set(xlabel="a", ylabel=r"LSE$_\epsilon$(a, 0)")
    share.set(xlabel="a", ylabel=r"$\partial$ LSE$_\epsilon$ / $\partial$a = $\sigma$(a / $\epsilon$)")
    names = ("a  Spikes, forward", "b  Spikes, backward", "c  Softened maximum", "d  Its gradient")
    for ax, name in zip((forward, backward, maximum, share), names, strict=True):
        ax.set_title(name, loc="left")
        ax.set_xlim(a["x"][0], a["x"][-1])
    for ax in (forward, backward, maximum):
        ax.legend(loc="upper right" if ax is backward else "upper left")
    return figure
