"""Numbers and lists as a reader wants them."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.wording import joined, plural
from equipoise.reports.document import Cell

__all__ = ["amount", "decimals", "interval", "joined", "name", "number", "percent", "plural", "probability"]

MISSING = "n/a"


def decimals(values: npt.ArrayLike) -> int:
    """Digits behind the point that suit a column: enough for its largest value to have three or four figures."""
    finite = np.abs(np.asarray(values, dtype=np.float64))
    finite = finite[np.isfinite(finite)]
    largest = float(finite.max(initial=0.0))
    return 0 if largest >= 1000 else 1 if largest >= 100 else 2 if largest >= 10 else 3 if largest >= 0.01 else 4


def number(value: float, digits: int = 3) -> str:
    """A number with a true minus sign, never a negative zero; ``n/a`` for NaN."""
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def interval(low: float, high: float, digits: int = 3) -> str:
    """``[low, high]``; empty if either is unknown, and said where it is unbounded: a single run has no interval.

    That of a quantity that starts at 0 is unbounded above alone.
    """
    if math.isinf(high) and (math.isinf(low) or low == 0):
        return "[no interval]"
    return "" if math.isnan(low) or math.isnan(high) else f"[{number(low, digits)}, {number(high, digits)}]"


def percent(share: float) -> str:
    """A share as whole per cent, without rounding to certainty."""
    if math.isnan(share):
        return MISSING
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def probability(value: float, symbol: str = "") -> str:
    """A p-value: two figures, never 0; with a symbol, ``p = 0.03``."""
    if math.isnan(value):
        return MISSING
    if value < 1e-4:
        return f"{symbol} < 0.0001".strip()
    shown = f"{value:.4f}" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
    return f"{symbol} = {shown}" if symbol else shown


def amount(value: float) -> str:
    """A count or an amount, with three figures unless it is whole."""
    if math.isnan(value) or math.isinf(value):
        return number(value)
    if value == round(value) and abs(value) < 1e7:
        return f"{value:,.0f}"
    if abs(value) >= 1e7:
        return f"{value:.3g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return number(value, min(digits, 6))


def name(text: str) -> Cell:
    """A cell that holds a method's or task's name."""
    return Cell(text, code=True)


def spread(words: Sequence[str], separator: str, style: type[str]) -> tuple[str, ...]:
    """Styled words with a plain separator between them, for use inside a text."""
    parts: list[str] = []
    for word in words:
        parts += [separator, style(word)] if parts else [style(word)]
    return tuple(parts)
