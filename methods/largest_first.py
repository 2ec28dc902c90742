"""The largest networks first: a control that knows nothing but size."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from equipoise.harness.core.method import Method, Observation, Problem, Query, Requirements
from equipoise.methods._shared.size_order import SizeOrder, check_measure

__all__ = ["LargestFirst"]


class LargestFirst(Method):
    """Proposes architectures by size, the largest first, without looking at any error.

    Where a method is no better than this or `smallest_first`, it may have found that size matters, and no more.

    Args:
        problem: What is known before the search.
        rng: Breaks ties.
        measure: What size means: ``parameters`` or ``flops``; the task must tell it.

    Raises:
        SettingError: There is no such measure.
    """

    family = "baseline"
    origin = "this project"
    source = "This project: a control, as in White et al., A Deeper Look at Zero-Cost Proxies for Lightweight NAS, 2022"
    knowledge = ("decisions", "legality", "isomorphism", "size")

    def __init__(self, problem: Problem, rng: np.random.Generator, *, measure: str = "parameters") -> None:
        super().__init__(problem, rng)
        check_measure("largest_first", measure)
        self._order = SizeOrder(problem, rng, measure, largest=True)

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
