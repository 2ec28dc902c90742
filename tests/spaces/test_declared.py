"""Declared spaces with conditions, against a brute-force reading of what the conditions say."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.harness.conformance import SPACE_CHECKS
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture, Decision
from equipoise.harness.spaces._declared import DeclaredProduct, DeclaredSpace, declared

When = dict[str, dict[str, list[str]]]


def decisions_of(*widths: int) -> list[Decision]:
    return [Decision(f"d{place}", tuple("abcde"[:width])) for place, width in enumerate(widths)]


@st.composite
def declarations(draw: st.DrawFn) -> tuple[list[Decision], When]:
    """Up to five decisions, each with up to two conditions on earlier ones."""
    decisions = decisions_of(*draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)))
    when: When = {}
    for place, decision in enumerate(decisions):
        earlier = draw(st.lists(st.sampled_from(decisions[:place]), max_size=2, unique=True)) if place else []
        when[decision.name] = {
            e.name: draw(st.lists(st.sampled_from(e.options), min_size=1, unique=True)) for e in earlier
        }
    return decisions, {name: own for name, own in when.items() if own}


def brute_force(decisions: list[Decision], when: When) -> list[Architecture]:
    """Every distinct assignment of options to the decisions that matter, as sorted tuples with 0 for the others."""
    found = set()
    for options in product(*(range(len(d.options)) for d in decisions)):
        chosen: dict[str, str] = {}
        for decision, option in zip(decisions, options, strict=True):
            if all(chosen.get(name) in accepted for name, accepted in when.get(decision.name, {}).items()):
                chosen[decision.name] = decision.options[option]
        found.add(tuple(d.options.index(chosen[d.name]) if d.name in chosen else 0 for d in decisions))
    return sorted(found)


@settings(max_examples=150, deadline=None)
@given(declarations())
def test_masks_sizes_and_order_are_those_of_brute_force(declaration: tuple[list[Decision], When]) -> None:
    decisions, when = declaration
    space, expected = declared("tried", decisions, when), brute_force(decisions, when)
    assert list(space.enumerate()) == expected
    assert space.size == len(expected)
    assert [space.index(architecture) for architecture in expected] == list(range(len(expected)))
    members = set(expected)
    for options in product(*map(range, space.cardinalities)):
        assert space.contains(options) == (options in members)
        assert space.parse(space.format(options)) == options
        settled = space.decode(options, "conditional" if when else "categorical")
        assert settled in members
        assert settled == options or options not in members
    for architecture in expected:
        assert space.key(architecture) == architecture
        for place in range(len(decisions)):
            begun = {other[place] for other in expected if other[:place] == architecture[:place]}
            assert set(np.flatnonzero(space.legal(architecture[:place])).tolist()) == begun
    for check in SPACE_CHECKS:
        if len(expected) > 1 or check.__name__ != "neighbours_are_edits":
            check(space)


@settings(max_examples=60, deadline=None)
@given(declarations())
def test_neighbours_differ_in_one_decision_and_reach_everything(declaration: tuple[list[Decision], When]) -> None:
    decisions, when = declaration
    space, expected = declared("tried", decisions, when), brute_force(decisions, when)
    reached, waiting = {expected[0]}, [expected[0]]
    while waiting:
        for neighbour in space.neighbours(waiting.pop()):
            if neighbour not in reached:
                reached.add(neighbour)
                waiting.append(neighbour)
    assert sorted(reached) == expected


def optimisers() -> DeclaredSpace:
    return declared(
        "optimisers",
        [
            Decision("optimiser", ("sgd", "adam")),
            Decision("momentum", ("0", "0.9")),
            Decision("nesterov", ("no", "yes")),
            Decision("beta", ("0.9", "0.99", "0.999")),
        ],
        {
            "momentum": {"optimiser": ["sgd"]},
            "nesterov": {"momentum": ["0.9"]},
            "beta": {"optimiser": ["adam"]},
        },
        "the tests",
    )


def test_a_chain_of_conditions() -> None:
    """Three networks under SGD (nesterov needs a momentum), three under Adam."""
    space = optimisers()
    assert space.size == 6
    assert [space.format(a) for a in space.enumerate()] == [
        "sgd,0,,", "sgd,0.9,no,", "sgd,0.9,yes,", "adam,,,0.9", "adam,,,0.99", "adam,,,0.999",
    ]  # fmt: skip
    assert space.graph(space.parse("sgd,0,,")).node_labels == ("input", "optimiser=sgd", "momentum=0", "output")
    with pytest.raises(SpaceError, match="'' in 'sgd,,,' is no option of 'momentum'"):
        space.parse("sgd,,,")
    assert not space.contains(space.parse("adam,0.9,,0.9"))


def test_samples_are_uniform() -> None:
    space = optimisers()
    drawn = space.sample(np.random.default_rng(0), 6000)
    counts = np.bincount([space.index(a) for a in drawn], minlength=6)
    assert ((counts - 1000) ** 2 / 1000).sum() < 20.5  # chi-squared, 5 degrees of freedom, p = 0.001


def test_sizes_beyond_64_bits_are_counted_and_sampled() -> None:
    """80 decisions of four options behind a switch that turns the last forty off."""
    decisions = [Decision("deep", ("no", "yes")), *decisions_of(*[4] * 80)]
    space = declared("large", decisions, {f"d{place}": {"deep": ["yes"]} for place in range(40, 80)})
    assert space.size == 4**40 + 4**80
    for architecture in space.sample(np.random.default_rng(1), 5):
        assert space._nth(space.index(architecture)) == architecture
    assert space.index(space.parse(",".join(["yes", *["d"] * 80]))) == space.size - 1


def test_a_declaration_without_conditions_is_a_product() -> None:
    assert declared("plain", decisions_of(2, 3)) == DeclaredProduct("plain", tuple(decisions_of(2, 3)))


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"d0": {"d1": ["a"]}}, "'d0' depends on 'd1', which is no earlier decision"),
        ({"d1": {"d9": ["a"]}}, "'d1' depends on 'd9', which is no earlier decision; did you mean 'd0'"),
        ({"d1": {"d0": ["z"]}}, "d0 = 'z', which is no option of it; accepted: a, b"),
        ({"d1": {"d0": []}}, "depends on no option of 'd0'"),
        ({"d7": {"d0": ["a"]}}, "condition for 'd7', which is no decision"),
    ],
)
def test_conditions_that_cannot_be_are_one_line(when: When, said: str) -> None:
    with pytest.raises(SpaceError) as raised:
        declared("tried", decisions_of(2, 3), when)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
