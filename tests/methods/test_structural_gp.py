"""The Gaussian process that reads graphs."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import pytest

from equipoise.harness.core.errors import SearchEnded, SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Observation, Query
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.spaces.darts import Darts
from equipoise.methods._shared.climbing_pool import ClimbingPool
from equipoise.methods._shared.generators import mutants
from equipoise.methods._shared.gp import expected_improvement
from equipoise.methods._shared.graph_features import GROUPS
from equipoise.methods._shared.structural_inputs import InputReader
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_ranker import StructuralRanker
from equipoise.methods.structural_gp import StructuralGp

PROTEINS = "nasbench_graph/proteins"


def make(task: str = PROTEINS, queries: int = 30, seed: int = 1, **settings: object) -> StructuralGp:
    problem = problem_of(StructuralGp, load_task(task), Budget(queries=queries), settings)
    return StructuralGp(problem, np.random.default_rng(seed), **settings)  # type: ignore[arg-type]


def run(task: str = PROTEINS, queries: int = 30, seed: int = 1, **settings: object) -> Trajectory:
    method = make(task, queries, seed, **settings)
    return run_trial(method, load_task(task), Ledger(Budget(queries=queries)), lambda _: np.random.default_rng())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"groups": "none"},
        {"groups": "paths + degrees", "decisions": False},
        {"linear": False},
        {"whole": False},
        {"whole": False, "candidates": "eda"},
        {"groups": "none", "decisions": False},
    ],
)
def test_nothing_is_proposed_twice_under_any_setting(settings: dict[str, object]) -> None:
    assert set(run(**settings).status) == {"ok"}


def test_graph_features_find_good_cells_sooner_than_decisions_alone() -> None:
    """At 30 queries on NAS-Bench-201 the regret is at most half that of the Hamming kernel, mean of eight seeds."""
    task = load_task("nasbench201/cifar10")
    optimum = task.optimum()
    assert optimum is not None

    def regret(**settings: object) -> float:
        runs = [run("nasbench201/cifar10", 30, seed, **settings) for seed in range(8)]
        return float(np.mean([min(trajectory.validation_error) - optimum for trajectory in runs]))

    assert regret() < 0.5 * regret(groups="none", linear=False)


def test_later_rounds_of_a_pool_descend_from_what_the_model_finds_promising() -> None:
    """On DARTS cells, of 18 decisions at least, a pool in four rounds holds more expected improvement than in one."""
    space = Darts()
    reader = InputReader(space, GROUPS, True, True, None)
    ranker = StructuralRanker(reader, np.random.default_rng(1))
    for architecture in space.sample(np.random.default_rng(2), 30):
        error = float(sum(option == 3 for option in architecture)) / 20  # any separable convolution is a mistake
        ranker.tell(Observation(Query(architecture), error, 1.0))

    def best(rounds: int) -> float:
        def generate(parents: Sequence[Architecture], errors: Sequence[float], n: int) -> list[Architecture]:
            return mutants(space, ranker.rng, parents, errors, n, elites=20, edits=1)

        pool = ClimbingPool(ranker, generate, 400, rounds, 5)
        mean, deviation, reached = ranker.posterior(ListedPosterior(reader.read([pool.next(set())])))
        return float(expected_improvement(mean, deviation, reached)[0])

    assert np.mean([best(4) for _ in range(3)]) > 1.2 * np.mean([best(1) for _ in range(3)])


def test_pools_are_small_early_and_never_repeat_what_was_told() -> None:
    method = make(whole=False, pool=40, generation=3)
    task = load_task(PROTEINS)
    lists = []
    for _ in range(30):
        query = method.ask()
        method.tell(
            Observation(query, task.evaluate(query.architecture, None, np.random.default_rng(0)).validation_error, 1.0)
        )
        lists.append(method._pool._shortlist)
    sizes = [sum(1 for _ in same) for _, same in groupby(lists, key=id)][1:-1]  # not the first, which was never used
    assert sizes[:9] == [1] * 9  # up to 13 observations
    assert set(sizes[9:]) <= {2, 3}
    told = method._pool._shortlist._all[:20]
    for architecture in told:
        method.tell(Observation(Query(architecture), 0.5, 1.0))
    assert method.ask().architecture not in told


def test_a_small_space_is_searched_to_its_end() -> None:
    space = load_task(PROTEINS).space
    method = make(n_initial=5)
    for architecture in space.enumerate():
        if len(method._taken) < space.size - 2:
            method._take(architecture)
    last = {method.ask().architecture for _ in range(2)}
    assert len(last) == 2
    with pytest.raises(SearchEnded):
        method.ask()


def test_an_observation_outside_the_space_teaches_nothing() -> None:
    method = make()
    method.tell(Observation(Query((99,) * 7), 1.0, float("nan")))
    assert method._ranker.errors == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n_initial": 0}, "n_initial = 0"),
        ({"growth": 1.0}, "growth = 1.0; accepted: numbers above 1"),
        ({"candidates": "vae"}, "candidates = 'vae'; accepted: mutation, eda"),
        ({"pool": 9}, "rounds = 2; accepted: 1 to a fifth of pool = 9"),
        ({"groups": "path"}, "no group 'path'; did you mean"),
        ({"groups": "none", "decisions": False, "linear": False}, "nothing is left"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        make(**settings)


def test_it_says_what_it_knows_and_what_it_was_tuned_on() -> None:
    method = load_method("structural_gp")
    assert set(method.knowledge) == {"decisions", "legality", "isomorphism", "graph"}
    assert method.tuned_on == ("nasbench201/*", "nasbench_graph/cora")
