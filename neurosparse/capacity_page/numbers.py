"""The numbers of a design beside each other: exact, and what others compute, as rows and as a table of the page."""

from html import escape
from itertools import groupby
from typing import NamedTuple

from neurosparse.capacity_page import curves
from neurosparse.capacity_page.design import Design
from neurosparse.io.capacity_answers import Number
from neurosparse.io.capacity_screens import written
from neurosparse.sdr.capacity.match import false_negative, false_positive
from neurosparse.sdr.capacity.population import any_of
from neurosparse.sdr.capacity.result import LogNumber
from neurosparse.sdr.capacity.space import code_bits, code_space
from neurosparse.sdr.capacity.union import union_false_positive, union_size_mean

FAR = 0.005  # log10 from the law beyond which a number is marked


class Line(NamedTuple):
    """gap: log10 from the law."""

    name: str
    method: str
    text: str
    gap: float = 0.0


def lines(d: Design) -> list[Line]:
    """All numbers of a design."""
    return [*_positives(d), *_negatives(d), *_unions(d), *_segments(d), *_space(d)]


def table(d: Design) -> str:
    """`lines` as HTML."""
    made = []
    for name, group in groupby(lines(d), key=lambda line: line.name):
        made.append(f"<tr><th colspan=3>{escape(name)}</th></tr>")
        for line in group:
            gap = f"&times;{10**line.gap:.3g}" if abs(line.gap) > FAR else ""
            cells = (escape(line.method), escape(line.text), gap)
            made.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return f"{_window(d)}<table>{''.join(made)}</table>"


def _window(d: Design) -> str:
    low, high = curves.window(d)
    if low > high:
        needs = f"false positives need &theta; &ge; {low}, false negatives &theta; &le; {high}"
        return f"<p class=none>No &theta; keeps both errors: {needs}.</p>"
    inside = "" if low <= d.theta <= high else f", yours is {'lower' if d.theta < low else 'higher'}"
    return f"<p class=window>&theta; = {low} to {high} keeps both errors{inside}.</p>"


def _positives(d: Design) -> list[Line]:
    law = curves.single(d)
    methods = {"law": "log", "whole numbers": "exact", "binomial": "binomial", "leading term": "leading", "bound": "kl"}
    found = {name: false_positive(d.n, d.a, d.s, d.theta, method) for name, method in methods.items()}
    return [_line("false positive", name, p, law) for name, p in found.items()]


def _negatives(d: Design) -> list[Line]:
    law = false_negative(d.a, d.s, d.v, d.theta)
    exact = false_negative(d.a, d.s, d.v, d.theta, "exact")
    name = f"false negative, {d.v} of {d.a} swapped"
    return [_line(name, "law", law, law), _line(name, "whole numbers", exact, law)]


def _unions(d: Design) -> list[Line]:
    plugin = union_false_positive(d.n, d.a, d.s, d.m, d.theta, "plugin")
    name, size = f"union of {d.m} patterns", union_size_mean(d.n, d.s, d.m)
    if curves.union_steps(d, d.m) > curves.STEPS:
        return [_line(name, "plug-in", plugin, plugin), Line(name, "mean size", f"{size:.1f} cells")]
    law = union_false_positive(d.n, d.a, d.s, d.m, d.theta)
    first = [_line(name, "law", law, law), _line(name, "plug-in", plugin, law)]
    return [*first, Line(name, "mean size", f"{size:.1f} cells")]


def _segments(d: Design) -> list[Line]:
    p, name = curves.single(d), f"any of {d.m} segments"
    law = any_of(p, d.m)
    return [_line(name, "law", law, law), _line(name, "bound M P", any_of(p, d.m, "bound"), law)]


def _space(d: Design) -> list[Line]:
    codes, bits = code_space(d.n, d.a), code_bits(d.n, d.a)
    return [_line("codes", "C(n, a)", codes, codes), Line("codes", "log2", f"{bits:.2f} bits")]


def _line(name: str, method: str, p: LogNumber, law: LogNumber) -> Line:
    text = written(Number(p.value, p.log10), 7)
    return Line(name, method, text, 0.0 if p.log10 == law.log10 else p.log10 - law.log10)
