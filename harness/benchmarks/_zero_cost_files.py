"""The files of NAS-Bench-Suite-Zero: architectures with zero-cost scores, and the accuracy they are to predict."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import DataError, SpaceError
from equipoise.harness.core.space import Architecture
from equipoise.harness.data.archive import json_members

__all__ = ["read_values"]


def read_values(
    path: Path, pattern: str, architecture: Callable[[Any], Architecture], what: str
) -> dict[Architecture, float]:
    """Reads lists of ``{"arch": "(1, 0, ...)", "val_accuracy": ...}``.

    Args:
        path: The zip archive.
        pattern: Regular expression that a whole member name must match.
        architecture: What the numbers of a record mean.
        what: What an error calls the records.

    Returns:
        The stored value of each architecture. The field's name promises validation; what it holds is for the caller
        to know.

    Raises:
        DataError: The archive is damaged, or a record cannot be read or is listed twice.
    """
    values: dict[Architecture, float] = {}
    for records in json_members(path, pattern):
        try:
            for record in records:
                found = architecture(ast.literal_eval(record["arch"]))
                if found in values:
                    raise DataError(f"{path}: {record['arch']} is listed twice for {what}")
                values[found] = float(record["val_accuracy"])
        except (KeyError, IndexError, TypeError, ValueError, SyntaxError, SpaceError) as error:
            raise DataError(f"{path}: a record of {what} cannot be read ({error!r})") from error
    return values
