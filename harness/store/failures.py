"""Failures of runs, one sealed line each in ``failures.jsonl``."""

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import StoreError, reason_of
from equipoise.harness.core.sealed import sealed, unsealed
from equipoise.harness.store.locks import in_turn

__all__ = ["read_failures", "record_failure"]

LOG = logging.getLogger("equipoise")

FILE = "failures.jsonl"

FAILURE_KEYS = frozenset({"run_id", "task", "method", "repeat", "error", "traceback"})
"""The part of a failure that is read."""


def record_failure(folder: Path, failure: Mapping[str, Any]) -> None:
    """Appends one line.

    Args:
        folder: The results folder.
        failure: With `FAILURE_KEYS`.

    Raises:
        StoreError: The file cannot be written.
    """
    with in_turn(folder):
        _append(folder / FILE, sealed(failure))


def read_failures(folder: Path) -> dict[str, dict[str, Any]]:
    """Reads the latest failure of each run, by run_id; a damaged line is logged and left.

    Args:
        folder: The results folder.

    Raises:
        StoreError: The file cannot be read.
    """
    latest: dict[str, dict[str, Any]] = {}
    path = folder / FILE
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror})") from error
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            failure = unsealed(line)
            if missing := FAILURE_KEYS - {key for key, value in failure.items() if isinstance(value, str | int)}:
                raise ValueError(f"'{min(missing)}' is missing")
        except ValueError as error:  # or a line cut by a crash
            LOG.warning("%s: line %d is damaged (%s); it is left out", path, number, reason_of(error))
            continue
        latest[str(failure["run_id"])] = failure
    return latest


def _append(path: Path, content: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
            cut = end > 0 and file.read(1) != b"\n"  # by a crash: the next line starts after a newline
            file.write(b"\n" * cut + json.dumps(content).encode() + b"\n")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror})") from error
