"""EventProp: exact gradients of spike times by weights, delays and input spike times. No grid, no surrogate.

    spikes = spike_times.pad([(i0, t0), (i1, t1)])         input spikes of each sample: ids, times in ms
    out = eventprop(spikes, w_in, w_rec, d_in, tau_mem=20.0, tau_syn=5.0, v_th=1.0, duration=100.0)
    spike_times.first_times(out, n, silent=100.0)[:, 0].sum().backward()

Leaky integrate-and-fire with exponential currents, reset to 0, no refractory time; equations in `eventprop_kernels`.
Everything is computed in float64 on the CPU, a sample by one thread, and gradients are added up in the order of the
samples: the same bits for any number of threads.

**Not captured**: spikes that a change of weights would create or delete. The loss as a function of weights jumps there,
and its exact gradient, which holds between jumps, does not see it: a silent neuron gets none at all. Start from weights
that make neurons fire, and add a term to the loss that keeps rates up. Where V only just reaches v_th, gradients grow
without bound, as the derivatives they are.

Source: Wunderlich & Pehle, Scientific Reports 11:12829 (2021); delays: Mészáros, Knight & Nowotny, arXiv:2501.07331
(2025); loss shaping: Nowotny, Turner & Knight, Neuromorphic Computing and Engineering 5:014001 (2025).
"""

import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.autograd.function import once_differentiable

from neurosparse import check, rng
from neurosparse.tensor.eventprop_kernels import Wiring, differentiate, neuron, simulate
from neurosparse.tensor.spike_times import SpikeTimes, pad

CHUNK = 8  # samples whose gradients are added up by one thread, whatever the number of threads
MAX_SPIKES = 100_000  # of one sample
OWNER = "tensor.eventprop"
CONSTANTS = ("tau_mem", "tau_syn", "v_th", "duration", "max_spikes")


def eventprop(
    spikes: SpikeTimes, w_in: torch.Tensor, w_rec: torch.Tensor | None = None, d_in: torch.Tensor | None = None,
    d_rec: torch.Tensor | None = None, *, tau_mem: float = 20.0, tau_syn: float = 5.0, v_th: float = 1.0,
    duration: float, max_spikes: int = MAX_SPIKES,
) -> SpikeTimes:  # fmt: skip
    """Output spikes before `duration` (ms) of n neurons, in order of time; t is differentiable.

    spikes: inputs, ids in [0, n_in), times >= 0, in any order (padding anywhere). w_in (n_in, n), w_rec (n, n): from
    row to column; d_in, d_rec: delays of the same shapes, ms, default 0. Gradients reach all of them, and spikes.t, so
    that layers can follow each other.

    Raises ValueError or TypeError for other shapes, types or devices, for ids out of range, for NaN or infinite
    numbers, for negative times, delays or constants, and if a sample makes more than max_spikes spikes.
    """
    times = [
        _constant(name, x, "ms") for name, x in (("tau_mem", tau_mem), ("tau_syn", tau_syn), ("duration", duration))
    ]
    most = check.integer(OWNER, "max_spikes", max_spikes, 1)
    p = neuron(times[0], times[1], _constant("v_th", v_th, ""), times[2], most)
    n_in, n = _matrix("w_in", w_in, ("n_in", "n"))
    _input(spikes, n_in)
    w, d = _delayed("in", w_in, d_in)
    if w_rec is None and d_rec is not None:
        check.fail(OWNER, "d_rec are delays of w_rec, which must be given", None)
    if w_rec is not None:
        _matrix("w_rec", w_rec, (n, n))
        w, d = (torch.cat(pair) for pair in zip((w, d), _delayed("rec", w_rec, d_rec), strict=True))
    return SpikeTimes(*_EventProp.apply(spikes.i, spikes.t, w, d, n_in, p))  # type: ignore[misc]


class _EventProp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, i, t, w, d, n_in, p):
        wiring, samples = _wiring(w, d, n_in), list(_samples(i, t))

        def outputs(s):
            course, k = simulate(*samples[s], wiring, p), len(samples[s][0])
            return course.source[k:] - n_in, course.when[k:].copy()

        out = list(_each(outputs, len(samples)))
        if any(len(times) > p.max_spikes for _, times in out):
            remedy = "weaken recurrent weights, or raise max_spikes"
            check.fail(OWNER, f"each sample may make {p.max_spikes} spikes", "more", remedy)
        made = pad(out) if out else SpikeTimes(i.new_empty(0, 0), t.new_empty(0, 0).double())
        ctx.save_for_backward(i, t, w, d, made.t)
        ctx.n_in, ctx.p = n_in, p
        ctx.mark_non_differentiable(made.i)
        return tuple(made)

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs):
        i, t, w, d, made = ctx.saved_tensors
        wiring, samples = _wiring(w, d, ctx.n_in), list(_samples(i, t))
        g_out = [g[m] for g, m in zip(grad_outputs[1].double().numpy(), torch.isfinite(made).numpy(), strict=True)]

        def chunk(c):
            g_w, g_d, g_t = np.zeros_like(wiring.w), np.zeros_like(wiring.w), []
            for s in range(c * CHUNK, min((c + 1) * CHUNK, len(samples))):
                course = simulate(*samples[s], wiring, ctx.p)  # again: time for the memory of all arrivals of a batch
                g_t.append(differentiate(course, wiring, ctx.p, g_out[s], g_w, g_d))
            return g_w, g_d, g_t

        total_w, total_d, g_in = np.zeros_like(wiring.w), np.zeros_like(wiring.w), torch.zeros_like(t)
        for c, (g_w, g_d, g_t) in enumerate(_each(chunk, -(-len(samples) // CHUNK))):
            total_w += g_w
            total_d += g_d
            for s, g in enumerate(g_t, c * CHUNK):
                g_in[s, torch.isfinite(t[s])] = torch.from_numpy(g).to(t.dtype)
        return None, g_in, _unsorted(total_w, wiring.to, w.dtype), _unsorted(total_d, wiring.to, d.dtype), None, None


def _each(function, n: int) -> Iterator:
    """function(0) ... function(n - 1), in this order, on torch's number of threads."""
    threads = min(torch.get_num_threads(), n)
    if threads < 2:
        yield from map(function, range(n))
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(function, range(n))


def _samples(i: torch.Tensor, t: torch.Tensor) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Ids and times of each sample, without padding, and the order in which they are sent."""
    for ids, times, there in zip(i.numpy(), t.detach().double().numpy(), torch.isfinite(t).numpy(), strict=True):
        yield ids[there], times[there], np.argsort(times[there], kind="stable")


def _wiring(w: torch.Tensor, d: torch.Tensor, n_in: int) -> Wiring:
    to = np.argsort(d.detach().double().numpy(), axis=1, kind="stable")
    weight, delay = (np.take_along_axis(x.detach().double().numpy(), to, axis=1) for x in (w, d))
    return Wiring(np.ascontiguousarray(weight), np.ascontiguousarray(delay), np.ascontiguousarray(to), n_in)


def _unsorted(g: np.ndarray, to: np.ndarray, kind: torch.dtype) -> torch.Tensor:
    """A gradient in the order of Wiring, back in that of the weights."""
    out = np.empty_like(g)
    np.put_along_axis(out, to, g, axis=1)
    return torch.from_numpy(out).to(kind)


def _constant(name: str, value: Any, unit: str) -> float:
    return float(check.positive(OWNER, name, check.scalar(OWNER, name, value), unit))


def _matrix(name: str, x: Any, shape: tuple) -> tuple[int, int]:
    """`x` is a finite real matrix on the CPU; names in `shape` stand for any size >= 1."""
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        check.fail(OWNER, f"{name} must be a tensor of real numbers", getattr(x, "dtype", type(x)), error=TypeError)
    sizes = tuple(x.shape)
    if len(sizes) != 2 or 0 in sizes or any(isinstance(a, int) and a != b for a, b in zip(shape, sizes)):
        check.fail(OWNER, f"{name} must have shape ({shape[0]}, {shape[1]})", sizes)
    if x.device.type != "cpu":
        check.fail(OWNER, f"{name} must be on the CPU, where events are computed", str(x.device), "move it: .cpu()")
    if not bool(torch.isfinite(x).all()):
        check.fail(OWNER, f"{name} must be finite numbers", f"{int((~torch.isfinite(x)).sum())} that are not")
    return sizes[0], sizes[1]


def _delayed(name: str, w: torch.Tensor, d: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    if d is None:
        return w, torch.zeros_like(w, requires_grad=False)
    _matrix(f"d_{name}", d, tuple(w.shape))
    check.at_least(OWNER, f"d_{name}", float(d.detach().min()), 0.0, "ms", "clamp delays after each step")
    return w, d


def _input(spikes: SpikeTimes, n_in: int) -> None:
    i, t = spikes
    if i.ndim != 2 or i.shape != t.shape:
        check.fail(OWNER, "spikes.i and spikes.t must share one shape (batch, k)", (tuple(i.shape), tuple(t.shape)))
    if i.dtype != torch.int64 or not t.is_floating_point():
        check.fail(OWNER, "spikes.i must be int64 and spikes.t real", (i.dtype, t.dtype), "see pad", TypeError)
    if i.device.type != "cpu" or t.device.type != "cpu":
        check.fail(OWNER, "spikes must be on the CPU, where events are computed", str(t.device), "move them: .cpu()")
    there = t.detach() != math.inf
    if not bool((t.detach()[there] >= 0.0).all()):
        check.fail(OWNER, "spikes.t must be times >= 0 ms, or inf where there is none", float(t.detach().min()))
    ids = i[there]
    if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < n_in:
        check.fail(OWNER, f"spikes.i must be in [0, {n_in})", (int(ids.min()), int(ids.max())))


class EventPropLIF(nn.Module):
    """A layer of n LIF neurons on n_in inputs, trained by `eventprop`: SpikeTimes -> SpikeTimes.

    constants: tau_mem, tau_syn, v_th, duration, max_spikes, as for `eventprop`. Parameters are w_in (n_in, n), and
    w_rec (n, n) if recurrent; with max_delay > 0 ms also d_in and d_rec, uniform in [0, max_delay] at first and brought
    back into it whenever the layer runs. w_in starts normal with mean gain / n_in and SD gain / sqrt(n_in), w_rec with
    mean 0 and SD 1 / sqrt(n), times v_th. Raises TypeError or ValueError for values out of range.
    """

    def __init__(
        self, n_in: int, n: int, constants: Mapping[str, float], recurrent: bool = False, max_delay: float = 0.0,
        gain: float = 1.0, seed: int = 0,
    ):  # fmt: skip
        super().__init__()
        owner = "tensor.EventPropLIF"
        self.n_in, self.n = check.integer(owner, "n_in", n_in, 1), check.integer(owner, "n", n, 1)
        for name in constants:
            check.one_of(owner, "the name of a constant", name, CONSTANTS)
        self.constants: dict[str, Any] = dict(constants)
        self.max_delay = float(check.at_least(owner, "max_delay", max_delay, 0.0, "ms"))
        v_th = float(constants.get("v_th", 1.0))
        w_in = (gain / n_in + gain / math.sqrt(n_in) * _drawn(rng.normals, seed, "w_in", n_in, n)) * v_th
        w_rec = v_th / math.sqrt(n) * _drawn(rng.normals, seed, "w_rec", n, n)
        self.w_in = nn.Parameter(w_in)
        self.w_rec = nn.Parameter(w_rec) if recurrent else None
        self.d_in = self._delays(seed, "d_in", n_in, n) if max_delay else None
        self.d_rec = self._delays(seed, "d_rec", n, n) if max_delay and recurrent else None

    def _delays(self, seed: int, name: str, *shape: int) -> nn.Parameter:
        return nn.Parameter(self.max_delay * _drawn(rng.uniforms, seed, name, *shape))

    def forward(self, spikes: SpikeTimes) -> SpikeTimes:
        """Spikes of the neurons before the end, in order of time. Raises as `eventprop`."""
        with torch.no_grad():
            for delays in (self.d_in, self.d_rec):
                if delays is not None:
                    delays.clamp_(0.0, self.max_delay)
        return eventprop(spikes, self.w_in, self.w_rec, self.d_in, self.d_rec, **self.constants)

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"{self.n_in}, {self.n}, {self.constants}, max_delay={self.max_delay}"


def _drawn(draw: Callable, seed: int, name: str, rows: int, columns: int) -> torch.Tensor:
    """(rows, columns) float64 of the stream "eventprop NAME"."""
    return torch.from_numpy(draw(rng.stream(seed, f"eventprop {name}"), rows * columns).reshape(rows, columns))
