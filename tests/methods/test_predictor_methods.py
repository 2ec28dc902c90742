"""What holds for every method that trains a neural predictor: bananas, npenas, gates."""

import warnings

import numpy as np
import pytest
from made import MadeSpace, MadeTask
from method_runs import PREDICTORS, SPACES, make_predictor

from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.spaces.nasbench201 import NasBench201


def answered(method: Method, queries: int) -> list[tuple[int, ...]]:
    """Proposals of a method that is told a made error."""
    asked = []
    for _ in range(queries):
        query = method.ask()
        asked.append(query.architecture)
        method.tell(Observation(query, 0.1 + sum(query.architecture) / 100, float("nan")))
    return asked


@pytest.mark.parametrize("name", PREDICTORS)
@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_every_space_is_searched_without_repeats(name: str, space: SearchSpace) -> None:
    asked = answered(make_predictor(name, space), 30)
    assert len(set(asked)) == 30
    assert all(space.contains(architecture) for architecture in asked)
    assert answered(make_predictor(name, space, 30), 30) == asked


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_small_space_is_searched_to_its_end(name: str) -> None:
    problem = Problem(MadeSpace(), Budget(queries=40))
    method = load_method(name)(problem, np.random.default_rng(0), **{**PREDICTORS[name], "n_initial": 3, "batch": 4})
    trajectory = run_trial(method, MadeTask(), Ledger(problem.budget), lambda _: np.random.default_rng())
    assert sorted(trajectory.architecture) == list(MadeSpace().enumerate())


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_budget_below_the_defaults_or_in_seconds_is_spent(name: str) -> None:
    settings_ = {key: value for key, value in PREDICTORS[name].items() if key != "n_initial"}  # not above the budget
    for budget in (Budget(queries=5), Budget(cost_seconds=12.0)):
        method = load_method(name)(Problem(MadeSpace(), budget), np.random.default_rng(0), **settings_)
        ledger = Ledger(budget)
        run_trial(method, MadeTask(), ledger, lambda _: np.random.default_rng())
        assert ledger.exhausted


@pytest.mark.parametrize("name", PREDICTORS)
def test_foreign_repeated_and_invalid_observations_are_borne(name: str) -> None:
    method = make_predictor(name, MadeSpace(), 40, n_initial=2, batch=2)
    for architecture in ((0, 0, 0), (0, 0, 0), (0, 0, 1)):
        method.tell(Observation(Query(architecture), 0.5, 1.0))
    assert (0, 0, 0) not in answered(method, 8)


@pytest.mark.parametrize("name", PREDICTORS)
def test_errors_of_any_size_are_learned_from_without_a_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for error in (0.0, 1e6, 1e12):
            method = make_predictor(name, NasBench201())
            for number in range(24):
                method.tell(Observation(method.ask(), error * (1 + number / 10), float("nan")))


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_predictor_leads_the_search_to_better_architectures(name: str) -> None:
    task = load_task("nasbench_graph/proteins")
    cls, budget = load_method(name), Budget(queries=60)

    def led(seed: int) -> float:
        """The mean error of the second half of a run, minus that of the space, in standard deviations of the space."""
        method = cls(problem_of(cls, task, budget), np.random.default_rng(seed), **FAST[name])
        errors = run_trial(method, task, Ledger(budget), lambda _: np.random.default_rng()).validation_error
        landscape = task.landscape()
        return float((np.mean(errors[30:]) - landscape.mean()) / landscape.std())

    assert np.mean([led(seed) for seed in range(4)]) < -3 / np.sqrt(4 * 30)  # random draws: three standard errors


FAST = {
    "bananas": {"epochs": 30, "depth": 3},
    "npenas": {"epochs": 20, "minibatch": 32},
    "gates": {"epochs": 15, "steps": 30},
}
