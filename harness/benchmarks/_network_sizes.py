"""Sizes of the networks of a table: known before any training, for the methods that declare that they use them."""

from collections.abc import Callable, Mapping, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["NetworkSizes", "SizeReaders", "convolution_size"]

Array = npt.NDArray[np.float64]

SizeReaders = Mapping[str, Callable[[], Array]]
"""``parameters`` or ``flops`` to a function that gives them in the order of ``space.enumerate()``."""


Whole = int | npt.NDArray[np.int64]


@overload
def convolution_size(kernel: int, before: int, after: int, side: int, counted: bool) -> int: ...
@overload
def convolution_size(
    kernel: Whole, before: Whole, after: npt.NDArray[np.int64], side: int, counted: bool
) -> npt.NDArray[np.int64]: ...
def convolution_size(kernel: Whole, before: Whole, after: Whole, side: int, counted: bool) -> Whole:
    """Weights of a convolution without bias and of its normalisation; or its multiplications for one image.

    Args:
        kernel: Weights per pair of channels.
        before: Channels in.
        after: Channels out.
        side: Of what comes out, in pixels.
        counted: Whether parameters are counted, not multiplications.
    """
    weights = kernel * before * after
    return weights + 2 * after if counted else weights * side**2


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
