"""The error of a command that was given something else than a results folder."""

from contextlib import suppress
from pathlib import Path

from equipoise.harness.core.errors import StoreError, nearest, one_line

__all__ = ["no_results"]

MANIFEST = "manifest.json"


def no_results(folder: Path) -> StoreError:
    """The error, with the results folders that lie beside the path, or below the folder.

    Args:
        folder: What was given; it has no manifest.
    """
    shown = one_line(str(folder), 200)
    if folder.is_file():
        return StoreError(f"{shown}: a file; give the results folder that run wrote (results/NAME, or that of --out)")
    found: list[str] = []
    with suppress(OSError):
        below = folder.is_dir()
        found = sorted(str(path.parent) for path in (folder if below else folder.parent).glob(f"*/{MANIFEST}"))
    here = f"; {nearest(str(folder), found)}" if 0 < len(found) <= 20 else ""
    return StoreError(f"{shown}: no manifest.json, so no results; give the folder that run wrote{here}")
