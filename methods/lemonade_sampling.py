"""The sampling of LEMONADE: parents and children where the sizes of the front are sparse."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query, Requirements
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.pareto import Point, point_of, sorted_fronts
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["LemonadeSampling", "density"]

MEASURES = ("parameters", "flops")
ATTEMPTS = 20
"""Edits of a parent in a row that were all proposed before until a random architecture takes the child's place."""
LEAST_DENSITY = 1e-300
"""Far from all sizes every density is 0 in floating point."""


class LemonadeSampling(Method):
    """Evolution of the front, in which a density over the sizes of its members says where to look.

    The population is the non-dominated part of what was observed. Generation by generation: a kernel density of the
    sizes of its members (their logarithms) is estimated; parents are drawn in inverse proportion to it, and `children`
    of them are made by one edit of the space each; `accepted` of these are drawn, again in inverse proportion to the
    density at their own sizes, and evaluated. Sizes are known without training, so that only accepted children cost a
    query. Under constraints, whatever violates less dominates.

    With one objective the population is the best architecture, and the density says nothing.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        measure: The cheap objective: ``parameters`` or ``flops``.
        initial: Random architectures at the start.
        children: Made per generation.
        accepted: Evaluated per generation.

    Source: Elsken, Metzen and Hutter, Efficient Multi-Objective Neural Architecture Search via Lamarckian Evolution,
    ICLR 2019, algorithm 1.
    """

    family = "nas"
    origin = "published"
    source = (
        "Elsken, Metzen and Hutter, Efficient Multi-Objective Neural Architecture Search via Lamarckian Evolution, "
        "ICLR 2019: the sampling alone"
    )
    knowledge = ("decisions", "legality", "isomorphism", "size")
    several_objectives = True
    deviations = (
        "The sampling of the paper alone: no weights are inherited, since architectures of a table have none; its "
        "network morphisms are replaced by the edits of the space.",
        "The cheap objective is the number of parameters, whatever further objectives the suite has: those are known "
        "only after a query.",
        "Starts from 10 random architectures; the paper starts from small networks made by hand.",
        "40 children of which 10 are evaluated, chosen here and not tuned.",
    )

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:
        """The sizes of the networks."""
        return Requirements(resources=(settings.get("measure", "parameters"),))

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        measure: str = "parameters",
        initial: int = 10,
        children: int = 40,
        accepted: int = 10,
    ) -> None:
        super().__init__(problem, rng)
        if measure not in MEASURES:
            raise SettingError(f"lemonade_sampling: measure = {measure!r}; accepted: {', '.join(MEASURES)}")
        check_count("lemonade_sampling", "initial", initial, problem, default=10)
        check_count("lemonade_sampling", "accepted", accepted, problem, default=10)
        if children < accepted:
            raise SettingError(f"lemonade_sampling: children = {children}; accepted: at least accepted = {accepted}")
        self.initial, self.children, self.accepted = initial, children, accepted
        self._sizes_of = problem.resources[measure]
        self._front: list[tuple[Point, Architecture]] = []
        self._waiting: list[Architecture] = []
        self._asked: set[Architecture] = set()

    def ask(self) -> Query:
        """Draws at random at the start, then proposes the accepted children of a generation."""
        if len(self._asked) < self.initial or not self._front:
            child = draw_unseen(self.space, self.rng, self._asked)
        else:
            if not self._waiting:
                self._waiting = self._generation()
            child = self._waiting.pop(0)
        self._asked.add(self.space.key(child))
        return Query(child)

    def _generation(self) -> list[Architecture]:
        members = [architecture for _, architecture in self._front]
        sizes = self._sizes(members)
        chosen = self.rng.choice(len(members), size=self.children, p=_inverse(density(sizes, sizes)))
        made = dict[Architecture, Architecture]()
        for parent in chosen.tolist():
            child = self._edited(members[parent])
            made.setdefault(self.space.key(child), child)
        children = list(made.values())
        odds = _inverse(density(sizes, self._sizes(children)))
        kept = self.rng.choice(len(children), size=min(self.accepted, len(children)), replace=False, p=odds)
        return [children[one] for one in kept.tolist()]

    def _edited(self, parent: Architecture) -> Architecture:
        child = parent
        for _ in range(ATTEMPTS):
            child = self.space.mutate(child, self.rng)
            if self.space.key(child) not in self._asked:
                return child
        return draw_unseen(self.space, self.rng, self._asked)

    def _sizes(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        return np.log1p(np.asarray(self._sizes_of(list(architectures)), dtype=np.float64))

    def tell(self, observation: Observation) -> None:
        """Updates the front with any observation of an architecture of the space."""
        architecture = observation.query.architecture
        if not self.space.contains(architecture):
            return
        self._asked.add(self.space.key(architecture))
        pool = [*self._front, (point_of(self.problem, observation), architecture)]
        best = sorted_fronts([point for point, _ in pool])[0]
        kept = {self.space.key(pool[one][1]): pool[one] for one in best}
        self._front = list(kept.values())


def density(sizes: npt.NDArray[np.float64], at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The Gaussian kernel density of n sizes at m points, with Scott's bandwidth; constant where all sizes agree."""
    spread = float(sizes.std())
    if not spread > 0:
        return np.ones(len(at))
    width = spread * len(sizes) ** -0.2
    kernels: npt.NDArray[np.float64] = np.exp(-0.5 * ((at[:, None] - sizes[None]) / width) ** 2)
    return np.asarray(kernels.mean(axis=1))


def _inverse(densities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Probabilities in inverse proportion to densities, each raised to at least a thousandth of their mean."""
    odds = 1.0 / np.maximum(densities, max(1e-3 * densities.mean(), LEAST_DENSITY))
    return np.asarray(odds / odds.sum())
