"""Spaces in which every combination of options is an architecture."""

from collections.abc import Iterator
from functools import cached_property
from itertools import product
from math import prod
from operator import lt, mul

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["ProductSpace"]


class ProductSpace(SearchSpace):
    """Base of the spaces that are a plain product of their decisions: nothing is masked, sampling is uniform."""

    def legal(self, prefix: Architecture) -> npt.NDArray[np.bool_]:
        """Every option, always."""
        return self._every_option[len(prefix)]

    @cached_property
    def _every_option(self) -> list[npt.NDArray[np.bool_]]:
        masks = [np.ones(width, dtype=np.bool_) for width in self.cardinalities]
        for mask in masks:
            mask.flags.writeable = False  # one array for all callers
        return masks

    def contains(self, architecture: Architecture) -> bool:
        """Tells whether every option is in range."""
        widths = self.cardinalities
        return len(architecture) == len(widths) and min(architecture) >= 0 and all(map(lt, architecture, widths))

    def sample(self, rng: np.random.Generator, n: int) -> list[Architecture]:
        """Draws n architectures, exactly uniformly."""
        drawn = rng.integers(self._bounds, size=(n, len(self.cardinalities)))
        return list(zip(*drawn.T.tolist(), strict=True))

    @cached_property
    def _bounds(self) -> int | npt.NDArray[np.int64]:
        """The bounds of random options: one number where all are equal, which draws the same numbers faster."""
        widths = set(self.cardinalities)
        return widths.pop() if len(widths) == 1 else np.array(self.cardinalities, np.int64)

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Draws a neighbour, exactly uniformly, without listing them."""
        edits = self._edits
        position, step, width = edits[int(rng.random() * len(edits))]
        edited = list(architecture)
        edited[position] = (edited[position] + step) % width
        return tuple(edited)

    @cached_property
    def _edits(self) -> list[tuple[int, int, int]]:
        """Every (decision, cyclic step to another option, number of options)."""
        return [
            (position, step, width) for position, width in enumerate(self.cardinalities) for step in range(1, width)
        ]

    def enumerate(self) -> Iterator[Architecture]:
        """Yields every combination, the last decision changing fastest."""
        return product(*map(range, self.cardinalities))

    @cached_property
    def size(self) -> int:
        """The product of the cardinalities."""
        return prod(self.cardinalities)

    @cached_property
    def _strides(self) -> tuple[int, ...]:
        return tuple(prod(self.cardinalities[position + 1 :]) for position in range(len(self.cardinalities)))

    def index(self, architecture: Architecture) -> int:
        """The position of an architecture in `enumerate()`, by arithmetic alone."""
        return sum(map(mul, architecture, self._strides))
