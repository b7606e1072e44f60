"""Speed of temporal memory: a step while it learns, once it has learned, and on an endless stream of noise.

`sequences`: n_sequences of n_elements SDRs, presented epoch after epoch, each sequence from a reset. A segment is made
for every column that bursts: 20 x 49 x 40 = 39,200 of them with the defaults. `stream`: a new random SDR in every step,
so nothing can be learned and every column always bursts; once without a limit of segments, once with `max_segments`.

What makes a stream flat: a step costs what its synaptic events cost, and on noise every burst meets a fixed share of
all synapses there are. So the cost follows the number of synapses held, and only a bound on them keeps it level. With
`max_segments` the segment that learned longest ago makes room, at O(its synapses). Times are those of this thread alone
(processor time), of one compiled call for each sequence or block of the stream; `step` is one Python call a step.
"""

import time
from collections.abc import Callable

import numpy as np
from pydantic import Field, model_validator

from neurosparse import rng
from neurosparse.io import config
from neurosparse.io.progress import track
from neurosparse.io.results import Result
from neurosparse.sdr import temporal_memory


class Config(config.Config):
    """Size of the memory, of the sequences and of the stream."""

    n_columns: int = Field(default=2048, ge=1, le=100_000, description="columns")
    cells_per_column: int = Field(default=32, ge=1, le=1000, description="cells of a column")
    n_active: int = Field(default=40, ge=1, le=10_000, description="active columns of a step, at most n_columns")
    n_sequences: int = Field(default=20, ge=1, le=10_000, description="sequences that are learned")
    n_elements: int = Field(default=50, ge=2, le=10_000, description="elements of a sequence")
    epochs: int = Field(default=8, ge=1, le=1000, description="presentations; learned from the fifth on")
    stream_steps: int = Field(default=10_000, ge=4, le=10_000_000, description="steps of the stream of noise")
    block: int = Field(default=100, ge=1, le=100_000, description="steps of the stream that are timed together")
    max_segments: int = Field(
        default=131_072, ge=1, le=2**31 - 1, description="limit on the second stream: the default of 2,048 columns"
    )
    repeats: int = Field(default=3, ge=1, le=100, description="runs of each stream; the median counts")
    seed: int = Field(default=0, ge=0, le=2**64 - 1, description="of sequences and stream")

    @model_validator(mode="after")
    def _sparse(self):
        if self.n_active > self.n_columns:
            raise ValueError(f"n_active must be at most n_columns, {self.n_columns}, got {self.n_active}")
        return self


def tiny() -> Config:
    """128 columns of 4 cells, short sequences."""
    return Config(n_columns=128, cells_per_column=4, n_active=20, n_sequences=2, n_elements=5, epochs=6,
                  stream_steps=40, block=5, max_segments=200, repeats=1)  # fmt: skip


def run(config: Config, threads: int = 1) -> Result:
    """Rows: each epoch, inference, single steps, and the two streams at step 1,000 (a tenth) and at their end."""
    warm(config)
    rows, arrays = sequences(config)
    metrics = {"learned_ms": rows[config.epochs - 1]["milliseconds"], "infer_ms": rows[config.epochs]["milliseconds"],
               "step_ms": rows[config.epochs + 1]["milliseconds"]}  # fmt: skip
    at = max(config.stream_steps // 10 // config.block, 1)
    for name, limit in (("unlimited", 0), ("limited", config.max_segments)):
        spent, held = stream(config, limit)
        arrays |= {f"milliseconds {name}": spent, f"segments {name}": held}
        early, late = spent[at - 1 : at + 1], spent[-max(at // 2, 1) :]
        for when, values, there in (("a tenth", early, held[at]), ("end", late, held[-1])):
            rows.append(_row(f"noise, {name}, {when}", values, int(there), 1.0))
        metrics[f"growth_{name}"] = float(np.median(late) / np.median(early))
    units = dict.fromkeys(["milliseconds", "q1", "q3", "learned_ms", "infer_ms", "step_ms"], "ms")
    return Result(arrays, metrics, rows, units | {name: "ms" for name in arrays if name.startswith("milli")})


def warm(config: Config) -> None:
    """Compile."""
    p = _params(config)
    state, _ = temporal_memory.run(p, temporal_memory.init(p), [np.arange(config.n_active)] * 2)
    temporal_memory.step(p, temporal_memory.reset(p, state), np.arange(config.n_active))


def sequences(config: Config) -> tuple[list[dict], dict[str, np.ndarray]]:
    """Rows of the epochs, of inference and of single steps; milliseconds a step of every sequence in each epoch."""
    p = _params(config)
    state, n = temporal_memory.init(p), config.n_elements
    shown = [[_pattern(config, "sequences", k * n + i) for i in range(n)] for k in range(config.n_sequences)]
    rows, times = [], []
    for epoch in track(range(config.epochs + 1), "epochs"):
        learn, each, anomaly = epoch < config.epochs, [], []
        for one in shown:
            state = temporal_memory.reset(p, state)
            (state, ran), spent = _timed(lambda s=state, x=one, learn=learn: temporal_memory.run(p, s, x, learn))
            each.append(1e3 * spent / n)
            anomaly.append(ran.anomaly.mean())
        case = f"epoch {epoch}" if learn else "learned, inference"
        rows.append(_row(case, each, int(ran.n_segments[-1]), float(np.mean(anomaly))))
        times.append(each)
    each = []
    for one in shown:
        state = temporal_memory.reset(p, state)
        for columns in one:
            (state, ran), spent = _timed(lambda s=state, x=columns: temporal_memory.step(p, s, x))
            each.append(1e3 * spent)
    rows.append(_row("learned, one call a step", each, int(ran.n_segments[-1]), rows[config.epochs - 1]["anomaly"]))
    return rows, {"milliseconds epochs": np.array(times[:-1])}


def stream(config: Config, max_segments: int) -> tuple[np.ndarray, np.ndarray]:
    """(n_blocks,) milliseconds a step, median over the repeats, and segments after each block."""
    p = _params(config, max_segments)
    steps = [_pattern(config, "stream", k) for k in range(config.stream_steps)]
    blocks = [steps[k : k + config.block] for k in range(0, len(steps), config.block)]
    times, held = np.empty((config.repeats, len(blocks))), np.zeros(len(blocks), np.int64)
    for repeat in range(config.repeats):
        state = temporal_memory.init(p)
        for k, one in enumerate(track(blocks, "blocks")):
            (state, ran), spent = _timed(lambda s=state, x=one: temporal_memory.run(p, s, x))
            times[repeat, k], held[k] = 1e3 * spent / len(one), ran.n_segments[-1]
    return np.median(times, axis=0), held


def _params(config: Config, max_segments: int = 0) -> temporal_memory.Params:
    return temporal_memory.params(
        config.n_columns, config.cells_per_column, max_segments=max_segments, seed=config.seed
    )


def _pattern(config: Config, name: str, k: int) -> np.ndarray:
    return rng.choice(rng.stream(config.seed, name), config.n_columns, config.n_active, k)


def _timed(call: Callable):
    begin = time.thread_time()
    out = call()
    return out, time.thread_time() - begin


def _row(case: str, values, n_segments: int, anomaly: float) -> dict:
    q1, median, q3 = (float(x) for x in np.percentile(values, [25, 50, 75]))
    return {"case": case, "milliseconds": median, "q1": q1, "q3": q3, "n_segments": n_segments, "anomaly": anomaly}
