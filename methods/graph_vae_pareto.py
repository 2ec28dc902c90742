"""The graph VAE for several objectives: non-dominated ranking in the place of the error."""

from collections.abc import Sequence

import numpy as np

from equipoise.harness.core.method import Observation
from equipoise.methods._shared.pareto import Point, crowding, point_of, sorted_fronts
from equipoise.methods.graph_vae.search import GraphVae

__all__ = ["GraphVaePareto"]


class GraphVaePareto(GraphVae):
    """The generator, the loop and the settings of `graph_vae`, which sees the rank of an architecture for its error.

    All that was observed is sorted into non-dominated fronts, within a front by crowding distance, the least crowded
    first, as NSGA-II does. The place in that order is the error that the Gaussian process and the property head learn
    from. Ranks are computed again with every observation, so that old observations fall as better ones arrive.
    Constraints come first: whatever violates less is ahead.

    With one objective the order is that of the errors, and the search that of `graph_vae`.

    Source: the ranking is that of Deb, Pratap, Agarwal and Meyarivan, IEEE Transactions on Evolutionary Computation,
    2002.
    """

    source = (
        "This project: graph_vae under the non-dominated ranking of Deb, Pratap, Agarwal and Meyarivan, NSGA-II, 2002"
    )
    several_objectives = True
    deviations = (  # type: ignore[assignment] # those of GraphVae are inferred to be two
        *GraphVae.deviations,
        "Settings are those of graph_vae, which were tuned for the error alone.",
    )

    _points: tuple[Point, ...] = ()

    def tell(self, observation: Observation) -> None:
        """Learns from any observation at the fidelity that is asked for, and ranks all of that fidelity again."""
        before = len(self._ranker.errors)
        super().tell(observation)
        if len(self._ranker.errors) > before:
            earlier = self._points if before else ()  # the ranker starts again when full training begins
            self._points = (*earlier, point_of(self.problem, observation))
            self._ranker.errors[:] = ranks(self._points)


def ranks(points: Sequence[Point]) -> list[float]:
    """The place of each point in the order by front, then by crowding distance; equal points share theirs."""
    place: dict[Point, float] = {}
    for front in sorted_fronts(points):
        distinct = list(dict.fromkeys(points[one] for one in front))
        for one in np.argsort(-crowding(distinct), kind="stable").tolist():
            place[distinct[one]] = float(len(place))
    return [place[point] for point in points]
