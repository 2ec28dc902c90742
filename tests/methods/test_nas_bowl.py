"""NAS-BOWL: its kernel against a direct count, its process against textbook formulas, its search."""

from collections import Counter
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from method_runs import make_on_proteins, make_search, run_on_proteins, run_search

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_graph import NasBenchGraph
from equipoise.methods._shared.operation_graphs import operations_of
from equipoise.methods._shared.subtree_kernel import SubtreeKernel, live_part
from equipoise.methods.nas_bowl import LEAST_NOISE, STEPS, fit


def trees(space: SearchSpace, architecture: Architecture, depth: int) -> Counter[str]:
    """The unfolded subtrees of depth 0 to `depth`, written out as text and counted."""
    labels, edges = live_part(*operations_of(space.graph(architecture)))

    def tree(node: int, below: int) -> str:
        if below == 0:
            return labels[node]
        fed = sorted(tree(target, below - 1) for source, target in edges if source == node)
        return f"{tree(node, below - 1)}({','.join(fed)})"

    return Counter(f"{level}:{tree(node, level)}" for level in range(depth + 1) for node in range(len(labels)))


@pytest.mark.parametrize("space", [NasBench201(), NasBench101(), NasBenchGraph(), Darts()], ids=lambda s: s.name)
@pytest.mark.parametrize("assignment", [False, True])
def test_the_kernel_counts_common_subtrees(space: SearchSpace, assignment: bool) -> None:
    """Observed one by one, with half of the architectures never observed."""
    cells = space.sample(np.random.default_rng(3), 12)
    seen, others = cells[:6], cells[6:] + cells[:1]
    kernel = SubtreeKernel(space, 3, assignment)
    for cell in seen:
        kernel.add(cell)

    def product(left: Counter[str], right: Counter[str]) -> int:
        return sum(min(n, right[t]) if assignment else n * right[t] for t, n in left.items())

    for depth in (1, 3):
        left, right = ([trees(space, cell, depth) for cell in group] for group in (seen, others))
        wanted = [[product(a, b) / np.sqrt(product(a, a) * product(b, b)) for b in right] for a in left]
        assert kernel.to(others).kernel(depth) == pytest.approx(np.asarray(wanted))
        within = [[product(a, b) / np.sqrt(product(a, a) * product(b, b)) for b in left] for a in left]
        assert kernel.observed().kernel(depth) == pytest.approx(np.asarray(within))


def test_the_minimum_of_counts_is_the_best_assignment() -> None:
    """On two cells, over all ways to pair their nodes: a pair is worth the levels on which it agrees."""
    space = NasBench201()
    one, two = space.sample(np.random.default_rng(5), 2)
    kernel = SubtreeKernel(space, 2, True)
    kernel.add(one)
    levels = []
    for cell in (one, two):
        labels, edges = live_part(*operations_of(space.graph(cell)))
        levels.append(kernel._refined(labels, edges))  # the labels themselves: the input of the oracle
    small, large = sorted(levels, key=lambda refined: len(refined[0]))
    nodes = range(len(large[0]))
    best = max(
        sum(
            mine[node] == theirs[pair]
            for mine, theirs in zip(small, large, strict=True)
            for node, pair in enumerate(way)
        )
        for way in permutations(nodes, len(small[0]))
    )
    size = np.sqrt(3 * len(small[0]) * 3 * len(large[0]))
    assert kernel.to([two]).kernel(2)[0, 0] == pytest.approx(best / size)


def test_what_leads_nowhere_is_not_compared() -> None:
    labels, edges = live_part(["input", "a", "b", "c", "output"], [(0, 1), (1, 4), (0, 2), (3, 4)])
    assert (labels, edges) == (["input", "a", "output"], [(0, 1), (1, 2)])
    assert live_part(["input", "a", "output"], [(0, 1)]) == (["input", "output"], [])
    assert live_part(["a", "b"], []) == (["a", "b"], [])


def test_depth_and_noise_maximise_the_likelihood_and_the_posterior_is_that_of_a_gaussian() -> None:
    from scipy.stats import multivariate_normal

    rng = np.random.default_rng(0)
    space = NasBench201()
    kernel = SubtreeKernel(space, 3, False)
    for cell in space.sample(rng, 15):
        kernel.add(cell)
    targets = rng.normal(size=15)
    found = fit(kernel.observed().kernel, targets, 0.5)

    def likelihood(depth: int, noise: float) -> float:
        return float(multivariate_normal.logpdf(targets, cov=kernel.observed().kernel(depth) + noise * np.eye(15)))

    tried = {(d, n): likelihood(d, n) for d in (1, 2, 3) for n in np.geomspace(LEAST_NOISE, 0.5, STEPS)}
    assert found.likelihood == pytest.approx(max(tried.values()))
    assert found.likelihood == pytest.approx(likelihood(found.depth, found.noise))
    cross = kernel.to(space.sample(rng, 4)).kernel(found.depth)
    covariance = kernel.observed().kernel(found.depth) + found.noise * np.eye(15)
    mean, variance = found.predict(cross)
    assert mean == pytest.approx(cross.T @ np.linalg.solve(covariance, targets))
    wanted = 1.0 + found.noise - np.diag(cross.T @ np.linalg.solve(covariance, cross))
    assert variance == pytest.approx(np.maximum(wanted, found.noise))


@pytest.mark.parametrize("settings", [{}, {"mutated": 200, "kernel": "subtree"}, {"mutated": 0, "pool": 5, "batch": 1}])
def test_nothing_is_proposed_twice(settings: dict[str, object]) -> None:
    assert set(run_on_proteins(make_on_proteins("nas_bowl", **settings)).status) == {"ok"}


def test_mutants_fill_the_published_share_of_the_pool() -> None:
    assert make_search("nas_bowl").mutated == 200
    assert make_on_proteins("nas_bowl").mutated == 100
    assert make_search("nas_bowl", mutated=50).mutated == 50


def test_negative_errors_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    spreads = []

    def spied(kernel: Any, targets: np.ndarray, most: float) -> Any:
        spreads.append(np.ptp(targets))
        return fit(kernel, targets, most)

    monkeypatch.setattr("equipoise.methods.nas_bowl.fit", spied)
    method = make_search("nas_bowl", 20)
    for _ in range(20):
        query = method.ask()
        method.tell(Observation(query, -float(sum(query.architecture)), 1.0))
    assert min(spreads) > 1


def test_a_run_repeats_with_its_seed() -> None:
    first, again, other = (run_search(make_search("nas_bowl", 30, seed), queries=30) for seed in (0, 0, 1))
    assert first.architecture == again.architecture != other.architecture


@pytest.mark.parametrize(
    "bad", [{"pool": 4}, {"mutated": -1}, {"mutated": 201}, {"parents": 0}, {"noise": 0.0}, {"kernel": "rbf"}]
)
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"nas_bowl: {next(iter(bad))} = .*accepted: "):
        make_on_proteins("nas_bowl", **bad)
