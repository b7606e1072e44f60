"""How silent an UltraLIF can be: its activation without any drive, against softness and threshold.

    floor      s of one step from rest under an input of -1000: sigmoid((log tau0 - v_th) / eps), as e^(I / eps) >= 0
    course     s of the steps that follow: the membrane falls by |log tau0| a step, and the soft reset, (1 - s) u, lifts
               it; for small eps the fall wins, for large ones they come to a balance, and it is never silent
    response   s of one step against I, beside the signed extension, whose inhibition divides

Nothing is random. Source: the neuron of Minoza, arXiv:2602.11206 (2026), definition 4.1; closed form, extension: ours.
"""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from neurosparse.io import config
from neurosparse.io.results import Result
from neurosparse.neurons import ultralif, ultralif_signed
from neurosparse.tensor import ultra
from neurosparse.tensor.cell import functional
from neurosparse.tensor.surrogate import spikes
from neurosparse.theory import max_plus

INHIBITED = -1000.0


class Config(config.Config):
    """Which neurons."""

    tau0: float = Field(default=0.9, gt=0, lt=1, description="leak of a step")
    thresholds: tuple[Annotated[float, Field(ge=-10, le=10)], ...] = Field(
        default=(0.0, 0.25, 0.5, 1.0), min_length=1, description="v_th; the program has 0, the paper .5"
    )
    eps_low: float = Field(default=0.03, gt=0, le=1, description="least eps")
    eps_high: float = Field(default=3.0, gt=1, le=100, description="largest eps")
    points: int = Field(default=41, ge=2, le=1001, description="values of eps, evenly on a logarithmic axis")
    n_steps: int = Field(default=30, ge=1, le=1000, description="steps of the course")
    reach: float = Field(default=3.0, gt=0, le=100, description="inputs of the response, from -reach to reach")


def tiny() -> Config:
    """Few values of eps."""
    return Config(points=9, n_steps=10)


def run(config: Config, threads: int = 1) -> Result:
    """One row for each threshold at eps = 1 and .1. Metrics: the floor of the paper's neuron and of the program's."""
    eps = np.geomspace(config.eps_low, config.eps_high, config.points)
    thresholds = np.array(config.thresholds)
    floor = np.array([[float(course(config.tau0, v_th, e, 1)[0]) for e in eps] for v_th in thresholds])
    closed = max_plus.floor(config.tau0, thresholds[:, None], eps)
    inputs = np.linspace(-config.reach, config.reach, 121)
    arrays = {
        "eps": eps, "thresholds": thresholds, "floor": floor, "closed": closed, "input": inputs,
        "course": np.array([course(config.tau0, 0.5, e, config.n_steps) for e in (1.0, 0.3, 0.1)]),
        "course_eps": np.array([1.0, 0.3, 0.1]),
        "response": np.array([response("ultralif", config.tau0, e, inputs) for e in (1.0, 0.1)]),
        "signed": np.array([response("ultralif_signed", config.tau0, e, inputs) for e in (1.0, 0.1)]),
    }  # fmt: skip
    rows = [{"v_th": float(v_th), "eps": e, "floor": float(course(config.tau0, v_th, e, 1)[0])}
            for v_th in thresholds for e in (1.0, 0.1)]  # fmt: skip
    metrics = {
        "paper": float(course(config.tau0, 0.5, 1.0, 1)[0]), "code": float(course(config.tau0, 0.0, 1.0, 1)[0]),
        "error": float(np.abs(floor - closed).max()),
    }  # fmt: skip
    return Result(arrays, metrics, rows, {})


def course(tau0: float, v_th: float, eps: float, n_steps: int) -> np.ndarray:
    """s (n_steps,) of an UltraLIF from rest, under inhibition alone."""
    cell = ultra.ultralif(1, "paper", learn_eps=False, params={"tau0": tau0, "v_th": v_th, "eps": eps}).double()
    return cell.scan(torch.full((n_steps, 1, 1), INHIBITED, dtype=torch.float64))[0][:, 0, 0].numpy()


def response(name: str, tau0: float, eps: float, inputs: np.ndarray) -> np.ndarray:
    """s of one step from rest for each input; the signed neuron gets negative ones as inhibition."""
    x, p = torch.from_numpy(inputs)[None], ultralif.params(tau0, eps=eps, variant="paper")
    if name == "ultralif":
        return functional(ultralif, p, x, port="current", mode=spikes("soft"))[0][0].numpy()
    up = functional(ultralif_signed, p, x.clamp(min=0.0), port="exc", mode=spikes("soft"))[0][0]
    down = functional(ultralif_signed, p, -x.clamp(max=0.0), port="inh", mode=spikes("soft"))[0][0]
    return torch.where(x[0] > 0, up, down).numpy()
