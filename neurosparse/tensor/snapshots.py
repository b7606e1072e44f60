"""A training run as plain arrays and JSON: what a checkpoint holds, and the way back.

    arrays   "net/NAME", "best/NAME", "moment1/NAME", "moment2/NAME", "steps"     NumPy
    notes    plan, shapes of the net, history, best epoch                          JSON

`io.trained` stores them in one HDF5 file; nothing here touches a disk. No pickle.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from neurosparse import check


class Snapshot(NamedTuple):
    """Arrays by name, and notes that JSON can hold."""

    arrays: dict[str, np.ndarray]
    notes: dict[str, Any]


def parameters(net: nn.Module) -> dict[str, torch.Tensor]:
    """Copies of all parameters and buffers, by name."""
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def put_back(net: nn.Module, kept: dict[str, torch.Tensor]) -> None:
    """Copy kept values into the net."""
    net.load_state_dict(kept)


def shapes(net: nn.Module) -> dict[str, list]:
    """What tells one architecture from another: name -> [type, *shape] of every parameter and buffer."""
    return {name: [str(value.dtype), *value.shape] for name, value in net.state_dict().items()}


def take(
    net: nn.Module, optimiser: torch.optim.Optimizer, plan: tuple, history: list, best: int, kept: dict
) -> Snapshot:
    """Everything that the next epoch depends on. optimiser: of the Adam family, over the net's parameters."""
    arrays = {f"net/{name}": _array(value) for name, value in net.state_dict().items()}
    arrays |= {f"best/{name}": _array(value) for name, value in kept.items()}
    names = {id(p): name for name, p in net.named_parameters()}
    steps = {}
    for p, state in optimiser.state.items():
        arrays[f"moment1/{names[id(p)]}"], arrays[f"moment2/{names[id(p)]}"] = map(
            _array, (state["exp_avg"], state["exp_avg_sq"])
        )
        steps[names[id(p)]] = float(state["step"])
    return Snapshot(
        arrays, {"plan": list(plan), "shapes": shapes(net), "history": history, "best": best, "steps": steps}
    )


def restore(owner: str, net: nn.Module, optimiser: torch.optim.Optimizer, plan: tuple, found: Snapshot):
    """Put a snapshot into net and optimiser; (history, best epoch, best parameters).

    Raises ValueError where it is of another architecture or plan.
    """
    notes = found.notes
    if notes["shapes"] != shapes(net):
        there, here = notes["shapes"], shapes(net)
        other = next(name for name in [*there, *here] if there.get(name) != here.get(name))
        remedy = "remove it, or name another file"
        got = f"{other}: {there.get(other)} in the checkpoint, {here.get(other)} in the net"
        check.fail(owner, "the checkpoint must be of this architecture", got, remedy)
    if notes["plan"] != list(plan):
        check.fail(owner, f"the checkpoint must be of this plan, {list(plan)}", notes["plan"], "name another file")
    put_back(net, _part(found, "net/"))
    for name, p in net.named_parameters():
        if name in notes["steps"]:
            one, two = (torch.from_numpy(found.arrays[f"moment{k}/{name}"].copy()).to(p) for k in (1, 2))
            optimiser.state[p] = {"step": torch.tensor(notes["steps"][name]), "exp_avg": one, "exp_avg_sq": two}
    return notes["history"], notes["best"], _part(found, "best/")


def _array(value: torch.Tensor) -> np.ndarray:
    return value.detach().cpu().numpy().copy()


def _part(found: Snapshot, prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(np.array(value))
        for name, value in found.arrays.items()
        if name.startswith(prefix)
    }
