"""Published numbers of NALSM and its baselines, in one place, and how the figures of this family mark them.

Ivanov & Michmizos, NeurIPS 2021, workbook "Data and simulations" of the published code (combra-lab/NALSM): liquids of
1,000 neurons, 50,000 training samples, accuracy in % of 10,000 test samples, means of 10 networks. Its third block,
called N-MNIST, is Fashion-MNIST. The learning curve is that of an independent program (8,000 + 2,000 images of MNIST's
test part, one seed).
"""

from typing import Any

import numpy as np

from neurosparse import plot

SOURCE = "Ivanov & Michmizos 2021"
TRAINED = "50,000 training samples"
INDEPENDENT = "independent program, 1 seed"
NAMES = {"nalsm": "NALSM", "static": "static", "ap_stdp": "AP-STDP", "stdp": "STDP", "pixels": "plain input"}
COLOURS = {"nalsm": plot.OURS, "static": plot.EXCITATORY, "ap_stdp": "#CC79A7", "stdp": plot.INHIBITORY,
           "pixels": plot.BASELINE}  # fmt: skip
SHAPES = {"nalsm": "o", "static": "s", "ap_stdp": "^", "stdp": "v", "pixels": "x"}
TITLES = {"mnist": "MNIST", "nmnist-small": "N-MNIST", "fashion-mnist": "Fashion-MNIST", "digits": "digits"}

A_PLUS = 0.15  # potentiation, and depression at rest
CONNECT = {"EE": 0.2, "EI": 0.1, "IE": 0.3, "II": 0.05}  # C of P = C exp(-(D / LENGTH)^2), source then target
LENGTH = 3.0  # grid units

# data set -> model -> (mean accuracy, SD over networks, branching factor or None) at the best values
BEST: dict[str, dict[str, tuple]] = {
    "mnist": {"nalsm": (95.96, 0.13, 1.25), "static": (95.30, 0.10, None), "ap_stdp": (95.49, 0.09, None),
              "stdp": (89.47, 0.45, None)},
    "nmnist-small": {"nalsm": (95.90, 0.16, 1.13), "static": (95.02, 0.15, None), "ap_stdp": (95.23, 0.16, None),
                     "stdp": (86.80, 0.51, None)},
    "fashion-mnist": {"nalsm": (83.05, 0.21, 1.20)},
}  # fmt: skip
# data set -> sweep -> value: (accuracy, branching factor)
SWEEPS: dict[str, dict[str, dict[float, tuple[float, float]]]] = {
    "mnist": {
        "w_astro": {0.002: (95.91, 1.42), 0.0075: (96.00, 1.32), 0.015: (95.96, 1.25), 0.025: (95.87, 1.18),
                    0.05: (95.94, 1.09), 0.1: (95.67, 0.99), 0.2: (95.22, 0.88)},
        "weight_scale": {0.4: (95.00, 0.37), 0.5: (95.12, 0.54), 0.6: (95.19, 0.70), 0.7: (95.22, 0.86),
                         0.8: (95.20, 1.00), 0.9: (95.20, 1.13), 1.0: (95.18, 1.24), 1.1: (94.86, 1.34),
                         1.2: (94.32, 1.40), 1.3: (93.59, 1.44), 1.4: (93.44, 1.44)},
    },
    "nmnist-small": {
        "w_astro": {0.002: (95.85, 1.29), 0.0075: (95.99, 1.17), 0.015: (95.90, 1.13), 0.025: (95.82, 1.10),
                    0.05: (95.65, 1.07), 0.1: (95.38, 1.04), 0.2: (94.89, 1.02)},
        "weight_scale": {0.8: (9.8, 0.75), 0.9: (86.13, 0.87), 0.95: (94.81, 0.93), 1.0: (94.86, 0.99),
                         1.05: (94.92, 1.05), 1.1: (94.90, 1.11), 1.15: (94.81, 1.17), 1.2: (94.30, 1.23),
                         1.25: (93.20, 1.31), 1.35: (91.08, 1.45)},
    },
    "fashion-mnist": {"w_astro": {0.015: (83.05, 1.20)}},
}  # fmt: skip
# data set -> share that the astrocyte hears: accuracy, 3 networks with 3 seeds
DENSITY = {
    "mnist": {0.1: 95.76, 0.2: 95.94, 0.4: 96.00, 0.6: 96.00, 0.8: 96.06, 1.0: 96.12},
    "nmnist-small": {0.1: 95.92, 0.2: 95.91, 0.4: 95.98, 0.6: 96.05, 0.8: 95.98, 1.0: 96.06},
}
# model -> (mean, SD) of the rescaled kernel quality
QUALITY = {"nalsm": (0.838, 0.033), "static": (0.824, 0.006), "ap_stdp": (0.831, 0.018), "stdp": (0.471, 0.419)}
# features -> training samples: accuracy on MNIST
LEARNING = {
    "static": {500: 85.2, 1000: 88.3, 2000: 90.7, 4000: 91.9, 8000: 92.7},
    "nalsm": {500: 87.1, 1000: 90.3, 2000: 92.4, 4000: 93.4, 8000: 94.3},
}

MARK: Any = {"color": plot.PUBLISHED, "markerfacecolor": "none", "markersize": 5, "linestyle": "none"}


def title(record) -> str:
    """Data set and size of what was run, and what the error bars are."""
    config, (n_train, n_test) = record.config, record.arrays["sizes"]
    name, seeds = TITLES[config["dataset"]], len(config["seeds"])
    bars = f"SD of {seeds} seeds" if seeds > 1 else f"standard error of {n_test:,} test samples"
    return f"{name}, {config['n_neurons']:,} neurons, {n_train:,} training samples; bars: {bars}"


def spread(shares, record) -> float:
    """SD of accuracies over seeds, or the standard error of one."""
    mean, n_test = np.mean(shares), record.arrays["sizes"][1]
    return float(np.std(shares, ddof=1) if len(shares) > 1 else np.sqrt(mean * (1 - mean) / n_test))


def by_value(record, sweep: str, column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(values, mean, spread) of a column over the seeds of one sweep; 0 for one seed, but of its accuracy."""
    a = record.arrays
    mine = a["sweep"] == sweep
    values = np.unique(a["value"][mine])
    groups = [a[column][mine & (a["value"] == value)] for value in values]
    known = column == "accuracy" or len(record.config["seeds"]) > 1
    errors = [spread(group, record) if known else 0.0 for group in groups]
    return values, np.array([group.mean() for group in groups]), np.array(errors)


def nothing(ax, text: str) -> None:
    """Say why a panel is empty."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color=plot.NEUTRAL)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def keep_alive(ax, *values, below: float = 50.0) -> None:
    """Cut dead liquids (accuracy under `below`, where others are above) off the y axis, and say where they are."""
    flat = np.concatenate([np.ravel(v) for v in values])
    dead, alive = flat[flat < below], flat[flat >= below]
    if not (len(dead) and len(alive)):
        return
    span = max(alive.max() - alive.min(), 1.0)
    ax.set_ylim(alive.min() - 0.15 * span, alive.max() + 0.1 * span)
    text = f"not shown: {', '.join(f'{v:.0f}' for v in np.unique(np.round(dead)))} %"
    ax.text(0.02, 0.02, text, transform=ax.transAxes, fontsize=6.5, color=plot.NEUTRAL)
