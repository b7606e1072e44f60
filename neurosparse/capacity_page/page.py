"""The document of one visitor: a panel of sliders and numbers, four live plots, and a tab for each figure of the paper.

Each quantity has a slider and a box; both are views of one `Design`, which `settle` keeps possible. Every change works
out the design anew, on the server.
"""

import math
from collections.abc import Callable
from typing import Any

from bokeh.document import Document
from bokeh.layouts import column, gridplot, row
from bokeh.models import (
    BoxAnnotation,
    ColumnDataSource,
    Div,
    GlobalInlineStyleSheet,
    NumericInput,
    Slider,
    TabPanel,
    Tabs,
)

from neurosparse.capacity_page import curves, figures, look, numbers
from neurosparse.capacity_page.design import LARGEST_A, LARGEST_M, LARGEST_N, LARGEST_S, Design, settle
from neurosparse.io.capacity_answers import Number
from neurosparse.io.capacity_screens import written

LABELS = {
    "n": "n, cells",
    "a": "a, active cells",
    "s": "s, synapses",
    "theta": "θ, threshold",
    "noise": "noise, share of a swapped",
    "m": "M, patterns or segments",
    "fp": "log10 of false positives allowed",
    "fn": "log10 of false negatives allowed",
}
LOGS = ("n", "a", "m")  # whose sliders are of log2
BOUNDS = {
    "n": (4.0, math.log2(LARGEST_N), 0.125),
    "a": (0.0, math.log2(LARGEST_A), 0.1),
    "s": (1, LARGEST_S, 1),
    "theta": (1, LARGEST_S, 1),
    "noise": (0.0, 1.0, 0.01),
    "m": (0.0, math.log2(LARGEST_M), 0.1),
    "fp": (-60, 0, 1),
    "fn": (-20, 0, 1),
}


def build(document: Document) -> None:
    """Fill the document of a new visitor."""
    boxes, sliders = {name: _box(name) for name in LABELS}, {name: _slider(name) for name in LABELS}
    sources, show, plots = _plots()
    table = Div(name="numbers", stylesheets=[look.NUMBERS], width=330)
    state = {"design": settle(Design()), "busy": False}

    def update(wanted: Design) -> None:
        state["design"] = d = settle(wanted)
        state["busy"] = True  # what we set below must not come back as a wish
        for name in LABELS:
            _place(name, d, boxes[name], sliders[name])
        state["busy"] = False
        table.text = numbers.table(d)
        for name, work in WORK.items():
            sources[name].data = _readable(work(d))
        show(d)

    def listen(name: str, read: Callable) -> Callable:
        def changed(attribute: str, old: object, new: float | None) -> None:
            if not state["busy"] and new is not None:
                update(state["design"]._replace(**{name: read(new)}))

        return changed

    for name in LABELS:
        boxes[name].on_change("value", listen(name, lambda x: x))
        sliders[name].on_change("value", listen(name, (lambda x: 2**x) if name in LOGS else (lambda x: x)))
    update(state["design"])
    document.title = "neurosparse capacity"
    document.add_root(_layout(boxes, sliders, table, plots))


WORK = {"theta": curves.by_theta, "n": curves.by_n, "noise": curves.by_noise, "m": curves.by_m}


def _box(name: str) -> NumericInput:
    mode = "float" if name in ("noise", "fp", "fn") else "int"
    return NumericInput(name=f"box_{name}", value=0, mode=mode, width=82, margin=(2, 4, 2, 2))


def _slider(name: str) -> Slider:
    low, high, step = BOUNDS[name]
    title = LABELS[name]
    return Slider(
        name=name,
        title=title,
        start=low,
        end=high,
        step=step,
        value=low,
        show_value=False,
        width=226,
        margin=(2, 8, 2, 4),
    )


def _place(name: str, d: Design, box: NumericInput, slider: Slider) -> None:
    """Show the design in a slider and its box."""
    value = getattr(d, name)
    box.value = value
    scale = math.log2 if name in LOGS else float
    most = {"a": min(d.n, LARGEST_A), "s": min(d.a, LARGEST_S), "theta": d.s}.get(name)
    if most is not None:
        slider.end = scale(max(most, 2))
    slider.value = scale(value)


def _readable(curve: dict) -> dict:
    """The columns, and the text under the pointer for each height."""
    texts = {
        f"{name}_text": ["0" if math.isnan(y) else written(Number(math.nan, y), 5) for y in heights.tolist()]
        for name, heights in curve.items()
        if name != "x"
    }
    return curve | texts


def _plots():
    """(sources, show(design), plots)."""
    sources = {name: ColumnDataSource() for name in WORK}
    both = look.panel("Both errors over the threshold", LABELS["theta"], "probability")
    look.line(both, sources["theta"], "fp", "false positive", look.BLUE, dots=True)
    look.line(both, sources["theta"], "fn", "false negative", look.RED, dots=True)
    over_n = look.panel("False positives over n", LABELS["n"], "probability", x_axis_type="log")
    for y, label, colour, dash in (
        ("log", "law", look.BLUE, "solid"),
        ("binomial", "binomial", look.GREY, "dashed"),
        ("kl", "bound", look.GREY, "dotted"),
    ):
        look.line(over_n, sources["n"], y, label, colour, dash)
    noisy = look.panel("False negatives over noise", LABELS["noise"], "probability", x_range=(-0.02, 1.02))
    look.line(noisy, sources["noise"], "fn", "false negative", look.RED, dots=True)
    over_m = look.panel("Unions and populations over M", LABELS["m"], "probability", x_axis_type="log")
    for y, label, colour, dash in (
        ("union", "union of M patterns", look.BLUE, "solid"),
        ("plugin", "its plug-in", look.GREY, "dashed"),
        ("segments", "any of M segments", look.GREEN, "solid"),
    ):
        look.line(over_m, sources["m"], y, label, colour, dash)
    plots = [both, over_n, noisy, over_m]
    for plot, place in zip(plots, ("bottom_left", "bottom_left", "bottom_right", "right")):
        look.legend(plot, place)
    return sources, _marks(plots), plots


def _marks(plots) -> Callable[[Design], None]:
    """What shows a design in the plots: its place, the errors that are allowed, the window of thresholds."""
    window = BoxAnnotation(name="window", fill_color=look.GREEN, fill_alpha=0.14, line_color=None)
    plots[0].add_layout(window)
    places = dict(zip(("theta", "n", "noise", "m"), (look.mark(plot, "height") for plot in plots)))
    allowed = [(plots[1], "fp", look.BLUE), (plots[2], "fn", look.RED), (plots[3], "fp", look.BLUE)]
    limits = [(name, look.mark(plot, "width", colour, "dashdot")) for plot, name, colour in allowed]

    def show(d: Design) -> None:
        for name, span in places.items():
            span.location = getattr(d, name)
        for name, span in limits:
            span.location = getattr(d, name)
        low, high = map(int, curves.window(d))
        window.left, window.right, window.visible = low - 0.5, high + 0.5, low <= high

    return show


def _layout(boxes, sliders, table, plots):
    head = Div(
        text="<h1>Capacity of sparse distributed representations</h1><p>A segment of s synapses fires at θ of them. "
        "How often for a random input, and how often not for its own?</p>",
        stylesheets=[look.HEAD],
        margin=(10, 16, 4, 16),
    )
    controls = [row(sliders[name], boxes[name], align="end") for name in LABELS]
    side = column(*controls, table, width=350, styles={"padding": "8px"} | look.CARD, margin=(8, 8, 8, 12))
    grid: Any = gridplot(plots, ncols=2, sizing_mode="stretch_width", toolbar_location=None, merge_tools=False)
    grid.spacing, grid.margin = 8, (8, 12, 8, 0)
    live = TabPanel(title="Calculator", child=row(side, grid, sizing_mode="stretch_width"))
    tabs = Tabs(name="tabs", tabs=[live, *map(_tab, figures.figures())], sizing_mode="stretch_width")
    return column(head, tabs, sizing_mode="stretch_width", stylesheets=[GlobalInlineStyleSheet(css=look.BODY)])


def _tab(shown: figures.Figure) -> TabPanel:
    plot = look.paper(shown)
    if shown.shaded:
        plot.add_layout(
            BoxAnnotation(left=shown.shaded[0], right=shown.shaded[1], fill_color=look.GREEN, fill_alpha=0.12)
        )
    caption = Div(text=f"<p>1601.00720, figure {shown.name}. {shown.caption}</p>", stylesheets=[look.HEAD])
    inside = column(plot, caption, sizing_mode="stretch_width", max_width=900, margin=(8, 12, 8, 12))
    return TabPanel(title=f"Fig {shown.name}", child=inside)
