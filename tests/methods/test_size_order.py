"""The controls that know nothing but size."""

import numpy as np
import pytest

from equipoise.harness.core.errors import SearchEnded, SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method, Observation, Query
from equipoise.harness.core.registry import load_method, load_task, missing_requirements, problem_of
from equipoise.harness.engine.runner import run_trial


def make(name: str, task: str = "nasbench201/cifar10", seed: int = 1, **settings: object) -> Method:
    cls = load_method(name)
    return cls(problem_of(cls, load_task(task), Budget(queries=50), settings), np.random.default_rng(seed), **settings)


@pytest.mark.parametrize("measure", ["parameters", "flops"])
@pytest.mark.parametrize(("name", "sign"), [("largest_first", -1), ("smallest_first", 1)])
def test_sizes_never_go_back_and_ties_are_in_random_order(name: str, sign: int, measure: str) -> None:
    task = load_task("nasbench201/cifar10")
    orders = []
    for seed in (1, 2):
        method = make(name, seed=seed, measure=measure)
        trajectory = run_trial(method, task, Ledger(Budget(queries=200)), lambda _: np.random.default_rng())
        sizes = task.resource(measure)(trajectory.architecture)
        assert np.all(np.diff(sign * sizes) >= 0)
        assert sizes[0] == sign * (sign * task.resource(measure).everything).min()
        assert set(trajectory.status) == {"ok"}
        orders.append(trajectory.architecture)
    assert orders[0] != orders[1]


def test_what_was_told_is_not_proposed_and_the_search_ends() -> None:
    space = load_task("nasbench_graph/proteins").space
    method = make("largest_first", "nasbench_graph/proteins")
    known = list(space.enumerate())[:-3]
    for architecture in known:
        method.tell(Observation(Query(architecture), 0.5, 1.0))
    assert {method.ask().architecture for _ in range(3)} == set(list(space.enumerate())[-3:])
    with pytest.raises(SearchEnded):
        method.ask()


def test_a_task_without_sizes_is_not_searched() -> None:
    reason = missing_requirements(load_method("largest_first"), load_task("nasbench_graph/cora"), {"measure": "flops"})
    assert reason == "needs flops: nasbench_graph/cora does not have flops"


def test_a_measure_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingError, match="measure = 'latency'; accepted: parameters, flops"):
        load_method("smallest_first")(
            problem_of(load_method("smallest_first"), load_task("nasbench201/cifar10"), Budget(queries=5)),
            np.random.default_rng(0),
            measure="latency",
        )
