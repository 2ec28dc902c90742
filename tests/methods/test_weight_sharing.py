"""Weight sharing: what its training costs, what it derives, where it cannot play, and how a proxy is labelled."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch
from torch.nn.functional import cross_entropy

from equipoise.harness.core.errors import RunError, SettingError, SpaceError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method
from equipoise.harness.core.registry import load_method, load_task, missing_requirements, problem_of
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.engine.session import run_suite
from equipoise.harness.engine.worker import execute_run
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.training.images import load
from equipoise.harness.training.recipe import Recipe
from equipoise.harness.training.supernet import mixture
from equipoise.harness.training.weight_sharing import SharedWeights

TASK = load_task("nasbench201/cifar10")
ONE_SHOT = ("darts", "gdas", "rs_ws")
FEW = 64
WHOLE = 8 * 3000
"""Image passes of a stand-alone training on fashion14: epochs times training images."""


def make(name: str, budget: Budget | None = None, **settings: object) -> Method:
    cls = load_method(name)
    given = {**cls.checked_with, "most_images": FEW, **settings}
    problem = problem_of(cls, TASK, budget or Budget(queries=20), given)
    return cls(problem, np.random.default_rng(0), **given)


def played(method: Method, task=TASK, budget: Budget | None = None) -> Trajectory:
    return run_trial(method, task, Ledger(budget or method.problem.budget), lambda _: np.random.default_rng(0))


def shared_weights(**recipe: object) -> SharedWeights:
    settings = {"epochs": 4, "batch_size": 32, "learning_rate": 0.05, **recipe}
    return SharedWeights(NasBench201(), load("fashion14"), Recipe(**settings), torch.Generator().manual_seed(3), FEW)


@pytest.mark.parametrize(
    ("name", "settings", "an_epoch"),
    [
        ("darts", {"order": 1}, 32 * 4.4 * 2),
        ("darts", {"order": 2}, 32 * 4.4 * 5),
        ("gdas", {}, 32 * 1.5 * 2),
    ],
)
def test_an_epoch_costs_its_passes_and_its_cell_a_query(name: str, settings: dict, an_epoch: float) -> None:
    """32 images train the weights, 32 judge; the prices are those of the supernet."""
    trajectory = played(make(name, Budget(queries=7), epochs=7, **settings))
    assert len(trajectory) == 7
    assert trajectory.charge == pytest.approx([1.0 + an_epoch / WHOLE] * 7)


def test_the_supernet_and_its_price_follow_what_the_name_of_a_task_sets() -> None:
    """Half the epochs make a stand-alone training half as long, and each search worth twice as much."""
    made = {}
    for name in ("training/nasbench201/fashion14", "training/nasbench201/fashion14,epochs=4,channels=4"):
        cls, task = load_method("darts"), load_task(name)
        given = {**cls.checked_with, "images": None}
        made[name] = cls(problem_of(cls, task, Budget(queries=5), given), np.random.default_rng(0), **given)
        made[name].ask()
    usual, changed = made.values()
    assert changed.trainings == pytest.approx(2 * usual.trainings)
    stems = [method._shared.supernet.body[0].out_channels for method in (usual, changed)]  # type: ignore[attr-defined]
    assert stems == [8, 4]


def test_the_ranking_is_paid_for_once_and_each_candidate_with_a_query() -> None:
    method = make("rs_ws", Budget(queries=10), epochs=2, candidates=8, judging_batches=1)
    trajectory = played(method)
    training = 2 * 32 * 1.2
    judging = 8 * 32 * 0.45 * 2  # all are finalists: again on the whole half, which is one batch here
    assert trajectory.charge[0] == pytest.approx(1.0 + (training + judging) / WHOLE)
    assert trajectory.charge[1:8] == [1.0] * 7
    assert trajectory.charge[8] > 1.0  # the next search has begun


def test_candidates_come_in_the_order_of_their_shared_weights() -> None:
    method = make("rs_ws", epochs=2, candidates=12, judging_batches=2)
    asked = [method.ask().architecture for _ in range(12)]
    assert len(set(asked)) == 12
    generator = torch.Generator().manual_seed(int(np.random.default_rng(0).integers(2**62)))
    # the same search, by hand
    rng = np.random.default_rng(0)
    rng.integers(2**62)
    shared = SharedWeights(TASK.space, load("fashion14"), method._recipe, generator, FEW)  # type: ignore[attr-defined]
    for _ in range(2):
        for training, _judging in shared.epoch():
            shared.step(training, shared.supernet.path(TASK.space.sample(rng, 1)[0]), "path")
    judges = shared.judges(64, 2)
    errors = [shared.error(judges, shared.supernet.path(one)) for one in asked]
    assert errors == sorted(errors)
    assert set(asked) == set(TASK.space.sample(rng, 12))


def test_a_budget_that_the_training_spends_ends_the_run_with_the_reason() -> None:
    trajectory = played(make("darts", Budget(queries=20), epochs=20, most_images=None), budget=Budget(queries=1))
    assert len(trajectory) == 1
    assert trajectory.charge[0] > 1.0
    ended = played(_Greedy(problem_of(_Greedy, TASK, Budget(queries=5)), np.random.default_rng(0)))
    assert (len(ended), ended.charge) == (2, [2.5, 2.5])
    assert ended.shortfall == 0
    again = played(_Greedy(problem_of(_Greedy, TASK, Budget(queries=3)), np.random.default_rng(0)))
    assert (len(again), again.charge) == (1, [2.5])
    assert "own training spent" in again.ended


class _Greedy(Method):
    """Trains for one and a half networks before each proposal."""

    family = "one-shot"
    source = "a test"

    def ask(self):
        from equipoise.harness.core.method import Query

        self.trainings += 1.5
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation) -> None:
        pass


def test_budgets_in_seconds_and_epochs_are_charged_alike() -> None:
    greedy = _Greedy(problem_of(_Greedy, TASK, Budget(epochs=1000)), np.random.default_rng(0))
    by_epochs = played(greedy, budget=Budget(epochs=1000))
    assert by_epochs.charge == [1.5 * 200 + 200] * 2
    greedy = _Greedy(problem_of(_Greedy, TASK, Budget(cost_seconds=1e5)), np.random.default_rng(0))
    by_seconds = played(greedy, budget=Budget(cost_seconds=1e5))
    mean = TASK.mean_cost_seconds
    assert mean == pytest.approx(np.mean([TASK.evaluate(a, None, None).cost_seconds for a in TASK.space.enumerate()]))  # type: ignore[arg-type]
    assert [c - s for c, s in zip(by_seconds.charge, by_seconds.cost_seconds, strict=True)] == pytest.approx(
        [1.5 * mean] * len(by_seconds)
    )


def test_seconds_that_nobody_knows_cannot_be_charged() -> None:
    task = load_task("nasbench_graph/cora")
    greedy = _Greedy(problem_of(_Greedy, task, Budget(cost_seconds=10)), np.random.default_rng(0))
    with pytest.raises(RunError, match=r"set \[budget\] queries or epochs"):
        played(greedy, task)


def test_the_halves_are_disjoint_and_of_the_training_images_only() -> None:
    shared, images = shared_weights(), load("fashion14")
    assert not set(shared._train.tolist()) & set(shared._held.tolist())
    assert len(shared._train) == len(shared._held) == FEW // 2
    known = {row.tobytes() for row in images.x["train"]}
    batches = [part for pair in shared.epoch() for part in pair]
    back = np.rint((torch.cat([x for x, _ in batches]).numpy() * images.scale[1][0] + images.scale[0][0]) * 255)
    assert {row.tobytes() for row in back.astype(np.uint8)} <= known


def test_the_drift_is_what_the_optimiser_adds_to_the_gradient() -> None:
    shared = shared_weights(weight_decay=0.01, gradient_clip=None)
    alphas = [torch.zeros(6, 5)]
    batches = [training for training, _ in shared.epoch() for _ in range(3)]
    for batch in batches:
        weights = dict(shared.supernet.named_parameters())
        rate, drift = shared.rate, shared.drift()
        loss = cross_entropy(shared.supernet(batch[0], mixture(alphas)), batch[1])
        slopes = torch.autograd.grad(loss, list(weights.values()))
        expected = {n: w - rate * (drift[n] + g) for (n, w), g in zip(weights.items(), slopes, strict=True)}
        shared.step(batch, mixture(alphas), "mixture")
        for name, weight in shared.supernet.named_parameters():
            torch.testing.assert_close(weight, expected[name], rtol=1e-4, atol=1e-6)


def test_the_weights_learn() -> None:
    shared = shared_weights(learning_rate=0.1)
    path = shared.supernet.path((3, 3, 1, 3, 1, 3))
    batch = next(training for training, _ in shared.epoch())
    before = shared.loss(batch, path, "path").item()
    for _ in range(20):
        shared._done = 0  # the schedule stays at its top
        shared.step(batch, path, "path")
    assert shared.loss(batch, path, "path").item() < before / 2


def test_darts_moves_towards_what_lowers_the_judging_loss() -> None:
    """With the weights fixed, the architecture's own steps lower the loss of the half that judges."""
    method = make("darts", architecture_learning_rate=0.05)
    shared = shared_weights(learning_rate=1e-9)
    alphas = shared.supernet.alphas(torch.Generator().manual_seed(0))
    adam = torch.optim.Adam(alphas, lr=0.05, betas=(0.5, 0.999))
    pair = next(shared.epoch())
    losses = []
    for _ in range(15):
        losses.append(shared.loss(pair[1], mixture(alphas), "mixture").item())
        for alpha, slope in zip(alphas, method._gradient(shared, alphas, *pair), strict=True):  # type: ignore[attr-defined]
            alpha.grad = slope
        adam.step()
    assert losses[-1] < losses[0] - 1e-3


@pytest.mark.parametrize("name", ONE_SHOT)
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": 0}, "epochs = 0"),
        ({"batch_size": 0}, "batch_size = 0"),
        ({"learning_rate": -1.0}, "learning_rate = -1.0"),
        ({"final_learning_rate": 1.0}, "is above"),
        ({"most_images": 1}, "most_images = 1; accepted: whole numbers from 4 on"),
        ({"gradient_clip": 0.0}, "gradient_clip = 0.0; accepted: numbers above 0"),
    ],
)
def test_bad_settings_are_refused_before_the_first_query(name: str, settings: dict, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        make(name, **settings)


def test_settings_of_one_method_are_refused_too() -> None:
    for name, settings, said in (
        ("darts", {"order": 3}, "order = 3; accepted: 1, 2"),
        ("gdas", {"final_temperature": 20.0}, "is above"),
        ("rs_ws", {"candidates": 0}, "candidates = 0"),
    ):
        with pytest.raises(SettingError, match=said):
            make(name, **settings)


@pytest.mark.parametrize("name", ONE_SHOT)
def test_images_that_are_missing_are_named_with_how_to_get_them(name, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    monkeypatch.delenv("EQUIPOISE_MIRROR", raising=False)
    cls = load_method(name)
    assert "equipoise data fetch cifar10" in (missing_requirements(cls, TASK) or "")
    assert "does not have images" in (missing_requirements(cls, load_task("nasbench201/imagenet16-120")) or "")
    assert missing_requirements(cls, load_task("training/nasbench201/fashion14")) is None
    assert missing_requirements(cls, TASK, {"images": "fashion14"}) is None
    with pytest.raises(SettingError, match=r"images = 'cifar10': .*equipoise data fetch cifar10"):
        make(name, images="cifar10")


def test_a_space_without_a_supernet_is_not_applicable() -> None:
    cls = load_method("darts")
    task = load_task("nasbench_graph/cora")
    with pytest.raises(SpaceError, match="needs a supernet"):
        cls(problem_of(cls, task, Budget(queries=5), cls.checked_with), np.random.default_rng(0), **cls.checked_with)


def test_a_suite_is_checked_without_loading_pytorch() -> None:
    code = (
        "import sys, numpy as np; from equipoise.harness.core.ledger import Budget\n"
        "from equipoise.harness.core.registry import *\n"
        "cls, task, given = load_method('darts'), load_task('nasbench201/cifar10'), {'images': 'fashion14'}\n"
        "cls(problem_of(cls, task, Budget(queries=5), given), np.random.default_rng(0), **given)\n"
        "sys.exit('torch' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


SUITE = """
name = "shared"
[budget]
queries = 4
[protocol]
repeats = 1
seed = 1
[[tasks]]
name = "nasbench201/cifar100"
[[tasks]]
name = "nasbench_graph/cora"
[[methods]]
name = "random_search"
[[methods]]
name = "darts"
settings = { images = "fashion14", epochs = 4, most_images = 32 }
"""


def test_a_proxy_is_labelled_in_every_row_and_a_run_repeats(tmp_path: Path) -> None:
    (tmp_path / "suite.toml").write_text(SUITE)
    assert not run_suite(Suite.load(tmp_path / "suite.toml"), tmp_path / "out", workers=1).failures
    store = RunStore(tmp_path / "out")
    frame = store.frame()
    assert set(frame.method) == {"random_search", "darts (proxy: fashion14)"}
    manifest = store.manifest()
    assert manifest is not None
    reasons = {(entry["method"], entry["task"]): entry["reason"] for entry in manifest["left_out"]}
    assert "supernet" in reasons["darts (proxy: fashion14)", "nasbench_graph/cora"]

    spec = next(s for s in Suite.from_dict(manifest["suite"]).runs() if s.method == "darts")
    rows = frame[frame.method == "darts (proxy: fashion14)"]
    again = execute_run(spec).trajectory
    assert rows.charge.tolist() == again.charge
    assert rows.architecture.tolist() == [TASK.space.format(a) for a in again.architecture]
