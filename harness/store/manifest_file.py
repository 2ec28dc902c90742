"""Reads a manifest that may be damaged, or edited by hand, and says what is wrong with it."""

from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import StoreError, reason_of
from equipoise.harness.core.sealed import unsealed

__all__ = ["read_manifest"]

KINDS: dict[str, type | tuple[type, ...]] = {
    "suite": dict,
    "methods": dict,
    "tasks": dict,
    "left_out": list,
    "versions": dict,
    "machine": dict,
    "command": list,
    "started": str,
    "ended": (str, type(None)),
}
"""The required keys of a manifest, and their kinds."""


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The content of ``manifest.json``; None if there is none.

    Raises:
        StoreError: The file is damaged, or no manifest.
    """
    advice = "move the folder away, or restore the file"
    try:
        manifest = unsealed(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise StoreError(f"{path}: damaged ({reason_of(error)}); {advice}") from error
    if "suite" not in manifest:
        raise StoreError(f"{path}: not a manifest of Equipoise; {advice}")
    for key, kind in KINDS.items():
        if key not in manifest:
            raise StoreError(f"{path}: damaged ('{key}' is missing); {advice}")
        if not isinstance(manifest[key], kind):
            raise StoreError(f"{path}: damaged ('{key}' is of the wrong kind); {advice}")
    for key in ("methods", "tasks"):
        if not all(isinstance(entry, dict) for entry in manifest[key].values()):
            raise StoreError(f"{path}: damaged (an entry of '{key}' is no object); {advice}")
    for entry in manifest["left_out"]:
        if not isinstance(entry, dict) or not {"method", "task", "reason"} <= set(entry):
            raise StoreError(f"{path}: damaged (an entry of 'left_out' lacks method, task or reason); {advice}")
    for key in ("tasks", "methods"):
        entries = manifest["suite"].get(key)
        if not isinstance(entries, list) or not all(map(_is_named, entries)):
            raise StoreError(f"{path}: damaged (the suite's '{key}' are no entries with a name); {advice}")
    return manifest


def _is_named(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str)
