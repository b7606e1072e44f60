"""A ring of UltraDLIF without input or spikes: the paper's diffusion grows, the normalised one keeps what there is.

    paper         v_i <- eps log(e^(v_(i-1) / eps) + e^(v_i / eps) + e^(v_(i+1) / eps))
    neurosparse   the same with shares alpha, 1 - 2 alpha, alpha, which keep sum_i e^(v_i / eps)
    limit         the largest of the three: a dilation

From v = 0 but for a bump in the middle. Without the factor 1 / 3 every step adds eps log 3 all over the ring.
Source: Minoza, arXiv:2602.11206 (2026), equation 2; normalised form ours.
"""

import numpy as np
import torch
from pydantic import Field

from neurosparse.io import config
from neurosparse.io.results import Result
from neurosparse.tensor import ultra


class Config(config.Config):
    """Ring, bump and softness."""

    n: int = Field(default=41, ge=3, le=10_000, description="neurons on the ring")
    n_steps: int = Field(default=30, ge=1, le=10_000, description="steps without input")
    eps: float = Field(default=0.1, gt=0, le=10, description="softness")
    alpha: float = Field(default=1.0 / 3.0, gt=0, lt=0.5, description="share of a neighbour (neurosparse)")
    bump: float = Field(default=1.0, gt=0, le=100, description="height of the first membrane in the middle")


def tiny() -> Config:
    """A small ring."""
    return Config(n=11, n_steps=8)


def run(config: Config, threads: int = 1) -> Result:
    """One row for each form. Metrics: drift of the sum, and what the paper's form adds in a step, in units of eps."""
    v = torch.zeros(config.n, dtype=torch.float64)
    v[config.n // 2] = config.bump
    forms = {name: diffused(config, name, v) for name in ("paper", "neurosparse")}
    forms["limit"] = dilated(v.numpy(), config.n_steps)
    sums = {name: np.exp(a / config.eps).sum(axis=1) for name, a in forms.items()}
    rows = [{"form": name, "highest": float(a[-1].max()), "lowest": float(a[-1].min()),
             "sum": float(sums[name][-1] / sums[name][0])} for name, a in forms.items()]  # fmt: skip
    drift = np.abs(sums["neurosparse"] / sums["neurosparse"][0] - 1.0).max()
    metrics = {"drift": float(drift), "growth": float(np.log(sums["paper"][-1] / sums["paper"][0]) / config.n_steps)}
    arrays = forms | {f"sum_{name}": a / a[0] for name, a in sums.items()}
    return Result(arrays, metrics, rows, {})


def diffused(config: Config, variant: str, v: torch.Tensor) -> np.ndarray:
    """Membranes (n_steps + 1, n) from v."""
    more = {"alpha": config.alpha} if variant == "neurosparse" else {}
    ring = ultra.UltraDLIF(config.n, variant, learn_eps=False, params={"eps": config.eps, **more}).double().neighbours
    out = [v]
    for _ in range(config.n_steps):
        out.append(ring(out[-1][None], config.eps)[0])
    return torch.stack(out).numpy()


def dilated(v: np.ndarray, n_steps: int) -> np.ndarray:
    """The same in the limit eps -> 0."""
    out = [v]
    for _ in range(n_steps):
        out.append(np.max([np.roll(out[-1], k) for k in (-1, 0, 1)], axis=0))
    return np.array(out)
