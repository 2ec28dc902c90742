"""The checks that every task must pass."""

import pickle
from collections.abc import Callable, Sequence

import numpy as np

from equipoise.harness.conformance.objectives import objectives_are_told, objectives_keep_the_split
from equipoise.harness.core.objectives import spread_of
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Evaluation, Task

__all__ = ["TASK_CHECKS"]


def describes_itself(task: Task) -> None:
    """The data sheet gives name, source, licence and digest; fidelities ascend."""
    info = task.info
    assert info.benchmark and info.dataset, f"name = '{info.name}'; a name is benchmark/dataset"
    assert task.name == info.name, f"name is '{task.name}', but '{info.name}' in the data sheet"
    assert info.source and info.licence, "source or licence is empty"
    assert info.data_digest, "data_digest is empty"
    assert list(info.fidelities) == sorted(set(info.fidelities)), f"fidelities {info.fidelities} do not ascend"


def answers_are_pure(task: Task) -> None:
    """The same architecture and generator state give the same finite answer, in any order."""
    architectures = task.space.sample(np.random.default_rng(11), 20)
    levels = [None, *task.info.fidelities]
    first = [_evaluate(task, a, f) for a in architectures for f in levels]
    again = [_evaluate(task, a, f) for a in reversed(architectures) for f in reversed(levels)][::-1]
    told, repeated = ([_repeatable(task, evaluation) for evaluation in run] for run in (first, again))
    assert told == repeated, "the same query gave two answers: evaluate() keeps state"
    assert all(np.isfinite(evaluation.validation_error) for evaluation in first), "an error is not finite"
    if task.info.has_cost:
        assert all(e.cost_seconds > 0 for e in first), "has_cost is True, but a cost_seconds is not positive"


def full_fidelity_is_the_default(task: Task) -> None:
    """Fidelity None means the last one."""
    if task.info.fidelities:
        for architecture in task.space.sample(np.random.default_rng(12), 10):
            full = _evaluate(task, architecture, task.info.fidelities[-1])
            assert _repeatable(task, _evaluate(task, architecture, None)) == _repeatable(task, full), (
                "None is answered differently from the highest fidelity"
            )


def equal_keys_have_equal_answers(task: Task) -> None:
    """Architectures with one key are one entry of the benchmark."""
    for architecture in task.space.sample(np.random.default_rng(13), 20):
        key = task.space.key(architecture)
        answers = [_repeatable(task, _evaluate(task, one, None)) for one in (key, architecture)]
        assert answers[0] == answers[1], f"{architecture} and its key are answered differently"


def penalty_is_no_reward(task: Task) -> None:
    """An invalid proposal is told an error no better than any valid one."""
    worst = max(_evaluate(task, a, None).validation_error for a in task.space.sample(np.random.default_rng(14), 200))
    assert task.info.penalty >= worst, (
        f"penalty {task.info.penalty} is better than the error {worst} of a valid architecture"
    )


def landscape_agrees(task: Task) -> None:
    """The landscape lists what `expected` says, its least value is the optimum, and the test is not the validation."""
    landscape = task.landscape()
    if landscape is None:
        return
    assert len(landscape) == task.space.size, f"{len(landscape)} values for a space of {task.space.size}"
    assert task.optimum() == landscape.min(), "optimum() is not the least value of landscape()"
    samples = task.space.sample(np.random.default_rng(15), 50)
    for architecture in samples:
        position = task.space.index(architecture)
        assert task.expected(architecture) == landscape[position], f"expected({architecture}) is not in the landscape"
    tests = [task.reveal(architecture) for architecture in samples]
    if tests[0] is not None:
        expected = [task.expected(architecture) for architecture in samples]
        assert tests != expected, "reveal() gives the validation error again: return None where there is no test split"


def task_pickles(task: Task) -> None:
    """The task pickles, and its copy answers alike."""
    other = pickle.loads(pickle.dumps(task))
    (architecture,) = task.space.sample(np.random.default_rng(16), 1)
    answers = [_repeatable(task, _evaluate(one, architecture, None)) for one in (other, task)]
    assert answers[0] == answers[1], f"a copy answers {answers[0]}, the task {answers[1]}"


TASK_CHECKS: Sequence[Callable[[Task], None]] = (
    describes_itself,
    answers_are_pure,
    full_fidelity_is_the_default,
    equal_keys_have_equal_answers,
    penalty_is_no_reward,
    landscape_agrees,
    task_pickles,
    objectives_are_told,
    objectives_keep_the_split,
)


def _evaluate(task: Task, architecture: Architecture, fidelity: int | None) -> Evaluation:
    return task.evaluate(architecture, fidelity, np.random.default_rng(0))


def _repeatable(task: Task, evaluation: Evaluation) -> str:
    """The part of an evaluation that must repeat, as text: exact for floats, and NaN equals NaN."""
    measured = {name for one in task.info.objectives if one.measured for name in (one.name, spread_of(one.name))}
    told = {name: value for name, value in evaluation.objectives.items() if name not in measured}
    seconds = "" if task.info.measured_cost else evaluation.cost_seconds
    return str((evaluation.validation_error, seconds, told))
