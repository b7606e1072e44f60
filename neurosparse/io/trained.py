"""Checkpoints of a training run as files: `fit(..., checkpoint=trained.Checkpoint("run.h5"))` goes on where it was cut.

HDF5: arrays as they are, the notes as one JSON text. Written under another name and renamed, so that a run that is
killed leaves the last whole checkpoint; sealed (see seals.py); no pickle.
"""

from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from neurosparse import check
from neurosparse.io import disk, seals, strict_json
from neurosparse.io.results import ResultError, atomic

FORMAT, VERSION = "neurosparse-training", 1


class Stored(NamedTuple):
    """Arrays by name, and notes."""

    arrays: dict[str, np.ndarray]
    notes: dict[str, Any]


class Checkpoint:
    """One file that a run writes after every epoch; see above."""

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def save(self, snapshot) -> None:
        """Store (arrays, notes) whole, in place of what was there. Raises OSError if the file can not be written."""
        with atomic(self.path) as scratch:
            with disk.create(scratch, userblock_size=seals.BLOCK) as (file, _):
                file.attrs.update({"format": FORMAT, "format_version": VERSION})
                text = strict_json.dumps(snapshot.notes)
                file.create_dataset("notes", data=text, dtype=h5py.string_dtype("utf-8"))
                names = list(snapshot.arrays)
                file.create_dataset("names", data=strict_json.dumps(names), dtype=h5py.string_dtype("utf-8"))
                for k, name in enumerate(names):
                    file.create_dataset(f"arrays/{k}", data=snapshot.arrays[name])
            seals.write(scratch, FORMAT)

    def load(self) -> Stored | None:
        """What was saved, or None where there is no file. Raises ResultError for a file that is none or is damaged."""
        if not self.path.exists():
            return None
        owner = "trained.load"
        if why := seals.damage(self.path, FORMAT):
            check.fail(owner, "path must be a whole, undamaged checkpoint", str(self.path), why, ResultError)
        try:
            with h5py.File(self.path, "r", locking=False) as file:
                if int(file.attrs["format_version"]) != VERSION:  # type: ignore[arg-type]
                    check.fail(owner, f"the version must be {VERSION}", file.attrs["format_version"], error=ResultError)
                notes: Any = strict_json.loads(file["notes"][()])  # type: ignore[index]
                names: Any = strict_json.loads(file["names"][()])  # type: ignore[index]
                arrays = {name: np.asarray(file[f"arrays/{k}"]) for k, name in enumerate(names)}
            return Stored(arrays, notes)
        except ResultError:
            raise
        except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
            check.fail(owner, "path must be a whole, undamaged checkpoint", str(self.path), str(error), ResultError)
