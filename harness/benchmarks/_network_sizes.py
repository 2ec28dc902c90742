"""Sizes of the networks of a table: known before any training, for the methods that declare that they use them."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["NetworkSizes", "SizeReaders"]

Array = npt.NDArray[np.float64]

SizeReaders = Mapping[str, Callable[[], Array]]
"""``parameters`` or ``flops`` to a function that gives them in the order of ``space.enumerate()``."""


class NetworkSizes:
    """The size of every network of a space that can be listed.

    Args:
        space: The space.
        everything: M sizes in the order of ``space.enumerate()``.

    Attributes:
        everything: See above.
    """

    def __init__(self, space: SearchSpace, everything: Array) -> None:
        self._space, self.everything = space, everything

    def __call__(self, architectures: Sequence[Architecture]) -> Array:
        """The sizes of n architectures."""
        return self.everything[[self._space.index(architecture) for architecture in architectures]]
