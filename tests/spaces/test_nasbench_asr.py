"""The classes and hashes of NAS-Bench-ASR, held against the published ones and a plain search for isomorphisms."""

from collections import defaultdict
from itertools import permutations, product

import numpy as np

from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.nasbench_asr import OPERATIONS, OUTPUT, NasBenchAsr

SPACE = NasBenchAsr()
ZERO = OPERATIONS.index("zero")


def minimal(cell: Architecture) -> tuple[set[tuple[int, int]], dict[int, str]]:
    """Edges and inner labels without zeros and loose ends, taken away one at a time."""
    labels, edges, _ = SPACE.graph(cell)
    nodes = {node for node in range(OUTPUT + 1) if labels[node] != "zero"}
    while True:
        left = {(u, v) for u, v in edges if u in nodes and v in nodes}
        loose = {n for n in nodes if n != OUTPUT and n not in {u for u, _ in left}}
        loose |= {n for n in nodes if n != 0 and n not in {v for _, v in left}}
        if not loose:
            return left, {node: labels[node] for node in nodes}
        nodes -= loose


def form(cell: Architecture) -> object:
    """The same for isomorphic graphs: the least of all drawings of the inner nodes."""
    edges, labels = minimal(cell)
    inner = [node for node in labels if 0 < node < OUTPUT]
    drawings = []
    for order in permutations(range(1, len(inner) + 1)):
        place = {0: 0, OUTPUT: OUTPUT, **dict(zip(inner, order, strict=True))}
        named = sorted((place[node], label) for node, label in labels.items())
        drawings.append((sorted((place[u], place[v]) for u, v in edges), named))
    return repr(min(drawings))


def test_the_classes_are_as_many_as_the_benchmark_says() -> None:
    assert SPACE.size == len(set(SPACE.enumerate())) == 8_242


def test_keys_are_equal_exactly_where_graphs_are_isomorphic() -> None:
    cells = [tuple(cell) for cell in np.random.default_rng(0).integers(SPACE.cardinalities, size=(900, 9)).tolist()]
    by_form, by_key = defaultdict(set), defaultdict(set)
    for cell in cells:
        by_form[form(cell)].add(SPACE.key(cell))
        by_key[SPACE.key(cell)].add(form(cell))
    assert {len(keys) for keys in by_form.values()} == {len(forms) for forms in by_key.values()} == {1}
    assert len(by_form) < len(cells)


def test_the_key_is_the_first_cell_of_its_class() -> None:
    first: dict[Architecture, Architecture] = {}
    for cell in product(*map(range, SPACE.cardinalities)):
        assert first.setdefault(SPACE.key(cell), cell) == SPACE.key(cell)
    assert list(first) == list(SPACE.enumerate())
    assert [SPACE.index(cell) for cell in first] == list(range(SPACE.size))


def test_hashes_are_the_published_ones() -> None:
    cell = SPACE.parse("[[1, 0], [1, 0, 0], [1, 0, 0, 0]]")  # README of the official repository
    assert SPACE.graph_hash(cell) == "36855332a5778e0df5114305bc3ce238"


def test_hashes_tell_classes_apart_and_nothing_else() -> None:
    rng = np.random.default_rng(1)
    for cell in SPACE.sample(rng, 12):
        others = [tuple(other) for other in rng.integers(SPACE.cardinalities, size=(20, 9)).tolist()]
        assert all(
            (SPACE.graph_hash(other) == SPACE.graph_hash(cell)) == (SPACE.key(other) == cell) for other in others
        )
    same = [c for c in product(*map(range, SPACE.cardinalities)) if SPACE.key(c) == SPACE.key((ZERO, 0) + (0,) * 7)]
    assert len(same) > 1
    assert len({SPACE.graph_hash(cell) for cell in same}) == 1
