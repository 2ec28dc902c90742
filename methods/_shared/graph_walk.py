"""The live part of many graphs at once, and walks over it in topological order."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.graph_arrays import ABSENT, GraphArrays

__all__ = ["Array", "Codes", "Flags", "GraphWalk"]

Array = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int16]
Flags = npt.NDArray[np.bool_]


class GraphWalk:
    """One block of M graphs, reduced to what lies on a path from an input to an output.

    Args:
        graphs: M graphs.
        places: Of the block.
        columns: Of its pairs of places, ordered by target.
        pairs: All pairs.
        operations: K.

    Attributes:
        m: M.
        operations: K.
        places: Of the block.
        links: Its pairs (source, target).
        nodes: For each place, M codes of the live nodes.
        edges: For each link, M codes of the live edges.
        starts: For each place, whether it is a live input.
        ends: For each place, whether it is a live output.
    """

    def __init__(
        self,
        graphs: GraphArrays,
        places: Sequence[int],
        columns: Sequence[int],
        pairs: Sequence[tuple[int, int]],
        operations: int,
    ) -> None:
        self.m, self.operations, self.places = len(graphs.nodes), operations, places
        self.links = [pairs[column] for column in columns]
        nodes = {place: graphs.nodes[:, place] for place in places}
        edges = [graphs.edges[:, column] for column in columns]
        self._everything = [*nodes.values(), *edges]
        reached = {place: graphs.starts[:, place] for place in places}
        useful = {place: graphs.ends[:, place] for place in places}
        for (u, v), edge in zip(self.links, edges, strict=True):
            reached[v] = reached[v] | (reached[u] & (edge != ABSENT))
        for (u, v), edge in reversed(list(zip(self.links, edges, strict=True))):
            useful[u] = useful[u] | (useful[v] & (edge != ABSENT))
        live = {place: reached[place] & useful[place] for place in places}
        self.starts = {place: graphs.starts[:, place] & live[place] for place in places}
        self.ends = {place: graphs.ends[:, place] & live[place] for place in places}
        self.nodes: dict[int, Codes] = {place: np.where(live[place], nodes[place], ABSENT) for place in places}
        self.edges: list[Codes] = [
            np.where(reached[u] & useful[v], edge, ABSENT) for (u, v), edge in zip(self.links, edges, strict=True)
        ]

    def hot(self, codes: Codes) -> Flags:
        """Which operation each code is, K x M."""
        found: Flags = np.arange(1, self.operations + 1, dtype=np.int16)[:, None] == codes
        return found

    def counts(self, live: bool) -> Array:
        """Occurrences of each operation, K x M."""
        found = np.zeros((self.operations, self.m), dtype=np.float32)
        for codes in [*self.nodes.values(), *self.edges] if live else self._everything:
            found += self.hot(codes)
        return found

    def depths(self) -> dict[int, Codes]:
        """The largest number of edges from an input to each place."""
        found: dict[int, Codes] = {place: np.zeros(self.m, dtype=np.int16) for place in self.places}
        for (u, v), edge in zip(self.links, self.edges, strict=True):
            found[v] = np.where(edge != ABSENT, np.maximum(found[v], found[u] + np.int16(1)), found[v])
        return found

    def over_ends(self, values: dict[int, Array], blank: float) -> Array:
        """The largest value at an output; `blank` where a graph has none."""
        found = np.full_like(next(iter(values.values())), blank)
        for place, end in self.ends.items():
            if end.any():
                np.maximum(found, np.where(end, values[place], np.float32(blank)), out=found)
        return found
