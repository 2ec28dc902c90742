"""The checks of several objectives, for methods and for tasks."""

from dataclasses import replace

import numpy as np

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method, Observation, Query
from equipoise.harness.core.objectives import VALIDATION_ERROR
from equipoise.harness.core.registry import problem_of
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Evaluation, Objective, Task, TaskInfo
from equipoise.harness.engine.runner import run_trial

__all__ = [
    "objectives_are_told",
    "objectives_keep_the_split",
    "takes_several_objectives",
    "uses_the_objectives_it_declares",
]

QUERIES, COSTLY_QUERIES = 40, 13
SAMPLES = 50
ENOUGH = 10
"""Distinct values from which on the same order is no coincidence."""


class _Weighed:
    """A task with a made objective beside the error: the sum of the option numbers, or its negative.

    Args:
        task: Tells the error.
        sign: Of the sum.
    """

    def __init__(self, task: Task, sign: float) -> None:
        self.space: SearchSpace = task.space
        self.info: TaskInfo = task.info
        self.mean_cost_seconds: float | None = task.mean_cost_seconds
        self._task, self._sign = task, sign

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        told = self._task.evaluate(architecture, fidelity, rng)
        return told._replace(objectives={"weight": self._sign * sum(self.space.key(architecture))})


def uses_the_objectives_it_declares(cls: type[Method], task: Task) -> None:
    """A method that declares `several_objectives` proposes otherwise for another objective; any other one does not."""
    up, down = (_proposals(cls, task, sign) for sign in (1.0, -1.0))
    if cls.several_objectives:
        assert up != down, "several_objectives is True, but the opposite objective changes no proposal"
    else:
        assert up == down, "the objectives of observations are used; declare several_objectives = True"


def takes_several_objectives(cls: type[Method], task: Task) -> None:
    """Observations with objectives are learned from, as are invalid ones, which have none."""
    method = _make(cls, task)
    for architecture in task.space.sample(np.random.default_rng(3), 3):
        method.tell(Observation(Query(architecture), 0.5, 1.0, {"weight": float(sum(architecture))}))
    for _ in range(3):
        query = method.ask()
        method.tell(Observation(query, task.info.penalty, 0.0))  # as if it were invalid
    query = method.ask()
    assert isinstance(query, Query), f"ask() after three invalid proposals returned {query!r}"


def objectives_are_told(task: Task) -> None:
    """Each objective of the data sheet has a finite value for every architecture, and is no test error.

    An objective whose file is not here is not checked.
    """
    names = [one.name for one in task.info.objectives]
    assert len(set(names)) == len(names), f"objectives {names}: a name occurs twice"
    assert VALIDATION_ERROR not in names, f"an objective is called '{VALIDATION_ERROR}', which every task has"
    samples = task.space.sample(np.random.default_rng(17), SAMPLES)
    tests = [task.reveal(architecture) for architecture in samples]
    for name in names:
        if (found := _values(task, name, samples)) is None:
            continue
        assert np.isfinite(found).all(), f"a value of {name} is not finite"
        assert not _repeats(found, tests), f"objective {name} tells the test error, which is for the report alone"


def objectives_keep_the_split(task: Task) -> None:
    """No objective tells the error under a training seed that is held out of a view of the task."""
    samples = task.space.sample(np.random.default_rng(18), SAMPLES)
    for seed in range(task.info.seeds if task.info.seeds > 1 and task.info.objectives else 0):
        view = task.split(seed)
        held_out = [view.held_out(architecture) for architecture in samples]
        for one in view.info.objectives:
            found = _values(view, one.name, samples)
            assert found is None or not _repeats(found, held_out), (
                f"objective {one.name} tells the error under the held-out seed {seed}, which is for the report alone"
            )


def _values(task: Task, name: str, samples: list[Architecture]) -> list[float] | None:
    """The values of an objective, wherever the task tells them; None where their file is not here."""
    try:
        values = task.objective_values(name)
    except DataError:
        return None
    if values is not None:
        assert len(values) == task.space.size, f"{len(values)} values of {name} for a space of {task.space.size}"
        return [float(values[task.space.index(architecture)]) for architecture in samples]
    measured = any(one.measured for one in task.info.objectives if one.name == name)
    told = [task.measure(name, one) if measured else {} for one in samples]
    if not all(name in row for row in told):
        told = [task.evaluate(one, None, np.random.default_rng(0)).objectives for one in samples]
    assert all(name in row for row in told), f"neither evaluate() nor measure() tells {name}"
    return [float(row[name]) for row in told]


def _repeats(values: list[float], hidden: list[float | None]) -> bool:
    """Whether values are hidden errors, a linear function of them, or in their order."""
    if any(error is None for error in hidden):
        return False
    known, told = np.array(hidden, dtype=np.float64), np.array(values)
    if known.std() == 0 or told.std() == 0:
        return False
    ranks, places = (np.unique(each, return_inverse=True)[1] for each in (known, told))
    same = np.array_equal(ranks, places) or np.array_equal(ranks, places.max() - places)
    if same and ranks.max() + 1 >= ENOUGH:
        return True
    return abs(float(np.corrcoef(told, known)[0, 1])) > 1 - 1e-9


def _make(cls: type[Method], task: Task) -> Method:
    queries = COSTLY_QUERIES if cls.costly else QUERIES
    problem = problem_of(cls, task, Budget(queries=queries), cls.check_settings)
    problem = replace(problem, objectives=(Objective("weight", ""),))
    return cls(problem, np.random.default_rng(1), **cls.check_settings)


def _proposals(cls: type[Method], task: Task, sign: float) -> list[Architecture]:
    method = _make(cls, task)
    noise, ledger = np.random.default_rng(1), Ledger(method.problem.budget)
    return run_trial(method, _Weighed(task, sign), ledger, lambda _: noise).architecture
