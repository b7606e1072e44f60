"""Font digits: glyphs, the warp against plain loops, the laws of what is drawn, and that they can be learned."""

import math

import numpy as np
import pytest
from scipy import stats

from neurosparse import jit
from neurosparse.data import DataError, fonts

N = 60 if jit.disabled() else 1500


def test_glyphs_have_room_and_differ():
    bank = fonts.glyphs()
    assert bank.shape == (10, 20, 4, 40, 40)
    assert bank[..., :6, :].max() == bank[..., 34:, :].max() == bank[..., :6].max() == bank[..., 34:].max() == 0.0
    assert bank.max() == 1.0
    assert bank.sum(axis=(3, 4)).min() > 20.0  # every typeface has every digit
    assert len({glyph.tobytes() for glyph in bank.reshape(-1, 1600)}) == 800
    across = np.flatnonzero(bank[0, 3, 2].any(axis=0))
    assert abs(across[0] + across[-1] - 39) <= 1  # in the middle


def test_shapes_parts_and_places():
    found = fonts.font_digits(20, seed=3)
    assert (found.images.shape, found.images.dtype) == ((20, 28, 28), np.uint8)
    assert (found.labels.shape, found.labels.dtype) == ((20,), np.uint8)
    assert found.name == "font-digits train"
    assert fonts.font_digits(n=20, seed=3) is found  # kept
    fewer = fonts.font_digits(7, seed=3)
    assert np.array_equal(fewer.images, found.images[:7])
    assert np.array_equal(fewer.labels, found.labels[:7])
    for other in (fonts.font_digits(20, seed=4), fonts.font_digits(20, 3, "test")):
        assert not np.array_equal(other.images, found.images)
        assert not np.array_equal(other.labels, found.labels)
    with pytest.raises(ValueError, match="read-only"):
        found.images[0, 0, 0] = 1


def test_pieces_do_not_show(monkeypatch):
    whole = fonts.font_digits(11, seed=5)
    monkeypatch.setattr(fonts, "PIECE", 4)
    fonts._drawn.cache_clear()
    again = fonts.font_digits(11, seed=5)
    assert again is not whole
    assert np.array_equal(again.images, whole.images)


def test_the_warp_is_that_of_plain_loops():
    ink = fonts.glyphs()[[2, 7], [0, 9], [1, 3]]
    r, h, scales, shift = np.array([0.1, -0.2]), np.array([0.05, 0.3]), np.array([[0.9, 1.2], [1.1, 0.8]]), np.array(
        [[0.3, -1.0], [1.2, 0.4]]
    )  # fmt: skip
    found = fonts._warped(ink, fonts._inverse(r, h, scales), shift)
    for k in range(2):
        rotation = np.array([[math.cos(r[k]), -math.sin(r[k])], [math.sin(r[k]), math.cos(r[k])]])
        inverse = np.linalg.inv(rotation @ np.array([[1.0, h[k]], [0.0, 1.0]]) @ np.diag(scales[:, k]))
        for y in range(0, 28, 3):
            for x in range(0, 28, 3):
                sx, sy = inverse @ (np.array([x - 13.5, y - 13.5]) - shift[k]) + 19.5
                want = 0.0
                for ny in (math.floor(sy), math.floor(sy) + 1):
                    for nx in (math.floor(sx), math.floor(sx) + 1):
                        if 0 <= nx < 40 and 0 <= ny < 40:
                            want += ink[k, ny, nx] * (1 - abs(sx - nx)) * (1 - abs(sy - ny))
                assert found[k, y, x] == pytest.approx(want, abs=1e-12)
    assert found.max() > 0.5


def test_no_change_is_the_glyph():
    ink = fonts.glyphs()[:, 0, 0]
    same = fonts._inverse(np.zeros(10), np.zeros(10), np.ones((2, 10)))
    assert np.array_equal(fonts._warped(ink, same, np.zeros((10, 2))), ink[:, 6:34, 6:34])
    moved = fonts._warped(ink, same, np.tile([2.0, -1.0], (10, 1)))
    assert np.array_equal(moved, ink[:, 7:35, 4:32])


def test_classes_noise_and_shade():
    found = fonts.font_digits(N, seed=1)
    assert stats.chisquare(np.bincount(found.labels, minlength=10)).pvalue > 1e-3
    corner = found.images[:, :2, :2].ravel() / 255.0  # never inked; half of the noise is below zero
    lit = corner[corner > 0]
    assert lit.size / corner.size == pytest.approx(0.15, abs=6 * math.sqrt(0.13 / corner.size))
    assert np.sqrt((lit**2).mean()) == pytest.approx(0.08, rel=3 / math.sqrt(lit.size))
    top = np.sort(found.images.reshape(N, -1), axis=1)[:, -8] / 255.0  # the shade, but for noise
    assert 0.45 < np.quantile(top, 0.02) < 0.7
    assert np.quantile(top, 0.98) > 0.9
    middle = found.images.mean(axis=0)
    assert middle[8:20, 8:20].mean() > 20 * middle[:, 0].mean()


@pytest.mark.skipif(jit.disabled(), reason="draws 1,800 images")
def test_they_can_be_learned():
    """Nearest neighbour among 1,500; chance is 0.1."""
    shown, asked = fonts.font_digits(N, seed=1), fonts.font_digits(300, 1, "test")
    x, y = (one.images.reshape(len(one.images), -1).astype(np.float32) / 255.0 for one in (shown, asked))
    nearest = ((x**2).sum(axis=1) - 2.0 * y @ x.T).argmin(axis=1)
    assert (shown.labels[nearest] == asked.labels).mean() > 0.85


@pytest.mark.parametrize("args, error, message", [
    ((0,), ValueError, r"n must be in \[1, "),
    ((2.5,), TypeError, "n must be a whole number, got 2.5"),
    (([1],), TypeError, "n must be a whole number"),
    ((3, -1), ValueError, "seed must be in"),
    ((3, 0, "valid"), ValueError, "part must be one of train, test, got 'valid'"),
    ((10**15,), MemoryError, "the images must fit in memory"),
])  # fmt: skip
def test_wrong_arguments(args, error, message):
    with pytest.raises(error, match=f"^data.font_digits: {message}"):
        fonts.font_digits(*args)


def test_a_missing_typeface_is_named():
    with pytest.raises(DataError, match=r"data.font_digits: .*none\.ttf must exist, .*; install Matplotlib whole"):
        fonts._font("none")
