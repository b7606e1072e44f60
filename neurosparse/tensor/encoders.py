"""Numbers into spikes on tensors: values (batch, neuron) or signals, to spikes (time, batch, neuron).

    rate        z_t ~ Bernoulli(gain x)                                                in each step t
    direct      z_t = x                                            the value itself, a current of each step
    latency     one spike in step  floor(-tau ln x / dt) | floor(tau (1 - x) / dt) | floor(tau ln(x / (x - theta)) / dt)
    phase       z_t = bit t mod K of floor(2^K x), highest first;  x = sum over a period of 2^-(1 + t mod K) z_t
    burst       ceil(most x) spikes, ceil(slow - (slow - fast) x) steps apart, from step 0 on
    delta       ON where s_t - r >= theta, OFF where r - s_t >= theta; the reference r moves by theta with each
    dvs         r <- r + s_t - s_t-1 ;  |r| > theta: ON or OFF by its sign, and r moves by theta towards 0

x in [0, 1], tau and dt in ms. Spikes have x's type and device, 1 or 0. `population` widens values before one of these:
each meets m overlapping Gaussian receptive fields. ON channels come before OFF, as in `encode`, whose latency and delta
these equal in float64. Only `rate` is random; it takes a torch.Generator.

Sources: Hopfield, Nature 376 (1995) 33 (latency; the third form is the time at which a leaky membrane of time constant
tau, driven to x, meets theta); Bohte, Kok & La Poutre, Neurocomputing 48 (2002) 17 (population); Kim, Kim, Huh, Lee &
Choi, Neurocomputing 311 (2018) 373 (phase); Guo, Fouda, Eltawil & Salama, Frontiers in Neuroscience 15:638474 (2021)
(burst); Lichtsteiner, Posch & Delbruck, IEEE J. Solid-State Circuits 43 (2008) 566 (delta); Grimaldi & Perrinet,
Biological Cybernetics 117 (2023) 373 (dvs).
"""

import math
from typing import NamedTuple

import torch

from neurosparse import check

FORMS = ("log", "linear", "charge")


def rate(x: torch.Tensor, n_steps: int, generator: torch.Generator, gain: float = 1.0) -> torch.Tensor:
    """(n_steps, batch, neuron): each element fires in each step with probability gain x, in [0, 1].

    Raises TypeError or ValueError for x of another shape or type, NaN, gain x outside [0, 1], n_steps < 1, and a
    generator that is none or lives on another device than x.
    """
    owner = "tensor.encoders.rate"
    check.at_least(owner, "gain", check.scalar(owner, "gain", gain), 0.0)
    if not isinstance(generator, torch.Generator):
        remedy = "write torch.Generator().manual_seed(0)"
        check.fail(owner, "generator must be a torch.Generator", generator, remedy, TypeError)
    if isinstance(x, torch.Tensor) and generator.device.type != x.device.type:
        check.fail(owner, f"generator must be on the device of x, {x.device}", str(generator.device))
    x = _values(owner, "gain x", x, gain)
    shape = (_steps(owner, n_steps, x), *x.shape)
    return (torch.rand(shape, generator=generator, dtype=x.dtype, device=x.device) < x).to(x.dtype)


def direct(x: torch.Tensor, n_steps: int) -> torch.Tensor:
    """(n_steps, batch, neuron): x in each step, any finite numbers; a view, so it takes no memory, with gradient."""
    owner = "tensor.encoders.direct"
    _finite(owner, "x", x, 2, "(batch, neuron)")
    return x.expand(check.integer(owner, "n_steps", n_steps, 1), *x.shape)


def latency(
    x: torch.Tensor, n_steps: int, tau: float, dt: float = 1.0, theta: float = 0.0, form: str = "log"
) -> torch.Tensor:
    """(n_steps, batch, neuron): one spike for each element, the earlier the larger x; tau and dt in ms.

    form "log", "linear" or "charge", in the order of the formulas above. Elements with x <= theta, or whose step is
    n_steps or later, stay silent; "charge" needs theta > 0. Raises TypeError or ValueError for x outside [0, 1], tau or
    dt <= 0, theta < 0 and another form.
    """
    owner = "tensor.encoders.latency"
    x = _values(owner, "x", x)
    for name, value in {"tau": tau, "dt": dt}.items():
        check.positive(owner, name, check.scalar(owner, name, value, "ms"), "ms")
    check.at_least(owner, "theta", check.scalar(owner, "theta", theta), 0.0)
    if check.one_of(owner, "form", form, FORMS) == "charge":
        check.positive(owner, "theta", theta, remedy="without a threshold all would fire at once")
    v = x.double()
    waited = {"log": lambda: -tau * v.log(), "linear": lambda: tau * (1.0 - v)}
    step = (waited[form]() if form in waited else tau * -torch.log1p(-theta / v)) / dt
    step = torch.where(x > theta, step.floor(), math.inf)
    return _at(step, _steps(owner, n_steps, x), x)


def phase(x: torch.Tensor, n_steps: int, bits: int = 8) -> torch.Tensor:
    """(n_steps, batch, neuron): the binary digits of x, period after period of `bits` steps; x = 1 gives ones.

    Raises TypeError or ValueError for x outside [0, 1], bits outside [1, 24], n_steps < 1.
    """
    owner = "tensor.encoders.phase"
    x = _values(owner, "x", x)
    bits = check.integer(owner, "bits", bits, 1, 24)  # the digits of float32
    whole = (x.double() * 2**bits).floor().clamp(max=2**bits - 1).to(torch.int64)
    place = bits - 1 - torch.arange(_steps(owner, n_steps, x), device=x.device) % bits
    return ((whole >> place[:, None, None]) & 1).to(x.dtype)


def phase_weights(n_steps: int, bits: int = 8) -> torch.Tensor:
    """(n_steps,) float32: what a spike of each step counts, 2^-(1 + t mod bits). Raises as `phase`."""
    owner = "tensor.encoders.phase_weights"
    bits = check.integer(owner, "bits", bits, 1, 24)
    return 2.0 ** -(1.0 + torch.arange(check.integer(owner, "n_steps", n_steps, 1)) % bits)


def burst(x: torch.Tensor, n_steps: int, most: int = 5, fast: int = 2, slow: int = 8) -> torch.Tensor:
    """(n_steps, batch, neuron): the larger x, the more spikes, `most` at most, and the closer, fast to slow steps.

    x = 0 is silent; what would come after the last step is left out. Raises TypeError or ValueError for x outside
    [0, 1], most or fast < 1, slow < fast, n_steps < 1.
    """
    owner = "tensor.encoders.burst"
    x = _values(owner, "x", x)
    most = check.integer(owner, "most", most, 1)
    slow = check.integer(owner, "slow", slow, check.integer(owner, "fast", fast, 1))
    n = (most * x.double()).ceil()
    gap = (slow - (slow - fast) * x.double()).ceil()
    t = torch.arange(_steps(owner, n_steps, x), device=x.device, dtype=torch.float64)[:, None, None]
    return ((t % gap == 0) & (t < n * gap)).to(x.dtype)


def population(x: torch.Tensor, m: int, low: float = 0.0, high: float = 1.0, overlap: float = 1.5) -> torch.Tensor:
    """(batch, neuron m): how much each of m receptive fields of each value is met, in (0, 1]; with gradient.

        exp(-(x - mu_i)^2 / (2 sigma^2)) ,  sigma = w / overlap ,  mu_i = low + (i - 1/2) w ,  i = 0 .. m - 1

    w = (high - low) / (m - 2): the first and the last field are centred outside [low, high]. The fields of one value
    are neighbours. Raises TypeError or ValueError for x of another shape, NaN, m < 3, high <= low, overlap <= 0.
    """
    owner = "tensor.encoders.population"
    x = _finite(owner, "x", x, 2, "(batch, neuron)")
    m = check.integer(owner, "m", m, 3)
    check.positive(owner, "high - low", check.scalar(owner, "high", high) - check.scalar(owner, "low", low))
    width = (high - low) / (m - 2)
    sigma = width / check.positive(owner, "overlap", check.scalar(owner, "overlap", overlap))
    mu = low + width * (torch.arange(m, dtype=x.dtype, device=x.device) - 0.5)
    return torch.exp(-0.5 * ((x[:, :, None] - mu) / sigma) ** 2).flatten(1)


@torch.no_grad()
def delta(signal: torch.Tensor, theta: float) -> torch.Tensor:
    """(time, batch, 2 neuron): ON, then OFF events of a signal (time, batch, neuron); r starts at signal[0].

    Raises TypeError or ValueError for a signal of another shape or type, NaN, theta <= 0.
    """
    owner = "tensor.encoders.delta"
    _finite(owner, "signal", signal, 3, "(time, batch, neuron)")
    check.positive(owner, "theta", check.scalar(owner, "theta", theta))
    out, r = [], signal[0].clone()
    for now in signal:
        on, off = (now - r >= theta).to(r.dtype), (r - now >= theta).to(r.dtype)
        r += theta * on - theta * off
        out.append(torch.cat([on, off], dim=1))
    return torch.stack(out)


class Dvs(NamedTuple):
    """What an event camera remembers between frames, each (batch, neuron)."""

    r: torch.Tensor  # residual: change that no event has told yet
    last: torch.Tensor  # the frame seen last


@torch.no_grad()
def dvs(signal: torch.Tensor, theta: float, state: Dvs | None = None) -> tuple[torch.Tensor, Dvs]:
    """(z, state): ON, then OFF events (time, batch, 2 neuron) of an event camera, one at most of a pixel in a step.

    signal (time, batch, neuron): brightness of each pixel in each frame, as a rule its logarithm. state None: the
    camera has seen the first frame, so step 0 is silent; hand back the state to go on with the film. Raises TypeError
    or ValueError for a signal or state of another shape or type, NaN, theta <= 0.
    """
    owner = "tensor.encoders.dvs"
    _finite(owner, "signal", signal, 3, "(time, batch, neuron)")
    check.positive(owner, "theta", check.scalar(owner, "theta", theta))
    r, last = Dvs(torch.zeros_like(signal[0]), signal[0]) if state is None else state
    for name, value in {"state.r": r, "state.last": last}.items():
        if _finite(owner, name, value, 2, "(batch, neuron)").shape != signal.shape[1:]:
            check.fail(owner, f"{name} must have shape {tuple(signal.shape[1:])}", tuple(value.shape), "begin anew")
    out = []
    for now in signal:
        r = r + (now - last)
        on, off = (r > theta).to(r.dtype), (r < -theta).to(r.dtype)
        r, last = r - theta * (on - off), now
        out.append(torch.cat([on, off], dim=1))
    return torch.stack(out), Dvs(r, last)


def _at(step: torch.Tensor, n_steps: int, x: torch.Tensor) -> torch.Tensor:
    """(n_steps, *step.shape), 1 in the step of each element."""
    t = torch.arange(n_steps, device=x.device, dtype=step.dtype)
    return (t[:, None, None] == step).to(x.dtype)


def _steps(owner: str, n_steps: int, x: torch.Tensor) -> int:
    n_steps = check.integer(owner, "n_steps", n_steps, 1)
    check.fits(owner, "the spikes of all steps", float(n_steps) * x.numel() * x.element_size(), "take fewer steps")
    return n_steps


def _values(owner: str, name: str, x: torch.Tensor, gain: float = 1.0) -> torch.Tensor:
    """gain x (batch, neuron), in [0, 1]."""
    x = gain * _finite(owner, "x", x, 2, "(batch, neuron)").detach()
    if x.numel() and not (x.min() >= 0.0 and x.max() <= 1.0):
        check.fail(owner, f"{name} must be in [0, 1]", (float(x.min()), float(x.max())), "scale or clamp it")
    return x


def _finite(owner: str, name: str, x: torch.Tensor, rank: int, shape: str) -> torch.Tensor:
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        got = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
        check.fail(owner, f"{name} must be a tensor of floating point numbers", got, error=TypeError)
    if x.ndim != rank or not (rank < 3 or len(x)):
        check.fail(owner, f"{name} must have shape {shape}", tuple(x.shape), "time is the first axis of a signal")
    if not bool(x.isfinite().all()):
        check.fail(owner, f"{name} must hold finite numbers", f"{int((~x.isfinite()).sum())} that are not")
    return x
