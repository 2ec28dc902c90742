"""The contract of a search method, as checks."""

import os
import pickle
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from inspect import Parameter, signature

import numpy as np

from equipoise.harness.conformance.knowledge import used_knowledge
from equipoise.harness.conformance.objectives import takes_several_objectives, uses_the_objectives_it_declares
from equipoise.harness.conformance.watch import watched
from equipoise.harness.core.declarations import wrong_declaration
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.local_classes import by_value, local_class
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.registry import method_name, problem_of
from equipoise.harness.core.task import Task
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.engine.scores import metered

__all__ = ["METHOD_CHECKS", "proposals_of"]

QUERIES, COSTLY_QUERIES = 80, 13
"""Budget of the runs in which a method is checked, and one that says of itself that it is costly."""


def declares_itself(cls: type[Method], task: Task) -> None:
    """Family, origin, source and knowledge are declared, and settings are keyword-only with defaults."""
    wrong = wrong_declaration(cls)
    assert wrong is None, wrong
    assert "decisions" in cls.knowledge, f"knowledge = {cls.knowledge!r} lacks decisions, which every method uses"
    parameters = list(signature(cls).parameters.values())
    assert [p.name for p in parameters[:2]] == ["problem", "rng"], "__init__ must begin (self, problem, rng, ...)"
    for parameter in parameters[2:]:
        assert parameter.kind is Parameter.KEYWORD_ONLY, f"setting '{parameter.name}' must be keyword-only (after *)"
        assert parameter.default is not Parameter.empty, f"setting '{parameter.name}' has no default"


def proposes_valid_architectures(cls: type[Method], task: Task) -> None:
    """Every proposal is a query of the space, and at least one is a valid architecture."""
    trajectory = _run(cls, task)
    assert any(status != "invalid" for status in trajectory.status), "every proposal was invalid"


def spends_its_budget(cls: type[Method], task: Task) -> None:
    """A run does not end early in a space that is larger than the budget."""
    trajectory, queries = _run(cls, task), _budget(cls).queries
    assert len(trajectory) == queries, f"{len(trajectory)} of {queries} queries: {trajectory.ended}"


def repeats_with_its_seed(cls: type[Method], task: Task) -> None:
    """The same seed gives the same trajectory, another seed another one."""
    first, again, other = (_run(cls, task, seed).architecture for seed in (1, 1, 2))
    assert first == again, f"same seed, different proposals from query {_first_difference(first, again)} on"
    assert first != other, "another seed gave the same proposals: the generator is not used"


def repeats_in_another_process(cls: type[Method], task: Task) -> None:
    """The same seed gives the same trajectory in a fresh interpreter, whose hashes of texts are salted differently."""
    here = proposals_of(cls, task)
    name = method_name(cls)
    local = local_class(name)
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from equipoise.harness.core.local_classes import adopt\n"
        "adopt(sys.stdin.buffer.read())\n"
        "from equipoise.harness.conformance.methods import proposals_of\n"
        "from equipoise.harness.core.registry import load_method, load_task\n"
        f"print('\\n'.join(proposals_of(load_method({name!r}), load_task({task.name!r}))))"
    )
    salt = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"  # another one, even where all processes share theirs
    environment = {**os.environ, "PYTHONHASHSEED": salt}
    command = [sys.executable, "-c", code]
    classes = by_value({} if local is None else {name: local})
    ran = subprocess.run(command, input=classes, capture_output=True, check=False, env=environment)
    said = ran.stderr.decode().strip().splitlines()[-1:]
    assert ran.returncode == 0, f"does not run in another process: {said}"
    there = ran.stdout.decode().splitlines()
    assert here == there, f"another process proposes something else from query {_first_difference(here, there)} on"


def leaves_global_randomness_alone(cls: type[Method], task: Task) -> None:
    """The generators of `random` and `numpy.random` are neither read nor moved."""
    states = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002 - what must stay untouched
    try:
        for seed in (1, 2):
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            before = repr((random.getstate(), np.random.get_state(legacy=False)))  # noqa: NPY002
            _run(cls, task)
            after = repr((random.getstate(), np.random.get_state(legacy=False)))  # noqa: NPY002
            assert before == after, "a global generator (random or numpy.random) was used; use self.rng"
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


def learns_from_what_it_is_told(cls: type[Method], task: Task) -> None:
    """An observation of a query that was never asked is accepted (a shared start)."""
    method = _make(cls, task)
    for architecture in task.space.sample(np.random.default_rng(3), 5):
        method.tell(Observation(Query(architecture), 0.5, 1.0))
    query = method.ask()
    assert isinstance(query, Query), f"ask() after five foreign observations returned {query!r}"


def allows_pending_queries(cls: type[Method], task: Task) -> None:
    """Several queries may be asked before the first is told, and told in another order."""
    method = _make(cls, task)
    for _ in range(4):
        pending = [method.ask() for _ in range(4)]
        for query in reversed(pending):
            method.tell(_answer(task, query))


def survives_strange_answers(cls: type[Method], task: Task) -> None:
    """Constant errors, huge errors and an unknown cost are learned from, not tripped over."""
    for error in (0.3, 1e6):
        method = _make(cls, task)
        for _ in range((_budget(cls).queries or 0) // 2):
            method.tell(Observation(method.ask(), error, float("nan")))


def never_sees_the_test_error(cls: type[Method], task: Task) -> None:
    """Nothing but the answers to its queries is read: no test error, no landscape, no optimum."""
    problem = _problem(cls, task)
    known = {"space", "budget", "fidelities", "resources", "objectives", "constraints", "history"}
    assert set(vars(problem)) == known, "the problem shows more than it should"
    with watched(type(task), ("reveal", "landscape", "optimum", "expected", "objective_values")) as touched:
        _run(cls, task)
    assert not touched, f"the method read {touched[0]}() of the task"


def declares_its_knowledge(cls: type[Method], task: Task) -> None:
    """Whatever of the task it is seen to use is in `Method.knowledge`."""
    queries = _budget(cls).queries or 0

    def make(problem: Problem) -> Method:
        return cls(problem, np.random.default_rng(1), **cls.check_settings)

    used = used_knowledge(make, _problem(cls, task), queries, lambda query: _answer(task, query))
    undeclared = [f"{name} ({', '.join(sorted(by))})" for name, by in sorted(used.items()) if name not in cls.knowledge]
    assert not undeclared, f"uses {'; '.join(undeclared)}, which is not in knowledge = {cls.knowledge!r}"


def pays_for_the_scores_it_reads(cls: type[Method], task: Task) -> None:
    """No query is asked while scores that were read are unpaid."""
    method = metered(_make(cls, task))
    for _ in range(_budget(cls).queries or 0):
        method.tell(_answer(task, method.ask()))


def crosses_process_borders(cls: type[Method], task: Task) -> None:
    """The class pickles, as do its problem and its queries."""
    problem = _problem(cls, task)
    assert pickle.loads(pickle.dumps(cls)) is cls, "the class does not pickle: define it at the top of its module"
    assert pickle.loads(pickle.dumps(problem)).space == problem.space
    query = _make(cls, task).ask()
    assert pickle.loads(pickle.dumps(query)) == query


METHOD_CHECKS: Sequence[Callable[[type[Method], Task], None]] = (
    declares_itself,
    proposes_valid_architectures,
    spends_its_budget,
    repeats_with_its_seed,
    repeats_in_another_process,
    leaves_global_randomness_alone,
    learns_from_what_it_is_told,
    allows_pending_queries,
    survives_strange_answers,
    never_sees_the_test_error,
    declares_its_knowledge,
    pays_for_the_scores_it_reads,
    crosses_process_borders,
    uses_the_objectives_it_declares,
    takes_several_objectives,
)


def proposals_of(cls: type[Method], task: Task) -> list[str]:
    """The proposals of a method with seed 1, as text: compared across processes."""
    return [task.space.format(architecture) for architecture in _run(cls, task).architecture]


def _budget(cls: type[Method]) -> Budget:
    return Budget(queries=COSTLY_QUERIES if cls.costly else QUERIES)


def _problem(cls: type[Method], task: Task) -> Problem:
    return problem_of(cls, task, _budget(cls), cls.check_settings)


def _make(cls: type[Method], task: Task, seed: int = 1) -> Method:
    return cls(_problem(cls, task), np.random.default_rng(seed), **cls.check_settings)


def _run(cls: type[Method], task: Task, seed: int = 1) -> Trajectory:
    noise = np.random.default_rng(seed)
    return run_trial(_make(cls, task, seed), task, Ledger(_budget(cls)), lambda _: noise)


def _answer(task: Task, query: Query) -> Observation:
    if not task.space.contains(query.architecture):
        return Observation(query, task.info.penalty, 0.0)
    return Observation(query, *task.evaluate(query.architecture, query.fidelity, np.random.default_rng(0)))


def _first_difference(first: Sequence[object], second: Sequence[object]) -> int:
    pairs = enumerate(zip(first, second, strict=False), 1)
    return next((query for query, (a, b) in pairs if a != b), min(len(first), len(second)) + 1)
