"""The base of the two benchmarks of NATS-Bench: the archive, which lists its architectures."""

from collections.abc import Iterator
from pathlib import Path

from equipoise.harness.benchmarks._arch_results import ArchResults
from equipoise.harness.data.official import nats_bench
from equipoise.harness.data.official.record import Record

__all__ = ["NatsBench"]


class NatsBench(ArchResults):
    """Base of the topology and the size space; a subclass names its archive, space and epochs."""

    citation = nats_bench.CITATION

    def recognises(self, path: Path) -> bool:
        """Whether this is a fast-mode archive, packed or unpacked, that lists architectures of this space."""
        return nats_bench.recognises(path) and nats_bench.space_of(path) == self.space

    def records(self, path: Path, curves: bool) -> Iterator[Record]:
        """Reads the archive."""
        return nats_bench.records(path, curves)
