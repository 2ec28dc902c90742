"""Methods for several objectives: their order of points, their acquisition, and what they find."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from made_runs import PROTOCOL

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Query
from equipoise.harness.core.objective_scale import scale_of
from equipoise.harness.core.objectives import Constraint
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.task import Objective
from equipoise.harness.engine.worker import run_spec
from equipoise.methods._shared.ehvi import expected_hypervolume_improvement
from equipoise.methods._shared.pareto import Point, crowding, dominates, point_of, sorted_fronts
from equipoise.reports.statistics.hypervolume import hypervolume
from equipoise.reports.statistics.random_hypervolume import RandomHypervolume

TASK = "nasbench201/fashion14"
NAMES = ("nsga2", "pareto_local_search", "structural_ehvi", "optuna_pareto")
RNG = np.random.default_rng(5)


def run(name: str, seed: int = 0, queries: int = 40, constraints: tuple[str, ...] = (), **settings: object):
    import json

    given = json.dumps(settings)
    protocol = replace(PROTOCOL, seed=seed)
    objectives = ("validation_error", "parameters")
    spec = RunSpec(TASK, name, name, given, 1, Budget(queries=queries), protocol, "", objectives, constraints)
    return run_spec(spec, load_task(TASK), load_method(name)).trajectory


def test_points_are_minimised_and_constraints_come_first() -> None:
    problem = replace(
        problem_of(load_method("nsga2"), load_task(TASK), Budget(queries=5)),
        objectives=(Objective("latency", "ms"), Objective("ssim", "", minimise=False)),
        constraints=(Constraint("latency", True, 4.0),),
    )
    told = Observation(Query((0,)), 0.2, 1.0, {"latency": 6.0, "ssim": 0.9})
    assert point_of(problem, told) == Point(0.5, (0.2, 6.0, -0.9))
    assert point_of(problem, Observation(Query((0,)), 1.0, 0.0)) == Point(inf, (1.0, inf, inf))
    a, b, c = Point(0, (0.1, 3)), Point(0, (0.2, 2)), Point(0, (0.2, 3))
    assert dominates(a, c)
    assert dominates(b, c)
    assert not dominates(a, b)
    assert not dominates(a, a)
    assert dominates(c, Point(0.1, (0, 0)))
    assert sorted_fronts([c, a, b, Point(0.1, (0, 0)), a]) == [[1, 2, 4], [0], [3]]


def test_crowding_is_infinite_at_the_ends() -> None:
    distance = crowding([Point(0, (x, -x)) for x in (0.0, 1.0, 3.0, 4.0)])
    assert distance.tolist() == [inf, 1.5, 1.5, inf]


def test_expected_hypervolume_improvement_against_simulation() -> None:
    front = np.array([[0.2, 0.9], [0.5, 0.5], [0.9, 0.1], [0.4, 0.4], [-1.0, 2.0]])
    means, deviations = (np.array([0.4, 1.2, -0.5]), np.array([0.6, 0.0, 0.3])), (np.array([0.3, 0.5, 0.1]),) * 2
    found = expected_hypervolume_improvement(means, deviations, front, (0.0, 0.0))
    scale = 10.0  # hypervolume minimises within the unit box: mirror it
    before = hypervolume(1 - front[:4] / scale)
    for candidate in range(3):
        draws = np.stack([RNG.normal(means[k][candidate], deviations[k][candidate], 4000) for k in range(2)], axis=1)
        gains = [
            scale**2 * (hypervolume(1 - np.vstack([front[:4], np.maximum(draw, 0)]) / scale) - before) for draw in draws
        ]
        assert found[candidate] == pytest.approx(np.mean(gains), abs=4 * np.std(gains) / np.sqrt(4000) + 1e-9)


@pytest.mark.parametrize("name", [*NAMES, "random_search"])
def test_each_runs_reproducibly_with_two_objectives(name: str) -> None:
    if name == "optuna_pareto":
        pytest.importorskip("optuna", reason="needs the extra optuna")
    first, second = run(name, queries=25), run(name, queries=25)
    assert first.architecture == second.architecture
    assert len(first) == 25


def test_the_searches_beat_the_exact_expectation_of_random_search() -> None:
    name, objectives = "nasbench201/cifar10", ("validation_error", "latency")
    task = load_task(name)
    scales = [scale_of(task, one) for one in objectives]
    columns = task.landscape(), task.objective_values("latency")
    everything = np.stack([scale(values) for scale, values in zip(scales, columns, strict=True)], axis=1)
    random = float(RandomHypervolume(everything).mean(60))
    for method, seeds in (("nsga2", 6), ("pareto_local_search", 6), ("structural_ehvi", 1)):
        found = []
        for seed in range(seeds):
            protocol = replace(PROTOCOL, seed=seed)
            spec = RunSpec(name, method, method, "{}", 1, Budget(queries=60), protocol, "", objectives)
            trajectory = run_spec(spec, task, load_method(method)).trajectory
            told = trajectory.validation_error, [row["latency"] for row in trajectory.objectives]
            found.append(hypervolume(np.stack([s(v) for s, v in zip(scales, told, strict=True)], axis=1)))
        assert np.mean(found) > random, method


@pytest.mark.parametrize("name", NAMES)
def test_constraints_are_kept_more_often_than_by_chance(name: str) -> None:
    if name == "optuna_pareto":
        pytest.importorskip("optuna", reason="needs the extra optuna")
    trajectory = run(name, 1, 60, ("flops <= 50000",))
    late = [row["flops"] <= 50000 for row in trajectory.objectives[30:]]
    by_chance = (load_task(TASK).objective_values("flops") <= 50000).mean()
    assert np.mean(late) > by_chance


@pytest.mark.parametrize("sampler", ["nsgaii", "nsgaiii", "random", "gp"])
def test_other_samplers_of_optuna(sampler: str) -> None:
    pytest.importorskip("optuna", reason="needs the extra optuna")
    if sampler == "gp":
        pytest.importorskip("torch", reason="needs torch")
    assert len(run("optuna_pareto", queries=14, sampler=sampler, constraints=("flops <= 50000",))) == 14


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("nsga2", {"population": 1}),
        ("nsga2", {"crossover": 1.5}),
        ("nsga2", {"mutation": -0.1}),
        ("pareto_local_search", {"initial": 0}),
        ("structural_ehvi", {"growth": 1.0}),
        ("structural_ehvi", {"pool": 1}),
        ("structural_ehvi", {"n_initial": 0}),
        ("optuna_pareto", {"sampler": "cmaes"}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=r"accepted: "):
        run(name, **bad)
