"""Stores at the edge: the report says what it cannot know, and is written all the same."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from canvases import faults
from stores import METHODS, NASTY, TASKS, described, played, suite

from equipoise.harness.core.errors import StoreError, SuiteError
from equipoise.harness.core.registry import load_task
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.analysis import Analysis
from equipoise.reports.compose import compose
from equipoise.reports.document import Table
from equipoise.reports.drawing.style import STYLES
from equipoise.reports.load import load
from equipoise.reports.plan import plan
from equipoise.reports.render import html, latex, markdown
from equipoise.reports.sections.frameworks import frameworks_section
from equipoise.reports.sections.regret import regret_section
from equipoise.reports.write import blocks, figures, write

SAME = """\
# {"format": "equipoise-table/1", "name": "mine/same",
#  "space": {"name": "same", "decisions": [{"name": "width", "options": ["16", "32"]},
#  {"name": "block", "options": ["a", "b"]}]},
#  "metric": {"name": "perplexity", "unit": "", "direction": "minimise", "offset": 0, "slope": 1},
#  "validation": "valid", "source": "me", "licence": "CC0", "penalty": 1000}
width,block,validation
16,a,50
16,b,50
32,a,50
32,b,50
"""
"""A table whose architectures are all the same."""


def rendered(folder: Path) -> str:
    """All three renderings of a store, with its figures drawn, and the Markdown back."""
    document = compose(load(folder))
    drawings = {}
    for figure in figures(document):
        drawings[figure.key] = "<svg xmlns='http://www.w3.org/2000/svg' viewBox=\"0 0 10 10\"></svg>"
        for style in STYLES.values():
            canvas = figure.draw(style)
            assert canvas.items
            assert not faults(canvas)
    page = html.render(document, drawings)
    paper = latex.render(document) + "".join(
        latex.render_float(block) for block in blocks(document) if hasattr(block, "key")
    )
    text = markdown.render(document)
    for places in (re.findall(r'\bid="([^"]+)"', page), re.findall(r"\\label\{([^}]+)\}", latex.render(document))):
        assert len(set(places)) == len(places)
    for words in (page, paper, text):
        assert not re.search(
            r"\bnan\b|\bNone\b|\binf\b", re.sub(r"<style>.*?</style>|<script>.*?</script>", "", words, flags=re.S)
        )
    return text


def test_one_method(tmp_path: Path) -> None:
    text = rendered(played(tmp_path, suite(METHODS[:1])))
    assert "cannot answer the question" in text
    assert "there are no general hyperparameter optimisers" in text
    assert "one method" in plan(tmp_path, 0.1)


def test_training_free_scores_beside_those_of_the_frameworks(tmp_path: Path) -> None:
    def knows(manifest: dict) -> None:
        manifest["methods"]["zero_cost_evolution"]["knowledge"] = ["scores"]

    methods = ({"name": "zero_cost_evolution"}, {"name": "random_search"})
    text = rendered(played(tmp_path, suite(methods, ("nasbench201/fashion14",), repeats=2), knows))
    assert "## Training-free scores" in text


def test_baseline_alone(tmp_path: Path) -> None:
    assert "neither NAS-specialised methods nor" in rendered(played(tmp_path, suite(METHODS[2:])))


def test_fewer_queries_than_methods(tmp_path: Path) -> None:
    methods = tuple({"name": "local_search", "label": f"search {number}"} for number in range(5))
    rendered(played(tmp_path, suite(methods, ("nasbench_graph/proteins",), {"queries": 2}, repeats=1)))


def test_no_run_has_an_incumbent_yet(tmp_path: Path) -> None:
    """At the earlier checkpoints of 60 epochs no training of 8 epochs is over."""
    methods = ({"name": "random_search"}, {"name": "local_search"})
    text = rendered(played(tmp_path, suite(methods, ("nasbench201/fashion14",), {"epochs": 60}, repeats=2)))
    assert "earlier in the search" in text


def test_one_task(tmp_path: Path) -> None:
    text = rendered(played(tmp_path, suite(tasks=("nasbench_graph/proteins",))))
    assert "All tasks share one search space" in text
    assert "no task reports training time" in text


def test_one_repeat(tmp_path: Path) -> None:
    text = rendered(played(tmp_path, suite(repeats=1)))
    assert "One repeat: nothing is known" in text
    assert "These runs cannot tell" in text
    assert "n/a" in plan(tmp_path, 0.1)
    assert "1 repeat of every method on every task." in text
    speedup = text.split("needs for the mean regret of a method")[1].split("geometric mean")[0]
    assert "× \\[no interval\\]" in speedup
    assert not re.search(r"× \\\[[0-9.]+,", speedup)
    assert re.search(r"\| `local_search` \| \*\*[0-9.]+ \\\[no interval", text)


def test_probability_of_improvement_is_shown_without_a_scale_of_scores(tmp_path: Path) -> None:
    methods = ({"name": "random_search"}, {"name": "local_search"})
    chosen = suite(methods, ("nasbench201/fashion14",), {"epochs": 200}, repeats=3)
    document = compose(load(played(tmp_path, chosen)))
    tables = [block.key for block in blocks(document) if isinstance(block, Table)]
    assert "aggregates" not in tables
    assert "improvement" in tables


def test_a_method_that_fails_everywhere(tmp_path: Path) -> None:
    text = rendered(played(tmp_path, suite((*METHODS, {"name": "plugins_for_tests:Raises", "label": "raises"}))))
    assert re.search(r"RuntimeError: told too much \(plugins.*\.py, line \d+\) \(8 runs\)", text)
    assert "Incomplete: 24 of 32 planned runs" in text
    # It counts in nothing: the others are ranked, tested and scored as without it.
    assert "over 2 tasks: F =" in text
    assert "lead" in text.split("Agreement.")[1].split("\n")[0]
    assert "No task was finished by every method" not in text
    pairs = [line for line in text.splitlines() if line.startswith("| `local_search` | `raises` |")]
    assert any(line.count("n/a") == 6 for line in pairs)  # the posterior, not 1.00 equivalent
    assert "0 to 4 repeats of every method" in text


def test_all_methods_fail(tmp_path: Path) -> None:
    played(tmp_path, suite(({"name": "plugins_for_tests:Raises", "label": "raises"},)))
    with pytest.raises(StoreError, match="no finished run is stored"):
        write(tmp_path)


def test_a_task_without_runs(tmp_path: Path) -> None:
    chosen = suite()
    played(tmp_path, chosen)
    for part in RunStore(tmp_path).parts():
        if (
            "proteins" in str(RunStore(tmp_path).frame(columns=["task"]).task.unique())
            and _task_of(part) == "nasbench_graph/proteins"
        ):
            part.unlink()
    text = rendered(tmp_path)
    assert "No run is stored of `nasbench_graph/proteins`" in text


def _task_of(part: Path) -> str:
    import pyarrow.parquet as pq

    return json.loads(pq.ParquetFile(part).schema_arrow.metadata[b"equipoise"])[0]["task"]


def test_unequal_repeats(tmp_path: Path) -> None:
    methods = (*METHODS[:1], {**METHODS[1], "repeats": 2}, METHODS[2])
    assert "Repeats are unequal on 2 tasks" in rendered(played(tmp_path, suite(methods)))


def test_runs_that_end_early_or_propose_nothing_valid(tmp_path: Path) -> None:
    methods = (
        {"name": "plugins_for_tests:Stops", "label": "stops", "family": "nas"},
        {"name": "plugins_for_tests:AlwaysInvalid", "label": "invalid", "family": "hpo"},
    )
    text = rendered(played(tmp_path, suite(methods)))
    stops = next(line for line in text.splitlines() if line.startswith("| `stops`") and "35" in line)
    assert stops.split("|")[-4:-1] == [" 8 ", " 35 ", " 0 "]  # runs ended early, unspent budget, failed


def test_a_run_without_a_valid_proposal_has_the_penalty_by_every_regret(tmp_path: Path) -> None:
    methods = ({"name": "local_search"}, {"name": "plugins_for_tests:AlwaysInvalid", "label": "invalid"})
    (task,) = load(played(tmp_path, suite(methods, ("nasbench_graph/proteins",)))).tasks
    slope, penalty = abs(task.metric.slope), load_task(task.name).info.penalty
    invalid = task.runs["invalid"]
    np.testing.assert_allclose(invalid.regret[:, -1], slope * (penalty - task.reference))
    np.testing.assert_allclose(invalid.test[:, -1], slope * (penalty - task.test_optimum))


def test_failures_are_those_of_the_budget_that_is_reported(tmp_path: Path) -> None:
    methods = (METHODS[0], {"name": "plugins_for_tests:Raises", "label": "raises"})
    results = load(played(tmp_path, suite(methods, ("nasbench_graph/proteins",), {"queries": [10, 40]})))
    assert [len(each.failures) for each in (*results.smaller, results)] == [4, 4]
    assert all(failure["budget"] == 40 for failure in results.failures)


def test_tasks_that_some_method_missed_are_counted_beside_the_table(tmp_path: Path) -> None:
    played(tmp_path, suite(METHODS[:2], ("nasbench_graph/proteins",)))
    played(tmp_path, suite(METHODS, ("nasbench201/cifar10",)))
    RunStore(tmp_path).write_manifest(described(suite(METHODS)))
    assert "on the 1 of 2 tasks that every method finished" in rendered(tmp_path)


def test_the_one_task_of_several_that_the_answer_is_about_is_named(tmp_path: Path) -> None:
    played(tmp_path, suite(METHODS[:1], ("nasbench_graph/proteins",)))
    played(tmp_path, suite(METHODS, ("nasbench201/cifar10",)))
    RunStore(tmp_path).write_manifest(described(suite(METHODS)))
    text = rendered(tmp_path)
    answer = text.split("##")[1]
    assert " on nasbench201/cifar10 at 40 queries" in answer
    assert "this task" not in answer


def test_several_budgets_of_one_family_have_no_table_of_families(tmp_path: Path) -> None:
    chosen = suite((METHODS[0], METHODS[2]), ("nasbench_graph/proteins",), {"queries": [10, 40]}, repeats=2)
    text = rendered(played(tmp_path, chosen))
    assert "Mean validation regret at each budget" in text
    assert "NAS minus HPO at each budget" not in text


def test_where_methods_were_left_out_repeats_are_those_where_they_apply(tmp_path: Path) -> None:
    def left_out(manifest: dict) -> None:
        manifest["left_out"] = [{"method": "hyperband", "task": TASKS[0], "reason": "no fidelities"}]

    text = rendered(played(tmp_path, suite(repeats=2), left_out))
    assert "2 repeats of every method on every task where it applies." in text


def test_running_times_have_the_digits_that_they_have(tmp_path: Path) -> None:
    results = load(played(tmp_path, suite(METHODS[:1], ("nasbench_graph/proteins",), repeats=3)))
    (runs,) = results.tasks[0].runs.values()
    runs.regret[:] = 50.0
    for run, first in zip(runs.regret, (4, 5, 8), strict=True):  # the query that finds the optimum: 17 / 3
        run[first - 1 :] = 0.0
    (section,) = regret_section(Analysis(results)).parts
    times = next(block for block in section.blocks if isinstance(block, Table) and block.key.startswith("ert-"))
    assert {cell.text for cell in times.rows[0][1:]} == {"5.67 (100 %)"}


def test_part_of_an_analysis_keeps_the_unit_of_the_whole(tmp_path: Path) -> None:
    def other(manifest: dict) -> None:
        manifest["tasks"]["nasbench201/cifar10"]["metric"] = {"name": "loss", "unit": "", "offset": 0.0, "slope": 1.0}

    whole = Analysis(load(played(tmp_path, suite(), other)))
    part = whole.without_tasks([False, True])
    assert part.unit == whole.unit == "% of random search's regret"
    np.testing.assert_allclose(part.values[:, 0], whole.values[:, 0])
    assert all(each.unit == whole.unit for each in part.by_kind.values())


def test_several_machines_are_named(tmp_path: Path) -> None:
    def machines(manifest: dict) -> None:
        first = {"machine": {"processor": "one", "cores": 2, "system": "Linux"}, "command": [], "started": "2026"}
        second = {**first, "machine": {**first["machine"], "processor": "another"}}
        manifest["sessions"] = [first, second, first]

    text = rendered(played(tmp_path, suite(), machines))
    assert "Machines: one, 2 cores, Linux; another, 2 cores, Linux." in text
    assert "overhead was measured on several machines" in text


def test_data_that_is_not_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played(tmp_path, suite())
    monkeypatch.setattr(
        "equipoise.harness.benchmarks._table.TableTask.skip",
        lambda self: "fetch it first" if self.name.startswith("nasbench201") else None,
    )
    text = rendered(tmp_path)
    assert "data cannot be read on this machine (fetch it first)" in text
    assert "not measured from a known optimum on `nasbench201/cifar10`" in text


def test_a_task_that_is_no_longer_there(tmp_path: Path) -> None:
    played(tmp_path, suite(tasks=("plugins_for_tests:GoodTask/plain", "nasbench201/cifar10")))
    for file in (tmp_path / "runs").glob("*.parquet"):
        _rename(file, "plugins_for_tests:GoodTask/plain", "gone:Task/plain")
    store = RunStore(tmp_path)
    text = json.dumps(store.manifest()).replace("plugins_for_tests:GoodTask/plain", "gone:Task/plain")
    store.write_manifest(json.loads(text))
    assert "gone does not load" in rendered(tmp_path)


def _rename(part: Path, old: str, new: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(part)
    if table["task"][0].as_py() != old:
        return
    metadata = {b"equipoise": table.schema.metadata[b"equipoise"].replace(old.encode(), new.encode())}
    column = pa.array([new] * len(table)).dictionary_encode()
    place = table.schema.get_field_index("task")
    part.unlink()
    part = part.with_name(f"{part.stem[:-17]}.parquet")  # its name stated the digest of what it held
    pq.write_table(table.set_column(place, "task", column).replace_schema_metadata(metadata), part)


def test_noisy_queries_are_judged_by_the_expected_error(tmp_path: Path) -> None:
    text = rendered(played(tmp_path, suite(tasks=("nasbench201/cifar10",), noise="single")))
    assert "Queries were noisy" in text
    assert float(np.nanmin(load(tmp_path).regrets())) >= 0


def test_a_budget_of_seconds(tmp_path: Path) -> None:
    text = rendered(played(tmp_path, suite(tasks=("nasbench201/cifar10",), budget={"cost_seconds": 2e5})))
    assert "200,000 seconds of simulated training time" in text


def test_tasks_of_different_units_are_compared_by_what_random_search_leaves(tmp_path: Path) -> None:
    def other(manifest: dict) -> None:
        manifest["tasks"]["nasbench_graph/proteins"]["metric"] = {
            "name": "loss",
            "unit": "",
            "offset": 0.0,
            "slope": 1.0,
        }

    text = rendered(played(tmp_path, suite(), other))
    text = text.replace("\\", "")
    assert "% of random search's regret" in text
    assert "regret of regret" not in text
    analysis = Analysis(load(tmp_path))
    shares = [
        100 * next(iter(task.floors.values())) / float(task.random_regret([40])[0]) for task in analysis.results.tasks
    ]
    assert analysis.floor == pytest.approx(np.mean(shares))
    assert f"ROPE ±{analysis.rope:g}" in text
    analysis = Analysis(load(tmp_path))
    analysis.__dict__["floor"] = float("nan")
    assert analysis.rope == 5


def test_the_unit_of_one_metric_has_its_own_region_of_equivalence(tmp_path: Path) -> None:
    def loss(manifest: dict) -> None:
        for entry in manifest["tasks"].values():
            entry["metric"] = {"name": "loss", "unit": "", "offset": 0.0, "slope": 1.0}

    analysis = Analysis(load(played(tmp_path, suite(), loss)))
    analysis.__dict__["floor"] = float("nan")  # where no noise floor is known
    assert analysis.one_unit
    assert analysis.unit == "loss"
    assert analysis.rope == pytest.approx(0.05 * np.nanmean(analysis.random), rel=0.2)
    assert analysis.rope < 0.01
    manifest = RunStore(tmp_path).manifest()
    manifest["tasks"]["nasbench_graph/proteins"]["metric"]["name"] = "perplexity"
    RunStore(tmp_path).write_manifest(manifest)
    assert not Analysis(load(tmp_path)).one_unit


def test_a_region_of_equivalence_where_random_search_leaves_nothing(tmp_path: Path) -> None:
    def loss(manifest: dict) -> None:
        for entry in manifest["tasks"].values():
            entry["metric"] = {"name": "loss", "unit": "", "offset": 0.0, "slope": 1.0}

    results = load(played(tmp_path, suite(METHODS, ("nasbench_graph/proteins",), {"queries": 10}), loss))

    def judged(regrets: np.ndarray) -> Analysis:
        analysis = Analysis(results)
        analysis.__dict__.update(floor=float("nan"), random=np.array([1e-17]), regrets=regrets)
        return analysis

    regrets = results.regrets()
    assert judged(regrets).rope == float(f"{0.05 * regrets.mean():.0e}") > 0
    none = judged(np.zeros_like(regrets))
    assert none.ropes == (0, 0, 0)
    table = next(block for block in frameworks_section(none, {}).parts[2].blocks if isinstance(block, Table))
    assert {len(row) for row in table.rows} == {len(table.columns)} == {8}


def test_families_without_a_difference_favour_neither(tmp_path: Path) -> None:
    table = tmp_path / "same.csv"
    table.write_text(SAME)
    methods = ({"name": "local_search"}, {"name": "tpe"}, {"name": "random_search"})
    page, _ = write(played(tmp_path / "r", suite(methods, (f"table:{table}",), {"queries": 4})), ("md", "tex"))
    text = page.read_text()
    assert "in favour of neither" in text
    assert "within ±0" not in text


def test_a_report_that_fails_leaves_the_former_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> str:
        raise ZeroDivisionError

    played(tmp_path, suite(tasks=("nasbench201/cifar10",)))
    monkeypatch.setattr("equipoise.reports.render.html.render", fails)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ZeroDivisionError):
        write(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_labels_with_special_characters(tmp_path: Path) -> None:
    methods = ({"name": "local_search", "label": NASTY}, {**METHODS[1], "label": "µ-Bayes→∞ naïve"}, METHODS[2])
    rendered(played(tmp_path, suite(methods, tasks=("nasbench201/cifar10",))))


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no manifest\.json"):
        write(tmp_path)
    (tmp_path / "mine" / "runs").mkdir(parents=True)
    (tmp_path / "mine" / "manifest.json").write_text("{}")
    with pytest.raises(StoreError, match=r"did you mean '.*/mine'"):
        write(tmp_path / "minr")
    with pytest.raises(StoreError, match=r"manifest\.json: a file; give the results folder"):
        write(tmp_path / "mine" / "manifest.json")


def test_a_family_that_no_report_knows(tmp_path: Path) -> None:
    played(tmp_path, suite(tasks=("nasbench201/cifar10",)))
    store = RunStore(tmp_path)
    manifest = store.manifest()
    manifest["methods"]["random_search"]["family"] = "nsa"
    store.write_manifest(manifest)
    with pytest.raises(StoreError, match=r"methods\.random_search\.family = 'nsa'; accepted: nas, hpo"):
        load(tmp_path)


def test_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"no format 'pdf'.*accepted: html, md, tex"):
        write(tmp_path, ("pdf",))


@pytest.mark.parametrize(
    ("effect", "power", "said"), [(0.0, 0.8, "--effect"), (float("nan"), 0.8, "--effect"), (0.1, 1.0, "--power")]
)
def test_plans_that_make_no_sense(tmp_path: Path, effect: float, power: float, said: str) -> None:
    with pytest.raises(SuiteError, match=said):
        plan(tmp_path, effect, power)
