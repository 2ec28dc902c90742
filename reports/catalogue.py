"""Architectures by their text, each read once for all tasks and budgets of a space."""

from collections.abc import Sequence

from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["Catalogue", "Known"]

LARGEST = 1_000_000

Known = tuple[Architecture, Architecture | None, Architecture | None]
"""An architecture, its key and its canonical form; no key and no form for an invalid one."""


class Catalogue:
    """Architectures by their text, each read once."""

    def __init__(self) -> None:
        self._known: dict[SearchSpace, dict[str, Known]] = {}
        self._first: dict[SearchSpace, SearchSpace] = {}

    def read(self, space: SearchSpace, texts: Sequence[str]) -> list[Known]:
        """Reads each text.

        Args:
            space: Where the architectures are from.
            texts: As ``space.format`` wrote them.
        """
        space = self._first.setdefault(space, space)  # one of several equal ones: it remembers canonical forms
        known = self._known.setdefault(space, {})
        if len(known) + len(texts) > LARGEST:
            known.clear()
        for text in texts:
            if text not in known:
                architecture = space.parse(text)
                valid = space.contains(architecture)
                known[text] = (
                    architecture,
                    space.key(architecture) if valid else None,
                    space.canonical(architecture) if valid else None,
                )
        return [known[text] for text in texts]
