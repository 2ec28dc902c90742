"""Properties of every space."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import MadeSpace
from strategies import architectures, boxes

from equipoise.harness.conformance import SPACE_CHECKS
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.registry import spaces
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.nasbench_graph import PROTEINS_OPERATIONS, NasBenchGraph

SPACES = [MadeSpace(), NasBenchGraph(PROTEINS_OPERATIONS), *(cls() for cls in spaces())]
each_space = pytest.mark.parametrize("space", SPACES, ids=repr)


@each_space
@pytest.mark.parametrize("check", SPACE_CHECKS, ids=lambda check: check.__name__)
def test_it_conforms(space: SearchSpace, check) -> None:
    check(space)


@each_space
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_masks_agree_with_contains(space: SearchSpace, data: st.DataObject) -> None:
    reached = data.draw(architectures(space))
    assert space.contains(reached)
    anything = data.draw(boxes(space))
    legal = (
        all(space.legal(anything[:i])[option] for i, option in enumerate(anything))
        if _walks(space, anything)
        else False
    )
    assert space.contains(anything) == legal


def _walks(space: SearchSpace, architecture: tuple[int, ...]) -> bool:
    """Whether every prefix is legal, asked step by step, since a mask is defined for legal prefixes only."""
    return all(space.legal(architecture[:position])[option] for position, option in enumerate(architecture))


@each_space
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_text_and_index_lead_back(space: SearchSpace, data: st.DataObject) -> None:
    architecture = data.draw(architectures(space))
    assert space.parse(space.format(architecture)) == architecture
    assert space.canonical(space.key(architecture)) == space.canonical(architecture)


@each_space
@pytest.mark.parametrize("text", ["", "nonsense", "a,b", "|none~0|", "[0,0,1,2]", "[0,0,1,9][gcn,gcn,gcn,gcn]"])
def test_other_text_is_refused(space: SearchSpace, text: str) -> None:
    with pytest.raises(SpaceError):
        space.parse(text)


@each_space
def test_one_hot_rows_sum_to_the_number_of_decisions(space: SearchSpace) -> None:
    samples = space.sample(np.random.default_rng(0), 20)
    encoded = space.encode(samples, "one-hot")
    assert encoded.shape == (20, sum(space.cardinalities))
    assert set(np.unique(encoded)) == {0.0, 1.0}
    assert (encoded.sum(axis=1) == len(space.decisions)).all()
    assert space.encode(samples).astype(int).tolist() == [list(sample) for sample in samples]
    with pytest.raises(SpaceError, match="did you mean 'one-hot'"):
        space.encode(samples, "one-hat")


def test_the_derived_members_of_a_masked_space_are_exhaustive() -> None:
    space = MadeSpace()
    everything = list(space.enumerate())
    assert len(everything) == space.size == 14
    assert all(sum(architecture) % 2 == 0 for architecture in everything)
    assert [space.index(architecture) for architecture in everything] == list(range(14))
    for architecture in everything:
        one_edit = [b for b in everything if sum(x != y for x, y in zip(architecture, b, strict=True)) == 1]
        assert sorted(space.neighbours(architecture)) == one_edit
    rng = np.random.default_rng(0)
    assert {space.mutate((0, 0, 0), rng) for _ in range(200)} == set(space.neighbours((0, 0, 0)))
