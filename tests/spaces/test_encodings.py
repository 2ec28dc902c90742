"""Encodings: one shape, the paths that an independent enumeration finds, and what optimisers propose read back."""

from itertools import pairwise, product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import MadeSpace
from strategies import architectures

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.registry import spaces
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.spaces.darts import CELLS, NODES, PAIRS, Darts
from equipoise.harness.spaces.darts import OPERATIONS as DARTS_OPERATIONS
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import OPERATIONS, NasBench201
from equipoise.harness.spaces.nasbench_graph import NasBenchGraph

SPACES = [MadeSpace(), *(cls() for cls in spaces())]
NAMED = {space.name: space for space in SPACES}
OFFERED = [(space, kind) for space in SPACES for kind in space.encodings]
each_space = pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
each_encoding = pytest.mark.parametrize(
    ("space", "kind"), OFFERED, ids=[f"{space.name}-{kind}" for space, kind in OFFERED]
)

READABLE = [(space, kind) for space in SPACES for kind in space.decodable_encodings]
each_decodable = pytest.mark.parametrize(
    ("space", "kind"), READABLE, ids=[f"{space.name}-{kind}" for space, kind in READABLE]
)


def test_what_can_be_read_back() -> None:
    """Paths cannot, and an adjacency only where the space says how."""
    unreadable = {(space.name, kind) for space, kind in OFFERED} - {(space.name, kind) for space, kind in READABLE}
    assert {kind for _, kind in unreadable} == {"path", "adjacency"}
    assert [name for name, kind in unreadable if kind == "adjacency"] == ["nasbench_graph"]
    assert all((space.paths is None) == ("path" not in space.encodings) for space in SPACES)
    assert NAMED["nasbench101"].decodable_encoding() is NAMED["nasbench101"].encodings["A"]


@pytest.mark.parametrize("name", ["nasbench101", "nasbench201", "darts", "nasbench_graph"])
def test_truncated_paths_are_the_first_columns(name: str) -> None:
    space = NAMED[name]
    paths, cells = space.paths, space.sample(np.random.default_rng(3), 10)
    whole = paths.encode(cells)
    for longest in range(paths.longest + 2):
        part = paths.truncated(longest)
        assert np.array_equal(part.encode(cells), whole[:, : part.width])
        assert part.longest == min(longest, paths.longest)
    assert paths.truncated(paths.longest).width == paths.width
    assert paths.width == whole.shape[1]


def test_what_each_space_offers() -> None:
    """The list that suites and documents rely on."""
    always = ["categorical", "integer", "one-hot"]
    assert {name: list(space.encodings) for name, space in NAMED.items()} == {
        "made": always,
        "darts": [*always, "conditional", "adjacency", "path"],
        "nasbench101": [*always, "masked", "adjacency", "path", "A", "B", "C"],
        "nasbench201": [*always, "adjacency", "path"],
        "nasbench_asr": always,
        "nasbench_graph": [*always, "masked", "adjacency", "path"],
        "nasbench_macro": always,
        "nats_sss": always,
        "transnas_macro": [*always, "masked"],
        "transnas_micro": [*always, "adjacency", "path"],
    }


@pytest.mark.parametrize(
    ("name", "kind", "width"),
    [
        ("nasbench101", "path", 1 + 3 + 9 + 27 + 81 + 243),
        ("nasbench101", "adjacency", 21 + 5 * 3),
        ("nasbench201", "path", 4 + 16 + 64),
        ("nasbench201", "adjacency", 6 * 4),
        ("transnas_micro", "path", 3 + 9 + 27),
        ("nasbench_graph", "path", 9 + 81 + 729 + 6561),
        ("darts", "path", 4 * (7 + 49 + 343 + 2401)),
        ("darts", "adjacency", 2 * 14 * 7),
        ("darts", "conditional", 34),
    ],
)
def test_widths_are_those_of_the_definitions(name: str, kind: str, width: int) -> None:
    assert NAMED[name].encodings[kind].width == width


@each_space
def test_other_kinds_are_refused_with_those_on_offer(space: SearchSpace) -> None:
    for call in (lambda: space.encode([], "paths"), lambda: space.decode([0.0], "paths")):
        with pytest.raises(SpaceError, match=rf"{space.name}: unknown encoding 'paths'; .*categorical.*one-hot"):
            call()
    with pytest.raises(SpaceError, match=r"takes \d+ numbers, one per parameter; got 1"):
        space.decode([0.0], "categorical")
    if "path" in space.encodings:
        with pytest.raises(SpaceError, match=r"'path' cannot be read back; accepted: categorical.*one-hot"):
            space.decode([0.0] * space.encodings["path"].width, "path")


@each_encoding
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_equal_architectures_have_equal_vectors_of_one_length(space: SearchSpace, kind: str, data) -> None:
    one, other = data.draw(architectures(space)), data.draw(architectures(space))
    vectors = space.encode([one, other, one], kind)
    assert vectors.shape == (3, space.encodings[kind].width)
    assert vectors.dtype == np.float64
    assert np.array_equal(vectors[0], vectors[2])
    assert space.encode([], kind).shape == (0, space.encodings[kind].width)


@each_decodable
def test_an_optimiser_s_values_are_options_in_range_and_lead_back(space: SearchSpace, kind: str) -> None:
    parameters = space.decodable_encoding(kind).parameters
    assert len({parameter.name for parameter in parameters}) == len(parameters)
    rng = np.random.default_rng(4)
    for _ in range(25):
        values = [rng.random() if p.kind == "float" else int(rng.integers(p.size)) for p in parameters]
        decoded = space.decode(values, kind)
        assert type(decoded) is tuple
        assert len(decoded) == len(space.decisions)
        assert all(type(o) is int and 0 <= o < width for o, width in zip(decoded, space.cardinalities, strict=True))
        assert space.parse(space.format(decoded)) == decoded
        assert kind != "masked" or space.contains(decoded)
    samples = space.sample(rng, 25)
    for cell, vector in zip(samples, space.encode(samples, kind).tolist(), strict=True):
        for parameter, value in zip(parameters, vector, strict=True):
            assert 0 <= value <= (1 if parameter.kind == "float" else parameter.size - 1)
        assert space.key(space.decode(vector, kind)) == space.key(cell)


def _words(space: SearchSpace, labels: tuple[str, ...], architecture: Architecture) -> set[tuple[str, ...]]:
    """All label sequences along simple paths from inputs to outputs, each with the name of its input in front."""
    nodes, edges, names = space.graph(architecture)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(nodes)))
    graph.add_edges_from((u, v, {"label": name}) for (u, v), name in zip(edges, names, strict=True))
    found = set()
    for source, sink in product(range(len(nodes)), repeat=2):
        if "input" in nodes[source] and nodes[sink].endswith("output") and source != sink:
            for path in nx.all_simple_paths(graph, source, sink):
                word = [nodes[source]]
                for u, v in pairwise(path):
                    word += [label for label in (graph.edges[u, v]["label"], nodes[v]) if label in labels]
                found.add(tuple(word))
    return found


PATHS = {
    "nasbench101": (("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"), range(6), ("input",)),
    "nasbench201": (OPERATIONS[1:], range(1, 4), ("input",)),
    "transnas_micro": (OPERATIONS[1:4], range(1, 4), ("input",)),
    "nasbench_graph": (NasBenchGraph().operations, range(1, 5), ("input",)),
    "darts": (
        DARTS_OPERATIONS,
        range(1, 5),
        ("normal input 0", "normal input 1", "reduce input 0", "reduce input 1"),
    ),
}


@pytest.mark.parametrize("name", PATHS)
def test_path_columns_are_the_paths_that_an_independent_enumeration_finds(name: str) -> None:
    space, (labels, lengths, starts) = NAMED[name], PATHS[name]
    columns = [(start, *word) for n in lengths for start in starts for word in product(labels, repeat=n)]
    cells = [space.key(cell) for cell in space.sample(np.random.default_rng(0), 80)]
    for cell, row in zip(cells, space.encode(cells, "path"), strict=True):
        assert {columns[column] for column in np.flatnonzero(row)} == _words(space, labels, cell)
        assert set(np.unique(row)) <= {0.0, 1.0}


def test_isomorphic_cells_have_equal_paths() -> None:
    space = NasBench101()
    rng = np.random.default_rng(1)
    relabelled = 0
    for cell in space.sample(rng, 500):
        matrix, labels = space.matrix(cell)
        order = [0, *rng.permutation(range(1, len(labels) - 1)).tolist(), len(labels) - 1]
        moved = matrix[np.ix_(order, order)]
        if not np.any(np.tril(moved)):
            other = space.from_matrix(moved, [labels[node] for node in order])
            relabelled += other != cell
            assert np.array_equal(*space.encode([cell, other], "path"))
    assert relabelled > 10


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(0, 4)] * 6))
def test_cells_with_the_two_sums_exchanged_have_equal_paths(cell: tuple[int, ...]) -> None:
    first, second, _, skip, from_first, from_second = cell
    one, other = (first, second, 0, skip, from_first, from_second), (second, first, 0, skip, from_second, from_first)
    assert np.array_equal(*NasBench201().encode([one, other], "path"))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_networks_that_the_benchmark_stores_once_have_equal_paths(data) -> None:
    space = NAMED["nasbench_graph"]
    network = data.draw(architectures(space))
    assert np.array_equal(*space.encode([network, space.key(network)], "path"))


def test_adjacency_is_the_matrix_and_the_operations() -> None:
    space = NasBench101()
    for cell in space.sample(np.random.default_rng(2), 100):
        (vector,) = space.encode([cell], "adjacency")
        matrix, labels = space.matrix(cell)
        wide = np.zeros((7, 7))
        place = [*range(len(labels) - 1), 6]
        wide[np.ix_(place, place)] = matrix
        assert vector[:21].tolist() == [wide[u, v] for v in range(1, 7) for u in range(v)]
        operations = np.zeros((5, 3))
        for node, label in enumerate(labels[1:-1]):
            operations[node, space.option(0, label, label)] = 1
        assert vector[21:].tolist() == operations.ravel().tolist()


def test_adjacency_of_nasbench201_reads_a_half_as_no_edge() -> None:
    scores = np.full((6, 4), 0.5)
    scores[1] = (0.2, 0.51, 0.9, 0.9)
    scores[4, 0] = 0.6
    assert NasBench201().decode(scores.ravel().tolist(), "adjacency") == (0, 3, 0, 0, 1, 0)


def test_scores_are_read_by_the_first_of_the_highest() -> None:
    assert MadeSpace().decode([0.5, 0.5, 0.4, 0, 1, 1, 0.1, 0.2, 0.3], "one-hot") == (0, 1, 2)


def test_masked_scores_take_the_best_legal_option() -> None:
    space = NasBenchGraph()
    skip = space.operations.index("skip")
    scores = np.zeros(space.encodings["one-hot"].width)
    starts = np.cumsum([0, *space.cardinalities])
    scores[starts[3:7] + skip] = 1.0
    scores[starts[6] + 2] = 0.5
    assert space.decode(scores.tolist(), "one-hot")[3:] == (skip,) * 4
    assert space.decode(scores.tolist(), "masked")[3:] == (skip, skip, skip, 2)


def test_darts_scores_are_discretised_as_darts_does() -> None:
    """By hand: the two predecessors with the largest maximum over operations, each with that operation."""
    rng = np.random.default_rng(3)
    scores = rng.random((2, 14, 7))
    genotype = Darts().format(Darts().decode(scores.ravel().tolist(), "adjacency"))
    parts = []
    for cell, rows in zip(CELLS, scores, strict=True):
        kept, first = [], 0
        for node in NODES:
            own = rows[first : first + node]
            best = sorted(sorted(range(node), key=lambda u, own=own: -max(own[u]))[:2])
            kept += [f"('{DARTS_OPERATIONS[int(np.argmax(own[u]))]}', {u})" for u in best]
            first += node
        parts.append(f"{cell}=[{', '.join(kept)}], {cell}_concat=range(2, 6)")
    assert genotype == f"Genotype({', '.join(parts)})"


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_conditional_parameters_matter_exactly_where_they_say(data) -> None:
    space = Darts()
    parameters = space.decodable_encoding("conditional").parameters
    values = list(data.draw(st.tuples(*(st.integers(0, p.size - 1) for p in parameters))))
    decoded = space.decode(values, "conditional")
    for column, parameter in enumerate(parameters):
        changed = [*values[:column], (values[column] + 1) % parameter.size, *values[column + 1 :]]
        active = parameter.when is None or values[parameter.when[0]] in parameter.when[1]
        assert (space.decode(changed, "conditional") != decoded) == active
    assert sum(p.when is not None for p in parameters) == 24  # the conditions of NAS-Bench-301's configuration space
    assert len(PAIRS[5]) == 10
