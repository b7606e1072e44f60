"""Gradients through time of a stack of layers: all of it, a window of it, or the present step alone.

    how = rule("sltt")
    passed = backward(layers, x, loss, how)      # x (time, batch, n_in); loss(out (batch, n_out), t) -> number
    optimiser.step()                             # gradients lie in the parameters' grad

The loss of a sequence is L = (1/T) sum_t loss_t. Time is cut into windows; inside one gradients are exact, the states
that enter one are constants, and a window is forgotten before the next one begins:

    bptt           one window of T steps: the gradient of L
    checkpointed   the same, computed again backward in segments of k steps, by default sqrt(T) (see `packed`)
    truncated      windows of k steps                                             Williams & Peng 1990
    sltt           windows of one step: memory does not depend on T               Meng et al. 2023
    sltt_k         of these a random k of T, new in each iteration; the others pass without gradients. The expected
                   gradient is k / T that of sltt
    ottt           sltt, but for the weights the input s of a layer is replaced by its trace  a_t = lambda a_t-1 + s_t ,
                   lambda the decay of the neurons behind the weights             Xiao et al. 2022

sltt drops every factor d state_t / d state_t-1: it equals bptt where membranes keep nothing (lambda = 0), and it can
not tell what an early spike does to a late one. For a loss of a whole window, say of its mean, take per="window":
loss(out (steps, batch, n_out), first step), which counts steps / T.

Sources: Williams & Peng, Neural Computation 2 (1990) 490. Meng, Xiao, Yan, Wang, Lin & Luo, ICCV 2023. Xiao, Meng,
Zhang, He & Lin, NeurIPS 2022.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.func import functional_call

from neurosparse import check, rng
from neurosparse.tensor import packed
from neurosparse.tensor.cell import Cell
from neurosparse.tensor.delays import DelayLinear
from neurosparse.tensor.sparse_linear import SparseLinear

OWNER = "tensor.backward"
RULES = ("bptt", "checkpointed", "truncated", "sltt", "sltt_k", "ottt")
EXACT = ("bptt", "checkpointed")
DECAYS = {"lif": "decay", "alif": "decay", "li": "decay", "sigmalif": "tau0"}  # models of which ottt knows lambda


class Rule(NamedTuple):
    """What is kept of time; made by `rule`."""

    how: str = "bptt"
    k: int | None = None
    per: str = "step"  # what a loss is of: a "step" or a "window"
    seed: int = 0  # of the steps that sltt_k draws


BPTT = Rule()


class Passed(NamedTuple):
    """What a pass over all steps leaves beside gradients."""

    loss: torch.Tensor  # L, detached
    mean: torch.Tensor  # (batch, n_out) output, mean over time, detached
    states: list  # of each layer after the last step, detached; None where it has none


def rule(how: str = "bptt", k: int | None = None, per: str = "step", seed: int = 0) -> Rule:
    """A checked Rule. k: steps; needed for "truncated" and "sltt_k", may be given for "checkpointed".

    Raises ValueError for unknown names, and for a k that is missing, below 1 or has no meaning; TypeError for others.
    """
    owner = "tensor.rule"
    check.one_of(owner, "how", how, RULES)
    check.one_of(owner, "per", per, ("step", "window"))
    if how in ("truncated", "sltt_k") and k is None:
        check.fail(owner, f"{how!r} needs k", k, "say of how many steps")
    if k is not None:
        if how not in ("truncated", "sltt_k", "checkpointed"):
            check.fail(owner, f"{how!r} has no k", k, "leave it out")
        check.integer(owner, "k", k, 1)
    return Rule(how, k, per, check.integer(owner, "seed", seed, 0, 2**64 - 1))


def backward(
    layers: Iterable[nn.Module], x: torch.Tensor | Iterable[torch.Tensor], loss: Callable, how: Rule = BPTT, *,
    states: Sequence | None = None, steps: int | None = None, iteration: int = 0,
) -> Passed:  # fmt: skip
    """Run `layers` over all steps of x and add the gradients of L to those of their parameters.

    layers: modules with a `scan(x, state)`, as Cell, carry a state; all others, as nn.Linear and SparseLinear, are
    applied to (time, batch, n). x: (time, batch, n_in), or anything that gives (batch, n_in) step by step, read once,
    all at once by "bptt" alone; then `steps` says how many. states: those that an earlier pass left. iteration: of the
    training, for sltt_k. Raises TypeError or ValueError for what does not fit.
    """
    total, stack = _steps(x, steps), _stack(list(layers), how)
    now = _states(stack, states)
    sums: list[Any] = [0.0, 0.0]
    learning, source = chosen(how, total, iteration), x if isinstance(x, torch.Tensor) else iter(x)
    run = partial(packed.again, _window) if how.how == "checkpointed" else _window
    for first, length in windows(how, total):
        with torch.set_grad_enabled(first in learning):
            task = stack, loss, how.per, first, length / total
            value, out, now = run(_next(source, first, length), task, now)
        if how.how not in EXACT:
            value, now = _forget(value, first in learning), detached(now)
        sums = [sums[0] + value, sums[1] + out.detach()]
    _forget(sums[0], how.how in EXACT)
    return Passed(sums[0].detach(), sums[1] / total, detached(now))


def through(layers: Iterable[nn.Module], x: torch.Tensor, states: Sequence | None = None) -> tuple[torch.Tensor, list]:
    """(out (time, batch, n_out), states) of all steps of x (time, batch, n_in), with the graph of all of them."""
    stack = [_pass(layer) for layer in layers]
    return _through(stack, x, _states(stack, states))


def windows(how: Rule, steps: int) -> list[tuple[int, int]]:
    """(first step, length) of each window."""
    length = {"bptt": steps, "checkpointed": how.k or packed.usual(steps), "truncated": how.k or steps}.get(how.how, 1)
    return [(first, min(length, steps - first)) for first in range(0, steps, length)]


def chosen(how: Rule, steps: int, iteration: int = 0) -> set[int]:
    """First steps of the windows that have gradients."""
    if how.how != "sltt_k":
        return {first for first, _ in windows(how, steps)}
    if how.k is None or how.k > steps:
        check.fail(OWNER, f"k must be at most the {steps} steps there are", how.k)
    return set(rng.choice(rng.stream(how.seed, "sltt_k"), steps, how.k, iteration).tolist())


def detached(state: Any) -> Any:
    """The same tuples, lists and NamedTuples, of tensors without a graph."""
    if isinstance(state, torch.Tensor):
        return state.detach()
    if isinstance(state, list | tuple):
        parts = [detached(part) for part in state]
        return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)
    return state


def _window(x: torch.Tensor, task: tuple, states: list):
    """(share of L, sum of the outputs, states) of one window."""
    stack, loss, per, first, share = task
    out, states = _through(stack, x, states)
    if per == "window":
        value = _scalar(loss(out, first))
    else:
        value = torch.stack([_scalar(loss(now, first + t)) for t, now in enumerate(out)]).mean()
    return share * value, out.sum(dim=0), states


def _through(stack: list[Callable], x: torch.Tensor, states: list) -> tuple[torch.Tensor, list]:
    after = []
    for layer, state in zip(stack, states, strict=True):
        x, state = layer(x, state)
        after.append(state)
    return x, after


def _stack(layers: list[nn.Module], how: Rule) -> list[Callable]:
    """Each layer as a function (x, state) -> (out, state)."""
    if not isinstance(how, Rule):
        check.fail(OWNER, "how must be made by tensor.rule(...)", how, error=TypeError)
    if not layers:
        check.fail(OWNER, "layers must be at least one", layers)
    if how.how != "bptt" and any(isinstance(layer, DelayLinear) for layer in layers):
        check.fail(OWNER, "DelayLinear needs all steps at once", how.how, 'take "bptt"')
    if how.how != "ottt":
        return [_pass(layer) for layer in layers]
    return [_pass_traced(layer, after) for layer, after in zip(layers, [*layers[1:], None], strict=True)]


def _pass(layer: nn.Module) -> Callable:
    if hasattr(layer, "scan"):
        return layer.scan  # type: ignore[return-value]
    if not callable(layer):
        check.fail(OWNER, "a layer must be a torch module", type(layer).__name__, error=TypeError)
    return lambda x, _: (layer(x), None)


def _pass_traced(layer: nn.Module, after: nn.Module | None) -> Callable:
    """As `_pass`, with weights that follow the trace of their input; a readout without neurons has no trace."""
    if isinstance(layer, Cell) or after is None or not any(True for _ in layer.parameters()):
        return _pass(layer)
    if not isinstance(layer, nn.Linear | SparseLinear) or not isinstance(after, Cell):
        need = "ottt takes nn.Linear or SparseLinear, each before a Cell, and layers without parameters"
        check.fail(OWNER, need, f"{type(layer).__name__} before {type(after).__name__}", 'take "sltt"')
    name = after.module.__name__.rpartition(".")[2]
    check.one_of(OWNER, "neurons of ottt", name, DECAYS)
    return partial(_traced, layer, after, DECAYS[name])


def _traced(layer: nn.Module, after: Cell, decay: str, x: torch.Tensor, trace: torch.Tensor | None):
    """The layer's output, whose gradient to x is the layer's and to its parameters that of the trace of x."""
    held = torch.as_tensor(getattr(after.params(), decay), dtype=x.dtype, device=x.device).detach()
    if held.ndim:
        check.fail(OWNER, f"ottt needs one {decay} for all neurons of a layer", tuple(held.shape), "per_neuron=False")
    trace = x.detach() if trace is None else held * trace + x.detach()
    fixed = {name: value.detach() for name, value in layer.named_parameters()}
    slope = layer(trace)
    return functional_call(layer, fixed, (x,)) + (slope - slope.detach()), trace


def _forget(value: torch.Tensor, learning: bool) -> torch.Tensor:
    """The loss without its graph, after its gradients were added."""
    if learning:
        if not value.requires_grad:
            check.fail(OWNER, "loss must depend on the parameters", value, "is it detached, or all frozen?")
        value.backward()
    return value.detach()


def _scalar(value: Any) -> torch.Tensor:
    if not isinstance(value, torch.Tensor) or value.ndim:
        got = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        check.fail(OWNER, "loss must return a tensor of one number, of shape ()", got, "take its mean", TypeError)
    return value


def _states(stack: list[Callable], states: Sequence | None) -> list:
    found = [None] * len(stack) if states is None else list(states)
    if len(found) != len(stack):
        check.fail(OWNER, f"states must be {len(stack)}, one for each layer", len(found))
    return found


def _steps(x: Any, steps: int | None) -> int:
    if isinstance(x, torch.Tensor) and x.ndim < 2:
        check.fail(OWNER, "x must have shape (time, batch, ...)", tuple(x.shape))
    there = len(x) if hasattr(x, "__len__") else None
    if steps is None and there is None:
        check.fail(OWNER, "steps must be given where x has no length", type(x).__name__, error=TypeError)
    steps = check.integer(OWNER, "steps", there if steps is None else steps, 1)
    if there is not None and steps > there:
        check.fail(OWNER, f"steps must be at most the {there} of x", steps)
    return steps


def _next(source: torch.Tensor | Iterator[torch.Tensor], first: int, length: int) -> torch.Tensor:
    """(length, batch, n): the steps that come."""
    if isinstance(source, torch.Tensor):
        return source[first : first + length]
    found = list(islice(source, length))
    if len(found) < length:
        check.fail(OWNER, "x must have the steps that were announced", first + len(found))
    return torch.stack(found)
