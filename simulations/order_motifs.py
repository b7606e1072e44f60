"""Order motifs: ten classes that differ only in the order in which eight channels spike; who needs delays?

The task is that of `neurosparse.motifs`. A hidden layer of LIF neurons (tau_mem 2 steps, hard spikes) forgets within
one slot of 8 steps, so that without delays it can not see order. Hidden spikes are counted over the whole sample and
weighted by a linear readout: time itself tells it nothing. Conditions: none, fixed (delays drawn once, not learned) and
learned (tensor.delays; wide taps at first, narrowed over the first quarter of the epochs, rounded whenever tested).
One slot later 2 % of V are left. With the default's first weights, nets without delays hardly ever spike, and guess;
with stronger ones they make something of the rest: `neurosparse run order_motifs --set gain=2.0 --set n_seeds=2`
gives 31 %, not 10 %.

Weights are learned by backpropagation through time with the surrogate gradient of ATan, by Adam. The epoch is chosen on
validation samples; test samples are looked at once. Conditions and seeds train beside one another on `threads` threads,
each on one, so that results do not depend on it.

Source of learned delays: Hammouamri, Khalfaoui-Hassani & Masquelier, ICLR 2024.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field, model_validator
from torch import nn

from neurosparse import motifs, rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.tensor.cell import Cell
from neurosparse.tensor.delays import DelayLinear
from neurosparse.tensor.surrogate import spikes

Condition = Literal["none", "fixed", "learned"]


class Config(config.Config):
    """Which delays, and how they are trained."""

    conditions: tuple[Condition, ...] = Field(
        default=("none", "fixed", "learned"), min_length=1, description="delays of the hidden layer"
    )
    n_train: int = Field(default=4000, ge=20, le=100_000, description="training samples, validation among them")
    n_validation: int = Field(default=500, ge=10, le=10_000, description="of the training samples, to choose the epoch")
    n_test: int = Field(default=1000, ge=10, le=100_000, description="test samples")
    hidden: int = Field(default=64, ge=1, le=4096, description="hidden neurons")
    n_taps: int = Field(default=64, ge=2, le=80, description="delays are 0 ... n_taps - 1 steps")
    tau_mem: float = Field(default=2.0, gt=0, le=1000, description="of the hidden neurons, steps")
    gain: float = Field(default=1.0, gt=0, le=100, description="SD of the first hidden weights, over 1 / sqrt(inputs)")
    epochs: int = Field(default=8, ge=1, le=1000, description="times that each training sample is shown")
    batch: int = Field(default=100, ge=1, le=10_000, description="samples of one step of Adam")
    lr: float = Field(default=0.01, gt=0, le=1, description="step of Adam for weights")
    lr_delay: float = Field(default=0.2, gt=0, le=100, description="step of Adam for delays, steps of time")
    n_seeds: int = Field(default=1, ge=1, le=100, description="runs of each condition: seed, seed + 1 ...")
    seed: int = Field(default=0, ge=0, le=2**63 - 1, description="of classes, samples, order, weights and delays")

    @model_validator(mode="after")
    def _leaves_some(self):
        if self.n_validation >= self.n_train:
            raise ValueError(f"n_validation must be below n_train, {self.n_train}, got {self.n_validation}")
        if len(set(self.conditions)) < len(self.conditions):
            raise ValueError(f"conditions must differ from one another, got {list(self.conditions)}")
        return self


class Samples(NamedTuple):
    """Spikes and labels."""

    x: torch.Tensor  # (time, sample, channel) float32, 0 or 1
    y: torch.Tensor  # (sample,) int64


class Trained(NamedTuple):
    """What one run brought."""

    row: dict
    validation: np.ndarray  # (epochs,) accuracy
    delays: np.ndarray  # (channel, hidden), steps
    weights: np.ndarray  # (channel, hidden)


def tiny() -> Config:
    """Few samples, few hidden neurons, two epochs."""
    return Config(n_train=200, n_validation=50, n_test=50, hidden=16, epochs=2, batch=50)


def run(config: Config, threads: int = 1) -> Result:
    """Train each condition with each seed. Metrics: accuracy_<condition>, mean over the seeds."""
    before, jobs = torch.get_num_threads(), [(c, k) for c in config.conditions for k in range(config.n_seeds)]
    try:
        torch.set_num_threads(1)
        with ThreadPoolExecutor(min(threads, len(jobs))) as pool:
            trained = list(pool.map(partial(train, config), *zip(*jobs, strict=True)))
    finally:
        torch.set_num_threads(before)
    rows = [one.row for one in trained]
    metrics = {
        f"accuracy_{c}": float(np.mean([row["accuracy"] for row in rows if row["condition"] == c]))
        for c in config.conditions
    }
    arrays = {name: np.stack([getattr(one, name) for one in trained]) for name in ("validation", "delays", "weights")}
    arrays |= {"times": times(config.seed), "end": np.array(motifs.ORDER.n_steps)}
    return Result(arrays, metrics, rows, {"times": "step", "delays": "step"})


def times(seed: int) -> np.ndarray:
    """(class, channel): step in which each channel fires, but for its jitter."""
    order = motifs.ORDER
    return motifs.JITTER + order.spacing * motifs.permutations(seed, order.n_classes, order.n_channels)


def samples(n: int, seed: int, part: str) -> Samples:
    """n samples of one part."""
    made = motifs.order_motifs(n, seed, part)
    return Samples(torch.from_numpy(made.x.transpose(1, 0, 2).astype(np.float32)), torch.tensor(made.y.astype(int)))


class Net(nn.Module):
    """Delayed synapses, LIF neurons, counts of their spikes, a linear readout."""

    def __init__(self, config: Config, condition: Condition, seed: int):
        super().__init__()
        n_taps = 1 if condition == "none" else config.n_taps
        self.hidden = DelayLinear(motifs.ORDER.n_channels, config.hidden, n_taps, condition == "learned", seed)
        self.readout = nn.Linear(config.hidden, motifs.ORDER.n_classes)
        with torch.no_grad():
            self.hidden.w *= config.gain
        first = rng.normals(rng.stream(seed, "readout"), motifs.ORDER.n_classes * config.hidden) / np.sqrt(
            config.hidden
        )
        with torch.no_grad():
            self.readout.weight.copy_(torch.from_numpy(first.reshape(motifs.ORDER.n_classes, -1)))
            self.readout.bias.zero_()
        self.cell = Cell("lif", config.hidden, {"tau_mem": config.tau_mem}, spikes=spikes("hard", "atan"))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (batch, motifs.ORDER.n_classes), and spikes of each hidden neuron in each sample, their mean."""
        z, _ = self.cell.scan(self.hidden(x))
        return self.readout(z.sum(dim=0)), z.sum(dim=0).mean()


def train(config: Config, condition: Condition, k: int) -> Trained:
    """One net, from its weights at the best epoch."""
    torch.set_num_threads(1)  # each thread of Python has its own number
    seed = config.seed + k
    data, test = samples(config.n_train, seed, "train"), samples(config.n_test, seed, "test")
    held, shown = (Samples(data.x[:, part], data.y[part]) for part in _split(config))
    net = Net(config, condition, seed)
    optimiser = adam(net, config)
    validation, best = np.zeros(config.epochs), {}
    for epoch in track(range(config.epochs), f"epochs, {condition}"):
        net.train()
        net.hidden.anneal(min(1.0, 4.0 * epoch / config.epochs))
        for x, y in batches(shown, config.batch, rng.stream(seed, "order of samples"), epoch):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x)[0], y).backward()
            optimiser.step()
            net.hidden.clamp_()
        validation[epoch], _ = score(net, held)
        if validation[epoch] >= validation[: epoch + 1].max():
            best = {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(best)
    accuracy, rate = score(net, test)
    chosen = int(config.epochs - 1 - np.argmax(validation[::-1]))
    row = {
        "condition": condition, "seed": seed, "accuracy": accuracy, "validation": validation[chosen],
        "epoch": chosen + 1, "spikes": rate,
    }  # fmt: skip
    delays, weights = net.hidden.whole().numpy(), net.hidden.w.detach().numpy()
    return Trained(row, validation, delays, weights)


def _split(config: Config) -> tuple[slice, slice]:
    return slice(0, config.n_validation), slice(config.n_validation, None)


def adam(net: Net, config: Config) -> torch.optim.Optimizer:
    """Adam with a step of its own for learned delays."""
    delays = [net.hidden.d] if net.hidden.learned else []
    weights = [net.hidden.w, *net.readout.parameters()]
    return torch.optim.Adam([{"params": weights, "lr": config.lr}, {"params": delays, "lr": config.lr_delay}])


def batches(data: Samples, batch: int, stream: rng.Stream, epoch: int) -> Iterator[Samples]:
    """All samples once, in the order of this epoch."""
    for chosen in torch.from_numpy(rng.permutation(stream, len(data.y), epoch)).split(batch):
        yield Samples(data.x[:, chosen], data.y[chosen])


@torch.no_grad()
def score(net: Net, data: Samples, batch: int = 500) -> tuple[float, float]:
    """Accuracy, and spikes of a hidden neuron in a sample."""
    net.eval()
    found = [net(x) for x in data.x.split(batch, dim=1)]
    guesses = torch.cat([logits.argmax(dim=1) for logits, _ in found])
    rates = [float(rate) * x.shape[1] for (_, rate), x in zip(found, data.x.split(batch, dim=1), strict=True)]
    return float((guesses == data.y).double().mean()), sum(rates) / len(data.y)
