"""The record that every reader yields: one training run of one architecture."""

import math
from pathlib import Path
from typing import NamedTuple

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import Architecture

__all__ = ["Record", "error_of"]


class Record(NamedTuple):
    """One training run, or one point of its curve.

    Attributes:
        dataset: The data set, as in the name of its task.
        architecture: An architecture of the space, in any form that its benchmark accepts.
        fidelity: Epochs of training.
        seed: Distinguishes runs of one architecture and fidelity.
        validation_error: Error on the validation split; a fraction.
        test_error: Error on the test set; NaN where the source has none for this run.
        train_seconds: Seconds of the whole training up to this fidelity; NaN where the source has none.
        evaluation_seconds: Seconds of one pass over the validation set; NaN where the source has none.
    """

    dataset: str
    architecture: Architecture
    fidelity: int
    seed: int
    validation_error: float
    test_error: float
    train_seconds: float
    evaluation_seconds: float

    @property
    def cost_seconds(self) -> float:
        """The cost of a query: training, and the pass over the validation set where its time is known."""
        return self.train_seconds + (0.0 if math.isnan(self.evaluation_seconds) else self.evaluation_seconds)


def error_of(value: object, best: float, path: Path, what: str) -> float:
    """Turns a stored accuracy into an error.

    Args:
        value: An accuracy between 0 and `best`.
        best: 100 for percentages, 1 for fractions.
        path: The archive, for the message.
        what: Name of the value, for the message.

    Raises:
        DataError: The value is no number in that range.
    """
    if not isinstance(value, int | float) or not 0.0 <= float(value) <= best:  # NaN compares false too
        raise DataError(f"{path}: {what} is {value!r}, not an accuracy between 0 and {best:g}; get the file again")
    return 1.0 - float(value) / best
