"""RoBoT: the process over weights against formulas, and its search over scores that are paid for."""

import numpy as np
import pytest

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Problem
from equipoise.harness.core.scores import Score, ScoreReader
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.weight_process import JITTER, WeightProcess, matern
from equipoise.methods.robot import Robot, scaled

SPACE = NasBench201()


def convolutions(architectures):  # type: ignore[no-untyped-def]
    return np.array([sum(option == 3 for option in one) for one in architectures], dtype=float)


def pools(architectures):  # type: ignore[no-untyped-def]
    return np.array([sum(option == 4 for option in one) for one in architectures], dtype=float)


def make(queries: int = 20, price: float = 0.0, seed: int = 0, **settings: object) -> Robot:
    """Two scores: the second misleads, so that its weight must become negative."""
    readers = {
        "score:good": ScoreReader(Score("good", price), convolutions),
        "score:bad": ScoreReader(Score("bad", price), pools),
    }
    problem = Problem(SPACE, Budget(queries=queries), resources=readers)
    return Robot(problem, np.random.default_rng(seed), scores="good + bad", **settings)  # type: ignore[arg-type]


def error(architecture: tuple[int, ...]) -> float:
    return 0.5 - 0.05 * sum(option == 3 for option in architecture) + 0.05 * sum(option == 4 for option in architecture)


def run(method: Robot, n: int) -> list[tuple[int, ...]]:
    found = []
    for _ in range(n):
        query = method.ask()
        method.tell(Observation(query, error(query.architecture), 1.0))
        found.append(query.architecture)
    return found


def test_the_bound_is_maximised_under_the_textbook_posterior() -> None:
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(0)
    process = WeightProcess(2, 2.576, np.random.default_rng(9))
    told = rng.uniform(-1, 1, (8, 2))
    errors = np.square(told - 0.3).sum(axis=1)
    for point, value in zip(told, errors, strict=True):
        process.tell(point, float(value))
    found = process.propose(50)
    targets = (errors.mean() - errors) / errors.std()
    length = process._length
    covariance = matern(told, told, length) + JITTER * np.eye(8)
    density = multivariate_normal.logpdf(targets, cov=covariance)
    assert process.likelihood(targets, length) == pytest.approx(density + 4 * np.log(2 * np.pi), rel=1e-6)
    drawn = np.random.default_rng(9).uniform(-1, 1, (50, 2))
    cross = matern(told, drawn, length)
    mean = cross.T @ np.linalg.solve(covariance, targets)
    variance = 1.0 - np.einsum("nm,nm->m", cross, np.linalg.solve(covariance, cross))
    assert found == pytest.approx(drawn[np.argmax(mean + 2.576 * np.sqrt(np.maximum(variance, 0)))])


def test_the_kernel_is_the_matern_kernel() -> None:
    from scipy.special import gamma, kv

    r = np.sqrt(5.0) * 0.7 / 0.5
    wanted = 2 ** (1 - 2.5) / gamma(2.5) * r**2.5 * kv(2.5, r)
    assert matern(np.zeros((1, 1)), np.array([[0.7]]), 0.5)[0, 0] == pytest.approx(wanted)


def test_scores_are_scaled_to_one_and_undefined_ones_are_the_least() -> None:
    assert scaled(np.array([2.0, -np.inf, 4.0, 3.0])) == pytest.approx([0.0, 0.0, 1.0, 0.5])
    assert scaled(np.array([1.0, 1.0])) == pytest.approx([0.0, 0.0])


def test_it_learns_which_score_helps_and_which_misleads() -> None:
    """It weighs the misleading score less, and evaluates the best of its pool within ten queries."""
    method = make(pool=300)
    found = run(method, 10)
    assert len(set(found)) == 10
    assert min(map(error, found)) == min(map(error, method._pool))
    assert method._best[1][0] > method._best[1][1]
    assert method._best[1][0] > 0


def test_weights_that_lead_to_a_known_architecture_cost_no_query_and_the_rest_is_greedy() -> None:
    method = make(queries=12, pool=60)
    found = run(method, 12)
    assert len(set(found)) == 12
    assert method._tried == 11
    ranking = method._scores @ method._best[1]
    number = {key: position for position, key in enumerate(method._pool)}
    assert ranking[number[found[-1]]] == max(ranking[number[key]] for key in method._pool if key not in found[:-1])


def test_scores_are_paid_with_the_first_query() -> None:
    method = make(price=0.001, pool=100)
    scored = len(method._pool)
    assert method.ask().training_cost == pytest.approx(2 * 0.001 * scored)
    assert method.ask().training_cost == 0


def test_a_run_repeats_with_its_seed() -> None:
    first, again, other = (run(make(pool=200, seed=seed), 15) for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("bad", [{"pool": -1}, {"points": 0}, {"kappa": -1.0}])
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"robot: {next(iter(bad))} = .*accepted: "):
        make(**bad)  # type: ignore[arg-type]


def test_it_needs_the_scores_that_it_names() -> None:
    assert Robot.requirements({"scores": "synflow + parameters"}).resources == ("score:synflow", "score:parameters")
    with pytest.raises(SettingError, match=r"robot: scores = ' '; accepted: names joined by"):
        Robot(Problem(SPACE, Budget(queries=5)), np.random.default_rng(0), scores=" ")
