"""The NAS-Bench-Macro space: one block of three in each of eight layers."""

import re

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture, Decision, LabelledDag
from equipoise.harness.spaces._product import ProductSpace

__all__ = ["BLOCKS", "NasBenchMacro"]

BLOCKS = ("identity", "mbconv3-3x3", "mbconv6-5x5")
"""In the benchmark's numbering: nothing, or an inverted residual of that expansion and kernel."""

LAYERS = 8


class NasBenchMacro(ProductSpace):
    """6,561 networks; the benchmark trained every string, and `canonical` is the string itself."""

    name = "nasbench_macro"
    source = "Su et al., Prioritized Architecture Sampling with Monte-Carlo Tree Search, CVPR 2021"
    decisions = tuple(Decision(f"layer {number}", BLOCKS) for number in range(1, LAYERS + 1))

    def graph(self, prefix: Architecture) -> LabelledDag:
        """The chain of the blocks decided so far."""
        labels = ("input", *(BLOCKS[option] for option in prefix), "output")
        edges = tuple((node, node + 1) for node in range(len(labels) - 1))
        return LabelledDag(labels, edges, ("",) * len(edges))

    def format(self, architecture: Architecture) -> str:
        """The benchmark's own string, for example ``22212220``."""
        return "".join(map(str, architecture))

    def parse(self, text: str) -> Architecture:
        """Reads the benchmark's own string.

        Raises:
            SpaceError: The text is not such a string.
        """
        if re.fullmatch(rf"[0-2]{{{LAYERS}}}", text.strip()) is None:
            raise SpaceError(
                f"{self.name}: '{text}' is no network; one is {LAYERS} digits: "
                f"{', '.join(f'{number} {block}' for number, block in enumerate(BLOCKS))}"
            )
        return tuple(map(int, text.strip()))
