"""The exact random-search baseline, against enumeration, simulation, exact fractions and known figures."""

from fractions import Fraction
from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.harness.core.registry import load_task
from equipoise.reports.random_search import ExactRandomSearch

landscapes = st.lists(st.integers(0, 5), min_size=1, max_size=6).map(lambda errors: np.array(errors, dtype=float))


def brute(errors, weights, queries, replacement):
    """Every outcome and its probability."""
    if not replacement:
        draws = list(combinations(range(len(errors)), queries))
        return [(draw, 1 / len(draws)) for draw in draws]
    chances = weights / weights.sum()
    return [(draw, float(np.prod(chances[list(draw)]))) for draw in product(range(len(errors)), repeat=queries)]


@given(landscapes, st.integers(1, 4), st.booleans(), st.data())
def test_agrees_with_enumeration(errors, queries, replacement, data):
    weighted = replacement and data.draw(st.booleans())
    weights = np.ones(len(errors))
    if weighted:
        weights = np.array(data.draw(st.lists(st.integers(1, 9), min_size=len(errors), max_size=len(errors))), float)
    queries = queries if replacement else min(queries, len(errors))
    baseline = ExactRandomSearch(errors, weights if weighted else None, replacement)
    outcomes = brute(errors, weights, queries, replacement)
    best = np.array([errors[list(draw)].min() for draw, _ in outcomes])
    chance = np.array([p for _, p in outcomes])
    mean = best @ chance
    assert baseline.mean(queries) == pytest.approx(mean, abs=1e-12)
    assert baseline.variance(queries) == pytest.approx(((best - mean) ** 2) @ chance, abs=1e-10)
    assert baseline.probability_of_optimum(queries) == pytest.approx(chance[best == errors.min()].sum(), abs=1e-12)
    for level in (0.0, 0.25, 0.5, 0.9, 1.0):
        expected = next(v for v in np.unique(errors) if chance[best <= v].sum() >= level - 1e-12)
        assert baseline.quantile(level, queries) == expected


@given(landscapes, st.integers(1, 4), st.integers(0, 5), st.booleans())
def test_running_time_agrees_with_enumeration(errors, limit, target, replacement):
    limit = limit if replacement else min(limit, len(errors))
    found, chance = ExactRandomSearch(errors, None, replacement).running_time(target, limit)
    missed = [
        sum(p for draw, p in brute(errors, np.ones(len(errors)), n, replacement) if errors[list(draw)].min() > target)
        for n in range(1, limit + 1)
    ]
    assert chance == pytest.approx(1 - missed[-1], abs=1e-12)
    if chance < 1e-9:
        assert found == np.inf
    else:  # E[queries of a run] / P(success), the expected cost with restarts
        assert found == pytest.approx((1 + sum(missed[:-1])) / chance)


@given(landscapes, st.integers(1, 4), st.booleans(), st.randoms(use_true_random=False))
def test_other_column_at_the_selected_architecture(errors, queries, replacement, random):
    queries = queries if replacement else min(queries, len(errors))
    other = np.array([random.random() for _ in errors])
    expected = 0.0
    for draw, p in brute(errors, np.ones(len(errors)), queries, replacement):
        tied = {i for i in draw if errors[i] == errors[list(draw)].min()}
        expected += p * np.mean([other[i] for i in tied])
    assert ExactRandomSearch(errors, None, replacement).mean_of(other, queries) == pytest.approx(expected, abs=1e-12)


def test_agrees_with_simulation():
    rng = np.random.default_rng(1)
    errors = rng.gamma(2.0, size=200)
    baseline = ExactRandomSearch(errors)
    best = np.sort(np.array([errors[rng.permutation(200)[:20]].min() for _ in range(4000)]))
    assert abs(best.mean() - baseline.mean(20)) < 3 * np.sqrt(baseline.variance(20) / 4000)
    assert abs(best.var() / baseline.variance(20) - 1) < 0.15
    survival = np.concatenate([baseline.survival(20), [0.0]])
    cdf = np.searchsorted(best, baseline.errors, side="right") / 4000
    assert np.abs(cdf - (1 - survival)).max() < 1.63 / np.sqrt(4000)  # Kolmogorov-Smirnov, 1 %


def test_is_precise_on_the_largest_space():
    size, queries = 423_624, 300
    baseline = ExactRandomSearch(np.arange(size, dtype=float))
    # The minimum of N of {0..M-1} drawn without replacement has mean (M - N) / (N + 1).
    assert baseline.mean(queries) == pytest.approx((size - queries) / (queries + 1), rel=1e-12)
    exact = float(Fraction(comb(size - 2000, queries), comb(size, queries)))
    assert baseline.survival(queries)[1999] == pytest.approx(exact, rel=1e-11)


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ("cifar10", [0.8086, 0.5824, 0.4294, 0.3595]),
        ("cifar100", [2.5165, 2.0596, 1.6157, 1.3685]),
        ("imagenet16-120", [1.8129, 1.3860, 1.0380, 0.8631]),
    ],
)
def test_known_figures_on_nasbench201(dataset, expected):
    baseline = ExactRandomSearch(load_task(f"nasbench201/{dataset}").landscape(), replacement=True)
    regret = 100 * (baseline.mean([50, 100, 200, 300]) - baseline.optimum)
    np.testing.assert_allclose(regret, expected, atol=6e-5)


@given(landscapes, st.booleans(), st.floats(1.0, 6.0))
def test_inverse_returns_to_the_queries(errors, replacement, queries):
    baseline = ExactRandomSearch(errors, None, replacement)
    enough = len(errors) - np.count_nonzero(errors == errors.min()) + 1.0  # more queries gain nothing
    queries = queries if replacement else min(queries, enough)
    low, share = int(queries), queries - int(queries)
    target = (1 - share) * baseline.mean(low) + share * baseline.mean(low + 1 if share else low)
    found = float(baseline.queries_to_reach(target))
    if len(np.unique(errors)) == 1:
        assert found == 1.0
    else:
        assert found == pytest.approx(queries, rel=1e-6)


def test_inverse_at_the_edges():
    errors = [0.1, 0.2, 0.4]
    found = ExactRandomSearch(errors).queries_to_reach([[0.1, 0.05, 9.0], [np.nan, 0.7 / 3, 0.2]])
    np.testing.assert_allclose(found[0], [3.0, np.inf, 1.0])
    np.testing.assert_allclose(found[1, :2], [np.nan, 1.0])
    again = ExactRandomSearch(errors, replacement=True).queries_to_reach([0.1, 0.1 + 1e-12])
    assert again[0] == np.inf
    assert 50 < again[1] < 100


def test_more_queries_than_architectures_is_the_optimum():
    baseline = ExactRandomSearch([3.0, 1.0, 2.0])
    assert baseline.mean([3, 7]).tolist() == [1.0, 1.0]
    assert baseline.variance(7) == 0
    assert baseline.probability_of_optimum(7) == 1


def test_one_architecture():
    for replacement in (False, True):
        baseline = ExactRandomSearch([0.5], replacement=replacement)
        assert (baseline.mean(4), baseline.variance(4), baseline.quantile(0.5, 4)) == (0.5, 0.0, 0.5)
        assert baseline.probability_of_optimum(1) == 1


def test_weight_zero_is_left_out():
    baseline = ExactRandomSearch([0.0, 1.0, 2.0], weights=[0, 1, 1], replacement=True)
    assert baseline.optimum == 1
    assert baseline.mean_of([9.0, 5.0, 7.0], 1) == 6


@pytest.mark.parametrize(
    ("errors", "options", "words"),
    [
        ([], {}, "non-empty"),
        ([0.1, np.nan], {}, "1 not finite"),
        ([0.1, 0.2], {"weights": [1, 2]}, "replacement=True"),
        ([0.1, 0.2], {"weights": [1, 2, 3], "replacement": True}, "2 finite numbers"),
        ([0.1, 0.2], {"weights": [-1, 2], "replacement": True}, ">= 0"),
        ([0.1, 0.2], {"weights": [0, 0], "replacement": True}, "not all be 0"),
    ],
)
def test_refuses(errors, options, words):
    with pytest.raises(ValueError, match=words):
        ExactRandomSearch(errors, **options)


def test_refuses_no_queries_and_bad_levels():
    baseline = ExactRandomSearch([0.1, 0.2])
    with pytest.raises(ValueError, match="whole numbers >= 1"):
        baseline.mean([0, 1])
    with pytest.raises(ValueError, match="whole numbers >= 1"):
        baseline.mean(1.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        baseline.quantile(1.5, 1)
    with pytest.raises(ValueError, match="1 of 2 values"):
        baseline.mean_of([0.1, np.inf], 1)
