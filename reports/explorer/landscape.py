"""The landscape of a task, packed: decisions and graphs of its architectures, and what is known of each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import Architecture, LabelledDag, SearchSpace
from equipoise.harness.core.task import Metric
from equipoise.reports.explorer.pack import Block, Column
from equipoise.reports.explorer.points import Points
from equipoise.reports.statistics.arrays import Array

__all__ = ["Packed", "pack_space", "pack_task", "shown_errors"]


STACKED = 10_000_000
"""Up to so many combinations of options, decisions are laid out as nested rows and columns."""


@dataclass(frozen=True)
class Packed:
    """A description for JSON, and the bytes that it describes, as base64."""

    description: dict[str, Any]
    block: str


def shown_errors(metric: Metric, errors: Array) -> Array:
    """Errors in the unit that people read: points where they maximise, else the metric itself."""
    return abs(metric.slope) * errors if metric.maximise else metric.offset + metric.slope * errors


def pack_space(space: SearchSpace, architectures: list[Architecture]) -> Packed:
    """Packs the decisions and graphs of architectures of one space.

    Args:
        space: Where they come from.
        architectures: n of them, in the order of the points.
    """
    block, options = Block(), np.array(architectures, dtype=np.int64).reshape(len(architectures), -1)
    decisions = [
        {"name": decision.name, "options": list(decision.options), "codes": block.add_codes(options[:, place])}
        for place, decision in enumerate(space.decisions)
    ]
    graphs = [space.graph(architecture) for architecture in architectures]
    widths = float(np.prod([float(width) for width in space.cardinalities]))
    described: dict[str, Any] = {"name": space.name, "source": space.source, "decisions": decisions}
    described["graph"] = _pack_graphs(block, graphs)
    described["stacked"] = len(decisions) > 1 and widths <= STACKED
    if not described["stacked"] and len(decisions) > 1 and len(architectures) > 2:
        described["map"] = [block.add_column(axis).described() for axis in _embedded(options)]
    return Packed(described, block.text())


def _pack_graphs(block: Block, graphs: list[LabelledDag]) -> dict[str, Any]:
    """One array per node and one per pair of nodes: 0 for none, else the number of the label from 1."""
    most = max(len(graph.node_labels) for graph in graphs)
    nodes: list[str] = list(dict.fromkeys(label for graph in graphs for label in graph.node_labels))
    edges: list[str] = list(dict.fromkeys(label for graph in graphs for label in graph.edge_labels))
    node_codes = {label: code for code, label in enumerate(nodes, 1)}
    edge_codes = {label: code for code, label in enumerate(edges, 1)}
    pairs = {pair: place for place, pair in enumerate((u, v) for v in range(most) for u in range(v))}
    labels = np.zeros((most, len(graphs)), dtype=np.int64)
    links = np.zeros((len(pairs), len(graphs)), dtype=np.int64)
    for column, graph in enumerate(graphs):
        for node, label in enumerate(graph.node_labels):
            labels[node, column] = node_codes[label]
        for pair, label in zip(graph.edges, graph.edge_labels, strict=True):
            links[pairs[pair], column] = edge_codes[label]
    kept = [(pair, place) for pair, place in pairs.items() if links[place].any()]
    return {
        "nodeLabels": nodes,
        "edgeLabels": edges,
        "nodes": [block.add_codes(row) for row in labels],
        "edges": [[*pair, block.add_codes(links[place])] for pair, place in kept],
    }


def _embedded(options: npt.NDArray[np.int64]) -> Array:
    """Classical scaling of the number of decisions that differ: principal components of one-hot options, 2 x n.

    The squared Euclidean distance of two one-hot vectors is twice the number of decisions that differ (Torgerson 1952).
    """
    columns = [
        options[:, place] == value for place in range(options.shape[1]) for value in np.unique(options[:, place])
    ]
    centred = np.array(columns, dtype=np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    _, vectors = np.linalg.eigh(centred @ centred.T)
    axes = vectors[:, [-1, -2]] if len(vectors) > 1 else np.repeat(vectors, 2, axis=1)
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    return np.asarray((axes * signs).T @ centred)


def pack_task(points: Points, space: str) -> Packed:
    """Packs errors, sizes and further objectives of the architectures of a task.

    Args:
        points: Its architectures.
        space: Key of the packed space.
    """
    task, metric, block = points.task, points.task.info.metric, Block()
    columns: list[dict[str, Any]] = []

    def add(name: str, label: str, unit: str, values: Array, kind: str, minimise: bool = True) -> Column:
        column = block.add_column(values, exact=kind != "objective")
        entry = {"name": name, "label": label, "unit": unit, "kind": kind, "minimise": minimise}
        columns.append({**entry, **column.described()})
        return column

    word = "error" if metric.maximise else metric.name
    seeds = task.seed_landscape() if points.rows is not None else None
    if seeds is not None:
        for number, errors in enumerate(points.of_rows(seeds).T, 1):
            add(f"seed {number}", f"seed {number}", metric.unit, shown_errors(metric, errors), "seed")
    add("validation", f"validation {word}", metric.unit, shown_errors(metric, points.errors), "error")
    test = task.test_landscape() if points.rows is not None else None
    if test is not None:
        add("test", f"test {word}", metric.unit, shown_errors(metric, points.of_rows(test)), "test")
    missing = []
    for objective in task.info.objectives if points.rows is not None else ():
        try:
            values = task.objective_values(objective.name)
        except DataError:
            missing.append(objective.name)
            continue
        if values is not None:
            label = objective.name.replace("_", " ")
            add(objective.name, label, objective.unit, points.of_rows(values), "objective", objective.minimise)
    described = {
        "name": task.name,
        "title": task.info.title or task.name,
        "space": space,
        "points": len(points.architectures),
        "origin": points.origin,
        "best": int(np.argmin(points.errors)),
        "metric": {"name": metric.name, "unit": metric.unit, "maximise": metric.maximise, "offset": metric.offset},
        "surrogate": task.info.surrogate is not None,
        "columns": columns,
        "missing": missing,
        "validation": task.info.validation_split,
        "test": task.info.test_split,
        "source": task.info.source,
        "licence": task.info.licence,
    }
    return Packed(described, block.text())
