"""The space that methods are given when isomorphism is hidden from all of them, or opened to all of them."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.architecture import Architecture, LabelledDag
from equipoise.harness.core.encoding import Encoding
from equipoise.harness.core.graph_encoding import Paths
from equipoise.harness.core.space import SearchSpace

__all__ = ["ClassSpace", "Isomorphism", "LabelSpace", "searched_space"]

Isomorphism = Literal["own", "none", "all"]
"""``own``: each method uses as much of the space's isomorphism as it does by itself. ``none``: it is hidden from all.
``all``: every proposal stands for its class, whoever makes it."""

TRIES = 1000
"""Draws before a mutation lists the neighbours, and draws that tell whether a sampler by rejection is fast."""


def searched_space(space: SearchSpace, isomorphism: Isomorphism) -> SearchSpace:
    """The space that methods search under a rule of isomorphism.

    Args:
        space: That of the task.
        isomorphism: The rule.
    """
    if isomorphism == "none":
        return LabelSpace(space)
    return ClassSpace(space) if isomorphism == "all" else space


class _Over(SearchSpace):
    """Base of the two: decisions, legality, graphs, encodings and texts are those of the space below.

    Args:
        base: The space of the task.
    """

    def __init__(self, base: SearchSpace) -> None:
        self.base = base
        self.name, self.source, self.decisions = base.name, base.source, base.decisions
        self.default_encoding = base.default_encoding

    @property
    def parameters(self) -> tuple[object, ...]:
        """The space below."""
        return (self.base,)

    def legal(self, prefix: Architecture) -> npt.NDArray[np.bool_]:
        """As in the space below."""
        return self.base.legal(prefix)

    def graph(self, prefix: Architecture) -> LabelledDag:
        """As the space below draws it."""
        return self.base.graph(prefix)

    def contains(self, architecture: Architecture) -> bool:
        """As in the space below."""
        return self.base.contains(architecture)

    @cached_property
    def encodings(self) -> Mapping[str, Encoding]:
        """Those of the space below."""
        return self.base.encodings

    @cached_property
    def paths(self) -> Paths | None:
        """That of the space below."""
        return self.base.paths

    def format(self, architecture: Architecture) -> str:
        """As the space below writes it."""
        return self.base.format(architecture)

    def parse(self, text: str) -> Architecture:
        """Reads what `format` wrote.

        Raises:
            SpaceError: The text is not an architecture of the space below.
        """
        return self.base.parse(text)


class LabelSpace(_Over):
    """A space without isomorphism: `key` and `canonical` are the identity, so all labelled architectures differ.

    Samples are uniform over the labelled architectures where at least 2 % of all combinations of options are such;
    elsewhere they are drawn option by option. An edit changes one decision. Where the space below has edits of its own
    and distinguishes all labels already, those are kept, and so are they for an architecture that no single decision
    leads away from.

    The graph and the encodings stay. Encodings that describe the graph (``path``) can be equal for isomorphic
    architectures: who uses them knows the graph.
    """

    @property
    def _distinct(self) -> bool:
        """Whether the space below distinguishes all labels."""
        return type(self.base).key is SearchSpace.key

    def key(self, architecture: Architecture) -> Architecture:
        """The architecture itself."""
        return architecture

    def canonical(self, architecture: Architecture) -> Architecture:
        """The architecture itself."""
        return architecture

    def contains(self, architecture: Architecture) -> bool:
        """Tells whether the masks lead to this architecture."""
        return self.base.contains(architecture) if self._distinct else SearchSpace.contains(self, architecture)

    def sample(self, rng: np.random.Generator, n: int) -> list[Architecture]:
        """Draws n labelled architectures independently."""
        if self._distinct:
            return self.base.sample(rng, n)
        if not self._is_dense:
            return super().sample(rng, n)
        found: list[Architecture] = []
        while len(found) < n:
            drawn = rng.integers(self.cardinalities, size=(n - len(found), len(self.cardinalities)))
            found += [architecture for architecture in map(tuple, drawn.tolist()) if self.contains(architecture)]
        return found

    @cached_property
    def _is_dense(self) -> bool:
        """Whether rejection finds an architecture soon, by a fixed sample of `TRIES` combinations of options."""
        drawn = np.random.default_rng(0).integers(self.cardinalities, size=(TRIES, len(self.cardinalities)))
        return sum(self.contains(tuple(row)) for row in drawn.tolist()) >= TRIES // 50

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """All labelled architectures one edit away, in a fixed order."""
        found = [] if self._distinct else super().neighbours(architecture)
        return found or self.base.neighbours(architecture)

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Draws uniformly among the changes of one decision until one leads to an architecture.

        Raises:
            SpaceError: The architecture has no neighbour.
        """
        if self._distinct:
            return self.base.mutate(architecture, rng)
        for _ in range(TRIES):
            position, option = self._edits[int(rng.integers(len(self._edits)))]
            edited = (*architecture[:position], option, *architecture[position + 1 :])
            if option != architecture[position] and self.contains(edited):
                return edited
        return super().mutate(architecture, rng)

    @cached_property
    def _edits(self) -> list[tuple[int, int]]:
        return [(position, option) for position, width in enumerate(self.cardinalities) for option in range(width)]

    def enumerate(self) -> Iterator[Architecture]:
        """Yields every labelled architecture."""
        return self.base.enumerate() if self._distinct else self._descend(())

    @cached_property
    def size(self) -> int:
        """The number of labelled architectures; counted one by one where the space below distinguishes fewer."""
        if self._distinct:
            return self.base.size
        return sum(1 for _ in self.enumerate())

    def index(self, architecture: Architecture) -> int:
        """The position of an architecture in `enumerate()`."""
        return self.base.index(architecture) if self._distinct else super().index(architecture)


class ClassSpace(_Over):
    """A space whose architectures stand for their isomorphism classes: `key` and `canonical` give the representative.

    Samples are those of the space below, each replaced by its representative; edits are those of the space below that
    lead to another class.
    """

    def key(self, architecture: Architecture) -> Architecture:
        """The representative of the class."""
        return self.base.canonical(architecture)

    def sample(self, rng: np.random.Generator, n: int) -> list[Architecture]:
        """Draws n architectures of the space below, and gives their representatives."""
        return [self.key(architecture) for architecture in self.base.sample(rng, n)]

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """The representatives of all other classes one edit away, in a fixed order."""
        own = self.key(architecture)
        found = dict.fromkeys(self.key(edited) for edited in self.base.neighbours(architecture))
        return [other for other in found if other != own]

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Draws edits of the space below until one leads to another class, and gives its representative.

        Raises:
            SpaceError: No edit leads to another class.
        """
        own = self.key(architecture)
        for _ in range(TRIES):
            if (found := self.key(self.base.mutate(architecture, rng))) != own:
                return found
        return super().mutate(architecture, rng)

    def enumerate(self) -> Iterator[Architecture]:
        """Yields the representative of every class, in the order in which the space below comes upon them."""
        seen: set[Architecture] = set()
        for architecture in self.base.enumerate():
            key = self.key(architecture)
            if key not in seen:
                seen.add(key)
                yield key
