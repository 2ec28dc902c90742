"""`equipoise new`: what it writes works as it stands."""

import subprocess
import sys
from pathlib import Path

import pytest

from equipoise.harness.cli.new_command import KINDS, new
from equipoise.harness.conformance import failures_of
from equipoise.harness.core.errors import PluginError, SuiteError
from equipoise.harness.core.suite import Suite


@pytest.mark.parametrize(
    ("kind", "name"), [("method", "my_first.py"), ("space", "my_first.py"), ("task", "my_first.py/toy")]
)
def test_the_file_passes_the_checks_it_names(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert new(kind, "my_first") == f"my_first.py is written; next: equipoise check {kind} {name}"
    results = failures_of(name, kind)
    assert results
    assert [reason for _, reason in results if reason] == []


def test_the_suite_is_one_and_runs(tmp_path: Path) -> None:
    said = new("suite", str(tmp_path / "deep" / "my-first.toml"))
    assert said == f"{tmp_path}/deep/my-first.toml is written; next: equipoise run {tmp_path}/deep/my-first.toml"
    suite = Suite.load(tmp_path / "deep" / "my-first.toml")
    assert suite.name == "my-first"
    assert len(list(suite.runs())) == len(suite.tasks) * 3 * 20


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("kept")
    with pytest.raises(PluginError, match=r"mine\.py exists"):
        new("method", "mine")
    assert (tmp_path / "mine.py").read_text() == "kept"
    with pytest.raises(PluginError, match="'class' is no name"):
        new("method", "class")
    with pytest.raises(SuiteError, match="name = 'a b' is no name of a folder"):
        new("suite", "a b")
    assert not (tmp_path / "a b.toml").exists()


def test_the_command_it_recommends_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert new("suite", "my suites/mine").endswith("next: equipoise run 'my suites/mine.toml'")
    assert new("task", "my tasks/mine").endswith("next: equipoise check task 'my tasks/mine.py/toy'")


@pytest.mark.slow
def test_the_files_are_clean_and_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in KINDS[:3]:
        new(kind, f"my_{kind}")
    for command in (["ruff", "check", "--select", "E,F,W,I,B,D1"], ["mypy", "--strict", "--follow-imports=silent"]):
        pytest.importorskip(command[0])
        files = [f"my_{kind}.py" for kind in KINDS[:3]]
        options = (
            ["--line-length", "120", "--ignore", "D102,D107"] if command[0] == "ruff" else ["--ignore-missing-imports"]
        )
        ran = subprocess.run(
            [sys.executable, "-m", *command, *options, *files], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
