"""Matplotlib functions: each draws one thing into the axes `ax`, or a new figure's, and returns the axes.

Nothing here touches pyplot: a figure made here is not registered anywhere and needs no closing; save it
with `ax.figure.savefig(path)`. Draw and save inside `with plot.style():`, since Matplotlib reads part of a
style while it draws and part while it saves. Colours have names by meaning: EXCITATORY, INHIBITORY, OURS,
PUBLISHED, BASELINE, NEUTRAL. Best file to read first: `traces.py`.
"""

from neurosparse.plot.confusions import confusion
from neurosparse.plot.histograms import degree_histogram, isi_histogram
from neurosparse.plot.looks import BASELINE, EXCITATORY, INHIBITORY, NEUTRAL, OURS, PUBLISHED, figure, style
from neurosparse.plot.rasters import raster, raster_axes
from neurosparse.plot.traces import voltage
from neurosparse.plot.weights import weight_matrix

__all__ = [
    "BASELINE",
    "EXCITATORY",
    "INHIBITORY",
    "NEUTRAL",
    "OURS",
    "PUBLISHED",
    "confusion",
    "degree_histogram",
    "figure",
    "isi_histogram",
    "raster",
    "raster_axes",
    "style",
    "voltage",
    "weight_matrix",
]
