"""Contexts for active dendrites: a prototype for each task, the mean of its samples; told, or found batch by batch.

    c_k = mean of the training samples of task k ;      task(x) = argmin_k |x - c_k|

Where nobody tells that a task begins, a batch (all of one task) joins the cluster whose mean its own mean fits best,
or founds one. The test is Hotelling's for two samples, on q random projections z = R x of the samples:

    T^2 = n m / (n + m) (z_b - z_k)' S^-1 (z_b - z_k)
    F = (n + m - q - 1) / (q (n + m - 2)) T^2 ~ F(q, n + m - q - 1)

n, m sizes of batch and cluster, S their pooled covariance; a cluster is refused where P(F' > F) < alpha. Projections,
since the covariance of all pixels is singular: the pixels of the border never change.

Source: Iyer et al., Frontiers in Neurorobotics 16:846219 (2022); arXiv:2201.00042, section 4.2, where the test is on
the pixels; Hotelling, Annals of Mathematical Statistics 2 (1931) 360-378.
"""

import torch
from scipy import stats

from neurosparse import check, rng


def prototype(x: torch.Tensor) -> torch.Tensor:
    """(dim,) mean of samples (n, dim). Raises ValueError for another shape, or none."""
    if x.ndim != 2 or not len(x):
        check.fail("tensor.prototype", "samples must have shape (n, dim), n >= 1", tuple(x.shape))
    return x.mean(dim=0)


def nearest(x: torch.Tensor, prototypes: torch.Tensor) -> torch.Tensor:
    """(n,) int64: for each sample (n, dim) the row of `prototypes` (k, dim) that is nearest; ties: the lowest.

    Raises ValueError for shapes that do not fit.
    """
    if x.ndim != 2 or prototypes.ndim != 2 or x.shape[1] != prototypes.shape[1] or not len(prototypes):
        need = "samples and prototypes must have shapes (n, dim) and (k, dim), k >= 1"
        check.fail("tensor.nearest", need, (tuple(x.shape), tuple(prototypes.shape)))
    return (x @ prototypes.t() - 0.5 * prototypes.square().sum(dim=1)).argmax(dim=1)


class Clusters:
    """Clusters of batches that grow as batches come; `join` one after another, then `prototypes`.

    dim of the samples, q projections (batches need more samples than that), alpha in (0, 1) the least probability at
    which a batch still fits, seed of the projections.
    """

    def __init__(self, dim: int, q: int = 32, alpha: float = 1e-6, seed: int = 0):
        owner = "tensor.Clusters"
        dim, q = check.integer(owner, "dim", dim, 1), check.integer(owner, "q", q, 1)
        if not 0.0 < check.between(owner, "alpha", alpha, 0.0, 1.0) < 1.0:
            check.fail(owner, "alpha must be inside (0, 1)", alpha, "1e-6: one too many in a million")
        drawn = rng.normals(rng.stream(seed, "projections of contexts"), dim * q).reshape(dim, q)
        self.project, self.q, self.alpha = torch.from_numpy(drawn) / dim**0.5, q, alpha
        self.size = torch.zeros(0, dtype=torch.float64)  # samples of each cluster
        self.prototypes = torch.zeros(0, dim)  # (k, dim) their means
        self.centre = torch.zeros(0, q, dtype=torch.float64)  # of the projections, mean and scatter
        self.scatter = torch.zeros(0, q, q, dtype=torch.float64)

    def join(self, x: torch.Tensor) -> int:
        """Add a batch (n, dim) of one task to the cluster that it fits best, or to a new one; returns its number.

        Raises ValueError for another shape and for n <= q + 1.
        """
        if x.ndim != 2 or x.shape[1] != len(self.project) or len(x) <= self.q + 1:
            need = f"a batch must have shape (n, {len(self.project)}), n > {self.q + 1}"
            check.fail("tensor.Clusters", need, tuple(x.shape), "take a larger batch, or fewer projections")
        z = x.double() @ self.project
        mean = z.mean(dim=0)
        scatter = (z - mean).t() @ (z - mean)
        chances = self._chances(len(x), mean, scatter)
        best = int(chances.argmax()) if len(chances) else -1
        if best < 0 or chances[best] < self.alpha:
            return self._found(x, mean, scatter)
        self._grow(best, x, mean, scatter)
        return best

    def _chances(self, n: int, mean: torch.Tensor, scatter: torch.Tensor) -> torch.Tensor:
        """(k,) P(F' > F) of a batch that were of cluster k."""
        m, left = self.size, n + self.size - self.q - 1
        apart = mean - self.centre
        pooled = (scatter + self.scatter) / (n + m - 2)[:, None, None]
        t2 = n * m / (n + m) * (apart * torch.linalg.solve(pooled, apart)).sum(dim=1)
        return torch.from_numpy(stats.f.sf((left / (self.q * (n + m - 2)) * t2).numpy(), self.q, left.numpy()))

    def _found(self, x: torch.Tensor, mean: torch.Tensor, scatter: torch.Tensor) -> int:
        self.size = torch.cat([self.size, torch.tensor([len(x)], dtype=torch.float64)])
        self.prototypes = torch.cat([self.prototypes.to(x), x.mean(dim=0)[None]])
        self.centre, self.scatter = torch.cat([self.centre, mean[None]]), torch.cat([self.scatter, scatter[None]])
        return len(self.size) - 1

    def _grow(self, k: int, x: torch.Tensor, mean: torch.Tensor, scatter: torch.Tensor) -> None:
        m = float(self.size[k])
        share, apart = len(x) / (len(x) + m), mean - self.centre[k]
        self.scatter[k] += scatter + share * m * torch.outer(apart, apart)
        self.centre[k] += share * apart
        self.prototypes[k] += share * (x.mean(dim=0) - self.prototypes[k])
        self.size[k] += len(x)
