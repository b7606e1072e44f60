"""neurosparse: a biologically inspired sparse computing simulator.

Dynamics are written once, as plain functions; everything else is about running, storing and drawing them.
Rooms and names load on first use, so that importing the package costs milliseconds.
"""

from importlib import import_module

__version__ = "0.1.0"

_ROOMS = frozenset(
    [
        "astrocytes",
        "check",
        "classifier",
        "clock",
        "cochlea",
        "cost",
        "criticality",
        "csr",
        "data",
        "encode",
        "grid",
        "influence",
        "io",
        "jit",
        "liquid",
        "measure",
        "motifs",
        "network",
        "neurons",
        "ops",
        "plasticity",
        "plot",
        "precise",
        "readout",
        "release",
        "rng",
        "sdr",
        "synapses",
        "tensor",
        "theory",
        "wire",
    ]
)
_NAMES = {
    "Network": "network",
    "Population": "network",
    "SpikeSource": "network",
    "PoissonSource": "network",
    "CurrentInput": "network",
    "PoissonInput": "network",
    "NoiseInput": "network",
    "Coupling": "network",
    "Modulator": "network",
    "Projection": "network",
    "SpikeMonitor": "network",
    "StateMonitor": "network",
    "PopulationRateMonitor": "network",
    "Csr": "csr",
    "Readout": "readout",
    "LiquidClassifier": "classifier",
    "run": "clock",
}

__all__ = ["__version__", *_NAMES]


def __getattr__(name: str):
    if name in _NAMES:
        return getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_NAMES, *_ROOMS])
