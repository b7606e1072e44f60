"""Gradients through time: memory and time against the number of steps, directions and accuracy against the leak."""

import numpy as np
from matplotlib.ticker import LogLocator

from neurosparse import plot

SOURCE = "memory_through_time"
COLOURS = {
    "bptt": plot.INHIBITORY, "checkpointed": plot.EXCITATORY, "sltt": plot.OURS, "sltt_k": plot.NEUTRAL,
    "ottt": plot.BASELINE,
}  # fmt: skip
MARKERS = ("o", "s", "^", "D", "v")


def draw(record):
    """Four panels: memory, seconds, cosines, accuracy."""
    figure = plot.figure(9.6, 6.2)
    (memory, seconds), (cosines, accuracy) = figure.subplots(2, 2)
    c = record.config
    ways = [way for way in COLOURS if way in c["ways"]]
    for way in ways:
        mine = sorted((row for row in record.rows if row["way"] == way), key=lambda row: row["steps"])
        x, line = [row["steps"] for row in mine], {"color": COLOURS[way], "label": name(way, c["k"])}
        line |= {"markersize": 3, "zorder": 3} if way == "sltt_k" else {"markersize": 6}  # these two lie on one another
        memory.plot(x, [row["live"] for row in mine], "o-", **line)
        memory.plot(x, [row["resident"] for row in mine], "o:", color=COLOURS[way], markerfacecolor="none")
        seconds.plot(x, [row["seconds"] for row in mine], "o-", **line)
        seconds.fill_between(
            x, [row["q1"] for row in mine], [row["q3"] for row in mine], color=COLOURS[way], alpha=0.2, linewidth=0
        )
    memory.set_title(f"a  Memory, {c['depth']} x {c['n']} units, batch {c['batch']}", loc="left")
    memory.plot([], [], "o-", color="black", label="tensors, counted")
    memory.plot([], [], "o:", color="black", markerfacecolor="none", label="process, measured")
    memory.set_ylabel("most at once (MiB)")
    seconds.set_title("b  Time of a pass forward and backward", loc="left")
    seconds.set_ylabel("median and quartiles (s)")
    if not c["resident"]:
        seconds.annotate("not measured", (0.5, 0.5), xycoords="axes fraction", ha="center")
    for ax in (memory, seconds):
        ax.set(xscale="log", xlabel="steps")
        if ax is memory or c["resident"]:
            ax.set_yscale("log")
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.yaxis.set_major_formatter("{x:g}")
        ax.set_xticks(c["steps"], [str(steps) for steps in c["steps"]])
        ax.minorticks_off()
    memory.legend(fontsize=7, loc="upper left")
    _cosines(cosines, record)
    _accuracy(accuracy, record)
    return figure


def name(way: str, k: int) -> str:
    """What stands beside a line."""
    return {"checkpointed": "bptt, computed again", "sltt_k": f"sltt, {k} random steps"}.get(way, way)


def _cosines(ax, record):
    layers = record.arrays["cosines"].T
    labels = [f"weights of layer {k + 1}" for k in range(len(layers) - 1)] + ["readout"]
    for line, marker, label in zip(layers, MARKERS, labels):
        ax.plot(record.config["leaks"], line, f"{marker}-", markerfacecolor="none", label=label)
    ax.set(xlabel="lambda, what a membrane keeps of itself in a step", ylabel="cosine of gradients, sltt and bptt")
    ax.set_ylim(top=1.005)
    ax.set_title(f"c  Direction before training, {record.config['cosine_steps']} steps", loc="left")
    ax.legend(fontsize=7, loc="lower left")


def _accuracy(ax, record):
    names, lines = [str(each) for each in record.arrays["trained"]], 100.0 * record.arrays["accuracy"]
    for leak, line, marker in zip(record.config["trained_leaks"], lines, MARKERS):
        ax.plot(np.arange(len(names)), line, marker, markerfacecolor="none", label=f"lambda = {leak:g}")
    shown = [each.replace("sltt_", "sltt\nK = ") for each in names]
    ax.set_xticks(np.arange(len(names)), shown)
    n = record.config["n_test"]
    ax.set(ylabel=f"accuracy on {n} test digits (%)", xlim=(-0.5, len(names) - 0.5))
    steps, epochs = record.config["digit_steps"], record.config["epochs"]
    ax.set_title(f"d  Digits of typefaces, {steps} steps, {epochs} epoch{'s' * (epochs > 1)}, one net each", loc="left")
    if len(lines):
        ax.legend(fontsize=7, loc="lower left")
