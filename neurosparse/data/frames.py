"""Recordings of an event camera as frames: how many events each element has in each of some equal spans of time.

    frame = floor(step bins / n_steps) ,   counts (recording, frame, element)

With 1 bin a frame is the histogram of a whole recording; with as many bins as steps it is the recording itself. Spans
are those of the duration that `load_events` cut the recordings to, and events that it put into one step count once.

Source: Lenz, Chaney, Shrestha, Oubari, Picaud & Zarrella, Tonic, 2021, doi:10.5281/zenodo.5079802, for frames of equal
time; the counts of events are not cut to 0 and 1.
"""

import numpy as np

from neurosparse import check, encode
from neurosparse.data.events import Recordings


def frames(recordings: Recordings, bins: int) -> np.ndarray:
    """(n, bins, elements) uint8 of recordings; 255 stands for 255 events or more. 2,312 elements of N-MNIST.

        frames(load_events("nmnist-small", "train"), 10)                (1000, 10, 2312)

    Raises TypeError for what are no Recordings, ValueError for bins outside [1, n_steps], and MemoryError where the
    frames would not fit.
    """
    owner = "data.frames"
    if not isinstance(recordings, Recordings):
        check.fail(owner, "recordings must be Recordings", recordings, "data.load_events loads them", TypeError)
    n, elements = len(recordings.events), int(np.prod(recordings.shape))
    n_steps = min((one.start.size - 1 for one in recordings.events), default=1)
    bins = check.integer(owner, "bins", bins, 1, n_steps, "a frame is a step or longer: load with a smaller dt")
    check.fits(owner, "the frames", float(n) * bins * elements)
    out = np.zeros((n, bins, elements), np.uint8)
    for frame, events in zip(out, recordings.events):
        i, t = encode.pairs(encode.check_events(owner, events, elements, n_steps))
        many = np.bincount(t * bins // n_steps * elements + i, minlength=bins * elements)
        frame[:] = np.minimum(many, 255).reshape(bins, elements)
    return out
