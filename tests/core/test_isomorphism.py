"""Spaces in which isomorphism is hidden or open: what the two promise, on every space that can be listed."""

import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import MadeSpace
from strategies import architectures

from equipoise.harness.conformance import SPACE_CHECKS
from equipoise.harness.core.isomorphism import ClassSpace, LabelSpace, searched_space
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces._stored import StoredSpace
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_asr import NasBenchAsr
from equipoise.harness.spaces.nasbench_graph import PROTEINS_OPERATIONS, NasBenchGraph

GRAPH = NasBenchGraph(PROTEINS_OPERATIONS)
STORED = StoredSpace(GRAPH, GRAPH.sample(np.random.default_rng(0), 40))
SMALL = [MadeSpace(), GRAPH, NasBench201(), NasBenchAsr(), STORED]
LARGE = [NasBench101(), Darts()]
each_space = pytest.mark.parametrize("space", [*SMALL, *LARGE], ids=lambda space: space.name)
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("wrap", [LabelSpace, ClassSpace])
@pytest.mark.parametrize("space", SMALL, ids=lambda space: type(space).__name__)
@pytest.mark.parametrize("check", SPACE_CHECKS, ids=lambda check: check.__name__)
def test_both_are_spaces_like_any_other(wrap, space: SearchSpace, check) -> None:
    check(wrap(space))


@pytest.mark.parametrize("wrap", [LabelSpace, ClassSpace])
@each_space
def test_what_encodes_paths_still_finds_them(wrap, space: SearchSpace) -> None:
    assert wrap(space).paths is space.paths
    assert ("path" in wrap(space).encodings) == (space.paths is not None)


@each_space
@few
@given(data=st.data())
def test_labels_hide_every_isomorphism(space: SearchSpace, data: st.DataObject) -> None:
    labels, rng = LabelSpace(space), np.random.default_rng(data.draw(st.integers(0, 99)))
    architecture = data.draw(architectures(space))
    assert labels.key(architecture) == labels.canonical(architecture) == architecture
    for other in (labels.mutate(architecture, rng), *labels.neighbours(architecture)[:5], *labels.sample(rng, 5)):
        assert space.contains(other)
    neighbours = labels.neighbours(architecture)
    assert len(set(neighbours)) == len(neighbours)
    assert architecture not in neighbours


@each_space
@few
@given(data=st.data())
def test_classes_stand_for_all_their_members(space: SearchSpace, data: st.DataObject) -> None:
    classes, rng = ClassSpace(space), np.random.default_rng(data.draw(st.integers(0, 99)))
    architecture = data.draw(architectures(space))
    own = classes.key(architecture)
    assert own == classes.canonical(architecture) == classes.key(own) == space.canonical(architecture)
    neighbours = classes.neighbours(architecture)
    assert own not in neighbours
    assert len(set(neighbours)) == len(neighbours)
    for other in (
        *neighbours[:5],
        *classes.sample(rng, 5),
        *([classes.mutate(architecture, rng)] if neighbours else []),
    ):
        assert classes.key(other) == other
        assert space.contains(other)


def test_labels_reach_what_the_space_itself_never_proposes() -> None:
    """160 of the 2,021 classes' labels: the space below gives representatives alone."""
    labels, rng = LabelSpace(GRAPH), np.random.default_rng(3)
    assert labels.size == 6 * 4 * 625 - 24  # links times operations, less the all-skip ones
    drawn = labels.sample(rng, 500)
    assert sum(GRAPH.key(architecture) != architecture for architecture in drawn) > 250
    assert all(GRAPH.key(architecture) == architecture for architecture in GRAPH.sample(rng, 500))
    assert [labels.index(a) for a in list(labels.enumerate())[:50]] == list(range(50))


def test_samples_of_labels_are_uniform() -> None:
    labels = LabelSpace(GRAPH)
    counts = np.bincount(
        [labels.index(a) for a in labels.sample(np.random.default_rng(5), 60_000)], minlength=labels.size
    )
    expected = 60_000 / labels.size
    chi2 = float(((counts - expected) ** 2 / expected).sum())
    assert abs(chi2 - labels.size) < 5 * np.sqrt(2 * labels.size)


def test_the_classes_of_nasbench201_are_its_5260_networks() -> None:
    assert ClassSpace(NasBench201()).size == 5260
    assert LabelSpace(NasBench201()).size == 15625


def test_a_space_over_a_space_is_a_value() -> None:
    assert searched_space(GRAPH, "own") is GRAPH
    for rule in ("none", "all"):
        space = searched_space(GRAPH, rule)
        assert space == searched_space(NasBenchGraph(PROTEINS_OPERATIONS), rule) == pickle.loads(pickle.dumps(space))
        assert space != GRAPH
        assert (space.name, space.default_encoding) == (GRAPH.name, GRAPH.default_encoding)
