"""Mini-batches of graphs whose nodes are stored by class, for many steps of training at once."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.node_classes import ClassGraphs, Integers

__all__ = ["ClassBatch", "batches_of"]

Floats = npt.NDArray[np.float32]


class ClassBatch(NamedTuple):
    """B graphs whose nodes are of C classes.

    Attributes:
        labels: C x (F + 1); the labels of a class and of those that feed it, summed, and one.
        gather: C x (C + 1); row c counts class c itself, once, and the classes of the nodes that feed it; the last
            column is one.
        share: B x C; the share of each class in the nodes of each graph.
        weight: C; the share of each class in the nodes of all graphs.
        nodes: How many nodes all graphs have.
    """

    labels: Floats
    gather: Floats
    share: Floats
    weight: Floats
    nodes: int


def batches_of(graphs: ClassGraphs, orders: Integers, batch: int) -> Iterator[ClassBatch]:
    """Cuts E orders of the graphs into mini-batches.

    The matrices of all steps are filled by a few array operations, whatever their number. Those of a step have other
    shapes than those of the next, and lie one after the other in a flat array.

    Args:
        graphs: n graphs.
        orders: E x m; numbers of graphs.
        batch: Graphs in a step; the last of an order has what is left.
    """
    classes, (epochs, m) = len(graphs.gathered), orders.shape
    place = np.arange(m)
    of_graph = (np.arange(epochs)[:, None] * -(-m // batch) + place // batch).ravel()  # the step of each graph
    steps = int(of_graph[-1]) + 1
    nodes = graphs.nodes[orders.ravel()]
    real = nodes >= 0
    keys = (nodes + (of_graph * classes)[:, None])[real]  # of each node: step and class
    counts = np.bincount(keys, minlength=steps * classes)
    found = np.flatnonzero(counts)
    step, own = np.divmod(found, classes)
    starts = np.searchsorted(step, np.arange(steps + 1))
    sizes = np.diff(starts)
    row = np.arange(len(found)) - starts[step]
    row_of = np.empty(steps * classes, dtype=np.intp)
    row_of[found] = row

    fed, column = np.nonzero(graphs.gathered[own] >= 0)
    sources = row_of[graphs.gathered[own[fed], column] + step[fed] * classes]
    widths = sizes + 1
    squares = _starts(sizes * widths)
    begin_row = squares[step] + row * widths[step]
    gather = np.bincount(begin_row[fed] + sources, minlength=squares[-1]).astype(np.float32)
    gather[begin_row + sizes[step]] = 1.0

    lengths, heights = real.sum(axis=1), np.bincount(of_graph)
    areas = _starts(heights * sizes)
    begin = areas[of_graph] + np.tile(place % batch, epochs) * sizes[of_graph]
    cells = np.repeat(begin, lengths) + row_of[keys]
    share = np.bincount(cells, weights=np.repeat(1.0 / lengths, lengths), minlength=areas[-1])

    totals = np.bincount(of_graph, weights=lengths)
    weight = (counts[found] / totals[step]).astype(np.float32)
    labels, shares = graphs.labels[own], share.astype(np.float32)
    pieces = zip(_pieces(starts), _pieces(squares), _pieces(areas), sizes.tolist(), totals.tolist(), strict=True)
    for rows, square, area, size, total in pieces:
        yield ClassBatch(
            labels[rows],
            gather[square].reshape(size, size + 1),
            shares[area].reshape(-1, size),
            weight[rows],
            int(total),
        )


def _starts(sizes: Integers) -> Integers:
    """Where each of consecutive pieces begins, and where the last ends."""
    starts = np.zeros(len(sizes) + 1, dtype=np.intp)
    np.cumsum(sizes, out=starts[1:])
    return starts


def _pieces(starts: Integers) -> Iterator[slice]:
    return (slice(*bounds) for bounds in pairwise(starts.tolist()))
