from itertools import product

import numpy as np
import pytest
from nas_bench_graph import Arch

from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.nasbench_graph import LINKS, OPERATIONS, PROTEINS_OPERATIONS, NasBenchGraph

FULL, PROTEINS = NasBenchGraph(), NasBenchGraph(PROTEINS_OPERATIONS)


def official(space: NasBenchGraph, architecture: Architecture) -> int:
    """The benchmark's own number of the class."""
    operations = [space.operations[option] for option in architecture[LINKS:]]
    return Arch([0, *architecture[:LINKS]], operations).valid_hash()


def everything(space: NasBenchGraph) -> list[Architecture]:
    return [cell for cell in product(*map(range, space.cardinalities)) if space.contains(cell)]


def test_the_classes_are_those_of_the_benchmark() -> None:
    numbers: dict[int, Architecture] = {}
    for architecture in everything(PROTEINS):
        key = PROTEINS.key(architecture)
        assert numbers.setdefault(official(PROTEINS, architecture), key) == key
    assert len(numbers) == len(set(numbers.values())) == PROTEINS.size == 2_021


def test_samples_of_the_full_space_agree_too() -> None:
    rng = np.random.default_rng(0)
    drawn = [tuple(rng.integers(FULL.cardinalities).tolist()) for _ in range(4_000)]
    labelled = [architecture for architecture in drawn if FULL.contains(architecture)]
    by_number: dict[int, set[Architecture]] = {}
    for architecture in labelled:
        by_number.setdefault(official(FULL, architecture), set()).add(FULL.key(architecture))
    assert all(len(keys) == 1 for keys in by_number.values())
    assert len(set().union(*by_number.values())) == len(by_number)


def test_the_fast_enumeration_finds_exactly_what_canonical_returns_unchanged() -> None:
    fast = set(PROTEINS.enumerate())
    assert fast == {cell for cell in everything(PROTEINS) if PROTEINS._canonical(cell) == cell}
    representatives = list(FULL.enumerate())
    assert len(representatives) == len(set(representatives)) == FULL.size == 26_206
    rng = np.random.default_rng(1)
    for position in rng.integers(FULL.size, size=1_000):
        assert FULL._canonical(representatives[position]) == representatives[position]


def test_all_skip_is_the_only_illegal_choice() -> None:
    assert len(everything(FULL)) == 24 * (9**4 - 1) == 157_440
    skip = OPERATIONS.index("skip")
    assert not FULL.contains((0, 1, 2, skip, skip, skip, skip))
    assert FULL.legal((0, 1, 2, skip, skip, skip)).tolist() == [True] * 8 + [False]


def test_samples_are_uniform_over_the_classes() -> None:
    counts = np.bincount(
        [PROTEINS.index(a) for a in PROTEINS.sample(np.random.default_rng(2), 100_000)], minlength=2_021
    )
    expected = 100_000 / 2_021
    chi_square = ((counts - expected) ** 2 / expected).sum()
    assert abs(chi_square - 2_020) < 5 * np.sqrt(2 * 2_020)


@pytest.mark.parametrize("text", ["[0,0,1,2][gcn,gat,fc,skip]", "[0, 0, 1, 2] ['gcn', 'gat', 'fc', 'skip']"])
def test_lists_are_read_with_or_without_spaces_and_quotes(text: str) -> None:
    architecture = FULL.parse(text)
    assert architecture == (0, 1, 2, 1, 0, 7, 8)
    assert FULL.format(architecture) == "[0,0,1,2][gcn,gat,fc,skip]"


def test_the_graph_is_that_of_the_paper() -> None:
    nodes, edges, _ = FULL.graph((0, 1, 2, 1, 0, 7, 2))
    assert nodes == ("input", "gcn", "gat", "fc", "gin", "output")
    assert set(edges) == {(0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 5)}
