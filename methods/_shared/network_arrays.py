"""Arrays of networks whose gradients are written out: the parts of a flat array, and the derivative of rectifiers."""

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt

__all__ = ["above_zero", "keep_only", "parts_of"]

Floats = npt.NDArray[np.float32]


def parts_of(flat: Floats, shapes: Sequence[tuple[int, ...]]) -> list[Floats]:
    """Consecutive pieces of a flat array, in these shapes, as views."""
    ends = np.cumsum([prod(shape) for shape in shapes])
    return [piece.reshape(shape) for piece, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]


def above_zero(output: Floats) -> npt.NDArray[np.int32]:
    """Masks for `keep_only`: all bits where a value, at least zero, is above it, and none elsewhere.

    The sign bit of the negated integer says so: a comparison, and a product by its booleans, cost twice as much.
    """
    bits = np.negative(output.view(np.int32))
    return np.right_shift(bits, 31, out=bits)


def keep_only(values: Floats, mask: npt.NDArray[np.int32]) -> None:
    """Sets values to zero, in place, where the mask has no bits."""
    integers = values.view(np.int32)
    np.bitwise_and(integers, mask, out=integers)
