"""A space restricted to the architectures that a table stores."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.encoding import Encoding
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.graph_encoding import Paths
from equipoise.harness.core.space import Architecture, LabelledDag, SearchSpace

__all__ = ["StoredSpace"]


class StoredSpace(SearchSpace):
    """The stored architectures of another space, and no others.

    Masks are exact: they come from a trie of the stored architectures. `sample` is exactly uniform. Stored
    architectures may lie far apart, so the neighbours of one are those that differ from it in the fewest decisions.

    Args:
        base: The space they are from.
        architectures: At least one, as `base.key` writes them.

    Raises:
        SpaceError: None is given.
    """

    def __init__(self, base: SearchSpace, architectures: Iterable[Architecture]) -> None:
        self.base = base
        self.architectures = tuple(sorted({base.key(architecture) for architecture in architectures}))
        if not self.architectures:
            raise SpaceError(f"{base.name}: no stored architecture, so no space")
        self.name, self.source, self.decisions = base.name, base.source, base.decisions
        self.default_encoding = base.default_encoding

    @property
    def parameters(self) -> tuple[object, ...]:
        """The base space and the stored architectures."""
        return (self.base, self.architectures)

    def __repr__(self) -> str:
        return f"StoredSpace({self.base!r}, {len(self.architectures)} architectures)"

    @cached_property
    def _masks(self) -> dict[Architecture, npt.NDArray[np.bool_]]:
        masks: dict[Architecture, npt.NDArray[np.bool_]] = {}
        for architecture in self.architectures:
            for position, option in enumerate(architecture):
                width = self.cardinalities[position]
                masks.setdefault(architecture[:position], np.zeros(width, dtype=np.bool_))[option] = True
        return masks

    def legal(self, prefix: Architecture) -> npt.NDArray[np.bool_]:
        """The options with which a stored architecture goes on."""
        return self._masks[prefix].copy()

    def graph(self, prefix: Architecture) -> LabelledDag:
        """As the base space draws it."""
        return self.base.graph(prefix)

    def contains(self, architecture: Architecture) -> bool:
        """Tells whether it is stored, under this or an equivalent name."""
        return architecture in self._positions or (
            self.base.contains(architecture) and self.base.key(architecture) in self._positions
        )

    def key(self, architecture: Architecture) -> Architecture:
        """As the base space stores it."""
        return self.base.key(architecture)

    def canonical(self, architecture: Architecture) -> Architecture:
        """The first stored architecture that the base space calls the same network."""
        return self._representatives[self.base.canonical(architecture)]

    @cached_property
    def _representatives(self) -> dict[Architecture, Architecture]:
        first: dict[Architecture, Architecture] = {}
        for architecture in self.architectures:
            first.setdefault(self.base.canonical(architecture), architecture)
        return first

    def sample(self, rng: np.random.Generator, n: int) -> list[Architecture]:
        """Draws n stored architectures, exactly uniformly."""
        return [self.architectures[number] for number in rng.integers(len(self.architectures), size=n).tolist()]

    def enumerate(self) -> Iterator[Architecture]:
        """Yields the stored architectures in ascending order."""
        return iter(self.architectures)

    @cached_property
    def size(self) -> int:
        """The number of stored architectures."""
        return len(self.architectures)

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """The stored architectures that differ in the fewest decisions, in ascending order."""
        own = self.index(architecture)
        distances = np.count_nonzero(self._codes != self._codes[own], axis=1)
        distances[own] = len(self.decisions) + 1
        return [self.architectures[number] for number in np.flatnonzero(distances == distances.min()) if number != own]

    @cached_property
    def _codes(self) -> npt.NDArray[np.int64]:
        return np.array(self.architectures, dtype=np.int64).reshape(self.size, len(self.decisions))

    @cached_property
    def encodings(self) -> Mapping[str, Encoding]:
        """Those of the base space."""
        return self.base.encodings

    @cached_property
    def paths(self) -> Paths | None:
        """That of the base space."""
        return self.base.paths

    def format(self, architecture: Architecture) -> str:
        """As the base space writes it."""
        return self.base.format(architecture)

    def parse(self, text: str) -> Architecture:
        """Reads what `format` wrote.

        Raises:
            SpaceError: The text is no architecture of the base space.
        """
        return self.base.parse(text)
