"""TransNAS-Bench-101, macro: all 3,256 networks on seven vision tasks."""

from equipoise.harness.benchmarks._transnas import TransNas
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.transnas_macro import TransNasMacro

__all__ = ["TransNasMacroBenchmark"]


class TransNasMacroBenchmark(TransNas):
    """The file lists a network by its modules, numbered from 1."""

    name = "transnas_macro"
    source_name = "transnas-macro"
    stem = "transbench101_macro"
    space = TransNasMacro()

    def architecture(self, numbers: tuple[int, ...]) -> Architecture:
        """The digits of the benchmark's string."""
        return self.space.parse(f"64-{''.join(map(str, numbers))}-basic")
