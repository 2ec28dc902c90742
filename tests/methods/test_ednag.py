"""EDNAG: its denoising against the formulas, and its search."""

import numpy as np
import pytest
from method_runs import make_on_proteins, make_search, run_on_proteins, run_search

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation, Query
from equipoise.methods._shared.fitness_denoising import (
    cosine_schedule,
    denoised,
    diversity,
    estimated_origins,
    mutated,
    normalized,
)


def test_the_origin_is_the_mean_under_fitness_and_density() -> None:
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(0)
    x, population, fitness = rng.normal(size=(3, 4)), rng.normal(size=(6, 4)), rng.uniform(1, 3, 6)
    found = estimated_origins(x, population, np.log(fitness), 0.3)
    for row, origin in zip(x, found, strict=True):
        weights = fitness * [multivariate_normal.pdf(row, np.sqrt(0.3) * one, 0.7 * np.eye(4)) for one in population]
        assert origin == pytest.approx(weights @ population / weights.sum())


def test_a_member_far_fitter_than_the_rest_is_the_origin_of_all() -> None:
    rng = np.random.default_rng(0)
    population = rng.normal(size=(5, 3))
    found = estimated_origins(rng.normal(size=(2, 3)), population, np.array([0.0, 0.0, 900.0, 0.0, 0.0]), 0.5)
    assert found == pytest.approx(np.tile(population[2], (2, 1)))


def test_without_noise_a_step_moves_along_the_line_of_the_diffusion() -> None:
    """A sample sqrt(a) x0 + sqrt(1 - a) e, told its origin, becomes sqrt(a') x0 + sqrt(1 - a') e."""
    rng = np.random.default_rng(0)
    origins, errors = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    x = np.sqrt(0.2) * origins + np.sqrt(0.8) * errors
    wanted = np.sqrt(0.5) * origins + np.sqrt(0.5) * errors
    assert denoised(x, origins, (0.2, 0.5), 0.0, rng) == pytest.approx(wanted)


def test_with_full_noise_a_step_has_mean_and_variance_of_the_posterior_of_a_diffusion_model() -> None:
    """Ho et al., Denoising Diffusion Probabilistic Models, equations 6 and 7."""
    now, then, x, origin = 0.2, 0.5, 1.3, -0.7
    beta = 1 - now / then
    mean = np.sqrt(then) * beta / (1 - now) * origin + np.sqrt(1 - beta) * (1 - then) / (1 - now) * x
    variance = (1 - then) / (1 - now) * beta
    n = 200_000
    drawn = denoised(np.full((n, 1), x), np.full((n, 1), origin), (now, then), 1.0, np.random.default_rng(0))
    assert drawn.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / n))
    assert drawn.var() == pytest.approx(variance, rel=0.02)


def test_the_schedule_goes_from_all_signal_to_none() -> None:
    assert cosine_schedule(5) == pytest.approx([1.0, 0.5 + np.sqrt(0.125), 0.5, 0.5 - np.sqrt(0.125), 0.0])


def test_mutation_stays_in_bounds_and_is_the_polynomial_one() -> None:
    """At x = 0, of spread 2: the distribution function of the step, scaled by it, is ((1 + d)^6 - c) / (2 (1 - c))."""
    from scipy.stats import kstest

    drawn = mutated(np.zeros((20_000, 1)), 1.0, 5.0, np.random.default_rng(0))[:, 0]
    assert np.abs(drawn).max() <= 1.0
    rest = 0.5**6

    def share(d: np.ndarray) -> np.ndarray:
        return (np.power(1 + d / 2, 6) - rest) / (2 * (1 - rest))

    assert kstest(-np.abs(drawn), lambda d: 2 * share(d)).pvalue > 0.01
    assert (mutated(np.zeros((1_000, 1)), 0.25, 5.0, np.random.default_rng(0)) == 0).mean() == pytest.approx(
        0.75, abs=0.05
    )
    assert (mutated(np.full((50, 1), -1.0), 1.0, 5.0, np.random.default_rng(0)) >= -1.0).all()


def test_rows_are_stretched_and_diversity_is_the_sum_of_distances() -> None:
    assert normalized(np.array([[0.0, 1.0, 4.0], [2.0, 2.0, 2.0]])) == pytest.approx(
        np.array([[-1, -0.5, 1], [0, 0, 0]])
    )
    assert diversity(np.array([[0.0], [1.0], [5.0]])) == pytest.approx(np.array([1 / 4, 0.0, 1.0]))
    assert diversity(np.zeros((3, 2))) == pytest.approx(np.zeros(3))


def test_nothing_is_proposed_twice() -> None:
    assert set(run_on_proteins(make_on_proteins("ednag", population=10)).status) == {"ok"}


def test_a_run_repeats_with_its_seed_and_its_population_gets_better() -> None:
    """The second half of 150 proposals has less error than the first 30, which are random."""
    first, again, other = (run_search(make_search("ednag", 150, seed), queries=150) for seed in (0, 0, 1))
    assert first.architecture == again.architecture != other.architecture
    errors = np.array(first.validation_error)
    assert np.median(errors[75:]) < np.median(errors[:30]) - 0.01


def test_an_architecture_that_was_told_joins_the_population() -> None:
    """Told one that is far better than all else, the last proposals resemble it: 1.2 of six decisions by chance."""
    method = make_search("ednag", 60, population=10)
    conv, skip = "nor_conv_3x3", "skip_connect"
    best = method.space.parse(f"|{conv}~0|+|{conv}~0|{conv}~1|+|{skip}~0|{conv}~1|{conv}~2|")
    method.tell(Observation(Query(best), 0.05, 1.0))
    same = []
    for _ in range(60):
        query = method.ask()
        method.tell(Observation(query, 0.6, 1.0))
        same.append(sum(a == b for a, b in zip(query.architecture, best, strict=True)))
    assert np.mean(same[:10]) < 2
    assert np.mean(same[-15:]) > 2


@pytest.mark.parametrize(
    "bad",
    [
        {"population": 1},
        {"steps": 1},
        {"temperature": 0.0},
        {"index": 0.0},
        {"noise": 1.1},
        {"mutation": -0.1},
        {"elites": 2.0},
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"ednag: {next(iter(bad))} = .*accepted: "):
        make_on_proteins("ednag", **bad)


def test_errors_above_one_are_told_apart() -> None:
    def asked(worse: bool) -> list[tuple[int, ...]]:
        method, found = make_search("ednag", 60), []
        for _ in range(60):
            query = method.ask()
            found.append(query.architecture)
            place = sum(query.architecture)
            method.tell(Observation(query, 5.0 + (24 - place if worse else place), 1.0))
        return found

    assert asked(worse=False) != asked(worse=True)
