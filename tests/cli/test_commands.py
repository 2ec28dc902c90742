"""Commands as they are called: what they print, what they leave, and their exit status."""

from pathlib import Path

import pytest
from click.testing import Result
from stores import played, suite
from typer.testing import CliRunner

from equipoise.harness.cli.main import app
from equipoise.harness.core.errors import EquipoiseError
from equipoise.harness.store.run_store import RunStore

TASKS = ("nasbench_graph/proteins",)


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_merge_joins_folders_of_one_suite(tmp_path: Path) -> None:
    entries = ({"name": "random_search"}, {"name": "local_search"})
    whole = played(tmp_path / "whole", suite(entries, TASKS, {"queries": 5}, repeats=2))
    parts = [
        played(tmp_path / str(place), suite((entry,), TASKS, {"queries": 5}, repeats=2))
        for place, entry in enumerate(entries)
    ]
    ran = call("merge", *parts, "--out", tmp_path / "joined")
    assert ran.exit_code == 0, ran.output
    joined = RunStore(tmp_path / "joined")
    assert joined.summaries().keys() == RunStore(whole).summaries().keys()
    assert str(tmp_path / "joined") in ran.output
    other = played(tmp_path / "other", suite(entries, TASKS, {"queries": 6}, repeats=2, duplicates="free"))
    refused = call("merge", parts[0], other, "--out", tmp_path / "mixed")
    assert isinstance(refused.exception, EquipoiseError)
    assert "protocol.duplicates" in str(refused.exception)
    assert not (tmp_path / "mixed").exists()


@pytest.mark.slow
def test_the_reference_tells_what_it_would_run(tmp_path: Path) -> None:
    ran = call("reference", "make", "--out", tmp_path / "out", "--repeats", 2, "--costly-repeats", 1, "--dry-run")
    assert ran.exit_code == 0, ran.output
    assert "random_search" in ran.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("data", "summary", "absent.parquet"), "absent.parquet"),
        (("tabulate", "nasbench201", "no_such_images", "--out", "absent"), "no_such_images"),
        (("watch", "absent_folder"), "absent_folder"),
    ],
)
def test_what_is_not_there_is_named(arguments: tuple[str, ...], words: str) -> None:
    ran = call(*arguments)
    assert ran.exit_code != 0
    assert words in ran.output + str(ran.exception)
    assert ran.exception is None or isinstance(ran.exception, EquipoiseError | SystemExit)
