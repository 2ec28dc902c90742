"""Appearance of the methods: one colour, marker and line per method, the same in every figure, ordered by family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["FAINT", "INK", "MUTED", "PALETTE", "PAPER", "Look", "looks"]

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
DASHES: Mapping[str, tuple[tuple[float, ...], ...]] = {
    "nas": ((), (7, 1), (7, 1, 1, 1), (10, 2)),
    "hpo": ((4, 1.2), (2, 1), (4, 1, 1, 1), (1, 0.8)),
    "one-shot": ((6, 2, 1, 2, 1, 2), (3, 3)),
    "baseline": ((1, 1.5), (2, 2)),
}


@dataclass(frozen=True)
class Look:
    """Appearance of one method.

    Attributes:
        colour: Of its lines and markers.
        marker: As matplotlib writes it; empty for none.
        dashes: Lengths of dashes and gaps in multiples of the line's width; empty for a continuous line.
    """

    colour: str
    marker: str
    dashes: tuple[float, ...]


def looks(families: Mapping[str, Sequence[str]]) -> dict[str, Look]:
    """The look of every method.

    Args:
        families: Labels by family, in the order of the report.
    """
    return {
        label: Look(
            PALETTE[family][place % len(PALETTE[family])],
            MARKERS[family][place % len(MARKERS[family])],
            DASHES[family][place % len(DASHES[family])],
        )
        for family, labels in families.items()
        for place, label in enumerate(labels)
    }
