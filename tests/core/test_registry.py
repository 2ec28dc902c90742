import os
import sys
from pathlib import Path

import pytest

from equipoise.harness.core.errors import PluginError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Requirements
from equipoise.harness.core.registry import (
    ROOT,
    load_method,
    load_task,
    method_name,
    method_names,
    missing_packages,
    missing_requirements,
    problem_of,
)

METHOD = """
from equipoise.harness.core.method import Method, Query
class Mine(Method):
    family = "baseline"
    source = "me"
    def ask(self): return Query((0,) * 6)
    def tell(self, observation): pass
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def (:", ["SyntaxError", "line 1"]),
        ("import numpy as np\n1 / 0", ["ZeroDivisionError", "line 2"]),
        ("import no_such_package", ["ModuleNotFoundError", "no_such_package"]),
        ("x = 1", ["exactly one public Method", "none"]),
        ("import sys\nsys.exit()", ["SystemExit", "line 2"]),
        (METHOD.replace("    def tell", "    def told"), ["found none", "class Mine does not define tell"]),
        (METHOD + "class Other(Mine): pass", ["exactly one", "Mine, Other"]),
    ],
)
def test_a_file_that_does_not_load_is_one_line(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(PluginError) as raised:
        load_method(str(path))
    assert "\n" not in str(raised.value)
    for word in [*words, "mine.py"]:
        assert word in str(raised.value)


def test_a_file_is_a_method_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(METHOD + "class _Helper(Mine): pass")
    assert load_method(str(path)).__name__ == "Mine"
    assert load_method(str(path)) is load_method(str(path))  # from run to run the same class
    path.write_text(METHOD + "# changed\n")
    assert load_method(str(path)).__name__ == "Mine"
    with pytest.raises(PluginError, match="no file"):
        load_method(str(tmp_path / "other.py"))
    with pytest.raises(PluginError, match=r"a task also names a data set: ./mine\.py/DATASET"):
        load_task("./mine.py")


def test_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"random_search", "smac", "tpe", "gp_bo"} <= set(method_names())
    assert not any(name.startswith("_") for name in method_names())
    with pytest.raises(PluginError, match="did you mean 'local_search'"):
        load_method("locl_search")
    with pytest.raises(PluginError, match="has no class"):
        load_method("plugins_for_tests:Nobody")
    with pytest.raises(PluginError, match="has no class"):
        load_method("plugins_for_tests:GoodTask")
    with pytest.raises(PluginError, match="does not load"):
        load_method("no_such_module:Class")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "module_that_exits.py").write_text("raise SystemExit")
    with pytest.raises(PluginError, match="module_that_exits does not load: SystemExit"):
        load_method("module_that_exits:Class")
    assert load_task("plugins_for_tests:GoodTask/plain").name == "good/plain"


def test_needs_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    cls = load_method("plugins_for_tests:Good")
    assert missing_packages(cls) is None
    monkeypatch.setattr(cls, "packages", (("no_such_package", "extra"),), raising=False)
    assert missing_packages(cls) == "needs no_such_package: pip install 'equipoise[extra]'"
    task = load_task("nasbench201/cifar10")
    assert missing_requirements(cls, task) is None
    monkeypatch.setattr(cls, "requirements", lambda settings: Requirements(fidelities=True))
    assert "several fidelities" in (missing_requirements(cls, task) or "")
    assert missing_requirements(cls, load_task("plugins_for_tests:GoodTask/plain")) is None
    monkeypatch.setattr(cls, "requirements", lambda settings: Requirements(resources=("images",)))
    assert "needs images" in (missing_requirements(cls, task) or "")
    assert problem_of(cls, task, Budget(queries=1)).resources == {"images": None}


def test_an_edit_of_equal_length_within_a_second_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path, sources = tmp_path / "mine.py", [METHOD, METHOD.replace('"me"', '"us"')]
    told = []
    for number, text in enumerate(sources, 1):
        path.write_text(text)
        os.utime(path, ns=(10**18 + number, 10**18 + number))
        told.append(load_method(str(path)).source)
    assert told == ["me", "us"]


def test_results_under_a_former_name_find_the_method_as_it_is_called_now() -> None:
    former = sorted(path.stem for path in (ROOT / "methods" / "_former").glob("[!_]*.py"))
    assert former == ["graph_rnn", "graph_structure"]
    for name, now in zip(former, ["sequence_model", "pairwise_eda"], strict=True):
        assert load_method(name) is load_method(now)
        assert method_name(load_method(name)) == now
        assert name not in method_names()
