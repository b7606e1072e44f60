"""What gradients through time cost, and what is lost where time is left out: memory, seconds, directions, accuracy.

Rules as in `neurosparse.tensor.through_time`; nets are linear maps and LIF neurons, u = lambda u + W s + b, reset by
subtraction of v_th = 1, triangle surrogate.

Cost: `depth` layers of `n` units, random spikes at 10 % as input, given step by step, the mean square of the output as
loss. Every rule and number of steps runs in a process of its own: after a first pass, the largest resident memory over
what it was before a pass, and the time of `repeats` passes. The bytes of tensors that are alive at once are counted too
(`live_bytes`): they are the same on every machine.
Directions: cosine between the gradients of sltt and of bptt before any training, one for each linear map, against
lambda; digits of typefaces as Bernoulli spikes. Accuracy: such nets trained for a few epochs, by each rule.

Source of the question: Meng, Xiao, Yan, Wang, Lin & Luo, ICCV 2023.
"""

import time
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import nn

from neurosparse import rng
from neurosparse.data import fonts
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.tensor.cell import Cell
from neurosparse.tensor.live_bytes import live_bytes
from neurosparse.tensor.surrogate import spikes
from neurosparse.tensor.through_time import backward, rule, through
from simulations import rivals

MIB = 2.0**20
FEW = 4  # steps of input that are drawn; longer times repeat them
HERE = "simulations.memory_through_time"
Way = Literal["bptt", "checkpointed", "sltt", "sltt_k", "ottt"]
Leak = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=1000)]


class Config(config.Config):
    """Sizes of the nets, and what is asked of them."""

    ways: tuple[Way, ...] = Field(
        default=("bptt", "checkpointed", "sltt", "sltt_k"), min_length=1, description="rules of which the cost is taken"
    )
    steps: tuple[Count, ...] = Field(default=(4, 16, 64), min_length=1, description="lengths of time")
    k: int = Field(default=2, ge=1, le=1000, description="steps of sltt_k with gradients")
    n: int = Field(default=1000, ge=1, le=20_000, description="units of a layer")
    depth: int = Field(default=3, ge=1, le=20, description="layers")
    batch: int = Field(default=256, ge=1, le=10_000, description="samples at once")
    repeats: int = Field(default=5, ge=1, le=1000, description="timed passes")
    resident: bool = Field(default=True, description="measure memory and time, each in a process of its own")
    leaks: tuple[Leak, ...] = Field(default=(0.09, 0.5, 0.9, 0.99), min_length=1, description="lambda of the cosines")
    hidden: int = Field(default=128, ge=1, le=10_000, description="units of both hidden layers, for digits")
    digit_steps: int = Field(default=6, ge=1, le=1000, description="steps that a digit is shown in training")
    cosine_steps: int = Field(default=10, ge=1, le=1000, description="steps of the cosines")
    gain: float = Field(default=3.0, gt=0, le=100, description="first weights ~ U(-r, r), r = gain / sqrt(inputs)")
    trained_leaks: tuple[Leak, ...] = Field(default=(0.09, 0.9), description="lambda of the trained nets")
    ks: tuple[Count, ...] = Field(default=(1, 2, 4), description="of sltt_k in training")
    n_train: int = Field(default=10_000, ge=10, le=1_000_000, description="training digits")
    n_test: int = Field(default=2000, ge=10, le=1_000_000, description="test digits")
    epochs: int = Field(default=3, ge=1, le=1000, description="of training")
    lr: float = Field(default=2e-3, gt=0, le=1, description="step of Adam")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of weights, inputs, digits and steps")

    @model_validator(mode="after")
    def _can(self):
        if self.k > min(self.steps) or any(k > self.digit_steps for k in self.ks):
            raise ValueError(
                f"k must be at most steps, {min(self.steps)}, and ks at most digit_steps, {self.digit_steps}"
            )
        return self


class Digits(NamedTuple):
    """Probabilities of a spike (n, 784) and classes (n,)."""

    p: torch.Tensor
    y: torch.Tensor


def tiny() -> Config:
    """Small nets, short times, no processes."""
    return Config(
        ways=("bptt", "checkpointed", "sltt"), steps=(2, 8), n=20, batch=8, resident=False, leaks=(0.0, 0.9), hidden=16,
        digit_steps=3, cosine_steps=3, trained_leaks=(0.9,), ks=(1,), n_train=100, n_test=50, epochs=1,
    )  # fmt: skip


def run(config: Config, threads: int = 1) -> Result:
    """Rows: the cost of each rule and number of steps. Metrics: how memory grows with time, cosines, accuracy."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        rows = [cost(config, way, steps, threads) for way in track(config.ways, "rules") for steps in config.steps]
        digits = [_digits(config, part) for part in ("train", "test")]
        cosines = np.array([directions(config, digits[0], leak) for leak in config.leaks])
        ways = _trained_ways(config)
        accuracy = np.array([[learned(config, digits, leak, *way) for way in ways] for leak in config.trained_leaks])
    finally:
        torch.set_num_threads(before)
    arrays = {"cosines": cosines, "accuracy": accuracy.reshape(len(config.trained_leaks), len(ways))}
    arrays["trained"] = np.array([_label(*way) for way in ways])
    metrics = growth(rows) | {f"cosine_{leak:g}": float(c.min()) for leak, c in zip(config.leaks, cosines, strict=True)}
    for leak, line in zip(config.trained_leaks, arrays["accuracy"], strict=True):
        metrics |= {f"accuracy_{leak:g}_{_label(*way)}": float(a) for way, a in zip(ways, line, strict=True)}
    return Result(arrays, metrics, rows, {"live": "MiB", "resident": "MiB", "seconds": "s", "q1": "s", "q3": "s"})


def growth(rows: list[dict]) -> dict[str, float]:
    """Memory at the most steps over that at the fewest, of each rule, counted and where there is some, measured."""
    found = {}
    for way in dict.fromkeys(row["way"] for row in rows):
        mine = sorted((row for row in rows if row["way"] == way), key=lambda row: row["steps"])
        for kind in ("live", "resident"):
            if mine[0][kind] > 0:
                found[f"{way}_growth_{kind}"] = mine[-1][kind] / mine[0][kind]
    return found


def cost(config: Config, way: str, steps: int, threads: int) -> dict:
    """One row; memory in MiB, seconds of a pass: median and quartiles (nan where nothing is measured)."""
    options = config.model_dump() | {"way": way, "length": steps, "threads": threads}
    times, resident = [np.nan], np.nan
    if config.resident:
        with rivals.start(HERE, options) as rival:
            times = [rival.run()[0] for _ in range(config.repeats)]
            values = rival.values()
            live, resident = values["live"], values["resident"]
    else:
        live = build(options).values()["live"]
    q1, median, q3 = np.percentile(times, [25, 50, 75])
    row = {"way": way, "steps": steps, "live": live / MIB, "resident": resident / MIB}
    return row | {"seconds": float(median), "q1": float(q1), "q3": float(q3)}


class Pass:
    """A net that stands ready; a call is a pass forward and backward (see `simulations.rivals`)."""

    def __init__(self, config: Config, way: str, steps: int):
        self.config, self.steps = config, steps
        self.rule = rule(way, config.k if way == "sltt_k" else None, seed=config.seed)
        self.layers = layers([config.n] * (config.depth + 1), 0.9, config, "cost", readout=False)
        u = rng.uniforms(rng.stream(config.seed, "inputs of cost"), FEW * config.batch * config.n)
        self.few = torch.from_numpy((u < 0.1).astype(np.float32)).reshape(FEW, config.batch, config.n)
        self.resident = np.nan

    def inputs(self):
        """Steps (batch, n), one after the other."""
        return (self.few[t % len(self.few)] for t in range(self.steps))

    def __call__(self) -> tuple[float, int]:
        """(seconds, 0). The first time, the resident memory is measured too."""
        before = _peak_from_now() if np.isnan(self.resident) else 0
        begin = time.perf_counter()
        backward(self.layers, self.inputs(), _square, self.rule, steps=self.steps)
        spent = time.perf_counter() - begin
        if before:
            self.resident = _status("VmHWM") - before
        return spent, 0

    def values(self) -> dict[str, float]:
        """Bytes: counted of tensors, and measured of the process."""
        with live_bytes() as count:
            self()
        return {"live": count.peak, "resident": self.resident}


def build(options: dict) -> Pass:
    """A Pass after a small one, that has compiled what is compiled and has given the parameters their gradients."""
    torch.set_num_threads(options["threads"])
    made = Pass(Config(**{key: options[key] for key in Config.model_fields}), options["way"], options["length"])
    few = torch.zeros(made.steps, 1, made.config.n)
    backward(made.layers, few, _square, made.rule)
    return made


def layers(sizes: list[int], leak: float, config: Config, name: str, readout: bool = True) -> list[nn.Module]:
    """Linear maps between layers of LIF neurons; the last one is a readout if there is one."""
    made: list[nn.Module] = []
    for place, (n_in, n_out) in enumerate(pairwise(sizes)):
        linear = nn.Linear(n_in, n_out)
        r = config.gain / np.sqrt(n_in)
        u = rng.uniforms(rng.stream(config.seed, f"{name} {place}"), n_out * n_in)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(r * (2.0 * u - 1.0)).reshape(n_out, n_in))
            linear.bias.zero_()
        made.append(linear)
        if not readout or place < len(sizes) - 2:
            params = {"tau_mem": 1.0 / (1.0 - leak), "method": "euler", "reset": "subtract"}
            made.append(Cell("lif", n_out, params, spikes=spikes("hard", "triangle")))
    return made


def directions(config: Config, digits: Digits, leak: float) -> list[float]:
    """Cosine of the gradients of sltt and bptt, for each linear map, on the first 256 digits."""
    some, found = Digits(digits.p[:256], digits.y[:256]), []
    x = shown(some.p, config.cosine_steps, rng.stream(config.seed, "spikes of cosines"), 0)
    for how in ("sltt", "bptt"):
        stack = _digit_net(config, leak)
        backward(stack, x, _entropy(some.y), rule(how))
        found.append(
            [torch.as_tensor(layer.weight.grad).reshape(-1).double() for layer in stack if isinstance(layer, nn.Linear)]
        )
    return [float(nn.functional.cosine_similarity(a, b, dim=0)) for a, b in zip(*found, strict=True)]


def learned(config: Config, digits: list[Digits], leak: float, how: str, k: int | None) -> float:
    """Test accuracy after the last epoch."""
    train, test = digits
    stack, way = _digit_net(config, leak), rule(how, k, seed=config.seed)
    optimiser = torch.optim.Adam([p for layer in stack for p in layer.parameters()], config.lr)
    order, noise = rng.stream(config.seed, "order"), rng.stream(config.seed, "spikes of training")
    iteration, size = 0, 100
    for epoch in track(range(config.epochs), f"epochs, {_label(how, k)}"):
        for chosen in torch.from_numpy(rng.permutation(order, len(train.y), epoch)).split(size):
            x = shown(train.p[chosen], config.digit_steps, noise, iteration)
            optimiser.zero_grad()
            backward(stack, x, _entropy(train.y[chosen]), way, iteration=iteration)
            optimiser.step()
            iteration += 1
    with torch.no_grad():
        x = shown(test.p, config.digit_steps, rng.stream(config.seed, "spikes of testing"), 0)
        out, _ = through(stack, x)
    return float((out.mean(dim=0).argmax(dim=1) == test.y).double().mean())


def shown(p: torch.Tensor, steps: int, stream: rng.Stream, number: int) -> torch.Tensor:
    """Bernoulli spikes (steps, batch, n) of probabilities (batch, n)."""
    drawn = rng.bernoullis(stream, np.broadcast_to(p.numpy(), (steps, *p.shape)), number)
    return torch.from_numpy(drawn.astype(np.float32))


def _trained_ways(config: Config) -> list[tuple[str, int | None]]:
    return [("bptt", None), ("sltt", None), ("ottt", None), *[("sltt_k", k) for k in config.ks]]


def _label(how: str, k: int | None) -> str:
    return how if k is None else f"sltt_{k}"


def _digit_net(config: Config, leak: float) -> list[nn.Module]:
    return layers([784, config.hidden, config.hidden, 10], leak, config, "digits")


def _digits(config: Config, part: str) -> Digits:
    images = fonts.font_digits(config.n_train if part == "train" else config.n_test, config.seed, part)
    p = images.images.reshape(len(images.images), -1) / 255.0
    return Digits(torch.from_numpy(p), torch.tensor(images.labels.astype(int)))


def _square(out: torch.Tensor, t: int) -> torch.Tensor:
    return out.square().mean()


def _entropy(y: torch.Tensor):
    return lambda out, t: nn.functional.cross_entropy(out, y)


def _peak_from_now() -> int:
    """Let the kernel forget the largest resident memory so far, and say what it is now, bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(key))
