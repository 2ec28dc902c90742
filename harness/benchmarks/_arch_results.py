"""The base of the benchmarks with archives of NAS-Bench-201's format: data sets, splits, seeds, metric."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from equipoise.harness.benchmarks._official import CURVE, OfficialTables
from equipoise.harness.core.task import Metric
from equipoise.harness.data.official.arch_results import SPLITS
from equipoise.harness.tables.header import TableHeader

__all__ = ["ArchResults"]

SEEDS = (777, 888, 999)
"""The labels in the official archives; how many an architecture has differs."""


class ArchResults(OfficialTables):
    """Base of NATS-Bench topology and size and of the NAS-Bench-201 file.

    Attributes:
        epochs: Of its trainings, ascending.
    """

    datasets = (*SPLITS, f"cifar10{CURVE}")
    licence = "MIT"
    pitfalls = (
        "cifar10 selects by a training on half of the training images and is tested after another one on all of them, "
        "as the benchmark's authors do; the test error is the mean over the seeds of the latter.",
        "cifar100 and imagenet16-120: validation and test are two halves of the official test images. The split that "
        "the source calls ori-test holds both, and is not used.",
        "Each number of epochs is a training of its own, with its own learning-rate schedule.",
        "Architectures have one to three seeds; missing ones are not made up.",
        "The three data sets share one space and most of their ranking: they are one family, not three.",
    )
    splits: ClassVar[Mapping[str, tuple[str, str]]] = {
        **{
            dataset: (f"{splits.validation} of {splits.trained}", f"{splits.test} of {splits.tested}")
            for dataset, splits in SPLITS.items()
        },
        f"cifar10{CURVE}": ("x-valid of cifar10-valid, after each epoch", ""),
    }
    metric = Metric.accuracy()
    epochs: ClassVar[tuple[int, ...]]

    def headers(self, path: Path) -> Mapping[str, TableHeader]:
        """One table a data set, and one with every epoch of the longest training on CIFAR-10."""
        cost = "training seconds as the archive lists them, and one pass over the validation set"
        found = {
            dataset: self.header_of(dataset, path, cost=cost, fidelities=self.epochs, seeds=SEEDS) for dataset in SPLITS
        }
        found[f"cifar10{CURVE}"] = self.header_of(
            f"cifar10{CURVE}",
            path,
            cost=cost,
            fidelities=tuple(range(1, self.epochs[-1] + 1)),
            seeds=SEEDS,
        )
        return found
