"""Evaluations of other tasks: which a search is told, and who is told."""

import json
from dataclasses import replace
from pathlib import Path

import made_tables
import numpy as np
import pytest

from equipoise.harness.core.errors import StoreError, SuiteError
from equipoise.harness.core.history_tasks import history_names, labels_told, missing_history, with_history
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method, Observation, Query
from equipoise.harness.core.protocol import protocol_of
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.session import run_suite
from equipoise.harness.engine.verify import verify
from equipoise.harness.engine.worker import forget_tasks
from equipoise.harness.store.join import join
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.load import load
from equipoise.reports.sections.provenance import provenance_section

HISTORY = ["nasbench201/cifar10", "nasbench201/cifar100", "nasbench201/fashion14", "nasbench_graph/cora"]
TRANSFER, SCRATCH = load_method("transfer_gp"), load_method("structural_gp")


def suite(methods=({"name": "transfer_gp"},), tasks=("nasbench201/cifar10",), **protocol) -> Suite:
    return Suite.from_dict(
        {
            "name": "told",
            "budget": {"queries": 4},
            "protocol": {"repeats": 2, "seed": 3, **protocol},
            "tasks": [{"name": task} for task in tasks],
            "methods": list(methods),
        }
    )


def table(path: Path, name: str, shift: float = 0.0) -> str:
    """Writes a table over a space of 12 architectures, and returns its name as a task."""
    header = {
        "format": "equipoise-table/1",
        "name": f"mine/{name}",
        "space": {
            "name": "mine",
            "decisions": [{"name": "a", "options": ["0", "1", "2", "3"]}, {"name": "b", "options": ["0", "1", "2"]}],
        },
        "metric": {"name": "error", "unit": "", "direction": "minimise", "offset": 0, "slope": 1},
        "validation": "v",
        "source": "s",
        "licence": "l",
    }
    rows = [f'"{a},{b}",{0.01 * (3 * a + b) + shift}' for a in range(4) for b in range(3)]
    path.write_text("\n".join([f"# {json.dumps(header)}", "architecture,validation_error", *rows]) + "\n")
    return f"table:{path}"


def told(cls, task: str, repeat: int = 1, **protocol):
    made = suite(tasks=(task,), **protocol)
    spec = next(one for one in made.runs() if one.repeat == repeat)
    loaded = load_task(task)
    return with_history(problem_of(cls, loaded, Budget(queries=4)), cls, loaded, spec).history


def test_other_spaces_and_the_same_images_are_left_out() -> None:
    names = [one.task for one in told(TRANSFER, "nasbench201/cifar10", history=HISTORY)]
    assert names == ["nasbench201/cifar100", "nasbench201/fashion14"]
    rules = protocol_of(
        {"repeats": 1, "seed": 0, "history": [f"transnas_micro/{name}" for name in ("jigsaw", "normal")]}
    )
    task = load_task("transnas_micro/class_scene")
    if task.skip() is None:
        assert history_names(task, rules, "") == (), "all seven tasks are of the images of Taskonomy"
    assert (
        load_task("training/nasbench201/digits").info.trained_on == load_task("training/darts/digits").info.trained_on
    )


@pytest.mark.parametrize(
    ("searched", "same"),
    [
        ("nasbench201/cifar10", "nasbench201_full/cifar10-curve"),
        ("nasbench201/cifar10", "nats_tss/cifar10-curve"),
        ("nasbench201/imagenet16-120", "naslib/nasbench201-ImageNet16-120"),
        ("transnas_micro/normal", "naslib/transbench101_micro-jigsaw"),
        ("nasbench301/cifar10", "nasbench301/cifar10-lgb"),
        ("nasbench_asr/timit", "nasbench_asr/timit-curve"),
    ],
)
def test_one_set_of_images_has_one_name(searched: str, same: str) -> None:
    first, second = load_task(searched), load_task(same)
    assert first.space == second.space
    assert first.info.trained_on == second.info.trained_on


def test_what_is_told_is_drawn_once_per_repeat_for_all_methods_and_tasks() -> None:
    first, second = (
        told(TRANSFER, "nasbench201/cifar10", repeat, history=HISTORY, history_size=20) for repeat in (1, 2)
    )
    elsewhere = told(TRANSFER, "nasbench201/fashion14", history=HISTORY, history_size=20)
    cifar100, task = first[0], load_task("nasbench201/cifar100")
    assert len(cifar100) == len(set(cifar100.architectures)) == 20
    assert cifar100.errors.tolist() == [task.expected(one) for one in cifar100.architectures]
    assert cifar100.architectures != second[0].architectures
    assert [one.architectures for one in elsewhere if one.task == cifar100.task] == [cifar100.architectures]


def test_an_edited_table_tells_its_new_errors(tmp_path: Path) -> None:
    searched, other = (
        made_tables.write(
            tmp_path / f"{name}.csv", made_tables.rows(), replace(made_tables.HEADER, name=f"mine/{name}")
        )
        for name in ("searched", "other")
    )
    history = [f"table:{other}"]
    (before,) = told(TRANSFER, f"table:{searched}", history=history, history_size=4)
    edited = [{**row, "validation_error": row["validation_error"] + 0.25} for row in made_tables.rows()]
    made_tables.write(other, edited, replace(made_tables.HEADER, name="mine/other"))
    forget_tasks()
    (after,) = told(TRANSFER, f"table:{searched}", history=history, history_size=4)
    np.testing.assert_allclose(after.errors - before.errors, 0.25)


def test_only_who_declares_it_is_told() -> None:
    assert told(SCRATCH, "nasbench201/cifar10", history=HISTORY) == ()
    assert labels_told(SCRATCH, load_task("nasbench201/cifar10"), suite(history=HISTORY).protocol, "") == {}


def test_a_small_space_is_told_whole_and_its_number_of_labels_stated(tmp_path: Path) -> None:
    first, second = (table(tmp_path / f"{name}.csv", name) for name in ("first", "second"))
    made = suite(tasks=(first,), history=[second])
    assert labels_told(TRANSFER, load_task(first), made.protocol, "") == {second: 12}
    assert [len(one) for one in told(TRANSFER, first, history=[second])] == [12]


def test_a_suite_with_a_history_by_path_keeps_its_folder() -> None:
    content = {**suite(history=["table:mine.csv"]).to_dict(), "folder": "/elsewhere"}
    again = Suite.from_dict(Suite.from_dict(content).to_dict())
    assert again.address("table:mine.csv") == "table:/elsewhere/mine.csv"
    assert "folder" not in Suite.from_dict({**suite(history=HISTORY).to_dict(), "folder": "/elsewhere"}).to_dict()


def test_suites_without_a_history_keep_their_ids() -> None:
    plain, with_it = suite(), suite(history=HISTORY)
    assert "history" not in json.dumps(plain.to_dict())
    assert "history_size" not in with_it.protocol.rules()
    assert Suite.from_dict(with_it.to_dict()) == with_it
    ids = [next(made.runs()).run_id for made in (plain, with_it, suite(history=HISTORY, history_size=50))]
    assert len(set(ids)) == 3
    assert ids[0] == "6baff26c670ee80cb077", "the id of a suite without a history"


def test_bad_histories_are_refused() -> None:
    with pytest.raises(SuiteError, match=r"\[protocol\]: history must be a list; got 'x'"):
        suite(history="x")
    with pytest.raises(SuiteError, match="named twice"):
        suite(history=["nasbench201/cifar10", "nasbench201/cifar10"])
    with pytest.raises(SuiteError, match="training/nasbench201/digits is no table"):
        told(TRANSFER, "nasbench201/cifar10", history=["training/nasbench201/digits"])
    reason = missing_history(TRANSFER, load_task("nasbench_graph/cora"), suite(history=HISTORY).protocol, "")
    assert "none of [protocol] history has the space of nasbench_graph/cora and other images" in str(reason)
    assert "name some in [protocol] history" in str(
        missing_history(TRANSFER, load_task("nasbench_graph/cora"), suite().protocol, "")
    )


def test_labels_stand_in_every_row_in_the_manifest_and_in_the_report(tmp_path: Path) -> None:
    made = suite(({"name": "transfer_gp"}, {"name": "random_search"}), history=HISTORY, history_size=12)
    run = run_suite(
        replace(made, protocol=replace(made.protocol, repeats=1)), tmp_path, workers=1, cluster="in-process"
    )
    assert run.stored == 2
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    entry = manifest["methods"]["transfer_gp (history 12)"]
    assert entry["history"] == {"nasbench201/cifar10": {"nasbench201/cifar100": 12, "nasbench201/fashion14": 12}}
    assert "history" not in manifest["methods"]["random_search"]
    results = load(tmp_path)
    assert set(results.labels) == {"transfer_gp (history 12)", "random_search"}
    shown = str(provenance_section(results))
    assert "24 of nasbench201/cifar100 and nasbench201/fashion14 on nasbench201/cifar10" in shown
    assert np.isfinite(results.regrets()).all()


class Taught(Method):
    """Learns from other tasks, and searches at random."""

    family, source = "baseline", "test"
    knowledge = ("decisions", "legality", "labels of other tasks")

    def ask(self) -> Query:
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation: Observation) -> None:
        pass


def test_results_are_not_added_to_with_other_data_of_the_history(tmp_path: Path) -> None:
    first, second = (table(tmp_path / f"{name}.csv", name) for name in ("first", "second"))
    taught = {"name": f"{__name__}:Taught", "label": "taught"}
    made = suite((taught, {"name": "random_search"}), (first,), history=[second], repeats=1)
    for folder in ("out", "old"):
        run_suite(made, tmp_path / folder, workers=1, cluster="in-process")
    manifest = RunStore(tmp_path / "out").manifest()
    assert manifest["methods"]["taught (history 100)"]["history"] == {first: {second: 12}}
    assert manifest["history"][second]["digest"] == load_task(second).info.data_digest
    assert list(manifest["tasks"]) == [first]
    assert verify(tmp_path / "out", 2, lambda _: None) == 0
    old = RunStore(tmp_path / "old")
    old.write_manifest({key: value for key, value in manifest.items() if key != "history"})
    table(tmp_path / "second.csv", "second", 0.5)
    for again in (made, made.changed(repeats=2)):
        with pytest.raises(StoreError, match=f"{tmp_path / 'out'} holds results with {second} on data .*; here"):
            run_suite(again, tmp_path / "out", workers=1, cluster="in-process")
    with pytest.raises(StoreError, match="Bring the same files"):
        verify(tmp_path / "out", 2, lambda _: None)
    run_suite(made.changed(("random_search",), 2), tmp_path / "out", workers=1, cluster="in-process")  # is told none
    assert RunStore(tmp_path / "out").manifest()["history"] == manifest["history"]
    run_suite(made, tmp_path / "new", workers=1, cluster="in-process")
    with pytest.raises(StoreError, match=f"they differ in the data of {second}; nothing was merged"):
        join([tmp_path / "out", tmp_path / "new"], tmp_path / "both")
    assert load(tmp_path / "old").labels == ("taught (history 100)", "random_search")
    stored = run_suite(made, tmp_path / "old", workers=1, cluster="in-process").stored
    assert stored == 2, "no digests were stored then"
