"""The topology space of NATS-Bench: the cells of NAS-Bench-201, from the official fast-mode archive."""

from equipoise.harness.benchmarks._nasbench201_sizes import size_readers
from equipoise.harness.benchmarks._nats_bench import NatsBench
from equipoise.harness.benchmarks._network_sizes import SizeReaders
from equipoise.harness.benchmarks._official import CURVE
from equipoise.harness.data.official import nats_bench
from equipoise.harness.spaces.nasbench201 import NasBench201

__all__ = ["NatsTssBenchmark"]


class NatsTssBenchmark(NatsBench):
    """15,625 cells on three data sets, trained for 12 and for 200 epochs."""

    name = "nats_tss"
    source = "Dong, Liu, Musial and Gabrys, NATS-Bench, TPAMI 2021: topology search space, every stored seed"
    archive = "NATS-tss-v1_0-3ffb9-simple.tar from the links at https://github.com/D-X-Y/NATS-Bench"
    imported = "NATS-tss-v1_0-3ffb9-simple.tar"
    space = NasBench201()
    epochs = nats_bench.EPOCHS["nasbench201"]

    def sizes(self, dataset: str) -> SizeReaders:
        """Counted: the networks are those of NAS-Bench-201."""
        return size_readers(dataset.removesuffix(CURVE))
