"""The path encoding: which ways lead from input to output of an architecture, by the operations on them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness.space import Architecture, LabelledDag, SearchSpace

__all__ = ["Path", "PathReader", "paths_of"]

Path = tuple[str, ...]
"""The label of the input it starts from, then the operations along it."""


def paths_of(graph: LabelledDag) -> set[Path]:
    """Every way from an input to an output.

    Inputs and outputs are the nodes whose label says so. An operation is the label of an edge, or of an inner node
    where the edge has none.

    Args:
        graph: A complete architecture.
    """
    found: list[set[Path]] = [{(label,)} if "input" in label else set() for label in graph.node_labels]
    for (source, target), label in sorted(zip(graph.edges, graph.edge_labels, strict=True)):
        inner = "output" not in graph.node_labels[target]
        operation = (label,) if label else (graph.node_labels[target],) if inner else ()
        found[target] |= {(*path, *operation) for path in found[source]}
    ends = (paths for label, paths in zip(graph.node_labels, found, strict=True) if "output" in label)
    return set().union(*ends)


class PathReader:
    """Turns architectures into 0/1 vectors, a column for each path met.

    Source: White, Neiswanger and Savani, BANANAS, AAAI 2021, section 3 (path encoding, and its truncation to short
    paths, which are those that random architectures have in common).

    Args:
        space: Seen through its graphs alone.
        longest: Most operations on a path that is kept; None keeps half of the most that random architectures have,
            rounded up: 2 of 3 on NAS-Bench-201 and 3 of 5 on NAS-Bench-101, as published.
        rng: Draws those architectures.
        probes: How many.

    Attributes:
        longest: Most operations on a path that is kept.
        chains: Whether no architecture drawn has more than one path, so that a path is the whole architecture.
    """

    def __init__(self, space: SearchSpace, longest: int | None, rng: np.random.Generator, probes: int = 200) -> None:
        self._space = space
        self._known: dict[Architecture, frozenset[Path]] = {}
        drawn = [paths_of(space.graph(cell)) for cell in space.sample(rng, probes)]
        most = max((len(path) - 1 for paths in drawn for path in paths), default=1)
        self.longest = -(-most // 2) if longest is None else longest
        self.chains = all(len(paths) <= 1 for paths in drawn)

    def paths(self, architecture: Architecture) -> frozenset[Path]:
        """The paths that are kept of an architecture."""
        known = self._known.get(architecture)
        if known is None:
            every = paths_of(self._space.graph(architecture))
            known = self._known[architecture] = frozenset(path for path in every if len(path) - 1 <= self.longest)
        return known

    def features(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        """One column for each path that one of the n architectures has.

        Columns of paths that none of them has would be zero throughout, so that leaving them out changes nothing.

        Returns:
            n x d array of 0 and 1.
        """
        own = [self.paths(architecture) for architecture in architectures]
        columns = {path: number for number, path in enumerate(sorted(set().union(*own)))}
        encoded = np.zeros((len(own), max(len(columns), 1)), dtype=np.float32)
        for row, paths in enumerate(own):
            encoded[row, [columns[path] for path in paths]] = 1.0
        return encoded
