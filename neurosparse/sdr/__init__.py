"""Sparse distributed representations: their mathematics, their algebra, and the dendrites that recognise them.

    capacity          how often SDRs are confused: exact, in logarithms, and the ways back from an error to a design
    Sdr               one representation; algebra and metrics beside it, encoders that make them
    segments          a table of dendritic segments whose cost is that of the synapses that are hit
    spatial_pooler, temporal_memory     the cortical learning algorithms on it

Best file to read first: capacity/law.py. Rooms and names load on first use.
"""

from importlib import import_module
from pkgutil import iter_modules

_NAMES = {"Sdr": "sdr", "SpatialPooler": "sp_estimator", "TemporalMemory": "tm_estimator"}

__all__ = [*_NAMES]


def __getattr__(name: str):
    if name in _NAMES:
        return getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
    if name in _rooms():
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_NAMES, *_rooms()])


def _rooms() -> list[str]:
    return [room.name for room in iter_modules(__path__)]
