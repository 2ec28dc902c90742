"""Valid headers, and the one-line errors of invalid ones."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import spaces
from equipoise.harness.core.space import Decision, SearchSpace
from equipoise.harness.core.task import Metric
from equipoise.harness.spaces._declared import DeclaredProduct, declared
from equipoise.harness.spaces.nasbench_graph import PROTEINS_OPERATIONS, NasBenchGraph
from equipoise.harness.tables.header import FORMAT, TableHeader

words = st.text(st.characters(exclude_characters=",", exclude_categories=("Cs", "Z", "C")), min_size=1, max_size=6)
products = st.lists(st.lists(words, min_size=1, max_size=4, unique=True), min_size=1, max_size=4).map(
    lambda options: DeclaredProduct("made", tuple(Decision(f"d{n}", tuple(o)) for n, o in enumerate(options)), "me")
)


@st.composite
def conditionals(draw: st.DrawFn) -> SearchSpace:
    """A chain of decisions, each of which may depend on the one before."""
    options = draw(st.lists(st.lists(words, min_size=1, max_size=4, unique=True), min_size=2, max_size=4))
    decisions = [Decision(f"d{n}", tuple(o)) for n, o in enumerate(options)]
    chosen = draw(st.lists(st.sampled_from(decisions[1:]), min_size=1, unique=True))
    when = {d.name: {"d0": draw(st.lists(st.sampled_from(options[0]), min_size=1, unique=True))} for d in chosen}
    return declared("made", decisions, when, draw(st.sampled_from(["", "me"])))


registered = st.sampled_from([*(cls() for cls in spaces()), NasBenchGraph(PROTEINS_OPERATIONS)])
levels = st.lists(st.integers(1, 500), unique=True, max_size=4).map(lambda found: tuple(sorted(found)))
headers = st.builds(
    TableHeader,
    name=words.map(lambda word: f"mine/{word}".rstrip("/") + "x"),
    space=products | conditionals() | registered,
    metric=st.builds(Metric, st.just("score"), words, st.floats(-9, 9), st.sampled_from([-100.0, -1.0, 0.5])),
    source=words,
    licence=words,
    validation=words,
    test=st.none() | words,
    cost=st.none() | words,
    fidelities=levels,
    seeds=st.lists(st.integers(0, 999), unique=True, max_size=3).map(tuple),
    penalty=st.floats(0, 9),
    surrogate=st.booleans(),
    pitfalls=st.lists(words, max_size=2).map(tuple),
    citation=st.text(max_size=9),
)


@settings(max_examples=40)
@given(headers)
def test_a_header_reads_back_as_it_was_written(header: TableHeader) -> None:
    text = header.to_json()
    assert "\n" not in text
    assert TableHeader.from_json(text) == header


def content(**changes: Any) -> dict[str, Any]:
    base = {
        "format": FORMAT,
        "name": "mine/data",
        "space": {"name": "made", "decisions": [{"name": "a", "options": ["x", "y"]}]},
        "metric": {"name": "accuracy", "unit": "%", "direction": "maximise", "offset": 100, "slope": -100},
        "source": "me",
        "licence": "CC0",
        "validation": "valid",
        "fidelities": [12, 200],
    }
    return {key: value for key, value in {**base, **changes}.items() if value != "absent"}


def when(condition: object) -> dict[str, Any]:
    decisions = [{"name": "a", "options": ["x", "y"]}, {"name": "b", "options": ["1", "2"], "when": condition}]
    return {"name": "made", "decisions": decisions}


def metric(**changes: Any) -> dict[str, Any]:
    return {**content()["metric"], **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "equipoise-table/9"}, FORMAT),
        ({"licence": "absent"}, "'licence' is missing"),
        ({"source": ""}, "'source' is empty"),
        ({"licens": "MIT"}, "did you mean 'licence'"),
        ({"name": "mine"}, "benchmark/dataset"),
        ({"space": "nasbench102"}, "did you mean 'nasbench101'"),
        ({"space": {"name": "made", "decisions": []}}, "at least one decision"),
        ({"space": {"name": "made", "decisions": [{"name": "a", "options": ["x", "x"]}]}}, "distinct options"),
        ({"space": {"name": "made", "decisions": [{"name": "a", "options": ["x,y"]}]}}, "comma"),
        ({"space": {"name": "made", "decisions": [{"name": "a"}]}}, "name and options"),
        ({"space": 3}, "give a name"),
        ({"space": {"name": "nasbench_graph", "parameters": [[3]]}}, "space nasbench_graph cannot be made with"),
        ({"space": {"name": "nasbench201", "parameters": "x"}}, "parameters = 'x' is not a list"),
        ({"space": "nowhere.py"}, "no file 'nowhere.py'"),
        ({"space": "math:Space"}, "no class 'Space' derived from SearchSpace"),
        ({"space": when({"b": ["x"]})}, "'b' depends on 'b', which is no earlier decision"),
        ({"space": when({"a": ["z"]})}, "a = 'z', which is no option of it; accepted: x, y"),
        ({"space": when({"a": "x"})}, "when of 'b' = 'x' is not a list"),
        ({"space": when(["a"])}, "give an object of earlier decisions"),
        ({"metric": metric(direction="minimise")}, "wrong direction"),
        ({"metric": metric(slope=100)}, "wrong direction"),
        ({"metric": metric(direction="minimise", slope=100)}, "accuracy is to maximise"),
        ({"metric": metric(name="loss", unit="")}, "loss is to minimise"),
        ({"metric": metric(direction="up")}, "accepted: maximise, minimise"),
        ({"metric": metric(slope=0)}, "slope"),
        ({"metric": {"name": "accuracy"}}, "'direction' is missing"),
        ({"fidelities": [200, 12]}, "ascending"),
        ({"fidelities": [12, 12.5]}, "ascending"),
        ({"fidelities": 12}, "not a list"),
        ({"seeds": [1, 1]}, "distinct"),
        ({"missing": {"13": 1}}, "none of"),
        ({"missing": {"200": 1}}, "'closed'"),
        ({"coverage": "whole"}, "accepted: closed, sample, space"),
        ({"keyed_by": "canonical", "coverage": "closed"}, "keyed_by"),
        ({"penalty": "high"}, "penalty"),
        ({"test": 3}, "not a string"),
        ({"test": ""}, "'test' is empty; write null"),
        ({"cost": ""}, "'cost' is empty; write null"),
        ({"surrogate": "no"}, "neither true nor false"),
    ],
)
def test_what_cannot_be_is_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match="table header") as raised:
        TableHeader.from_json(json.dumps(content(**changes)))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    TableHeader.from_json(json.dumps(content()))


@pytest.mark.parametrize("text", ["", "{", "[]", "3"])
def test_what_is_no_header_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="table header"):
        TableHeader.from_json(text)


def test_a_whole_penalty_is_read_as_a_float() -> None:
    assert repr(TableHeader.from_json(json.dumps(content(penalty=1000))).penalty) == "1000.0"
