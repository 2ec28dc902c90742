"""Classes of nodes, and mini-batches of graphs that are stored by them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.class_batches import batches_of
from equipoise.methods._shared.node_classes import ClassReader
from equipoise.methods._shared.operation_graphs import GraphReader, operations_of

Floats = npt.NDArray[np.floating[Any]]


def pooled_by_graph(space: SearchSpace, cells: Sequence[Any], shown: Sequence[Any], rng: np.random.Generator) -> Floats:
    """Three layers that gather, multiply and activate, and the mean over nodes, for every node of padded graphs."""
    gather, state, real = GraphReader(space, shown).read(cells)
    for _ in range(3):
        state = np.tanh(gather @ state @ rng.normal(size=(state.shape[2], 5)) + rng.normal(size=5)) * real[:, :, None]
    pooled: Floats = state.sum(axis=1) / real.sum(axis=1, keepdims=True)
    return pooled


@pytest.mark.parametrize("space", [NasBench101(), NasBench201(), Darts()], ids=lambda space: space.name)
@pytest.mark.parametrize("few_labels", [False, True])
def test_states_by_class_are_those_of_all_nodes(space: SearchSpace, few_labels: bool) -> None:
    rng = np.random.default_rng(0)
    cells = space.sample(rng, 25)
    shown = cells[:1] if few_labels else cells
    orders = np.stack([rng.permutation(25) for _ in range(3)])
    graphs = ClassReader(space, shown).read(cells)
    batches = list(batches_of(graphs, orders, 10))
    assert [len(batch.share) for batch in batches] == [10, 10, 5] * 3
    by_class = []
    for batch in batches:
        weights = np.random.default_rng(1)
        classes = len(batch.labels)
        assert batch.labels[:, -1].tolist() == batch.gather[:, -1].tolist() == [1.0] * classes
        gathered = batch.labels[:, :-1]
        for layer in range(3):
            gathered = gathered if layer == 0 else batch.gather[:, :-1] @ gathered
            width = gathered.shape[1]
            gathered = np.tanh(gathered @ weights.normal(size=(width, 5)) + weights.normal(size=5))
        by_class.append(batch.share @ gathered)
    expected = pooled_by_graph(space, cells, shown, np.random.default_rng(1))[orders].reshape(-1, 5)
    assert np.concatenate(by_class) == pytest.approx(expected, abs=1e-5)


def test_weights_of_classes_are_their_shares_of_the_nodes() -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    cells = space.sample(rng, 10)
    (batch,) = batches_of(ClassReader(space, cells).read(cells), np.arange(10)[None, :], 10)
    lengths = np.array([len(operations_of(space.graph(cell))[0]) for cell in cells])
    assert batch.nodes == lengths.sum()
    assert batch.weight == pytest.approx(lengths @ batch.share / lengths.sum())
    assert len(batch.weight) < lengths.sum() / 2


def test_classes_stay_when_more_architectures_are_read() -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    cells = space.sample(rng, 30)
    reader = ClassReader(space, cells)
    first, both = reader.read(cells[:10]), reader.read(cells)
    classes = len(first.gathered)
    assert len(both.gathered) > classes
    assert both.labels[:classes].tolist() == first.labels.tolist()
    assert [[number for number in row if number >= 0] for row in both.nodes[:10].tolist()] == [
        [number for number in row if number >= 0] for row in first.nodes.tolist()
    ]
