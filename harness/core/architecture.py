"""An architecture: the options it takes, and the graph they describe."""

from typing import NamedTuple

__all__ = ["Architecture", "Decision", "LabelledDag"]

Architecture = tuple[int, ...]
"""The chosen option of each decision, in order."""


class Decision(NamedTuple):
    """One choice of a space.

    Attributes:
        name: Unique within the space, for example ``edge 0->1``.
        options: The accepted choices. Decisions with equal options are of one kind, and a method may share
            what it learns between them.
    """

    name: str
    options: tuple[str, ...]


class LabelledDag(NamedTuple):
    """A directed acyclic graph with labelled nodes and edges, possibly unfinished.

    Attributes:
        node_labels: One label per node, in topological order.
        edges: Pairs (source, target) of node numbers, source < target.
        edge_labels: One label per edge; ``""`` where the space labels nodes only.
    """

    node_labels: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    edge_labels: tuple[str, ...]
