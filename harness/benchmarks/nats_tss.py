"""The topology space of NATS-Bench: the cells of NAS-Bench-201, from the official fast-mode archive."""

from collections.abc import Iterator
from pathlib import Path

from harness.benchmarks._arch_results import ArchResultsTask
from harness.data.official import nats_bench
from harness.data.official.record import Record
from harness.spaces.nasbench201 import NasBench201

__all__ = ["NatsTssTask"]


class NatsTssTask(ArchResultsTask):
    """15,625 cells on three data sets, trained for 12 and for 200 epochs."""

    benchmark = "nats_tss"
    source = "Dong, Liu, Musial and Gabrys, NATS-Bench, TPAMI 2021: topology search space, every stored seed"
    citation = nats_bench.CITATION
    archive = "NATS-tss-v1_0-3ffb9-simple.tar from the links at https://github.com/D-X-Y/NATS-Bench"
    imported = "NATS-tss-v1_0-3ffb9-simple.tar"
    space = NasBench201()
    epochs = nats_bench.EPOCHS["nasbench201"]

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether this is a fast-mode archive, packed or unpacked, that lists cells."""
        return nats_bench.recognises(path) and nats_bench.space_of(path) == cls.space

    @classmethod
    def records(cls, path: Path, curves: bool) -> Iterator[Record]:
        """Reads the archive."""
        return nats_bench.records(path, curves)
