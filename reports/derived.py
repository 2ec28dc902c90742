"""Architectures derived in the course of a weight-sharing search: their regret and their operations."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.reports.incumbents import RunRows
from equipoise.reports.runs import Derived
from equipoise.reports.statistics.arrays import Array

__all__ = ["MARKS", "derived"]

MARKS = (1, 3, 5, 10, 20, 30, 40, 50, 75, 100, 150, 200, 300)


def derived(
    block: RunRows,
    regret_at: Callable[[npt.NDArray[np.int64]], Array],
    architectures: Sequence[Architecture],
    space: SearchSpace | None,
) -> Derived:
    """Condenses the proposals of one method on one task.

    Args:
        block: Its r runs.
        regret_at: From r x k columns of the block, -1 for none, to regrets.
        architectures: By number; empty where the space is not at hand.
        space: What the labels are read from.
    """
    marks = tuple(mark for mark in MARKS if mark <= block.lengths.min())
    columns = np.broadcast_to(np.array(marks, dtype=np.int64) - 1, (len(block.lengths), len(marks)))
    valid = np.take_along_axis(np.isfinite(block.error), columns, axis=1)
    regret = regret_at(np.where(valid, columns, -1))
    if space is None:
        return Derived(marks, regret, {})
    codes = np.where(valid, np.take_along_axis(block.code, columns, axis=1), -1)
    made = {code: _labels(space, architectures[code]) for code in np.unique(codes[valid]).tolist()}
    varying = sorted(
        label
        for label in {label for labels in made.values() for label in labels}
        if len({labels[label] for labels in made.values()}) > 1
    )
    made[-1] = Counter()  # an invalid proposal
    counts = {
        label: np.array([[made[code][label] for code in row] for row in codes.tolist()]).mean(axis=0)
        for label in varying
    }
    return Derived(marks, regret, counts)


def _labels(space: SearchSpace, architecture: Architecture) -> Counter[str]:
    """Counts of the labels of nodes and edges in the graph; of options where all decisions have the same ones."""
    if len({decision.options for decision in space.decisions}) == 1:  # the graph may leave some out, as "none"
        return Counter(space.decisions[0].options[option] for option in architecture)
    graph = space.graph(architecture)
    return Counter(label for label in (*graph.node_labels, *graph.edge_labels) if label)
