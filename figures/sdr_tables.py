"""Printed error rates of sparse patterns over the exact ones: the tables of 1503.07469 and of the synapses paper."""

import numpy as np

from neurosparse import plot

SOURCE = "sdr_tables"
COLOURS = {"union": plot.EXCITATORY, "erratum": plot.INHIBITORY, "notebook": plot.BASELINE, "m patterns": plot.OURS}


def draw(record):
    """One bar for each entry that is off by more than 1 %; the others are counted."""
    off, table, case = (record.arrays[key] for key in ("off", "table", "case"))
    some = np.flatnonzero(np.abs(off) > np.log10(1.01))
    some = some[np.argsort(off[some])]
    figure = plot.figure(7.2, 0.19 * len(some) + 1.0)
    ax = figure.add_subplot()
    for name, colour in COLOURS.items():
        at = np.flatnonzero(table[some] == name)
        ax.barh(at, off[some][at], color=colour, height=0.7, label=_explained(record, name))
    for y, k in enumerate(some):
        row = record.rows[k]
        text = f" {row['archived']:.3g}, exact {row['exact']:.3g}, x{10 ** off[k]:.3g} "
        ax.text(max(off[k], 0), y, text, va="center", ha="left", fontsize=5.5)
    ax.set_yticks(range(len(some)), [case[k] for k in some], fontsize=6)
    ax.axvline(0, color="k", linewidth=0.6)
    ax.set(xlabel=r"$\log_{10}$ of archived / exact", xlim=(-0.15, max(3.6, off.max() + 0.9)))
    ax.set_ylim(-0.8, len(some) - 0.2)
    passed = int(record.arrays["passed"].sum())
    ax.set_title(f"{len(off)} archived values, {passed} reproduced by the formulas they came from; {len(some)} are "
                 "off by more than 1 %", loc="left", fontsize=8)  # fmt: skip
    ax.legend(loc="center right", fontsize=6.5)
    text = (
        f"The spreadsheet's unions with theta < w are {_too_high(record)} times what its formula gives: it chose the "
        f"cells\nthat miss the union X among n - w cells, not n - |X|. (exact: whole numbers, all sizes of X.)"
    )
    figure.text(0.02, -0.01, text, fontsize=7, va="top", color=plot.NEUTRAL)
    return figure


def _too_high(record) -> str:
    meant = {row["case"]: row["archived"] for row in record.rows if row["table"] == "union"}
    wrong = [row["archived"] / meant[row["case"]] for row in record.rows if row["table"] == "erratum"]
    return ", ".join(f"{ratio:.2g}" if ratio < 100 else f"{ratio:.0f}" for ratio in wrong)


def _explained(record, name: str) -> str:
    how = sorted({row["how"] for row in record.rows if row["table"] == name})
    return f"{name}: {'; '.join(how)}"
