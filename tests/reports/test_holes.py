"""Every procedure on small arrays with holes, ties and constant columns: no crash, and NaN only by rule."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from equipoise.reports.statistics.arrays import repeat_counts, task_means
from equipoise.reports.statistics.bayesian import bayesian_all_pairs
from equipoise.reports.statistics.bootstrap import aggregate, normalise, performance_profiles
from equipoise.reports.statistics.families import compare_families
from equipoise.reports.statistics.friedman import friedman
from equipoise.reports.statistics.improvement import probability_of_improvement
from equipoise.reports.statistics.pairwise import a12, task_marks, wilcoxon
from equipoise.reports.statistics.power import plan
from equipoise.reports.statistics.ranks import average_ranks

values = arrays.arrays(
    np.float64,
    st.tuples(st.integers(2, 4), st.integers(1, 4), st.integers(1, 4)),
    elements=st.sampled_from([0.0, 0.0, 0.1, 0.5, 3.0, np.nan]),
)


@settings(max_examples=30, deadline=None)
@given(values)
def test_survives_holes(array):
    k, tasks, _ = array.shape
    here = repeat_counts(array) > 0
    complete = here.all(axis=0)
    means = task_means(array)

    ranks = friedman(means)
    assert 0 < ranks.p_value <= 1
    assert ranks.tasks_used == complete.sum()
    pairs = wilcoxon(means)
    assert ((pairs.adjusted_p > 0) & (pairs.adjusted_p <= 1)).all()
    marks = task_marks(array)
    assert (marks.indistinguishable.any(axis=0) == here.any(axis=0)).all()
    assert (np.isnan(a12(array)) == ~(here[:, None] & here[None, :])).all()
    for posterior in bayesian_all_pairs(means, 0.1, samples=50).values():
        assert posterior.p_first + posterior.p_rope + posterior.p_second == pytest.approx(1)

    result = aggregate(array, resamples=30)
    assert (result.tasks_used == complete).all()
    for estimate in (
        result.mean,
        result.iqm,
        result.gap,
        average_ranks(array),
        performance_profiles(array, [0.2], resamples=30),
    ):
        for part in (estimate.value, estimate.low, estimate.high):
            assert np.isnan(part).all() == (not complete.any())
    assert not np.isnan(normalise(array, np.full(tasks, 4.0), np.zeros(tasks))[~np.isnan(array)]).any()
    shared = (here[:, None] & here[None, :]).any(axis=2) | np.eye(k, dtype=bool)
    assert (np.isnan(probability_of_improvement(array, resamples=30).low) == ~shared).all()

    families = ["nas", "hpo", "hpo", "nas"][:k]
    answer = compare_families(array, families, ["a", "b", "a", "b"][:tasks], resamples=30)
    both = np.array([here[[f == name for f in families]].any(axis=0) for name in ("nas", "hpo")]).all(axis=0)
    assert (answer.mean.tasks_used == both).all()
    for effect in (answer.mean, answer.best, *(part for pair in answer.without.values() for part in pair)):
        used = effect.tasks_used.any()
        for estimate in (effect.overall, effect.beyond):
            assert np.isnan([estimate.value, estimate.low, estimate.high]).any() != used
        assert (np.isnan(effect.per_task.low) == ~effect.tasks_used).all()

    planned = plan(array, effect=0.3)
    unknown = (repeat_counts(array) < 2)[:, None] | (repeat_counts(array) < 2)[None, :]
    unknown[np.arange(k), np.arange(k)] = False
    assert (np.isnan(planned.detectable_per_task) == unknown).all()
    assert planned.repeats_per_task is not None
    assert (np.isnan(planned.repeats_per_task) == unknown).all()
