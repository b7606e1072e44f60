"""One style sheet, one palette, and figures without pyplot.

The palette is that of M. Okabe and K. Ito, Color universal design, 2008, which every common kind of colour
vision tells apart. Greys stand for what is neither excitatory nor inhibitory, neither ours nor theirs.
"""

from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from neurosparse import check

EXCITATORY = "#0072B2"  # blue
INHIBITORY = "#D55E00"  # vermilion
OURS = "#009E73"  # bluish green
PUBLISHED = "#000000"  # black
BASELINE = "#999999"  # grey
NEUTRAL = "#4D4D4D"  # dark grey

SIGNED = LinearSegmentedColormap.from_list("signed", [INHIBITORY, "#FFFFFF", EXCITATORY])
SHARE = LinearSegmentedColormap.from_list("share", ["#FFFFFF", "#56B4E9", "#0072B2", "#00304C"])
SHEET = Path(__file__).with_name("neurosparse.mplstyle")


def style() -> AbstractContextManager:
    """Context with the style sheet in force, over Matplotlib's defaults: for drawing and for saving."""
    sheet = matplotlib.rc_params_from_file(SHEET, use_default_template=False)
    return matplotlib.rc_context({**_defaults(), **sheet})


def figure(width: float = 5.0, height: float = 3.2) -> Figure:
    """An empty figure of our style, inches; it belongs to no window and is freed like any object.

    Raises ValueError for a size that is not positive.
    """
    check.positive("plot.figure", "width", width, "inches")
    check.positive("plot.figure", "height", height, "inches")
    with style():
        return Figure(figsize=(width, height))


def axes(ax: Axes | None, width: float = 5.0, height: float = 3.2) -> Axes:
    """`ax` itself, or the axes of a new figure of our style."""
    if ax is not None:
        return ax
    with style():
        return figure(width, height).add_subplot()


def _defaults() -> dict:
    """Matplotlib's own defaults, less what belongs to the session: the backend and its window."""
    skip = ("backend", "toolbar", "interactive", "webagg", "tk.", "savefig.directory", "date.")
    return {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith(skip)}
