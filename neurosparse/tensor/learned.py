"""Parameters that are learned stay where they may be: a free number, mapped into its range.

"raw"             value = p
"exp"             value = e^p                        (0, inf)
"negative"        value = -e^p                       (-inf, 0)
"sigmoid"         value = low + (high - low) / (1 + e^-p)        (low, high)
"log_sigmoid"     value = log(1 / (1 + e^-p))        (-inf, 0): the log of a learned leak
"clamped"         value = e^p held in [low, high]    no gradient reaches p at the ends
"""

import math
from typing import NamedTuple

import torch

from neurosparse import check

NAMES = ("raw", "exp", "negative", "sigmoid", "log_sigmoid", "clamped")


class Map(NamedTuple):
    """How a free number becomes a parameter; low and high matter for "sigmoid" and "clamped" alone."""

    name: str = "raw"
    low: float = 0.0
    high: float = 1.0


def of_bounds(low: float, high: float) -> Map:
    """The map into an open interval, each end finite or not."""
    if math.isinf(low):
        return Map("raw") if math.isinf(high) else Map("negative")
    return Map("exp") if math.isinf(high) else Map("sigmoid", low, high)


def value(how: Map, p: torch.Tensor) -> torch.Tensor:
    """The parameter, of p's shape."""
    if how.name == "exp":
        return p.exp()
    if how.name == "negative":
        return -p.exp()
    if how.name == "sigmoid":
        return how.low + (how.high - how.low) * torch.sigmoid(p)
    if how.name == "log_sigmoid":
        return torch.nn.functional.logsigmoid(p)
    return p.exp().clamp(how.low, how.high) if how.name == "clamped" else p


def free(owner: str, name: str, how: Map, start: torch.Tensor) -> torch.Tensor:
    """The free number whose parameter is `start`. Raises ValueError where the map can not reach it."""
    check.one_of(owner, f"map of {name}", how.name, NAMES)
    if how.name in ("exp", "clamped"):
        p = start.log()
    elif how.name == "negative":
        p = (-start).log()
    elif how.name == "sigmoid":
        p = torch.logit((start - how.low) / (how.high - how.low))
    else:
        p = torch.logit(start.exp()) if how.name == "log_sigmoid" else start.clone()
    if not p.isfinite().all():
        check.fail(owner, f"{name} must lie inside the range of the map {how}", start.tolist())
    return p
