"""How LIF, UltraLIF and UltraDLIF take up the same pulses: drawn, and their membranes without spikes.

UltraDLIF in the form of the authors' program: what is spread meets the threshold, what comes back is w itself.
"""

from matplotlib.patches import Rectangle

from neurosparse import plot
from neurosparse.plot.looks import SHARE

SOURCE = "ultra_shapes"
# name, title, boxes from left to right, what the membrane does
KINDS = (
    ("lif", "a  LIF", (r"$\times\,\tau_0$", r"$+$"), "sums"),
    ("ultralif", "b  UltraLIF", (r"$+\,\log\,\tau_0$", r"LSE$_\epsilon$"), "holds the largest"),
    ("ultradlif", "c  UltraDLIF (program)", (r"$\times\,\tau_0 + I$", r"LSE$_\epsilon$"), "spreads it"),
)


def draw(record):
    """Three columns: a drawing, the membrane, and the pulses below."""
    a, figure = record.arrays, plot.figure(8.4, 5.0)
    grid = figure.add_gridspec(3, 3, height_ratios=[1.15, 1.4, 0.55])
    high = 1.1 * max(a["lif"].max(), a["input"].max())
    for k, (name, title, boxes, what) in enumerate(KINDS):
        top, middle, low = (figure.add_subplot(grid[row, k]) for row in range(3))
        _diagram(top, boxes, soft=name != "lif", neighbours=name == "ultradlif")
        top.set_title(f"{title} {what}", loc="left")
        if name == "ultradlif":
            _ring(middle, a[name])
        else:
            middle.plot(a[name], color=plot.OURS, drawstyle="steps-mid")
            middle.set(ylim=(-0.05, high), ylabel="membrane")
        low.stem(a["input"], markerfmt=" ", basefmt=" ", linefmt=plot.PUBLISHED)
        low.set(xlabel="step", ylabel="input", ylim=(0, high))
        for ax in (middle, low):
            ax.set_xlim(-0.5, len(a["input"]) - 0.5)
    return figure


def _ring(ax, v) -> None:
    """Membranes of the ring over time, the middle one driven."""
    image = ax.imshow(v.T, cmap=SHARE, origin="lower", vmin=0, aspect="auto")
    ax.set(ylabel="neuron")
    ax.figure.colorbar(image, ax=ax, label="what meets the threshold", pad=0.02)


def _diagram(ax, boxes, soft: bool, neighbours: bool) -> None:
    """v and the input go in, through two boxes, to the threshold; what is not reset comes back."""
    ax.set(xlim=(-0.6, 10.8), ylim=(0, 6))
    ax.axis("off")
    xs, y, half, high = (1.9, 5.1, 8.3), 3.4, 1.25, 0.75
    end = r"$\sigma\left(\frac{u - v_{th}}{\epsilon}\right)$" if soft else r"$u \geq v_{th}$"
    line = {"arrowstyle": "-|>", "color": plot.NEUTRAL, "lw": 0.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7}
    for x, text in zip(xs, (*boxes, end), strict=True):
        ax.add_patch(Rectangle((x - half, y - high), 2 * half, 2 * high, fc="white", ec=plot.NEUTRAL, lw=0.8))
        ax.text(x, y, text, ha="center", va="center", fontsize=7)
    edges = (-0.1, *(x + side * half for x in xs for side in (-1, 1)), 10.2)
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        ax.annotate("", (right, y), (left, y), arrowprops=line)
    ax.text(-0.2, y, "v", ha="right", va="center", fontsize=8)
    ax.text(10.3, y, "s", ha="left", va="center", fontsize=8)
    inlet, back = (xs[0], 3.5) if neighbours else (xs[1], 6.7)
    ax.annotate("I", (inlet, y + high), (inlet, 5.8), arrowprops=line, ha="center", va="center", fontsize=8)
    ax.plot([back, back, 0.2, 0.2], [y, 0.9, 0.9, y], color=plot.OURS, linewidth=0.8)
    ax.text((back + 0.2) / 2, 1.0, r"$\times\,(1 - s)$", ha="center", va="bottom", fontsize=7, color=plot.OURS)
    for side, text in ((-0.7, r"$w_{i-1}$"), (0.7, r"$w_{i+1}$")) * neighbours:
        ax.annotate(text, (xs[1] + side, y - high), (xs[1] + side, 0.9), arrowprops=line, ha="center", va="center",
                    fontsize=7)  # fmt: skip
