"""The view of a general optimiser: the parameters of one of a space's encodings."""

from collections.abc import Mapping

from equipoise.harness.core.encoding import Parameter
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["SearchParameters"]

Value = int | float


class SearchParameters:
    """The parameters of an encoding that leave a choice.

    The optimiser sees nothing else of the space: it may propose points outside the space, which are charged as the
    protocol says. Parameters with a single value are omitted, since several libraries refuse them.

    Args:
        method: Name of the method, for messages.
        space: The space.
        encoding: One of its `SearchSpace.encodings` that can be read back; None for its default one.

    Attributes:
        encoding: Its name.
        names: ``d0``, ``d1``, ... by the column in the encoding.
        specs: The parameter of each name.

    Raises:
        SpaceError: The space has no encoding of that kind, or it cannot be read back.
    """

    def __init__(self, method: str, space: SearchSpace, encoding: str | None) -> None:
        self.encoding = space.default_encoding if encoding is None else encoding
        try:
            self._encoding = space.decodable_encoding(self.encoding)
        except SpaceError as error:
            raise SpaceError(f"{method}: {error}") from error
        self._columns = [c for c, p in enumerate(self._encoding.parameters) if p.kind == "float" or p.size > 1]
        self.names = tuple(f"d{column}" for column in self._columns)
        self.specs: Mapping[str, Parameter] = {
            name: self._encoding.parameters[column] for name, column in zip(self.names, self._columns, strict=True)
        }

    @property
    def categorical(self) -> bool:
        """Whether every parameter is categorical and always matters."""
        return all(spec.kind == "categorical" and spec.when is None for spec in self.specs.values())

    def condition(self, name: str) -> tuple[str, tuple[int, ...]] | None:
        """The parameter and its values at which this one matters; None: always."""
        when = self.specs[name].when
        return None if when is None else (f"d{when[0]}", when[1])

    def active(self, values: Mapping[str, Value]) -> list[str]:
        """The names that matter beside these values, in order."""
        conditions = ((name, self.condition(name)) for name in self.names)
        return [name for name, when in conditions if when is None or values[when[0]] in when[1]]

    def architecture(self, values: Mapping[str, Value]) -> Architecture:
        """The architecture that these values describe; names that do not matter may be missing."""
        row: list[float] = [0] * len(self._encoding.parameters)
        for name, column in zip(self.names, self._columns, strict=True):
            row[column] = values.get(name, 0)
        return self._encoding.decode(row)

    def values(self, architecture: Architecture) -> dict[str, Value]:
        """The value of every parameter for an architecture, also of those that do not matter.

        Raises:
            SpaceError: The encoding cannot write it.
        """
        (row,) = self._encoding.encode([architecture]).tolist()
        return {
            name: row[column] if self.specs[name].kind == "float" else round(row[column])
            for name, column in zip(self.names, self._columns, strict=True)
        }
