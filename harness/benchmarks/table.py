"""Any table in the open format as a task: ``table:FILE`` in a suite."""

from pathlib import Path

from equipoise.harness.benchmarks._open_table import OpenTable

__all__ = ["TableFileTask"]


class TableFileTask(OpenTable):
    """The task that a table file describes; its data set is the path of the file."""

    benchmark = "table"
    datasets = ()

    @property
    def path(self) -> Path:
        """The file that was named."""
        return Path(self.dataset)
