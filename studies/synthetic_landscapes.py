"""Synthetic tasks over spaces whose benchmark data cannot be included: NAS-Bench-101 and DARTS cells.

Name one in a suite as ``studies/synthetic_landscapes.py/nasbench101-1``: the space, and the number of a landscape. They
are no benchmark: they show whether a method works on a space, not which method finds better networks.
"""

from functools import cached_property

import numpy as np

from equipoise.harness.core.space import Architecture, LabelledDag, SearchSpace
from equipoise.harness.core.task import Benchmark, Evaluation, Metric, Noise, Task, TaskInfo
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101


class SyntheticLandscapes(Benchmark):
    """Five landscapes over each of the two spaces."""

    name = "synthetic"
    datasets = tuple(f"{space}-{number}" for space in ("nasbench101", "darts") for number in range(1, 6))

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> "SyntheticLandscape":  # noqa: ARG002
        """Makes the task of one landscape."""
        return SyntheticLandscape(dataset, noise)


class SyntheticLandscape(Task):
    """Error = a constant minus a sum of random weights of labels, edges and depths, mapped into (0, 1).

    Each label, each pair of labels joined by an edge, and each label at a depth from the input has a random weight.
    Equal graphs have equal errors, whatever their numbering. The weights of pairs make decisions interact.
    """

    info: TaskInfo
    space: SearchSpace

    def __init__(self, dataset: str, noise: Noise = "mean") -> None:
        self.info = TaskInfo(
            name=f"synthetic/{dataset}",
            source="This project",
            licence="none",
            metric=Metric.accuracy(),
            data_digest="0" * 64,
            has_cost=False,
            is_lookup=True,
        )
        self.space = NasBench101() if dataset.startswith("nasbench101") else Darts()
        super().__init__(noise)

    @cached_property
    def _weights(self) -> dict[object, float]:
        return {}

    def _value(self, feature: object) -> float:
        found = self._weights.get(feature)
        if found is None:
            entropy = [int(self.info.name[-1]), *repr(feature).encode()]
            found = self._weights[feature] = float(np.random.default_rng(entropy).normal())
        return found

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:  # noqa: ARG002
        """The synthetic error; nothing is drawn."""
        return Evaluation(self.expected(architecture), float("nan"))

    def expected(self, architecture: Architecture) -> float:
        """The synthetic error."""
        labels, edges, kind = _operations(self.space.graph(architecture))
        depth = [0] * len(labels)
        for u, v in edges:
            depth[v] = max(depth[v], depth[u] + 1)
        weights = [self._value(label) for label in labels]
        weights += [self._value((label, d)) for label, d in zip(labels, depth, strict=True)]
        weights += [self._value((labels[u], kind, labels[v])) for u, v in edges]
        weights.append(self._value((depth[-1], len(edges))))
        return float(1.0 / (1.0 + np.exp(1.5 * sum(weights) / np.sqrt(len(weights)))))


def _operations(graph: LabelledDag) -> tuple[list[str], list[tuple[int, int]], str]:
    """The graph with labelled edges turned into nodes, in topological order."""
    if not any(graph.edge_labels):
        return list(graph.node_labels), sorted(graph.edges), ""
    labels: list[str] = []
    place: dict[int, int] = {}
    edges: list[tuple[int, int]] = []
    for node, label in enumerate(graph.node_labels):
        incoming = [(u, kind) for (u, v), kind in zip(graph.edges, graph.edge_labels, strict=True) if v == node]
        between = []
        for u, kind in incoming:
            labels.append(kind)
            edges.append((place[u], len(labels) - 1))
            between.append(len(labels) - 1)
        place[node] = len(labels)
        labels.append(label)
        edges += [(middle, place[node]) for middle in between]
    return labels, edges, "through"
