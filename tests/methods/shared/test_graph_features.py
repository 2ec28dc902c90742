"""Graph features against paths that are listed one by one."""

from itertools import product

import numpy as np
import pytest

from equipoise.harness.core.isomorphism import Isomorphism, searched_space
from equipoise.harness.core.registry import load_space
from equipoise.harness.core.space import Architecture, LabelledDag, SearchSpace
from equipoise.methods._shared.graph_arrays import GraphReader
from equipoise.methods._shared.graph_features import raw_features, subsets_of
from equipoise.methods._shared.space_features import LINEAR, is_listable, space_features

SPACES = ("nasbench201", "nasbench_graph", "nasbench101", "nasbench_asr", "transnas_macro", "darts")


def drawn(name: str, n: int = 40) -> tuple[SearchSpace, GraphReader, list[Architecture]]:
    space = load_space(name)()
    reader = GraphReader(space, space.sample(np.random.default_rng(0), 500))
    return space, reader, space.sample(np.random.default_rng(1), n)


def walks(graph: LabelledDag, operations: tuple[str, ...], start: str, end: str) -> list[list[str]]:
    """The labels that count on every path from an input to an output; a plain label is the empty text."""
    known = set(operations)

    def shown(label: str) -> list[str]:
        return [label] if label in known else []

    def onward(node: int) -> list[list[str]]:
        if graph.node_labels[node].endswith(end):
            return [[]]
        found = []
        for (u, v), label in zip(graph.edges, graph.edge_labels, strict=True):
            if u == node:
                found += [[*shown(label), *shown(graph.node_labels[v]), *rest] for rest in onward(v)]
        return found

    begins = [node for node, label in enumerate(graph.node_labels) if label.startswith(start)]
    return [path for node in begins for path in onward(node)]


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("nasbench201", [("input", "output")]),
        ("nasbench_graph", [("input", "output")]),
        ("nasbench101", [("input", "output")]),
        ("nasbench_asr", [("input", "output")]),
        ("transnas_macro", [("input", "output")]),
        ("darts", [("normal input", "normal output"), ("reduce input", "reduce output")]),
    ],
)
def test_path_features_agree_with_listed_paths(name: str, blocks: list[tuple[str, str]]) -> None:
    space, reader, architectures = drawn(name)
    values, groups = raw_features(reader, architectures)
    subsets = subsets_of(len(reader.operations))
    assert len(reader.blocks) == len(blocks)
    for number, (start, end) in enumerate(blocks, 1):
        prefix = f"block {number} " if len(blocks) > 1 else ""
        columns = {
            g: np.flatnonzero(np.array(groups) == prefix + g) for g in ("shortest", "longest", "paths", "members")
        }
        for row, architecture in zip(values, architectures, strict=True):
            paths = walks(space.graph(architecture), reader.operations, start, end)
            for s, member in enumerate(subsets):
                inside = {operation for operation, flag in zip(reader.operations, member, strict=True) if flag}
                counts = [sum(label in inside for label in path) for path in paths]
                over = [len(path) for path in paths if set(path) <= inside]
                assert row[columns["shortest"][s]] == pytest.approx(1 / (1 + min(over)) if over else 0)
                assert row[columns["longest"][s]] == (1 + max(over) if over else 0)
                assert row[columns["paths"][s]] == pytest.approx(np.log1p(len(over)))
                assert row[columns["members"][s]] == max(counts, default=0)
                assert row[columns["members"][len(subsets) + s]] == min(counts, default=0)


def test_a_cell_of_nasbench201_has_the_features_that_its_drawing_shows() -> None:
    """3x3 from 0 to 1 to 3, a skip from 0 to 3, and a pooling from 0 to 2 that leads nowhere."""
    space = load_space("nasbench201")()
    reader = GraphReader(space, list(space.enumerate()))
    assert reader.operations == ("avg_pool_3x3", "nor_conv_1x1", "nor_conv_3x3", "skip_connect")
    cell = space.parse("|nor_conv_3x3~0|+|avg_pool_3x3~0|none~1|+|skip_connect~0|nor_conv_3x3~1|none~2|")
    values, groups = raw_features(reader, [cell])
    of = {group: values[0, np.array(groups) == group].tolist() for group in dict.fromkeys(groups)}
    assert of["counts"] == [1, 0, 2, 1]
    assert of["live"] == [0, 0, 2, 1]
    singles = dict(zip(reader.operations, zip(of["degrees"][:4], of["degrees"][15:19], strict=True), strict=True))
    assert singles == {
        "avg_pool_3x3": (0, 0), "nor_conv_1x1": (0, 0), "nor_conv_3x3": (1, 1), "skip_connect": (1, 1),
    }  # fmt: skip
    assert sum(of["successions"]) == 1
    assert of["successions"][2 * 4 + 2] == 1  # 3x3 after 3x3
    assert of["depths"][2] == 1
    assert of["depths"][3] == 1
    assert of["depths"][4 + 2] == 1
    assert of["shape"][:6] == pytest.approx([2, 3, 3, np.log(3), 2, 2])  # depth, nodes, edges, paths, degrees


@pytest.mark.parametrize("name", SPACES)
def test_isomorphic_cells_have_the_same_features_where_only_operations_count(name: str) -> None:
    """The order in which graphs are read does not matter, nor which others are beside them."""
    _, reader, architectures = drawn(name)
    together, _ = raw_features(reader, architectures)
    alone = np.concatenate([raw_features(reader, [architecture])[0] for architecture in reversed(architectures)])
    np.testing.assert_array_equal(together, alone[::-1])


def test_subsets_are_all_up_to_six_operations_and_bounded_beyond() -> None:
    assert len(subsets_of(4)) == 15
    assert len(subsets_of(6)) == 63
    nine = subsets_of(9)
    assert sorted(nine.sum(axis=1).tolist()) == [1] * 9 + [2] * 36 + [9]
    assert subsets_of(0).shape == (0, 0)
    assert len(subsets_of(100)) == 101


def test_a_group_has_a_mean_squared_distance_of_one_and_keeps_distances() -> None:
    space = load_space("nasbench201")()
    features = space_features(space)
    assert is_listable(space)
    assert len(features.everything) == space.size
    raw, groups = raw_features(GraphReader(space, list(space.enumerate())), list(space.enumerate()))
    for group in ("counts", "degrees", "shape"):
        own = features.everything[:, np.array(features.groups) == group].astype(np.float64)
        assert 2 * own.var(axis=0).sum() == pytest.approx(1, abs=1e-3)
        whole = raw[:, np.array(groups) == group]
        whole = whole[:, np.ptp(whole, axis=0) > 0].astype(np.float64)
        whole = (whole - whole.mean(axis=0)) / whole.std(axis=0) / np.sqrt(2 * whole.shape[1])
        pairs = np.random.default_rng(0).integers(space.size, size=(200, 2)).T
        ours, theirs = (np.square(x[pairs[0]] - x[pairs[1]]).sum(axis=1) for x in (own, whole))
        np.testing.assert_allclose(ours, theirs, atol=0.06)


@pytest.mark.parametrize("name", SPACES)
def test_features_of_some_are_those_of_the_whole(name: str) -> None:
    space = load_space(name)()
    features = space_features(space)
    architectures = space.sample(np.random.default_rng(2), 20)
    encoded = features.encode(architectures)
    assert encoded.shape == (20, len(features.groups))
    assert LINEAR in {group.split()[-1] for group in features.groups}
    if is_listable(space):
        rows = [space.index(architecture) for architecture in architectures]
        np.testing.assert_allclose(encoded, features.everything[rows], atol=1e-5)
    else:
        assert len(features.everything) == 0
        assert name in ("nasbench101", "darts")


def test_a_space_without_edges_or_operations_still_has_decisions_to_compare() -> None:
    """A graph that never changes has no feature that varies."""

    class Bare(type(load_space("nasbench_macro")())):  # type: ignore[misc]
        def graph(self, prefix: Architecture) -> LabelledDag:
            return LabelledDag(("input", "output"), ((0, 1),), ("",))

    features = space_features(Bare())
    assert features.groups == ()
    assert features.encode(list(product((0, 1), repeat=8))[:3]).shape == (3, 0)


@pytest.mark.parametrize("rule", ["none", "all"])
def test_a_space_under_a_rule_of_isomorphism_has_features_too(rule: Isomorphism) -> None:
    space = searched_space(load_space("nasbench_graph")(), rule)
    features = space_features(space)
    assert is_listable(space) == (rule == "all")  # 157,440 labelled networks, 26,206 classes
    encoded = features.encode(space.sample(np.random.default_rng(0), 10))
    assert encoded.shape == (10, len(features.groups))
    assert np.ptp(encoded, axis=0).max() > 0
