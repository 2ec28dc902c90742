"""Local search with momentum."""

from math import inf

import pytest
from method_runs import make_search, run_search

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation, Query


@pytest.mark.parametrize("task", ["nasbench201/cifar100", "nasbench_graph/proteins"])
@pytest.mark.parametrize("seed", range(5))
def test_without_momentum_it_is_local_search_query_for_query(task: str, seed: int) -> None:
    plain = run_search(make_search("local_search", 300, seed, task), task, 300)
    hot = run_search(
        make_search("momentum_local_search", 300, seed, task, temperature=inf, restart="random"), task, 300
    )
    assert hot.architecture == plain.architecture
    assert hot.validation_error == plain.validation_error


def test_momentum_prefers_what_helped() -> None:
    """After one edit helped, edits to the same option elsewhere are drawn almost surely at a low temperature."""
    method = make_search("momentum_local_search", initial=1, temperature=0.001)
    start = method.ask()
    method.tell(Observation(start, 0.5, 1.0))
    first = method.ask().architecture
    ((decision, option),) = [(d, n) for d, (n, o) in enumerate(zip(first, start.architecture, strict=True)) if n != o]
    method.tell(Observation(Query(first), 0.4, 1.0))
    others = [d for d in range(6) if d != decision and first[d] != option]
    worth = [d for d in others if first[d] == start.architecture[decision]] or others
    following = method.ask().architecture
    changed = [d for d, (n, o) in enumerate(zip(following, first, strict=True)) if n != o]
    assert changed[0] in worth
    assert following[changed[0]] == option


def test_momentum_velocity_is_the_stated_average() -> None:
    method = make_search("momentum_local_search", initial=1, beta=0.75, temperature=inf)
    start = method.ask()
    method.tell(Observation(start, 0.5, 1.0))
    query = method.ask()
    method.tell(Observation(query, 0.45, 1.0))
    pairs = enumerate(zip(query.architecture, start.architecture, strict=True))
    ((decision, new, old),) = [(d, n, o) for d, (n, o) in pairs if n != o]
    assert method._own[decision][new] == pytest.approx(0.25)  # the first gain is its own running median: g = 1
    assert method._own[decision][old] == pytest.approx(-0.25)
    assert method._pooled[0][new] == pytest.approx(0.25)
    assert method._pooled[0] is method._pooled[5]


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("momentum_local_search", {"temperature": -1.0}),
        ("momentum_local_search", {"temperature": float("nan")}),
        ("momentum_local_search", {"beta": 1.0}),
        ("momentum_local_search", {"restart": "never"}),
        ("momentum_local_search", {"initial": 0}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=r"accepted: "):
        make_search(name, **bad)
