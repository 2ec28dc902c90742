"""How every figure looks: one colour, marker and line a method, the same everywhere, ordered by family."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

__all__ = [
    "INK",
    "MUTED",
    "PALETTE",
    "PAPER",
    "Look",
    "legend",
    "log_axis",
    "looks",
    "panels",
    "pdf",
    "settled",
    "styled",
    "svg",
]

INK, MUTED, FAINT, PAPER = "#1c2128", "#6a737d", "#d8dee4", "#ffffff"

PALETTE: Mapping[str, tuple[str, ...]] = {
    # Blue to green for NAS, red to yellow for HPO: a pair that every common colour blindness keeps apart. Within a
    # family the colours also differ in lightness, and every method has its own marker and dashes, for grey prints.
    "nas": ("#0b5394", "#3d9be0", "#00796b", "#4db6ac", "#283593", "#7986cb", "#2e7d32", "#9ccc65"),
    "hpo": ("#b3261e", "#f07f2e", "#8d5a00", "#e0b400", "#ad1457", "#f06292", "#6d4c41", "#bf8f6f"),
    "one-shot": ("#6a1b9a", "#ba68c8", "#4527a0", "#9575cd"),
    "baseline": ("#6a737d", "#a0a8b0", "#424a53"),
}
MARKERS: Mapping[str, str] = {"nas": "osD^vhp8", "hpo": "XPd<>*HX", "one-shot": "p8sd", "baseline": ".ph"}
DASHES: Mapping[str, tuple[Any, ...]] = {
    "nas": ("-", (0, (7, 1)), (0, (7, 1, 1, 1)), (0, (10, 2))),
    "hpo": ((0, (4, 1.2)), (0, (2, 1)), (0, (4, 1, 1, 1)), (0, (1, 0.8))),
    "one-shot": ((0, (6, 2, 1, 2, 1, 2)), (0, (3, 3))),
    "baseline": ((0, (1, 1.5)), (0, (2, 2))),
}
SETTINGS: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.labelsize": 8.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlecolor": INK,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.5,
    "lines.markersize": 5,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "svg.hashsalt": "equipoise",
    "pdf.fonttype": 42,
    "path.simplify": True,
}


@dataclass(frozen=True)
class Look:
    """How one method is drawn."""

    colour: str
    marker: str
    dashes: Any

    @property
    def line(self) -> dict[str, Any]:
        """Arguments of a line with a few markers."""
        return {
            "color": self.colour,
            "marker": self.marker,
            "linestyle": self.dashes,
            "markeredgecolor": PAPER,
            "markeredgewidth": 0.35,
        }


def looks(families: Mapping[str, Sequence[str]]) -> dict[str, Look]:
    """The look of every method.

    Args:
        families: Labels by family, in the order of the report.
    """
    found: dict[str, Look] = {}
    for family, labels in families.items():
        cycle = product(DASHES[family], [None])
        dashes = [dash for dash, _ in cycle]
        for place, label in enumerate(labels):
            found[label] = Look(
                PALETTE[family][place % len(PALETTE[family])],
                MARKERS[family][place % len(MARKERS[family])],
                dashes[place % len(dashes)],
            )
    return found


@contextmanager
def styled() -> Iterator[None]:
    """Draws with the settings of the report, whatever the user's own are, and without a display."""
    import matplotlib

    matplotlib.use("agg")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)  # type: ignore[arg-type,unused-ignore]
        yield


def panels(
    count: int, width: float = 7.2, height: float = 1.75, columns: int = 3, figure: "Figure | None" = None
) -> "tuple[Figure, list[Axes]]":
    """A grid of equal panels.

    Args:
        count: Panels wanted.
        width: Of the whole figure, in inches.
        height: Of one row, in inches.
        columns: At most so many beside each other.
        figure: An empty one to fill; a new one if None.
    """
    from matplotlib.figure import Figure

    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure() if figure is None else figure
    figure.set_size_inches(width, rows * height + 0.75)
    figure.set_layout_engine("constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def log_axis(axis: "Axis") -> None:
    """Writes the numbers of a logarithmic axis out: 10, 100, 1k, 1M."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    def written(value: float, _: object) -> str:
        for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if value >= size:
                return f"{value / size:g}{letter}"
        return f"{value:g}"

    axis.set_major_locator(LogLocator(numticks=6))
    axis.set_major_formatter(FuncFormatter(written))
    axis.set_minor_formatter(NullFormatter())


def legend(figure: "Figure", axes: "Axes") -> None:
    """One legend for all panels, below them, in as many columns as the longest name leaves room for."""
    handles, labels = axes.get_legend_handles_labels()
    columns = max(1, min(5, len(labels), 105 // (max(map(len, labels), default=1) + 9)))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, handlelength=3.2, columnspacing=1.4)


def settled(figure: "Figure") -> "Figure":
    """Lays a figure out for good, so that every format shows the same and the work is done once."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure


def svg(figure: "Figure") -> str:
    """The figure as SVG: the same bytes for the same figure."""
    buffer = BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue().decode()
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def pdf(figure: "Figure") -> bytes:
    """The figure as PDF with embedded TrueType fonts: the same bytes for the same figure."""
    buffer = BytesIO()
    figure.savefig(buffer, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return buffer.getvalue()
