"""Judgement on what was not searched: held-out seeds, noise floors, budgets, knowledge, tuning and factors."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import played, suite

from equipoise.harness.core.registry import load_task
from equipoise.harness.store.manifest import manifest_of
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.analysis import Analysis
from equipoise.reports.compose import compose
from equipoise.reports.document import Table
from equipoise.reports.load import load
from equipoise.reports.results import Results
from equipoise.reports.sections.answer import answer_section
from equipoise.reports.sections.budgets import budgets_section
from equipoise.reports.sections.factorial import factorial_section
from equipoise.reports.sections.knowledge import knowledge_section, pairs_of
from equipoise.reports.sections.regrets import regrets_table
from equipoise.reports.sections.tuning import tuning_section

FASHION, CIFAR = "nasbench201/fashion14", "nasbench201/cifar10"
METHODS = (
    {"name": "regularized_evolution", "settings": {"population": 5, "sample": 2}},
    {"name": "optuna"},
    {"name": "random_search"},
)


def known(manifest: dict[str, Any]) -> None:
    """Declares what the methods know, as the engine's manifest does."""
    said = {
        "regularized_evolution": ("published", ["decisions", "legality", "isomorphism"], ["nasbench201/cif*"], "nas"),
        "optuna": ("library", ["decisions"], [], "hpo"),
        "random_search": ("published", ["decisions", "legality", "isomorphism"], [], "baseline"),
    }
    for entry in manifest["methods"].values():
        origin, knowledge, tuned_on, family = said[entry["name"]]
        entry.update(origin=origin, knowledge=knowledge, tuned_on=tuned_on, family=family)
    for entry in manifest["suite"]["methods"]:
        if entry.get("factors"):
            manifest["methods"][entry["label"]]["factors"] = dict(entry["factors"])


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chosen = suite(METHODS, (FASHION, CIFAR), {"queries": 20}, repeats=6, seeds="split")
    return played(tmp_path_factory.mktemp("split"), chosen, known)


@pytest.fixture(scope="module")
def budgets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chosen = suite(METHODS, (FASHION, "nasbench_graph/proteins"), {"queries": [8, 25]}, repeats=4)
    return played(tmp_path_factory.mktemp("budgets"), chosen, known)


@pytest.mark.parametrize("name", [FASHION, CIFAR])
def test_incumbents_are_judged_by_the_seed_that_their_repeat_held_out(split: Path, name: str) -> None:
    results, task = load(split), load_task(name)
    found = next(each for each in results.tasks if each.name == name)
    frame, seeds = RunStore(split).frame(task=name), task.info.seeds
    for label, runs in found.runs.items():
        for row, repeat in enumerate(runs.numbers.tolist()):
            view = task.split((repeat - 1) % seeds)
            rows = frame[(frame.method == label) & (frame.repeat == repeat) & (frame.status != "invalid")]
            best = task.space.parse(str(rows.architecture.iloc[int(rows.validation_error.argmin())]))
            judged = 100 * (view.held_out(best) - view.held_out_optimum())
            searched = 100 * (view.expected(best) - view.optimum())
            assert runs.held_out[row, -1] == pytest.approx(judged)
            assert runs.regret[row, -1] == pytest.approx(searched)
            assert runs.regret[row, -1] >= 0
    assert found.baseline is None
    assert "held out of each repeat in turn" in found.caveat


def test_the_answer_is_of_held_out_seeds_where_there_are_any(split: Path) -> None:
    analysis = Analysis(load(split))
    assert list(analysis.by_kind) == ["held-out seeds", "test", "validation"]
    assert analysis.unsearched.kind == "held-out seeds"
    assert analysis.unsearched.regrets == pytest.approx(analysis.results.held_outs(), nan_ok=True)
    floors = [100 * load_task(name).noise_floors()["held-out seeds"] for name in (FASHION, CIFAR)]
    assert analysis.unsearched.floor == pytest.approx(np.mean(floors))  # one space: tasks weigh the same
    assert analysis.unsearched.rope == float(f"{np.mean(floors):.1e}")
    text = "".join("".join(block.text) for block in answer_section(analysis).blocks if hasattr(block, "text"))
    assert "points of held-out-seed regret" in text
    table = regrets_table(analysis)
    kinds = ("Held-out-seed regret", "Test regret", "Validation regret")
    assert [row[0].text for row in table.rows] == [
        f"{k}{more}" for k in kinds for more in ("", ", published against library")
    ]
    assert compose(load(split))


def test_a_difference_below_the_floor_is_said_to_be_one(split: Path) -> None:
    analysis = Analysis(load(split))

    def first(floor: float) -> str:
        main = analysis.unsearched
        main.__dict__.pop("ropes", None)
        main.__dict__["floor"] = floor
        return "".join(answer_section(analysis).blocks[0].text)

    effect = analysis.unsearched.comparison.question.mean.overall
    assert "below the noise floor of these tasks" in first(2 * abs(float(effect.value)))
    assert "noise floor" not in first(0.5 * abs(float(effect.value)))
    assert "noise floor" not in first(float("nan"))


def test_without_floors_the_custom_of_a_tenth_of_a_point_remains(budgets: Path) -> None:
    analysis = Analysis(load(budgets))
    analysis.__dict__["floor"] = float("nan")
    assert analysis.ropes == (0.05, 0.1, 0.2)


def test_each_budget_is_read_from_its_own_runs(budgets: Path) -> None:
    results = load(budgets)
    (small,) = results.smaller
    assert (results.limit, small.limit, small.smaller) == (25, 8, ())
    assert small.grid[-1] == 8
    frame = RunStore(budgets).frame()
    for each in (small, results):
        for task in each.tasks:
            assert all((runs.spent.proposals == each.limit).all() for runs in task.runs.values())
            rows = frame[(frame.budget == each.limit) & (frame.task == task.name) & (frame.method == "optuna")]
            least = rows.groupby("repeat").validation_error.min().to_numpy()
            assert task.runs["optuna"].regret[:, -1] == pytest.approx(100 * (least - task.reference))
    pairs = zip(small.tasks, results.tasks, strict=True)
    assert all(less.baseline is more.baseline for less, more in pairs)  # each task is opened once for all budgets
    section = budgets_section(Analysis(results))
    assert section is not None
    own, cut = _columns(section.blocks[2], "optuna")[:2]
    assert own == pytest.approx(float(Analysis(small).regret_overall.value[_place(results, "optuna")]))
    at = int(np.searchsorted(results.grid, 8))
    assert cut == pytest.approx(float(Analysis(results).overall(results.regrets(at)).value[_place(results, "optuna")]))
    assert budgets_section(Analysis(small)) is None


def _place(results: Results, label: str) -> int:
    return results.labels.index(label)


def _columns(table: Any, label: str) -> list[float]:
    assert isinstance(table, Table)
    (row,) = (row for row in table.rows if row[0].text == label)
    return [float(cell.value) for cell in row[1:]]


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    methods = tuple(
        {
            **method,
            "label": f"{method['name']} {rule}",
            "isomorphism": rule,
            "factors": {"proposal": method["name"], "isomorphism": rule},
        }
        for method in METHODS
        for rule in ("none", "all")
    )
    chosen = suite(methods, (FASHION, "nasbench_graph/proteins"), {"queries": 15}, repeats=4)
    return played(tmp_path_factory.mktemp("design"), chosen, known)


def test_rules_of_isomorphism_count_as_knowledge(design: Path) -> None:
    analysis = Analysis(load(design))
    knows = {method.label: method.knowledge for method in analysis.results.methods}
    assert knows["optuna none"] == ("decisions",)
    assert knows["optuna all"] == ("decisions", "isomorphism")
    assert knows["random_search none"] == ("decisions", "legality")
    pairs, kind = pairs_of(analysis, "isomorphism")
    labels = analysis.results.labels
    assert kind == "one method"
    assert sorted((labels[a], labels[b]) for a, b in pairs) == [
        (f"{name} all", f"{name} none") for name in ("optuna", "random_search", "regularized_evolution")
    ]
    _, table, lacking = knowledge_section(analysis).blocks
    shown = {row[0].text: row for row in table.rows}
    assert "images" not in shown
    assert "images" in lacking.text[0]
    mean = np.mean([float(analysis.unsearched.mean_difference(a, b).value) for a, b in pairs])
    assert shown["isomorphism"][1].value == pytest.approx(mean)


def test_settings_that_use_more_are_pairs_of_one_method(tmp_path: Path) -> None:
    """The entries as `suites/knowledge.toml` has them; the controls by size stand for no knowledge."""
    without = ("decisions", "legality", "isomorphism")
    methods = (
        {"name": "structural_gp", "label": "sees no graph", "settings": {"groups": "none"}, "knowledge": [*without]},
        {"name": "structural_gp"},
        {"name": "largest_first"},
        {"name": "random_search"},
    )
    chosen = suite(methods, (FASHION,), {"queries": 8}, repeats=2)

    def as_the_engine(manifest: dict[str, Any]) -> None:
        manifest["methods"] = manifest_of(chosen, (), ())["methods"]

    analysis = Analysis(load(played(tmp_path, chosen, as_the_engine)))
    labels = analysis.results.labels
    pairs, kind = pairs_of(analysis, "graph")
    assert kind == "one method, other settings"
    assert [(labels[a], labels[b]) for a, b in pairs] == [("structural_gp", "sees no graph")]
    assert pairs_of(analysis, "size")[0] == []


def test_a_baseline_is_no_method_that_lacks_one_kind_of_knowledge(tmp_path: Path) -> None:
    chosen = suite(({"name": "structural_gp"}, {"name": "random_search"}), (FASHION,), {"queries": 8}, repeats=2)

    def as_the_engine(manifest: dict[str, Any]) -> None:
        manifest["methods"] = manifest_of(chosen, (), ())["methods"]

    analysis = Analysis(load(played(tmp_path, chosen, as_the_engine)))
    first, second = (set(method.knowledge) for method in analysis.results.methods)
    assert {"graph"} in (first - second, second - first)
    assert pairs_of(analysis, "graph")[0] == []


def test_factors_have_their_shares_and_levels(design: Path) -> None:
    analysis = Analysis(load(design))
    section = factorial_section(analysis)
    shares, levels = section.blocks[1], section.blocks[2]
    assert [row[0].text for row in shares.rows] == ["proposal", "isomorphism", "interactions of two", "the rest"]
    assert {row[1].text for row in levels.rows} == {*(str(m["name"]) for m in METHODS), "none", "all"}
    means = analysis.means[[m for m, label in enumerate(analysis.results.labels) if label.endswith("none")]]
    (none,) = (row for row in levels.rows if row[1].text == "none")
    assert none[-2].value == pytest.approx(means.mean())  # two tasks of two spaces
    plain = tuple(replace(method, factors={}) for method in analysis.results.methods)
    assert factorial_section(Analysis(replace(analysis.results, methods=plain))) is None


def test_tuning_tasks_are_left_out(split: Path) -> None:
    analysis = Analysis(load(split))
    section = tuning_section(analysis)
    (row,) = (row for row in section.blocks[1].rows if row[1].text == "Validation regret")
    assert row[-1].text == CIFAR
    means, labels = analysis.means, analysis.results.labels
    others = [labels.index("optuna"), labels.index("random_search")]
    difference = means[labels.index("regularized_evolution")] - means[others].mean(axis=0)
    assert row[2].value == pytest.approx(difference.mean())
    assert row[3].value == pytest.approx(difference[0])  # fashion14 alone
    assert compose(load(split)).appendix
