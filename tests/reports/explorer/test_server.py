"""The live page: on the loopback interface, behind a token, with news as runs are stored, and without a write."""

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from explorer_pages import description
from stores import described, played, suite

from equipoise.harness.core.errors import StoreError
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.explorer import server as served
from equipoise.reports.explorer.server import LivePage, PageServer

SUITE = suite(({"name": "random_search"},), ("nasbench_graph/proteins",), {"queries": 10})


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    """A server of a folder in which nothing is stored yet."""
    monkeypatch.setattr(served, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(served, "SHARE", 1e9)
    RunStore(tmp_path / "made").write_manifest(described(SUITE))
    with PageServer(LivePage(tmp_path / "made", lambda: ["a run"])) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def asked(server: PageServer, path: str, host: str | None = None, method: str = "GET") -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    connection.request(method, path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


def test_only_who_knows_the_token_is_answered_and_only_under_its_own_name(server: PageServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    good = f"/{server.token}/"
    assert asked(server, good)[0] == asked(server, f"{good}state")[0] == 200
    refused = [
        "/",
        "/state",
        "//state",
        f"/{server.token[:-1]}/",
        f"{good}../",
        f"{good}state?x",
        f"{good}made/manifest.json",
    ]
    assert [asked(server, path)[0] for path in refused] == [404] * len(refused)
    for host in ("example.org", "127.0.0.1", f"example.org:{server.server_port}"):
        assert asked(server, good, host)[0] == 403
    assert asked(server, good, f"localhost:{server.server_port}")[0] == 200
    assert [asked(server, good, method=method)[0] for method in ("POST", "PUT", "DELETE")] == [501] * 3


def test_the_page_gets_news_when_runs_are_stored(server: PageServer, tmp_path: Path) -> None:
    page = asked(server, f"/{server.token}/")[1]
    told = description(page)
    assert told["live"]
    assert told["tasks"][0]["runs"] is None
    assert told["notes"] == ["No finished run is stored yet."]
    state = json.loads(asked(server, f"/{server.token}/state")[1])
    assert (state["version"], state["live"]) == (told["version"], ["a run"])
    assert state["methods"] == [{"label": "random_search", "planned": 4, "stored": 0, "failed": 0}]
    before = {*(tmp_path / "made").rglob("*")}
    played(tmp_path / "made", SUITE)
    state = json.loads(asked(server, f"/{server.token}/state")[1])
    assert state["headline"] == "made: 4 of 4 runs stored; complete"
    assert state["version"] != told["version"]
    news = json.loads(asked(server, f"/{server.token}/news")[1])
    assert news["description"]["version"] == state["version"]
    assert len(news["description"]["tasks"][0]["runs"]["replays"]) == 4
    assert list(news["blocks"]) == ["runs nasbench_graph/proteins"]
    written = {path.relative_to(tmp_path / "made").parts[0] for path in {*(tmp_path / "made").rglob("*")} - before}
    assert written == {"runs"}  # by the runs alone


def test_what_cannot_be_read_is_said_and_the_server_goes_on(server: PageServer, tmp_path: Path) -> None:
    manifest = tmp_path / "made" / "manifest.json"
    kept = manifest.read_bytes()
    manifest.write_text("{")
    status, said = asked(server, f"/{server.token}/state")
    assert status == 503
    assert "manifest.json" in said
    manifest.write_bytes(kept)
    assert asked(server, f"/{server.token}/state")[0] == 200


def test_a_port_that_is_taken_is_one_line(server: PageServer, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="choose another --port"):
        PageServer(LivePage(tmp_path / "made"), server.server_port)
