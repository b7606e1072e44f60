"""An image as the active bits of its pixels.

    binary        bit (y, x): pixel > threshold; the threshold of Otsu for each image, unless one is given
    thermometer   bits (l, y, x), l = 0 .. levels - 1: pixel is above level l; grey bands j = 0 .. levels
                  j = floor((pixel - low) / (high - low) * (levels + 1)),  the first j bits of the pixel are active
    on_off        bits (0, y, x): pixel - mean of its window > threshold;  (1, y, x): mean - pixel > threshold

Overlap law, exactly: pixels that are active in both; sum of min(j, j'); pixels with contrast of one sign in both.
Decoding: `high` and `low` for a pixel above and below; the middle of the band, within (high - low) / (2 (levels + 1));
contrast as +1, 0, -1. v swapped bits move the bands of all pixels by at most 2 v together.
Source of the threshold: Otsu (1979), IEEE Transactions on Systems, Man, and Cybernetics 9, 62-66.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neurosparse import check
from neurosparse.csr import Csr
from neurosparse.sdr import batch
from neurosparse.sdr.sdr import Sdr, checked, shape_of, trusted

OWNER = "encoders.image"
KINDS = ("binary", "thermometer", "on_off")


class Image(NamedTuple):
    """Made by `image`."""

    kind: str
    pixels: tuple[int, int]
    threshold: float | None
    levels: int
    low: float
    high: float
    radius: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the SDRs."""
        layers = {"binary": (), "thermometer": (self.levels,), "on_off": (2,)}
        return (*layers[self.kind], *self.pixels)

    @property
    def n(self) -> int:
        """Bits."""
        return int(np.prod(self.shape))

    def bits(self, image) -> np.ndarray:
        """Bool array of `shape`. Raises ValueError for images of other shape, pixels that are NaN or out of range."""
        pixels = np.asarray(check.number(OWNER, "image", image), np.float64)
        if pixels.shape != self.pixels:
            check.fail(OWNER, f"image must have shape {self.pixels}", pixels.shape)
        if self.kind == "thermometer":
            return np.arange(self.levels)[:, None, None] < self.bands(pixels)
        if self.kind == "binary":
            return pixels > (otsu(pixels) if self.threshold is None else self.threshold)
        contrast = pixels - _local_mean(pixels, self.radius)
        threshold = otsu(np.abs(contrast)) if self.threshold is None else self.threshold
        return np.stack([contrast > threshold, -contrast > threshold])

    def bands(self, image) -> np.ndarray:
        """int64 of the image's shape: j of every pixel. Raises ValueError for pixels outside [low, high]."""
        pixels = np.asarray(check.between(OWNER, "image", image, self.low, self.high), np.float64)
        part = (pixels - self.low) / (self.high - self.low)
        return np.minimum(np.floor(part * (self.levels + 1)).astype(np.int64), self.levels)

    def encode(self, image) -> Sdr:
        """The code of one image (height, width); raises as `bits`."""
        return trusted(np.flatnonzero(self.bits(image)).astype(np.int32), self.shape)

    def encode_many(self, images: Sequence) -> Csr:
        """A row for each of images (k, height, width); raises as `bits`."""
        return batch.of([self.encode(image) for image in images], self.n)

    def decode(self, sdr: Sdr) -> np.ndarray:
        """(height, width) float64. Raises ValueError for an SDR of another length."""
        bits = checked(OWNER, "sdr", sdr, self.n).dense.reshape(self.shape)
        if self.kind == "on_off":
            return bits[0].astype(np.float64) - bits[1]
        if self.kind == "binary":
            return np.where(bits, self.high, self.low)
        return self.low + (bits.sum(axis=0) + 0.5) * (self.high - self.low) / (self.levels + 1)

    def expected_overlap(self, x, y) -> int:
        """The overlap of the codes of two images, exactly."""
        if self.kind == "thermometer":
            return int(np.minimum(self.bands(x), self.bands(y)).sum())
        return int(np.count_nonzero(self.bits(x) & self.bits(y)))


def image(
    shape: tuple[int, int],
    kind: str = "binary",
    threshold: float | None = None,
    levels: int = 8,
    low: float = 0.0,
    high: float = 255.0,
    radius: int = 2,
) -> Image:
    """Encoder of images of shape (height, width).

    threshold   in the unit of a pixel (of contrast for on_off); None is Otsu's for each image; binary and on_off
    levels      bits of a pixel; thermometer
    low, high   the range of pixels; thermometer, and what binary decodes to
    radius      of the window of 2 radius + 1 pixels a side; on_off

    Raises ValueError for another kind, shape, no level, low >= high.
    """
    check.one_of(OWNER, "kind", kind, KINDS)
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        check.fail(OWNER, "shape must be a pair (height, width)", shape, error=TypeError)
    for name, value in {"low": low, "high": high, "threshold": 0.0 if threshold is None else threshold}.items():
        check.scalar(OWNER, name, value)
    if not low < high:
        check.fail(OWNER, "low must be below high", (low, high))
    levels = check.integer(OWNER, "levels", levels, 1, 2**16)
    radius = check.integer(OWNER, "radius", radius, 1, 2**16)
    height, width = shape_of(OWNER, tuple(shape))
    made = Image(kind, (height, width), threshold, levels, float(low), float(high), radius)
    shape_of(OWNER, made.shape)
    return made


def otsu(pixels) -> float:
    """The threshold that parts pixels into two classes with the largest variance between them.

    Between all neighbouring values, not bins: w_0 w_1 (mean_0 - mean_1)^2, w the sizes of the classes. Of one value
    only, that value, so that none is above it. Raises ValueError for no pixels, or NaN.
    """
    values = np.sort(np.asarray(check.number("encoders.otsu", "pixels", pixels), np.float64), axis=None)
    if not values.size:
        check.fail("encoders.otsu", "pixels must be at least one", np.shape(pixels))
    below = np.arange(1, values.size)
    total = np.cumsum(values - values.mean())[:-1]  # below a cut; above it, the same with the other sign
    between = np.where(np.diff(values) > 0, total**2 / (below * (values.size - below)), -1.0)
    if not np.any(between >= 0):
        return float(values[0])
    cut = int(np.argmax(between))
    return float(values[cut] + (values[cut + 1] - values[cut]) / 2)


def _local_mean(pixels: np.ndarray, radius: int) -> np.ndarray:
    from scipy.ndimage import uniform_filter

    return uniform_filter(pixels, size=2 * radius + 1, mode="nearest")
