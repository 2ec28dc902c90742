"""The TransNAS-Bench-101 macro space: how deep a network is, and where it halves resolution and doubles channels."""

import re
from collections.abc import Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.encoding import Encoding, Masked
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture, Decision, LabelledDag, SearchSpace

__all__ = ["MODULES", "TransNasMacro"]

MODULES = ("plain", "wider", "smaller", "wider-and-smaller")
"""The benchmark numbers them from 1: wider doubles the channels, smaller halves the resolution."""

DEPTHS = (4, 5, 6)
MOST_SMALLER, MOST_WIDER = 4, 3
ABSENT = len(MODULES)


class TransNasMacro(SearchSpace):
    """3,256 networks of four to six modules.

    Resolution is halved one to four times and the channels are doubled one to three times. Modules 5 and 6 may be
    absent (``none``), the sixth only with or after the fifth.
    """

    name = "transnas_macro"
    source = "Duan et al., TransNAS-Bench-101: Improving Transferability and Generalizability of NAS, CVPR 2021"
    decisions = tuple(
        Decision(f"module {number}", MODULES if number <= DEPTHS[0] else (*MODULES, "none"))
        for number in range(1, DEPTHS[-1] + 1)
    )

    def legal(self, prefix: Architecture) -> npt.NDArray[np.bool_]:
        """Every module that keeps within the limits; an end only after both have happened at least once.

        One further module can do both, so what is still missing matters at the last module alone.
        """
        options = range(self.cardinalities[len(prefix)])
        return np.array([self._completes((*prefix, option)) for option in options], dtype=np.bool_)

    def _completes(self, prefix: Architecture) -> bool:
        wider = sum(option in (1, 3) for option in prefix)
        smaller = sum(option in (2, 3) for option in prefix)
        if ABSENT in prefix and any(option != ABSENT for option in prefix[prefix.index(ABSENT) :]):
            return False
        ended = ABSENT in prefix or len(prefix) == DEPTHS[-1]
        return wider <= MOST_WIDER and smaller <= MOST_SMALLER and (not ended or (wider > 0 and smaller > 0))

    def contains(self, architecture: Architecture) -> bool:
        """Looks it up: mutation calls this often."""
        return architecture in self._positions

    def sample(self, rng: np.random.Generator, n: int) -> list[Architecture]:
        """Draws n networks, exactly uniformly."""
        return [self._all[number] for number in rng.integers(len(self._all), size=n).tolist()]

    @cached_property
    def _all(self) -> list[Architecture]:
        return list(self.enumerate())

    @cached_property
    def encodings(self) -> Mapping[str, Encoding]:
        """Those of every space, and ``masked``. A chain has one path and no edges to choose."""
        return {**super().encodings, "masked": Masked(self.decisions, self.legal)}

    def graph(self, prefix: Architecture) -> LabelledDag:
        """The chain of the modules that are there."""
        labels = ("input", *(MODULES[option] for option in prefix if option != ABSENT), "output")
        edges = tuple((node, node + 1) for node in range(len(labels) - 1))
        return LabelledDag(labels, edges, ("",) * len(edges))

    def format(self, architecture: Architecture) -> str:
        """The string of the TransNAS-Bench-101 API, for example ``64-1234-basic``.

        Options that make no network are listed one by one.
        """
        if not self.contains(architecture):
            return super().format(architecture)
        return f"64-{''.join(str(option + 1) for option in architecture if option != ABSENT)}-basic"

    def parse(self, text: str) -> Architecture:
        """Reads the string of the TransNAS-Bench-101 API.

        Raises:
            SpaceError: The text is not a network of this space.
        """
        if "," in text:
            return super().parse(text)
        match = re.fullmatch(r"64-([1-4]{4,6})-basic", text.strip())
        options = tuple(int(digit) - 1 for digit in match[1]) if match else ()
        architecture = (*options, *(ABSENT,) * (DEPTHS[-1] - len(options)))
        if match is None or not self.contains(architecture):
            raise SpaceError(
                f"{self.name}: '{text}' is no network; one reads 64-1234-basic with 4 to 6 modules, of which 1 to "
                f"{MOST_WIDER} are wider (2 or 4) and 1 to {MOST_SMALLER} smaller (3 or 4)"
            )
        return architecture
