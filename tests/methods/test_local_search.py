"""Local search with restarts."""

import pytest
from method_runs import make_search

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation


def test_local_search_moves_only_downhill_and_only_to_neighbours() -> None:
    method = make_search("local_search", initial=3)
    for error in (0.5, 0.4, 0.6):
        method.tell(Observation(method.ask(), error, 1.0))
    best = method._incumbent
    for _ in range(10):
        query = method.ask()
        assert query.architecture in method.space.neighbours(best)
        method.tell(Observation(query, 0.45, 1.0))
    assert method._incumbent == best
    query = method.ask()
    method.tell(Observation(query, 0.3, 1.0))
    assert method._incumbent == query.architecture


def test_local_search_starts_again_at_a_local_optimum() -> None:
    method = make_search("local_search", initial=1)
    start = method.ask()
    method.tell(Observation(start, 0.1, 1.0))
    for _ in range(24):
        method.tell(Observation(method.ask(), 0.2, 1.0))
    assert method.ask().architecture not in method.space.neighbours(start.architecture)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("local_search", {"initial": 0}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=r"accepted: "):
        make_search(name, **bad)
