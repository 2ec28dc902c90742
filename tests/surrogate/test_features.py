"""The features, against an independent listing of all paths."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.harness.core.registry import load_space
from equipoise.harness.surrogate.features import GraphFeatures

SPACES = ("nasbench101", "nasbench201", "darts", "nasbench_graph", "nats_sss")


def drawn(space, architecture) -> nx.DiGraph:
    """The graph with labelled edges as nodes."""
    nodes, edges, labels = space.graph(space.key(architecture))
    graph = nx.DiGraph()
    graph.add_nodes_from((place, {"label": label}) for place, label in enumerate(nodes))
    for (u, v), label in zip(edges, labels, strict=True):
        if label:
            graph.add_node((u, v), label=label)
            graph.add_edges_from([(u, (u, v)), ((u, v), v)])
        else:
            graph.add_edge(u, v)
    return graph


def expected(graph: nx.DiGraph, features: GraphFeatures) -> dict[str, float]:
    label = nx.get_node_attributes(graph, "label")
    starts = [node for node in graph if graph.in_degree(node) == 0]
    ends = [node for node in graph if graph.out_degree(node) == 0]
    paths = [path for u in starts for v in ends for path in ([[u]] if u == v else nx.all_simple_paths(graph, u, v))]
    found = {
        "nodes": len(graph),
        "edges": graph.number_of_edges(),
        "log of paths": np.log1p(len(paths)),
        "longest path": max(map(len, paths)),
        "shortest path": min(map(len, paths)),
    }
    for one in features.labels:
        own = [node for node in graph if label[node] == one]
        on_path = [sum(label[node] == one for node in path) for path in paths]
        depths = {node: [path.index(node) + 1 for path in paths if node in path] for node in own}
        found[f"nodes with {one}"] = len(own)
        found[f"paths through {one}"] = sum(on_path) / len(paths)
        found[f"most on a path {one}"] = max(on_path)
        found[f"fewest on a path {one}"] = min(on_path)
        found[f"deepest by the longest path {one}"] = max((max(depths[node]) for node in own), default=0)
        found[f"deepest by the shortest path {one}"] = max((min(depths[node]) for node in own), default=0)
    for u, v in features.links:
        found[f"{u} -> {v}"] = sum(label[a] == u and label[b] == v for a, b in graph.edges)
    return found


@pytest.mark.parametrize("name", SPACES)
def test_they_are_those_of_all_paths(name: str) -> None:
    space = load_space(name)()
    architectures = space.sample(np.random.default_rng(3), 25)
    features = GraphFeatures.seen_in(space, architectures)
    assert len(set(features.names)) == len(features.names)
    for architecture, row in zip(architectures, features.of(architectures), strict=True):
        told = dict(zip(features.names, row.tolist(), strict=True))
        for what, value in expected(drawn(space, architecture), features).items():
            assert told[what] == pytest.approx(value, rel=1e-5), (what, space.format(architecture))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_isomorphic_cells_have_equal_features(seed: int) -> None:
    space = load_space("nasbench101")()
    rng = np.random.default_rng(seed)
    (cell,) = space.sample(rng, 1)
    features = GraphFeatures.seen_in(space, [cell])
    matrix, labels = space.matrix(cell)
    inner = len(labels) - 2
    for _ in range(50):
        order = [0, *(1 + rng.permutation(inner)), len(labels) - 1]
        moved = matrix[np.ix_(order, order)]
        if not np.any(np.tril(moved)):
            other = space.from_matrix(moved, [labels[node] for node in order])
            assert np.array_equal(features.of([other]), features.of([cell]))


def test_a_batch_is_no_different_from_one_at_a_time() -> None:
    space = load_space("darts")()
    architectures = space.sample(np.random.default_rng(0), 7)
    features = GraphFeatures.seen_in(space, architectures)
    assert np.array_equal(features.of(architectures), np.vstack([features.of([a]) for a in architectures]))


def test_labels_that_the_sample_has_not_are_passed_over() -> None:
    space = load_space("nasbench101")()
    small, large = space.parse("01/00:input,output"), space.parse("010/001/000:input,maxpool3x3,output")
    features = GraphFeatures.seen_in(space, [small])
    assert features.labels == ("input", "output")
    told = dict(zip(features.names, features.of([large])[0].tolist(), strict=True))
    assert (told["nodes"], told["longest path"], told["input -> output"]) == (3, 3, 0)
