"""The life of an archive with the entries of two contributors, one of whom cheats: every step by the command."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from equipoise.harness.archive.index import Archive
from equipoise.harness.core.sealed import sealed
from equipoise.harness.data.sources import digest_of

pytestmark = pytest.mark.slow

SUITE = """
name = "theirs"
[budget]
queries = 30
[protocol]
repeats = 3
seed = 20261124
[[tasks]]
name = "nasbench201/cifar10"
[[tasks]]
name = "nasbench_graph/cora"
[[methods]]
name = "{name}.py"
"""


def equipoise(*words: object, cwd: Path, status: int = 0) -> str:
    """Runs a command in a process of its own and returns its output."""
    environment = {**os.environ, "EQUIPOISE_CACHE": str(cwd / "cache")}
    command = [sys.executable, "-m", "equipoise", *map(str, words)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def rewritten(entry: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Edits files as a dishonest contributor can: other rows, under digests that agree."""
    pq.write_table(change(pq.read_table(entry / "runs.parquet")), entry / "runs.parquet")
    index = entry.parent / "index.json"
    content = json.loads(index.read_text())
    (listed,) = [one for one in content["entries"] if one["name"] == entry.name]
    path = entry / "runs.parquet"
    listed["files"]["runs.parquet"] = {"sha256": digest_of(path), "size": path.stat().st_size}
    listed["verified"] = True
    index.write_text(json.dumps(sealed(content)))


def other_proposals(table: pa.Table) -> pa.Table:
    """Claims that every run proposed good architectures from its second query on."""
    queries = table["queries"].to_pylist()
    claimed = {"parents": [b"\0" * n for n in queries], "edits": [b"" for _ in queries]}
    claimed["number_0"] = [bytes(range(5, 5 + n)) for n in queries]
    for name in table.column_names:
        if name in claimed or name.startswith("number_"):
            texts = pa.array(claimed.get(name, [b"\0" * n for n in queries]), pa.binary())
            table = table.set_column(table.column_names.index(name), name, texts)
    return table


def other_values(table: pa.Table) -> pa.Table:
    """Claims a tenth of the errors."""
    errors = [np.full(run, 0.01).tolist() for run in table["queries"].to_pylist()]
    return table.append_column("validation_error", pa.array(errors, pa.list_(pa.float64())))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive to which two contributors have added the runs of a method of their own."""
    folder = tmp_path_factory.mktemp("archive")
    for name in ("honest", "cheat"):
        equipoise("new", "method", name, cwd=folder)
        (folder / f"{name}.toml").write_text(SUITE.format(name=name))
        equipoise("run", f"{name}.toml", "--workers", 2, cwd=folder)
        equipoise("archive", "add", "results/theirs", "shared", "--name", name, "--author", name.title(), cwd=folder)
        (folder / "results").rename(folder / f"results-{name}")
    return folder


def test_a_reader_lists_checks_and_uses_the_entries(archive: Path) -> None:
    listed = equipoise("archive", "list", "shared", cwd=archive)
    assert "1 method, Honest; not checked" in listed
    rewritten(archive / "shared" / "cheat", other_proposals)
    said = equipoise("archive", "check", "shared", "--sample", 4, "--mark", cwd=archive)
    assert "honest: verified" in said
    assert "cheat: UNVERIFIED: 4 of 4 runs do not repeat (cheat on" in said
    assert {name: entry.verified for name, entry in Archive.open(archive / "shared").entries.items()} == {
        "honest": True,
        "cheat": False,
    }
    mine = ["results-honest/theirs", "--with", "shared/cheat", "--with-reference", "--formats", "md"]
    equipoise("report", *mine, cwd=archive)
    report = (archive / "results-honest" / "theirs" / "report.md").read_text()
    assert "UNVERIFIED" in report
    assert "## honest against each other method" in report
    assert "| `cheat` |" in report


@pytest.mark.parametrize("option", ["--sample", "--seconds", "--memory"])
def test_a_check_of_nothing_is_refused_and_marks_nothing(archive: Path, option: str) -> None:
    before = (archive / "shared" / "index.json").read_bytes()
    said = equipoise("archive", "check", "shared", option, 0, "--mark", cwd=archive, status=2)
    assert f"{option} 0 is not a positive number" in said
    assert (archive / "shared" / "index.json").read_bytes() == before


def test_values_that_no_table_holds_are_seen_without_running_anything(archive: Path) -> None:
    rewritten(archive / "shared" / "cheat", other_values)
    said = equipoise("archive", "check", "shared", "cheat", "--sample", 1, cwd=archive)
    assert "6 runs hold values of validation_error that the tables do not" in said


def test_code_that_is_not_the_code_of_the_runs_is_seen(archive: Path) -> None:
    code = archive / "shared" / "honest" / "code" / "honest.py"
    text = code.read_text()
    code.write_text(text.replace("initial: int = 10", "initial: int = 20"))
    assert "honest: DAMAGED" in equipoise("archive", "check", "shared", "honest", cwd=archive, status=1)
    index = archive / "shared" / "index.json"
    content = json.loads(index.read_text())
    (listed,) = [one for one in content["entries"] if one["name"] == "honest"]
    listed["files"]["code/honest.py"] = {"sha256": digest_of(code), "size": code.stat().st_size}
    index.write_text(json.dumps(sealed(content)))
    said = equipoise("archive", "check", "shared", "honest", cwd=archive)
    assert "UNVERIFIED: the code of honest is not the code that made its runs" in said
    code.write_text(text)


EVIL = """
import os, pathlib, socket, time
pathlib.Path("here").write_text("x")
pathlib.Path.home().joinpath("there").write_text("x")
TOKEN = os.environ.get("GITHUB_TOKEN", "none")
try:
    socket.create_connection(("127.0.0.1", {port}), 2).close()
    REACHED = "reached"
except OSError:
    REACHED = "alone"
pathlib.Path({out!r}).write_text(TOKEN + " " + REACHED + " " + str(pathlib.Path.home()))
{more}
"""


@pytest.mark.parametrize(
    ("more", "limits", "said"),
    [
        ("", [], "the code of honest is not the code that made its runs"),
        ("time.sleep(600)", ["--seconds", 30], "its check was stopped after 30 s (--seconds)"),
        ("x = bytearray(10**9); time.sleep(600)", ["--memory", 0.8], "its check was stopped at 0.8 GB"),
        ("os._exit(7)", [], "its check ended without an answer (exit status 7)"),
    ],
)
def test_the_code_of_an_entry_runs_apart(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, limits: list[object], said: str
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    shutil.copytree(archive / "shared", tmp_path / "shared")
    code, index = tmp_path / "shared" / "honest" / "code" / "honest.py", tmp_path / "shared" / "index.json"
    with socket.create_server(("127.0.0.1", 0)) as server:
        wrote = tmp_path / "wrote"
        added = EVIL.format(port=server.getsockname()[1], out=str(wrote), more=more)
        code.write_text(code.read_text() + added)
        content = json.loads(index.read_text())
        (listed,) = [one for one in content["entries"] if one["name"] == "honest"]
        listed["files"]["code/honest.py"] = {"sha256": digest_of(code), "size": code.stat().st_size}
        index.write_text(json.dumps(sealed(content)))
        output = equipoise("archive", "check", tmp_path / "shared", "honest", "--sample", 1, *limits, cwd=tmp_path)
    assert f"honest: UNVERIFIED: {said}" in output
    token, reached, home = wrote.read_text().split()
    assert token == "none"
    assert reached == ("reached" if "can reach the network" in output else "alone")
    assert not Path(home).exists()
    assert not (tmp_path / "here").exists()
