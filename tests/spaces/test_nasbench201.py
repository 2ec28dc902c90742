from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.nasbench201 import EDGES, NasBench201

SPACE = NasBench201()
BEST = (3, 3, 3, 1, 3, 2)


def test_the_string_is_that_of_the_api() -> None:
    text = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
    assert SPACE.format(BEST) == text
    assert SPACE.parse(text) == BEST


def test_every_cell_has_its_own_string() -> None:
    texts = {SPACE.format(cell): cell for cell in SPACE.enumerate()}
    assert len(texts) == SPACE.size == 15_625
    assert all(SPACE.parse(text) == cell for text, cell in texts.items())


def test_a_wrong_operation_is_named() -> None:
    with pytest.raises(SpaceError, match="did you mean 'nor_conv_3x3'"):
        SPACE.parse(SPACE.format(BEST).replace("nor_conv_3x3~0", "nor_conv_3x4~0", 1))


def test_rows_of_the_table_are_in_the_order_of_enumerate() -> None:
    assert [SPACE.index(cell) for cell in SPACE.enumerate()] == list(range(15_625))


def test_both_equivalences_have_their_known_numbers_of_classes() -> None:
    cells = list(SPACE.enumerate())
    classes = {SPACE.canonical(cell) for cell in cells}
    assert len(classes) == 5_260
    assert len({SPACE.paper_string(cell) for cell in cells}) == 6_466
    disconnected = [cell for cell in cells if SPACE.canonical(cell) == (0,) * 6]
    assert len(disconnected) == 341  # no path from input to output


def test_every_cell_has_24_neighbours() -> None:
    neighbours = SPACE.neighbours(BEST)
    assert len(set(neighbours)) == 24
    assert all(sum(a != b for a, b in zip(BEST, other, strict=True)) == 1 for other in neighbours)


def test_mutation_is_uniform_over_the_neighbours() -> None:
    rng = np.random.default_rng(0)
    counts = Counter(SPACE.mutate(BEST, rng) for _ in range(24_000))
    assert set(counts) == set(SPACE.neighbours(BEST))
    chi_square = sum((count - 1000) ** 2 / 1000 for count in counts.values())
    assert chi_square < 60  # 23 degrees of freedom: exceeded with probability 4e-5


def _outputs(cell: Architecture, weights: dict[int, np.ndarray]) -> np.ndarray:
    """The cell with odd nonlinear functions for operations: zero stays zero, and weights matter."""
    nodes = [np.array([0.3, -0.7, 0.5])]
    for target in (1, 2, 3):
        total = np.zeros(3)
        for edge, ((source, end), option) in enumerate(zip(EDGES, cell, strict=True)):
            if end == target:
                value = nodes[source]
                terms = {0: 0 * value, 1: value, 2: np.tanh(weights[edge] @ value), 3: np.arctan(weights[edge] @ value)}
                total = total + (np.sinh(value) if option == 4 else terms[option])
        nodes.append(total)
    return nodes[3]


def _behaviours(cell: Architecture) -> set[tuple[float, ...]]:
    """The outputs under every way of giving the same six sets of weights to its convolutions."""
    rng = np.random.default_rng(1)
    bank = {kind: [rng.normal(size=(3, 3)) for _ in range(6)] for kind in (2, 3)}
    owners = {kind: [edge for edge, option in enumerate(cell) if option == kind] for kind in (2, 3)}
    found = set()
    for orders in product(*(permutations(range(len(edges))) for edges in owners.values())):
        weights = {edge: np.zeros((3, 3)) for edge in range(6)}
        for kind, order in zip((2, 3), orders, strict=True):
            weights |= {edge: bank[kind][place] for edge, place in zip(owners[kind], order, strict=True)}
        found.add(tuple(np.round(_outputs(cell, weights), 9) + 0.0))
    return found


def test_canonical_agrees_with_networks_of_random_functions() -> None:
    """Of cells with at most three convolutions of a kind, equal canonical forms and equal behaviour go together."""
    rng = np.random.default_rng(2)
    cells = [cell for cell in SPACE.sample(rng, 400) if max(Counter(cell)[kind] for kind in (2, 3)) <= 2][:120]
    cells += [SPACE.canonical(cell) for cell in cells]
    # A convolution that never reaches the output owns weights all the same, so only reachable ones are given the bank.
    behaviour = {cell: frozenset(_behaviours(_reachable(cell))) for cell in cells}
    for first in cells:
        for second in cells[:40]:
            same = SPACE.canonical(first) == SPACE.canonical(second)
            assert same == (behaviour[first] == behaviour[second]), (first, second)


def _reachable(cell: Architecture) -> Architecture:
    """The cell without edges that carry nothing or lead nowhere."""
    alive = {0}
    for (source, target), option in zip(EDGES, cell, strict=True):
        if option and source in alive:
            alive.add(target)
    useful = {3}
    for (source, target), option in reversed(list(zip(EDGES, cell, strict=True))):
        if option and target in useful:
            useful.add(source)
    kept = zip(EDGES, cell, strict=True)
    return tuple(option if source in alive and target in useful else 0 for (source, target), option in kept)
