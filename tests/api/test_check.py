"""`equipoise.check` and `equipoise.testing`: the conformance checks from Python and as tests."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from made import MadeSpace
from plugins_for_tests import Good, IgnoresSeed

import equipoise as eq
from equipoise.harness.core.errors import PluginError
from equipoise.testing import parametrize_with_checks


def test_a_class_a_name_and_an_object_are_checked() -> None:
    good = eq.check(Good)
    assert good.passed
    assert repr(good).splitlines()[-1] == "all checks passed"
    assert good[0] == ("declares itself on nasbench201/cifar10", None)
    bad = eq.check("method", "plugins_for_tests:IgnoresSeed")
    assert not bad.passed
    assert set(bad.failures) == {
        f"repeats with its seed on {task}" for task in ("nasbench201/cifar10", "nasbench_graph/cora")
    }
    assert "FAIL repeats with its seed on nasbench_graph/cora: another seed gave the same proposals" in repr(bad)
    assert repr(bad).splitlines()[-1] == f"2 of {len(bad)} checks failed"
    assert bad._repr_html_().count("<td>failed</td>") == 2
    assert eq.check(MadeSpace).passed
    assert eq.check(MadeSpace()).passed
    assert eq.check("space", "nasbench_macro").passed


def test_a_wrong_declaration_is_a_check_that_fails() -> None:
    wrong = eq.check(type("Wrong", (Good,), {"packages": "torch"}))
    assert "packages = 'torch'; accepted: a tuple" in wrong.failures["declares itself on nasbench201/cifar10"]


def test_a_method_that_exits_fails_its_checks() -> None:
    def ask(self: Good) -> eq.Query:
        raise SystemExit(0)

    found = eq.check(type("Exits", (Good,), {"ask": ask}))
    assert found.failures["spends its budget on nasbench201/cifar10"].startswith("SystemExit: 0")


def test_what_is_not_clear_is_refused() -> None:
    with pytest.raises(PluginError, match="'darts' is a method and a space"):
        eq.check("darts")
    with pytest.raises(PluginError, match="is no method class, task or space"):
        eq.check(3)
    with pytest.raises(PluginError, match="is no task"):
        eq.check("task", Good)
    with pytest.raises(TypeError, match="method, task, space"):
        eq.check()


@parametrize_with_checks([Good, MadeSpace(), "plugins_for_tests:GoodTask/plain", "plugins_for_tests:Absent"])
def test_every_check_is_a_test(check) -> None:
    check.run()


def test_a_check_that_fails_is_a_failed_test(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "from equipoise.testing import parametrize_with_checks\n"
        f"from plugins_for_tests import {IgnoresSeed.__name__}\n"
        f"@parametrize_with_checks([{IgnoresSeed.__name__}])\n"
        "def test_conformance(check):\n    check.run()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert re.search(r"2 failed, \d+ passed", ran.stdout), ran.stdout
    assert "test_conformance[IgnoresSeed: repeats with its seed on nasbench201/cifar10]" in ran.stdout


def test_a_class_of_a_script_is_checked(tmp_path: Path) -> None:
    """It is sent by value to the process in which its proposals must repeat."""
    (tmp_path / "script.py").write_text(
        "import equipoise as eq\n"
        "class Mine(eq.Method):\n"
        "    family, source, knowledge = 'baseline', 'me', ('decisions', 'legality')\n"
        "    def ask(self): return eq.Query(self.space.sample(self.rng, 1)[0])\n"
        "    def tell(self, observation): pass\n"
        "print(eq.check(Mine))\n"
    )
    command = [sys.executable, "script.py"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert ran.stdout.splitlines()[-1:] == ["all checks passed"], ran.stdout + ran.stderr
