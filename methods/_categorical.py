"""How a general optimiser sees a space: one categorical parameter for each decision that leaves a choice."""

from collections.abc import Sequence

from harness.space import Architecture, SearchSpace

__all__ = ["Categoricals"]


class Categoricals:
    """The decisions of a space as independent categorical parameters.

    Nothing else of the space is told to the optimiser: it may combine options that the space forbids, and pays for it
    as the protocol says. Decisions with a single option are left out, since several libraries refuse such a parameter.

    Args:
        space: The space.

    Attributes:
        names: One parameter name a decision that leaves a choice: ``d0``, ``d1``, ... by the decision's position.
        widths: The number of options of each of them.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._positions = [position for position, width in enumerate(space.cardinalities) if width > 1]
        self._length = len(space.cardinalities)
        self.names = tuple(f"d{position}" for position in self._positions)
        self.widths = tuple(space.cardinalities[position] for position in self._positions)

    def architecture(self, options: Sequence[int]) -> Architecture:
        """The architecture that these values of the parameters describe."""
        chosen = [0] * self._length
        for position, option in zip(self._positions, options, strict=True):
            chosen[position] = int(option)
        return tuple(chosen)

    def options(self, architecture: Architecture) -> list[int]:
        """The values of the parameters for an architecture."""
        return [architecture[position] for position in self._positions]
