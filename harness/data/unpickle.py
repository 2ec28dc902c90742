"""Reads pickles without letting them run code: only names on an allow-list can be looked up.

Nor can a pickle take much more memory than it has bytes: its lengths are checked first (`pickle_bounds`), and what it
may call is given a budget. Numpy's own constructors are not on any list (`pickled_arrays`).
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping, Sized
from mmap import mmap
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import DataError, one_line, reason_of
from equipoise.harness.data.pickle_bounds import end_of_pickle
from equipoise.harness.data.pickled_arrays import PickledDtype, array_from_buffer, array_type, empty_array, scalar

__all__ = ["ARRAYS", "NUMPY_SCALARS", "ORDERED", "Allowed", "Budget", "load_pickle", "look_up", "read_pickle"]

Allowed = Mapping[tuple[str, str], Any]
"""(module, name) to the object that a pickle is given for it."""

NUMPY_SCALARS: Allowed = {
    ("numpy", "dtype"): PickledDtype,
    ("numpy.core.multiarray", "scalar"): scalar,
    ("numpy._core.multiarray", "scalar"): scalar,
}
"""The names that a pickle of plain containers with numpy scalars needs."""

ARRAYS: Allowed = {
    ("numpy", "dtype"): PickledDtype,
    ("numpy", "ndarray"): array_type,
    ("numpy.core.multiarray", "_reconstruct"): empty_array,
    ("numpy._core.multiarray", "_reconstruct"): empty_array,
    ("numpy.core.numeric", "_frombuffer"): array_from_buffer,
    ("numpy._core.numeric", "_frombuffer"): array_from_buffer,
}
"""The names that a pickle of plain containers with numpy arrays needs; arrays come as `PickledArray` or as numpy's."""

ORDERED: Allowed = {("collections", "OrderedDict"): OrderedDict}
"""Dictionaries written by older Pythons."""

COPIED_BYTES = 16
"""Bytes that calls within a pickle may copy, per byte of the pickle; plain data needs one."""

FREE_BYTES = 1 << 20
"""Bytes that they may copy in any case."""


class Budget:
    """The bytes that the calls within a pickle may still copy.

    Args:
        size: Bytes of the pickle.
    """

    def __init__(self, size: int) -> None:
        self.renew(size)

    def renew(self, size: int) -> None:
        """Begins again."""
        self.left = COPIED_BYTES * size + FREE_BYTES

    def spend(self, arguments: tuple[Any, ...]) -> None:
        """Takes the size of arguments off.

        Raises:
            ValueError: Nothing is left, or an argument asks for memory by a number.
        """
        self.left -= 64 + sum(len(argument) for argument in arguments if isinstance(argument, Sized))
        if self.left < 0:
            raise ValueError("its calls copy the same bytes again and again")


class _Call:
    """A function or built-in type as a pickle is given it: it can be called, and nothing about it can be set."""

    __slots__ = ("_budget", "_function")

    def __init__(self, function: Any, budget: Budget) -> None:
        self._function, self._budget = function, budget

    def __call__(self, *arguments: Any) -> Any:
        self._budget.spend(arguments)
        return self._function(*arguments)

    def __setstate__(self, state: object) -> None:
        raise ValueError("a state for what can only be called")


def read_pickle(path: Path, allowed: Allowed | None = None) -> Any:
    """Reads a pickle of plain containers, numbers and text.

    Args:
        path: The file.
        allowed: Further names it may look up, as (module, name) to the object given for it.

    Returns:
        What was pickled.

    Raises:
        DataError: The file is missing or damaged, or asks for a name that is not allowed.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    return load_pickle(content, str(path), allowed)[0]


def load_pickle(
    content: bytes | mmap, shown: str, allowed: Allowed | None = None, encoding: str = "ASCII", start: int = 0
) -> tuple[Any, int]:
    """Reads one pickle.

    Args:
        content: Holds it.
        shown: What an error calls the file.
        allowed: As in `read_pickle`.
        encoding: Of the texts in a pickle of Python 2; ``bytes`` leaves them as they are.
        start: Where it begins.

    Returns:
        What was pickled, and where the pickle ends.

    Raises:
        DataError: The pickle is damaged, or asks for a name that is not allowed.
    """
    try:
        end = end_of_pickle(content, start)
        return _Restricted(content[start:end], shown, allowed or {}, encoding).load(), end
    except DataError:
        raise
    except Exception as error:  # a damaged pickle raises anything
        raise DataError(f"{shown}: not a readable pickle ({reason_of(error)}); get the file again") from error


class _Restricted(pickle.Unpickler):
    def __init__(self, content: bytes, shown: str, allowed: Allowed, encoding: str) -> None:
        super().__init__(io.BytesIO(content), encoding=encoding)
        self.shown, self.allowed, self.budget = shown, allowed, Budget(len(content))

    def find_class(self, module: str, name: str) -> Any:
        return look_up(module, name, self.shown, self.allowed, self.budget)


def look_up(module: str, name: str, shown: str, allowed: Allowed, budget: Budget) -> Any:
    """Gives a pickle what stands for a name it asks for.

    Args:
        module: First half of the name.
        name: Second half.
        shown: What an error calls the file.
        allowed: The allow-list.
        budget: What calls of it are taken off.

    Raises:
        DataError: The name is not allowed.
    """
    try:
        found = allowed[module, name]
    except KeyError:
        raise DataError(
            f"{shown}: the pickle asks for {one_line(f'{module}.{name}')}, which is not on the allow-list; nothing was "
            "run. Get the file from its source again"
        ) from None
    stands_in = isinstance(found, type) and "__setstate__" in vars(found)
    return found if stands_in else _Call(found, budget)
