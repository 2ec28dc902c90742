"""Numbers and lists in sentences."""

from collections.abc import Iterable

__all__ = ["joined", "plural"]


def joined(words: Iterable[str], last: str = "and") -> str:
    """A list in a sentence: ``a, b and c``."""
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} {last} {listed[-1]}" if listed else ""


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 task``, ``2 tasks``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
