"""The size space of NATS-Bench: one network in 32,768 widths, from the official fast-mode archive."""

from collections.abc import Iterator
from pathlib import Path

from harness.benchmarks._arch_results import ArchResultsTask
from harness.data.official import nats_bench
from harness.data.official.record import Record
from harness.spaces.nats_sss import NatsSss

__all__ = ["NatsSssTask"]


class NatsSssTask(ArchResultsTask):
    """32,768 networks on three data sets, trained for 1, 12 and 90 epochs."""

    benchmark = "nats_sss"
    source = "Dong, Liu, Musial and Gabrys, NATS-Bench, TPAMI 2021: size search space, every stored seed"
    citation = nats_bench.CITATION
    archive = "NATS-sss-v1_0-50262-simple.tar from the links at https://github.com/D-X-Y/NATS-Bench"
    imported = "NATS-sss-v1_0-50262-simple.tar"
    space = NatsSss()
    epochs = nats_bench.EPOCHS["nats_sss"]

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Whether this is a fast-mode archive, packed or unpacked, that lists widths."""
        return nats_bench.recognises(path) and nats_bench.space_of(path) == cls.space

    @classmethod
    def records(cls, path: Path, curves: bool) -> Iterator[Record]:
        """Reads the archive."""
        return nats_bench.records(path, curves)
