"""Recordings of event cameras in the 40-bit format of N-MNIST and N-Caltech101, and their events in steps of time.

An event is five bytes: x, y, then, big-endian, one bit of polarity (1 ON, brighter; 0 OFF, darker) and 23 bits of time
in us. A file is events and nothing else.

    element = (p height + y) width + x          channels (polarity, y, x), OFF first
    step    = round(t / dt)                     to the nearest, as in NALSM; half a step goes to the even one

Source: Orchard, Jayawant, Cohen & Thakor, Front. Neurosci. 9 (2015) 437, and the data set's page for the bits; Ivanov &
Michmizos, NeurIPS 34 (2021), for the steps.
"""

from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurosparse import check, encode
from neurosparse.data.idx import DataError

SIZE = 34  # pixels of N-MNIST in either direction: 28, and room for the saccades
OWNER = "data.read_aer"


class Recording(NamedTuple):
    """Events in the order of the file."""

    x: np.ndarray  # (n_events,) uint8, column
    y: np.ndarray  # (n_events,) uint8, row
    p: np.ndarray  # (n_events,) uint8, polarity: 1 ON, 0 OFF
    t: np.ndarray  # (n_events,) int32, us


def read_aer(source, height: int = SIZE, width: int = SIZE) -> Recording:
    """The events (x, y, p, t) of a file, or of its bytes: bytes, bytearray, memoryview or an array (n,) of uint8.

    Raises DataError for a file that can not be read, that does not consist of whole events, or that holds coordinates
    outside (height, width), and TypeError for what is neither a path nor bytes.
    """
    if isinstance(source, np.ndarray) and source.dtype == np.uint8 and source.ndim == 1:
        source = source.tobytes()
    if isinstance(source, bytes | bytearray | memoryview):
        return decode(bytes(source), "the bytes", height, width)
    if not isinstance(source, str | PathLike):
        check.fail(OWNER, "source must be a path, or the bytes of a file", source, error=TypeError)
    data, path = b"", Path(source)
    try:
        data = path.read_bytes()
    except OSError as error:
        check.fail(OWNER, f"{path} must be a readable file", error.strerror, "give another one", DataError)
    return decode(data, str(path), height, width)


def decode(
    data: bytes, what: str, height: int, width: int, remedy: str = "fetch the file again", owner: str = OWNER
) -> Recording:
    """The events in `data`; `what` it is, the remedy and the owner are for the messages."""
    if len(data) % 5:
        check.fail(owner, f"{what} must hold whole events of 5 bytes", f"{len(data)} bytes", remedy, DataError)
    x, y, high, middle, low = np.frombuffer(data, np.uint8).reshape(-1, 5).T
    outside = np.flatnonzero((x >= width) | (y >= height))
    if outside.size:
        k = int(outside[0])
        need = f"{what} must hold coordinates x < {width}, y < {height}"
        check.fail(owner, need, f"({x[k]}, {y[k]}) in event {k}", remedy, DataError)
    t = (high & 0x7F).astype(np.int32) << 16 | middle.astype(np.int32) << 8 | low
    return Recording(x.copy(), y.copy(), high >> 7, t)


def bin_events(
    recording: Recording, n_steps: int = 300, dt: float = 1.0, height: int = SIZE, width: int = SIZE
) -> encode.Events:
    """Events of 2 height width elements in n_steps steps of dt ms.

    What comes in the same step from the same pixel with the same polarity is one event; what comes after the last step
    is left out. Raises TypeError for what is no Recording, and ValueError for coordinates or polarities that are no
    whole numbers, for those and times out of range, and for dt <= 0.
    """
    owner = "data.bin_events"
    if not isinstance(recording, Recording):
        check.fail(owner, "recording must be a Recording", recording, "write Recording(x, y, p, t)", TypeError)
    check.positive(owner, "dt", check.scalar(owner, "dt", dt, "ms"), "ms")
    for name, values, high in (("x", recording.x, width - 1), ("y", recording.y, height - 1), ("p", recording.p, 1)):
        check.between(owner, name, values, 0, high)
        if np.any(np.asarray(values) % 1):
            check.fail(owner, f"{name} must be whole numbers", values)
    t = np.asarray(check.at_least(owner, "t", recording.t, 0, "us"))
    if len({np.shape(values) for values in recording}) > 1 or t.ndim != 1:
        check.fail(owner, "x, y, p, t must have shape (n_events,), the same", [np.shape(v) for v in recording])
    with np.errstate(over="ignore"):  # later than any step
        step = np.rint(t / (1000.0 * dt))
    seen = step < check.integer(owner, "n_steps", n_steps)
    x, y, p = (np.asarray(values, dtype=np.int64)[seen] for values in recording[:3])
    return encode.events_from_pairs((p * height + y) * width + x, step[seen].astype(np.int64), n_steps)
