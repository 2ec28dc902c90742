"""Writes a file so that it is there whole or not at all; reads JSON that anybody may have written."""

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from equipoise.harness.core.errors import StoreError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["parse_json", "remove_scratch", "write_whole"]


def parse_json(text: str | bytes) -> Any:
    """Parses JSON, whatever it holds.

    Raises:
        ValueError: It is not JSON, is nested too deeply, or holds a number of thousands of digits.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def write_whole(path: Path, content: "bytes | pa.Buffer") -> None:
    """Writes a file so that it is there whole or not at all, even if the machine stops.

    Raises:
        StoreError: It cannot be written; nothing is left of it.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink()
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); free some space or choose --out elsewhere"
        ) from error


def remove_scratch(folder: Path, names: str) -> None:
    """Removes what `write_whole` left in a folder where its process was killed; for the only writer there.

    Args:
        folder: Where it wrote.
        names: Regular expression of the names of the files that it wrote there; nothing else is touched.
    """
    for scratch in folder.glob(".*"):
        if re.fullmatch(rf"\.(?:{names})\.\d+", scratch.name) and scratch.is_file() and not scratch.is_symlink():
            with suppress(OSError):
                scratch.unlink()
