"""Fetching, against a server that misbehaves on purpose."""

import hashlib
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from damaged_zips import WRONG, write_wrong_zip
from typer.testing import CliRunner

from equipoise.harness.cli.main import app
from equipoise.harness.core.errors import DataError
from equipoise.harness.data import fetch as fetching
from equipoise.harness.data.archive import json_members, read_json
from equipoise.harness.data.fetch import adopt, fetch
from equipoise.harness.data.sources import Source, source, sources

CONTENT = bytes(range(256)) * 1_000


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT as the path says; `asked` remembers the ranges."""

    asked: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        Handler.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if self.path == "/gone":
            self.send_error(404)
            return
        if self.path == "/busy" and len(Handler.asked) < 3:
            self.send_error(503)
            return
        body, kind = CONTENT, "application/octet-stream"
        if self.path == "/page":
            body, kind = b"<!DOCTYPE html><html>Please log in</html>", "text/html"
        elif self.path == "/disguised":
            body = b"<html>quota exceeded</html>".ljust(len(CONTENT))
        elif self.path == "/other":
            body = bytes(len(CONTENT))
        elif self.path == "/endless":
            body = CONTENT * 2
        resumes = start and self.path != "/norange"
        body = body[start:] if resumes else body
        self.send_response(206 if resumes else 200)
        self.send_header("Content-Type", kind)
        cut = self.path in ("/cut", "/norange") and len(Handler.asked) < 3
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 3] if cut else body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.asked = []
    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=served.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join()
    served.server_close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("EQUIPOISE_MIRROR", raising=False)
    return tmp_path / "cache" / "downloads"


def made(url: str) -> Source:
    return Source("made", "made.bin", url, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "none", "tests", "none")


def visible(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if not path.name.startswith(".")]


def test_a_file_arrives_whole_and_only_once(server: str, folder: Path) -> None:
    told: list[int] = []
    assert fetch(made(f"{server}/good"), told.append) == f"{server}/good"
    assert (folder / "made.bin").read_bytes() == CONTENT
    assert told == sorted(told)
    assert told[-1] == len(CONTENT)
    assert fetch(made(f"{server}/good")) == "already here"
    assert len(Handler.asked) == 1
    (folder / "made.bin").write_bytes(bytes(len(CONTENT)))  # damaged in place, of the right size
    fetch(made(f"{server}/good"))
    assert (folder / "made.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["cut", "norange", "busy"])
def test_a_broken_download_goes_on(server: str, folder: Path, path: str) -> None:
    fetch(made(f"{server}/{path}"), pause_seconds=0.01)
    assert (folder / "made.bin").read_bytes() == CONTENT
    assert len(Handler.asked) == 3
    if path == "cut":
        assert Handler.asked[1] == f"bytes={len(CONTENT) // 3}-"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("gone", "404"),
        ("page", "web page came instead"),
        ("disguised", "web page came instead"),
        ("other", "SHA-256"),
        ("endless", "more than the expected"),
    ],
)
def test_what_is_not_the_file_is_one_error_and_leaves_nothing(server: str, folder: Path, path: str, words: str) -> None:
    with pytest.raises(DataError, match=words) as raised:
        fetch(made(f"{server}/{path}"), pause_seconds=0.01)
    assert "\n" not in str(raised.value)
    assert [path.name for path in folder.iterdir()] == [".lock"]


def test_a_server_that_keeps_cutting_is_named_and_can_be_resumed(
    server: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "ATTEMPTS", 1)
    with pytest.raises(DataError, match="to go on, or put made"):
        fetch(made(f"{server}/cut"))
    assert visible(folder) == []
    Handler.asked = [None, None]
    fetch(made(f"{server}/cut"))
    assert Handler.asked[2] == f"bytes={len(CONTENT) // 3}-"
    assert (folder / "made.bin").read_bytes() == CONTENT


def test_the_mirror_comes_first(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    monkeypatch.setenv("EQUIPOISE_MIRROR", str(mirror))
    unreachable = made("http://127.0.0.1:9/none")
    (mirror / "made.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match="bytes, expected"):
        fetch(unreachable)
    (mirror / "made.bin").write_bytes(bytes(len(CONTENT)))
    with pytest.raises(DataError, match="SHA-256"):
        fetch(unreachable)
    assert [path.name for path in folder.iterdir()] == [".lock"]
    (mirror / "made.bin").write_bytes(CONTENT)
    assert fetch(unreachable) == str(mirror / "made.bin")
    assert (folder / "made.bin").read_bytes() == CONTENT


def test_an_unknown_file_is_not_adopted(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("other")
    with pytest.raises(DataError, match="none of the known files"):
        adopt(tmp_path / "other")
    with pytest.raises(DataError, match="cannot be read"):
        adopt(tmp_path / "nothing")


def test_sources_are_pinned_and_say_whose_they_are() -> None:
    for entry in sources().values():
        assert entry.url.startswith("https://")
        assert len(entry.sha256) == 64
        assert entry.url.endswith(entry.file)
        assert entry.licence
        assert entry.origin
    with pytest.raises(DataError, match="did you mean 'nasbench-macro'"):
        source("nasbench-makro")


def test_the_command_lists_and_verifies(folder: Path) -> None:
    runner = CliRunner()
    listed = runner.invoke(app, ["data", "list"])
    assert listed.exit_code == 0
    assert all(name in listed.output for name in sources())
    assert runner.invoke(app, ["data", "verify"]).exit_code == 0
    folder.mkdir(parents=True)
    source("nasbench-macro").path.write_text("damaged")
    verified = runner.invoke(app, ["data", "verify"])
    assert verified.exit_code == 1
    assert "DAMAGED: equipoise data fetch nasbench-macro" in verified.output


def test_archives_are_read_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zen/b.json", "[2]")
        archive.writestr("zen/a.json", "[1]")
        archive.writestr("other.txt", "x")
    assert list(json_members(path, r"zen/.*\.json")) == [[1], [2]]
    with pytest.raises(DataError, match="no member matches"):
        list(json_members(path, "nothing"))


@pytest.mark.parametrize("name", ["../climbs.json", "/absolute.json", "a/../../b.json", "..\\windows.json"])
def test_a_path_that_climbs_out_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "[]")
    with pytest.raises(DataError, match="outside the archive"):
        list(json_members(path, ".*"))


@pytest.mark.parametrize("wrong", WRONG)
def test_archives_that_zipfile_cannot_read_are_one_line(tmp_path: Path, wrong: str) -> None:
    path = write_wrong_zip(tmp_path / "a.zip", wrong, "a.json", "[1]")
    with pytest.raises(DataError, match=r"a\.zip: .*get the file again") as raised:
        list(json_members(path, ".*"))
    assert "\n" not in str(raised.value)


def test_absent_files_are_one_line(tmp_path: Path) -> None:
    for read in (lambda: list(json_members(tmp_path / "a", ".*")), lambda: read_json(tmp_path / "a")):
        with pytest.raises(DataError, match="cannot be read"):
            read()


def test_damaged_archives_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", "[" + "1," * 5_000 + "1]")
    whole = path.read_bytes()
    for content in (b"", b"<html>", whole[: len(whole) // 2], whole[:45] + b"\0" * 10 + whole[55:]):
        path.write_bytes(content)
        with pytest.raises(DataError, match="damaged archive"):
            list(json_members(path, ".*"))
    path.write_bytes(whole)
    monkeypatch.setattr("equipoise.harness.data.archive.MOST_BYTES", 100)
    with pytest.raises(DataError, match="more than the accepted"):
        list(json_members(path, ".*"))
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(DataError, match="not JSON"):
        read_json(tmp_path / "a.json")
