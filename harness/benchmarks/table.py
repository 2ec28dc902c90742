"""Any table in the open format as a task: ``table:FILE`` in a suite."""

from pathlib import Path

from equipoise.harness.benchmarks._open_table import table_file_task
from equipoise.harness.benchmarks._table import TableTask
from equipoise.harness.core.task import Benchmark, Noise

__all__ = ["TableFiles"]


class TableFiles(Benchmark):
    """Offers the task that a table file describes; its data set is the path of the file."""

    name = "table"
    datasets = ()
    open_ended = True

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> TableTask:
        """Makes the task of a file."""
        return table_file_task(f"{self.name}/{dataset}", Path(dataset), noise)
