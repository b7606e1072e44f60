"""Data by name: `load("mnist", "test") -> Images`, `load_events("nmnist-small") -> Recordings`, `load_nab() -> Nab`.

Only this room knows data sets by name. One is one entry of the registry (files, MD5, mirrors, licence, citation).
`loader` finds, downloads and checks images, whose format `idx` reads; `events` reads recordings of event cameras, whose
format `aer` reads, and `frames` makes tensors of them; `series` reads time series and the Numenta Anomaly Benchmark;
`speech` reads spoken digits, `shd` Heidelberg's spiking digits; `fonts` draws digits and needs no file. Best file to
read first: `registry.py`. Every failure is a `DataError` that names the file and the remedy.
"""

from neurosparse.data.aer import Recording, bin_events, read_aer
from neurosparse.data.events import Recordings, load_events
from neurosparse.data.fonts import font_digits
from neurosparse.data.frames import frames
from neurosparse.data.idx import DataError
from neurosparse.data.loader import Images, folder, load
from neurosparse.data.registry import CORPORA, RECORDED, REGISTRY, SERIES
from neurosparse.data.series import Nab, Scored, Series, load_nab, load_series
from neurosparse.data.shd import Shd, load_shd
from neurosparse.data.speech import SPOKEN, Speech, load_speech

__all__ = [
    "load",
    "load_events",
    "load_series",
    "load_nab",
    "load_speech",
    "load_shd",
    "font_digits",
    "frames",
    "read_aer",
    "bin_events",
    "folder",
    "Images",
    "Recording",
    "Recordings",
    "Series",
    "Scored",
    "Nab",
    "Speech",
    "Shd",
    "DataError",
    "REGISTRY",
    "RECORDED",
    "SERIES",
    "SPOKEN",
    "CORPORA",
]
