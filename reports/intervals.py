"""Bootstrap intervals of a mean over runs."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["mean_interval"]

Array = npt.NDArray[np.float64]
RESAMPLES = 10_000
LEVEL = 0.95


def mean_interval(values: npt.ArrayLike) -> tuple[Array, Array, Array]:
    """Mean and percentile bootstrap interval at 95 %, resampling runs.

    Columns share their resamples, so a run counts as a whole at all its checkpoints. With one run the interval is
    NaN: one run says nothing of its spread. Runs with a value that is not finite are left out of all columns.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.

    Args:
        values: r runs, or r x k.

    Returns:
        Mean, lower and upper end, each of shape () or k.
    """
    runs = np.asarray(values, dtype=np.float64)
    finite = runs[np.isfinite(runs).reshape(len(runs), -1).all(axis=1)]
    unknown = np.full(runs.shape[1:], np.nan)
    if not len(finite):
        return unknown, unknown, unknown
    if len(finite) == 1:
        return finite[0], unknown, unknown
    means = _weights(len(finite)) @ finite
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return finite.mean(axis=0), low, high


@lru_cache(maxsize=8)
def _weights(runs: int) -> Array:
    """RESAMPLES x r: the share of each run in each resample."""
    rng = np.random.default_rng(20_200_101)
    return rng.multinomial(runs, np.full(runs, 1 / runs), size=RESAMPLES) / runs
