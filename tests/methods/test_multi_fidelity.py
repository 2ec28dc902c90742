"""Hyperband, BOHB and DEHB: published brackets, exact promotion, evolution, densities against another library."""

from collections import Counter
from itertools import permutations
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugins_for_tests import Epochs
from statsmodels.nonparametric.kernel_density import KDEMultivariate

from equipoise.harness.conformance.methods import METHOD_CHECKS
from equipoise.harness.core.encoding import Parameter
from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method, Observation, Query
from equipoise.harness.core.registry import load_method, load_task, missing_requirements, problem_of
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.methods._shared.brackets import Bracket, Brackets, ladder, rungs
from equipoise.methods._shared.kde import Density
from equipoise.methods.dehb import Dehb

TASK = Epochs()
POWERS = (1, 3, 9, 27, 81)
NAMES = ("hyperband", "bohb", "dehb")


def make(name: str, seed: int = 0, **changed: object) -> Method:
    cls = load_method(name)
    return cls(problem_of(cls, TASK, Budget(epochs=1000)), np.random.default_rng(seed), **changed)


def run(name: str, epochs: int = 1000, seed: int = 0, **changed: object) -> Trajectory:
    return run_trial(
        make(name, seed, **changed), TASK, Ledger(Budget(epochs=epochs)), lambda _: np.random.default_rng()
    )


def test_brackets_are_those_of_algorithm_1() -> None:
    """R = 81, eta = 3: n_i and r_i of every bracket."""
    assert ladder((1, 3, 9, 27, 81), 3) == ladder(range(1, 82), 3) == (1, 3, 9, 27, 81)
    assert [rungs(POWERS, s) for s in (4, 3, 2, 1, 0)] == [[81, 27, 9, 3, 1], [34, 11, 3, 1], [15, 5, 1], [8, 2], [5]]


def test_brackets_of_bohb_are_those_of_its_code() -> None:
    found = [rungs(POWERS, s, published=False) for s in (4, 3, 2, 1, 0)]
    assert found == [[81, 27, 9, 3, 1], [27, 9, 3, 1], [9, 3, 1], [6, 2], [5]]


@given(st.integers(1, 6), st.integers(2, 5))
def test_a_bracket_costs_about_what_any_other_does(levels: int, eta: int) -> None:
    """Algorithm 1 gives every bracket B = (s_max + 1) R epochs; rounding n_0 up adds at most one of each rung."""
    full = eta ** (levels - 1)
    for s in range(levels):
        sizes = rungs([eta**k for k in range(levels)], s)
        assert sizes[-1] >= 1
        cost = sum(n * full // eta ** (s - i) for i, n in enumerate(sizes))
        assert cost <= levels * full + sum(full / eta ** (s - i) for i in range(s + 1)) + 1e-9


def test_rungs_cost_alike_where_levels_lie_apart() -> None:
    """NAS-Bench-201 with 12 and 200 epochs: one of 17 goes on, not one of eta at 17 times the cost."""
    assert rungs((12, 200), 1) == [17, 1]
    assert rungs((12, 200), 0) == [2]
    assert rungs((12, 200), 1, published=False) == [16, 1]
    assert rungs((1, 12, 90), 2) == [90, 7, 1]


@pytest.mark.parametrize(
    ("offered", "levels"),
    [
        ((12, 200), (12, 200)),
        ((4, 12, 36, 108), (4, 12, 36, 108)),
        ((1, 12, 90), (1, 12, 90)),
        (range(1, 13), (1, 4, 12)),
    ],
)
def test_levels_are_the_nearest_that_real_tasks_offer(offered, levels) -> None:
    assert ladder(offered, 3) == levels


@settings(max_examples=60)
@given(st.lists(st.integers(1, 300), min_size=2, max_size=12, unique=True), st.integers(2, 5))
def test_levels_are_offered_and_end_in_full_training(offered: list[int], eta: int) -> None:
    offered = sorted(offered)
    levels = ladder(offered, eta)
    assert set(levels) <= set(offered)
    assert list(levels) == sorted(levels)
    assert levels[-1] == offered[-1]
    assert len(levels) <= log(offered[-1] / offered[0]) / log(eta) + 1 + 1e-9


def test_the_best_go_on_and_ties_go_to_the_first() -> None:
    bracket = Bracket([5, 3, 1], [1, 3, 9])
    cells = iter([(0,), (1,), (2,), (3,), (4,)])
    asked = [bracket.propose(lambda epochs: next(cells)) for _ in range(5)]
    assert not bracket.open
    for cell, error in zip(asked, [0.5, 0.2, 0.4, float("nan"), 0.4], strict=True):
        assert not bracket.tell(cell, 3, 0.0)  # nobody waits for it at three epochs
        assert bracket.tell(cell, 1, error)
    assert [bracket.propose(lambda epochs: pytest.fail("drawn anew")) for _ in range(3)] == [(1,), (2,), (4,)]
    assert bracket.epochs == 3
    for cell, error in (((1,), 0.3), ((4,), 0.1), ((2,), 0.2)):
        assert bracket.tell(cell, 3, error)
    assert bracket.propose(lambda epochs: ()) == (4,)
    assert bracket.epochs == 9
    assert not bracket.finished
    assert bracket.tell((4,), 9, 0.05)
    assert bracket.finished


@pytest.mark.parametrize("name", ["hyperband", "bohb"])
def test_every_rung_trains_the_best_of_the_one_before(name: str) -> None:
    """Replayed from the trajectory: sizes, epochs and survivors of the first two rounds of brackets."""
    trajectory = run(name, epochs=4000)
    rows = list(zip(trajectory.architecture, trajectory.fidelity, trajectory.validation_error, strict=True))
    place = 0
    for s in (3, 2, 1, 0) * 2:
        sizes = rungs(TASK.info.fidelities, s, published=name == "hyperband")
        survivors = None
        for size, epochs in zip(sizes, TASK.info.fidelities[3 - s :], strict=True):
            rung = rows[place : place + size]
            place += size
            assert {fidelity for _, fidelity, _ in rung} == {epochs}
            if survivors is not None:
                assert Counter(cell for cell, _, _ in rung) == Counter(survivors[:size])
            survivors = [cell for cell, _, _ in sorted(rung, key=lambda row: row[2])]
    assert place <= len(rows)


def test_the_first_bracket_of_dehb_promotes_and_later_rungs_keep_their_sizes() -> None:
    trajectory = run("dehb", epochs=4000)
    rows = list(zip(trajectory.architecture, trajectory.fidelity, trajectory.validation_error, strict=True))
    place = 0
    for number, s in enumerate((3, 2, 1, 0) * 2):
        survivors = None
        for size, epochs in zip(
            rungs(TASK.info.fidelities, s, published=False), TASK.info.fidelities[3 - s :], strict=True
        ):
            rung = rows[place : place + size]
            place += size
            assert {fidelity for _, fidelity, _ in rung} == {epochs}
            if number == 0 and survivors is not None:
                assert Counter(cell for cell, _, _ in rung) == Counter(survivors[:size])
            survivors = [cell for cell, _, _ in sorted(rung, key=lambda row: row[2])]
    assert place <= len(rows)


def made_dehb(**changed: object) -> Dehb:
    method = make("dehb", **changed)
    assert isinstance(method, Dehb)
    return method


def test_evolution_is_rand_1_bin() -> None:
    """With three parents and full crossover, a point is one of six; with none, the target but for one dimension."""
    pool = np.random.default_rng(1).uniform(0.4, 0.6, (3, 6))
    target = np.full(6, 0.5)
    six = [a + 0.5 * (b - c) for a, b, c in permutations(pool)]
    whole, none = made_dehb(crossover_share=1.0), made_dehb(crossover_share=0.0)
    assert whole._parameters.names == none._parameters.names
    assert len(whole._parameters.names) == 6
    for _ in range(20):
        point = whole._evolved(target, pool)
        assert any(np.allclose(point, one) for one in six)
        assert (none._evolved(target, pool) != target).sum() == 1


def test_evolved_points_stay_in_the_cube_whatever_the_pool() -> None:
    method, corners = made_dehb(mutation_factor=1.0), np.eye(6)
    for number in (1, 2, 3, 6):
        for _ in range(50):
            point = method._evolved(corners[0], corners[:number])
            assert ((point >= 0) & (point <= 1)).all()


def test_a_point_takes_the_place_of_its_target_where_it_is_no_worse() -> None:
    method = made_dehb()
    query = method.ask()
    population = method._populations[query.fidelity or 27]
    method.tell(Observation(query, 0.3, 1.0))
    assert population.errors[0] == 0.3
    assert method._read(population.points[0]) == query.architecture
    for error, expected in ((0.4, 0.3), (0.3, 0.3), (0.2, 0.2), (float("nan"), 0.2)):
        population.compete(0, np.full(6, 0.1), error)
        assert population.errors[0] == expected
    assert population.points[0].tolist() == [0.1] * 6


def test_what_dehb_is_told_without_asking_replaces_the_worst() -> None:
    method = made_dehb()
    cell = TASK.space.sample(np.random.default_rng(3), 1)[0]
    method.tell(Observation(Query(cell, 27), 0.1, 1.0))
    population = method._populations[27]
    assert np.isfinite(population.errors).sum() == 1
    assert method._read(population.best(1)[0]) == cell


def test_populations_are_as_large_as_the_largest_rung() -> None:
    assert {e: len(p.points) for e, p in made_dehb()._populations.items()} == {1: 27, 3: 9, 9: 6, 27: 4}


@pytest.mark.parametrize("kind", ["categorical", "integer"])
def test_points_read_back_what_they_write(kind: str) -> None:
    method = made_dehb(encoding=kind)
    for cell in TASK.space.sample(np.random.default_rng(0), 50):
        assert method._read(method._write(cell)) == cell


def test_while_answers_are_pending_the_next_bracket_begins() -> None:
    brackets = Brackets("test", (1, 3), 3, None)
    number = iter(range(100))
    jobs = [brackets.next(lambda epochs: (next(number),)) for _ in range(6)]
    assert [epochs for _, epochs in jobs] == [1, 1, 1, 3, 3, 1]
    for error, (cell, epochs) in enumerate(jobs[:3]):
        brackets.tell(Observation(Query(cell, epochs), error / 10, 1.0))
    assert brackets.next(lambda epochs: pytest.fail("drawn anew")) == (jobs[0][0], 3)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("check", METHOD_CHECKS, ids=lambda check: check.__name__)
def test_it_conforms_on_a_task_with_fidelities(name: str, check) -> None:
    check(load_method(name), TASK)


@pytest.mark.parametrize("name", NAMES)
def test_a_task_with_one_fidelity_is_not_for_it(name: str) -> None:
    assert "needs several fidelities" in (
        missing_requirements(load_method(name), load_task("nasbench201/cifar10")) or ""
    )


@pytest.mark.parametrize("name", ["bohb", "dehb"])
@pytest.mark.parametrize("kind", ["integer", "one-hot"])
def test_it_searches_numbers(name: str, kind: str) -> None:
    trajectory = run(name, 1200, encoding=kind)
    assert set(trajectory.status) <= {"ok", "duplicate"}
    full = [e for e, f in zip(trajectory.validation_error, trajectory.fidelity, strict=True) if f == 27]
    assert min(full) < np.quantile(TASK.landscape(), 0.05)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of statsmodels, about its own seeds
def test_densities_equal_those_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    parameters = [Parameter("a", "categorical", 3), Parameter("b", "float"), Parameter("c", "categorical", 4)]
    points = np.stack([rng.integers(3, size=40), rng.random(40), rng.integers(4, size=40)], axis=1).astype(float)
    ours = Density(points, parameters, 1e-3)
    theirs = KDEMultivariate(points, var_type="ucu", bw="normal_reference")
    hot = np.array([True, False, True])
    np.testing.assert_allclose(ours.bandwidth, np.where(hot, np.minimum(theirs.bw, [2 / 3, 1, 3 / 4]), theirs.bw))
    theirs.bw = ours.bandwidth
    places = np.stack([rng.integers(3, size=20), rng.random(20), rng.integers(4, size=20)], axis=1).astype(float)
    np.testing.assert_allclose(ours.at(places), theirs.pdf(places), rtol=1e-9)


def test_draws_follow_the_kernels() -> None:
    parameters = [Parameter("a", "categorical", 4), Parameter("b", "float")]
    density = Density(np.array([[1.0, 0.2], [1.0, 0.2], [1.0, 0.25]]), parameters, 0.1)
    drawn = density.draw(20_000, 1.0, np.random.default_rng(0))
    share = np.bincount(drawn[:, 0].astype(int), minlength=4) / 20_000
    np.testing.assert_allclose(share, [0.025, 0.925, 0.025, 0.025], atol=0.006)  # bandwidth 0.1, uniform over four
    assert ((drawn[:, 1] >= 0) & (drawn[:, 1] <= 1)).all()
    assert np.median(drawn[:, 1]) == pytest.approx(0.22, abs=0.02)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        *[(name, {"eta": value}) for name in NAMES for value in (1, 2.5, True)],
        *[(name, {"least_epochs": value}) for name in NAMES for value in (0, 2, 27)],
        ("dehb", {"mutation_factor": 0.0}),
        ("dehb", {"mutation_factor": 1.5}),
        ("dehb", {"crossover_share": -0.1}),
        ("bohb", {"random_share": 1.5}),
        ("bohb", {"top_share": 0.0}),
        ("bohb", {"n_candidates": 0}),
        ("bohb", {"bandwidth_factor": 0.0}),
        ("bohb", {"least_bandwidth": 0.7}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    ((key, _),) = bad.items()
    with pytest.raises(SettingError, match=rf"{name}: {key} = .*accepted: "):
        make(name, **bad)
