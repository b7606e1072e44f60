"""Whether two simulators give the same: a run of each for every seed, tested over all values and over seeds.

The neurons of one network share its wiring, and the synapses of one neuron its input. The Kolmogorov-Smirnov test takes
all values of all seeds for independent and so finds a difference too readily, among our own seeds too; Welch's t-test
of the means, one number for a seed, is the one to trust.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from simulations.rivals import compare

SEEDS = 6
THEM = "brian2 cpp"


def runs(task: compare.Task, names: Sequence[str], n: int, duration_ms: float, config: compare.Config) -> dict:
    """For each simulator, by seed: (`step.values()`, spikes) of one run from its first state."""
    found = {name: [] for name in names}
    for k in range(SEEDS):
        other = config.model_copy(update={"seed": config.seed + k, "duration_ms": duration_ms})
        for name, seen in found.items():
            with compare.start(task, name, n, other) as rival:
                _, spikes = rival.run()
                seen.append((rival.values(), spikes))
    return found


def pooled(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], suffix: str = "") -> dict[str, float]:
    """Kolmogorov-Smirnov test of all values, one array for a seed."""
    test: Any = stats.ks_2samp(np.concatenate(ours), np.concatenate(theirs))
    return {f"ks_p{suffix}": float(test.pvalue), f"ks_distance{suffix}": float(test.statistic)}


def welch(ours: Sequence[float], theirs: Sequence[float], suffix: str) -> dict[str, float]:
    """Welch's t-test of the seeds' means."""
    test: Any = stats.ttest_ind(ours, theirs, equal_var=False)
    return {f"welch_p{suffix}": float(test.pvalue)}


def mean(what: str, name: str, values: Sequence[float]) -> dict[str, float]:
    """Mean over seeds, and its standard error."""
    name, error = name.replace(" ", "_"), np.std(values, ddof=1) / np.sqrt(len(values))
    return {f"compared_{what}_{name}": float(np.mean(values)), f"compared_{what}_error_{name}": float(error)}
