"""Permuted MNIST: mean accuracy beside the published one, what is left of each task, and how it went on the way."""

import numpy as np

from neurosparse import plot
from neurosparse.plot.looks import SHARE

SOURCE = "permuted_mnist"
PAPER = "Iyer et al. 2022, 8 seeds"
NAMES = {"active_dendrites": "active dendrites", "sparse_only": "sparse only", "dendrites_only": "dendrites only",
         "mlp": "MLP"}  # fmt: skip
COLOURS = {"active_dendrites": plot.OURS, "sparse_only": plot.EXCITATORY, "dendrites_only": plot.INHIBITORY,
           "mlp": plot.BASELINE}  # fmt: skip
SHAPES = {"active_dendrites": "o", "sparse_only": "s", "dendrites_only": "^", "mlp": "v"}
# method -> tasks: mean test accuracy, %
PUBLISHED: dict[str, dict[int, float]] = {
    "active_dendrites": {2: 97.47, 5: 96.36, 10: 94.55, 25: 92.09, 50: 87.05, 100: 81.42},
    "sparse_only": {2: 96.57, 5: 93.89, 10: 91.33, 25: 84.59, 50: 75.56, 100: 65.61},
    "dendrites_only": {2: 96.76, 5: 89.11, 10: 82.85, 25: 76.15, 50: 68.33, 100: 61.54},
    "mlp": {10: 82.03, 100: 48.31},
}
MATRICES = 2  # at most


def draw(record):
    """Marks of the means, lines of the tasks, and the accuracy of each task after each of the first two methods."""
    methods, accuracy = record.arrays["method"].tolist(), 100 * record.arrays["accuracy"]
    shown = min(MATRICES, len(methods))
    figure = plot.figure(3.0 + 2.6 + 2.6 * shown, 3.4)
    axes = figure.subplots(1, 2 + shown, width_ratios=[1.1, 1.25] + [1.0] * shown)
    _means(axes[0], record, methods, accuracy)
    _tasks(axes[1], methods, accuracy)
    low = np.floor(np.nanmin(accuracy[:shown]) / 5) * 5
    for k in range(shown):
        image = axes[2 + k].imshow(accuracy[k], cmap=SHARE, vmin=low, vmax=100, aspect="equal", origin="upper")
        axes[2 + k].set(xlabel="task tested", ylabel="last task trained" if k == 0 else "")
        axes[2 + k].set_title(f"{'cd'[k]}  {NAMES[methods[k]]}", loc="left")
        _count(axes[2 + k].xaxis, accuracy.shape[1])
        _count(axes[2 + k].yaxis, accuracy.shape[1])
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    figure.colorbar(image, ax=list(axes[2:]), label="accuracy (%)", shrink=0.8)
    figure.suptitle(_title(record), fontsize=8, x=0.01, ha="left")
    return figure


def _means(ax, record, methods: list[str], accuracy: np.ndarray) -> None:
    n_tasks = accuracy.shape[1]
    means, known = accuracy[:, -1].mean(axis=1), record.config["dataset"] == "mnist"
    for place, (name, mean) in enumerate(zip(methods, means, strict=True)):
        theirs = PUBLISHED[name].get(n_tasks) if known else None
        ax.plot(place, mean, SHAPES[name], color=COLOURS[name], markersize=7)
        ax.annotate(f"{mean:.2f}", (place, mean), (7, -3), textcoords="offset points", fontsize=7)
        if theirs is not None:
            ax.plot(place - 0.2, theirs, "D", color=plot.PUBLISHED, markerfacecolor="none", markersize=5)
            ax.annotate(
                f"{theirs:.2f}", (place - 0.2, theirs), (-7, -3), textcoords="offset points", ha="right", fontsize=7
            )
    ax.margins(0.25, 0.15)
    ax.set_xlim(-0.75, len(methods) - 0.4)
    ax.set_xticks(range(len(methods)), [NAMES[name].replace(" ", "\n") for name in methods], fontsize=7)
    ax.set_ylabel(f"mean accuracy, {n_tasks} tasks (%)")
    ax.set_title("a  In the end", loc="left")


def _tasks(ax, methods: list[str], accuracy: np.ndarray) -> None:
    tasks = np.arange(1, accuracy.shape[1] + 1)
    for name, one in zip(methods, accuracy, strict=True):
        ax.plot(tasks, one[-1], color=COLOURS[name], marker=SHAPES[name], markersize=4, label=NAMES[name])
        ax.plot(tasks, np.diagonal(one), color=COLOURS[name], linestyle=":", linewidth=1)
    ax.plot([], [], ":", color=plot.NEUTRAL, linewidth=1, label="when new")
    ax.plot([], [], "D", color=plot.PUBLISHED, markerfacecolor="none", markersize=5, label=PAPER)
    ax.set(xlabel="task", ylabel="accuracy (%)")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_title("b  Each task in the end", loc="left")


def _count(axis, n: int) -> None:
    """Tasks are counted from one."""
    ticks = np.unique(np.linspace(0, n - 1, min(n, 5)).round().astype(int))
    axis.set_ticks(ticks, [str(k + 1) for k in ticks])


def _title(record) -> str:
    c, (n_train, n_test) = record.config, record.arrays["sizes"]
    name = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "digits": "digits"}[c["dataset"]]
    epochs = f"{c['epochs']} epoch" + ("s" if c["epochs"] > 1 else "")
    context = {"nearest": "nearest prototype", "told": "told the task"}.get(c["context"], c["context"])
    right = f"{100 * record.metrics['context_right']:.2f} % right"
    return (
        f"Permuted {name}, {n_train:,} training and {n_test:,} test images a task, {epochs} "
        f"(published: 3 for 10 tasks, MLP 5); test context: {context}, {right}; seed {c['seed']}"
    )
