"""What holds for the weight-sharing methods: darts, gdas, rs_ws."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
from one_shot_runs import TASK, WHOLE, make_one_shot, run_one_shot

from equipoise.harness.core.errors import RunError, SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method
from equipoise.harness.core.registry import load_method, load_task, missing_requirements, problem_of
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.session import run_suite
from equipoise.harness.engine.worker import execute_run
from equipoise.harness.store.run_store import RunStore

ONE_SHOT = ("darts", "gdas", "rs_ws")


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
    trajectory = run_one_shot(make_one_shot(name, Budget(queries=7), epochs=7, derive="every", **settings))
    assert len(trajectory) == 7
    assert trajectory.charge == pytest.approx([1.0 + an_epoch / WHOLE] * 7)
    as_published = run_one_shot(make_one_shot(name, Budget(queries=2), epochs=7, **settings))
    assert as_published.charge == pytest.approx([1.0 + 7 * an_epoch / WHOLE] * 2)
    assert as_published.architecture[0] == trajectory.architecture[-1]  # of the first search


@pytest.mark.parametrize("name", ["darts", "gdas"])
def test_a_number_of_updates_decides_the_epochs(name: str) -> None:
    """32 images train the weights in batches of 8: 17 updates are 4.25 epochs, so 4."""
    found = {}
    for settings in ({"epochs": 4}, {"epochs": 99, "updates": 17}):
        method = make_one_shot(name, batch_size=8, **settings)
        found[str(settings)] = method.ask()
    first, second = found.values()
    assert first == second


def test_a_budget_that_the_training_spends_ends_the_run_with_the_reason() -> None:
    trajectory = run_one_shot(
        make_one_shot("darts", Budget(queries=20), epochs=20, most_images=None, derive="every"),
        budget=Budget(queries=1),
    )
    assert len(trajectory) == 1
    assert trajectory.charge[0] > 1.0
    ended = run_one_shot(_Greedy(problem_of(_Greedy, TASK, Budget(queries=5)), np.random.default_rng(0)))
    assert (len(ended), ended.charge) == (2, [2.5, 2.5])
    assert ended.unspent == 0
    again = run_one_shot(_Greedy(problem_of(_Greedy, TASK, Budget(queries=3)), np.random.default_rng(0)))
    assert (len(again), again.charge) == (1, [2.5])
    assert "own training spent" in again.ended


class _Greedy(Method):
    """Trains for one and a half networks before each proposal."""

    family = "one-shot"
    source = "a test"

    def ask(self):
        from equipoise.harness.core.method import Query

        return Query(self.space.sample(self.rng, 1)[0], training_cost=1.5)

    def tell(self, observation) -> None:
        pass


def test_budgets_in_seconds_and_epochs_are_charged_alike() -> None:
    greedy = _Greedy(problem_of(_Greedy, TASK, Budget(epochs=1000)), np.random.default_rng(0))
    by_epochs = run_one_shot(greedy, budget=Budget(epochs=1000))
    assert by_epochs.charge == [1.5 * 200 + 200] * 2
    greedy = _Greedy(problem_of(_Greedy, TASK, Budget(cost_seconds=1e5)), np.random.default_rng(0))
    by_seconds = run_one_shot(greedy, budget=Budget(cost_seconds=1e5))
    mean = TASK.mean_cost_seconds
    assert mean == pytest.approx(np.mean([TASK.evaluate(a, None, None).cost_seconds for a in TASK.space.enumerate()]))  # type: ignore[arg-type]
    assert [c - s for c, s in zip(by_seconds.charge, by_seconds.cost_seconds, strict=True)] == pytest.approx(
        [1.5 * mean] * len(by_seconds)
    )


def test_seconds_that_nobody_knows_cannot_be_charged() -> None:
    task = load_task("nasbench_graph/cora")
    greedy = _Greedy(problem_of(_Greedy, task, Budget(cost_seconds=10)), np.random.default_rng(0))
    with pytest.raises(RunError, match=r"set \[budget\] queries or epochs"):
        run_one_shot(greedy, task)


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
        make_one_shot(name, **settings)


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
        make_one_shot(name, images="cifar10")


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
settings = { images = "fashion14", epochs = 1, most_images = 32 }
"""


def test_a_proxy_is_labelled_in_every_row_and_a_run_repeats(tmp_path: Path) -> None:
    (tmp_path / "suite.toml").write_text(SUITE)
    assert not run_suite(
        Suite.load(tmp_path / "suite.toml"), tmp_path / "out", workers=1, cluster="in-process"
    ).failures
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
