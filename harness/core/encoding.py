"""Architectures written in numbers: as vectors for models, as parameters for general optimisers.

An `Encoding` of a space turns architectures into vectors of one length. A `DecodableEncoding` also reads vectors back:
each column is a `Parameter`, and an optimiser that searches over the parameters has its proposals turned into
architectures by `DecodableEncoding.decode`. A proposal may describe no architecture of the space; it is then invalid
and is charged as an invalid one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.architecture import Architecture, Decision

__all__ = ["DecodableEncoding", "Encoding", "Integers", "Masked", "OneHot", "Options", "Parameter"]


class Parameter(NamedTuple):
    """One number that an optimiser chooses.

    Attributes:
        name: Unique within the encoding.
        kind: ``categorical`` (0 to size - 1, without order), ``integer`` (the same, ordered) or ``float`` (0 to 1).
        size: The number of values; 0 for floats.
        when: The condition under which this one matters, as (column of another parameter, its values); None where it
            always matters.
    """

    name: str
    kind: Literal["categorical", "integer", "float"]
    size: int = 0
    when: tuple[int, tuple[int, ...]] | None = None


class Encoding(ABC):
    """One way of writing the architectures of a space in numbers.

    Equal architectures have equal vectors, whatever else is encoded with them.

    Attributes:
        width: The length of a vector.
    """

    width: int

    @abstractmethod
    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """Returns the vectors of n architectures, n x `width`."""


class DecodableEncoding(Encoding):
    """An encoding whose vectors can be read back into architectures.

    Attributes:
        parameters: One per column.
    """

    parameters: tuple[Parameter, ...]

    @abstractmethod
    def decode(self, values: Sequence[float]) -> Architecture:
        """Returns the options that the values describe; in range, but maybe no architecture of the space.

        Args:
            values: One per parameter. Those that do not matter (`Parameter.when`) may be anything.
        """


class Options(DecodableEncoding):
    """The number of the option of each decision, without order.

    Args:
        decisions: Those of the space.
    """

    kind: Literal["categorical", "integer"] = "categorical"

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self.width = len(decisions)
        self.parameters = tuple(Parameter(d.name, self.kind, len(d.options)) for d in decisions)

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """Returns the option numbers, n x decisions."""
        return _codes(architectures, self.width).astype(np.float64)

    def decode(self, values: Sequence[float]) -> Architecture:
        """Returns the option numbers."""
        return tuple(map(int, values))


class Integers(Options):
    """The number of the option of each decision, taken as ordered, for optimisers without categorical parameters."""

    kind = "integer"


class OneHot(DecodableEncoding):
    """One column per option; read back, one score per option, of which the highest of each decision counts.

    Args:
        decisions: Those of the space.
    """

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self._widths = tuple(len(decision.options) for decision in decisions)
        self._starts = np.cumsum((0, *self._widths))
        self.width = int(self._starts[-1])
        self.parameters = tuple(Parameter(f"{d.name} = {o}", "float") for d in decisions for o in d.options)

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """Returns 1 for the options taken and 0 for the others, n x options."""
        codes = _codes(architectures, len(self._widths))
        hot = np.zeros((len(codes), self.width))
        np.put_along_axis(hot, codes + self._starts[:-1], 1.0, axis=1)
        return hot

    def decode(self, values: Sequence[float]) -> Architecture:
        """Returns the option with the highest score in each decision, the first in a tie."""
        scores = np.asarray(values, dtype=np.float64)
        return tuple(int(block.argmax()) for block in np.split(scores, self._starts[1:-1]))


class Masked(OneHot):
    """One column per option; read back, decisions are taken in order, each by the highest score among legal options.

    The optimiser knows nothing of the mask, yet proposes only architectures of the space.

    Args:
        decisions: Those of the space.
        legal: `SearchSpace.legal`.
    """

    def __init__(self, decisions: Sequence[Decision], legal: Callable[[Architecture], npt.NDArray[np.bool_]]) -> None:
        super().__init__(decisions)
        self._legal = legal

    def decode(self, values: Sequence[float]) -> Architecture:
        """Returns the legal option with the highest score in each decision, the first in a tie."""
        prefix: Architecture = ()
        for start, width in zip(self._starts, self._widths, strict=False):
            scores = np.where(self._legal(prefix), values[start : start + width], -np.inf)
            prefix = (*prefix, int(scores.argmax()))
        return prefix


def _codes(architectures: Sequence[Architecture], width: int) -> npt.NDArray[np.int64]:
    return np.asarray(architectures, dtype=np.int64).reshape(len(architectures), width)
