"""The microcircuit of Potjans & Diesmann: rate and irregularity of its eight populations, beside those of others.

References: NEST at full scale (the authors' code) and the self-consistent rates of theory. Downscaling to a tenth
lowers all rates, in NEST as here, by 0.3 to 0.9 Hz: synapses are stronger and less is left of the theory's noise.
"""

import numpy as np
from pydantic import Field

from models import pd14
from neurosparse import theory
from neurosparse.io.results import Result
from neurosparse.measure import firing_rate, isi_cv
from simulations import _activity


class Config(pd14.Config):
    """The network, and how long it runs."""

    duration_ms: float = Field(default=1000.0, ge=20, le=1e6, multiple_of=1, description="time measured, ms")
    warmup_ms: float = Field(default=500.0, ge=0, le=1e6, multiple_of=1, description="time before that, ms")
    shown: int = Field(
        default=2000, ge=8, le=100_000, description="neurons whose spikes are kept, from all populations"
    )


def tiny() -> Config:
    """386 neurons with a twentieth of their synapses."""
    return Config(scale=0.005, in_degree_scale=0.05, duration_ms=40.0, warmup_ms=10.0)


def run(config: Config, threads: int = 1) -> Result:
    """Rows: one for each population."""
    made = pd14.Config(**{name: getattr(config, name) for name in pd14.Config.model_fields})
    net = pd14.build(made)
    seen = _activity.observe(net, config.duration_ms, config.warmup_ms, threads=threads)
    seen = seen._replace(sizes=pd14.sizes(made), i=pd14.order(made)[seen.i].astype(np.int32))
    expected = self_consistent(made)
    rows, arrays = [], {}
    for name, nest, rate in zip(seen.sizes, pd14.RATES, expected):
        i, t = seen.of(name)
        rows.append(seen.row(name) | {"nest_hz": float(nest), "theory_hz": float(rate)})
        arrays |= {f"rates {name}": firing_rate(i, seen.sizes[name], config.duration_ms)}
        arrays |= {f"isi_cv {name}": isi_cv(i, t, seen.sizes[name])}
    every = -(-seen.n // config.shown)
    kept = seen.i % every == 0
    arrays |= {"spikes_i": seen.i[kept], "spikes_t": seen.t[kept], "sizes": np.array(list(seen.sizes.values()))}
    errors = [abs(row["rate_hz"] - row["nest_hz"]) for row in rows]
    metrics = seen.metrics() | {
        "largest_difference_to_nest_hz": max(errors),
        "synapses": _activity.synapses(net),
    }
    units = {key: "Hz" for key in arrays if key.startswith("rates ")} | {"nest_hz": "Hz", "theory_hz": "Hz"}
    return Result(arrays, metrics, rows, _activity.UNITS | units | {"largest_difference_to_nest_hz": "Hz"})


def self_consistent(c: pd14.Config) -> np.ndarray:
    """(8,) rates of theory for the whole network, Hz; downscaling is made to keep them."""
    m = pd14.MEMBRANE
    jump = pd14.weights(c) * m["r"] * m["tau_exc"] / m["tau_mem"]
    arriving = pd14.K_EXT * pd14.EXTERNAL_HZ * m["tau_mem"] / 1000.0
    return theory.mean_field(
        pd14.full_synapses() / pd14.FULL[:, None], jump, m["v_rest"] + arriving * jump[0, 0],
        np.sqrt(arriving) * jump[0, 0], m["tau_mem"], m["t_ref"], m["v_th"], m["v_reset"], m["tau_exc"],
    )  # fmt: skip
