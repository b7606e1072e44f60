"""A linear layer whose synapses have delays on the grid of time, fixed or learned.

    y_j[t] = sum over i, k of K_ij[k] x_i[t - k] ,   k = 0 ... n_taps - 1 steps
    fixed      K_ij[k] = w_ij [k = d_ij]                  d whole numbers: each synapse has one tap
    learned    K_ij[k] = w_ij N_ij[k] ,                   N_ij[k] = exp(-((k - d_ij) / sigma)^2 / 2), divided by its sum

d_ij delay in steps, sigma width of the taps in steps. Learning begins with wide taps, through which the gradient sees
far, and narrows them: sigma falls geometrically from n_taps / 2 to 0.23 steps (`anneal`). When not training, d is
rounded and one tap is left: what was learned runs as fixed delays, on an event engine too (`synapses`).

Time is first: (time, batch, n_in) -> (time, batch, n_out). Three ways that agree to rounding; DelayLinear chooses:

    unfold     one matrix product of K with the past: time batch n_in n_taps n_out multiplications
    events     each nonzero x adds its taps: nnz(x) n_taps n_out additions, in rows
    gather     whole delays: each nonzero x adds its weights, each at its time: nnz(x) n_out additions

Source: Hammouamri, Khalfaoui-Hassani & Masquelier, Learning delays in spiking neural networks using dilated
convolutions with learnable spacings, ICLR 2024, eqs. 5 to 8 and section 3.3; their centres count from the oldest tap.
"""

import math

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from neurosparse import check, csr, rng

NARROW = 0.23  # steps, at the end of annealing
SPARSE = 10  # events are worth it where fewer than one x in so many is nonzero


def taps(w: torch.Tensor, d: torch.Tensor, n_taps: int, sigma: float | torch.Tensor) -> torch.Tensor:
    """K (n_taps, n_in, n_out), which sums to w over k; w and d (n_in, n_out), sigma in steps > 0."""
    k = torch.arange(n_taps, dtype=d.dtype, device=d.device)[:, None, None]
    return w * torch.softmax(-0.5 * ((k - d) / sigma) ** 2, dim=0)


def whole_taps(w: torch.Tensor, d: torch.Tensor, n_taps: int) -> torch.Tensor:
    """K (n_taps, n_in, n_out) of whole delays d (n_in, n_out) int64: w at k = d, else 0. `taps` for sigma -> 0."""
    return w.new_zeros(n_taps, *w.shape).scatter(0, d[None], w[None])


def unfold(x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """y (time, batch, n_out) from x (time, batch, n_in) and K (n_taps, n_in, n_out); before the start x is 0."""
    n_taps, n_in, n_out = kernel.shape
    past = pad(x, (0, 0, 0, 0, n_taps - 1, 0)).unfold(0, n_taps, 1)  # (time, batch, n_in, n_taps), oldest first
    return past.flatten(2) @ kernel.flip(0).permute(1, 0, 2).reshape(n_in * n_taps, n_out)


def events(x: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """`unfold` from the nonzero x alone."""
    return _Events.apply(x, kernel)  # type: ignore[return-value]


def gather(x: torch.Tensor, w: torch.Tensor, d: torch.Tensor, n_taps: int) -> torch.Tensor:
    """`events` of `whole_taps(w, d, n_taps)`, which is not made: one addition for each synapse of a nonzero x."""
    return _Gather.apply(x, w, d, n_taps)  # type: ignore[return-value]


class _Events(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, kernel):
        (n_steps, batch, _), (n_taps, _, n_out) = x.shape, kernel.shape
        t, b, i = x.nonzero(as_tuple=True)
        places = (t[:, None] + torch.arange(n_taps, device=x.device)) * batch + b[:, None]
        value = x[t, b, i][:, None, None]
        out = x.new_zeros((n_steps + n_taps - 1) * batch, n_out)
        out.index_add_(0, places.reshape(-1), (value * kernel.transpose(0, 1)[i]).reshape(-1, n_out))
        ctx.save_for_backward(kernel, i, value, places)
        return out.reshape(-1, batch, n_out)[:n_steps]

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs):
        kernel, i, value, places = ctx.saved_tensors
        n_taps, n_in, n_out = kernel.shape
        g, g_kernel = pad(grad_outputs[0], (0, 0, 0, 0, 0, n_taps - 1)), None
        if ctx.needs_input_grad[1]:
            each = (value * g.reshape(-1, n_out)[places]).reshape(len(i), n_taps * n_out)
            g_kernel = each.new_zeros(n_in, n_taps * n_out).index_add_(0, i, each)
            g_kernel = g_kernel.reshape(n_in, n_taps, n_out).transpose(0, 1)
        return _to_input(g, kernel) if ctx.needs_input_grad[0] else None, g_kernel


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, d, n_taps):
        (n_steps, batch, _), n_out = x.shape, w.shape[1]
        t, b, i = x.nonzero(as_tuple=True)
        places = ((t[:, None] + d[i]) * batch + b[:, None]) * n_out + torch.arange(n_out, device=x.device)
        value = x[t, b, i][:, None]
        out = x.new_zeros((n_steps + n_taps - 1) * batch * n_out)
        out.index_add_(0, places.reshape(-1), (value * w[i]).reshape(-1))
        ctx.save_for_backward(w, d, i, value, places)
        ctx.n_taps = n_taps
        return out.reshape(-1, batch, n_out)[:n_steps]

    @staticmethod
    @once_differentiable
    def backward(ctx, *grad_outputs):
        w, d, i, value, places = ctx.saved_tensors
        g, g_x, g_w = pad(grad_outputs[0], (0, 0, 0, 0, 0, ctx.n_taps - 1)), None, None
        if ctx.needs_input_grad[1]:
            g_w = torch.zeros_like(w).index_add_(0, i, value * g.reshape(-1)[places])
        if ctx.needs_input_grad[0]:
            g_x = _to_input(g, whole_taps(w, d, ctx.n_taps))
        return g_x, g_w, None, None


def _to_input(g: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """dL/dx (time, batch, n_in), wanted where x is 0, too, from dL/dy (time + n_taps - 1, batch, n_out)."""
    n_taps, n_in, _ = kernel.shape
    return g.unfold(0, n_taps, 1).flatten(2) @ kernel.permute(2, 0, 1).reshape(-1, n_in)


class DelayLinear(nn.Module):
    """n_in -> n_out, each synapse with a delay of 0 ... n_taps - 1 steps, drawn uniformly; n_taps = 1: no delays.

    Parameters w (n_in, n_out), uniform in +-sqrt(3 / n_in) (SD 1 / sqrt(n_in)), and d (n_in, n_out) if learned, else
    d is a buffer of whole numbers. sigma is a buffer, set by `anneal`. No bias.
    """

    w: torch.Tensor
    d: torch.Tensor
    sigma: torch.Tensor

    def __init__(self, n_in: int, n_out: int, n_taps: int, learned: bool = True, seed: int = 0):
        super().__init__()
        owner = "tensor.DelayLinear"
        self.n_in, self.n_out = check.integer(owner, "n_in", n_in, 1), check.integer(owner, "n_out", n_out, 1)
        self.n_taps = check.integer(owner, "n_taps", n_taps, 1)
        self.learned = check.one_of(owner, "learned", learned, (True, False))
        u, v = (
            torch.from_numpy(rng.uniforms(rng.stream(seed, f"delays {name}"), n_in * n_out)).reshape(n_in, n_out)
            for name in ("w", "d")
        )
        self.w = nn.Parameter(((2.0 * u - 1.0) * math.sqrt(3.0 / n_in)).float())
        if learned:
            self.d = nn.Parameter((v * (n_taps - 1)).float())
        else:
            self.register_buffer("d", (v * n_taps).long())
        self.register_buffer("sigma", torch.tensor(max(n_taps / 2, NARROW)))

    def anneal(self, progress: float) -> float:
        """Set sigma for `progress` in [0, 1], steps; returned. The source takes 1 from a quarter of the epochs on."""
        check.between("tensor.DelayLinear.anneal", "progress", progress, 0.0, 1.0)
        wide = max(self.n_taps / 2, NARROW)
        self.sigma.fill_(wide * (NARROW / wide) ** progress)
        return float(self.sigma)

    @torch.no_grad()
    def clamp_(self) -> None:
        """Bring delays back into [0, n_taps - 1]: after each step of an optimiser."""
        self.d.clamp_(0, self.n_taps - 1)

    def whole(self) -> torch.Tensor:
        """Delays (n_in, n_out) int64, steps, that hold when not training."""
        return self.d.detach().round().clamp(0, self.n_taps - 1).long()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(time, batch, n_in) -> (time, batch, n_out). Raises ValueError for another shape."""
        if x.ndim != 3 or x.shape[2] != self.n_in:
            check.fail("tensor.DelayLinear", f"input must have shape (time, batch, {self.n_in})", tuple(x.shape))
        sparse = int(torch.count_nonzero(x)) * SPARSE < x.numel()
        if self.learned and self.training:
            return (events if sparse else unfold)(x, taps(self.w, self.d, self.n_taps, self.sigma))
        if sparse:
            return gather(x, self.w, self.whole(), self.n_taps)
        return unfold(x, whole_taps(self.w, self.whole(), self.n_taps))

    def synapses(self) -> tuple[csr.Csr, torch.Tensor]:
        """Weights as Csr, sources as rows, and whole delays (n_in * n_out,) int64 in its order, steps."""
        rows = torch.arange(self.n_in).repeat_interleave(self.n_out).numpy()
        columns = torch.arange(self.n_out).repeat(self.n_in).numpy()
        weight = self.w.detach().cpu().reshape(-1).numpy()
        return csr.from_coo(rows, columns, weight, (self.n_in, self.n_out)), self.whole().cpu().reshape(-1)

    def extra_repr(self) -> str:
        """What `print` shows."""
        return f"{self.n_in}, {self.n_out}, n_taps={self.n_taps}, learned={self.learned}"
