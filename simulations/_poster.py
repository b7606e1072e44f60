"""Rows of checks for the poster's figures: what was compared, how far it was off at worst, what is allowed."""

from typing import Any

import numpy as np


def row(name: str, errors, allowed: float) -> dict[str, Any]:
    """errors: signed or not; only those above `allowed` fail; nan where there is nothing to compare."""
    errors = np.asarray(errors, np.float64)
    errors = errors[np.isfinite(errors)]
    worst = float(errors.max()) if errors.size else 0.0
    return {
        "check": name,
        "points": errors.size,
        "worst": worst,
        "allowed": float(allowed),
        "passed": bool(worst <= allowed),
    }


def outside(law, low, high) -> np.ndarray:
    """1 where the law is not in [low, high], 0 where it is, nan where there is no interval."""
    slack = 1e-9  # where all trials agree the interval has no width
    there = np.isfinite(low) & np.isfinite(high)
    out = (np.asarray(law) < np.asarray(low) - slack) | (np.asarray(law) > np.asarray(high) + slack)
    return np.where(there, out.astype(np.float64), np.nan)
