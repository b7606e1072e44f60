"""Training of a spiking net: loss, accuracy on what it learns from and on what chooses the epoch, and the test set."""

from neurosparse import plot

SOURCE = "train_spiking"


def draw(record):
    """Left: loss. Right: accuracies; lines are means over seeds, bands their range, marks the test set."""
    figure = plot.figure(7.2, 3.0)
    left, right = figure.subplots(1, 2)
    arrays, rows, config = record.arrays, record.rows, record.config
    epochs = range(1, arrays["loss"].shape[1] + 1)
    for ax, name, colour, label in (
        (left, "loss", plot.OURS, "loss"),
        (right, "train_accuracy", plot.BASELINE, "training"),
        (right, "validation_accuracy", plot.OURS, "validation"),
    ):
        values = arrays[name]
        ax.plot(epochs, values.mean(axis=0), color=colour, label=label)
        ax.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2, linewidth=0)
    best = [row["best_epoch"] + 1 for row in rows]
    right.plot(best, [row["hard_accuracy"] for row in rows], "o", color="black", label="test, hard spikes")
    if all(row["soft_accuracy"] == row["soft_accuracy"] for row in rows):
        right.plot(best, [row["soft_accuracy"] for row in rows], "o", mfc="none", color="black", label="test, soft")
    left.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    right.set(xlabel="epoch", ylabel="accuracy")
    right.legend(loc="lower right")
    left.set_title(f"a  {config['cell']} ({config['variant']}) on {config['dataset']}", loc="left")
    right.set_title(f"b  {config['steps']} steps, {len(rows)} nets", loc="left")
    return figure
