"""Any fitted surrogate as a task: ``surrogate:FILE`` in a suite."""

from pathlib import Path

from equipoise.harness.benchmarks._surrogate import SurrogateTask

__all__ = ["SurrogateFileTask"]


class SurrogateFileTask(SurrogateTask):
    """The task that a file of `equipoise surrogate` describes; its data set is the path of the file."""

    benchmark = "surrogate"
    datasets = ()

    @property
    def path(self) -> Path:
        """The file that was named."""
        return Path(self.dataset)

    @property
    def source(self) -> str:  # type: ignore[override]
        """The source of the table it was fitted to."""
        return f"a surrogate fitted to {self.header.fitted:,} architectures of: {self.header.table.source}"

    @property
    def licence(self) -> str:  # type: ignore[override]
        """The licence of that table."""
        return self.header.table.licence

    @property
    def citation(self) -> str:  # type: ignore[override]
        """The citation of that table."""
        return self.header.table.citation

    @property
    def pitfalls(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of that table, and that values are predictions."""
        said = "Values are predictions: the optimum is that of the model, which is not known to be that of the source."
        return (said, *self.header.table.pitfalls)
