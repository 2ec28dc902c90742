"""The scale on which a surrogate predicts: long tails drawn in, differences near the best drawn out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError

__all__ = ["Warp"]

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Warp:
    """A standardised logarithm: t = (log(1 + (y - least) / middle) - mean) / deviation.

    It keeps the order, and shifting or scaling all values changes nothing.

    Attributes:
        least: The least value of the sample.
        middle: How far its median lies above.
        mean: Mean of the logarithms.
        deviation: Their standard deviation.
    """

    least: float
    middle: float
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: _Floats, what: str) -> "Warp":
        """The warp of the finite values of a sample.

        Raises:
            DataError: They are all equal, so that there is nothing to predict.
        """
        some = values[np.isfinite(values)]
        if not len(some) or some.min() == some.max():
            raise DataError(f"{what}: all values are equal: there is nothing to predict")
        least = float(some.min())
        middle = float(np.median(some)) - least or float(some.std())
        logs = np.log1p((some - least) / middle)
        return cls(least, middle, float(logs.mean()), float(logs.std()))

    def forth(self, values: _Floats) -> _Floats:
        """Values of the sample on the scale of prediction."""
        return np.asarray((np.log1p((values - self.least) / self.middle) - self.mean) / self.deviation)

    def back(self, warped: _Floats) -> _Floats:
        """Predictions as values; never negative where the sample is not."""
        values = self.least + self.middle * np.expm1(self.mean + self.deviation * warped)
        return np.asarray(np.maximum(values, 0.0) if self.least >= 0 else values)
