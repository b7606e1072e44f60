"""Frames of event recordings: made ones by plain loops, the real ones where present."""

import os

import numpy as np
import pytest

from neurosparse import data, encode
from neurosparse.data.events import Recordings
from neurosparse.data.frames import frames

SHAPE = (2, 2, 3)


def made(rasters):
    events = tuple(encode.from_dense(raster) for raster in rasters)
    n = len(events)
    return Recordings(events, np.zeros(n, np.uint8), np.arange(n), SHAPE, 1.0, "made")


@pytest.mark.parametrize("bins", [1, 2, 3, 7, 10])
def test_frames_are_those_of_a_plain_loop(bins):
    rasters = np.random.default_rng(1).random((4, 10, 12)) < 0.3
    found = frames(made(rasters), bins)
    want = np.zeros((4, bins, 12), int)
    for k in range(4):
        for step in range(10):
            want[k, step * bins // 10] += rasters[k, step]
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, want)


def test_as_many_bins_as_steps_are_the_recording():
    rasters = np.random.default_rng(2).random((3, 5, 12)) < 0.5
    np.testing.assert_array_equal(frames(made(rasters), 5), rasters)


def test_counts_saturate_and_nothing_is_empty():
    assert frames(made(np.ones((1, 300, 12))), 1).tolist() == [[[255] * 12]]
    assert frames(made(np.zeros((1, 3, 12))), 1).max() == 0
    assert frames(made([]), 1).shape == (0, 1, 12)


def test_wrong_arguments():
    one = made(np.zeros((1, 3, 12)))
    for bins, error, message in (
        (0, ValueError, "bins must be in"),
        (4, ValueError, r"bins must be in \[1, 3\], got 4; a frame is a step or longer"),
        (1.5, TypeError, "bins must be a whole number"),
    ):
        with pytest.raises(error, match=f"^data.frames: {message}"):
            frames(one, bins)
    with pytest.raises(TypeError, match="data.frames: recordings must be Recordings, got 3; data.load_events"):
        frames(3, 1)  # type: ignore
    with pytest.raises(ValueError, match=r"data.frames: events.index must be in \[0, 12\)"):
        frames(made(np.ones((1, 3, 13))), 1)
    with pytest.raises(ValueError, match="data.frames: events must last 2 steps, got 3"):
        frames(made([np.zeros((2, 12)), np.zeros((3, 12))]), 1)


@pytest.mark.data
@pytest.mark.parametrize("bins", [1, 10, 30])
def test_nmnist(bins):
    if not (os.environ.get("NEUROSPARSE_DATA") and (data.folder() / "nmnist-small.tar.xz").exists()):
        pytest.skip("NEUROSPARSE_DATA does not name a folder that holds nmnist-small.tar.xz")
    recordings = data.load_events("nmnist-small", "test")
    found = frames(recordings, bins)
    assert found.shape == (100, bins, 2312)
    assert found.sum(axis=(1, 2), dtype=int).tolist() == [one.index.size for one in recordings.events]
    assert found.max() < 255
