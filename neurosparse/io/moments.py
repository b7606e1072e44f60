"""A network between two steps, as a file: save a run, go on with it later in another process, bit for bit.

    run = clock.run(engine, 1000.0, inputs)
    moments.save(run.end, engine, "middle.h5")
    ...
    clock.run(engine, 1000.0, more_inputs, start=moments.load("middle.h5", engine))

HDF5: every array of the Moment, the step, and a fingerprint of the network (models, parameters, wiring, weights, dt),
so that a moment is never put into another one. Written whole or not at all, and sealed (see seals.py); no pickle.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurosparse import check, clock
from neurosparse.io import disk, seals
from neurosparse.io.results import ResultError, atomic

FORMAT, VERSION = "neurosparse-moment", 2


def save(moment: clock.Moment, engine: clock.Engine, path: str | Path) -> Path:
    """Store where a run of `engine` ended; returns the path. Raises OSError if it can not be written,
    ValueError or TypeError if it is no moment of this network.
    """
    clock.check_moment("moments.save", engine, moment)
    with atomic(path) as scratch:
        with disk.create(scratch, userblock_size=seals.BLOCK) as (file, _):
            file.attrs.update({"format": FORMAT, "format_version": VERSION, "step": moment.step})
            file.attrs["network"] = clock.fingerprint(engine)
            for name, array in moment.arrays.items():
                file.create_dataset(name, data=array)
        seals.write(scratch, FORMAT)
    return Path(path)


def load(path: str | Path, engine: clock.Engine) -> clock.Moment:
    """Read a Moment for `engine`.

    Raises FileNotFoundError, or ResultError for a file that is none, is damaged, or belongs to another network.
    """
    owner = "moments.load"
    if not Path(path).is_file():
        check.fail(owner, "path must be a stored moment", str(path), "there is no such file", FileNotFoundError)
    if why := seals.damage(Path(path), FORMAT):
        check.fail(owner, "path must be a whole, undamaged moment", str(path), why, ResultError)
    try:
        with h5py.File(path, "r", locking=False) as file:
            notes: dict[str, Any] = dict(file.attrs)
            kind = (notes.get("format"), notes.get("format_version"))
            if kind != (FORMAT, VERSION):
                check.fail(owner, f"path must hold {FORMAT} of version {VERSION}", kind, error=ResultError)
            network, step = str(notes["network"]), int(notes["step"])
            arrays = {str(name): np.asarray(file[str(name)]) for name in file}
    except ResultError:
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        check.fail(owner, "path must be a whole, undamaged moment", str(path), str(error), ResultError)
    if network != clock.fingerprint(engine):
        check.fail(owner, "the moment must be of this network", network, "build the same network", ResultError)
    moment = clock.Moment(step, arrays)
    clock.check_moment(owner, engine, moment)
    return moment
