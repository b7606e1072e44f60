"""The window of IP3 in which an astrocyte's calcium oscillates, and its periods: Li & Rinzel's model, IP3 clamped.

Li & Rinzel, J. Theor. Biol. 166 (1994) 461, with the parameters of NEST's astrocyte_lr_1994. Beside what the cells do
stand the fixed points of the equations and whether they are stable.
"""

import numpy as np
from pydantic import Field, model_validator
from scipy.optimize import brentq

from neurosparse import clock
from neurosparse.astrocytes import li_rinzel
from neurosparse.io import config
from neurosparse.io.results import Result
from neurosparse.network import Network, Population, StateMonitor

SHOWN = (0.30, 0.36, 0.50, 0.64, 0.70)  # uM; traces of the cells nearest to them are kept
LIVELY = 0.06  # uM from lowest to highest calcium that count as an oscillation


class Config(config.Config):
    """The scan."""

    ip3_low: float = Field(default=0.30, ge=0.01, le=10, description="lowest IP3, uM")
    ip3_high: float = Field(default=0.70, ge=0.01, le=10, description="highest IP3, uM")
    n: int = Field(default=41, ge=2, le=10_000, description="cells, evenly spaced in IP3")
    settle_s: float = Field(default=400.0, ge=0, le=1e5, description="time before the measurement, s")
    record_s: float = Field(default=100.0, ge=1, le=1e4, description="time measured, s")
    dt: float = Field(default=20.0, ge=0.1, le=100, description="ms")

    @model_validator(mode="after")
    def _fits(self):
        if self.ip3_low > self.ip3_high:
            got = f"{self.ip3_low:g} and {self.ip3_high:g}"
            raise ValueError(f"ip3_low must be <= ip3_high, got {got}; swap them")
        return self


def tiny() -> Config:
    """Five cells for 50 s."""
    return Config(n=5, settle_s=20.0, record_s=30.0)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: IP3, range and period of calcium, fixed point and growth rate. Metrics: the window, seen and linearised."""
    ip3 = np.round(np.linspace(config.ip3_low, config.ip3_high, config.n), 12)
    settle, record = (round(1000.0 * seconds / config.dt) for seconds in (config.settle_s, config.record_s))
    cells = Population("astro", config.n, "neurosparse.astrocytes.li_rinzel", {"ip3_0": ip3})
    watch = (StateMonitor("astro", ("ca",), window=(settle * config.dt, (settle + record) * config.dt)),)
    run = clock.run(Network((cells,), dt=config.dt), (settle + record) * config.dt, {}, watch)
    ca = run.states["astro"].fields["ca"]
    rows = []
    for value, trace in zip(ip3, ca.T):
        rest, growth = fixed_point(value)
        rows.append({
            "ip3": float(value), "ca_min": float(trace.min()), "ca_max": float(trace.max()),
            "period_s": period(trace, config.dt / 1000.0), "rest": rest, "growth": growth,
        })  # fmt: skip
    on = [row for row in rows if row["ca_max"] - row["ca_min"] > LIVELY]
    periods = [row["period_s"] for row in on if not np.isnan(row["period_s"])] or [np.nan]
    low, high = hopf_points()
    metrics = {
        "on_from": on[0]["ip3"] if on else np.nan, "on_to": on[-1]["ip3"] if on else np.nan,
        "period_min_s": np.min(periods), "period_max_s": np.max(periods),
        "unstable_from": low, "unstable_to": high,
    }  # fmt: skip
    shown = [int(np.abs(ip3 - value).argmin()) for value in SHOWN]
    last = slice(-round(min(60.0, config.record_s) * 1000.0 / config.dt), None)
    arrays = {"ca": ca[last, shown], "t": run.states["astro"].t[last] / 1000.0, "shown": ip3[shown]}
    units = {"ca": "uM", "t": "s", "shown": "uM", "ip3": "uM", "ca_min": "uM", "ca_max": "uM", "rest": "uM"}
    return Result(arrays, {name: float(value) for name, value in metrics.items()}, rows, units | {"growth": "1/s"})


def period(trace: np.ndarray, dt: float) -> float:
    """Mean time between upward crossings of the middle, s; nan where there are fewer than two or nothing moves."""
    middle = 0.5 * (trace.min() + trace.max())
    k = np.flatnonzero((trace[:-1] < middle) & (trace[1:] >= middle))
    if np.ptp(trace) < LIVELY or len(k) < 2:
        return float("nan")
    at = k + (middle - trace[k]) / (trace[k + 1] - trace[k])
    return float(np.diff(at).mean() * dt)


def fixed_point(ip3: float) -> tuple[float, float]:
    """(calcium, uM; growth rate of small deviations, 1/s) where nothing moves at a clamped IP3."""
    p = li_rinzel.params(ip3_0=ip3)

    def slopes(ca, h):
        return np.array(li_rinzel.slopes(p, (ip3, ca, h), 0.0, 0.0)[1:])

    def settled(ca):
        opens, closes = slopes(ca, 0.0)[1], -slopes(ca, 1.0)[1]
        return ca, opens / (opens + closes)

    u = np.array(settled(brentq(lambda ca: slopes(*settled(ca))[0], 1e-3, 1.6)))
    small = 1e-6 * np.eye(2)
    jacobian = [(slopes(*(u + e)) - slopes(*(u - e))) / 2e-6 for e in small]
    return float(u[0]), float(1000.0 * np.linalg.eigvals(np.array(jacobian)).real.max())


def hopf_points() -> tuple[float, float]:
    """IP3 between which the fixed point is unstable, uM."""
    low, high = (brentq(lambda ip3: fixed_point(ip3)[1], *bracket) for bracket in ((0.3, 0.45), (0.55, 0.75)))
    return float(low), float(high)  # type: ignore[arg-type]
