"""Evolution that starts from the best by a training-free score."""

import numpy as np
import pytest

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Problem
from equipoise.harness.core.scores import Score, ScoreReader
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods.zero_cost_evolution import ZeroCostEvolution


def convolutions(architectures):  # type: ignore[no-untyped-def]
    return np.array([sum(option == 3 for option in one) for one in architectures], dtype=float)


def make(queries: int = 40, seed: int = 0, **settings: object) -> ZeroCostEvolution:
    readers = {"score:synflow": ScoreReader(Score("synflow", 0.001), convolutions)}
    problem = Problem(NasBench201(), Budget(queries=queries), resources=readers)
    return ZeroCostEvolution(problem, np.random.default_rng(seed), **settings)  # type: ignore[arg-type]


def run(method: ZeroCostEvolution, n: int) -> list[tuple[tuple[int, ...], float]]:
    found = []
    for _ in range(n):
        query = method.ask()
        method.tell(Observation(query, 0.5, 1.0))
        found.append((query.architecture, query.training_cost))
    return found


def test_the_first_population_is_the_best_by_score_and_is_paid_for_at_once() -> None:
    """Of 200 drawn, the 20 with most convolutions, most first."""
    method = make(warmup=200)
    drawn = list(dict.fromkeys(NasBench201().sample(np.random.default_rng(0), 200)))
    found = run(method, 20)
    assert [sum(o == 3 for o in one) for one, _ in found] == sorted(convolutions(drawn).tolist(), reverse=True)[:20]
    assert found[0][1] == pytest.approx(0.001 * len(drawn))
    assert {cost for _, cost in found[1:]} == {0.0}


def test_moves_take_the_neighbour_of_highest_score_three_times_of_four() -> None:
    """With equal errors every parent is as good; a followed move gains a convolution wherever one can be gained."""
    method = make(queries=400, warmup=0, moves=True, population=10)
    run(method, 10)
    gains = []
    for _ in range(300):
        parents = [member for _, member in method._alive]
        query = method.ask()
        method.tell(Observation(query, 0.5, 1.0))
        near = [one for one in parents if sum(a != b for a, b in zip(one, query.architecture, strict=True)) == 1]
        assert near
        gains.append(sum(option == 3 for option in query.architecture))
    assert np.mean(gains[-50:]) > 5


def test_without_warm_up_nothing_is_scored() -> None:
    assert {cost for _, cost in run(make(warmup=0), 30)} == {0.0}


def test_a_run_repeats_with_its_seed() -> None:
    assert run(make(), 40) == run(make(), 40) != run(make(seed=1), 40)


@pytest.mark.parametrize(
    ("bad", "said"),
    [({"warmup": -1}, "zero_cost_evolution: warmup = -1; accepted"), ({"sample": 0}, "sample = 0; accepted")],
)
def test_bad_settings_are_refused(bad: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        make(**bad)  # type: ignore[arg-type]
