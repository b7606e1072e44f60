"""How the page looks: plots with powers of ten at the ticks, the palette of M. Okabe and K. Ito, sheets of style."""

from typing import Any

from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    CustomJSTickFormatter,
    HoverTool,
    Span,
)
from bokeh.plotting import figure

from neurosparse.capacity_page.figures import Figure

BLUE, RED, GREEN, GREY, DARK = "#0072B2", "#D55E00", "#009E73", "#999999", "#2b2f36"
COLOURS = (BLUE, RED, GREEN, "#CC79A7", "#E69F00", "#56B4E9")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
POWERS = """
const raised = {"-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹"}
if (Math.abs(tick - Math.round(tick)) > 1e-6) return ""
if (Math.round(tick) == 0) return "1"
return "10" + Array.from(String(Math.round(tick))).map(c => raised[c]).join("")
"""
BODY = f"body {{ margin: 0; background: #f4f5f7; color: {DARK}; font-family: {FONT}; overflow-x: hidden; }}"
CARD = {"background-color": "white", "border-radius": "8px", "box-shadow": "0 1px 3px rgba(0, 0, 0, 0.12)"}
HEAD = "h1 { font-size: 20px; margin: 2px 0; font-weight: 600; } p { margin: 0; font-size: 13px; color: #5a6270; }"
NUMBERS = f"""
.bk-clearfix {{ width: 100%; }}
table {{ border-collapse: collapse; font-size: 12.5px; width: 100%; font-variant-numeric: tabular-nums; }}
td {{ padding: 1.5px 4px; white-space: nowrap; }}
td:first-child {{ color: #5a6270; padding-left: 14px; }}
td:nth-child(2) {{ text-align: right; font-family: ui-monospace, Menlo, Consolas, monospace; }}
td:nth-child(3) {{ text-align: right; color: {RED}; font-size: 11.5px; width: 70px; }}
th {{ text-align: left; border-top: 1px solid #e3e6ea; padding: 4px 4px 1px; font-weight: 600; }}
p {{ font-size: 13px; margin: 4px 2px 8px; padding: 6px 8px; border-radius: 5px; }}
p.window {{ background: #e2f4ee; }} p.none {{ background: #fbe7dc; }}
"""


def panel(title: str, x: str, y: str, powers: bool = True, **options: Any):
    """An empty plot."""
    made: Any = figure(
        title=title,
        x_axis_label=x,
        y_axis_label=y,
        height=336,
        sizing_mode="stretch_width",
        tools="pan,box_zoom,wheel_zoom,reset,save",
        toolbar_location="above",
        **options,
    )
    made.toolbar.logo = None
    made.toolbar.autohide = True
    made.title.text_font_size = "13px"
    made.title.text_color = DARK
    made.outline_line_color = None
    made.grid.grid_line_color = "#e9ebee"
    made.axis.axis_line_color = made.axis.major_tick_line_color = "#b8bec6"
    made.axis.minor_tick_line_color = None
    made.axis.axis_label_text_font_style = "normal"
    made.styles = CARD
    made.min_border_right = 18
    made.min_border_top = made.min_border_bottom = 8
    if powers:
        made.yaxis.ticker = BasicTicker(min_interval=1, mantissas=[1, 2, 5], desired_num_ticks=6)
        made.yaxis.formatter = CustomJSTickFormatter(code=POWERS)
    return made


def line(plot, source: ColumnDataSource, y: str, label: str, colour: str, dash: str = "solid", dots: bool = False):
    """A line of the plot, with what it says under the pointer (column `y`_text)."""
    width = 2.2 if dash == "solid" else 1.6
    drawn = plot.line("x", y, source=source, color=colour, line_dash=dash, line_width=width, legend_label=label)
    if dots:
        plot.scatter("x", y, source=source, color=colour, size=4.5, legend_label=label)
    tips = [(label, f"@{y}_text"), (plot.xaxis[0].axis_label, "@x")]
    plot.add_tools(HoverTool(renderers=[drawn], tooltips=tips, mode="vline", visible=False))
    return drawn


def legend(plot, place: str) -> None:
    """Small, and a click hides a line."""
    plot.legend.location = place
    plot.legend.label_text_font_size = "11px"
    plot.legend.spacing = 0
    plot.legend.padding = 5
    plot.legend.background_fill_alpha = 0.75
    plot.legend.border_line_color = None
    plot.legend.click_policy = "hide"


def mark(plot, dimension: Any, colour: str = DARK, dash: str = "dotted") -> Span:
    """A line across the plot: where the design is, or an error that is allowed."""
    made = Span(dimension=dimension, line_color=colour, line_dash=dash, line_width=1.4)
    plot.add_layout(made)
    return made


def paper(shown: Figure):
    """A figure of the paper as a plot."""
    drawn = panel(f"Figure {shown.name}", shown.x, shown.y, shown.powers)
    drawn.height = 460
    for number, one in enumerate(shown.lines):
        same = shown.name == "7B"
        text = [f"{10**y:.3e}" for y in one.y] if shown.powers else [f"{y:.2f}" for y in one.y]
        source = ColumnDataSource({"x": one.x, "y": one.y, "y_text": text})
        dots = len(one.x) < 40 and one.dash == "solid"
        line(drawn, source, "y", one.label, COLOURS[number // 2 if same else number], one.dash, dots)
    legend(drawn, "bottom_right" if shown.name in ("4B", "7A", "7B") else "bottom_left")
    return drawn
