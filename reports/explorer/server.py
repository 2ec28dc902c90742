"""Serves the explorer page of a suite that runs, on this machine alone: nothing is written, nobody else can read."""

import json
import secrets
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import EquipoiseError, StoreError
from equipoise.harness.store.suite_watch import SuiteWatch
from equipoise.reports.explorer.contents import Contents, Explorer
from equipoise.reports.explorer.page import html

__all__ = ["LivePage", "PageServer", "serve"]

LOOPBACK = "127.0.0.1"
LEAST_SECONDS = 5.0
"""Between two readings of the runs."""
SHARE = 0.1
"""Of a processor, at the most, that reading the runs again takes."""
MOST_FAILURES = 20


class LivePage:
    """The page of a results folder, and its news.

    Args:
        folder: The results folder.
        live: Describes the runs in progress, one line each.
    """

    def __init__(self, folder: Path, live: Callable[[], list[str]] = list) -> None:
        self._folder, self._live = folder, live
        self._watch, self._explorer = SuiteWatch(folder), Explorer()
        self._lock = threading.Lock()
        self._contents: tuple[str, Contents] | None = None
        self._next = 0.0

    def page(self) -> str:
        """The whole page."""
        with self._lock:
            return html(self._read(self._watch.look().version), live=True)

    def state(self) -> dict[str, Any]:
        """The progress; its version is another one than that of the page where there is something new to be had."""
        with self._lock:
            snapshot = self._watch.look()
            known = self._contents[0] if self._contents else ""
            return {
                "headline": snapshot.headline,
                "methods": [vars(entry) for entry in snapshot.methods],
                "failures": list(snapshot.failures[-MOST_FAILURES:]),
                "live": self._live(),
                "version": snapshot.version if time.monotonic() >= self._next else known,
            }

    def news(self) -> dict[str, Any]:
        """The runs as they are stored now, without the landscapes."""
        with self._lock:
            contents = self._read(self._watch.look().version)
            blocks = {key: block for key, block in contents.blocks.items() if key.startswith("runs ")}
            return {"description": contents.description, "blocks": blocks}

    def _read(self, version: str) -> Contents:
        if self._contents is None or (self._contents[0] != version and time.monotonic() >= self._next):
            began, first = time.thread_time(), self._contents is None
            contents = self._explorer.of_folder(self._folder)
            contents.description["version"] = version
            self._contents = version, contents
            took = 0.0 if first else time.thread_time() - began  # the landscapes are read once
            self._next = time.monotonic() + max(LEAST_SECONDS, took / SHARE)
        return self._contents[1]


class PageServer(ThreadingHTTPServer):
    """Answers on the loopback interface, under a path that only who started it knows.

    The token keeps other users and other pages out; the check of the host keeps out names that a foreign page lets
    point here (DNS rebinding).

    Args:
        page: What is served.
        port: 0 for any that is free.
    """

    daemon_threads = True

    def __init__(self, page: LivePage, port: int = 0) -> None:
        self.page, self.token = page, secrets.token_urlsafe(16)
        try:
            super().__init__((LOOPBACK, port), _Handler)
        except (OSError, OverflowError) as error:
            raise StoreError(f"port {port} of {LOOPBACK} cannot be used ({error}); choose another --port") from error

    @property
    def address(self) -> str:
        """The address of the page."""
        return f"http://{LOOPBACK}:{self.server_port}/{self.token}/"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version, sys_version = "Equipoise", ""
    timeout = 30

    def do_GET(self) -> None:
        """Answers with the page, the progress or the news."""
        hosts = (f"{LOOPBACK}:{self.server.server_port}", f"localhost:{self.server.server_port}")
        if self.headers.get("Host") not in hosts:
            self.send_error(HTTPStatus.FORBIDDEN, "Not this host")
            return
        _, token, *rest = [*self.path.split("/"), ""]
        answers: dict[str, Callable[[], Any]] = {"": self.server.page.page, "state": self.server.page.state}
        answers["news"] = self.server.page.news
        name = rest[0] if rest else None
        if not secrets.compare_digest(token.encode(), self.server.token.encode()) or name not in answers:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        try:
            said = answers[name]()
        except EquipoiseError as error:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", str(error))
            return
        kind = "text/html" if name == "" else "application/json"
        self._answer(HTTPStatus.OK, kind, said if isinstance(said, str) else json.dumps(said))

    def _answer(self, status: HTTPStatus, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for header, value in (
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ):
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the terminal shows the address alone."""


def serve(folder: Path, port: int, live: Callable[[], list[str]], say: Callable[[str], None]) -> None:
    """Serves the page of a results folder until it is interrupted.

    Args:
        folder: The results folder.
        port: 0 for any that is free.
        live: Describes the runs in progress, one line each.
        say: Tells the address.

    Raises:
        StoreError: The folder holds no results, or the port cannot be used.
    """
    page = LivePage(folder, live)
    page.state()  # an error is said here, not in the browser
    with PageServer(page, port) as server:
        say(f"{server.address} (Ctrl-C ends it)")
        server.serve_forever()
