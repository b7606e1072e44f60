"""Training: epochs over labelled samples, the best of them chosen on a validation set, and what the net then does.

    found = fit(net, train, validation, encode, plan(epochs=20, seed=3))
    report = evaluate(net, test, encode, seed=0)

`encode(x, generator) -> (time, batch, n_in)` turns samples into inputs and draws from its generator alone; the net
answers with logits, or with `Answer(logits, hidden)`. Loss: cross-entropy + sparsity_penalty mean of all hidden spikes.
Order and noise of an epoch are drawn anew from (seed, epoch), so that a run which was cut and goes on from a checkpoint
has the bits of one that was not. The test set is not seen here.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch
from torch import nn

from neurosparse import check, rng
from neurosparse.tensor import snapshots
from neurosparse.tensor.net import Answer

OWNER = "tensor.fit"
Encode = Callable[[torch.Tensor, torch.Generator], torch.Tensor]
SCHEDULES = ("cosine", "constant", "one_cycle")


class Samples(NamedTuple):
    """x (n, ...) numbers, y (n,) whole numbers: the classes."""

    x: Any
    y: Any


class Plan(NamedTuple):
    """How to train; see `plan`."""

    epochs: int
    batch: int
    lr: float
    schedule: str
    weight_decay: float
    sparsity_penalty: float
    label_smoothing: float
    seed: int


class Epoch(NamedTuple):
    """One line of a training history."""

    epoch: int
    loss: float
    train_accuracy: float
    accuracy: float  # on the validation set
    rate: float  # mean of hidden spikes, a neuron and step


class Fitted(NamedTuple):
    """What `fit` found; the net holds the parameters of the best epoch."""

    best: int
    history: list[Epoch]


def plan(epochs=10, batch=128, lr=1e-3, schedule="cosine", weight_decay=0.0, sparsity_penalty=0.0, label_smoothing=0.0,
         seed=0) -> Plan:  # fmt: skip
    """A checked plan: Adam with decoupled weight decay, lr falling to 0 ("cosine"), or rising first ("one_cycle").

    Raises TypeError or ValueError for numbers out of range.
    """
    owner = "tensor.plan"
    check.integer(owner, "epochs", epochs, 1)
    check.integer(owner, "batch", batch, 1)
    check.positive(owner, "lr", lr)
    check.one_of(owner, "schedule", schedule, SCHEDULES)
    for name, value in (("weight_decay", weight_decay), ("sparsity_penalty", sparsity_penalty)):
        check.at_least(owner, name, value, 0)
    check.between(owner, "label_smoothing", label_smoothing, 0.0, 1.0)
    check.integer(owner, "seed", seed, 0, 2**63 - 1)
    return Plan(epochs, batch, float(lr), schedule, float(weight_decay), float(sparsity_penalty),
                float(label_smoothing), seed)  # fmt: skip


def split(samples: Samples, validation: int | float, seed: int = 0) -> tuple[Samples, Samples]:
    """(training, validation): a random part, a number of samples or a share of them, is set aside."""
    samples = checked("tensor.split", "samples", samples)
    n = len(samples.y)
    size = round(validation * n) if isinstance(validation, float) else validation
    check.integer("tensor.split", "validation samples", size, 1, n - 1)
    order = torch.as_tensor(rng.permutation(rng.stream(seed, "validation split"), n))
    held, kept = order[:size].sort().values, order[size:].sort().values
    return Samples(samples.x[kept], samples.y[kept]), Samples(samples.x[held], samples.y[held])


def checked(owner: str, name: str, samples: Samples) -> Samples:
    """Tensors of one length, without NaN. Raises TypeError or ValueError."""
    if not isinstance(samples, tuple) or len(samples) != 2:
        check.fail(owner, f"{name} must be Samples(x, y)", type(samples).__name__, error=TypeError)
    x, y = torch.as_tensor(samples[0]), torch.as_tensor(samples[1])
    if y.ndim != 1 or len(x) != len(y) or not len(y):
        check.fail(owner, f"{name} must be x (n, ...) and y (n,), n > 0", (tuple(x.shape), tuple(y.shape)))
    if y.is_floating_point() or y.is_complex() or y.min() < 0:
        check.fail(owner, f"{name}: classes must be whole numbers >= 0", y.dtype)
    if x.is_floating_point() and not bool(x.isfinite().all()):
        bad = int((~x.isfinite()).flatten(1).any(1).nonzero()[0]) if x.ndim > 1 else int((~x.isfinite()).nonzero()[0])
        check.fail(owner, f"{name}: inputs must be finite", f"NaN or infinity in sample {bad}", "clean or drop it")
    return Samples(x, y.long())


def fit(net: nn.Module, train: Samples, validation: Samples, encode: Encode, how: Plan, *, checkpoint: Any = None,
        track: Callable[..., Iterable] | None = None, validate: Encode | None = None) -> Fitted:  # fmt: skip
    """Train `net` in place; it keeps the parameters of the epoch that was best on `validation`, the first of equals.

    checkpoint: an object with `load() -> snapshot | None` and `save(snapshot)` (`io.trained`), written after each epoch
    and gone on from. track(iterable, label): a progress bar. validate: the encoding of the validation set, `encode`
    where not given. Raises TypeError or ValueError for samples that do not fit, a checkpoint of another net or plan,
    and a loss that is no number any more; MemoryError where a step would not fit.
    """
    train, validation = checked(OWNER, "train", train), checked(OWNER, "validation", validation)
    _fits(net, train, encode, how)
    optimiser = torch.optim.AdamW(_groups(net, how), lr=how.lr)
    history: list[Epoch] = []
    best, kept = -1, snapshots.parameters(net)
    found = checkpoint.load() if checkpoint is not None else None
    if found is not None:
        history, best, kept = _restore(net, optimiser, how, found)
    epochs = range(len(history), how.epochs)
    for epoch in track(epochs, "epochs") if track else epochs:
        loss, right, rate = _epoch(net, optimiser, train, encode, how, epoch)
        score = accuracy(net, validation, validate or encode, how.seed)
        history.append(Epoch(epoch, loss, right, score, rate))
        if best < 0 or score > history[best].accuracy:
            best, kept = epoch, snapshots.parameters(net)
        if checkpoint is not None:
            checkpoint.save(snapshots.take(net, optimiser, how, [list(one) for one in history], best, kept))
    snapshots.put_back(net, kept)
    return Fitted(best, history)


def _groups(net: nn.Module, how: Plan) -> list[dict[str, Any]]:
    """Weights decay; biases, leaks, thresholds and softness do not."""
    weights = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": how.weight_decay}, {"params": others, "weight_decay": 0.0}]


def _restore(net, optimiser, how: Plan, found):
    history, best, kept = snapshots.restore(OWNER, net, optimiser, how, found)
    return [Epoch(*one) for one in history], best, kept


def _epoch(net, optimiser, train: Samples, encode: Encode, how: Plan, epoch: int) -> tuple[float, float, float]:
    """(mean loss, share right, mean rate) of one pass in an order of its own."""
    net.train()
    n = len(train.y)
    order = torch.as_tensor(rng.permutation(rng.stream(how.seed, "batches"), n, epoch))
    noise = generator(how.seed, "training noise", epoch)
    torch.manual_seed(_number(how.seed, "dropout", epoch))
    batches = math.ceil(n / how.batch)
    total, right, rates = 0.0, 0, 0.0
    for k in range(batches):
        for group in optimiser.param_groups:
            group["lr"] = how.lr * scale(how, (epoch + k / batches) / how.epochs)
        some = order[k * how.batch : (k + 1) * how.batch]
        logits, hidden = answer(net, encode(train.x[some], noise))
        y = train.y[some].to(logits.device)
        loss = nn.functional.cross_entropy(logits, y, label_smoothing=how.label_smoothing)
        rate = torch.cat([z.flatten() for z in hidden]).mean() if hidden else logits.new_zeros(())
        optimiser.zero_grad(set_to_none=True)
        (loss + how.sparsity_penalty * rate if how.sparsity_penalty else loss).backward()
        optimiser.step()
        value = float(loss.detach())
        if not math.isfinite(value):
            check.fail(OWNER, "the loss must stay a number", value, f"epoch {epoch}, batch {k}: take a smaller lr")
        total += value * len(some)
        right += int((logits.argmax(1) == y).sum())
        rates += float(rate.detach()) * len(some)
    return total / n, right / n, rates / n


def scale(how: Plan, done: float) -> float:
    """Of lr, after a share `done` of the training."""
    if how.schedule == "constant":
        return 1.0
    if how.schedule == "one_cycle" and done < 0.2:
        return 0.04 + 0.96 * done / 0.2
    done = (done - 0.2) / 0.8 if how.schedule == "one_cycle" else done
    return 0.5 * (1.0 + math.cos(math.pi * done))


def answer(net: nn.Module, x: torch.Tensor) -> Answer:
    """What the net says, with no hidden spikes where it gives logits alone."""
    said = net(x)
    return said if isinstance(said, Answer) else Answer(*said) if isinstance(said, tuple) else Answer(said, [])


def _number(seed: int, name: str, step: int = 0) -> int:
    return int(rng.below(rng.stream(seed, name), 0, step, 2**31 - 1))


def generator(seed: int, name: str, step: int = 0) -> torch.Generator:
    """A generator of its own for each name and step."""
    return torch.Generator().manual_seed(_number(seed, name, step))


@torch.no_grad()
def accuracy(net: nn.Module, samples: Samples, encode: Encode, seed: int = 0, batch: int = 1000) -> float:
    """Share of samples whose largest logit is that of their class."""
    net.eval()
    noise, right = generator(seed, "test noise"), 0
    for k in range(0, len(samples.y), batch):
        logits = answer(net, encode(samples.x[k : k + batch], noise)).logits
        right += int((logits.argmax(1).cpu() == samples.y[k : k + batch]).sum())
    return right / len(samples.y)


def _fits(net: nn.Module, train: Samples, encode: Encode, how: Plan) -> None:
    """A step's saved tensors, guessed from two samples, must fit in memory."""
    few = train.x[: min(2, len(train.y))]
    saved: dict[int, int] = {}
    state = torch.random.get_rng_state()

    def keep(tensor):
        saved[tensor.data_ptr()] = tensor.numel() * tensor.element_size()
        return tensor

    net.train()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = answer(net, encode(few, generator(how.seed, "guess"))).logits
    torch.random.set_rng_state(state)
    if logits.ndim != 2 or len(logits) != len(few):
        check.fail(OWNER, "the net must answer with logits (batch, classes)", tuple(logits.shape))
    if logits.shape[1] <= int(train.y.max()):
        check.fail(OWNER, f"logits must be {int(train.y.max()) + 1} or more, one for each class", logits.shape[1])
    weights = sum(p.numel() * p.element_size() for p in net.parameters())
    each = max(0, sum(saved.values()) - weights) / len(few)
    check.fits(OWNER, f"a step of {how.batch} samples", int(each * how.batch + 4 * weights),
               "take a smaller batch or fewer steps, or train by tensor.through_time")  # fmt: skip
