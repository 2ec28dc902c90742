import csv
import gzip
import os
import pickle
from itertools import islice, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import architectures

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.nasbench101 import ABSENT, CLASSES, INNER, OPERATIONS, NasBench101

SPACE = NasBench101()
DECODED = Path(os.environ.get("EQUIPOISE_MIRROR", "nowhere")).parent / "data" / "nb101_20k.csv.gz"

BEST = "0100110/0010000/0001000/0000101/0000010/0000001/0000000"


def _wirings(inner: int) -> int:
    """Counts the edge sets that the masks lead to, for one choice of operations."""

    def below(prefix: Architecture) -> int:
        if len(prefix) == len(SPACE.decisions):
            assert SPACE.contains(prefix)
            return 1
        legal = np.flatnonzero(SPACE.legal(prefix)).tolist()
        assert legal, f"dead end after {prefix}"
        return sum(below((*prefix, option)) for option in legal)

    return below((0,) * inner + (ABSENT,) * (INNER - inner))


@pytest.mark.parametrize(("inner", "number"), [(0, 1), (1, 2), (2, 10), (3, 121), (4, 1_545), (5, 4_793)])
def test_the_masks_reach_every_valid_graph_and_no_other(inner: int, number: int) -> None:
    assert _wirings(inner) == number  # counted independently, over all upper triangular matrices


def test_the_classes_are_as_many_as_the_benchmark_says() -> None:
    assert SPACE._classes.size == SPACE.size == CLASSES == 423_624


def test_every_class_is_its_own_representative() -> None:
    rng = np.random.default_rng(0)
    for number in [0, CLASSES - 1, *rng.integers(CLASSES, size=2_000).tolist()]:
        cell = SPACE._classes.representative(number)
        assert SPACE.index(cell) == number
        assert SPACE.key(cell) == SPACE.canonical(cell) == cell
    assert len(set(islice(SPACE.enumerate(), 50_000))) == 50_000


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_relabelled_cells_share_key_and_hash(data: st.DataObject) -> None:
    cell = data.draw(architectures(SPACE))
    matrix, labels = SPACE.matrix(cell)
    nodes = len(labels)
    order = [0, *data.draw(st.permutations(range(1, nodes - 1))), nodes - 1]
    moved = matrix[np.ix_(order, order)]
    if np.any(np.tril(moved)):
        return  # not in topological order: no way to write the cell
    other = SPACE.from_matrix(moved, [labels[node] for node in order])
    assert SPACE.key(other) == SPACE.key(cell)
    assert SPACE.graph_hash(other) == SPACE.graph_hash(cell)


def test_different_classes_have_different_hashes() -> None:
    numbers = np.random.default_rng(1).choice(CLASSES, size=3_000, replace=False).tolist()
    assert len({SPACE.graph_hash(SPACE._classes.representative(number)) for number in numbers}) == 3_000


def test_keys_agree_with_all_relabellings_of_small_cells() -> None:
    """Over cells of up to three inner nodes: equal keys exactly where some relabelling makes the cells equal."""
    classes: dict[frozenset[object], set[Architecture]] = {}
    cells = [cell for inner in range(4) for cell in _descend((1,) * inner + (ABSENT,) * (INNER - inner))]
    for cell in cells:
        matrix, labels = SPACE.matrix(cell)
        forms = set()
        for inside in permutations(range(1, len(labels) - 1)):
            order = [0, *inside, len(labels) - 1]
            forms.add(matrix[np.ix_(order, order)].tobytes())
        classes.setdefault(frozenset({(len(labels), *sorted(forms))}), set()).add(SPACE.key(cell))
    assert all(len(keys) == 1 for keys in classes.values())
    assert len(classes) == len({SPACE.key(cell) for cell in cells})


def _descend(prefix: Architecture) -> list[Architecture]:
    return list(SPACE._descend(prefix))


def test_the_published_best_cell_is_read() -> None:
    labels = "input,conv3x3-bn-relu,conv1x1-bn-relu,maxpool3x3,conv3x3-bn-relu,conv3x3-bn-relu,output"
    cell = SPACE.parse(f"{BEST}:{labels}")
    assert SPACE.format(cell) == f"{BEST}:{labels}"


def test_loose_ends_are_pruned_on_request_only() -> None:
    matrix = [[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    labels = ["input", "conv3x3-bn-relu", "maxpool3x3", "output"]
    with pytest.raises(SpaceError, match="every node lies on a path"):
        SPACE.from_matrix(matrix, labels)
    assert SPACE.format(SPACE.from_matrix(matrix, labels, prune=True)) == "010/001/000:input,conv3x3-bn-relu,output"


@pytest.mark.parametrize(
    ("matrix", "labels"),
    [
        ([[0, 0], [1, 0]], ["input", "output"]),
        ([[0, 1]], ["input", "output"]),
        ([[0, 1], [0, 0]], ["output", "input"]),
        ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv9x9", "output"]),
    ],
)
def test_what_is_no_cell_is_refused(matrix: list[list[int]], labels: list[str]) -> None:
    with pytest.raises(SpaceError):
        SPACE.from_matrix(matrix, labels)


def test_edits_can_be_undone() -> None:
    for cell in SPACE.sample(np.random.default_rng(2), 15):
        for neighbour in SPACE.neighbours(cell):
            assert cell in SPACE.neighbours(neighbour), (SPACE.format(cell), SPACE.format(neighbour))


@pytest.mark.parametrize(("kind", "share"), [("A", 0.274), ("B", 0.785), ("C", 0.433)])
def test_the_invalid_share_of_each_encoding_is_the_documented_one(kind: str, share: float) -> None:
    rng = np.random.default_rng(3)
    valid = sum(SPACE.contains(SPACE.decode(_anything(rng, kind), kind)) for _ in range(4_000)) / 4_000
    assert valid == pytest.approx(share, abs=0.025)  # three standard errors


def _anything(rng: np.random.Generator, kind: str) -> list[float]:
    operations = rng.integers(len(OPERATIONS), size=INNER).tolist()
    if kind == "A":
        return [*rng.integers(2, size=21).tolist(), *operations]
    if kind == "B":
        return [*rng.integers(21, size=9).tolist(), *operations]
    return [*rng.random(21).tolist(), int(rng.integers(10)), *operations]


@pytest.mark.parametrize("kind", ["A", "B", "C"])
def test_encodings_lead_back_to_the_class(kind: str) -> None:
    cells = SPACE.sample(np.random.default_rng(4), 300)
    for cell, vector in zip(cells, SPACE.encode(cells, kind), strict=True):
        assert SPACE.key(SPACE.decode(vector, kind)) == SPACE.key(cell)
    with pytest.raises(SpaceError, match="one per parameter; got 1"):
        SPACE.decode([0.0], kind)


@pytest.mark.parametrize("bits", [[1] * 10 + [0] * 11, [0] * 21, [1] + [0] * 20], ids=["ten edges", "none", "unended"])
def test_values_that_are_no_cell_are_given_back_as_options_outside_the_space(bits: list[int]) -> None:
    decoded = SPACE.decode([*bits, 0, 1, 2, 0, 1], "A")
    assert decoded == (0, 1, 2, 0, 1, *bits)
    assert not SPACE.contains(decoded)
    assert SPACE.parse(SPACE.format(decoded)) == decoded


def test_it_pickles_without_its_tables() -> None:
    SPACE.sample(np.random.default_rng(0), 1)
    assert len(pickle.dumps(SPACE)) < 500


@pytest.mark.skipif(not DECODED.is_file(), reason="the decoded 20,001-cell sample is not beside EQUIPOISE_MIRROR")
@pytest.mark.slow
def test_hashes_of_the_decoded_sample_agree() -> None:
    with gzip.open(DECODED, "rt") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20_001
    wrong = sum(SPACE.graph_hash(SPACE.key(SPACE.parse(f"{r['matrix']}:{r['ops']}"))) != r["hash"] for r in rows)
    assert wrong == 0


def test_a_mutation_is_a_uniform_draw_from_the_neighbours_whatever_was_remembered() -> None:
    space = NasBench101()
    for architecture in space.sample(np.random.default_rng(5), 20):
        neighbours = space.neighbours(architecture)
        space.neighbours(architecture).clear()  # the list of a caller, not what is remembered
        for seed in range(3):
            drawn = space.mutate(architecture, np.random.default_rng(seed))
            assert drawn == neighbours[int(np.random.default_rng(seed).integers(len(neighbours)))]
    with pytest.raises(SpaceError, match="is no cell of the space"):
        space.mutate((0,) * 26, np.random.default_rng(0))
