"""The reference runs that ship: they repeat, say where they come from, and stand beside one's own method."""

import os
import re
from pathlib import Path

import pandas as pd
import pytest
from plugins_for_tests import Good
from stores import played, suite
from typer.testing import CliRunner

import equipoise as eq
from equipoise.api.compare import suite_beside
from equipoise.harness.archive.find import REFERENCE, SHIPPED, entry_named
from equipoise.harness.archive.reference import MEGABYTES, estimate, make, pack
from equipoise.harness.cli.beside import announce
from equipoise.harness.cli.main import app
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.verify import verify_runs
from equipoise.harness.store.entry import Entry
from equipoise.harness.store.run_file import Summary
from equipoise.harness.store.run_store import RunStore

CHEAP = ("random_search", "local_search", "regularized_evolution")
TASKS = ("nasbench201/cifar10", "nasbench_graph/proteins")


@pytest.fixture(scope="module")
def reference() -> Entry:
    return entry_named(REFERENCE)


def test_it_is_small_and_of_the_embedded_suite(reference: Entry) -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*.*")) <= (MEGABYTES + 0.2) * 1e6
    assert set(reference.suite.tasks) == set(Suite.load("embedded").tasks)
    assert [budget.limit for budget in reference.suite.budgets] == [30, 100, 300]
    assert all(reference.description["codes"].values())
    assert "/" not in "".join(method.name for method in reference.suite.methods)


def test_three_cheap_runs_repeat(reference: Entry) -> None:
    said: list[str] = []
    view = reference.only(TASKS, [30.0], {m.label for m in reference.suite.methods} - set(CHEAP))
    assert verify_runs(view, reference.suite, 3, said.append) == 0, said
    assert said[-1] == "3 of 3 runs repeat bit for bit"


@pytest.mark.slow
def test_my_method_stands_beside_it(tmp_path: Path, reference: Entry) -> None:
    results = eq.compare(Good, tasks=TASKS[:1], repeats=2, queries=30, out=tmp_path, progress=False)
    report = (tmp_path / "report.md").read_text()
    assert "## Good against each other method" in report
    assert "## Runs from an archive" in report
    assert set(results.ranking()["method"]) == {"Good", *(method.label for method in reference.suite.methods)}
    assert set(results.frame()["method"]) == {"Good"}  # the store is not touched


class Remarked(Good):
    """Has a remark beside its label."""

    @classmethod
    def requirements(cls, settings):
        return eq.Requirements(remark="a proxy")


def test_a_method_with_a_remark_in_its_label_is_in_focus(tmp_path: Path) -> None:
    eq.compare(Remarked, tasks=TASKS[:1], repeats=1, queries=30, out=tmp_path, with_reference=False, progress=False)
    assert 'focus": "Remarked (a proxy)' in (tmp_path / "manifest.json").read_text()
    assert "\n## Remarked (a proxy)\n" in (tmp_path / "report.md").read_text()


def test_a_budget_that_it_does_not_have_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(eq.SuiteError, match="queries = 50: the reference runs have 30, 100, 300"):
        eq.compare(Good, queries=50, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_command_line_puts_it_beside_a_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(
        'name = "mine"\n[budget]\nqueries = 30\n[protocol]\nrepeats = 1\nseed = 5\n'
        '[[tasks]]\nname = "nasbench201/cifar10"\n[[methods]]\nname = "plugins_for_tests:Good"\n'
    )
    ran = CliRunner().invoke(app, ["run", "mine.toml", "--with-reference", "--workers", "1", "--cluster", "in-process"])
    assert ran.exit_code == 0, ran.output
    report = Path("results/mine/report.md").read_text()
    assert "## plugins\\_for\\_tests:Good against each other method" in report
    assert re.search(r"\| `reference \d+` \|", report)


@pytest.mark.slow
def test_it_is_made_by_one_command_that_resumes_and_tells_how_long_it_takes(tmp_path: Path) -> None:
    chosen = Suite.load("embedded").changed(("random_search", "largest_first"), None, None, ("nasbench201/cifar10",))
    said: list[str] = []
    ran = make(chosen, tmp_path / "runs", 1, said.append, repeats=2)
    assert ran.stored == ran.planned
    assert len(RunStore(tmp_path / "runs").summaries()) == 2 * 3 * 2
    again: list[str] = []
    assert make(chosen, tmp_path / "runs", 1, again.append, repeats=2).executed == 0
    assert "all                             0 s of CPU time" in again[-1]
    listed = pack(tmp_path / "runs", tmp_path / "archive", least=2, say=said.append)
    assert listed.methods == ("random_search", "largest_first")
    assert len(Entry(tmp_path / "archive" / "reference").frame()) == 2 * 2 * 430


def test_the_estimate_takes_the_nearest_measured_runs() -> None:
    chosen = Suite.load("embedded").changed(("random_search", "tpe"), 2, 30)
    runs = [Summary("a", chosen.tasks[0], "tpe", 1, 30, 0.0, "", 4.0, 30.0)]
    found = estimate(chosen, RunStore(Path(os.devnull) / "none"), runs)
    assert found.seconds == {"tpe": 4.0 * 2 * len(chosen.tasks)}
    assert found.unknown == ("random_search",)
    assert "not measured yet: random_search" in found.text(2)


def test_fewer_repeats_are_packed_where_all_do_not_fit(tmp_path: Path) -> None:
    several: tuple[dict[str, object], ...] = ({"name": "random_search"}, {"name": "local_search"})
    runs = played(tmp_path / "runs", suite(several, TASKS[:1], {"queries": [50, 200]}, repeats=20))
    pack(tmp_path / "runs", tmp_path / "archive", megabytes=0.01, say=print)
    entry = Entry(tmp_path / "archive" / "reference")
    assert (entry.path / "runs.parquet").stat().st_size <= 10_000
    kept = set(entry.frame()["repeat"])
    assert 1 < len(kept) < 20
    rows = RunStore(runs).frame()
    same = rows[rows["repeat"].isin(kept)].reset_index(drop=True)
    same["architecture"] = same["architecture"].cat.remove_unused_categories()
    pd.testing.assert_frame_equal(entry.frame(), same, check_exact=True)


def test_methods_with_few_repeats_are_left_out_and_named(tmp_path: Path) -> None:
    several = ({"name": "random_search"}, {"name": "local_search", "repeats": 2})
    played(tmp_path / "runs", suite(several, TASKS[:1], {"queries": 20}, repeats=3))
    packing = ["reference", "pack", str(tmp_path / "runs"), str(tmp_path / "archive")]
    ran = CliRunner().invoke(app, packing)
    assert ran.exit_code == 0, ran.output
    (line,) = (line for line in ran.output.splitlines() if line.startswith("local_search"))
    assert "left out, 2 of 3 repeats stored on every task" in line
    assert f"equipoise reference make --out {tmp_path / 'runs'}" in line
    assert Entry(tmp_path / "archive" / "reference").suite.methods[0].name == "random_search"
    assert {run.method for run in Entry(tmp_path / "archive" / "reference").summaries().values()} == {"random_search"}
    assert "left out" not in CliRunner().invoke(app, [*packing, "--least", "2"]).output
    assert len({run.method for run in Entry(tmp_path / "archive" / "reference").summaries().values()}) == 2


def test_too_few_repeats_of_all_are_refused(tmp_path: Path) -> None:
    played(tmp_path / "runs", suite(({"name": "random_search"},), TASKS[:1], {"queries": 200}, repeats=3))
    with pytest.raises(eq.StoreError, match="no method has 4 repeats that are stored on every task at every budget"):
        pack(tmp_path / "runs", tmp_path / "archive", least=4, say=print)
    with pytest.raises(eq.StoreError, match=r"3 repeats of each method take more than 0\.001 MB"):
        pack(tmp_path / "runs", tmp_path / "archive", megabytes=0.001, say=print)
    assert not (tmp_path / "archive").exists()


def test_a_method_of_a_label_that_the_reference_has_gets_another(reference: Entry) -> None:
    found = suite_beside("random_search", reference.suite, 2, 30, None, {})
    assert found.methods[0].label == "random_search (mine)"
    assert found.protocol.rules() == {**reference.suite.protocol.rules(), "repeats": 2}
    assert found.tasks == reference.suite.tasks


def test_what_cannot_be_compared_is_said_before_anything_runs(
    reference: Entry, caplog: pytest.LogCaptureFixture
) -> None:
    announce(suite(tasks=TASKS, budget={"queries": 20}), [reference])
    assert "reference is not used: the budget is 20 queries here" in caplog.text
