"""The structural Gaussian process against its dense formulas."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from equipoise.methods._shared.gp import best_of, expected_improvement
from equipoise.methods._shared.structural_likelihood import Inputs, Layout, NegativeLogPosterior
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_process import StructuralProcess


def inputs(n: int, seed: int = 0) -> Inputs:
    rng = np.random.default_rng(seed)
    return Inputs(
        rng.integers(3, size=(n, 4)),
        rng.normal(size=(n, 5)).astype(np.float32) / 3,
        rng.normal(size=(n, 2)).astype(np.float32),
    )


LAYOUTS = {
    "all": Layout(4, np.array([0, 0, 1, 1, 1]), 2),
    "decisions alone": Layout(4, np.empty(0, dtype=np.int64), 0),
    "features alone": Layout(0, np.array([0, 0, 1, 1, 1]), 0),
    "linear alone": Layout(0, np.empty(0, dtype=np.int64), 2),
}


def fitting(layout: Layout, all_of: Inputs) -> Inputs:
    return Inputs(all_of.codes, all_of.features[:, : len(layout.groups)], all_of.linear[:, : layout.linear])


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_gradient_is_that_of_the_value(name: str) -> None:
    layout = LAYOUTS[name]
    seen = fitting(layout, inputs(14))
    loss = NegativeLogPosterior(layout, seen, np.random.default_rng(1).normal(size=14))
    theta = np.random.default_rng(2).normal(-1, 0.5, size=layout.decisions + layout.n_groups + layout.linear + 2)
    numeric = approx_fprime(theta, lambda at: loss(at)[0], 1e-6)
    np.testing.assert_allclose(loss(theta)[1], numeric, atol=2e-4)


@pytest.mark.parametrize("name", LAYOUTS)
def test_rows_added_one_by_one_give_the_inverse_of_the_whole(name: str) -> None:
    layout = LAYOUTS[name]
    seen, process = fitting(layout, inputs(12)), StructuralProcess(layout)
    for n in range(12):
        process.add(seen.rows(slice(0, n)), seen.rows(slice(n, n + 1)))
    covariance = process.kernel(seen, seen) + process.noise * np.eye(12)
    np.testing.assert_allclose(process.inverse.T @ process.inverse, np.linalg.inv(covariance), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.diag(process.kernel(seen, seen)), process.diagonal(seen), rtol=1e-6)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_posterior_over_a_list_follows_the_formula_before_and_after_fits(name: str) -> None:
    layout = LAYOUTS[name]
    everything, seen = fitting(layout, inputs(90, seed=3)), fitting(layout, inputs(80))
    targets = np.random.default_rng(4).normal(size=80)
    process, posterior = StructuralProcess(layout), ListedPosterior(everything)
    for n in range(80):
        process.add(seen.rows(slice(0, n)), seen.rows(slice(n, n + 1)))
        if n in (8, 9, 12, 13, 79):  # refitted at 9 and 14 observations
            so_far = seen.rows(slice(0, n + 1))
            process.refit(so_far, targets[: n + 1])
            coefficients, _ = process.solve(targets[: n + 1])
            mean, variance = posterior.moments(process, so_far, coefficients)
            cross = process.kernel(everything, so_far)
            precision = np.linalg.inv(process.kernel(so_far, so_far) + process.noise * np.eye(n + 1))
            np.testing.assert_allclose(mean, cross @ precision @ targets[: n + 1], atol=2e-2, rtol=1e-2)
            expected = process.diagonal(everything) - np.einsum("ij,jk,ik->i", cross, precision, cross)
            np.testing.assert_allclose(variance, expected, atol=2e-2, rtol=1e-2)
    assert process.fits == 3


def test_a_fit_turns_off_what_does_not_matter() -> None:
    """The error follows the first feature alone: the second group and the decisions are told apart from it."""
    layout = LAYOUTS["all"]
    seen, process = inputs(60), StructuralProcess(layout)
    targets = np.sin(4 * seen.features[:, 0]).astype(np.float64)
    for n in range(60):
        process.add(seen.rows(slice(0, n)), seen.rows(slice(n, n + 1)))
    assert process.refit(seen, (targets - targets.mean()) / targets.std())
    assert process.scales[0] > 10 * process.scales[1]
    assert process.share > 1
    assert process.slopes.max() < 0.1 * process.share
    assert not process.refit(seen, targets)


@pytest.mark.parametrize("shift", [0.0, 3.0, 8.0, 60.0])
def test_the_largest_expected_improvement_is_found_as_by_computing_all(shift: float) -> None:
    """Ties included; far from the best, where all of them vanish, by the standardised mean."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        mean, deviation = rng.normal(-shift, 1, size=300), rng.choice([0.1, 0.5, 1.0], size=300)
        mean[rng.integers(300, size=4)] = mean.max()
        allowed = rng.random(300) < 0.5
        score = np.where(allowed, expected_improvement(mean, deviation, 1.0), -np.inf)
        if score.max() <= 1e-14:
            score = np.where(allowed, (mean - 1.0) / deviation, -np.inf)
        assert score[best_of(mean, deviation, 1.0, allowed, rng)] == pytest.approx(score.max(), rel=1e-11)
