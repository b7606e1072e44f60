"""The compiled loop of the branching process: one generation after the other (see `process.py`).

Trial j draws its numbers of generation t at (element j, step t); the uniform number that thins it is that of element
`THIN + j`, so that the activity is the same whatever part of it is observed.
"""

import numpy as np

from neurosparse import rng
from neurosparse.jit import kernel

THIN = 1 << 62


@kernel
def grow(stream, m, h, start, skip, activity, u):
    """Fill activity (n_trials, n_steps) and u of the same shape, after `skip` steps left out.

    Returns the first trial whose mean passes what a Poisson number can have, -1 where none does.
    """
    n_trials, n_steps = activity.shape
    for trial in range(n_trials):
        alive = start
        for step in range(n_steps + skip):
            if step > 0:
                mean = m * alive + h
                if mean > rng.POISSON_MAX:
                    return trial
                alive = rng.poisson(stream, trial, step, mean) if mean > 0.0 else 0
            if step >= skip:
                activity[trial, step - skip] = alive
    for trial in range(u.shape[0]):
        for step in range(u.shape[1]):
            u[trial, step] = rng.uniform(stream, np.int64(THIN) + trial, step, 0)
    return -1
