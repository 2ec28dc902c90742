"""The loop of the graph VAE and its relatives: what is ranked, proposed, repeated and refused."""

import numpy as np
import pytest
from made import MadeTask
from method_runs import run_generator

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Observation, Problem, Query
from equipoise.harness.core.registry import load_method, problem_of
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_graph import NasBenchGraph

torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")

from equipoise.methods._shared.gp import Ranker, expected_improvement  # noqa: E402
from equipoise.methods._shared.graph_features import GROUPS  # noqa: E402
from equipoise.methods._shared.structural_inputs import InputReader  # noqa: E402
from equipoise.methods._shared.structural_ranker import StructuralRanker, StructuralShortlist  # noqa: E402
from equipoise.methods.graph_vae.candidates import Candidates  # noqa: E402
from equipoise.methods.graph_vae.partial import PartialTraining  # noqa: E402
from equipoise.methods.graph_vae.shortlist import Shortlist  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("observed", [3, 12])
def test_a_shortlist_kept_up_to_date_is_the_posterior_computed_anew(observed: int) -> None:
    space, rng = NasBenchGraph(), np.random.default_rng(0)
    ranker, drawn = Ranker(space, rng), list(dict.fromkeys(space.sample(rng, 80)))
    shortlist = Shortlist(ranker)
    for number, cell in enumerate(drawn[:25]):
        if number == observed:
            shortlist.add(drawn[30:50])
            shortlist.pick()
        ranker.tell(Observation(Query(cell), float(sum(cell) % 7), float("nan")))
        if number > observed + 3:
            shortlist.add(drawn[50 + number : 51 + number])
            shortlist.pop(int(rng.integers(len(shortlist))))
            shortlist.best(3)
    mean, deviation, best = shortlist._posterior()
    targets = ranker.scores()
    expected = ranker.process.predict(np.asarray(shortlist.candidates), targets)
    np.testing.assert_allclose(mean, expected[0], atol=1e-9)
    np.testing.assert_allclose(deviation, expected[1], atol=1e-6)
    improvement = expected_improvement(mean, deviation, best)
    top = shortlist.candidates[int(improvement.argmax())]
    assert shortlist.best(1) == [top]
    assert shortlist.pick() == top
    assert top not in shortlist.candidates


def test_candidates_in_blocks_are_ranked_as_one_list_and_the_best_are_taken() -> None:
    space = NasBench101()
    drawn = list(dict.fromkeys(map(space.key, space.sample(np.random.default_rng(0), 90))))
    ranker = StructuralRanker(InputReader(space, GROUPS, True, True, None), np.random.default_rng(0))
    for cell in drawn[:20]:
        ranker.tell(Observation(Query(cell), float(sum(cell) % 7), float("nan")))
    blocks, listed = Candidates(ranker), StructuralShortlist(ranker)
    for start in (30, 50, 70):
        blocks.add(drawn[start : start + 20])
    listed.add(drawn[30:90])
    order = [drawn[30:90][index] for index in np.argsort(-blocks.promise, kind="stable")]
    assert order == listed.best(60)
    for cell in drawn[20:23]:
        assert blocks.pick() == listed.pick()
        ranker.tell(Observation(Query(cell), float(sum(cell) % 7), float("nan")))
    assert len(blocks) == 57


class Large(MadeTask):
    space = NasBench101()


def test_partial_training_comes_first_and_its_best_are_asked_again_in_full() -> None:
    task, budget = Large(), Budget(epochs=80)
    method = load_method("graph_vae")(
        problem_of(load_method("graph_vae"), task, budget), np.random.default_rng(0), pool=50, rounds=2, partial=0.3
    )
    trajectory = run_trial(method, task, Ledger(budget), np.random.default_rng)
    assert trajectory.fidelity[:24] == [1] * 24
    assert set(trajectory.fidelity[24:]) == {4}
    short = sorted(range(24), key=lambda row: trajectory.validation_error[row])
    assert trajectory.architecture[24:29] == [trajectory.architecture[row] for row in short[:5]]


def test_a_share_of_a_budget_in_seconds_goes_to_short_trainings_too() -> None:
    task, budget = Large(), Budget(cost_seconds=80.0)
    method = load_method("graph_vae")(
        problem_of(load_method("graph_vae"), task, budget), np.random.default_rng(0), pool=50, rounds=2, partial=0.3
    )
    trajectory = run_trial(method, task, Ledger(budget), np.random.default_rng)
    costs = np.asarray(trajectory.cost_seconds)
    short = trajectory.fidelity.count(1)
    assert trajectory.fidelity == [1] * short + [4] * (len(costs) - short)
    assert costs[:short].sum() <= 0.3 * 80.0 < costs[:short].sum() + 2 * costs[:short].max()


def test_what_was_told_in_full_before_the_short_trainings_end_is_not_asked_again() -> None:
    task, budget = MadeTask(), Budget(epochs=120)
    start = task.space.sample(np.random.default_rng(5), 10)
    method = load_method("graph_vae")(
        problem_of(load_method("graph_vae"), task, budget), np.random.default_rng(0), pool=50, rounds=2
    )
    trajectory = run_trial(method, task, Ledger(budget), np.random.default_rng, start)
    told = {task.space.key(architecture) for architecture in start}
    later = zip(trajectory.architecture[10:], trajectory.fidelity[10:], strict=True)
    assert not told & {task.space.key(architecture) for architecture, fidelity in later if fidelity == 4}
    assert told <= set(method._ranker.architectures)


def test_a_small_space_is_trained_shortly_whole_and_then_in_full() -> None:
    task, budget = MadeTask(), Budget(epochs=400)
    method = load_method("graph_vae")(
        problem_of(load_method("graph_vae"), task, budget), np.random.default_rng(0), pool=50, rounds=2, partial=0.3
    )
    trajectory = run_trial(method, task, Ledger(budget), np.random.default_rng)
    size = task.space.size
    assert trajectory.fidelity == [1] * size + [4] * size
    assert trajectory.ended == "every architecture of the space has been proposed"


@pytest.mark.parametrize(
    ("settings", "budget"), [({"partial": 0.0}, Budget(epochs=80)), ({}, Budget(queries=20))], ids=["off", "queries"]
)
def test_all_trainings_are_full_without_partial_training(settings: dict, budget: Budget) -> None:
    task = MadeTask()
    method = load_method("graph_vae")(
        problem_of(load_method("graph_vae"), task, budget), np.random.default_rng(0), pool=50, rounds=2, **settings
    )
    trajectory = run_trial(method, task, Ledger(budget), np.random.default_rng)
    assert set(trajectory.fidelity) == {4}


def test_short_trainings_last_at_least_an_eighth_of_the_full_ones() -> None:
    assert PartialTraining((1, 2, 4, 8, 16), Budget(epochs=100), 0.3).fidelity == 2
    assert PartialTraining((1, 200), Budget(epochs=100), 0.3).fidelity is None
    assert PartialTraining((), Budget(epochs=100), 0.3).fidelity is None


def test_the_reach_of_the_noise_follows_the_share_of_what_is_new() -> None:
    method, _ = run_generator("graph_vae", MadeTask(), 12, n_initial=4, generation=2, pool=20, rounds=2)
    assert method._generator.reach > 0.5


@pytest.mark.parametrize(
    "ablation",
    [
        {"masked": False},
        {"trained": False},
        {"proposals": "mutation"},
        {"proposals": "uniform"},
        {"proposals": "prior"},
        {"proposals": "shuffled"},
        {"ascent": 0.0},
        {"edited": 0.0},
        {"guidance": 0.0},
        {"ranked": False},
        {"kernel": "decisions"},
    ],
    ids=str,
)
def test_every_ablation_plays(ablation: dict) -> None:
    _, trajectory = run_generator("graph_vae", Large(), 24, n_initial=10, generation=7, pool=50, **ablation)
    assert len(trajectory) == 24
    assert ("invalid" in trajectory.status) == (ablation == {"masked": False})


@pytest.mark.parametrize("rounds", [1, 2])
def test_no_process_has_a_say_where_none_picks_and_there_is_one_round(rounds: int) -> None:
    """So suites that leave the ranker out ask for one round: further ones climb the promise that it sees."""
    of_kernels = [
        run_generator("graph_vae", Large(), 20, n_initial=10, pool=30, rounds=rounds, ranked=False, kernel=kernel)[
            1
        ].architecture
        for kernel in ("structural", "decisions")
    ]
    assert (of_kernels[0] == of_kernels[1]) == (rounds == 1)
    unranked = [one for one in Suite.load("factorial").methods if one.label.startswith("graph_vae unranked")]
    assert [one.settings for one in unranked] == [{"ranked": False, "rounds": 1}] * 2


@pytest.mark.parametrize(
    "bad",
    [
        {"proposals": "x"},
        {"kernel": "latent"},
        {"backend": "jax"},
        {"ascent": 2.0},
        {"edited": -0.1},
        {"guidance": -1.0},
        {"partial": 1.0},
        {"rounds": 0},
        {"rounds": 101},
        {"elites": 0},
        {"temperature": -1.0},
        {"n_initial": 0},
    ],
    ids=str,
)
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict) -> None:
    with pytest.raises(SettingError, match="accepted"):
        load_method("graph_vae")(Problem(NasBench201(), Budget(queries=10)), np.random.default_rng(0), **bad)
