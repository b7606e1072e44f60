"""A bump on a ring without input: the paper's diffusion grows, the normalised one keeps its sum, the limit dilates."""

import numpy as np

from neurosparse import plot
from neurosparse.plot.looks import SHARE

SOURCE = "ultra_diffusion"
FORMS = (("paper", "a  Paper"), ("neurosparse", "b  Normalised"), ("limit", "c  Limit, dilation"))


def draw(record):
    """Membranes of three forms over ring and time; the sums of e^(v / eps)."""
    a, c, figure = record.arrays, record.config, plot.figure(8.4, 2.9)
    *images, last = figure.subplots(1, 4, width_ratios=[1, 1, 1, 1.25])
    for (name, title), ax in zip(FORMS, images, strict=True):
        high = a[name].max()
        image = ax.imshow(a[name], cmap=SHARE, vmin=0, vmax=high, aspect="auto")
        ax.set(xlabel="neuron", title=title)
        figure.colorbar(image, ax=ax, location="top", shrink=0.9, label="v")
    images[0].set_ylabel("step without input")
    t = np.arange(len(a["paper"]))
    last.plot(t, c["eps"] * np.log(a["sum_paper"]), color=plot.INHIBITORY, label="paper")
    last.plot(t, t * c["eps"] * np.log(3), "o", color=plot.PUBLISHED, markerfacecolor="none", markersize=3.5,
              markevery=3, label=r"t $\epsilon$ log 3")  # fmt: skip
    last.plot(t, c["eps"] * np.log(a["sum_neurosparse"]), color=plot.OURS, label="normalised")
    last.set(xlabel="step", ylabel=r"$\epsilon$ log of sum $e^{v / \epsilon}$, from its start")
    last.set_title("d  What is kept", loc="left")
    last.legend(loc="upper left")
    return figure
