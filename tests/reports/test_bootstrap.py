"""The bootstrap against scipy's, closed forms of its variance, enumeration and plain definitions."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from equipoise.reports.statistics.arrays import repeat_counts, task_means
from equipoise.reports.statistics.bootstrap import aggregate, normalise, performance_profiles
from equipoise.reports.statistics.improvement import probability_of_improvement
from equipoise.reports.statistics.pairwise import a12
from equipoise.reports.statistics.resampling import (
    Resampling,
    effective_strata,
    estimate,
    mean_variances,
    resample_averages,
    resample_means,
    widening,
)


@pytest.fixture
def scores():
    return np.random.default_rng(0).beta(3, 2, size=(3, 4, 8))


@pytest.fixture
def ragged(scores):
    scores[1, :, 5:] = np.nan
    scores[2, 0, 2:] = np.nan
    return scores


def test_draws_have_the_exact_mean_and_variance(ragged):
    draws = resample_means(ragged, 40_000)
    n, means = repeat_counts(ragged), task_means(ragged)
    spread = np.nanmean((ragged - means[..., None]) ** 2, axis=2) / n  # of the plug-in distribution
    np.testing.assert_array_less(np.abs(draws.mean(axis=0) - means), 4.5 * np.sqrt(spread / 40_000))
    np.testing.assert_allclose(draws.var(axis=0), spread, rtol=0.05)


def test_tasks_are_strata_and_methods_are_paired(scores):
    scores[1] = scores[0] + 0.25
    draws = resample_means(scores, 5_000)
    np.testing.assert_allclose(draws[:, 1] - draws[:, 0], 0.25)
    between_tasks = np.corrcoef(draws[:, 0].T)
    assert np.abs(between_tasks - np.eye(4)).max() < 0.06


def test_other_repeats_mean_other_draws(ragged):
    pairing = Resampling(~np.isnan(ragged), 3_000, 1)
    group = pairing.group_of_method
    counts = np.concatenate([block for _, block in pairing.blocks()], axis=-1)
    assert len(set(group)) == 3
    np.testing.assert_array_equal(
        counts[group].sum(axis=2), np.broadcast_to(repeat_counts(ragged)[..., None], (3, 4, 3000))
    )
    assert not counts[group[1], :, 5:].any()
    np.testing.assert_array_equal(counts[group[0], 1:], counts[group[2], 1:])  # equal repeats there: still paired


def test_same_seed_same_draws(ragged):
    first = resample_means(ragged, 500, seed=3)
    np.testing.assert_array_equal(first, resample_means(ragged, 500, seed=3))
    assert not np.array_equal(first, resample_means(ragged, 500, seed=4))
    np.testing.assert_allclose(resample_averages(ragged, 500, seed=3), first.mean(axis=2), atol=1e-12)


def test_percentiles_agree_with_scipy():
    data = np.random.default_rng(5).gamma(2, size=60)
    ours = estimate(data.mean(), resample_means(data[None, None], 50_000)[:, 0, 0], 10**9)
    theirs = stats.bootstrap((data,), np.mean, n_resamples=50_000, method="percentile", rng=np.random.default_rng(1))
    np.testing.assert_allclose([ours.low, ours.high], theirs.confidence_interval, atol=0.01)


def test_widening_makes_a_t_interval_of_normal_draws():
    assert widening(10**9) == pytest.approx(1)
    assert widening([1, 2])[0] == np.inf
    sample = np.random.default_rng(0).normal(size=6)
    draws = sample.mean() + stats.norm.ppf((np.arange(100_000) + 0.5) / 100_000) * sample.std() / np.sqrt(6)
    result = estimate(sample.mean(), draws, 6, level=0.9)
    expected = stats.ttest_1samp(sample, 0).confidence_interval(0.9)
    np.testing.assert_allclose([result.low, result.high], expected, rtol=1e-3)


def test_intervals_stay_within_bounds():
    draws = np.linspace(0, 1, 101)[:, None] * [1.0, 1.0]
    result = estimate([0.5, np.nan], draws, [1, 4], within=(0.0, 1.0))
    np.testing.assert_array_equal([result.low, result.high], [[0.0, np.nan], [1.0, np.nan]])


def test_iqm_agrees_with_scipy_trim_mean(scores):
    result = aggregate(scores, resamples=200)
    np.testing.assert_allclose(result.iqm.value, [stats.trim_mean(row, 0.25, axis=None) for row in scores])
    np.testing.assert_allclose(result.mean.value, scores.mean(axis=(1, 2)))
    np.testing.assert_allclose(result.gap.value, 1 - scores.mean(axis=(1, 2)))


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=4), min_size=1, max_size=3))
def test_iqm_of_unequal_repeats_weighs_tasks_alike(runs):
    """Repeating each run so that all tasks have 12 k runs in all reduces it to the plain trimmed mean."""
    values = np.full((1, len(runs), 4), np.nan)
    for t, task in enumerate(runs):
        values[0, t, : len(task)] = task
    whole = [x for task in runs for x in np.repeat(np.array(task, float), 12 // len(task))]
    result = aggregate(values, resamples=20)
    assert result.iqm.value[0] == pytest.approx(stats.trim_mean(whole, 0.25))


def test_iqm_draws_agree_with_plain_resampling(scores):
    """The same draws, expanded run by run."""
    pairing = Resampling(np.ones(scores.shape, bool), 50, 0)
    counts = np.concatenate([block for _, block in pairing.blocks()], axis=-1)[0].astype(int)
    expected = [
        [stats.trim_mean(np.repeat(row.ravel(), counts[..., b].ravel()), 0.25) for row in scores] for b in range(50)
    ]
    result = aggregate(scores, resamples=50).iqm
    quartiles = np.quantile(scores, [0.25, 0.75], axis=(1, 2))[..., None, None]
    strata = effective_strata(mean_variances(np.clip(scores, *quartiles)))
    plain = estimate(result.value, np.array(expected), 8, strata)
    np.testing.assert_allclose([result.low, result.high], [plain.low, plain.high])


def test_tasks_without_a_method_are_left_out_and_shown(scores):
    scores[2, 1] = np.nan
    result = aggregate(scores, resamples=100)
    assert result.tasks_used.tolist() == [True, False, True, True]
    np.testing.assert_allclose(result.mean.value, scores[:, [0, 2, 3]].mean(axis=(1, 2)))
    nothing = aggregate(np.full((2, 3, 4), np.nan), resamples=10)
    assert np.isnan(nothing.iqm.value).all()
    assert not nothing.tasks_used.any()


def test_constant_single_and_one_of_everything():
    constant = aggregate(np.full((2, 3, 5), 0.5), resamples=100)
    for part in (constant.mean, constant.iqm, constant.gap):
        np.testing.assert_allclose([part.value, part.low, part.high], 0.5)
    single = aggregate(np.array([[[0.3]]]), resamples=100)
    assert (single.mean.value, single.mean.low, single.mean.high) == (0.3, -np.inf, np.inf)


def test_improvement_is_the_mean_a12(ragged):
    result = probability_of_improvement(ragged, resamples=200)
    np.testing.assert_allclose(result.value, a12(ragged).mean(axis=2))
    assert (result.low <= result.value).all()
    assert (result.value <= result.high).all()
    np.testing.assert_allclose(result.low, 1 - result.high.T)


def test_improvement_draws_enumerated():
    """Two repeats: four equally likely draws of each method."""
    x, y = np.array([1.0, 2.0]), np.array([1.5, 1.8])
    pairs = list(product([0, 1], repeat=2))
    expected = [np.mean([(x[a] < y[b]) + 0.5 * (x[a] == y[b]) for a in d for b in e]) for d in pairs for e in pairs]
    result = probability_of_improvement([[x], [y]], resamples=4_000)
    assert result.value[0, 1] == 0.5
    far = widening(2) * np.array([min(expected) - 0.5, max(expected) - 0.5])
    np.testing.assert_allclose([result.low[0, 1], result.high[0, 1]], np.clip(0.5 + far, 0, 1))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_no_improvement_is_sure_by_the_numbers_of_three_repeats(order):
    """In their natural order no resample falls below the estimate of 2/3: the runs are paired by chance."""
    first, second = np.array([0.8, 0.58, 0.32]), np.array([0.95, 0.63, 0.37])
    found = probability_of_improvement([[first[list(order)]], [second]])
    np.testing.assert_allclose([found.value[0, 1], found.low[0, 1], found.high[0, 1]], [2 / 3, 0, 1])
    np.testing.assert_allclose([found.low[1, 0], found.high[1, 0]], [0, 1])


def test_improvement_does_not_depend_on_the_numbers_of_repeats(scores):
    found = [probability_of_improvement(np.stack([scores[0], row])) for row in (scores[1], scores[1][:, ::-1])]
    np.testing.assert_array_equal(found[0].value, found[1].value)
    np.testing.assert_allclose(found[0].low, found[1].low, atol=0.03)


@pytest.mark.parametrize(("repeats", "tasks"), [(3, 1), (6, 1), (4, 5)])
def test_improvement_without_overlap_is_bounded_by_races_that_were_all_won(repeats, tasks):
    """At the bound, as many races in a row are won with a probability of 2.5 %."""
    better, worse = np.arange(repeats) + np.zeros((tasks, 1)), 50 + np.arange(repeats) + np.zeros((tasks, 1))
    found = probability_of_improvement([better, worse])
    assert (found.value[0, 1], found.high[0, 1]) == (1.0, 1.0)
    assert found.low[0, 1] ** (repeats * tasks) == pytest.approx(0.025)
    np.testing.assert_allclose([found.low[1, 0], found.high[1, 0]], [0.0, 1 - found.low[0, 1]])


def test_improvement_without_overlap_on_tasks_of_either_sign():
    values = np.array([[[1.0, 2.0, 3.0]] * 3, [[7.0, 8.0, 9.0], [0.0, 0.1, 0.2], [7.0, 8.0, 9.0]]])
    found = probability_of_improvement(values)
    expected = [2 / 3, 2 / 3 * 0.025 ** (1 / 6), 1 - 1 / 3 * 0.025 ** (1 / 3)]
    np.testing.assert_allclose([found.value[0, 1], found.low[0, 1], found.high[0, 1]], expected)
    ties = probability_of_improvement(np.full((2, 2, 4), 0.3))
    np.testing.assert_allclose([ties.value[0, 1], ties.low[0, 1], ties.high[0, 1]], 0.5)


def test_tasks_that_do_not_vary_lend_no_degrees_of_freedom(scores):
    constant = np.repeat(np.full((3, 1, 1), 0.5), 8, axis=2)
    one, found = aggregate(scores[:, :1]), aggregate(np.concatenate([scores[:, :1], *[constant] * 12], axis=1))
    np.testing.assert_allclose(found.mean.high - found.mean.value, (one.mean.high - one.mean.value) / 13, rtol=0.02)
    np.testing.assert_allclose(found.gap.high - found.gap.value, (one.gap.high - one.gap.value) / 13, rtol=0.02)


def test_improvement_draws_are_those_of_every_pair_of_runs():
    """The same draws, with the n x n comparisons written out; ties and missing repeats included."""
    values = np.random.default_rng(5).integers(6, size=(2, 3, 9)).astype(float)
    values[1, 2, 6:] = np.nan
    pairing = Resampling(~np.isnan(values), 300, 0, paired=False)
    counts = np.concatenate([block for _, block in pairing.blocks()], axis=-1)[pairing.group_of_method]
    wins = 0.5 + 0.5 * np.sign(np.nan_to_num(values[1])[:, None, :] - values[0][:, :, None])
    chances = np.einsum("trd,trs,tsd->td", counts[0], wins, counts[1]) / counts.sum(axis=2).prod(axis=0)
    chance = a12(values)[0, 1]
    strata = effective_strata(((chances - chance[:, None]) ** 2).mean(axis=1))
    expected = estimate(chance.mean(), chances.mean(axis=0), 6, strata, within=(0.0, 1.0))
    found = probability_of_improvement(values, resamples=300)
    np.testing.assert_allclose([found.low[0, 1], found.high[0, 1]], [expected.low, expected.high])


def test_many_repeats_get_fewer_resamples_and_the_same_interval():
    values = np.random.default_rng(6).exponential(size=(1, 2, 20_000))
    draws = resample_averages(values, 10_000)
    assert draws.shape == (1_000, 1)
    assert draws.std() == pytest.approx(np.sqrt(values.var(axis=2).sum() / 4 / 20_000), rel=0.1)


def test_strata_count_by_what_they_contribute(ragged):
    assert effective_strata([2.0, 2.0, 2.0, 2.0]) == 4
    assert effective_strata([1e6, 1.0, 1.0, 1.0]) == pytest.approx(1, abs=1e-5)
    assert effective_strata([0.0, 3.0, 0.0]) == 1
    assert effective_strata([0.0, 0.0, 0.0]) == 3
    row = ragged[1, 2][~np.isnan(ragged[1, 2])]
    assert mean_variances(ragged)[1, 2] == pytest.approx(row.var(ddof=1) / row.size)


def test_a_mean_that_few_strata_decide_has_their_degrees_of_freedom():
    """Normal errors, five repeats, a tenfold weight on the first of six tasks: as often covered as it says."""
    rng, weights = np.random.default_rng(8), np.array([10.0, 1, 1, 1, 1, 1]) / 15
    missed = {"all": 0, "effective": 0}
    for _ in range(1_500):
        values = rng.normal(size=(1, 6, 5))
        draws, mean = resample_averages(values, 1_000, weights=weights), task_means(values) @ weights
        for name, strata in (("all", 6), ("effective", effective_strata(mean_variances(values) * weights**2))):
            found = estimate(mean, draws, 5, strata)
            missed[name] += not (found.low[0] <= 0 <= found.high[0])
    assert missed["effective"] / 1_500 < 0.065 < missed["all"] / 1_500


def test_improvement_without_common_tasks_is_nan():
    values = np.array([[[1.0, 2.0], [np.nan, np.nan]], [[np.nan, np.nan], [1.0, 2.0]]])
    result = probability_of_improvement(values, resamples=10)
    assert np.isnan(result.value[0, 1])
    assert result.value[0, 0] == 0.5


def test_profiles(ragged):
    thresholds = [-1.0, 0.3, 0.6, 2.0]
    result = performance_profiles(ragged, thresholds, resamples=400)
    for place, threshold in enumerate(thresholds):
        share = [[np.mean(row[~np.isnan(row)] > threshold) for row in method] for method in ragged]
        np.testing.assert_allclose(result.value[:, place], np.mean(share, axis=1))
    assert (np.diff(result.value, axis=1) <= 0).all()
    assert (result.low <= result.value + 1e-12).all()
    assert (result.value <= result.high + 1e-12).all()
    assert np.isnan(performance_profiles(np.full((2, 1, 3), np.nan), thresholds).value).all()


def test_normalised_scores():
    errors = np.array([[[0.2, 0.1], [0.3, np.nan]]])
    scores = normalise(errors, [0.3, 0.2], [0.1, 0.2])
    np.testing.assert_allclose(scores, [[[0.5, 1.0], [np.nan, np.nan]]])
    assert aggregate(scores, resamples=10).tasks_used.tolist() == [True, False]


def test_refuses():
    with pytest.raises(ValueError, match="resamples must be >= 1"):
        aggregate(np.ones((1, 1, 2)), resamples=0)
    with pytest.raises(ValueError, match="methods x tasks x repeats"):
        aggregate(np.ones((1, 2)))
