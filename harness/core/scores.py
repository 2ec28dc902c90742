"""Training-free scores (zero-cost proxies) as a method reads them: each first reading has a price."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import RunError
from equipoise.harness.core.space import Architecture

__all__ = ["FREE", "SCORE", "Score", "ScoreReader", "ScoreValues"]

ScoreValues = Callable[[Sequence[Architecture]], npt.NDArray[np.float64]]
"""Maps n architectures to n scores."""

SCORE = "score:"
"""Begins the name under which `Task.resource` offers a score: ``score:synflow``."""


@dataclass(frozen=True)
class Score:
    """A training-free score that a task offers.

    Attributes:
        name: For example ``synflow``. Larger means better by the literature's convention, whatever the data say.
        price: Training equivalents for the score of one architecture; 0 where it is computed without a pass.
        source: Where the values and the price come from.
    """

    name: str
    price: float
    source: str = ""


FREE = (
    Score("parameters", 0.0, "counted from the architecture, without a pass: free"),
    Score("flops", 0.0, "counted from the architecture, without a pass: free"),
)
"""The scores that cost nothing, where the sizes of the networks are known."""


class ScoreReader:
    """Gives scores and counts their price; one reader per run.

    The first reading of an architecture costs `Score.price`; what was read before is free. The method pays with its
    next query: ``Query(architecture, training_cost=reader.due())``. A run that asks with unpaid scores fails.

    Attributes:
        score: Name and price.
        cost: Training equivalents of all readings so far.

    Args:
        score: See above.
        values: Gives the scores; it must pickle.
    """

    def __init__(self, score: Score, values: ScoreValues) -> None:
        self.score, self.cost = score, 0.0
        self._values = values
        self._read: set[Architecture] = set()
        self._paid = 0.0

    def __repr__(self) -> str:
        return f"ScoreReader({self.score.name!r}, price={self.score.price:g}, cost={self.cost:g})"

    def __call__(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """The scores of n architectures.

        Args:
            architectures: Valid ones.

        Returns:
            n scores; none is NaN. -inf where the score is not defined.

        Raises:
            RunError: The task answered with another number of scores, or with NaN.
        """
        values = np.asarray(self._values(architectures), dtype=np.float64)
        if values.shape != (len(architectures),) or np.isnan(values).any():
            raise RunError(
                f"score {self.score.name}: {len(architectures)} architectures have values of shape {values.shape}, "
                f"{int(np.isnan(values).sum())} of them NaN; a task answers one number per architecture"
            )
        if self.score.price:
            self._read.update(architectures)
            self.cost = len(self._read) * self.score.price
        return values

    def due(self) -> float:
        """The training equivalents since the last call, for `Query.training_cost`; afterwards nothing is due."""
        due, self._paid = self.cost - self._paid, self.cost
        return due
