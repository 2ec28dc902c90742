"""Fetches upstream files from a mirror or the network, whole and checked, or not at all."""

import fcntl
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import DataError
from equipoise.harness.data.sources import Source, digest_of, sources

__all__ = ["adopt", "fetch"]

ATTEMPTS = 4
TIMEOUT_SECONDS = 30
BLOCK = 1 << 16

Tell = Callable[[int], None]
"""Called with the number of bytes received so far."""


def fetch(source: Source, tell: Tell = lambda _: None, pause_seconds: float = 1.0) -> str:
    """Fetches one file, unless it is present.

    ``EQUIPOISE_MIRROR`` is searched first. An interrupted download is kept under a hidden name and resumed at the next
    attempt; the file appears under its own name only when its digest agrees.

    Args:
        source: The file.
        tell: Takes the number of bytes received, for a progress bar.
        pause_seconds: Wait before the second attempt; doubled before each further one.

    Returns:
        The mirror or URL that it came from.

    Raises:
        DataError: It is not available, or its digest differs; nothing was written.
    """
    with _alone(source.path):
        if source.missing() is None and digest_of(source.path) == source.sha256:
            return "already here"
        if (mirror := os.environ.get("EQUIPOISE_MIRROR")) and (candidate := Path(mirror) / source.file).is_file():
            _place(source, candidate)
            return str(candidate)
        _download(source, tell, pause_seconds)
        return source.url


def adopt(path: Path) -> Source:
    """Places a file that was obtained otherwise, identified by its digest, among the fetched ones.

    Raises:
        DataError: It cannot be read, or is no known file.
    """
    try:
        digest = digest_of(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    for source in sources().values():
        if source.sha256 == digest:
            with _alone(source.path):
                _place(source, path)
            return source
    accepted = ", ".join(source.file for source in sources().values())
    raise DataError(f"{path}: SHA-256 {digest[:16]}... is none of the known files ({accepted})")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Lets one process at a time fetch into a folder."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = (path.parent / ".lock").open("w")
    except OSError as error:
        raise DataError(f"{path.parent}: cannot be written ({error.strerror}); set EQUIPOISE_CACHE") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _partial(source: Source) -> Path:
    return source.path.with_name(f".{source.path.name}.part")


def _place(source: Source, found: Path) -> None:
    partial = _partial(source)
    try:
        if found.stat().st_size != source.size:
            raise DataError(f"{found}: {found.stat().st_size} bytes, expected {source.size}; get it again")
        shutil.copyfile(found, partial)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DataError(f"{found}: cannot be copied to {source.path} ({error.strerror})") from error
    _finish(source, str(found))


def _finish(source: Source, origin: str) -> None:
    partial = _partial(source)
    if (digest := digest_of(partial)) != source.sha256:
        head = partial.read_bytes()[:512].lstrip().lower()
        partial.unlink()
        page = "a web page came instead of the file; " if head.startswith((b"<!doctype", b"<html")) else ""
        raise DataError(
            f"{origin}: {page}SHA-256 is {digest[:16]}..., expected {source.sha256[:16]}...; nothing was kept"
        )
    os.replace(partial, source.path)


def _download(source: Source, tell: Tell, pause_seconds: float) -> None:
    problem = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(pause_seconds * 2 ** (attempt - 1))
        try:
            _receive(source, tell)
        except urllib.error.HTTPError as error:
            problem = f"the server answered {error.code} {error.reason}"
            error.close()
            if error.code in (400, 401, 403, 404, 410):
                break
        except (OSError, HTTPException) as error:
            problem = str(getattr(error, "reason", error))
        else:
            if (size := _partial(source).stat().st_size) == source.size:
                _finish(source, source.url)
                return
            problem = f"the connection ended after {size} of {source.size} bytes"
    raise DataError(
        f"{source.url}: {problem}. Run the command again to go on, or put {source.file} into a folder and set "
        "EQUIPOISE_MIRROR to it"
    )


def _receive(source: Source, tell: Tell) -> None:
    """Appends the missing bytes to the partial file, up to the known size."""
    partial = _partial(source)
    here = partial.stat().st_size if partial.exists() else 0
    if here >= source.size:
        partial.unlink()
        here = 0
    request = urllib.request.Request(source.url, headers={"User-Agent": "equipoise"})
    if here:
        request.add_header("Range", f"bytes={here}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        _refuse_pages(source, answer)
        resumed = answer.status == 206
        with partial.open("ab" if resumed else "wb") as file:
            here = here if resumed else 0
            while block := answer.read(BLOCK):
                here += len(block)
                if here > source.size:
                    file.close()
                    partial.unlink()
                    raise DataError(f"{source.url}: sends more than the expected {source.size} bytes; nothing was kept")
                file.write(block)
                tell(here)


def _refuse_pages(source: Source, answer: Any) -> None:
    if answer.headers.get_content_type() == "text/html":
        raise DataError(f"{source.url}: a web page came instead of the file; nothing was kept")
