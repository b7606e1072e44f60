"""Memory capacity: how much of its past input a linear readout finds in the states of a network.

    MC_k = r^2( u(t - k), y_k(t) ) ,   y_k = w_k . x(t) + c_k ;     MC = sum_{k = 1}^{k_max} MC_k

u input, one random number in each step; x (n,) states after input u(t); y_k the ridge regression on x that is fitted to
u(t - k) on the first steps; r the correlation on the steps that follow, which the fit has not seen. For independent
input and a linear network MC <= n; chance adds 1 / (number of test steps) to each delay.

Source: H. Jaeger, Short term memory in echo state networks, GMD report 152, 2001.
"""

from typing import NamedTuple

import numpy as np

from neurosparse import check

OWNER = "measure.memory_capacity"
CUT = 1e-12  # of the largest singular value: directions below hold rounding, not memory


class MemoryCapacity(NamedTuple):
    """What is remembered, in all and of each delay."""

    total: float
    curve: np.ndarray  # (max_delay,) MC_k in [0, 1] of delays 1 .. max_delay; 0 for a readout that is constant


def memory_capacity(
    states, signal, max_delay: int, train: float = 0.5, ridge: float = 1e-8, washout: int = 0
) -> MemoryCapacity:
    """Memory capacity of states (T, n), or (T,) of one neuron, that followed the signal (T,).

    max_delay   longest delay, steps
    train       share of the steps that the readout is fitted to, the first ones
    ridge       weight of the squared readout weights, in units of the largest squared singular value of the states
    washout     first steps that are left out

    Raises ValueError for arrays and numbers that do not fit, and fewer than two steps to fit or to test.
    """
    states = np.asarray(check.number(OWNER, "states", states), dtype=np.float64)
    states = states[:, None] if states.ndim == 1 else states
    signal = np.asarray(check.number(OWNER, "signal", signal), dtype=np.float64)
    if states.ndim != 2 or not states.size or signal.shape != states.shape[:1]:
        check.fail(OWNER, "states must be (T, n) and the signal (T,)", (states.shape, signal.shape))
    check.integer(OWNER, "max_delay", max_delay, low=1)
    check.integer(OWNER, "washout", washout)
    check.between(OWNER, "train", check.scalar(OWNER, "train", train), 0.0, 1.0)
    check.at_least(OWNER, "ridge", check.scalar(OWNER, "ridge", ridge), 0.0)
    first = max(washout, max_delay)
    n_train = int(train * (len(signal) - first))
    n_test = len(signal) - first - n_train
    if n_train < 2 or n_test < 2:
        need = "two steps or more must be left to fit and to test"
        check.fail(OWNER, need, (n_train, n_test), "run longer, or take shorter delays")
    past = np.stack([signal[first - k : len(signal) - k] for k in range(1, max_delay + 1)], axis=1)
    x, y = states[first:], past
    centre, mean = x[:n_train].mean(axis=0), y[:n_train].mean(axis=0)
    weight = _ridge(x[:n_train] - centre, y[:n_train] - mean, ridge)
    curve = _squared_correlation((x[n_train:] - centre) @ weight, y[n_train:])
    return MemoryCapacity(float(curve.sum()), curve)


def _ridge(x: np.ndarray, y: np.ndarray, ridge: float) -> np.ndarray:
    """Weights (n, n_targets) by the singular values of x, which are not squared into its normal equations."""
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    if s[0] == 0:
        return np.zeros((x.shape[1], y.shape[1]))
    part = s / s[0]
    gain = np.divide(part, s[0] * (part * part + ridge), out=np.zeros_like(s), where=part > CUT)
    return (vt.T * gain) @ (u.T @ y)


def _squared_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    power = np.sum(a * a, axis=0) * np.sum(b * b, axis=0)
    return np.divide(np.sum(a * b, axis=0) ** 2, power, out=np.zeros(a.shape[1]), where=power > 0)
