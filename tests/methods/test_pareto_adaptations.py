"""Methods for several objectives that adapt another one: ParEGO of SMAC, the graph VAE, the sampling of LEMONADE."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from made_runs import PROTOCOL

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Query
from equipoise.harness.core.objectives import Constraint
from equipoise.harness.core.registry import load_method, load_task, missing_packages, problem_of
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.task import Objective
from equipoise.harness.engine.worker import run_spec
from equipoise.methods._shared.pareto import Point, point_of, sorted_fronts
from equipoise.methods.graph_vae_pareto import ranks
from equipoise.methods.lemonade_sampling import _inverse, density

TASK = load_task("nasbench201/fashion14")


def load(name: str):
    cls = load_method(name)
    if (reason := missing_packages(cls)) is not None:
        pytest.skip(reason)
    return cls


def made(name: str, constraints: tuple[Constraint, ...] = (), **settings):
    cls = load(name)
    problem = problem_of(cls, TASK, Budget(queries=40), settings)
    problem = replace(problem, objectives=(Objective("parameters", ""),), constraints=constraints)
    return cls(problem, np.random.default_rng(2), **settings)


def run(name: str, queries: int, objectives=("validation_error", "parameters"), constraints: tuple[str, ...] = ()):
    cls = load(name)
    spec = RunSpec(TASK.name, name, "m", "{}", 1, Budget(queries=queries), PROTOCOL, "", objectives, constraints)
    return run_spec(spec, TASK, cls).trajectory


@pytest.mark.slow
@pytest.mark.parametrize("name", ["smac_pareto", "graph_vae_pareto"])
def test_constraints_are_kept_more_often_than_by_chance(name: str) -> None:
    told = run(name, 80, constraints=("flops <= 50000",)).objectives
    by_chance = (TASK.objective_values("flops") <= 50000).mean()
    assert np.mean([row["flops"] <= 50000 for row in told[40:]]) > by_chance


@pytest.mark.slow
@pytest.mark.parametrize("base", ["smac", "graph_vae"])
def test_with_one_objective_they_search_as_what_they_adapt(base: str) -> None:
    plain, adapted = run(base, 20, objectives=()), run(f"{base}_pareto", 20, objectives=())
    assert adapted.architecture == plain.architecture


def test_ranks_are_those_of_fronts_then_of_crowding() -> None:
    front = [Point(0, (0.0, 4.0)), Point(0, (1.0, 1.1)), Point(0, (1.1, 1.0)), Point(0, (4.0, 0.0))]
    behind, violating, invalid = Point(0, (4.0, 4.0)), Point(0.5, (0.0, 0.0)), Point(inf, (1.0, inf))
    points = [violating, *front, behind, front[1], invalid]
    found = ranks(points)
    assert sorted(found[1:5]) == [0, 1, 2, 3]
    assert {found[1], found[4]} == {0, 1}  # the ends of a front are the least crowded
    assert found[6] == found[2]
    assert found[5] < found[0] < found[7]
    single = [Point(0, (value,)) for value in (0.3, 0.1, 0.2)]
    assert ranks(single) == [2, 0, 1]


def test_the_vae_learns_from_ranks() -> None:
    method = made("graph_vae_pareto")
    for cell, error, size in (((0,) * 6, 0.9, 1.0), ((1,) * 6, 0.1, 9.0), ((2,) * 6, 0.95, 8.0)):
        method.tell(Observation(Query(cell), error, 1.0, {"parameters": size}))
    assert sorted(method._ranker.errors[:2]) == [0, 1]
    assert method._ranker.errors[2] == 2


def test_smac_is_told_all_objectives_and_the_penalty_of_a_violation() -> None:
    method = made("smac_pareto", (Constraint("parameters", True, 5.0),))
    told = []
    for cell, error, size in (((0,) * 6, 0.9, 1.0), ((1,) * 6, 0.5, 4.0), ((2,) * 6, 0.1, 7.5)):
        method.tell(Observation(Query(cell), error, 1.0, {"parameters": size}))
        told = [value.cost for value in method._facade.runhistory.values()]
    assert told[:2] == [[0.9, 1.0], [0.5, 4.0]]
    assert told[2] == pytest.approx([0.9 + 0.5 * 0.4, 4.0 + 0.5 * 3.0])
    method.tell(Observation(Query((3,) * 6), 1.0, 0.0))
    last = [value.cost for value in method._facade.runhistory.values()][-1]
    assert last == pytest.approx([1.3, 7.0])
    assert type(method._facade._multi_objective_algorithm).__name__ == "ParEGO"


def test_smac_is_not_drawn_to_violations_that_come_first() -> None:
    """Until one keeps the constraint, the penalty has the scale of those that do not: 1500 parameters stay many."""
    method = made("smac_pareto", (Constraint("parameters", True, 5.0),))
    for cell, error, size in (((0,) * 6, 0.3, 1500.0), ((1,) * 6, 0.2, 900.0), ((2,) * 6, 0.5, 4.0)):
        method.tell(Observation(Query(cell), error, 1.0, {"parameters": size}))
    told = [value.cost for value in method._facade.runhistory.values()]
    assert told == [[0.3, 1500.0], pytest.approx([0.4, 2100.0]), [0.5, 4.0]]


def test_lemonade_samples_where_sizes_are_sparse() -> None:
    sizes = np.array([1.0, 1.0, 1.1, 0.9, 5.0])
    found = density(sizes, np.array([1.0, 5.0, 9.0]))
    assert found[0] > found[1] > found[2]
    assert density(np.full(3, 2.0), sizes).tolist() == [1.0] * 5
    method = made("lemonade_sampling", initial=1, children=200, accepted=1)
    cells = list(TASK.space.enumerate())
    counts = TASK.resource("parameters")(cells)
    few, many = np.argsort(counts, kind="stable")[2000:2004], int(np.argmax(counts))
    for place, size in [*((int(one), 1.0 + n) for n, one in enumerate(few)), (many, 0.5)]:
        error = 0.1 * size
        told = {"parameters": 10.0 - size}  # nobody dominates another
        method.tell(Observation(Query(cells[place]), error, 1.0, told))
    assert len(method._front) == 5
    chosen = [counts[cells.index(method._generation()[0])] for _ in range(60)]
    assert np.mean(np.array(chosen) > counts[few].max()) > 0.5  # one parent of five is that large


def test_lemonade_divides_by_no_density_of_nought() -> None:
    odds = _inverse(np.zeros(4))
    np.testing.assert_allclose(odds, 0.25)


@pytest.mark.parametrize("constraints", [(), (Constraint("parameters", True, 2000.0),)])
def test_lemonade_keeps_the_front(constraints: tuple[Constraint, ...]) -> None:
    method = made("lemonade_sampling", constraints)
    told = []
    while len(told) < 40:
        query = method.ask()
        place = TASK.space.index(query.architecture)
        values = {"parameters": float(TASK.objective_values("parameters")[place])}
        told.append(Observation(query, float(TASK.landscape()[place]), 1.0, values))
        method.tell(told[-1])
    points = [point_of(method.problem, one) for one in told]
    assert len({TASK.space.key(one.query.architecture) for one in told}) == 40
    assert {point for point, _ in method._front} == {points[one] for one in sorted_fronts(points)[0]}
    assert all(point.violation == 0 for point, _ in method._front)


@pytest.mark.parametrize("bad", [{"measure": "size"}, {"children": 5}, {"initial": 0}, {"accepted": 0}])
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match="accepted: "):
        made("lemonade_sampling", **bad)
