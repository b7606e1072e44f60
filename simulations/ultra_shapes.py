"""What is soft in UltraLIF: spikes, their derivatives, the maximum; and three membranes under the same pulses.

    spike       [x >= 0], ATan's derivative, sigmoid(x / eps) and its own, of height 1 / (4 eps)
    maximum     LSE_eps(a, 0) - max(a, 0), at most eps log 2, and its derivative sigmoid(a / eps)
    membranes   a linear LIF sums pulses, UltraLIF holds the largest, UltraDLIF hands it to its neighbours on a ring

Nothing is random. Sources: Minoza, arXiv:2602.11206 (2026), section 4; Fang et al., ICCV 2021, for ATan.
"""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from neurosparse import ops
from neurosparse.io import config
from neurosparse.io.results import Result
from neurosparse.tensor import ultra
from neurosparse.tensor.surrogate import answering, spike, spikes

QUIET = 1e6  # a threshold that is never met
PULSES = {4: 0.4, 8: 0.4, 12: 0.4, 24: 0.7}  # step: input


class Config(config.Config):
    """Softness, and where."""

    eps: tuple[Annotated[float, Field(gt=0, le=100)], ...] = Field(
        default=(0.1, 0.5, 1.0, 2.0), min_length=1, description="softness, in units of the membrane"
    )
    reach: float = Field(default=3.0, gt=0, le=100, description="inputs from -reach to reach")
    points: int = Field(default=601, ge=3, le=100_001, description="inputs")
    n_steps: int = Field(default=40, ge=30, le=1000, description="steps of the membranes")
    ring: int = Field(default=11, ge=3, le=1001, description="neurons of the ring")
    softness: float = Field(default=0.05, gt=0, le=10, description="eps of the membranes")


def tiny() -> Config:
    """A coarse grid."""
    return Config(points=31)


def run(config: Config, threads: int = 1) -> Result:
    """One row for each eps. Metrics: peaks of membranes, and the excess of LSE over max in units of its bound."""
    x = torch.linspace(-config.reach, config.reach, config.points, dtype=torch.float64)
    arrays: dict = {"x": x.numpy(), "eps": np.array(config.eps)}
    arrays["hard"], arrays["hard_slope"] = answer(x, spikes("hard", "atan"))
    soft = [answer(x, spikes("soft", alpha=1.0 / eps)) for eps in config.eps]
    arrays["soft"], arrays["soft_slope"] = (np.stack(part) for part in zip(*soft))
    maximum = [softened(x, eps) for eps in config.eps]
    arrays["maximum"], arrays["maximum_slope"] = (np.stack(part) for part in zip(*maximum))
    excess = (arrays["maximum"] - np.maximum(arrays["x"], 0.0)).max(axis=1)
    rows = [
        {"eps": eps, "steepest": float(slope.max()), "limit": 1.0 / (4.0 * eps), "excess": float(most),
         "excess_limit": eps * float(np.log(2.0))}
        for eps, slope, most in zip(config.eps, arrays["soft_slope"], excess)
    ]  # fmt: skip
    arrays |= membranes(config)
    metrics = {name: float(np.max(arrays[name])) for name in ("lif", "ultralif")}
    return Result(arrays, metrics | {"excess": max(row["excess"] / row["excess_limit"] for row in rows)}, rows, {})


def answer(x: torch.Tensor, mode) -> tuple[np.ndarray, np.ndarray]:
    """A spike and its derivative at distances x from the threshold."""
    x = x.clone().requires_grad_()
    with answering(mode):
        z = spike(x)
    (slope,) = torch.autograd.grad(z.sum(), x)
    return z.detach().numpy(), slope.numpy()


def softened(x: torch.Tensor, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """LSE_eps(x, 0) and its derivative; at 0 itself autograd takes that of one side."""
    a = torch.where(x == 0, 1e-12, x).requires_grad_()
    y = ops.logsumexp2(a, torch.zeros_like(a), eps)
    (slope,) = torch.autograd.grad(y.sum(), a)
    return y.detach().numpy(), slope.numpy()


def membranes(config: Config) -> dict[str, np.ndarray]:
    """Input and membranes, (step,), and of the ring (step, neuron), without spikes."""
    x = torch.zeros(config.n_steps, dtype=torch.float64)
    for step, value in PULSES.items():
        x[step] = value
    linear = ultra.lif(1, params={"v_th": QUIET}).double()
    tropical = ultra.ultralif(1, params={"v_th": QUIET, "eps": config.softness}, learn_eps=False).double()
    ring = ultra.UltraDLIF(
        config.ring, "code", learn_eps=False, params={"v_th": QUIET, "eps": config.softness}
    ).double()  # fmt: skip
    middle = torch.zeros(config.n_steps, config.ring, dtype=torch.float64)
    middle[:, config.ring // 2] = x
    heard = torch.stack([ring.neighbours(w[None], config.softness)[0] for w in follow(ring, middle)])
    return {
        "input": x.numpy(), "lif": follow(linear, x[:, None])[:, 0].numpy(),
        "ultralif": follow(tropical, x[:, None])[:, 0].numpy(), "ultradlif": heard.numpy(),
    }  # fmt: skip


def follow(cell, x: torch.Tensor) -> torch.Tensor:
    """Membranes (step, neuron) for inputs of that shape."""
    state, out = None, []
    for now in x:
        _, state = cell(now[None], state)
        out.append(state[0][0])
    return torch.stack(out)
