"""Numbers of the architectures of a space."""

from math import prod

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["Numbering", "Numbers"]

MOST_NUMBERS = 2**32

Numbers = npt.NDArray[np.int64]


class Numbering:
    """Numbers the architectures of a space: option numbers as digits, the base of each is its number of options.

    Invalid proposals have a number too: a runner accepts only option numbers that are in range.

    Args:
        space: Its cardinalities are the bases.

    Attributes:
        count: The number of combinations of options.
        widths: The number of options of each decision.
        weights: The value of one option of each decision.

    Raises:
        StoreError: The numbers do not fit 32 bits.
    """

    def __init__(self, space: SearchSpace) -> None:
        widths = space.cardinalities
        if prod(widths) > MOST_NUMBERS:
            raise StoreError(
                f"{space.name}: packed runs take spaces of up to 2^32 combinations of options, not this one"
            )
        self.count = prod(widths)
        self.widths: Numbers = np.array(widths, dtype=np.int64)
        self.weights: Numbers = np.concatenate([np.cumprod(self.widths[::-1])[::-1][1:], [1]])

    def number(self, architecture: Architecture) -> int:
        """The number of an architecture."""
        return int(self.weights @ np.array(architecture, dtype=np.int64))

    def architectures(self, numbers: Numbers) -> list[Architecture]:
        """The architectures of n numbers."""
        digits = numbers[:, None] // self.weights % self.widths
        return list(map(tuple, digits.tolist()))
