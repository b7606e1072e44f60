"""The readout of NALSM's code: one linear layer, trained by Adadelta toward softened labels, without shuffling.

    x = counts / sum of a sample's counts, over the largest x of its batch        (so a prediction depends on its batch)
    loss = cross-entropy of softmax(x W + b) with softmax(+1 for the class, -1 else) + 5e-10 |W|^2 / 2
    Adadelta: G <- rho G + (1 - rho) g^2 ;  d = g sqrt((D + eps) / (G + eps)) ;  D <- rho D + (1 - rho) d^2
              W <- W - lr d

It reports the test accuracy of the epoch that is best on the validation samples, the last epoch left out. It needs
thousands of epochs; logistic regression (`neurosparse.Readout`) finds the optimum of the plain loss in seconds.

Source: the code of Ivanov & Michmizos, NeurIPS 2021 (batches of 250, learning rate 0.1, up to 5,000 epochs); Adadelta:
Zeiler, arXiv:1212.5701 (2012), with the rho of 0.95 of the paper and the eps of 1e-8 of TensorFlow 1.
"""

import itertools
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from neurosparse import check
from neurosparse.io.progress import track

BATCH, RATE, RHO, EPS, PENALTY = 250, 0.1, 0.95, 1e-8, 5e-10
CLASSES = 10
OWNER = "nalsm_readout.fit"


class Fitted(NamedTuple):
    """What the code would report."""

    predicted: np.ndarray  # (n_test,) labels at the epoch that is best on the validation samples
    epoch: int  # that epoch, from 0
    validation: np.ndarray  # (epochs,) accuracies


def fit(counts: np.ndarray, labels: np.ndarray, n_train: int, n_validation: int, epochs: int = 5000) -> Fitted:
    """Train on the first n_train samples, choose on the next n_validation, predict the rest.

    counts (n, d) >= 0, labels (n,) whole numbers in [0, 10). Raises ValueError for sizes that do not fit.
    """
    check.integer(OWNER, "epochs", epochs, low=2)
    check.between(OWNER, "n_train + n_validation", n_train + n_validation, 2, len(counts) - 1)
    check.integer(OWNER, "n_train", n_train, low=1)
    check.integer(OWNER, "n_validation", n_validation, low=1)
    check.between(OWNER, "labels", labels, 0, CLASSES - 1)
    at = np.cumsum([0, n_train, n_validation, len(counts) - n_train - n_validation])
    train, validation, test = (_batches(counts[a:b]) for a, b in itertools.pairwise(at))
    target = np.exp(2.0 * np.eye(CLASSES) - 1.0)
    goal = (target / target.sum(axis=1, keepdims=True))[labels[:n_train]].astype(np.float32)
    w = np.zeros((counts.shape[1] + 1, CLASSES), np.float32)  # the last row is the bias
    past = np.zeros_like(w), np.zeros_like(w)
    scores, best = np.zeros(epochs), (-1.0, w, 0)
    with threadpool_limits(1, user_api="blas"):  # the same bits for any number of threads
        for epoch in track(range(epochs), "readout", total=epochs):
            for first in range(0, n_train, BATCH):
                x, y = train[first : first + BATCH], goal[first : first + BATCH]
                w = _step(w, x.T @ (_softmax(x @ w) - y) / np.float32(len(x)), past)
            scores[epoch] = np.mean(_labels(validation, w) == labels[at[1] : at[2]])
            if scores[epoch] > best[0] and epoch < epochs - 1:
                best = float(scores[epoch]), w, epoch
        return Fitted(_labels(test, best[1]), best[2], scores)


def _batches(counts: np.ndarray) -> np.ndarray:
    """Shares over the largest of each batch of 250 that follow one another, and a column of ones."""
    x = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for first in range(0, len(x), BATCH):
        x[first : first + BATCH] /= x[first : first + BATCH].max() or 1.0
    return np.hstack([x, np.ones((len(x), 1))]).astype(np.float32)


def _step(w: np.ndarray, gradient: np.ndarray, past: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """One step of Adadelta; `past` (mean squares of gradients and of steps) goes on in place."""
    gradient[:-1] += np.float32(PENALTY) * w[:-1]
    squares, steps = past
    squares[:] = RHO * squares + (1.0 - RHO) * gradient**2
    step = gradient * np.sqrt((steps + EPS) / (squares + EPS))
    steps[:] = RHO * steps + (1.0 - RHO) * step**2
    return w - np.float32(RATE) * step


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _labels(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    return np.argmax(x @ w, axis=1)
