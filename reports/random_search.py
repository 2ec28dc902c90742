"""The exact random-search baseline on a tabulated task: no sampling, no noise."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array

__all__ = ["ExactRandomSearch"]


class ExactRandomSearch:
    """Distribution of the best of N random architectures.

    Sort the errors of all M architectures, v(1) <= ... <= v(M), and write S(i; N) for the probability that N draws
    all miss the i best ones, that is, that the best of N exceeds v(i):

    - without replacement, S(i; N) = C(M - i, N) / C(M, N), by the recursion
      S(i) = S(i - 1) * (M - i + 1 - N) / (M - i + 1);
    - with replacement, S(i; N) = (1 - F(i))^N, with F(i) the probability that one draw is among the i best.

    Then E[best of N] = v(1) + sum over i of (v(i + 1) - v(i)) * S(i; N). All terms are non-negative and nothing
    cancels; ties add zero gaps. One value of N costs O(M), and arrays of N need O(M) memory.

    Source: order statistics of sampling from a finite population (David and Nagaraja, Order Statistics, 3rd ed.,
    section 3.7); used for NAS by Dodge et al., Show Your Work, EMNLP 2019, in the form with replacement.

    Args:
        errors: M validation errors, in any order, finite; what `equipoise.harness.core.task.Task.landscape` returns.
        weights: M probabilities (up to scale) of drawing each architecture, for a sampler that is not uniform. They
            need `replacement`. Architectures of weight 0 are never drawn and are left out.
        replacement: Whether an architecture may be drawn again.

    Raises:
        ValueError: No errors, errors that are not finite, or weights that cannot be used.
    """

    def __init__(self, errors: npt.ArrayLike, weights: npt.ArrayLike | None = None, replacement: bool = False) -> None:
        values = np.array(errors, dtype=np.float64).reshape(-1)
        if not values.size or not np.isfinite(values).all():
            bad = np.count_nonzero(~np.isfinite(values))
            raise ValueError(f"a landscape is a non-empty array of finite errors; got {values.size}, {bad} not finite")
        if weights is None:
            chances = np.ones_like(values)
        else:
            chances = np.array(weights, dtype=np.float64).reshape(-1)
            if not replacement:
                raise ValueError("weights need replacement=True: unequal draws without replacement have no closed form")
            if chances.shape != values.shape or not np.isfinite(chances).all() or (chances < 0).any():
                raise ValueError(f"weights must be {values.size} finite numbers >= 0; got shape {chances.shape}")
            values, chances = values[chances > 0], chances[chances > 0]
            if not values.size:
                raise ValueError("weights must not all be 0")
        self._order = np.argsort(values, kind="stable")
        self._kept = None if weights is None else np.flatnonzero(np.asarray(weights, dtype=np.float64).reshape(-1) > 0)
        self.errors: Array = values[self._order]
        self.size = values.size
        self.replacement = replacement
        self._chances = chances[self._order]
        # Probability that one draw is worse than the i best, i = 1..M-1: summed from the far end to keep small tails.
        tails = np.cumsum(self._chances[::-1])[::-1]
        self._log_tail = np.log(tails[1:] / tails[0])
        self._gaps = np.diff(self.errors)
        self._excess = self.errors - self.errors[0]
        self._means: dict[int, float] = {}  # every section of a report asks for the same ones

    @property
    def optimum(self) -> float:
        """The least error that can be drawn."""
        return float(self.errors[0])

    def survival(self, queries: int) -> Array:
        """P(best of N > v(i)) for i = 1..M-1.

        Args:
            queries: N >= 1; without replacement, more than M counts as M.
        """
        head = self._survival(queries, 690.0)
        return np.concatenate((head, np.zeros(self.size - 1 - head.size)))

    def _survival(self, queries: int, depth: float) -> Array:
        """The first terms of the survival, down to exp(-depth); the remaining ones count as 0."""
        if queries < 1 or queries != int(queries):
            raise ValueError(f"queries must be whole numbers >= 1; got {queries!r}")
        if self.replacement:
            return np.asarray(np.exp(queries * self._log_tail))
        # Beyond `reach`, survival is below exp(-depth): it is at most (1 - i / M)^N.
        reach = min(self.size - 1, self.size - queries, int(self.size * -np.expm1(-depth / queries)) + 1)
        ratios = np.divide(queries, np.arange(self.size, self.size - max(reach, 0), -1, dtype=np.float64))
        np.subtract(1.0, ratios, out=ratios)
        return np.asarray(np.cumprod(ratios, out=ratios))

    def mean(self, queries: npt.ArrayLike) -> Array:
        """E[best of N].

        Args:
            queries: Numbers N >= 1, in any shape.

        Returns:
            Expected errors, in the same shape.
        """
        return self._each(queries, self._mean)

    def _mean(self, queries: int) -> float:
        if queries not in self._means:
            survival = self._survival(queries, 80.0)
            self._means[queries] = float(self.errors[0] + self._gaps[: survival.size] @ survival)
        return self._means[queries]

    def variance(self, queries: npt.ArrayLike) -> Array:
        """Var[best of N], in squared error, in the shape of `queries`."""
        squares = np.diff(self._excess**2)

        def one(queries: int) -> float:
            survival = self.survival(queries)
            return max(0.0, float(squares @ survival - (self._gaps @ survival) ** 2))

        return self._each(queries, one)

    def quantile(self, level: float, queries: npt.ArrayLike) -> Array:
        """The least error that the best of N does not exceed with probability `level`, in the shape of `queries`.

        Args:
            level: Between 0 and 1: 0.5 for the median.
            queries: Numbers N >= 1.
        """
        if not 0 <= level <= 1:
            raise ValueError(f"a quantile level lies between 0 and 1; got {level}")

        def one(queries: int) -> float:
            # Survival falls with i: the first i at which it is at most 1 - level. The slack absorbs rounding.
            above = self.survival(queries) > 1.0 - level + 1e-12
            return float(self.errors[np.count_nonzero(above)])

        return self._each(queries, one)

    def probability_of_optimum(self, queries: npt.ArrayLike) -> Array:
        """P(the best of N has the least error), in the shape of `queries`; architectures that tie for it all count."""
        ties = int(np.count_nonzero(self.errors == self.errors[0]))
        if ties == self.size:
            return self._each(queries, lambda _: 1.0)
        if self.replacement:
            return self._each(queries, lambda n: -np.expm1(n * self._log_tail[ties - 1]))
        return self._each(queries, lambda n: 1.0 - self.survival(n)[ties - 1])

    def running_time(self, error: float, limit: int) -> tuple[float, float]:
        """Expected queries until an error is reached, if a run that fails within `limit` queries is restarted.

        This is what `statistics.runtime.expected_running_time` estimates from runs.

        Args:
            error: The target; reached when an error is at most that.
            limit: Queries of one run.

        Returns:
            Expected queries, infinity where nothing reaches the target; and the chance that one run reaches it.
        """
        good = int(np.searchsorted(self.errors, error, side="right"))
        if good in (0, self.size):
            return (1.0, 1.0) if good else (float("inf"), 0.0)
        if self.replacement:
            missing = np.exp(np.arange(1, limit + 1) * self._log_tail[good - 1])
        else:
            left = np.maximum(self.size - np.arange(limit, dtype=np.float64), 1.0)
            missing = np.cumprod(np.maximum(left - good, 0.0) / left)
        return float((1.0 + missing[:-1].sum()) / (1.0 - missing[-1])), float(1.0 - missing[-1])

    def mean_of(self, values: npt.ArrayLike, queries: npt.ArrayLike) -> Array:
        """Expected value of something else (a test error) at the architecture that random search selects.

        Ties in validation error are broken at random, in proportion to the weights.

        Args:
            values: M finite numbers, in the order of the landscape that was given.
            queries: Numbers N >= 1.

        Returns:
            Expected values, in the shape of `queries`.
        """
        column = np.array(values, dtype=np.float64).reshape(-1)
        column = (column if self._kept is None else column[self._kept])[self._order]
        if not np.isfinite(column).all():
            raise ValueError(f"{np.count_nonzero(~np.isfinite(column))} of {self.size} values are not finite")
        _, tie = np.unique(self.errors, return_inverse=True)
        shared = (np.bincount(tie, self._chances * column) / np.bincount(tie, self._chances))[tie]

        def one(queries: int) -> float:
            survival = np.concatenate(([1.0], self.survival(queries), [0.0]))
            return float(-np.diff(survival) @ shared)

        return self._each(queries, one)

    def queries_to_reach(self, targets: npt.ArrayLike) -> Array:
        """The N at which E[best of N] equals a target, the inverse of `mean`.

        Between whole numbers N the expectation is interpolated linearly. Exact: a bisection on `mean`.

        Args:
            targets: Errors, in any shape.

        Returns:
            The least real numbers N that reach them, in the shape of `targets`: 1 where one query already does it,
            infinity where no number of queries does (below the optimum; or at it, with replacement), NaN where the
            target is NaN.
        """
        goals = np.asarray(targets, dtype=np.float64)
        flat = goals.reshape(-1)

        def mean(queries: npt.NDArray[np.int64]) -> Array:
            return np.array([self._mean(n) for n in queries.tolist()], dtype=np.float64)

        low = np.ones(flat.size, dtype=np.int64)
        high = np.full(flat.size, 1 if self.replacement else self.size, dtype=np.int64)
        limit = 2**52
        while (short := (mean(high) > flat) & (high < limit)).any() and self.replacement:
            low[short], high[short] = high[short], high[short] * 2
        reached = mean(high) <= flat
        while (open_ := reached & (high - low > 1)).any():
            middle = (low[open_] + high[open_]) // 2
            good = mean(middle) <= flat[open_]
            high[open_] = np.where(good, middle, high[open_])
            low[open_] = np.where(good, low[open_], middle)
        before, after = mean(low), mean(high)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(before > after, (before - flat) / (before - after), 0.0)
        found = np.where(before <= flat, low, low + np.clip(share, 0.0, 1.0) * (high - low))
        found = np.where(reached, found, np.inf)
        if self.replacement and self._gaps.any():
            found[flat <= self.errors[0]] = np.inf  # the expectation only tends to the optimum, whatever rounding says
        found[np.isnan(flat)] = np.nan
        return found.reshape(goals.shape)

    def _each(self, queries: npt.ArrayLike, function: Callable[[int], float]) -> Array:
        asked = np.asarray(queries)
        distinct, place = np.unique(asked, return_inverse=True)
        answers = np.array([function(n) for n in distinct.tolist()], dtype=np.float64)
        return answers[place].reshape(asked.shape)
