"""Candidates under the structural Gaussian process."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from equipoise.harness.core.method import Observation, Query
from equipoise.harness.core.registry import load_task
from equipoise.methods._shared.gp import expected_improvement
from equipoise.methods._shared.graph_features import GROUPS
from equipoise.methods._shared.structural_inputs import InputReader, chosen_groups
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_ranker import StructuralRanker, StructuralShortlist

TASK = load_task("nasbench_graph/proteins")


def trained(n: int = 40) -> StructuralRanker:
    ranker = StructuralRanker(InputReader(TASK.space, GROUPS, True, True, None), np.random.default_rng(0))
    for architecture in TASK.space.sample(np.random.default_rng(1), n):
        error = TASK.evaluate(architecture, None, np.random.default_rng(0)).validation_error
        assert ranker.tell(Observation(Query(architecture), error, 1.0))
    return ranker


def test_a_shortlist_that_grows_and_shrinks_ranks_like_a_list_made_at_once() -> None:
    ranker = trained()
    pool = list(dict.fromkeys(TASK.space.sample(np.random.default_rng(2), 90)))
    shortlist = StructuralShortlist(ranker)
    shortlist.add(pool[:50])
    first = shortlist.best(5)
    shortlist.add(pool[50:])
    assert len(shortlist) == len(pool)
    mean, deviation, best = ranker.posterior(ListedPosterior(ranker.reader.read(pool)))
    order = np.argsort(-expected_improvement(mean, deviation, best), kind="stable")
    expected = [pool[row] for row in order]
    assert first == [architecture for architecture in expected if architecture in pool[:50]][:5]
    assert [shortlist.pick() for _ in range(6)] == expected[:6]
    assert shortlist.best(3) == expected[6:9]
    assert len(shortlist) == len(pool) - 6


def test_the_ranker_orders_what_it_has_not_seen() -> None:
    """Spearman correlation of the posterior mean with the truth over the whole table, after 40 observations."""
    ranker = trained()
    mean, _, _ = ranker.posterior(ListedPosterior(ranker.reader.everything()))
    assert spearmanr(mean, -TASK.landscape()).statistic > 0.6


def test_sizes_are_a_group_and_a_linear_term_of_their_own() -> None:
    sizes = load_task("nasbench201/cifar10").resource("parameters")
    space = load_task("nasbench201/cifar10").space
    reader = InputReader(space, chosen_groups("a method", "counts"), True, True, sizes)
    assert reader.names == ["counts", "size"]
    inputs = reader.everything()
    assert inputs.linear.shape == (space.size, 5)
    size = inputs.linear[:, -1]
    assert size.mean() == pytest.approx(0, abs=1e-4)
    assert np.corrcoef(size, np.log(sizes.everything))[0, 1] == pytest.approx(1)
    own = inputs.features[:, reader.layout.groups == 1].astype(np.float64)
    assert 2 * own.var(axis=0).sum() == pytest.approx(1, abs=1e-3)
