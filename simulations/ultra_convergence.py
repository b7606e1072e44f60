"""How near UltraLIF is to the max-plus neuron: the paper's bounds, which fail, and ours, which holds.

Currents I ~ N(0, sd^2), independent, for `n_units` neurons and `n_steps` steps, tau0 = .9, v_th = .5. For each eps:

    error        max over t of |V - v|, quantiles over the units; mismatch: share of units and steps where s >= 1/2
                 and the hard neuron do not agree
    claimed      share of units and steps with |V - v| > t eps log 2, and with |s - h| > e^(-|m - v_th| / eps)
    covered      share of which the corrected theorem (neurosparse.theory.max_plus) says something; wrong: of these, any
                 that it is wrong of; worst: their largest |V - v| over its bound

and covered and wrong for rings of UltraDLIF (neurosparse.theory.dilation).
Source: Minoza, arXiv:2602.11206 (2026), proposition 5.2; corrected theorems are ours.
"""

from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from neurosparse import rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.tensor import ultra
from neurosparse.theory import dilation, max_plus

TAU0, V_TH = 0.9, 0.5
ROUNDING = 1e-12


class Config(config.Config):
    """Which softness, how many neurons."""

    eps: tuple[Annotated[float, Field(gt=1e-6, le=10)], ...] = Field(
        default=(1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003), min_length=1, description="softness"
    )
    n_units: int = Field(default=20_000, ge=10, le=1_000_000, description="neurons")
    n_steps: int = Field(default=30, ge=2, le=1000, description="steps")
    sd: float = Field(default=0.6, gt=0, le=100, description="of the currents")
    ring: int = Field(default=8, ge=3, le=1000, description="neurons of a ring")
    shown: float = Field(default=0.01, gt=1e-6, le=10, description="eps of the traces that are kept")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="of the currents")


def tiny() -> Config:
    """200 neurons, three values of eps."""
    return Config(eps=(0.1, 0.01, 0.001), n_units=200, n_steps=12)


def run(config: Config, threads: int = 1) -> Result:
    """One row for each eps. Metrics: points against the corrected theorem, and coverage at the least eps."""
    draws = config.sd * rng.normals(rng.stream(config.seed, "currents"), config.n_steps * config.n_units)
    x = draws.reshape(config.n_steps, config.n_units)
    rings = config.n_units // config.ring
    in_rings = x[:, : rings * config.ring].reshape(config.n_steps, rings, config.ring)
    rows = [row(eps, x) | on_rings(eps, in_rings) for eps in track(config.eps, "eps")]
    least = min(rows, key=lambda row: row["eps"])
    wrong = float(sum(row["wrong"] + row["wrong_rings"] for row in rows))
    metrics = {"wrong": wrong, "covered": least["covered"]}
    arrays = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return Result(arrays | example(x, config.shown), metrics, rows, {})


def row(eps: float, x: np.ndarray) -> dict:
    """What `run` reports of UltraLIF."""
    hard, b = max_plus.run(x, TAU0, V_TH), max_plus.bound(x, TAU0, V_TH, eps)
    v, s = soft("UltraLIF", "paper", eps, x[:, None])
    off_v, off_s = np.abs(v[:, 0] - hard.v), np.abs(s[:, 0] - hard.h)
    t = np.arange(1, len(x) + 1)[:, None]
    low, median, high = np.quantile(off_v.max(axis=0), (0.25, 0.5, 0.75))
    return {
        "eps": eps,
        "error": float(median),
        "error_low": float(low),
        "error_high": float(high),
        "mismatch": float(np.mean((s[:, 0] >= 0.5) != (hard.h > 0))),
        "claimed_v": float(np.mean(off_v > t * eps * np.log(2.0) + ROUNDING)),
        "claimed_s": float(np.mean(off_s > np.exp(-np.abs(hard.m - V_TH) / eps) + ROUNDING)),
        **judged(b, off_v, off_s),
    }


def on_rings(eps: float, x: np.ndarray) -> dict:
    """The same for rings, x (time, ring, neuron)."""
    found: dict = {"wrong_rings": 0}
    for variant in dilation.VARIANTS:
        ring = dilation.case(variant, x.shape[2], TAU0, V_TH)
        hard, b = dilation.run(ring, x), dilation.bound(ring, x, eps)
        v, s = soft("UltraDLIF", variant, eps, x)
        verdict = judged(b, np.abs(v - hard.v).max(axis=-1), np.abs(s - hard.h).max(axis=-1))
        found[f"covered_{variant}"] = verdict["covered"]
        found["wrong_rings"] += verdict["wrong"]
    return found


def judged(b: max_plus.Bound, off_v: np.ndarray, off_s: np.ndarray) -> dict:
    """How much a theorem covers, how often it is wrong there, and how near errors come to its bound."""
    wrong = b.holds & ((off_v > b.membrane + ROUNDING) | (off_s > b.spike + ROUNDING))
    some = b.holds & (b.membrane > 0)
    worst = np.max(off_v[some] / b.membrane[some], initial=0.0)
    return {"covered": float(b.holds.mean()), "wrong": int(wrong.sum()), "worst": float(worst)}


def soft(name: str, variant: str, eps: float, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V, s) of soft cells, (time, batch, neuron) as the currents."""
    params = {"tau0": TAU0, "v_th": V_TH, "eps": eps}
    cell: torch.nn.Module = ultra.cell(name, x.shape[2], variant, params=params, learn_eps=False).double()
    state, out = None, []
    for now in torch.from_numpy(x):
        s, state = cell(now, state)
        out.append((state[0], s))
    v, s = (torch.stack(part).numpy() for part in zip(*out))
    return v, s


def example(x: np.ndarray, eps: float) -> dict[str, np.ndarray]:
    """Traces of the neuron, among those that the theorem covers to the end (if any), that spikes most often."""
    hard, b = max_plus.run(x, TAU0, V_TH), max_plus.bound(x, TAU0, V_TH, eps)
    k = int(np.argmax(100.0 * b.holds.sum(axis=0) + hard.h.sum(axis=0)))
    v, _ = soft("UltraLIF", "paper", eps, x[:, None, k : k + 1])
    shown = {"m": hard.m[:, k], "v": hard.v[:, k], "soft": v[:, 0, 0], "bound": b.membrane[:, k]}
    return {f"example_{name}": array for name, array in shown.items()} | {"example_holds": b.holds[:, k]}
