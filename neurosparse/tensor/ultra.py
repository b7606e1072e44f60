"""The cells of the UltraLIF paper by name: its own neurons, soft and smooth in everything, and those it compares with.

    UltraLIF, UltraPLIF      max-plus membrane; P: the leak is learned          `neurons.ultralif`
    UltraDLIF, UltraDPLIF    neighbours diffuse                                 `tensor.ultra_graph`
    SigmaLIF, SigmaPLIF      linear membrane, the same soft threshold           `neurons.sigmalif`
    LIF, PLIF, ALIF          linear membrane, hard spikes with a surrogate      `neurons.lif`, `alif`
    CubaLIF, LI              currents with a time constant; a readout           `neurons.lif_exp`, `li`

How what is learned stays in its range, by variant:

    "paper"         tau0 = sigmoid(p) ;  eps = e^p held in [.1, 20], at whose ends it learns no more
    "code"          log tau0 = p, not bounded ;  eps as "paper"
    "neurosparse"   tau0 = sigmoid(p) ;  eps in (.01, 20) by a sigmoid

Baselines, v <- .9 v + x, threshold .5, reset to 0: "paper" hard spikes with the slope of sigmoid(10 (v - .5)) backward;
"code" that sigmoid forward too, so that there is no mismatch to compare with, and a leak that starts at
sigmoid(.9) = .711 where it is learned; "neurosparse" hard spikes with ATan. The ALIF adds beta .1, decay .9.

`parallel` runs UltraLIF without reset over all steps at once.
Source: Minoza, arXiv:2602.11206 (2026), section 4 and its appendix on the set-up; "code": the authors' program.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn

from neurosparse import check
from neurosparse.neurons import ultralif as neuron
from neurosparse.tensor import learned
from neurosparse.tensor.cell import Cell
from neurosparse.tensor.surrogate import Spikes, spikes
from neurosparse.tensor.ultra_graph import EPS_MAPS, SLIP, SOFT, UltraDLIF

VARIANTS = tuple(neuron.VARIANTS)
LEAK = learned.Map("sigmoid", 0.0, 1.0)
TAU0 = 0.9  # of the baselines, a step
STEP = 1.0  # ms: leaks are given for a step
ANSWERS = {
    "paper": spikes("hard", "sigmoid", 10.0),
    "code": spikes("soft", alpha=10.0),
    "neurosparse": spikes("hard", "atan"),
}


def ultralif(
    n: int, variant: str = "neurosparse", learn_tau: bool = False, learn_eps: bool = True,
    params: Mapping[str, Any] | None = None, spikes: Spikes = SOFT, **more: Any,
) -> Cell:  # fmt: skip
    """UltraLIF, or UltraPLIF with learn_tau; params: tau0, eps, v_th, v_reset; the rest as `Cell`, which raises."""
    log_tau = learned.Map("raw" if variant == "code" else "log_sigmoid")
    learn = ("log_tau",) * learn_tau + ("eps",) * learn_eps
    return _ultra("ultralif", n, variant, params, learn=learn, maps={"log_tau": log_tau}, spikes=spikes, **more)


def sigmalif(
    n: int, variant: str = "neurosparse", learn_tau: bool = False, learn_eps: bool = True,
    params: Mapping[str, Any] | None = None, spikes: Spikes = SOFT, **more: Any,
) -> Cell:  # fmt: skip
    """SigmaLIF, or SigmaPLIF with learn_tau; arguments as `ultralif`."""
    learn = ("tau0",) * learn_tau + ("eps",) * learn_eps
    return _ultra("sigmalif", n, variant, params, learn=learn, maps={"tau0": LEAK}, spikes=spikes, **more)


def _ultra(module: str, n: int, variant: str, params: Mapping[str, Any] | None, *, maps: dict, **more: Any) -> Cell:
    check.one_of(f"tensor.ultra.{module}", "variant", variant, VARIANTS)
    return Cell(module, n, {"variant": variant, **(params or {})}, maps=maps | {"eps": EPS_MAPS[variant]}, **more)


def lif(
    n: int, variant: str = "neurosparse", learn_tau: bool = False, params: Mapping[str, Any] | None = None, **more: Any
) -> Cell:
    """LIF, or PLIF with learn_tau: the paper's baselines. params as `lif.params` (ms, mV); the rest as `Cell`."""
    check.one_of("tensor.ultra.lif", "variant", variant, VARIANTS)
    leak = SLIP if learn_tau and variant == "code" else TAU0
    given = {"tau_mem": decaying(leak), "v_th": 0.5, **(params or {})}
    learn = ("decay",) * learn_tau
    return Cell("lif", n, given, learn=learn, maps={"decay": LEAK}, **{"spikes": ANSWERS[variant], **more})


def alif(n: int, variant: str = "neurosparse", params: Mapping[str, Any] | None = None, **more: Any) -> Cell:
    """ALIF, the paper's AdaLIF: its threshold rises by .1 with a spike and falls to .9 of that in a step."""
    check.one_of("tensor.ultra.alif", "variant", variant, VARIANTS)
    given = {"tau_mem": decaying(TAU0), "v_th": 0.5, "beta": 0.1, "tau_adapt": decaying(0.9), **(params or {})}
    return Cell("alif", n, given, **{"spikes": ANSWERS[variant], **more})


def decaying(leak: float) -> float:
    """Time constant (ms) of what falls to `leak` of itself in a step of 1 ms."""
    return -STEP / math.log(leak)


CELLS: dict[str, Callable[..., nn.Module]] = {
    "UltraLIF": ultralif,
    "UltraPLIF": partial(ultralif, learn_tau=True),
    "UltraDLIF": UltraDLIF,
    "UltraDPLIF": partial(UltraDLIF, learn_tau=True),
    "SigmaLIF": sigmalif,
    "SigmaPLIF": partial(sigmalif, learn_tau=True),
    "LIF": lif,
    "PLIF": partial(lif, learn_tau=True),
    "ALIF": alif,
    "CubaLIF": partial(Cell, "lif_exp"),
    "LI": partial(Cell, "li"),
}
WITHOUT_VARIANT = ("CubaLIF", "LI")


def cell(name: str, n: int, variant: str = "neurosparse", **more: Any) -> nn.Module:
    """The cell of that name, with the keywords of the function that makes it. Raises ValueError for unknown names."""
    check.one_of("tensor.ultra.cell", "name", name, CELLS)
    check.one_of("tensor.ultra.cell", "variant", variant, VARIANTS)
    return CELLS[name](n, **more) if name in WITHOUT_VARIANT else CELLS[name](n, variant, **more)


def parallel(x: torch.Tensor, log_tau: Any, eps: Any, v: torch.Tensor | None = None) -> torch.Tensor:
    """Membranes (time, batch, neuron) of UltraLIF without reset, for inputs x of that shape, from v (batch, neuron).

        v_t = t log_tau + eps logcumsumexp(v_0 / eps, (x_k - k log_tau) / eps)

    One scan, of depth log(time) on a GPU, instead of a loop; a spike would be sigmoid((v - v_th) / eps). v: None for 0.
    log_tau <= 0 and eps > 0 are numbers or (neuron,) tensors; gradients reach all. Of float32 about |t log_tau| 6e-8
    is lost in v. Raises ValueError for other shapes.
    """
    owner = "tensor.ultra.parallel"
    if not isinstance(x, torch.Tensor) or x.ndim != 3 or not x.is_floating_point():
        check.fail(owner, "x must be a tensor of floats (time, batch, neuron)", getattr(x, "shape", type(x)))
    v = x.new_zeros(x.shape[1:]) if v is None else v
    if v.shape != x.shape[1:]:
        check.fail(owner, f"v must have shape {tuple(x.shape[1:])}, as the batch", tuple(v.shape))
    fallen = torch.arange(len(x) + 1, dtype=x.dtype, device=x.device)[:, None, None] * log_tau
    return (fallen + eps * torch.logcumsumexp((torch.cat([v[None], x]) - fallen) / eps, dim=0))[1:]
