"""A ranker that compares neighbourhoods in the graph beside decisions."""

import numpy as np

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.gp import HammingProcess, Ranker

__all__ = ["GraphRanker"]


class GraphRanker(Ranker):
    """The Hamming process over decisions, and over the neighbourhood of each node.

    A node's neighbourhood is its label with the labels of its incoming edges and of their sources, after `rounds`
    rounds of Weisfeiler-Lehman refinement; each place in the topological order is one more dimension with a weight of
    its own.

    Args:
        space: The space.
        rng: Breaks ties.
        rounds: Rounds of refinement.

    Source: Shervashidze et al., Weisfeiler-Lehman Graph Kernels, JMLR 2011, for the neighbourhoods.
    """

    def __init__(self, space: SearchSpace, rng: np.random.Generator, rounds: int = 1) -> None:
        super().__init__(space, rng)
        self._rounds = rounds
        self._numbers: dict[object, int] = {}
        self._known: dict[Architecture, tuple[int, ...]] = {}
        drawn = space.sample(np.random.default_rng(0), 16)  # fixed probes: they size the features, and steer nothing
        self._places = max(len(space.graph(cell).node_labels) for cell in drawn)
        self.process = HammingProcess(len(space.cardinalities) + self._places)

    def features(self, key: Architecture) -> tuple[int, ...]:
        """The decisions, and the number of each node's neighbourhood."""
        known = self._known.get(key)
        if known is None:
            colours = self._colours(key)[: self._places]
            known = self._known[key] = (*key, *colours, *[-1] * (self._places - len(colours)))
        return known

    def _colours(self, key: Architecture) -> list[int]:
        graph = self.space.graph(key)
        colours = [self._number(label) for label in graph.node_labels]
        for _ in range(self._rounds):
            incoming: list[list[tuple[str, int]]] = [[] for _ in colours]
            for (source, target), label in zip(graph.edges, graph.edge_labels, strict=True):
                incoming[target].append((label, colours[source]))
            colours = [self._number((own, *sorted(around))) for own, around in zip(colours, incoming, strict=True)]
        return colours

    def _number(self, what: object) -> int:
        return self._numbers.setdefault(what, len(self._numbers))
