"""Codes of proposals give back every run, and are short where searches stay near to what they have seen."""

import numpy as np
import pytest

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.registry import load_space
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.store.numbering import Numbering, Numbers
from equipoise.harness.store.proposal_codes import STREAMS, ProposalCodes

SPACES = ("nasbench201", "nasbench_graph", "nasbench101")


def decoded(codes: ProposalCodes, runs: list[Numbers]) -> list[Numbers]:
    """Codes some runs and reads them back."""
    coded = codes.encode(runs)
    streams = {name: np.frombuffer(b"".join(run[name] for run in coded), np.uint8) for name in STREAMS}
    lengths = np.array([len(run) for run in runs])
    return np.split(codes.decode(streams, lengths), np.cumsum(lengths)[:-1])


def climb(space: SearchSpace, length: int, rng: np.random.Generator) -> Numbers:
    """A walk of edits that now and then returns, restarts, or proposes what is no architecture."""
    numbering, found = Numbering(space), [space.sample(rng, 1)[0]]
    while len(found) < length:
        edited = list(found[int(rng.integers(len(found)))])
        place = int(rng.integers(len(edited)))
        edited[place] = int(rng.integers(space.cardinalities[place]))
        found += [tuple(edited), space.sample(rng, 1)[0], found[0]][int(rng.integers(3)) :][:1]
    return np.array([numbering.number(one) for one in found])


@pytest.mark.parametrize("name", SPACES)
def test_every_run_is_given_back(name: str) -> None:
    space, rng = load_space(name)(), np.random.default_rng(1)
    lengths = (1, 20, 7) if name == "nasbench101" else (1, 40, 300, 7, 300)
    runs = [climb(space, length, rng) for length in lengths]
    for before, after in zip(runs, decoded(ProposalCodes(space), runs), strict=True):
        np.testing.assert_array_equal(after, before)


def test_any_combination_of_options_is_given_back() -> None:
    space, rng = load_space("nasbench_graph")(), np.random.default_rng(2)
    runs = [rng.integers(Numbering(space).count, size=100) for _ in range(3)]
    np.testing.assert_array_equal(decoded(ProposalCodes(space), runs), runs)


def test_a_local_search_is_mostly_edits_of_one_parent() -> None:
    space, rng = load_space("nasbench201")(), np.random.default_rng(3)
    numbering, centre = Numbering(space), load_space("nasbench201")().sample(rng, 1)[0]
    run = np.array([numbering.number(one) for one in (centre, *space.neighbours(centre))])
    (coded,) = ProposalCodes(space).encode([run])
    assert list(coded["parents"]) == [0, 2, *[1] * 23]  # the centre by its number, an edit of it, and more of them
    assert len(coded["number_0"]) == 1


def test_valid_architectures_have_the_lowest_numbers() -> None:
    space = load_space("nasbench_graph")()
    number = Numbering(space).number(next(iter(space.enumerate())))
    (coded,) = ProposalCodes(space).encode([np.array([number])])
    (last,) = ProposalCodes(space).encode([np.array([Numbering(space).number((1, 2, 3, 8, 8, 8, 8))])])
    assert [coded[name][0] for name in STREAMS[2:]] == [0, 0, 0, 0]
    assert sum(last[name][0] << 8 * byte for byte, name in enumerate(STREAMS[2:])) == Numbering(space).count - 1


def test_no_parent_lies_in_the_run_before() -> None:
    codes = ProposalCodes(load_space("nasbench201")())
    streams = {name: np.zeros(2, np.uint8) for name in STREAMS[2:]}
    streams |= {"parents": np.array([0, 0, 1], np.uint8), "edits": np.zeros(1, np.uint8)}
    with pytest.raises(StoreError, match="before the first"):
        codes.decode(streams, np.array([2, 1]))
