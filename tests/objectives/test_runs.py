"""Suites with several objectives: what is run, stored and told."""

from pathlib import Path

import numpy as np
import pytest
from made_runs import PROTOCOL

from equipoise.harness.core.errors import RunError, SuiteError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.objectives import Constraint, total_violation
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task import Evaluation
from equipoise.harness.engine.objectives import MeasuredTask, PenalisedMethod
from equipoise.harness.engine.worker import run_spec

TASK = "nasbench201/fashion14"
CONTENT = {
    "name": "s",
    "budget": {"queries": 20},
    "protocol": {"repeats": 1, "seed": 0},
    "tasks": [{"name": TASK}],
    "methods": [{"name": "random_search"}],
}
SEVERAL = {**CONTENT, "objectives": ["validation_error", "parameters"], "constraints": ["flops<=1e5"]}


class Listener(Method):
    """Keeps what it is told."""

    family, source = "baseline", "test"

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        self.told: list[Observation] = []
        LISTENERS.append(self)

    def ask(self) -> Query:
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation: Observation) -> None:
        self.told.append(observation)


class Both(Listener):
    """Uses the objectives."""

    several_objectives = True


LISTENERS: list[Listener] = []


def run(cls: type[Method], **given: tuple[str, ...]):
    spec = RunSpec(TASK, "m", "m", "{}", 1, Budget(queries=20), PROTOCOL, **given)
    return run_spec(spec, load_task(TASK), cls).trajectory, LISTENERS[-1]


def test_ids_of_suites_without_objectives_stay() -> None:
    plain, several = (next(Suite.from_dict(content).runs()) for content in (CONTENT, SEVERAL))
    assert plain.run_id == "b393709e42423e639066"
    assert several.run_id != plain.run_id
    assert Suite.from_dict(Suite.from_dict(SEVERAL).to_dict()) == Suite.from_dict(SEVERAL)
    assert "objectives" not in Suite.from_dict(CONTENT).to_dict()
    assert Suite.from_dict(SEVERAL).measured == ("parameters", "flops")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("objectives", ["parameters"], "accepted: 'validation_error' and at least one other"),
        ("objectives", ["validation_error", "flops", "flops"], "each once"),
        ("objectives", "flops", "not a list of names"),
        ("constraints", ["flops = 3"], "write for example 'latency <= 5'"),
        ("constraints", ["flops <= e"], "write for example"),
        ("constraints", "flops <= 3", "must be a list"),
    ],
)
def test_bad_objectives_are_refused(key: str, value: object, message: str) -> None:
    with pytest.raises(SuiteError, match=message):
        Suite.from_dict({**CONTENT, key: value})


def test_answers_hold_what_the_suite_asks_for_and_nothing_else() -> None:
    trajectory, listener = run(Both, objectives=("validation_error", "parameters"), constraints=("flops <= 100000",))
    task = load_task(TASK)
    sizes = task.resource("parameters")(trajectory.architecture)
    assert [row["parameters"] for row in trajectory.objectives] == sizes.tolist()
    assert all(row.keys() == {"parameters", "flops"} for row in trajectory.objectives)
    assert [one.name for one in listener.problem.objectives] == ["parameters"]
    assert listener.problem.constraints == (Constraint("flops", True, 1e5),)
    assert [told.validation_error for told in listener.told] == trajectory.validation_error
    plain, listener = run(Both)
    assert not any(plain.objectives)
    assert listener.problem.objectives == listener.problem.constraints == ()


def test_a_method_of_one_objective_is_told_a_penalty_that_is_not_recorded() -> None:
    trajectory, listener = run(Listener, constraints=("flops <= 50000",))
    flops = np.array([row["flops"] for row in trajectory.objectives])
    told = np.array([one.validation_error for one in listener.told])
    over = flops > 5e4
    assert 0 < over.sum() < 20
    np.testing.assert_array_equal(told[~over], np.array(trajectory.validation_error)[~over])
    np.testing.assert_allclose(told[over], 1 + (flops[over] - 5e4) / 5e4)
    assert max(trajectory.validation_error) < 1


@pytest.mark.parametrize("bound", ["5", "0.5", "100000", "1e+06", "153273344", "5.1234567", "1e-07", "1234567.8901"])
def test_bounds_keep_all_their_digits(bound: str) -> None:
    text = f"flops <= {bound}"
    assert str(Constraint.parse(text)) == text
    suite = Suite.from_dict({**CONTENT, "constraints": [text]})
    assert suite.constraints == (text,)
    assert Constraint.parse(suite.constraints[0]).violation(float(bound)) == 0


def test_ids_of_suites_with_short_bounds_stay() -> None:
    short = Suite.from_dict({**CONTENT, "constraints": ["flops<=1e5", "parameters <= 1e6"]})
    assert short.constraints == ("flops <= 100000", "parameters <= 1e+06")


def test_an_invalid_proposal_is_told_a_worse_value_than_any_that_violates_a_constraint() -> None:
    inner = Listener(Problem(load_task(TASK).space, Budget(queries=4)), np.random.default_rng(0))
    method = PenalisedMethod(inner, (Constraint.parse("latency <= 5"),), 1.0)
    invalid = Observation(Query((0,) * 6), 1.0, 0.0)
    for latency in (5.5, None, 4.5, 100.0, None):
        told = invalid if latency is None else Observation(invalid.query, 0.05, 1.0, {"latency": latency})
        method.tell(told)
    assert [one.validation_error for one in inner.told] == pytest.approx([1.1, 9.0, 0.05, 20.0, 20.0])


def test_violations_are_relative_and_unknown_values_violate() -> None:
    upper, lower = Constraint.parse("latency <= 5"), Constraint.parse(" ssim >= 0.5 ")
    assert total_violation((upper, lower), {"latency": 10.0, "ssim": 0.25}) == 1.5
    assert total_violation((upper, lower), {"latency": 5.0, "ssim": 0.5}) == 0
    assert total_violation((upper,), {}) == float("inf")
    assert str(upper) == "latency <= 5"


def test_a_task_that_keeps_an_objective_back_is_an_error() -> None:
    class Silent(type(load_task(TASK))):
        def objective_values(self, name):
            return None

        def evaluate(self, architecture, fidelity, rng):
            return Evaluation(0.5, 1.0, {"flops": 3.0, "hidden": 1.0})

    task = load_task(TASK)
    task.__class__ = Silent
    cell = next(task.space.enumerate())
    assert MeasuredTask(task, ("flops",)).evaluate(cell, None, None).objectives == {"flops": 3.0}
    with pytest.raises(RunError, match="tells no parameters of"):
        MeasuredTask(task, ("parameters",)).evaluate(cell, None, None)


def test_one_search_of_several_objectives_has_their_columns() -> None:
    import equipoise as eq

    found = eq.search("nsga2", TASK, 12, objectives=["validation_error", "parameters"], constraints=["flops <= 1e5"])
    frame = found.to_frame()
    assert {"objective:parameters", "objective:flops"} <= set(frame.columns)
    assert frame["objective:parameters"].notna().all()
    with pytest.raises(SuiteError, match="no objective 'latency'"):
        eq.search("nsga2", TASK, 12, objectives=["validation_error", "latency"])


def test_a_suite_is_refused_before_it_runs_where_a_task_lacks_an_objective(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from equipoise.harness.engine.preflight import preflight

    with pytest.raises(SuiteError, match="no objective 'latency'; accepted: "):
        preflight(Suite.from_dict({**CONTENT, "objectives": ["validation_error", "latency"]}), skip_missing=False)
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    device = {"objectives": ["validation_error", "pixel3_latency"], "tasks": [{"name": "nasbench201/cifar10"}]}
    with pytest.raises(SuiteError, match="equipoise data fetch hw-nas-bench-cifar10"):
        preflight(Suite.from_dict({**CONTENT, **device}), skip_missing=False)


def test_results_are_not_added_to_under_other_objectives() -> None:
    from equipoise.harness.store.manifest import suite_differences

    plain, several = (Suite.from_dict(content).to_dict() for content in (CONTENT, SEVERAL))
    assert suite_differences(plain, several) == ["objectives", "constraints"]
    assert suite_differences(several, several) == []
