"""The loop of the graph VAE and its relatives: what is ranked, proposed, repeated and refused."""

import numpy as np
import pytest
from method_runs import run_generator

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Problem, Query
from equipoise.harness.core.registry import load_method
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_graph import NasBenchGraph
from tests.made import MadeTask

torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")

from equipoise.methods._shared.gp import Ranker, expected_improvement  # noqa: E402
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


def test_the_temperature_rises_when_little_is_new() -> None:
    method, _ = run_generator("graph_vae", MadeTask(), 12, n_initial=4, generation=2, pool=10)
    assert method.temperature > 1.0


def test_early_generations_are_asked_at_the_lowest_fidelity_and_their_best_again() -> None:
    settings = {"n_initial": 4, "generation": 2, "pool": 6, "partial_generations": 2}
    _, trajectory = run_generator("graph_vae", MadeTask(), 13, **settings)
    assert trajectory.fidelity[:8] == [1] * 8
    assert trajectory.fidelity[8:] == [4] * 5
    ranked = sorted(range(8), key=lambda row: trajectory.validation_error[row])
    assert trajectory.architecture[8:10] == [trajectory.architecture[row] for row in ranked[:2]]


@pytest.mark.parametrize(
    "ablation",
    [
        {"masked": False},
        {"train_steps": 0},
        {"proposals": "mutation"},
        {"latents": "graph"},
        {"property_weight": 0.0},
        {"ascent": 0.0},
        {"pretrain_steps": 5},
        {"ranked": False},
        {"local": False},
        {"kernel": "graph"},
        {"kernel": "structural"},
    ],
    ids=str,
)
def test_every_ablation_plays(ablation: dict) -> None:
    class Small(MadeTask):
        space = NasBench101()

    _, trajectory = run_generator("graph_vae", Small(), 24, n_initial=10, generation=7, pool=20, **ablation)
    assert len(trajectory) == 24
    assert ("invalid" in trajectory.status) == (ablation == {"masked": False})


@pytest.mark.parametrize(
    "bad",
    [
        {"proposals": "x"},
        {"kernel": "latent"},
        {"train_runs": 0},
        {"latents": "edge"},
        {"backend": "jax"},
        {"ascent": 2.0},
        {"train_steps": -1},
        {"pool": 5},
        {"hidden": 0},
        {"partial_generations": -1},
    ],
    ids=str,
)
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict) -> None:
    with pytest.raises(SettingError, match="accepted"):
        load_method("graph_vae")(Problem(NasBench201(), Budget(queries=10)), np.random.default_rng(0), **bad)
