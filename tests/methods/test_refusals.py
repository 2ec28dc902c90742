"""Counts that are settings: every method refuses what its budget can never reach, and plays any budget as it comes."""

import inspect
from collections.abc import Mapping

import numpy as np
import pytest

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method
from equipoise.harness.core.registry import (
    load_method,
    load_task,
    method_names,
    missing_packages,
    missing_requirements,
    problem_of,
)
from equipoise.harness.core.task import Task
from equipoise.harness.engine.runner import run_trial

TASKS = [load_task(name) for name in ("nasbench201/cifar10", "nasbench201/fashion14")]
COUNTS = ("n_initial", "initial", "population", "samples", "generation", "n_startup")
"""Settings that hold a number of queries, by the names that the methods give them."""

INSIDE = {("gates", "population")}
"""Populations of a search inside a model, which costs no query."""

NESTED = (
    ("optuna", {"sampler": "nsgaii", "options": {"population_size": 21}}),
    ("optuna", {"sampler": "nsgaii", "options": {"population_size": 1}}),
    ("optuna", {"sampler": "cmaes", "options": {"popsize": 21}}),
    ("optuna", {"options": {"n_startup_trials": 21}}),
    ("bananas", {"batch": 21}),
    ("npenas", {"batch": 21}),
    ("gates", {"batch": 21}),
    ("reinforce", {"batch": 21}),
)


def task_for(cls: type[Method], settings: Mapping[str, object]) -> Task:
    """The first task that has what the method needs."""
    return next(task for task in TASKS if missing_requirements(cls, task, settings) is None)


def make(name: str, budget: Budget, **settings: object) -> Method:
    cls = load_method(name)
    given = {**cls.check_settings, **settings}
    if (reason := missing_packages(cls)) is not None:
        pytest.skip(reason)
    return cls(problem_of(cls, task_for(cls, given), budget, given), np.random.default_rng(0), **given)


def counts() -> list[tuple[str, str]]:
    every = ((name, word) for name in method_names() for word in inspect.signature(load_method(name)).parameters)
    return [pair for pair in every if pair[1] in COUNTS and pair not in INSIDE]


@pytest.mark.parametrize(("name", "word"), counts())
def test_a_count_beyond_the_budget_is_refused_with_what_is_accepted(name: str, word: str) -> None:
    for bad in (-1, 0, 21):
        with pytest.raises(SettingError, match=rf"{word} = {bad}; accepted: "):
            make(name, Budget(queries=20), **{word: bad})
    with pytest.raises(SettingError, match="to the budget of 20 queries"):
        make(name, Budget(queries=20), **{word: 21})
    make(name, Budget(queries=20), **{word: 20})


@pytest.mark.parametrize(("name", "word"), counts())
def test_nothing_is_too_large_where_the_number_of_queries_is_not_known(name: str, word: str) -> None:
    given = {word: 400} if word != "generation" else {word: 400, "pool": 500}
    make(name, Budget(cost_seconds=1e4), **given)
    with pytest.raises(SettingError, match=f"{word} = 0; accepted: whole numbers from"):
        make(name, Budget(cost_seconds=1e4), **{word: 0})


@pytest.mark.parametrize(("name", "bad"), NESTED)
def test_counts_of_other_names_are_refused_alike(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=r"accepted: [12] to the budget of 20 queries|accepted: 0 to the budget"):
        make(name, Budget(queries=20), **bad)


@pytest.mark.parametrize("name", method_names())
@pytest.mark.parametrize("unit", ["queries", "cost_seconds"])
def test_every_method_plays_a_budget_below_its_defaults(name: str, unit: str) -> None:
    cls = load_method(name)
    task = task_for(cls, cls.check_settings)
    budget = Budget(queries=3) if unit == "queries" else Budget(cost_seconds=3 * (task.mean_cost_seconds or 1.0))
    ledger = Ledger(budget)
    run_trial(make(name, budget), task, ledger, lambda _: np.random.default_rng(0))
    assert ledger.exhausted
