"""Running times, on curves small enough to read off and by plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.reports.statistics.runtime import area_under_curve, expected_running_time, runtime_ecdf, runtimes

CURVES = np.array([[5.0, 3, 3, 1], [4.0, 4, 2, np.nan], [np.nan, 9, 3, 7], [np.nan] * 4])


def test_read_off():
    hits, budgets = runtimes(CURVES, [3.0, 1.0, 9.0, 0.5])
    inf = np.inf
    np.testing.assert_array_equal(hits, [[2, 4, 1, inf], [3, inf, 1, inf], [3, inf, 2, inf], [inf] * 4])
    assert budgets.tolist() == [4, 3, 4, 0]
    ert, share = expected_running_time(hits, budgets)
    np.testing.assert_allclose(ert, [(2 + 3 + 3) / 3, (4 + 3 + 4) / 1, 4 / 3, np.inf])
    np.testing.assert_allclose(share, [1, 1 / 3, 1, 0])
    np.testing.assert_allclose(runtime_ecdf(hits[:3], [0, 1, 2, 3, 4, np.inf]), np.array([0, 2, 4, 6, 7, 7]) / 12)


@given(st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=1, max_size=4), st.integers(0, 5))
def test_agrees_with_a_loop(rows, target):
    hits, budgets = runtimes(np.array(rows, float), [target])
    times = [next((n for n, e in enumerate(row, 1) if e <= target), None) for row in rows]
    assert [None if np.isinf(h) else h for h in hits[:, 0]] == times
    ert, share = expected_running_time(hits, budgets)
    solved = [t for t in times if t is not None]
    assert share[0] == len(solved) / len(rows)
    assert ert[0] == (sum(solved) + 4 * (len(rows) - len(solved))) / len(solved) if solved else np.inf


def test_ert_is_the_cost_of_restarts():
    """Simulated restarts of runs that succeed with probability 0.3."""
    rng = np.random.default_rng(0)
    hits = np.where(rng.random(400) < 0.3, rng.integers(1, 51, 400), np.inf)[:, None]
    costs = []
    for _ in range(4000):
        cost = 0.0
        while np.isinf(run := hits[rng.integers(400), 0]):
            cost += 50
        costs.append(cost + run)
    ert = expected_running_time(hits, np.full(400, 50.0))[0][0]
    assert abs(np.mean(costs) - ert) < 4 * np.std(costs) / np.sqrt(4000)


def test_areas():
    rows = [[5.0, 3, 4, 1], [5.0, 3, np.nan, 1]]  # what rises counts as it is
    log = (5 * np.log(2) + 3 * np.log(3 / 2) + 4 * np.log(4 / 3)) / np.log(4)
    areas = area_under_curve(rows, [1, 2, 3, 4])
    assert areas[0] == pytest.approx(log)
    assert np.isnan(areas[1])
    assert area_under_curve([[2.0]], [7]).tolist() == [2.0]
    np.testing.assert_allclose(area_under_curve(np.full((1, 50), 0.3), np.arange(20, 70)), 0.3)


def test_an_area_does_not_depend_on_how_densely_a_curve_is_read():
    dense, sparse = np.arange(1, 1025), 2 ** np.arange(11)
    curve = np.where(dense < 8, 10.0, 1.0)
    assert area_under_curve([curve], dense)[0] == pytest.approx(area_under_curve([curve[sparse - 1]], sparse)[0])
    assert area_under_curve([curve], dense)[0] == pytest.approx((3 * 10 + 7 * 1) / 10)


def test_nothing_to_count():
    hits, budgets = runtimes(np.full((2, 3), np.nan), [0.1])
    ert, share = expected_running_time(hits, budgets)
    assert np.isnan(ert).all()
    assert share.tolist() == [0]
    assert np.isnan(runtime_ecdf(np.empty((0, 3)), [1, 2])).all()


def test_refuses():
    with pytest.raises(ValueError, match="without NaN"):
        runtimes(CURVES, [np.nan])
    for amounts in ([1, 2, 3], [1, 2, 2, 3], [0, 1, 2, 3]):
        with pytest.raises(ValueError, match="ascending positive amounts"):
            area_under_curve(CURVES, amounts)
