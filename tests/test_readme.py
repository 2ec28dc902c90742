"""The README's examples run as they stand."""

import re
import tomllib
from pathlib import Path

import pytest

from equipoise.harness.conformance import failures_of
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.core.suite import Suite

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()


def example(name: str) -> str:
    (code,) = re.findall(rf"<!-- example: {name} -->\n```python\n(.*?)```", README, re.DOTALL)
    return code


def test_the_method_is_under_twenty_lines_and_conforms(tmp_path: Path) -> None:
    path = tmp_path / "plain_random_search.py"
    path.write_text(example("method"))
    assert len(example("method").splitlines()) < 20
    assert load_method(str(path)).__name__ == "PlainRandomSearch"
    assert [found for found in failures_of(str(path)) if found[1]] == []


def test_the_task_conforms(tmp_path: Path) -> None:
    path = tmp_path / "convolutions.py"
    path.write_text(example("task"))
    assert [found for found in failures_of(f"{path}/count") if found[1]] == []


def test_the_table_is_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    (text,) = re.findall(r"<!-- example: table -->\n```text\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "mine.csv"
    path.write_text(text)
    assert [found for found in failures_of(f"table:{path}") if found[1]] == []
    task = load_task(f"table:{path}")
    assert (task.info.metric.show(task.optimum()), task.info.fidelities) == (pytest.approx(90.1), (1, 10))


def test_the_suite_loads() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    suite = Suite.from_dict(tomllib.loads(text))
    assert [method.label for method in suite.methods] == ["random_search", "TPE", "regularized_evolution"]


def test_every_command_and_option_exists() -> None:
    from typer.main import get_command

    from equipoise.harness.cli.main import app

    commands = get_command(app).commands
    for line in re.findall(r"equipoise [^`\n]+", README):
        for said in re.split(r"\s{2,}", line):
            words = said.split("#")[0].split()
            if len(words) < 2 or words[0] != "equipoise" or words[1].startswith(("(", "0")):
                continue
            assert words[1] in commands, said
            group = getattr(commands[words[1]], "commands", {})
            parts = [group[word] for word in words[2].split("|") if word in group] if group else [commands[words[1]]]
            options = {option for part in parts for parameter in part.params for option in parameter.opts}
            for option in re.findall(r"--[a-z-]+", said.split("#")[0]):
                assert option in options, f"{option} in {said!r}"


@pytest.mark.parametrize("command", re.findall(r"tox -e ([a-z]+)", README))
def test_every_tox_environment_exists(command: str) -> None:
    ini = (Path(__file__).resolve().parent.parent / "tox.ini").read_text()
    assert f"[testenv:{command}]" in ini
