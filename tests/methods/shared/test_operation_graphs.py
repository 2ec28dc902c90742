"""Architectures as graphs whose nodes are operations."""

import numpy as np
import pytest
from method_runs import SPACES

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.operation_graphs import GraphReader, operations_of


def test_labelled_edges_become_nodes() -> None:
    space = NasBench201()
    cell = space.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|")
    labels, edges = operations_of(space.graph(cell))
    named = {(labels[source], labels[target]) for source, target in edges}
    conv, skip, pool, last = "nor_conv_3x3", "skip_connect", "avg_pool_3x3", "nor_conv_1x1"
    assert sorted(labels) == sorted(["input", "output", conv, skip, pool, last])
    assert named == {("input", conv), (conv, skip), (skip, last), (last, "output"), ("input", pool), (pool, "output")}


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_graph_arrays_hold_the_graphs(space: SearchSpace) -> None:
    cells = space.sample(np.random.default_rng(0), 10)
    arrays = GraphReader(space).read(cells)
    for row, cell in enumerate(cells):
        labels, edges = operations_of(space.graph(cell))
        assert arrays.real[row].sum() == len(labels)
        own = {(int(source), int(target)) for target, source in np.argwhere(arrays.gather[row]) if source != target}
        assert own == set(edges)
        alike = arrays.labels[row] @ arrays.labels[row].T
        assert all((labels[a] == labels[b]) == bool(alike[a, b]) for a in range(len(labels)) for b in range(a))
