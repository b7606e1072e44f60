"""What several simulations do alike: run a network past its transient, then describe each population's spikes."""

from typing import NamedTuple

import numpy as np

from neurosparse import clock
from neurosparse.csr import Csr
from neurosparse.measure import firing_rate, isi_cv, mean_over_samples, population_synchrony
from neurosparse.network import Network, SpikeMonitor

UNITS = {"spikes_t": "ms", "rate_hz": "Hz"}


class Activity(NamedTuple):
    """A run after its warm-up; ids count through the populations in order."""

    sizes: dict[str, int]
    i: np.ndarray  # (n_spikes,) int32
    t: np.ndarray  # (n_spikes,) ms after the warm-up, ascending
    duration_ms: float
    run: clock.Run

    @property
    def n(self) -> int:
        """Neurons in all."""
        return sum(self.sizes.values())

    def of(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(ids within the population, times) of one population."""
        names = list(self.sizes)
        first = sum(self.sizes[other] for other in names[: names.index(name)])
        mine = (self.i >= first) & (self.i < first + self.sizes[name])
        return self.i[mine] - first, self.t[mine]

    def row(self, name: str) -> dict:
        """Rate, irregularity and synchrony of one population."""
        i, t = self.of(name)
        return {"population": name, "neurons": self.sizes[name]} | _describe(i, t, self.sizes[name], self.duration_ms)

    def metrics(self) -> dict[str, float]:
        """The same of all neurons together."""
        return _describe(self.i, self.t, self.n, self.duration_ms)


def observe(
    net: Network, duration_ms: float, warmup_ms: float = 0.0, monitors: tuple = (), threads: int = 1
) -> Activity:
    """Run for `warmup_ms` unseen, then for `duration_ms` under the eyes of spike monitors and `monitors`."""
    sizes = {population.name: population.n for population in net.populations}
    engine = clock.compile(net, (*(SpikeMonitor(name) for name in sizes), *monitors), threads)
    start = clock.run(engine, warmup_ms).end if warmup_ms else None
    run = clock.run(engine, duration_ms, start=start)
    first = dict(zip(sizes, np.cumsum([0, *sizes.values()])))
    i = np.concatenate([run.spikes[name].i + first[name] for name in sizes]).astype(np.int32)
    step = np.concatenate([run.spikes[name].step for name in sizes]) - (start.step if start else 0)
    order = np.argsort(step, kind="stable")
    return Activity(sizes, i[order], (step[order] + 1) * net.dt, duration_ms, run)


def synapses(net: Network) -> int:
    """Synapses of all projections that are wired."""
    return sum(projection.csr.nnz for projection in net.projections if isinstance(projection.csr, Csr))


def _describe(i: np.ndarray, t: np.ndarray, n: int, duration_ms: float) -> dict[str, float]:
    return {
        "rate_hz": float(firing_rate(i, n, duration_ms).mean()),
        "isi_cv": mean_over_samples(isi_cv(i, t, n)),
        "synchrony": population_synchrony(i, t, n, duration_ms),
    }
