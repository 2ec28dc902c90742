"""The members of the families are the same on every task that counts."""

import json
from pathlib import Path

import numpy as np
from stores import METHODS, played, suite

from equipoise.harness.store.run_store import RunStore
from equipoise.reports.analysis import Analysis
from equipoise.reports.compose import compose
from equipoise.reports.family_members import membership
from equipoise.reports.load import load
from equipoise.reports.render import markdown


def test_a_method_with_runs_on_some_tasks_is_no_member() -> None:
    counts = np.array([[4, 4, 4], [4, 0, 4], [4, 4, 4], [0, 0, 0]])
    found = membership(counts, ["nas", "nas", "hpo", "hpo"])
    assert found.families == ("nas", "", "hpo", "")
    assert found.tasks.tolist() == [True] * 3
    assert (found.partial, found.absent) == ((1,), (3,))


def test_a_family_without_a_complete_method_drops_tasks() -> None:
    counts = np.array([[4, 4, 0], [4, 0, 0], [4, 4, 4], [2, 2, 2]])
    found = membership(counts, ["nas", "nas", "hpo", "baseline"])
    assert found.families == ("nas", "", "hpo", "baseline")
    assert found.tasks.tolist() == [True, True, False]


def _without(folder: Path, label: str, task: str) -> None:
    """Removes the runs of a method on a task."""
    import pyarrow.parquet as pq

    for part in RunStore(folder).parts():
        entry = json.loads(pq.ParquetFile(part).schema_arrow.metadata[b"equipoise"])[0]
        if (entry["method"], entry["task"]) == (label, task):
            part.unlink()


def test_the_report_says_who_is_left_out_of_the_comparison(tmp_path: Path) -> None:
    methods = (*METHODS, {"name": "local_search", "label": "other", "settings": {"initial": 3}})
    played(tmp_path, suite(methods))
    before = Analysis(load(tmp_path)).comparison.question
    _without(tmp_path, "other", "nasbench_graph/proteins")
    analysis = Analysis(load(tmp_path))
    text = markdown.render(compose(analysis.results))
    assert "Not counted in the family comparison, for lack of runs on some tasks: other (1 of 2 tasks)." in text
    assert "NAS: local\\_search. HPO: climber." in text
    assert before is not None
    assert analysis.comparison.question is not None
    assert len(before.methods[0]) == 2
    assert len(analysis.comparison.question.methods[0]) == 1


def test_a_method_without_runs_is_no_member(tmp_path: Path) -> None:
    methods = (*METHODS, {"name": "plugins_for_tests:Raises", "label": "raises", "family": "nas"})
    text = markdown.render(compose(load(played(tmp_path, suite(methods)))))
    assert "NAS: local\\_search. HPO: climber." in text
