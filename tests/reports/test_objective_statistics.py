"""Hypervolume, attainment and indicators: against definitions, simulation and moocore."""

from itertools import combinations

import numpy as np
import pytest

from equipoise.reports.statistics import random_hypervolume
from equipoise.reports.statistics.attainment import attainment_surface, largest_difference
from equipoise.reports.statistics.hypervolume import hypervolume, hypervolume_curve, non_dominated
from equipoise.reports.statistics.indicators import additive_epsilon, igd_plus, r2
from equipoise.reports.statistics.random_hypervolume import RandomHypervolume


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_hypervolume_of_boxes() -> None:
    assert hypervolume([[0.25, 0.5]]) == 0.375
    assert hypervolume([[0.5, 0.5], [0.25, 0.75], [0.5, 0.5], [0.6, 0.6]]) == pytest.approx(0.25 + 0.0625)
    assert hypervolume([[0.5, 0.5, 0.5], [0.0, 0.9, 0.9]]) == pytest.approx(0.125 + 0.5 * 0.01)
    assert hypervolume([[1.0, 0.0], [0.2, 1.5]]) == hypervolume(np.zeros((0, 2))) == 0
    assert hypervolume([[-1.0, 0.5]]) == 0.5


@pytest.mark.parametrize("dimension", [2, 3, 4])
def test_hypervolume_and_indicators_agree_with_moocore(dimension: int, rng: np.random.Generator) -> None:
    moocore = pytest.importorskip("moocore", reason="moocore is not installed")
    for scale in (1.2, 1.0):
        points = np.round(rng.random((40, dimension)) * scale, 2)  # with ties
        front = non_dominated(rng.random((60, dimension)))
        assert hypervolume(points) == pytest.approx(moocore.hypervolume(points, ref=np.ones(dimension)), abs=1e-12)
        np.testing.assert_array_equal(non_dominated(points), np.unique(points[moocore.is_nondominated(points)], axis=0))
        assert igd_plus(points, front) == pytest.approx(moocore.igd_plus(points, front), abs=1e-12)
        assert additive_epsilon(points, front) == pytest.approx(moocore.epsilon_additive(points, front), abs=1e-12)


@pytest.mark.parametrize("dimension", [2, 3])
def test_hypervolume_and_igd_plus_agree_with_pymoo(dimension: int, rng: np.random.Generator) -> None:
    pytest.importorskip("pymoo", reason="pymoo is not installed; it is no dependency")
    from pymoo.indicators.hv import HV
    from pymoo.indicators.igd_plus import IGDPlus

    points = np.round(rng.random((40, dimension)) * 1.2, 2)
    front = non_dominated(rng.random((60, dimension)))
    assert hypervolume(points) == pytest.approx(float(HV(ref_point=np.ones(dimension))(points)), abs=1e-12)
    assert igd_plus(points, front) == pytest.approx(float(IGDPlus(front)(points)), abs=1e-12)


def test_indicators_are_zero_on_the_front_and_infinite_without_points(rng: np.random.Generator) -> None:
    front = non_dominated(rng.random((30, 2)))
    assert igd_plus(front, front) == additive_epsilon(front, front) == 0
    assert igd_plus(np.zeros((0, 2)), front) == additive_epsilon(np.zeros((0, 2)), front) == np.inf
    assert additive_epsilon(front + 0.1, front) == pytest.approx(0.1)


def test_r2_is_the_mean_loss_over_weights(rng: np.random.Generator) -> None:
    points = np.round(rng.random((12, 2)), 2)
    weights = (np.arange(200_000) + 0.5) / 200_000
    losses = np.maximum(weights[:, None] * points[:, 0], (1 - weights[:, None]) * points[:, 1]).min(axis=1)
    assert r2(points) == pytest.approx(losses.mean(), abs=1e-7)
    assert r2([[0.0, 0.0], [1.0, 1.0]]) == 0
    assert r2([[0.0, 1.0]]) == pytest.approx(0.5)
    assert r2(np.zeros((0, 2))) == np.inf
    moocore = pytest.importorskip("moocore", reason="moocore is not installed")
    assert r2(points) == pytest.approx(moocore.r2_exact(points, ref=[0.0, 0.0]), abs=1e-12)


@pytest.mark.parametrize("dimension", [2, 3])
def test_the_curve_is_the_hypervolume_of_every_beginning(dimension: int, rng: np.random.Generator) -> None:
    points = rng.random((30, dimension)) * 1.1
    points[4] = np.nan
    curve = hypervolume_curve(points)
    for count in range(1, 31):
        some = points[:count][~np.isnan(points[:count]).any(axis=1)]
        assert curve[count - 1] == pytest.approx(hypervolume(some), abs=1e-12)


@pytest.mark.parametrize("dimension", [2, 3])
def test_expected_hypervolume_is_the_mean_over_all_samples(dimension: int, rng: np.random.Generator) -> None:
    points = np.round(rng.random((8, dimension)) * 1.2, 1)  # with ties, and points outside the box
    points[3] = points[5]
    points[2, 0] = -0.1
    expected = RandomHypervolume(points)
    assert expected.exact
    for n in range(1, 9):
        every = np.mean([hypervolume(points[list(chosen)]) for chosen in combinations(range(8), n)])
        assert float(expected.mean(n)) == pytest.approx(every, abs=1e-12)
    assert float(expected.mean(100)) == pytest.approx(hypervolume(points))
    assert expected.standard_error([1, 8]).tolist() == [0, 0]


@pytest.mark.parametrize("dimension", [2, 3])
def test_expected_hypervolume_against_simulation(dimension: int, rng: np.random.Generator) -> None:
    rng = np.random.default_rng(dimension)
    points = rng.random((400, dimension)) * 1.1
    found = [hypervolume(points[rng.choice(400, 20, replace=False)]) for _ in range(500)]
    error = np.std(found) / np.sqrt(500)
    assert float(RandomHypervolume(points).mean(20)) == pytest.approx(np.mean(found), abs=4 * error)


@pytest.mark.parametrize("dimension", [3, 4])
def test_beyond_that_it_is_integrated_with_a_stated_error(dimension: int, monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(dimension).random((60, dimension))
    exact = [float(RandomHypervolume(points).mean(n)) for n in (10, 60)] if dimension == 3 else [np.nan]
    monkeypatch.setattr(random_hypervolume, "MOST_CELLS", 0)
    expected = RandomHypervolume(points)
    assert not expected.exact
    assert float(expected.mean(60)) == pytest.approx(hypervolume(points), abs=5 * float(expected.standard_error(60)))
    assert 0 < float(expected.standard_error(60)) < 6e-3
    if dimension == 3:
        errors = expected.standard_error([10, 60])
        assert (np.abs(expected.mean([10, 60]) - exact) < 5 * errors).all()


def test_nothing_is_expected_of_points_outside_the_box() -> None:
    for dimension in (2, 3, 4):
        assert RandomHypervolume(np.full((4, dimension), 2.0)).mean([1, 4]).tolist() == [0, 0]


def test_attainment_surfaces_agree_with_moocore(rng: np.random.Generator) -> None:
    moocore = pytest.importorskip("moocore", reason="moocore is not installed")
    runs = [non_dominated(np.round(rng.random((12, 2)), 2)) for _ in range(10)]
    stacked = np.vstack([np.column_stack([run, np.full(len(run), number)]) for number, run in enumerate(runs)])
    for percent in (10, 50, 90):
        surface = moocore.eaf(stacked[:, :2], stacked[:, 2], percentiles=[percent])[:, :2]
        np.testing.assert_allclose(attainment_surface(runs, percent / 100), np.unique(surface, axis=0))


def test_the_largest_difference_agrees_with_moocore(rng: np.random.Generator) -> None:
    moocore = pytest.importorskip("moocore", reason="moocore is not installed")
    sides = [[non_dominated(np.round(rng.random((9, 2)) * scale, 2)) for _ in range(6)] for scale in (1.0, 1.1)]
    stacked = [
        np.vstack([np.column_stack([run, np.full(len(run), number)]) for number, run in enumerate(runs)])
        for runs in sides
    ]
    differences = moocore.eafdiff(*stacked)[:, 2] / 6  # where the steps of the two functions lie
    ahead, behind = largest_difference(*sides)
    assert ahead.difference == pytest.approx(max(0.0, differences.max()))
    assert behind.difference == pytest.approx(min(0.0, differences.min()))


def test_attainment_by_hand() -> None:
    runs = [[[1.0, 3.0]], [[2.0, 2.0]], [[3.0, 1.0]]]
    assert attainment_surface(runs, 0.1).tolist() == [[1, 3], [2, 2], [3, 1]]
    assert attainment_surface(runs, 0.5).tolist() == [[2, 3], [3, 2]]
    assert attainment_surface(runs, 1.0).tolist() == [[3, 3]]
    assert attainment_surface([np.zeros((0, 2)), [[1.0, 1.0]]], 1.0).tolist() == []


def test_the_largest_difference_is_found_and_signed() -> None:
    first, second = [[[1.0, 1.0]], [[1.0, 1.0]]], [[[2.0, 0.5]], [[0.5, 2.0]]]
    ahead, behind = largest_difference(first, second)
    assert (ahead.difference, ahead.point) == (1.0, (1.0, 1.0))
    assert (behind.difference, behind.point) == (-0.5, (0.5, 2.0))
    same = largest_difference(first, first)
    assert same[0].difference == same[1].difference == 0
