"""Stand-ins for the numpy objects in a pickle: plain kinds only, and no state that numpy would trust.

Numpy restores a dtype and an array from whatever a pickle says, object pointers included. Here a dtype is a name and
a byte order, and a value is a copy of bytes whose number was compared first.
"""

import math
import re
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["PickledArray", "PickledDtype", "array_from_buffer", "array_type", "empty_array", "scalar"]

_NAME = re.compile(r"(?:[fiubc](\d{1,2})|([SU])(\d{1,6}))")
MOST_DIMENSIONS = 32


class PickledDtype:
    """The dtype of numbers, truth values or text, or the mark of an array of Python objects.

    Args:
        name: As numpy pickles it: kind and bytes, for example ``f8``.
        further: Whether it is aligned and copied, which says nothing about plain kinds.

    Raises:
        ValueError: It is none of the plain kinds.
    """

    __slots__ = ("value",)

    def __init__(self, name: object, *further: object) -> None:
        if isinstance(name, bytes):  # a pickle of Python 2
            name = name.decode("ascii")
        self.value: np.dtype[Any] | None = None
        if name in ("O8", "O4", "O"):
            return  # only a list of objects is read with it
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(further) > 2:
            raise ValueError(f"a dtype {name!r}; accepted are plain numbers and text")
        self.value = np.dtype(name)

    def __setstate__(self, state: Any) -> None:
        """Takes the byte order, and refuses everything else that a state could say.

        Raises:
            ValueError: It says something else.
        """
        order: Any = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        if order not in ("<", ">", "|", "=") or tuple(state[2:5]) != (None, None, None):
            raise ValueError("a dtype with fields, or without a byte order")
        if self.value is not None:
            self.value = self.value.newbyteorder(">" if order == ">" else "<" if order == "<" else "=")

    @property
    def plain(self) -> "np.dtype[Any]":
        """The dtype.

        Raises:
            ValueError: Its values are objects.
        """
        if self.value is None:
            raise ValueError("bytes that are to be taken for objects")
        return self.value


class PickledArray:
    """An array; it becomes one of numpy with ``np.asarray``."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: npt.NDArray[Any] = np.empty(0)

    def __setstate__(self, state: Any) -> None:
        """Takes shape, dtype, order and bytes as numpy pickles them.

        Raises:
            ValueError: They do not agree.
        """
        _, shape, dtype, columns_first, content = state
        if not isinstance(dtype, PickledDtype):
            raise ValueError("an array without a dtype")
        order: Literal["C", "F"] = "F" if columns_first else "C"
        if dtype.value is None:
            if not isinstance(content, list) or math.prod(shape) != len(content):
                raise ValueError("an array of objects that is no list of them")
            objects = np.empty(len(content), object)
            for place, value in enumerate(content):
                objects[place] = value
            self._values = objects.reshape(shape, order=order)
            return
        self._values = array_from_buffer(content, dtype, shape, order)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """The values; of type ``object`` where a list of objects was pickled."""
        return np.array(self._values, dtype=dtype, copy=copy)

    def tolist(self) -> list[Any]:
        """The values as Python's own."""
        return list(self._values.tolist())


def array_from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> npt.NDArray[Any]:
    """Views bytes as an array.

    Args:
        content: Bytes.
        dtype: A `PickledDtype` of a plain kind.
        shape: Whole numbers.
        order: ``C`` or ``F``.

    Raises:
        ValueError: The bytes are more or fewer than the shape says.
    """
    if isinstance(content, str):
        content = content.encode("latin1")
    if not isinstance(dtype, PickledDtype) or not isinstance(content, bytes | bytearray):
        raise ValueError("an array that is not made of bytes and a dtype")
    if not isinstance(shape, tuple) or len(shape) > MOST_DIMENSIONS or not {type(n) for n in shape} <= {int}:
        raise ValueError("an array whose shape is not made of whole numbers")
    plain = dtype.plain
    if min(shape, default=0) < 0 or math.prod(shape) * plain.itemsize != len(content) or not plain.itemsize:
        raise ValueError(f"{len(content)} bytes for an array of shape {shape} and type {plain}")
    return np.frombuffer(content, plain).reshape(shape, order="F" if order == "F" else "C")


def scalar(dtype: Any, content: Any) -> Any:
    """Gives the one value that bytes hold.

    Raises:
        ValueError: They are too many or too few, or the dtype is not plain.
    """
    return array_from_buffer(content, dtype, (1,), "C")[0]


def array_type(*_: object) -> None:
    """Stands for the name of numpy's arrays; it makes none.

    Raises:
        ValueError: Always.
    """
    raise ValueError("an array that is made by its type")


def empty_array(*_: object) -> PickledArray:
    """Gives the array that a state will fill."""
    return PickledArray()
