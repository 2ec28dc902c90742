"""NAS-Bench-101 as its authors published it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from equipoise.harness.benchmarks._counted_sizes import size_readers
from equipoise.harness.benchmarks._network_sizes import SizeReaders
from equipoise.harness.benchmarks._official import OfficialTables
from equipoise.harness.core.task import Metric
from equipoise.harness.data.official import nasbench101
from equipoise.harness.data.official.record import Record
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.tables.header import TableHeader

__all__ = ["NasBench101Benchmark"]

EPOCHS = (4, 12, 36, 108)
REPEATS = (0, 1, 2)


class NasBench101Benchmark(OfficialTables):
    """423,624 cells on CIFAR-10, each trained three times for 4, 12, 36 and 108 epochs."""

    name = "nasbench101"
    datasets = ("cifar10",)
    source = "Ying et al., NAS-Bench-101, ICML 2019: the official TFRecord, final evaluation of every training run"
    licence = "Apache-2.0"
    citation = """@inproceedings{ying2019nasbench101,
  title = {{NAS}-Bench-101: Towards Reproducible Neural Architecture Search},
  author = {Ying, Chris and Klein, Aaron and Christiansen, Eric and Real, Esteban and Murphy, Kevin and Hutter, Frank},
  booktitle = {International Conference on Machine Learning},
  year = {2019}
}"""
    pitfalls = (
        "Each number of epochs is a training of its own, with its own learning-rate schedule.",
        "Published baselines differ by noise: 'single' is the original protocol, 'mean' that of much later work.",
        "Isomorphic cells are one entry: an encoding that proposes them again pays again.",
    )
    archive = (
        "https://storage.googleapis.com/nasbench/nasbench_full.tfrecord (1.95 GB, SHA-256 as its authors state it "
        "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c)"
    )
    imported = "nasbench_full.tfrecord"
    splits: ClassVar[Mapping[str, tuple[str, str]]] = {
        "cifar10": ("validation (10,000 images held out of the training set)", "test (the official test set)"),
    }
    space = NasBench101()
    metric = Metric.accuracy()

    def recognises(self, path: Path) -> bool:
        """Whether this looks like the official TFRecord."""
        return nasbench101.recognises(path)

    def records(self, path: Path, curves: bool) -> Iterator[Record]:
        """Reads the TFRecord."""
        return nasbench101.records(path)

    def sizes(self, dataset: str) -> SizeReaders:
        """Both measures, counted."""
        return size_readers(self.space)

    def headers(self, path: Path) -> Mapping[str, TableHeader]:
        """All four numbers of epochs, or the last one for the smaller official file."""
        epochs = EPOCHS[-1:] if "only108" in path.name else EPOCHS
        header = self.header_of(
            "cifar10",
            path,
            cost="training seconds on a TPU v2, without evaluations",
            fidelities=epochs,
            seeds=REPEATS,
        )
        return {"cifar10": header}
