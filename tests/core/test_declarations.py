"""Declarations of a method are checked before it runs, and the line of an error is told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise.harness.core.declarations import wrong_declaration
from equipoise.harness.core.error_place import place_of
from equipoise.harness.core.errors import PluginError, SettingError, SuiteError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.registry import load_method, load_task, method_names, problem_of
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.preflight import preflight
from equipoise.harness.engine.session import run_suite

METHOD = """
from equipoise.harness.core.method import Method, Query

class Mine(Method):
    family = "baseline"
    source = "me"
    knowledge = ("decisions", "legality")

    def ask(self):
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation):
        pass
"""


def suite_of(folder: Path, text: str, **protocol: object) -> Suite:
    (folder / "mine.py").write_text(text)
    content = {
        "name": "declared",
        "budget": {"queries": 3},
        "protocol": {"repeats": 1, "seed": 1, **protocol},
        "tasks": [{"name": "nasbench201/cifar10"}],
        "methods": [{"name": str(folder / "mine.py")}],
    }
    return Suite.from_dict(content)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"baseline"', '"nsa"', "family = 'nsa'; accepted: baseline, nas"),
        ('family = "baseline"', "", "family is not declared; accepted: baseline, nas"),
        ('source = "me"', "", "source is not declared"),
        ('source = "me"', 'source, origin = "me", "paper"', "origin = 'paper'; accepted: published"),
        ('"legality")', '"legalty")', "knowledge names 'legalty'; accepted: decisions"),
        ('("decisions", "legality")', '"decisions"', "accepted: a tuple of decisions"),
        ('source = "me"', 'source, tuned_on = "me", "nasbench201/cifar10"', "a tuple of task names"),
        ('source = "me"', 'source, labels_used = "me", -1', "labels_used = -1"),
        ('source = "me"', 'source, packages = "me", "torch"', "packages = 'torch'; accepted: a tuple of pairs"),
        ('source = "me"', 'source, packages = "me", ("torch",)', "packages = ('torch',); accepted: a tuple of pairs"),
        ('source = "me"', 'source, deviations = "me", "no warm-up"', "accepted: a tuple of sentences"),
    ],
)
def test_a_wrong_declaration_is_refused_before_anything_runs(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert METHOD.count(old) == 1
    with pytest.raises(PluginError) as caught:
        preflight(suite_of(tmp_path, METHOD.replace(old, new)), skip_missing=False)
    assert words in str(caught.value)
    assert str(caught.value).startswith("method mine: ")
    assert str(caught.value).endswith("in class Mine")


def test_the_methods_here_declare_themselves() -> None:
    assert {name: wrong_declaration(load_method(name)) for name in method_names()} == dict.fromkeys(method_names())


def test_a_method_that_exits_where_it_is_made_fails_as_a_run(tmp_path: Path) -> None:
    exits = METHOD + "    def __init__(self, problem, rng):\n        raise SystemExit(0)\n"
    ran = run_suite(suite_of(tmp_path, exits), tmp_path / "out", cluster="in-process")
    assert [failure["error"] for failure in ran.failures] == ["SystemExit: 0 (mine.py, line 15)"]


def test_a_failure_says_which_run_and_which_line(tmp_path: Path) -> None:
    broken = METHOD.replace("        return Query", "        raise ValueError('singular')\n        return Query")
    ran = run_suite(suite_of(tmp_path, broken), tmp_path / "out", cluster="in-process")
    line = broken.split("\n").index("        raise ValueError('singular')") + 1
    assert f"first: mine on nasbench201/cifar10, repeat 1: ValueError: singular (mine.py, line {line})" in str(ran)


def test_an_error_that_explains_itself_has_no_place() -> None:
    cls: Any = load_method("regularized_evolution")
    problem = problem_of(cls, load_task("nasbench201/cifar10"), Budget(queries=3))
    with pytest.raises(SettingError) as caught:
        cls(problem, np.random.default_rng(0), population=0)
    assert place_of(caught.value) == ""


def test_a_misspelt_task_of_the_history_is_refused_whoever_is_told(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="did you mean 'cifar100'"):
        preflight(suite_of(tmp_path, METHOD, history=["nasbench201/cifar1000"]), skip_missing=False)


def test_a_history_that_nobody_is_told_is_mentioned(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    preflight(suite_of(tmp_path, METHOD, history=["nasbench201/cifar100"]), skip_missing=False)
    assert "history has no effect" in caplog.text
