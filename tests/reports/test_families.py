"""The family question on made data whose answer is known."""

import numpy as np
import pytest
from scipy import stats

from equipoise.harness.core.registry import load_task
from equipoise.reports.random_search import ExactRandomSearch
from equipoise.reports.statistics.bootstrap import aggregate
from equipoise.reports.statistics.families import compare_families, judged_best
from equipoise.reports.statistics.resampling import Estimate, effective_strata, estimate, resample_means
from equipoise.reports.statistics.speedup import LogQueries, equivalent_queries, queries_to_level

FAMILIES = ["baseline", "nas", "hpo", "nas", "hpo", "hpo"]
CLUSTERS = ["b", "b", "b", "a", "c", "c"]


@pytest.fixture
def values():
    rng = np.random.default_rng(0)
    return rng.normal(size=(6, 6, 40)) + np.arange(6)[:, None, None] + 0.5 * np.arange(6)[:, None]


def test_mean_effect_is_the_mean_of_means(values):
    answer = compare_families(values, FAMILIES, CLUSTERS, resamples=2000)
    means = values.mean(axis=2)
    expected = means[[1, 3]].mean(axis=0) - means[[2, 4, 5]].mean(axis=0)
    effect = answer.mean
    np.testing.assert_allclose(effect.per_task.value, expected)
    assert effect.clusters == ("b", "a", "c")
    groups = [expected[:3].mean(), expected[3], expected[4:].mean()]
    np.testing.assert_allclose(effect.per_cluster.value, groups)
    assert effect.overall.value == pytest.approx(np.mean(groups))
    np.testing.assert_allclose(
        [effect.beyond.low, effect.beyond.high], stats.ttest_1samp(groups, 0).confidence_interval(0.95)
    )
    assert answer.methods == ((1, 3), (2, 4, 5))
    for part in (effect.per_task, effect.per_cluster, effect.overall):
        assert (part.low < part.value).all()
        assert (part.value < part.high).all()


def test_per_task_interval_is_near_the_welch_interval(values):
    answer = compare_families(values[[1, 2]], ["nas", "hpo"], CLUSTERS)
    for t in range(6):
        welch = stats.ttest_ind(values[1, t], values[2, t], equal_var=False).confidence_interval()
        part = answer.mean.per_task
        # The bootstrap pairs what is independent here: the two agree up to a chance correlation of the columns.
        assert part.low[t] == pytest.approx(welch.low, abs=0.12)
        assert part.high[t] == pytest.approx(welch.high, abs=0.12)


def test_best_is_the_better_method_where_that_is_clear(values):
    answer = compare_families(values, FAMILIES, CLUSTERS, resamples=500)
    np.testing.assert_allclose(answer.best.per_task.value, (values[1] - values[2])[:, 1::2].mean(axis=1))


def test_best_of_equal_methods_has_no_bias():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(7, 400, 20))
    naive = values[:1].mean(axis=2).min(axis=0) - values[1:].mean(axis=2).min(axis=0)
    assert naive.mean() > 0.2  # six chances against one
    answer = compare_families(values, ["nas"] + ["hpo"] * 6, [str(t) for t in range(400)], resamples=10)
    assert abs(answer.best.overall.value) < 4 * np.sqrt(2 / 10 / 400)


def test_leaves_out_each_method_in_turn(values):
    answer = compare_families(values, FAMILIES, CLUSTERS, resamples=200)
    assert sorted(answer.without) == [1, 2, 3, 4, 5]
    alone = compare_families(np.delete(values, 4, axis=0), np.delete(FAMILIES, 4).tolist(), CLUSTERS, resamples=200)
    np.testing.assert_allclose(answer.without[4][0].per_task.value, alone.mean.per_task.value)
    np.testing.assert_allclose(answer.without[4][1].per_task.value, alone.best.per_task.value)
    assert compare_families(values[:3], FAMILIES[:3], CLUSTERS, resamples=9).without == {}


def test_missing_methods_and_tasks(values):
    values[1, 0] = np.nan  # one of two
    values[[1, 3], 3] = np.nan  # a family, and with it the cluster "a"
    values[2, :, 30:] = np.nan  # fewer repeats
    answer = compare_families(values, FAMILIES, CLUSTERS, resamples=300)
    assert answer.mean.tasks_used.tolist() == [True, True, True, False, True, True]
    assert answer.mean.clusters == ("b", "c")
    means = np.nanmean(values[[2, 4, 5]], axis=2).mean(axis=0)
    assert answer.mean.per_task.value[0] == pytest.approx(values[3, 0].mean() - means[0])
    assert np.isfinite(answer.mean.overall.low)
    assert np.isnan(answer.mean.per_task.value).tolist() == (~answer.mean.tasks_used).tolist()


def test_one_cluster_one_repeat_and_identical_families(values):
    one = compare_families(values, FAMILIES, ["b"] * 6, resamples=100).mean
    assert (one.beyond.low, one.beyond.high) == (-np.inf, np.inf)
    single = compare_families(values[:, :, :1], FAMILIES, CLUSTERS, resamples=100)
    assert (single.mean.overall.low, single.mean.overall.high) == (-np.inf, np.inf)
    assert not single.best.tasks_used.any()
    assert np.isnan(single.best.overall.value)
    same = compare_families(values[[1, 1]], ["nas", "hpo"], CLUSTERS, resamples=100).mean
    np.testing.assert_allclose([same.overall.low, same.overall.high], 0, atol=1e-12)


def test_the_best_is_judged_by_other_runs():
    values = np.random.default_rng(2).normal(size=(4, 3, 11))
    values[3, 0, 1::2] = np.nan  # cannot be judged
    result = judged_best(values)
    for t in range(3):
        chosen = values[: 3 if t == 0 else 4, t, ::2].mean(axis=1).argmin()
        np.testing.assert_array_equal(result[t, 1::2], values[chosen, t, 1::2])
    assert np.isnan(result[:, ::2]).all()


def test_refuses(values):
    with pytest.raises(ValueError, match="no method is of family 'nas'; there are hpo"):
        compare_families(values, ["hpo"] * 6, CLUSTERS)
    with pytest.raises(ValueError, match="got 2 and 6"):
        compare_families(values, ["nas", "hpo"], CLUSTERS)


def test_log_queries_invert_the_law():
    rng = np.random.default_rng(0)
    baselines = [ExactRandomSearch(rng.gamma(2, size=5000)), ExactRandomSearch(rng.normal(size=300), replacement=True)]
    scale = LogQueries(baselines)
    errors = np.stack([baseline.mean([1, 7, 50, 190]) for baseline in baselines], axis=1)
    np.testing.assert_allclose(scale(errors), np.log([[1, 1], [7, 7], [50, 50], [190, 190]]), atol=2e-4)
    assert scale(np.array([[-9.0, np.nan]]))[0, 0] == pytest.approx(np.log(5000))
    assert np.isnan(scale(np.array([[-9.0, np.nan]]))[0, 1])


def test_families_on_the_scale_of_queries():
    baseline = ExactRandomSearch(np.linspace(0, 1, 1000))
    reached = baseline.mean([20, 80])
    values = np.broadcast_to(reached[:, None, None], (2, 3, 4))
    answer = compare_families(values, ["nas", "hpo"], ["a", "a", "b"], scale=LogQueries([baseline] * 3), resamples=20)
    assert np.exp(answer.mean.overall.value) == pytest.approx(1 / 4, rel=1e-3)
    assert np.exp(answer.best.overall.value) == pytest.approx(1 / 4, rel=1e-3)


def test_equivalent_queries_turn_the_interval():
    baseline = ExactRandomSearch(np.linspace(0, 1, 1000))
    result = equivalent_queries(Estimate(baseline.mean([30]), baseline.mean([60]), baseline.mean([10])), baseline)
    np.testing.assert_allclose([result.value, result.low, result.high], [[30], [10], [60]])
    unbounded = equivalent_queries(Estimate(baseline.mean([30]), np.array([-np.inf]), np.array([np.inf])), baseline)
    assert (unbounded.low[0], unbounded.high[0]) == (-np.inf, np.inf)


def test_random_search_is_worth_its_own_queries():
    """On a real task: 200 runs of 100 queries without replacement."""
    task = load_task("nasbench201/cifar10")
    errors, rng = task.landscape(), np.random.default_rng(0)
    best = np.array([errors[rng.choice(errors.size, 100, replace=False)].min() for _ in range(200)])
    mean = aggregate(best[None, None], resamples=2_000, level=0.99).mean
    worth = equivalent_queries(mean, ExactRandomSearch(errors))
    assert worth.low[0] < 100 < worth.high[0]
    assert 80 < worth.value[0] < 125
    curve = ExactRandomSearch(errors).mean(np.arange(1, 101))
    assert queries_to_level(curve, ExactRandomSearch(errors).mean(100)) == pytest.approx(100)


def test_queries_to_a_level():
    curves = [[0.5, 0.3, 0.2], [0.1, 0.1, 0.1], [0.9, 0.8, 0.7], [np.nan, 0.3, 0.2], [np.nan] * 3]
    np.testing.assert_allclose(queries_to_level(curves, 0.25), [2.5, 1.0, np.inf, 2.5, np.nan])
    assert queries_to_level(curves[0], 0.3) == pytest.approx(2.0)
    assert np.isnan(queries_to_level(curves[0], np.nan))
    assert queries_to_level([np.nan, 0.2], 0.25) == 2


def test_the_overall_interval_counts_the_strata_that_decide_it():
    values = np.random.default_rng(3).normal(size=(2, 4, 6))
    answer = compare_families(values, ["nas", "hpo"], ["a", "b", "b", "b"], resamples=3_000)
    draws = resample_means(values, 3_000)
    each = draws[:, 0] - draws[:, 1]
    weights = np.array([1 / 2, 1 / 6, 1 / 6, 1 / 6])
    expected = estimate(answer.mean.overall.value, each @ weights, 6, effective_strata(each.var(axis=0) * weights**2))
    np.testing.assert_allclose([answer.mean.overall.low, answer.mean.overall.high], [expected.low, expected.high])
