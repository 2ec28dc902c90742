"""Rules of a protocol in whole runs: held-out seeds, isomorphism, and several budgets."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from equipoise.harness.core.errors import StoreError, SuiteError
from equipoise.harness.core.isomorphism import ClassSpace, LabelSpace
from equipoise.harness.core.method import settings_of
from equipoise.harness.core.protocol import Protocol
from equipoise.harness.core.registry import (
    load_method,
    load_task,
    method_names,
    missing_packages,
    missing_requirements,
)
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.rules import CLASS_STALL_LIMIT, conflict, searched_task
from equipoise.harness.engine.session import run_suite
from equipoise.harness.engine.verify import verify
from equipoise.harness.engine.worker import execute_run
from equipoise.harness.store.manifest import check_same_suite, manifest_of, suite_differences
from equipoise.harness.store.run_store import RunStore

TEXT = """
name = "rules"
[budget]
queries = {queries}
[protocol]
repeats = {repeats}
seed = 5
{rules}
[[tasks]]
name = "{task}"
[[methods]]
name = "{method}"
"""


def suite_file(tmp_path: Path, rules: str = "", **changes: object) -> Path:
    told = {"queries": 12, "repeats": 3, "task": "nasbench201/fashion14", "method": "random_search", "rules": rules}
    path = tmp_path / "rules.toml"
    path.write_text(TEXT.format(**{**told, **changes}))
    return path


def run(tmp_path: Path, rules: str = "", **changes: object) -> RunStore:
    run_suite(Suite.load(suite_file(tmp_path, rules, **changes)), tmp_path / "out", workers=1, cluster="in-process")
    return RunStore(tmp_path / "out")


def specs(tmp_path: Path, rules: str = "", **changes: object) -> list:
    return list(Suite.load(suite_file(tmp_path, rules, **changes)).runs())


def test_rules_at_their_defaults_leave_ids_and_manifests_as_they_were(tmp_path: Path) -> None:
    (spec,) = specs(tmp_path, queries=30, repeats=1, task="nasbench201/cifar10")
    assert spec.run_id == "377aa468681a7d862947"  # of the version without these rules
    (again,) = specs(tmp_path, "seeds = 'all'\nisomorphism = 'own'", queries=30, repeats=1, task="nasbench201/cifar10")
    assert again.run_id == spec.run_id
    ids = {specs(tmp_path, rule, repeats=1)[0].run_id for rule in ("", "seeds = 'split'", "isomorphism = 'all'")}
    assert len(ids) == 3
    plain, split = Suite.load(suite_file(tmp_path)), Suite.load(suite_file(tmp_path, "seeds = 'split'"))
    assert {"seeds", "isomorphism"}.isdisjoint(plain.to_dict()["protocol"])
    assert Suite.from_dict(split.to_dict()) == split
    for stored, new in ((plain, split), (split, plain)):
        with pytest.raises(StoreError, match=r"differs in protocol\.seeds;"):
            check_same_suite({"suite": stored.to_dict()}, new, tmp_path)


def test_each_repeat_is_told_by_the_other_seeds(tmp_path: Path) -> None:
    frame = run(tmp_path, "seeds = 'split'").frame()
    task = load_task("nasbench201/fashion14")
    for repeat, held_out in ((1, 0), (2, 1), (3, 2)):
        view, rows = task.split(held_out), frame[frame.repeat == repeat]
        told = [view.expected(task.space.parse(str(text))) for text in rows.architecture]
        assert rows.validation_error.tolist() == told
        assert told != [task.expected(task.space.parse(str(text))) for text in rows.architecture]
    said: list[str] = []
    assert verify(tmp_path / "out", 3, said.append) == 0


def test_a_task_with_one_seed_is_not_applicable_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"nasbench_graph/cora stores one training seed of each architecture"):
        run(tmp_path, "seeds = 'split'", task="nasbench_graph/cora")
    both = 'nasbench_graph/cora"\n[[tasks]]\nname = "nasbench201/cifar10'
    store = run(tmp_path, "seeds = 'split'", task=both)
    (entry,) = (store.manifest() or {})["left_out"]
    assert (entry["method"], entry["task"]) == ("random_search", "nasbench_graph/cora")
    assert "set seeds = 'all'" in entry["reason"]
    assert set(store.frame().task) == {"nasbench201/cifar10"}


@pytest.mark.parametrize(("rule", "kind"), [("none", LabelSpace), ("all", ClassSpace)])
def test_methods_are_given_the_space_of_the_rule(tmp_path: Path, rule: str, kind: type) -> None:
    (spec,) = specs(tmp_path, f"isomorphism = '{rule}'", repeats=1, method="plugins_for_tests:TellsItsSpace")
    with pytest.raises(RuntimeError, match=kind.__name__):
        execute_run(spec)


@pytest.mark.parametrize("method", ["regularized_evolution", "local_search", "optuna"])
@pytest.mark.parametrize("task", ["nasbench201/cifar10", "nasbench_graph/proteins"])
def test_without_isomorphism_the_task_answers_as_ever(tmp_path: Path, method: str, task: str) -> None:
    (spec,) = specs(tmp_path, "isomorphism = 'none'", repeats=1, queries=60, method=method, task=task)
    trajectory, oracle = execute_run(spec).trajectory, load_task(task)
    assert len(trajectory) == sum(trajectory.charge) == 60
    for architecture, error, status in zip(
        trajectory.architecture, trajectory.validation_error, trajectory.status, strict=True
    ):
        assert status == "invalid" or error == oracle.expected(architecture)
    keys = [
        oracle.space.key(a) for a, s in zip(trajectory.architecture, trajectory.status, strict=True) if s != "invalid"
    ]
    assert trajectory.status.count("ok") == len(set(keys))  # the report's unique architectures


@pytest.mark.parametrize("method", ["random_search", "regularized_evolution", "local_search", "optuna"])
@pytest.mark.parametrize("task", ["nasbench201/cifar10", "nasbench_graph/proteins"])
def test_with_isomorphism_for_all_each_class_is_charged_once(tmp_path: Path, method: str, task: str) -> None:
    (spec,) = specs(tmp_path, "isomorphism = 'all'", repeats=1, queries=60, method=method, task=task)
    trajectory, oracle = execute_run(spec).trajectory, load_task(task)
    charged = [a for a, charge in zip(trajectory.architecture, trajectory.charge, strict=True) if charge]
    valid = [a for a, status in zip(trajectory.architecture, trajectory.status, strict=True) if status != "invalid"]
    assert sum(trajectory.charge) == 60
    assert all(oracle.space.canonical(a) == a for a in valid)
    assert len({a for a in charged if a in set(valid)}) == trajectory.status.count("ok")
    first = dict(zip(reversed(trajectory.architecture), reversed(trajectory.validation_error), strict=True))
    for architecture, error in zip(trajectory.architecture, trajectory.validation_error, strict=True):
        assert error == first[architecture]
        assert architecture not in set(valid) or error == oracle.expected(architecture)


CHEAP = [name for name in method_names() if not load_method(name).costly]


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["none", "all"])
@pytest.mark.parametrize("method", CHEAP)
def test_methods_search_under_each_rule(tmp_path: Path, method: str, rule: str) -> None:
    """On the space whose classes have the most labels, and by fidelities where the method needs them."""
    cls, task = load_method(method), "nasbench_graph/proteins"
    settings = cls.check_settings
    if cls.requirements(settings_of(cls, settings, method)).fidelities:
        task = "nasbench201/fashion14"
    if missing_packages(cls) or missing_requirements(cls, load_task(task), settings):
        pytest.skip("not applicable here")
    path = suite_file(tmp_path, f"isomorphism = '{rule}'", repeats=1, queries=30, method=method, task=task)
    path.write_text(
        path.read_text() + "[methods.settings]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in settings.items())
    )
    (spec,) = Suite.load(path).runs()
    trajectory, space = execute_run(spec).trajectory, load_task(task).space
    assert trajectory.ended == ""
    assert sum(trajectory.charge) == pytest.approx(30)
    valid = [a for a, status in zip(trajectory.architecture, trajectory.status, strict=True) if status != "invalid"]
    if rule == "all":
        assert all(space.canonical(a) == a for a in valid)
    assert execute_run(spec).trajectory.architecture == trajectory.architecture


def test_a_method_that_repeats_one_class_stalls(tmp_path: Path) -> None:
    (spec,) = specs(tmp_path, "isomorphism = 'all'", repeats=1, method="plugins_for_tests:OneClass")
    trajectory = execute_run(spec).trajectory
    assert len(trajectory) == 1 + CLASS_STALL_LIMIT
    assert (sum(trajectory.charge), trajectory.unspent) == (1, 11)
    assert "stalled" in trajectory.ended
    (spec,) = specs(tmp_path, repeats=1, method="plugins_for_tests:OneClass")
    assert len(execute_run(spec).trajectory) == 12


def test_a_method_is_run_for_each_budget_and_knows_it(tmp_path: Path) -> None:
    store = run(tmp_path, queries=[4, 9], method="plugins_for_tests:ByBudget", repeats=2)
    frame = store.frame()
    assert frame.groupby(["budget", "repeat"]).size().to_dict() == {(4, 1): 4, (4, 2): 4, (9, 1): 9, (9, 2): 9}
    assert set(frame[frame.budget == 4].architecture) == {load_task("nasbench201/fashion14").space.format((4,) * 6)}
    assert len(set(frame[frame.budget == 9].architecture)) == 1
    assert {summary.budget for summary in store.summaries().values()} == {4, 9}
    said: list[str] = []
    assert verify(tmp_path / "out", 4, said.append) == 0
    assert {line.partition(" of ")[2] for line in said if ", repeat" in line} == {"4 queries: same", "9 queries: same"}


def test_a_run_of_one_budget_that_is_lost_is_repeated_alone(tmp_path: Path) -> None:
    store = run(tmp_path, queries=[4, 9], repeats=2)
    before = store.frame()
    part = next(part for part in store.parts() if set(pd.read_parquet(part).budget) == {4.0})
    part.unlink()
    assert len(RunStore(store.path).summaries()) < 4
    after = run(tmp_path, queries=[4, 9], repeats=2).frame()
    columns = [c for c in before if c not in ("overhead_seconds",)]
    assert before[columns].equals(after[columns])


def test_a_budget_may_be_added_to_stored_results_and_no_other_taken(tmp_path: Path) -> None:
    before = run(tmp_path, queries=9, repeats=2)
    stored = before.parts()
    after = run(tmp_path, queries=[4, 9], repeats=2)
    assert set(stored) < set(after.parts())
    assert sorted(summary.budget for summary in after.summaries().values()) == [4, 4, 9, 9]
    assert run(tmp_path, queries=9, repeats=2).manifest()["suite"]["budget"] == {"queries": [4, 9]}
    with pytest.raises(StoreError, match="differs in budget;"):
        run(tmp_path, queries=5)


def test_budgets_are_read_and_written(tmp_path: Path) -> None:
    suite = Suite.load(suite_file(tmp_path, queries=[30, 100]))
    assert [budget.queries for budget in suite.budgets] == [30, 100]
    assert suite.budget.queries == 100
    assert suite.to_dict()["budget"] == {"queries": [30, 100]}
    assert Suite.from_dict(suite.to_dict()) == suite
    assert [budget.queries for budget in suite.changed(queries=7).budgets] == [7]
    one = Suite.load(suite_file(tmp_path, queries=[30]))
    assert one == Suite.load(suite_file(tmp_path, queries=30))
    assert len({spec.run_id for spec in suite.runs()}) == 6


@pytest.mark.parametrize(
    ("queries", "words"),
    [
        ("[]", "not a list of ascending numbers"),
        ("[100, 30]", "not a list of ascending numbers"),
        ("[30, 30]", "not a list of ascending numbers"),
        ("[30, 0]", "queries = 0"),
        ("[30, 1.5]", "queries = 1.5"),
        ("[30, 100]\nepochs = 9", "a list of one unit; got queries, epochs"),
    ],
)
def test_budgets_that_are_none_are_refused(tmp_path: Path, queries: str, words: str) -> None:
    with pytest.raises(SuiteError, match=words.replace("[", r"\[")):
        Suite.load(suite_file(tmp_path, queries=queries))


@pytest.mark.parametrize(("rule", "words"), [("seeds = 'splt'", "split"), ("isomorphism = 'al'", "all")])
def test_a_rule_that_is_none_is_refused(tmp_path: Path, rule: str, words: str) -> None:
    with pytest.raises(SuiteError, match=f"did you mean '{words}'"):
        Suite.load(suite_file(tmp_path, rule))


def test_a_view_is_made_once_per_seed() -> None:
    task, rules = load_task("nasbench201/cifar10"), Protocol(repeats=1, seed=0, seeds="split")
    assert searched_task(task, rules, 1) is searched_task(task, rules, 3)
    assert searched_task(task, rules, 1) is not searched_task(task, rules, 2)
    assert searched_task(task, Protocol(repeats=1, seed=0), 1) is task
    assert np.isfinite(searched_task(task, rules, 2).landscape()).all()


def test_hyperband_pays_the_further_epochs_where_training_goes_on(tmp_path: Path) -> None:
    """Each charge is what was not trained before, and the same budget buys more proposals."""
    path = suite_file(tmp_path, "continue_training = true", method="hyperband")
    path.write_text(path.read_text().replace("queries = 12", "epochs = 400"))
    (spec, *_) = Suite.load(path).runs()
    rows = execute_run(spec).trajectory
    longest: dict[tuple[int, ...], int] = {}
    for architecture, epochs, charge, status in zip(
        rows.architecture, rows.fidelity, rows.charge, rows.status, strict=True
    ):
        if status == "ok":
            assert charge == epochs - longest.get(architecture, 0)
            longest[architecture] = epochs
    path.write_text(path.read_text().replace("continue_training = true", ""))
    (plain, *_) = Suite.load(path).runs()
    assert plain.run_id != spec.run_id
    assert len(execute_run(plain).trajectory) < len(rows)
    assert any(charge < epochs for charge, epochs in zip(rows.charge, rows.fidelity, strict=True))


@pytest.mark.parametrize("rule", ["isomorphism = 'all'", "continue_training = true", "invalid = 'redraw'"])
def test_results_are_not_added_to_under_other_rules_of_a_method(tmp_path: Path, rule: str) -> None:
    path = suite_file(tmp_path)
    path.write_text(path.read_text().replace("queries = 12", "epochs = 400"))
    plain = Suite.load(path)
    path.write_text(f"{path.read_text()}\n{rule}\n")
    other = Suite.load(path)
    assert next(plain.runs()).run_id != next(other.runs()).run_id
    label = plain.methods[0].label
    assert suite_differences(plain.to_dict(), other.to_dict()) == [f"the settings of {label}"]
    assert suite_differences(other.to_dict(), plain.to_dict()) == [f"the settings of {label}"]
    assert suite_differences(plain.changed(repeats=9).to_dict(), plain.to_dict()) == []


def test_the_report_tells_the_rules_of_a_method(tmp_path: Path) -> None:
    path = suite_file(tmp_path)
    path.write_text(f"{path.read_text()}\ninvalid = 'redraw'\n")
    told = manifest_of(Suite.load(path), [], [])["methods"]["random_search"]
    assert told["changed"] == {"invalid": "redraw"}
    path = suite_file(tmp_path)
    assert manifest_of(Suite.load(path), [], [])["methods"]["random_search"]["changed"] == {}


def test_training_goes_on_only_where_it_can(tmp_path: Path) -> None:
    rule = "continue_training = true"
    with pytest.raises(SuiteError, match="continue_training = true: a query costs one query"):
        Suite.load(suite_file(tmp_path, rule))
    with pytest.raises(SuiteError, match="continue_training = 'yes' is neither true nor false"):
        Suite.load(suite_file(tmp_path, "continue_training = 'yes'"))
    by_epochs = Protocol(repeats=1, seed=1, continue_training=True)
    assert conflict(load_task("nasbench201/fashion14"), by_epochs) is None
    assert conflict(load_task("nasbench_graph/cora"), by_epochs) is None  # one length: nothing to go on from
    assert "holds trainings of 4, 12, 36, 108 epochs, none of which goes on from another" in str(
        conflict(load_task("nasbench101-surrogate/cifar10"), by_epochs)
    )
