"""Methods for one objective under a scalarisation of several."""

import json
from dataclasses import replace
from math import inf
from typing import ClassVar

import numpy as np
import pytest
from made_runs import PROTOCOL

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method, Observation, Query
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.scalarisation import Scalarisation
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.preflight import preflight
from equipoise.harness.engine.scalarisation import WORST, chebyshev
from equipoise.harness.engine.worker import run_spec
from equipoise.harness.store.manifest import manifest_of, suite_differences

TASK = "nasbench201/fashion14"
OBJECTIVES = ("validation_error", "parameters")
CONTENT = {
    "name": "s",
    "objectives": list(OBJECTIVES),
    "budget": {"queries": 30},
    "protocol": {"repeats": 1, "seed": 0},
    "tasks": [{"name": TASK}],
    "methods": [{"name": "local_search", "scalarisation": {"weights": [1, 3]}}],
}


class Listener(Method):
    """Keeps what every instance of it was told."""

    family, source = "baseline", "test"
    instances: ClassVar[list["Listener"]] = []

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        self.told: list[Observation] = []
        self.instances.append(self)

    def ask(self) -> Query:
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation: Observation) -> None:
        self.told.append(observation)


def run(scalarisation: Scalarisation, queries: int = 30, constraints: tuple[str, ...] = (), cls: type = Listener):
    Listener.instances.clear()
    spec = RunSpec(TASK, "m", "m", "{}", 1, Budget(queries=queries), PROTOCOL, "", OBJECTIVES, constraints)
    spec = replace(spec, scalarisation=scalarisation.to_json())
    return run_spec(spec, load_task(TASK), cls).trajectory, list(Listener.instances)


def points(trajectory, count: int) -> np.ndarray:
    sizes = [row["parameters"] for row in trajectory.objectives]
    return np.stack([trajectory.validation_error, sizes], axis=1)[:count]


def test_the_scalarisation_by_hand() -> None:
    told = chebyshev(np.array([2.0, 30.0]), np.array([0.5, 0.5]), np.array([0.0, 10.0]), np.array([4.0, 50.0]))
    assert told == pytest.approx(0.25 + 0.05 * 0.5)
    same = chebyshev(np.array([2.0, 7.0]), np.array([0.5, 0.5]), np.array([0.0, 7.0]), np.array([4.0, 7.0]))
    assert same == pytest.approx(0.25 + 0.05 * 0.25)  # an objective without a range decides nothing


def test_each_period_has_an_instance_that_is_told_all_under_its_weights_and_the_ranges_so_far() -> None:
    trajectory, instances = run(Scalarisation(period=10), 29)
    assert [len(one.told) for one in instances] == [0, 19, 29]
    assert all(one.problem.objectives == one.problem.constraints == () for one in instances)
    for period, instance in enumerate(instances[1:], 1):
        seen = points(trajectory, 10 * period)
        low, high = seen.min(axis=0), seen.max(axis=0)
        values = points(trajectory, len(instance.told))
        told = [one.validation_error for one in instance.told]
        assert [one.query.architecture for one in instance.told] == trajectory.architecture[: len(told)]
        weights = np.linspace(0, 1, 201)
        expected = [[min(WORST, chebyshev(v, np.array([w, 1 - w]), low, high)) for v in values] for w in weights]
        misfits = np.abs(np.array(expected) - told).max(axis=1)
        assert misfits.min() < 0.02
        assert misfits.max() > 0.2
    assert max(trajectory.validation_error) < 1  # the record holds the errors themselves


def test_fixed_weights_start_again_only_where_a_range_changes() -> None:
    trajectory, instances = run(Scalarisation((0.0, 1.0), period=5), 60)
    changes = 1 + sum(
        not np.array_equal(
            [points(trajectory, n).min(axis=0), points(trajectory, n).max(axis=0)],
            [points(trajectory, n - 5).min(axis=0), points(trajectory, n - 5).max(axis=0)],
        )
        for n in range(10, 61, 5)
    )
    assert len(instances) == 1 + changes < 13
    last = instances[-1].told
    sizes = points(trajectory, len(last))[:, 1]
    np.testing.assert_array_equal(
        np.argsort(sizes, kind="stable"), np.argsort([o.validation_error for o in last], kind="stable")
    )


@pytest.mark.parametrize("names", [("validation_error", "parameters"), ("parameters", "validation_error")])
def test_fixed_weights_are_those_of_the_objectives_in_the_order_of_the_suite(names: tuple[str, ...]) -> None:
    weights = tuple(float(name == "parameters") for name in names)
    spec = RunSpec(TASK, "m", "m", "{}", 1, Budget(queries=20), PROTOCOL, objectives=names)
    Listener.instances.clear()
    spec = replace(spec, scalarisation=Scalarisation(weights, period=10).to_json())
    trajectory = run_spec(spec, load_task(TASK), Listener).trajectory
    told = [observation.validation_error for observation in Listener.instances[-1].told]
    order = np.argsort(points(trajectory, 20)[:, 1], kind="stable")
    np.testing.assert_array_equal(np.argsort(told, kind="stable"), order)


def test_constraints_come_first() -> None:
    trajectory, instances = run(Scalarisation(period=10), 30, ("flops <= 50000",))
    told = np.array([one.validation_error for one in instances[-1].told])
    over = np.array([row["flops"] for row in trajectory.objectives]) > 50000
    assert 0 < over.sum() < 30
    assert told[over].min() > WORST >= told[~over].max()


def test_runs_repeat_and_random_weights_spread_over_the_front() -> None:
    method = load_method("regularized_evolution")
    first, _ = run(Scalarisation(), 60, cls=method)
    again, _ = run(Scalarisation(), 60, cls=method)
    assert first.architecture == again.architecture
    small, _ = run(Scalarisation((0.02, 0.98)), 60, cls=method)
    assert np.mean(points(small, 60)[20:, 1]) < np.mean(points(first, 60)[20:, 1])


def test_a_suite_says_it_and_it_is_part_of_the_run() -> None:
    suite = Suite.from_dict(CONTENT)
    (entry,) = suite.methods
    assert entry.scalarisation == Scalarisation((0.25, 0.75), 10)
    assert Suite.from_dict(suite.to_dict()) == suite
    plain = {**CONTENT, "methods": [{"name": "local_search"}]}
    assert next(suite.runs()).run_id != next(Suite.from_dict(plain).runs()).run_id
    assert Scalarisation.from_json(next(suite.runs()).scalarisation) == entry.scalarisation
    told = manifest_of(suite, [], [])["methods"]["local_search"]
    assert told["changed"] == {"scalarisation": {"weights": [0.25, 0.75], "period": 10}}
    assert json.dumps(told["settings"]).count("scalarisation") == 1
    assert suite_differences(Suite.from_dict(plain).to_dict(), suite.to_dict()) == ["the settings of local_search"]
    assert "scalarisation" not in Suite.from_dict(plain).to_dict()["methods"][0]


def test_weights_that_were_divided_by_their_sum_read_back_as_they_are() -> None:
    """Else a stored suite would ask for other runs than those in its folder."""
    thirds = ([first / 10, second / 10, third / 10] for first in range(1, 9) for second in range(9) for third in (3, 7))
    for weights in thirds:
        once = Scalarisation.parse({"weights": weights}, 3, "a method")
        assert Scalarisation.parse(once.to_dict(), 3, "a method") == once, weights


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"weights": [1.0]}, "accepted: 'random', or 2 numbers from 0 on"),
        ({"weights": [0, 0]}, "accepted: 'random', or 2 numbers"),
        ({"weights": [1, inf]}, "accepted: 'random', or 2 numbers"),
        ({"weights": "uniform"}, "accepted: 'random', or 2 numbers"),
        ({"period": 0}, "not a positive whole number"),
        ({"every": 3}, "unknown key 'every'"),
        ("random", "must be a table"),
    ],
)
def test_bad_scalarisations_are_refused(given: object, message: str) -> None:
    with pytest.raises(SuiteError, match=message):
        Suite.from_dict({**CONTENT, "methods": [{"name": "local_search", "scalarisation": given}]})


def test_it_needs_several_objectives_and_a_method_that_takes_one() -> None:
    with pytest.raises(SuiteError, match="needs several objectives"):
        Suite.from_dict({**CONTENT, "objectives": []})
    both = {**CONTENT, "methods": [{"name": "nsga2", "scalarisation": {}}]}
    with pytest.raises(SuiteError, match="takes several objectives itself"):
        preflight(Suite.from_dict(both), skip_missing=False)
