"""Archives: their index, fetching from a URL, and what is damaged or strange."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stores import played, suite
from typer.testing import CliRunner

from equipoise.harness.archive.add import add
from equipoise.harness.archive.check import check
from equipoise.harness.archive.find import entry_named, fetch_entry
from equipoise.harness.archive.index import Archive
from equipoise.harness.cli.main import app
from equipoise.harness.core.errors import DataError, StoreError
from equipoise.harness.core.sealed import sealed
from equipoise.harness.data.sources import digest_of
from equipoise.harness.store.entry import Entry

CHOSEN = suite(({"name": "random_search"},), ("nasbench201/cifar10",), budget={"queries": 5}, repeats=2)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    results = played(tmp_path / "results", CHOSEN)
    add(results, tmp_path / "theirs", "simple", authors=["A. Nonymous"], about="a first try")
    return tmp_path / "theirs"


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(archive: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(archive.parent)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/theirs"
    server.shutdown()
    server.server_close()


def test_entries_are_fetched_from_a_url_and_found_by_name(
    archive: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    said = CliRunner().invoke(app, ["archive", "list", url]).output
    assert "simple" in said
    assert "1 method, A. Nonymous; not checked" in said
    assert CliRunner().invoke(app, ["archive", "get", url, "all"]).exit_code == 0
    fetched = entry_named("simple")
    assert fetched.path.relative_to(tmp_path / "cache" / "archives").parts[1:] == ("theirs", "simple")
    assert fetched.frame().equals(entry_named(str(archive / "simple")).frame())
    assert "simple" in CliRunner().invoke(app, ["archive", "list"]).output


def test_archives_of_one_name_at_two_addresses_are_kept_apart(
    archive: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    other = url.replace("/theirs", "/others/theirs")
    add(tmp_path / "results", tmp_path / "others" / "theirs", "simple", authors=["B. Nonymous"])
    first, second = (fetch_entry(Archive.open(place), "simple") for place in (url, other))
    assert [Entry(path).description["authors"] for path in (first, second)] == [["A. Nonymous"], ["B. Nonymous"]]
    with pytest.raises(StoreError, match="'simple' is in 2 archives here; give the folder of one") as caught:
        entry_named("simple")
    assert entry_named(str(second)).description["authors"] == ["B. Nonymous"]
    assert str(first) in str(caught.value)
    Path(second.parent / "index.json").unlink()
    (tmp_path / "cache" / "archives" / "theirs").mkdir()
    shutil.move(second, tmp_path / "cache" / "archives" / "former" / "simple")  # as former versions kept it
    Archive(str(tmp_path / "cache" / "archives" / "former"), "former", Archive.open(other).entries).write()
    shutil.rmtree(first.parent)
    assert entry_named("simple").description["authors"] == ["B. Nonymous"]


def test_an_index_that_was_changed_by_chance_is_refused_and_one_without_checksum_is_told(archive: Path) -> None:
    index = archive / "index.json"
    text = index.read_text()
    assert Archive.open(archive).sealed
    index.write_text(text.replace("a first try", "a first tri"))
    with pytest.raises(StoreError, match=r"damaged, or no index of an archive .*its checksum does not agree"):
        Archive.open(archive)
    content = json.loads(text)
    del content["checksum"]
    index.write_text(json.dumps(content))
    said = CliRunner().invoke(app, ["archive", "list", str(archive)]).output
    assert "(its index has no checksum)" in said


def test_a_file_that_is_not_what_the_index_says_is_refused(
    archive: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    runs = archive / "simple" / "runs.parquet"
    content = bytearray(runs.read_bytes())
    content[50] ^= 1
    runs.write_bytes(content)
    with pytest.raises(DataError, match=r"SHA-256 is .* expected") as caught:
        fetch_entry(Archive.open(url), "simple")
    assert "\n" not in str(caught.value)
    with pytest.raises(StoreError, match=r"SHA-256 is .* the index says"):
        entry_named(str(archive / "simple"))
    with pytest.raises(StoreError, match=r"SHA-256 is .* the index says"):
        fetch_entry(Archive.open(archive), "simple")


def test_values_at_fewer_epochs_are_those_of_the_table(tmp_path: Path) -> None:
    by_epochs = suite(({"name": "hyperband"},), ("nasbench201/fashion14",), budget={"epochs": 40}, repeats=2)
    add(played(tmp_path / "results", by_epochs), tmp_path / "theirs", "field")
    (honest,) = check(Archive.open(tmp_path / "theirs"), (), 1, lambda _: None)
    assert not [reason for reason in honest.reasons if "hold values" in reason]
    runs, index = tmp_path / "theirs" / "field" / "runs.parquet", tmp_path / "theirs" / "index.json"
    table = pq.read_table(runs)
    place = table.column_names.index("validation_error")
    less = [[0.9 * error for error in run] for run in table[place].to_pylist()]
    pq.write_table(table.set_column(place, "validation_error", pa.array(less, pa.list_(pa.float64()))), runs)
    content = json.loads(index.read_text())
    content["entries"][0]["files"]["runs.parquet"] = {"sha256": digest_of(runs), "size": runs.stat().st_size}
    index.write_text(json.dumps(sealed(content)))
    (cheat,) = check(Archive.open(tmp_path / "theirs"), (), 1, lambda _: None)
    assert "2 runs hold values of validation_error that the tables do not" in cheat.reasons


def climbs(content: dict[str, Any]) -> None:
    content["entries"][0]["name"] = "../elsewhere"


def writes_elsewhere(content: dict[str, Any]) -> None:
    content["entries"][0]["files"]["code/../../mine.py"] = {"sha256": "0", "size": 1}


def lacks_runs(content: dict[str, Any]) -> None:
    del content["entries"][0]["files"]["runs.parquet"]


def is_of_the_future(content: dict[str, Any]) -> None:
    content["format"] = 2


def is_endless(content: dict[str, Any]) -> None:
    content["entries"][0]["files"]["runs.parquet"]["size"] = 1e400


@pytest.mark.parametrize("change", [climbs, is_endless, writes_elsewhere, lacks_runs, is_of_the_future, dict.clear])
def test_a_strange_index_is_refused_in_one_line(archive: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads((archive / "index.json").read_text())
    change(content)
    (archive / "index.json").write_text(json.dumps(sealed(content) if content else content))
    with pytest.raises(StoreError, match="damaged, or no index of an archive") as caught:
        Archive.open(archive)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be read .*; give the folder or URL of an archive"):
        Archive.open(tmp_path)
    with pytest.raises(
        StoreError, match=r"no entry 'referense' here; did you mean 'reference'\?.*; or give its folder"
    ):
        entry_named("referense")


def test_no_path_or_command_of_the_machine_is_published(archive: Path, tmp_path: Path) -> None:
    text = (archive / "simple" / "entry.json").read_text()
    assert str(tmp_path) not in text
    assert "made.toml" not in text
