"""The TransNAS-Bench-101 micro space: one operation of four on each of the six edges of a four-node cell."""

import re

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture, Decision
from equipoise.harness.spaces.nasbench201 import EDGES, NasBench201

__all__ = ["OPERATIONS", "TransNasMicro"]

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")
"""The first four of NAS-Bench-201, in the benchmark's own numbering."""


class TransNasMicro(NasBench201):
    """4,096 cells: those of NAS-Bench-201 that do not pool.

    Equivalence (`canonical`) is that of NAS-Bench-201; the benchmark stores each string separately.
    """

    name = "transnas_micro"
    source = "Duan et al., TransNAS-Bench-101: Improving Transferability and Generalizability of NAS, CVPR 2021"
    decisions = tuple(Decision(f"edge {source}->{target}", OPERATIONS) for source, target in EDGES)

    def format(self, architecture: Architecture) -> str:
        """The string of the TransNAS-Bench-101 API, for example ``64-41414-1_02_333``."""
        digits = "".join(map(str, architecture))
        return f"64-41414-{digits[0]}_{digits[1:3]}_{digits[3:]}"

    def parse(self, text: str) -> Architecture:
        """Reads the string of the TransNAS-Bench-101 API.

        Raises:
            SpaceError: The text is not such a string.
        """
        match = re.fullmatch(r"64-41414-([0-3])_([0-3]{2})_([0-3]{3})", text.strip())
        if match is None:
            raise SpaceError(
                f"{self.name}: '{text}' is no cell; one reads 64-41414-1_02_333, one digit per edge, target by target: "
                f"{', '.join(f'{number} {operation}' for number, operation in enumerate(OPERATIONS))}"
            )
        return tuple(map(int, "".join(match.groups())))
