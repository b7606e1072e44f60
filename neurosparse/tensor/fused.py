"""Which modules have compiled time loops, what these take from the Params, and which backend runs.

    lif, sigmalif      "linear"      a threshold, no refractory time
    ultralif           "tropical"
    li                 "leaky"
    lif_exp            "leaky" current, then "linear" membrane; excitatory port, no refractory time

Everything else is unrolled by torch, as is all that runs inside `torch.compile`. `auto` takes the fastest that can,
"torch" on a GPU without Triton, and `Cell.used` says which it was; a backend that was asked for by name and can not is
refused with the reason.
"""

import importlib.util
from functools import cache
from types import ModuleType
from typing import Any

import torch

from neurosparse import check
from neurosparse.neurons import li, lif, lif_exp, sigmalif, ultralif
from neurosparse.tensor import scan
from neurosparse.tensor.surrogate import Spikes

BACKENDS = scan.BACKENDS
SOFT = ("li", "lif", "alif", "lif_exp", "lif_alpha", "lif_cond", "sigmalif", "ultralif", "ultralif_signed", "ultradlif")


def check_mode(owner: str, module: ModuleType, mode: Spikes) -> None:
    """Soft spikes need a model whose only threshold is that of its spikes; raises ValueError."""
    name = module.__name__.rpartition(".")[2]
    if mode.how == "soft" and module.__name__.startswith("neurosparse.") and name not in SOFT:
        check.fail(owner, f"soft spikes need one of {', '.join(SOFT)}", name, 'take spikes("hard") or spikes("ste")')


def membrane(module: ModuleType, p: Any, port: str) -> scan.Membrane | None:
    """What the compiled loop takes, or None where there is none for this module and port."""
    if module is lif or (module is lif_exp and port == "exc"):
        gain = p.gain_exc if module is lif_exp else (1.0 if port == "jump" else p.gain)
        return scan.Membrane("linear", p.decay, gain, p.drive, p.v_th, p.v_reset, p.carry, 1.0)
    if module is sigmalif:
        return scan.Membrane("linear", p.tau0, 1.0, 0.0, p.v_th, p.v_reset, 0.0, p.eps)
    if module is ultralif:
        return scan.Membrane("tropical", p.log_tau, 1.0, 0.0, p.v_th, p.v_reset, 0.0, p.eps)
    if module is li:
        return scan.Membrane("leaky", p.decay, 1.0 if port == "jump" else p.gain, p.drive, 0.0, 0.0, 0.0, 1.0)
    return None


def _why_not(module: ModuleType, p: Any, port: str, x: torch.Tensor) -> str:
    """Why no compiled loop can run this, or an empty string."""
    found = membrane(module, p, port)
    if found is None:
        return f"{module.__name__} with inputs at {port!r} has no compiled loop"
    if bool(torch.as_tensor(getattr(p, "n_ref", 0.0)).any()):
        return "a refractory time has no compiled loop: take t_ref = 0"
    if any(
        isinstance(value, torch.Tensor) and value.requires_grad for value in (found.gain, found.drive, found.v_reset)
    ):
        return "compiled loops learn the leak, v_th and eps alone"
    if x.dtype not in (torch.float32, torch.float64):
        return f"compiled loops take float32 and float64, not {x.dtype}"
    return ""


@cache
def has_triton() -> bool:
    """Whether `import triton` can work."""
    return importlib.util.find_spec("triton") is not None


def choose(owner: str, name: str, module: ModuleType, p: Any, port: str, x: torch.Tensor) -> str:
    """The backend that runs. Raises ValueError, with the reason, where the one asked for can not."""
    check.one_of(owner, "backend", name, BACKENDS)
    if name == "torch" or torch.compiler.is_compiling():
        return "torch"
    why = _why_not(module, p, port, x)
    if not why and x.device.type == "cuda" and name in ("auto", "triton"):
        if has_triton():
            return "triton"
        why = "Triton is not installed"
    if not why and x.device.type == "cpu" and name in ("auto", "numba"):
        return "numba"
    if name == "auto":
        return "torch"
    wrong = f"{name} does not run on {x.device}"
    return check.fail(owner, f"backend {name!r} must be able to run this", why or wrong, 'take backend="auto"')


def run(name: str, module: ModuleType, p: Any, port: str, mode: Spikes, x: torch.Tensor, state: Any):
    """(out, last State) by the compiled loop of backend `name`."""
    loop = scan.scan
    if name == "triton":
        from neurosparse.tensor.scan_triton import scan as loop  # type: ignore[no-redef]
    found = membrane(module, p, port)
    assert found is not None
    if module is lif_exp:
        leak = scan.Membrane("leaky", p.decay_exc, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)
        current, last = loop(x, state.i_exc / p.decay_exc, leak, mode)
        gone = state.i_inh * torch.as_tensor(p.decay_inh, dtype=x.dtype) ** len(x)
        z, v = loop(current, state.v, found, mode)
        return z, state._replace(v=v, i_exc=last * p.decay_exc, i_inh=gone)
    z, v = loop(x, state.v, found, mode)
    return z, state._replace(v=v)
