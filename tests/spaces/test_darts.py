from collections import Counter
from itertools import product

import numpy as np
import pytest

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.spaces.darts import NODES, OPERATIONS, PAIRS, Darts

SPACE = Darts()
DARTS_V2 = (  # the published second-order cells, in the paper's own order of pairs
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], "
    "reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), "
    "('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])"
)


def test_the_size_is_that_of_the_paper() -> None:
    cell = int(np.prod([len(PAIRS[node]) for node in NODES])) * 7**8
    assert cell == 1_037_664_180
    assert SPACE.size == cell**2


def test_a_published_genotype_is_read_whatever_the_order_of_a_pair() -> None:
    architecture = SPACE.parse(DARTS_V2)
    text = SPACE.format(architecture)
    assert "('skip_connect', 0), ('sep_conv_3x3', 1)" in text  # node 4 of the normal cell, put in order
    assert SPACE.parse(text) == architecture


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("('sep_conv_3x3', 0), ('sep_conv_3x3', 1)", "('sep_conv_3x3', 0), ('sep_conv_3x3', 0)", "two different"),
        ("('skip_connect', 2), ('max_pool_3x3', 1)", "('skip_connect', 7), ('max_pool_3x3', 1)", "node 3 has inputs"),
        ("dil_conv_3x3", "dil_conv_9x9", "did you mean"),
        ("('dil_conv_3x3', 2)]", "]", "8 pairs"),
        ("reduce=[", "shrink=[", "reduce needs 8"),
    ],
)
def test_what_is_no_genotype_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(SpaceError, match=words):
        SPACE.parse(DARTS_V2.replace(old, new, 1))


def test_there_are_120_neighbours_one_edge_away() -> None:
    for architecture in SPACE.sample(np.random.default_rng(0), 4):
        neighbours = SPACE.neighbours(architecture)
        assert len(set(neighbours)) == 120
        own = _edges(architecture)
        for neighbour in neighbours:
            other = _edges(neighbour)
            assert len(own - other) == len(other - own) == 1
            (gone,), (came,) = own - other, other - own
            assert gone[:2] == came[:2]  # the same node of the same cell
            assert (gone[2] != came[2]) != (gone[3] != came[3])  # either end or operation
            assert architecture in SPACE.neighbours(neighbour)


def _edges(architecture: tuple[int, ...]) -> set[tuple[str, int, int, str]]:
    """The labelled edges of both cells, read from the graph."""
    labels, edges, operations = SPACE.graph(architecture)
    return {
        (labels[v].split()[0], v, u, operation)
        for (u, v), operation in zip(edges, operations, strict=True)
        if operation != "concatenate"
    }


def test_mutation_is_uniform_over_the_neighbours() -> None:
    (architecture,) = SPACE.sample(np.random.default_rng(1), 1)
    rng = np.random.default_rng(2)
    counts = Counter(SPACE.mutate(architecture, rng) for _ in range(24_000))
    assert set(counts) == set(SPACE.neighbours(architecture))
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 200  # 119 degrees of freedom: 4e-6


def test_the_graph_has_two_parts() -> None:
    (architecture,) = SPACE.sample(np.random.default_rng(3), 1)
    labels, edges, operations = SPACE.graph(architecture)
    assert len(labels) == 14
    assert len(edges) == 24
    assert all((u < 7) == (v < 7) for u, v in edges)
    assert Counter(v for _, v in edges)[2] == 2
    assert set(operations) <= {*OPERATIONS, "concatenate"}
    assert "undecided" in SPACE.graph(architecture[:3]).edge_labels


def test_one_cell_has_every_combination() -> None:
    """Over the two smallest nodes, both operations and pairs: every combination packs and unpacks to itself."""
    rest = (0,) * (len(SPACE.decisions) - 5)
    for head in product(range(7), range(7), range(3), range(7), range(7)):
        architecture = (*head, *rest)
        assert SPACE.contains(architecture)
        assert SPACE.parse(SPACE.format(architecture)) == architecture
        if head[0] > 1:
            break
