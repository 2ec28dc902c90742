"""Any fitted surrogate as a task: ``surrogate:FILE`` in a suite."""

from pathlib import Path

from equipoise.harness.benchmarks._surrogate import SurrogateTask, surrogate_info
from equipoise.harness.core.task import Benchmark, Noise

__all__ = ["SurrogateFiles"]


class SurrogateFiles(Benchmark):
    """Offers the task that a file of `equipoise surrogate` describes; its data set is the path of the file."""

    name = "surrogate"
    datasets = ()
    open_ended = True

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> SurrogateTask:
        """Makes the task of a file."""
        path = Path(dataset)
        return SurrogateTask(surrogate_info(f"{self.name}/{dataset}", path), path, noise)
