"""Training: it learns, resumes to the same bits, chooses by validation, reports; and what it refuses."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from neurosparse import rng  # noqa: E402
from neurosparse.io import trained  # noqa: E402
from neurosparse.io.results import ResultError  # noqa: E402
from neurosparse.tensor import Cell, encoders, report, spikes  # noqa: E402
from neurosparse.tensor import fit as fitting  # noqa: E402
from neurosparse.tensor.fit import Samples, accuracy, fit, plan, split  # noqa: E402
from neurosparse.tensor.net import Layered, hardened  # noqa: E402

torch.set_num_threads(1)


def blobs(n=300, classes=3, seed=0):
    """Classes as noisy prototypes in [0, 1]^12."""
    stream = rng.stream(seed, "blobs")
    y = np.arange(n) % classes
    x = 0.5 + 0.45 * np.sign(rng.normals(stream, classes * 12).reshape(classes, 12))[y]
    return Samples(torch.as_tensor(np.clip(x + 0.2 * rng.normals(stream, n * 12, 1).reshape(n, 12), 0, 1)).float(), y)


def rate(x, generator):
    return encoders.rate(x, 5, generator)


def net(mode=None, classes=3, seed=1, dropout=0.0):
    torch.manual_seed(seed)
    cell = Cell("ultralif", 16, learn=("eps",), spikes=mode or spikes("soft"))
    return Layered([nn.Linear(12, 16), nn.Linear(16, classes)], [cell], dropout)


class Memory:
    """A checkpoint that lives in memory and cuts the run after some epochs."""

    def __init__(self, stop=10**9):
        self.kept, self.stop = None, stop

    def load(self):
        return self.kept

    def save(self, snapshot):
        self.kept = snapshot
        if len(snapshot.notes["history"]) == self.stop:
            raise KeyboardInterrupt


@pytest.mark.parametrize("mode", [spikes("soft"), spikes("hard", "atan")], ids=str)
def test_it_learns_and_reports(mode):
    train, validation = split(blobs(), 0.2)
    made = net(mode)
    found = fit(made, train, validation, rate, plan(epochs=8, batch=16, lr=1e-2))
    scores = [one.accuracy for one in found.history]
    assert found.best == int(np.argmax(scores))
    assert max(scores) > 0.85
    assert found.history[-1].loss < 0.7 * found.history[0].loss
    done = report.evaluate(made, blobs(seed=5)._replace(x=blobs(seed=0).x), rate)
    assert done.hard_accuracy > 0.7
    assert np.isnan(done.soft_accuracy) == (mode.how == "hard")
    assert set(done.energy) == {"arithmetic", "memory", "ann"}
    assert done.energy["memory"] > done.energy["arithmetic"] > 0
    assert done.energy["ann"] == pytest.approx(1e-12 * (12 * 16 + 16 * 3) * (0.23 + 160.0))
    assert done.updates == 5 * 16
    assert done.peak_memory > 1.0


def test_operations_are_counted_by_hand():
    made = net(spikes("hard", "atan"))
    x = torch.zeros(4, 12)
    x[:, :3] = 1.0
    done = report.evaluate(made, Samples(x, torch.zeros(4, dtype=torch.long)), lambda x, g: encoders.direct(x, 5))
    with torch.no_grad():
        hidden = made(encoders.direct(x, 5)).hidden[0]
    assert done.synaptic_operations == pytest.approx((3 * 5 * 16 * 4 + float(hidden.sum()) * 3) / 4)
    assert done.macs == 0
    assert done.rates == [pytest.approx(float(hidden.mean()))]
    grey = report.evaluate(made, Samples(0.5 * x, torch.zeros(4, dtype=torch.long)), lambda x, g: encoders.direct(x, 5))
    assert grey.macs == 3 * 16


@pytest.mark.parametrize("cut", [1, 3])
def test_a_cut_run_goes_on_to_the_same_bits(cut, tmp_path):
    train, validation = split(blobs(90), 30)
    how = plan(epochs=5, batch=16, lr=1e-2, seed=7, weight_decay=0.01, sparsity_penalty=0.01, schedule="one_cycle")
    whole = net(dropout=0.2)
    expected = fit(whole, train, validation, rate, how)
    halted, memory = net(dropout=0.2), Memory(cut)
    with pytest.raises(KeyboardInterrupt):
        fit(halted, train, validation, rate, how, checkpoint=memory)
    file = trained.Checkpoint(tmp_path / "run.h5")
    file.save(memory.kept)
    fresh = net(seed=99, dropout=0.2)
    found = fit(fresh, train, validation, rate, how, checkpoint=file)
    assert found == expected
    for name, value in whole.state_dict().items():
        assert torch.equal(value, fresh.state_dict()[name]), name
    again = fit(net(seed=98, dropout=0.2), train, validation, rate, how, checkpoint=file)  # nothing is left to do
    assert again == expected


def test_seeds_differ_and_repeat():
    train, validation = split(blobs(90), 30)
    runs = [fit(net(), train, validation, rate, plan(epochs=2, batch=16, seed=s)).history for s in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


def test_a_penalty_makes_them_silent():
    train, validation = split(blobs(90), 30)
    rates = []
    for penalty in (0.0, 3.0):
        found = fit(net(), train, validation, rate, plan(epochs=6, batch=16, lr=1e-2, sparsity_penalty=penalty))
        rates.append(found.history[-1].rate)
    assert rates[1] < 0.8 * rates[0]


def test_hardened_is_for_a_while():
    made = net()
    x = torch.rand(5, 2, 12)
    soft = made(x).hidden[0]
    with hardened(made):
        assert set(made(x).hidden[0].unique().tolist()) <= {0.0, 1.0}
    assert torch.equal(made(x).hidden[0], soft)


def test_a_still_input_passes_once():
    made = net()
    x = torch.rand(2, 12)
    torch.testing.assert_close(made(encoders.direct(x, 5)).logits, made(encoders.direct(x, 5).contiguous()).logits)


class Stepper(nn.Module):
    """A cell of somebody else's: a step and nothing more."""

    def forward(self, x, state=None):
        v = x if state is None else 0.5 * state + x
        return (v > 0.3).to(x.dtype), v


def test_cells_of_others_are_stepped():
    made = Layered([nn.Linear(12, 16), nn.Linear(16, 3)], [Stepper()])
    x = torch.rand(5, 2, 12)
    hidden, v = [], None
    for now in made.linears[0](x):
        z, v = Stepper()(now, v)
        hidden.append(z)
    assert torch.equal(made(x).hidden[0], torch.stack(hidden))


def test_schedules():
    for name, values in {
        "constant": (1.0, 1.0, 1.0),
        "cosine": (1.0, 0.5, 0.0),
        "one_cycle": (0.04, 0.691, 0.0),
    }.items():
        how = plan(schedule=name)
        assert [fitting.scale(how, done) for done in (0.0, 0.5, 1.0)] == pytest.approx(values, abs=1e-3)


def test_mistakes(tmp_path):
    train, validation = split(blobs(60), 20)
    how = plan(epochs=1)
    bad = train.x.clone()
    bad[3, 0] = float("nan")
    with pytest.raises(ValueError, match=r"train: inputs must be finite, got 'NaN or infinity in sample 3'"):
        fit(net(), Samples(bad, train.y), validation, rate, how)
    with pytest.raises(TypeError, match=r"validation must be Samples"):
        fit(net(), train, None, rate, how)
    with pytest.raises(ValueError, match=r"train must be x \(n, ...\) and y \(n,\), n > 0"):
        fit(net(), Samples(train.x, train.y[:3]), validation, rate, how)
    with pytest.raises(ValueError, match="classes must be whole numbers"):
        fit(net(), Samples(train.x, train.y.float()), validation, rate, how)
    with pytest.raises(ValueError, match=r"logits must be 3 or more, one for each class, got 2"):
        fit(net(classes=2), train, validation, rate, how)
    with pytest.raises(ValueError, match="must answer with logits"):
        fit(nn.Flatten(0), train, validation, rate, how)
    with pytest.raises(ValueError, match="the loss must stay a number"):
        fit(net(), train, validation, lambda x, g: rate(x, g) * float("inf"), how)
    with pytest.raises(MemoryError, match=r"a step of 1000000000000 samples must fit in memory"):
        fit(net(), train, validation, rate, plan(batch=10**12))
    with pytest.raises(ValueError, match="validation samples must be in"):
        split(train, 60)
    with pytest.raises(ValueError, match="schedule must be one of"):
        plan(schedule="step")
    with pytest.raises(ValueError, match="lr must be > 0"):
        plan(lr=0.0)
    with pytest.raises(ValueError, match="needs one linear map more than cells"):
        Layered([nn.Linear(2, 2)], [Cell("lif", 2)])
    with pytest.raises(ValueError, match=r"input must have shape \(time, batch, n_in\)"):
        net()(torch.zeros(2, 12))
    file = trained.Checkpoint(tmp_path / "run.h5")
    fit(net(), train, validation, rate, how, checkpoint=file)
    with pytest.raises(ValueError, match=r"checkpoint must be of this architecture, got .linears.1.weight: "):
        fit(net(classes=4), train, validation, rate, how, checkpoint=file)
    with pytest.raises(ValueError, match="checkpoint must be of this plan"):
        fit(net(), train, validation, rate, plan(epochs=2), checkpoint=file)
    data = bytearray(file.path.read_bytes())
    data[-9] ^= 255
    file.path.write_bytes(data)
    with pytest.raises(ResultError, match="whole, undamaged checkpoint"):
        file.load()
    assert accuracy(net(), train, rate) <= 1.0
