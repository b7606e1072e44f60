"""Spiking Heidelberg Digits and Spiking Speech Commands: spoken words as spike counts, from a file of the user's.

    step = floor(t / dt) ,   channel = floor(unit / pool) ,   counts (sample, step, channel)

The HDF5 file holds, for n samples, spikes/times (seconds) and spikes/units, of one length for each sample, labels (n,)
and, in most files, extra/speaker (n,), numbers or names. Of a whole set most counts are zero, so those that are not are
kept as a list, by sample, then step, then channel; `counts` makes an array of some samples, `events` the spikes of one.
`pool` neighbouring units are added up (700 units and 5: 140 channels). What comes at duration_ms or later is left out.

Source: Cramer, Stradmann, Schemmel & Zenke, IEEE Trans. Neural Networks and Learning Systems 33 (2022) 2744.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurosparse import check, encode, grid
from neurosparse.data.idx import DataError

OWNER = "data.load_shd"
UNITS = 700  # channels of the inner ear that made both sets
NEEDED = ("spikes/times", "spikes/units", "labels")
REMEDY = "fetch the file again, and unpack it"


class Shd(NamedTuple):
    """Samples in the order of the file; the arrays are read-only."""

    start: np.ndarray  # (n + 1,) int64: the counts of sample k are the numbers start[k] to start[k + 1]
    step: np.ndarray  # (n_counts,) uint16, ascending within a sample
    channel: np.ndarray  # (n_counts,) uint16, ascending within a step
    count: np.ndarray  # (n_counts,) uint8, spikes, 1 or more; 255 stands for 255 or more
    labels: np.ndarray  # (n,) int64
    speakers: np.ndarray  # (n,) int64; of names the place in their sorted list; -1 where the file does not tell
    shape: tuple[int, int]  # (n_steps, channels)
    dt: float  # ms


def load_shd(path, dt: float = 10.0, duration_ms: float = 1000.0, pool: int = 1, n_units: int = UNITS) -> Shd:
    """The samples of a file in steps of dt ms. Raises ValueError or TypeError for dt, duration_ms, pool or n_units out
    of range, and DataError (a ValueError) for a file that is missing, damaged or of another form.
    """
    n_steps = grid.steps(OWNER, "duration_ms", check.scalar(OWNER, "duration_ms", duration_ms, "ms"), dt, low=1)
    check.at_least(OWNER, "65536 steps less those of duration_ms", 65536 - n_steps, 0, remedy="take a larger dt")
    n_units = check.integer(OWNER, "n_units", n_units, 1, 65536)
    shape = n_steps, -(-n_units // check.integer(OWNER, "pool", pool, 1, n_units))
    times, units, labels, speakers = _read(Path(path))
    start, parts = np.zeros(len(labels) + 1, np.int64), []
    for k, (t, unit) in enumerate(zip(times, units, strict=True)):
        _check_spikes(f"sample {k} of {path}", t, unit, n_units)
        parts.append(_binned(t, unit, dt, pool, shape))
        start[k + 1] = start[k] + len(parts[-1][0])
    step, channel, count = (np.concatenate([part[j] for part in parts]) for j in range(3))
    for array in (start, step, channel, count, labels, speakers):
        array.flags.writeable = False
    return Shd(start, step, channel, count, labels, speakers, shape, dt)


def counts(shd: Shd, samples=None) -> np.ndarray:
    """(n, n_steps, channels) uint8 of the samples (n,), whole numbers; None: all. Raises ValueError for others."""
    owner = "data.shd.counts"
    n = len(shd.labels)
    chosen = np.arange(n) if samples is None else np.asarray(check.between(owner, "samples", samples, 0, n - 1))
    if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
        check.fail(owner, "samples must be an (n,) array of whole numbers", f"{chosen.dtype} {chosen.shape}")
    check.fits(owner, "the counts of all samples", float(len(chosen)) * shd.shape[0] * shd.shape[1])
    out = np.zeros((len(chosen), *shd.shape), np.uint8)
    for array, k in zip(out, chosen.tolist()):
        part = slice(shd.start[k], shd.start[k + 1])
        array[shd.step[part], shd.channel[part]] = shd.count[part]
    return out


def events(shd: Shd, sample: int) -> encode.Events:
    """Events of one sample, one wherever a channel fires in a step, once or more. Raises ValueError for no sample."""
    k = check.integer("data.shd.events", "sample", sample, 0, len(shd.labels) - 1)
    part = slice(shd.start[k], shd.start[k + 1])
    return encode.events_from_pairs(shd.channel[part].astype(np.int64), shd.step[part], shd.shape[0])


def _read(path: Path):
    """(times, units, labels, speakers) of the file."""
    import h5py

    columns: list[Any] = []
    if not path.exists():
        check.fail(OWNER, f"{path} must exist", "no such file", "SHD and SSC come from zenkelab.org", DataError)
    try:
        with h5py.File(path, "r") as file:
            for name in NEEDED:
                if not isinstance(file.get(name), h5py.Dataset):
                    check.fail(OWNER, f"{path} must hold {name}", sorted(file), REMEDY, DataError)
            named = isinstance(file.get("extra/speaker"), h5py.Dataset)
            for name in (*NEEDED, "extra/speaker") if named else NEEDED:
                node: Any = file[name]
                if not _plain(node, name.startswith("spikes/")):
                    need = f"{name} of {path} must be {'lists of ' * name.startswith('spikes/')}numbers"
                    check.fail(OWNER, need, node.dtype, REMEDY, DataError)
                columns.append(node[()])
    except DataError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:  # what h5py says of broken files
        check.fail(OWNER, f"{path} must be a whole HDF5 file", str(error), REMEDY, DataError)
    times, units, labels = columns[:3]
    speakers = _numbered(columns[3]) if named else np.full(np.shape(labels), -1)
    for name, column in (("labels", labels), ("extra/speaker", speakers)):
        if np.ndim(column) != 1 or column.dtype.kind not in "iu" or not column.size:
            form = f"{np.asarray(column).dtype} {np.shape(column)}"
            check.fail(OWNER, f"{name} of {path} must be whole numbers (n,), n > 0", form, REMEDY, DataError)
    lengths = [np.shape(column) for column in (times, units, labels, speakers)]
    if len(set(lengths)) > 1:
        need = f"times, units, labels and speakers of {path} must have one length"
        check.fail(OWNER, need, lengths, REMEDY, DataError)
    return times, units, labels.astype(np.int64), speakers.astype(np.int64)


def _plain(node: Any, lists: bool) -> bool:
    """Whether a column holds numbers as NumPy does (or lists of them, or names).

    HDF5 may crash on what does not, and h5py mistakes the bytes of lists that are not of the machine's order.
    """
    import h5py

    kind = node.id.get_type()
    base = h5py.check_vlen_dtype(node.dtype) if lists else node.dtype
    if not lists and base.kind in "SO":
        return h5py.check_string_dtype(base) is not None
    if base is None or base.kind not in "iuf":
        return False
    if not lists:
        return h5py.h5t.py_create(base).equal(kind)
    sequence = kind.encode()[3] == 0  # of the description: 0 a sequence, 1 a string, all else damage
    return sequence and base.isnative and h5py.h5t.py_create(base).equal(kind.get_super())


def _numbered(names):
    """Names as their places in the sorted list of them; numbers stay."""
    if np.ndim(names) == 1 and np.asarray(names).dtype.kind in "SO":
        raw = [name if isinstance(name, bytes) else str(name).encode() for name in names]
        return np.unique(raw, return_inverse=True)[1]
    return names


def _check_spikes(what: str, t, unit, n_units: int) -> None:
    if np.ndim(t) != 1 or np.shape(t) != np.shape(unit):
        need = f"{what} must have times and units of one length"
        check.fail(OWNER, need, (np.shape(t), np.shape(unit)), REMEDY, DataError)
    if t.dtype.kind != "f" or not np.all(np.isfinite(t)) or np.any(t < 0):
        check.fail(OWNER, f"{what} must have times >= 0 in seconds", t, REMEDY, DataError)
    if unit.dtype.kind not in "iu" or np.any(unit >= n_units) or np.any(unit < 0):
        check.fail(OWNER, f"{what} must have units in [0, {n_units})", unit, REMEDY, DataError)


def _binned(t: np.ndarray, unit: np.ndarray, dt: float, pool: int, shape: tuple[int, int]):
    """(step, channel, count) of one sample."""
    step = np.floor(t.astype(np.float64) * (1e3 / dt))
    seen = step < shape[0]
    flat = step[seen].astype(np.int64) * shape[1] + unit[seen].astype(np.int64) // pool
    flat, count = np.unique(flat, return_counts=True)
    step, channel = np.divmod(flat, shape[1])
    return step.astype(np.uint16), channel.astype(np.uint16), np.minimum(count, 255).astype(np.uint8)
