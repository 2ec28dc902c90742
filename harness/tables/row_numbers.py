"""The row of each architecture in the columns of a table."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, SpaceError
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.spaces._declared import DeclaredConditional
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.rows import batches

__all__ = ["RowNumbers"]

MOST_ARCHITECTURES = 100_000_000


class RowNumbers:
    """Numbers the architectures of a table: as the space enumerates them, or those that are stored in ascending order.

    Attributes:
        count: Rows of the columns.
        architectures: Those stored, in their order; empty where the header says that the whole space is.
        expand: The row of each architecture of the space, where one stands for its class; None elsewhere.

    Args:
        path: The table.
        header: Its header.

    Raises:
        DataError: An architecture cannot be read, or there are none, or too many to number.
    """

    def __init__(self, path: Path, header: TableHeader) -> None:
        self._path, self._space, self._known = path, header.space, dict[str, int]()
        self.expand: npt.NDArray[np.int64] | None = None
        self._numbers: Mapping[Architecture, int] | None = None
        self.architectures: list[Architecture] = []
        self._canonical = header.keyed_by == "canonical"
        if header.coverage != "space":
            self.architectures = sorted({self._read(text) for rows in batches(path, header) for text in rows.texts})
            if not self.architectures:
                raise DataError(f"{path}: has no rows")
            self._numbers = {architecture: number for number, architecture in enumerate(self.architectures)}
        elif header.space.size > MOST_ARCHITECTURES:
            raise DataError(
                f"{path}: coverage = 'space', but {header.space.name} has {header.space.size:.3g} architectures; say "
                "'closed' or 'sample'"
            )
        elif self._canonical:
            classes = [header.space.canonical(architecture) for architecture in header.space.enumerate()]
            self._numbers = {one: number for number, one in enumerate(dict.fromkeys(classes))}
            self.expand = np.array([self._numbers[one] for one in classes], dtype=np.int64)
        self.count = header.space.size if self._numbers is None else len(self._numbers)

    def of(self, texts: list[str]) -> npt.NDArray[np.int64]:
        """The rows of architectures given as text."""
        for text in texts:
            if text not in self._known:
                architecture = self._read(text)
                if self._numbers is not None:
                    self._known[text] = self._numbers[architecture]
                else:
                    self._known[text] = self._space.index(architecture)
        return np.array([self._known[text] for text in texts], dtype=np.int64)

    def name(self, place: int) -> str:
        """The architecture of a row, as text."""
        if self._numbers is None:
            return _nth(self._space, place)
        return self._space.format(list(self._numbers)[place])

    def _read(self, text: str) -> Architecture:
        try:
            architecture = self._space.parse(text)
            if not self._space.contains(architecture):
                raise SpaceError(
                    f"{self._space.name}: '{text}' is no architecture of the space{_advice(self._space, architecture)}"
                )
        except SpaceError as error:
            raise DataError(f"{self._path}: {error}") from error
        return self._space.canonical(architecture) if self._canonical else self._space.key(architecture)


def _advice(space: SearchSpace, architecture: Architecture) -> str:
    if not isinstance(space, DeclaredConditional):
        return ""
    return f"; leave a decision that does not matter empty: '{space.format(space.settled(architecture))}'"


def _nth(space: SearchSpace, place: int) -> str:
    return space.format(next(a for number, a in enumerate(space.enumerate()) if number == place))
