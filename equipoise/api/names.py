"""Names as arguments take them: one text, or several in a sequence."""

from collections.abc import Sequence
from pathlib import Path

__all__ = ["names"]


def names(given: str | Path | Sequence[str | Path]) -> tuple[str, ...]:
    """The names that an argument holds; a text or a path is one of them, not a sequence of letters."""
    return tuple(map(str, [given] if isinstance(given, str | Path) else given))
