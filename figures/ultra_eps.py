"""Softness: where a learned eps goes, and what a held one does to accuracy with soft and hard spikes."""

from neurosparse import plot

SOURCE = "ultra_eps"


def draw(record):
    """Left: learned eps over epochs. Middle: accuracy against eps, soft and hard, marks published. Right: rates."""
    figure = plot.figure(7.6, 2.8)
    course, accuracy, rate = figure.subplots(1, 3)
    cells = list(dict.fromkeys(row["cell"] for row in record.rows))
    colours = dict(zip(cells, (plot.OURS, plot.EXCITATORY, plot.PUBLISHED)))
    for cell, values in zip(cells, record.arrays["eps_course"]):
        course.plot(range(1, len(values) + 1), values, color=colours[cell], label=cell)
        held = [row for row in record.rows if row["cell"] == cell and not row["learned"]]
        eps = [row["eps"] for row in held]
        accuracy.plot(eps, [100 * row["soft_accuracy"] for row in held], "o-", mfc="none", color=colours[cell])
        accuracy.plot(eps, [100 * row["hard_accuracy"] for row in held], "o--", color=colours[cell])
        marks = [(row["eps"], 100 * row["published"]) for row in held if row["published"] == row["published"]]
        accuracy.plot(*zip(*marks), "_", color=colours[cell], markersize=12) if marks else None
        rate.plot(eps, [row["rate"] for row in held], "o--", color=colours[cell])
    course.set(xlabel="epoch", ylabel="eps, learned from 1", ylim=(0, None))
    course.legend()
    accuracy.set(xlabel="eps, held", ylabel="% right", xscale="log")
    rate.set(xlabel="eps, held", ylabel="hard spikes, a neuron and step", xscale="log", ylim=(0, 1.02))
    for ax, title in zip(
        (course, accuracy, rate), ("a  learned", "b  soft (open), hard (full)", "c  rate of hard spikes")
    ):
        ax.set_title(title, loc="left")
    return figure
