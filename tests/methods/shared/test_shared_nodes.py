"""Nodes that many architectures have in common."""

import numpy as np
import pytest

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_graph import NasBenchGraph
from equipoise.methods._shared.operation_graphs import operations_of
from equipoise.methods._shared.shared_nodes import NodeReader

DEPTH = 3


def values(space: SearchSpace, architecture: tuple[int, ...], words: list[str]) -> list[float]:
    """Passes numbers along the links of one graph, node by node, and averages over all nodes but the inputs."""
    labels, edges = operations_of(space.graph(architecture))
    state = [float("input" in label) + 0.5 for label in labels]
    means = []
    for _ in range(DEPTH):
        state = [
            (words.index(label) + 2) * sum(state[source] for source, target in edges if target == node) % 97
            + state[node]
            for node, label in enumerate(labels)
        ]
    inner = [value for value, label in zip(state, labels, strict=True) if "input" not in label]
    means.append(sum(inner) / len(inner))
    return means


@pytest.mark.parametrize("space", [NasBench201(), NasBench101(), NasBenchGraph()], ids=lambda space: space.name)
def test_a_layer_over_shared_nodes_is_the_layer_over_all_nodes(space: SearchSpace) -> None:
    cells = space.sample(np.random.default_rng(0), 80)
    reader = NodeReader(space, cells, DEPTH)
    nodes = reader.read(cells)
    state = nodes.inputs[:, None].astype(np.float64) + 0.5
    for layer in nodes.layers:
        received, kept = np.split(layer.sources @ state, 2)
        state = (layer.labels.argmax(axis=1)[:, None] + 2) * received % 97 + kept
    expected = [values(space, cell, reader.words) for cell in cells]
    assert nodes.share @ state == pytest.approx(np.array(expected), rel=1e-4)
    assert len(state) < sum(len(operations_of(space.graph(cell))[0]) for cell in cells) * 0.8


def test_transposed_matrices_are_the_same_whether_dense_or_sparse() -> None:
    space = NasBench201()
    nodes = NodeReader(space, space.sample(np.random.default_rng(1), 50), DEPTH).read(
        space.sample(np.random.default_rng(0), 200)
    )
    back = nodes.transposed()
    kinds = set()
    for here, there in zip([*nodes.layers, nodes], [*back.layers, back], strict=True):
        matrix = getattr(here, "sources", getattr(here, "share", None))
        other = getattr(there, "sources", getattr(there, "share", None))
        kinds.add(isinstance(matrix, np.ndarray))
        left, right = (m if isinstance(m, np.ndarray) else m.toarray() for m in (matrix, other))
        assert (right == left.T).all()
    assert kinds == {True, False}
