"""Digits set in many typefaces and bent a little: `font_digits(20_000) -> Images`, a data set that needs no file.

    source = centre + A (target - centre - shift) ,  A^-1 = [[cos r, -sin r], [sin r, cos r]] [[1, h], [0, 1]] diag(s)
    image  = clip(a ink(source) + 0.08 g m, 0, 1) ,  r, h ~ N(0, 0.08) ,  s ~ e^N(0, 0.1), two
    shift ~ U(-1.2, 1.2)^2 pixels ,  a ~ U(0.6, 1) ,  g ~ N(0, 1) ,  m = 1 on 30 % of the pixels, else 0

ink is a digit of one of the typefaces that Matplotlib brings (DejaVu, STIX, Computer Modern) in 20 to 23 pixels, drawn
by Pillow, its middle in the middle of 28 x 28 pixels, read between pixels by bilinear interpolation. Digit, typeface
and size are drawn evenly. Sample k depends on (seed, part, k) alone: more samples leave the first ones as they are.
The glyphs are FreeType's, whose versions may differ in a grey level; with one of them the images are the same bits.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from neurosparse import check, rng
from neurosparse.data.idx import DataError
from neurosparse.data.loader import Images

OWNER = "data.font_digits"
SIDE, ROOM = 28, 40  # pixels of an image, and of a glyph with room about it
SIZES = (20, 21, 22, 23)
FONTS = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Bol", "Italic", "BolIta")),
    *("cmr10", "cmb10", "cmss10", "cmtt10"),
)
PARTS = ("train", "test")
PIECE = 512  # images at a time


def font_digits(n: int = 20_000, seed: int = 0, part: str = "train") -> Images:
    """n images (n, 28, 28) uint8, ink bright on dark, and their digits; read-only, and kept in memory for next time.

    "train" and "test" are drawn from different streams of the seed. Raises ValueError or TypeError for n < 1, a seed
    outside [0, 2**64) or another part, and DataError (a ValueError) where a typeface is missing.
    """
    n = check.integer(OWNER, "n", n, 1)
    check.one_of(OWNER, "part", part, PARTS)
    check.fits(OWNER, "the images", float(n) * SIDE * SIDE)
    return _drawn(n, check.integer(OWNER, "seed", seed, 0, 2**64 - 1), part)


@lru_cache(maxsize=4)
def _drawn(n: int, seed: int, part: str) -> Images:
    images, labels, bank = np.empty((n, SIDE, SIDE), np.uint8), np.empty(n, np.uint8), glyphs()
    for first in range(0, n, PIECE):
        piece = slice(first, min(first + PIECE, n))
        images[piece], labels[piece] = _draw(bank, seed, part, first, piece.stop - first)
    images.flags.writeable = labels.flags.writeable = False
    return Images(images, labels, f"font-digits {part}")


@lru_cache(maxsize=1)
def glyphs() -> np.ndarray:
    """(10, typefaces, sizes, 40, 40) float64 in [0, 1]: ink of each digit, its box in the middle, with an empty rim."""
    from PIL import Image, ImageDraw, ImageFont

    out = np.zeros((10, len(FONTS), len(SIZES), ROOM, ROOM))
    for j, name in enumerate(FONTS):
        for k, size in enumerate(SIZES):
            font = ImageFont.truetype(_font(name), size, layout_engine=ImageFont.Layout.BASIC)
            for digit in range(10):
                image = Image.new("L", (ROOM, ROOM))
                left, top, right, bottom = font.getbbox(str(digit))
                corner = ((ROOM - right - left) // 2, (ROOM - bottom - top) // 2)
                ImageDraw.Draw(image).text(corner, str(digit), fill=255, font=font)
                out[digit, j, k] = np.asarray(image) / 255.0
    out.flags.writeable = False
    return out


def _font(name: str) -> str:
    """Path of a typeface of Matplotlib's, which need not be imported for that."""
    from importlib.util import find_spec

    found = find_spec("matplotlib")
    path = Path(str(found and found.origin)).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"
    if not path.exists():
        check.fail(OWNER, f"{path} must exist", "no such file", "install Matplotlib whole", DataError)
    return str(path)


def _draw(bank: np.ndarray, seed: int, part: str, first: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and digits first .. first + n - 1."""
    which, bent, moved = (rng.stream(seed, f"font digits {part} {what}") for what in ("glyphs", "shape", "place"))
    u = [rng.uniforms(which, n, step, first) for step in range(3)]
    digit, face, size = (np.minimum(k * m, m - 1).astype(np.intp) for k, m in zip(u, bank.shape))
    rotation, shear, *scales = (rng.normals(bent, n, step, first) for step in range(4))
    *shift, shade = (rng.uniforms(moved, n, step, first) for step in range(3))
    inverse = _inverse(0.08 * rotation, 0.08 * shear, np.exp(0.1 * np.stack(scales)))
    ink = _warped(bank[digit, face, size], inverse, 2.4 * np.stack(shift, axis=1) - 1.2)
    image = (0.6 + 0.4 * shade)[:, None, None] * ink + 0.08 * _noise(seed, part, first, n)
    return np.rint(255.0 * image.clip(0.0, 1.0)).astype(np.uint8), digit.astype(np.uint8)


def _inverse(rotation: np.ndarray, shear: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """(n, 2, 2), A on columns (x, y)."""
    c, s, (x, y) = np.cos(rotation), np.sin(rotation), scales
    return np.stack([(s * shear + c) / x, (s - c * shear) / x, -s / y, c / y], axis=1).reshape(-1, 2, 2)


def _warped(ink: np.ndarray, inverse: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """(n, 28, 28): the glyphs (n, 40, 40) read at the places that the inverse map (x, y) gives."""
    y, x = np.mgrid[:SIDE, :SIDE].reshape(2, -1) - (SIDE - 1) / 2
    target = np.stack([x, y]) - shift[:, :, None]
    source = (inverse[:, :, :1] * target[:, :1] + inverse[:, :, 1:] * target[:, 1:]) + (ROOM - 1) / 2
    low = np.floor(source).clip(0, ROOM - 2).astype(np.intp)
    (fx, fy), (lx, ly) = (part.transpose(1, 0, 2) for part in ((source - low).clip(0.0, 1.0), low))
    k = np.arange(len(ink))[:, None]
    above = ink[k, ly, lx] * (1.0 - fx) + ink[k, ly, lx + 1] * fx
    below = ink[k, ly + 1, lx] * (1.0 - fx) + ink[k, ly + 1, lx + 1] * fx
    return (above * (1.0 - fy) + below * fy).reshape(-1, SIDE, SIDE)


def _noise(seed: int, part: str, first: int, n: int) -> np.ndarray:
    """(n, 28, 28) normal numbers on 30 % of the pixels, else 0."""
    size = SIDE * SIDE
    where, how = (rng.stream(seed, f"font digits {part} noise {what}") for what in ("where", "how much"))
    seen = rng.uniforms(where, n * size, first=first * size) < 0.3
    return (rng.normals(how, n * size, first=first * size) * seen).reshape(n, SIDE, SIDE)
