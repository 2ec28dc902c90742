"""Rows of an edited method or task are never mixed with those of before without a word."""

from dataclasses import replace
from pathlib import Path

import pytest
from task_source import TASK

from equipoise.harness.core.errors import StoreError, SuiteError
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.session import SuiteRun, run_suite
from equipoise.harness.engine.verify import verify
from equipoise.harness.store.code_versions import set_aside
from equipoise.harness.store.overview import overview_of
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.write import write as report

METHOD = """
from equipoise.harness.core.method import Method, Query

class Mine(Method):
    family = "baseline"
    source = "the tests"

    def ask(self):
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation):
        pass
"""


def suite(folder: Path, repeats: int) -> Suite:
    return Suite.from_dict(
        {
            "name": "made",
            "folder": str(folder),
            "budget": {"queries": 4},
            "protocol": {"repeats": repeats, "seed": 1},
            "tasks": [{"name": "nasbench201/cifar10"}],
            "methods": [{"name": "mine.py", "label": "mine"}, {"name": "random_search"}],
        }
    )


def play(folder: Path, repeats: int, **options: object) -> SuiteRun:
    return run_suite(suite(folder, repeats), folder / "out", workers=1, cluster="in-process", **options)  # type: ignore[arg-type]


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """A folder with two runs of a method that was edited since."""
    (tmp_path / "mine.py").write_text(METHOD)
    assert play(tmp_path, 2).stored == 4
    (tmp_path / "mine.py").write_text(METHOD.replace("(self.rng, 1)[0]", "(self.rng, 2)[1]"))
    return tmp_path


def test_a_changed_method_is_asked_about(edited: Path) -> None:
    with pytest.raises(StoreError, match=r"mine \(2 runs\).*--redo 'mine'.*--keep"):
        play(edited, 3)
    assert len(RunStore(edited / "out").summaries()) == 4
    with pytest.raises(SuiteError, match=r"--redo mein.*did you mean 'mine'"):
        play(edited, 3, redo=("mein",))
    said: list[str] = []
    assert verify(edited / "out", 4, said.append) == 1
    assert any("changed: mine: 2 of its runs were executed by other code" in line for line in said)


def test_what_was_noted_of_runs_in_progress_goes_with_them(edited: Path) -> None:
    store, specs = RunStore(edited / "out"), list(suite(edited, 3).runs())
    (edited / "out" / "journal").mkdir()
    for spec in specs:
        (edited / "out" / "journal" / f"{spec.run_id}.jsonl").write_text("")
    set_aside(store, {spec.run_id for spec in specs if spec.label == "mine"})
    left = {journal.stem for journal in (edited / "out" / "journal").iterdir()}
    assert left == {spec.run_id for spec in specs if spec.label == "random_search"}


def test_redo_plays_its_runs_again(edited: Path) -> None:
    before = RunStore(edited / "out").frame()
    ran = play(edited, 3, redo=("mine",))
    assert (ran.executed, ran.stored) == (4, 6)
    after = RunStore(edited / "out").frame()
    old, new = (frame[(frame.method == "mine") & (frame.repeat < 3)].architecture for frame in (before, after))
    assert old.tolist() != new.tolist()
    assert len(after) == 6 * 4
    assert len(list((edited / "out" / "runs").glob("*.superseded")))
    assert "mixed" not in str(overview_of(edited / "out"))
    assert verify(edited / "out", 6, [].append) == 0


def test_redo_takes_a_label_as_it_is_written_and_as_it_is_stored(tmp_path: Path) -> None:
    made = Suite.from_dict(
        {
            "name": "made",
            "budget": {"queries": 4},
            "protocol": {"repeats": 1, "seed": 1, "history": ["nasbench_graph/pubmed"]},
            "tasks": [{"name": "nasbench_graph/cora"}],
            "methods": [{"name": "transfer_gp"}],
        }
    )
    first = run_suite(made, tmp_path, workers=1, cluster="in-process")
    (entry,) = first.suite.methods
    assert entry.label != "transfer_gp"
    for label in ("transfer_gp", entry.label):
        assert run_suite(made, tmp_path, workers=1, cluster="in-process", redo=(label,)).executed == 1


def test_keep_keeps_them_and_says_so(edited: Path) -> None:
    assert play(edited, 3, keep=True).stored == 6
    said: list[str] = []
    verify(edited / "out", 1, said.append)
    for text in (str(overview_of(edited / "out")), "\n".join(said)):
        assert "mixed: mine: its runs are of several versions of its code" in text
    (page,) = report(edited / "out", ("md",))
    assert "several versions of its code" in page.read_text()


def test_part_of_a_file_is_set_aside(edited: Path) -> None:
    store = RunStore(edited / "out")
    runs = {(run.method, run.repeat): run_id for run_id, run in store.summaries().items()}
    before = store.frame()
    set_aside(store, {runs["mine", 1]})
    kept = before[~((before.method == "mine") & (before.repeat == 1))].reset_index(drop=True)
    found = RunStore(edited / "out").frame()
    assert found.astype(str).equals(kept.astype(str))
    assert RunStore(edited / "out").drop_damaged() == []


def test_runs_of_unknown_code_are_left_in_peace(edited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("equipoise.harness.engine.session.code_of", lambda cls, settings: "")
    assert play(edited, 3).stored == 6


def test_an_edited_task_is_refused(tmp_path: Path) -> None:
    task, asked = tmp_path / "mine.py", replace(suite(tmp_path, 2), tasks=("mine.py/count",))
    asked = replace(asked, methods=asked.methods[1:])
    task.write_text(TASK)
    run_suite(asked, tmp_path / "out", workers=1, cluster="in-process")
    assert verify(tmp_path / "out", 2, [].append) == 0
    report(tmp_path / "out", ("md",))
    assert "are not those of the runs" not in (tmp_path / "out" / "report.md").read_text()
    task.write_text(TASK.replace("count(3)", "count(2)"))
    more = replace(asked, protocol=replace(asked.protocol, repeats=4))
    with pytest.raises(StoreError, match="of a task of yours, its Python file too"):
        run_suite(more, tmp_path / "out", workers=1, cluster="in-process")
    with pytest.raises(StoreError, match="of a task of yours, its Python file too"):
        verify(tmp_path / "out", 2, [].append)
    report(tmp_path / "out", ("md",))
    assert "are not those of the runs" in (tmp_path / "out" / "report.md").read_text()
