"""Architectures in the order of the sizes of their networks: a search without a model."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from equipoise.harness.core.errors import SearchEnded, SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query, Requirements
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.space_features import is_listable

__all__ = ["MEASURES", "SizeOrder", "SizeOrderMethod"]

MEASURES = ("parameters", "flops")

DRAWN = 100_000
"""Architectures drawn from a space that is too large to list."""


class SizeOrder:
    """Proposes by size, each architecture once, ties in random order.

    A space of more than 50,000 architectures is not listed: the order is then that of 100,000 random ones.

    Args:
        problem: Its resource `measure` gives the sizes.
        rng: Breaks ties.
        measure: ``parameters`` or ``flops``.
        largest: Whether the largest come first.
    """

    def __init__(self, problem: Problem, rng: np.random.Generator, measure: str, largest: bool) -> None:
        self._space = problem.space
        if is_listable(problem.space):
            candidates = list(problem.space.enumerate())
        else:
            candidates = list(dict.fromkeys(map(problem.space.key, problem.space.sample(rng, DRAWN))))
        sizes = problem.resources[measure](candidates)
        order = np.lexsort((rng.random(len(sizes)), -sizes if largest else sizes))
        self._rest: Iterator[Architecture] = (candidates[row] for row in order.tolist())
        self._seen: set[Architecture] = set()

    def next(self) -> Architecture:
        """The next architecture that has not been seen.

        Raises:
            SearchEnded: There is none left.
        """
        for architecture in self._rest:
            if architecture not in self._seen:
                return architecture
        raise SearchEnded("every architecture of the space has been proposed")

    def skip(self, architecture: Architecture) -> None:
        """Notes an architecture that need not be proposed."""
        if self._space.contains(architecture):
            self._seen.add(self._space.key(architecture))


class SizeOrderMethod(Method):
    """Base of the controls that propose by size, without looking at any error.

    Attributes:
        largest: Whether the largest come first.
    """

    family = "baseline"
    origin = "this project"
    source = "This project: a control, as in White et al., A Deeper Look at Zero-Cost Proxies for Lightweight NAS, 2022"
    knowledge = ("decisions", "legality", "isomorphism", "size")
    largest: ClassVar[bool]

    def __init__(self, problem: Problem, rng: np.random.Generator, *, measure: str = "parameters") -> None:
        super().__init__(problem, rng)
        if measure not in MEASURES:
            raise SettingError(f"measure = {measure!r}; accepted: {', '.join(MEASURES)}")
        self._order = SizeOrder(problem, rng, measure, self.largest)

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:
        """The sizes of the networks."""
        return Requirements(resources=(settings.get("measure", "parameters"),))

    def ask(self) -> Query:
        """The next architecture.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        return Query(self._order.next())

    def tell(self, observation: Observation) -> None:
        """Notes what need not be proposed again; learns nothing."""
        self._order.skip(observation.query.architecture)
