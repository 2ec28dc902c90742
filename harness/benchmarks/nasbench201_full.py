"""NAS-Bench-201 with all that its official file holds: every seed, two trainings, test, curves."""

from collections.abc import Iterator
from pathlib import Path

from equipoise.harness.benchmarks._arch_results import ArchResults
from equipoise.harness.benchmarks._nasbench201_sizes import size_readers
from equipoise.harness.benchmarks._network_sizes import SizeReaders
from equipoise.harness.benchmarks._official import CURVE
from equipoise.harness.benchmarks.nasbench201 import CITATION
from equipoise.harness.data.official import nasbench201
from equipoise.harness.data.official.record import Record
from equipoise.harness.spaces.nasbench201 import NasBench201

__all__ = ["NasBench201FullBenchmark"]


class NasBench201FullBenchmark(ArchResults):
    """15,625 cells on three data sets, trained for 12 and for 200 epochs; `nasbench201` is embedded and has less."""

    name = "nasbench201_full"
    source = "Dong and Yang, NAS-Bench-201, ICLR 2020: the official file, every stored seed"
    citation = CITATION
    archive = "NAS-Bench-201-v1_1-096897.pth (4.7 GB) from the links at https://github.com/D-X-Y/NAS-Bench-201"
    imported = "NAS-Bench-201-v1_1-096897.pth"
    space = NasBench201()
    epochs = tuple(nasbench201.EPOCHS.values())

    def sizes(self, dataset: str) -> SizeReaders:
        """Counted: the networks are those of NAS-Bench-201."""
        return size_readers(dataset.removesuffix(CURVE))

    def recognises(self, path: Path) -> bool:
        """Whether this looks like the official file."""
        return nasbench201.recognises(path)

    def records(self, path: Path, curves: bool) -> Iterator[Record]:
        """Reads the file."""
        return nasbench201.records(path, curves)
