"""The reading side that results folders, archive entries and combinations of them share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from equipoise.harness.store.run_file import Summary

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StoredRows"]


class StoredRows(Protocol):
    """Stored runs that a report reads."""

    path: Path

    def manifest(self) -> dict[str, Any] | None:
        """The description of the suite; None if there is none."""

    def summaries(self) -> dict[str, Summary]:
        """The runs by run_id."""

    def failures(self) -> Sequence[Mapping[str, Any]]:
        """Failures of runs that are not stored."""

    def frame(self, columns: Sequence[str] | None = None, task: str | None = None) -> "pd.DataFrame":
        """Rows, sorted by task, method, budget, repeat and query."""
