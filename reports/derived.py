"""What a method that goes on training shared weights asked for, one after the other: its worth and its make."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from harness.space import Architecture, SearchSpace
from reports.incumbents import Rows
from reports.results import Array, Derived

__all__ = ["MARKS", "derived"]

MARKS = (1, 3, 5, 10, 20, 30, 40, 50, 75, 100, 150, 200, 300)


def derived(
    block: Rows,
    regret_of: Callable[[npt.NDArray[np.int64]], Array],
    architectures: Sequence[Architecture],
    space: SearchSpace | None,
) -> Derived:
    """Condenses the proposals of one method on one task.

    Args:
        block: Its r runs.
        regret_of: From numbers of architectures to regrets.
        architectures: By number; empty where the space is not at hand.
        space: What the labels are read from.
    """
    marks = [mark for mark in MARKS if mark <= block.lengths.min()]
    codes = block.code[:, [mark - 1 for mark in marks]]
    regret = regret_of(codes.ravel()).reshape(codes.shape)
    if space is None or not architectures:
        return Derived(tuple(marks), regret, {})
    made = {code: _labels(space, architectures[code]) for code in np.unique(codes).tolist()}
    counts = {
        label: np.array([[made[code][label] for code in row] for row in codes.tolist()]).mean(axis=0)
        for label in sorted({label for labels in made.values() for label in labels})
        if len({labels[label] for labels in made.values()}) > 1
    }
    return Derived(tuple(marks), regret, counts)


def _labels(space: SearchSpace, architecture: Architecture) -> Counter[str]:
    """How many nodes and edges of the graph have each label; the decisions' own options where they are alike."""
    if len({decision.options for decision in space.decisions}) == 1:  # the graph may leave some out, as "none"
        return Counter(space.decisions[0].options[option] for option in architecture)
    graph = space.graph(architecture)
    return Counter(label for label in (*graph.node_labels, *graph.edge_labels) if label)
