"""The masks of a space, remembered."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["Masks"]

MOST_CACHED = 30_000
"""Prefixes whose masks are kept; all are forgotten beyond."""


class Masks:
    """Looks up which options may follow a prefix.

    Args:
        space: The space.
    """

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self._masks: dict[Architecture, npt.NDArray[np.bool_]] = {}

    def legal(self, prefix: Architecture) -> npt.NDArray[np.bool_]:
        """`SearchSpace.legal`, remembered."""
        mask = self._masks.get(prefix)
        if mask is None:
            if len(self._masks) >= MOST_CACHED:
                self._masks.clear()
            mask = self._masks[prefix] = self.space.legal(prefix)
        return mask

    def masks(self, prefixes: Sequence[Architecture]) -> list[npt.NDArray[np.bool_]]:
        """`legal` of each of B prefixes."""
        known = map(self._masks.get, prefixes)
        return [self.legal(prefix) if mask is None else mask for prefix, mask in zip(prefixes, known, strict=True)]
