"""The transform of the targets of a surrogate: long tails are compressed, differences near the best stretched."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError

__all__ = ["TargetTransform"]

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TargetTransform:
    """A standardised logarithm: t = (log(1 + (y - least) / middle) - mean) / deviation.

    It is monotone, and invariant to shifting or scaling all values.

    Attributes:
        least: The least value of the sample.
        middle: Distance of its median from the least value.
        mean: Mean of the logarithms.
        deviation: Their standard deviation.
    """

    least: float
    middle: float
    mean: float
    deviation: float

    @classmethod
    def of(cls, values: _Floats, what: str) -> "TargetTransform":
        """Fits the transform to the finite values of a sample.

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

    def transform(self, values: _Floats) -> _Floats:
        """Transforms values to the scale of prediction; those too low for `inverse` to tell are -inf."""
        with np.errstate(divide="ignore"):
            logs = np.log1p(np.maximum((values - self.least) / self.middle, -1.0))
        return np.asarray((logs - self.mean) / self.deviation)

    def inverse(self, transformed: _Floats) -> _Floats:
        """Transforms predictions to values; never negative where the sample is not."""
        values = self.least + self.middle * np.expm1(self.mean + self.deviation * transformed)
        return np.asarray(np.maximum(values, 0.0) if self.least >= 0 else values)
