"""Adaptive stochastic natural gradient on a categorical distribution over each decision."""

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count

__all__ = ["Asng"]


class Asng(Method):
    """Samples two architectures, and moves the distribution along the normalised natural gradient of their ranks.

    The step size follows the signal-to-noise ratio of accumulated gradients, which act as a momentum. In spaces with
    illegal combinations, decisions are drawn in order and masked.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        alpha: Threshold of the signal-to-noise ratio at which the step size grows.
        delta: Initial trust-region radius.
        samples: Architectures in an update.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "nas"
    origin = "published"
    source = "Akimoto, Shirakawa, Yoshinari, Uchida, Saito and Nishida, ASNG-NAS, ICML 2019"
    knowledge = ("decisions", "legality")
    deviations = (
        "The architecture parameters alone are trained, by queries: there are no network weights.",
        "The trust-region radius is capped at the square root of the number of free parameters.",
        "The least probability of an option is at most half the uniform one: with one or two decisions the published "
        "bound leaves nothing to learn, or cannot be kept.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        alpha: float = 1.5,
        delta: float = 1.0,
        samples: int = 2,
    ) -> None:
        super().__init__(problem, rng)
        for name, value in (("alpha", alpha), ("delta", delta)):
            if not value > 0:
                raise SettingError(f"asng: {name} = {value}; accepted: numbers above 0")
        check_count("asng", "samples", samples, problem, least=2)
        self.alpha, self.samples = alpha, samples
        widths = np.asarray(self.space.cardinalities)
        self._widths = widths
        self._columns = np.concatenate([[0], np.cumsum(widths)])
        self._theta = np.repeat(1.0 / widths, widths)
        bound = np.minimum(1.0 / (len(widths) * np.maximum(widths - 1, 1)), 0.5 / widths)
        self._floor = np.repeat(np.where(widths > 1, bound, 1.0), widths)
        self._freedom = float((widths - 1).sum())
        self._delta = delta
        self._path = np.zeros(len(self._theta))
        self._gamma = 0.0
        self._told: list[tuple[Architecture, float]] = []

    def ask(self) -> Query:
        """Draws from the distribution."""
        chosen: Architecture = ()
        for position, uniform in enumerate(self.rng.random(len(self._widths))):
            share = self._theta[self._columns[position] : self._columns[position + 1]] * self.space.legal(chosen)
            total = np.cumsum(share)
            option = int(np.searchsorted(total, uniform * total[-1], side="right"))
            chosen = (*chosen, min(option, len(share) - 1))
        return Query(chosen)

    def tell(self, observation: Observation) -> None:
        """Updates the distribution once enough observations have come in."""
        self._told.append((observation.query.architecture, observation.validation_error))
        if len(self._told) == self.samples:
            self._update()
            self._told.clear()

    def _update(self) -> None:
        errors = np.array([error for _, error in self._told])
        if np.ptp(errors) == 0:
            return
        best = max(1, -(-self.samples // 4))
        order = np.argsort(errors, kind="stable")
        utility = np.zeros(self.samples)
        utility[order[:best]], utility[order[-best:]] = 1.0 / best, -1.0 / best
        hot = np.zeros((self.samples, len(self._theta)))
        for row, (architecture, _) in enumerate(self._told):
            hot[row, self._columns[:-1] + np.asarray(architecture)] = 1.0
        gradient = (utility[:, None] * (hot - self._theta)).mean(axis=0)
        root = np.sqrt(self._theta)
        length = float(np.linalg.norm(gradient / root)) + 1e-9
        self._theta += self._delta * gradient / length
        beta = min(1.0, self._delta / self._freedom**0.5)
        self._path = (1 - beta) * self._path + (beta * (2 - beta)) ** 0.5 * (gradient / root) / length
        self._gamma = (1 - beta) ** 2 * self._gamma + beta * (2 - beta)
        self._delta /= float(np.exp(beta * (self._gamma - self._path @ self._path / self.alpha)))
        self._delta = min(self._delta, self._freedom**0.5)
        self._project()

    def _project(self) -> None:
        """Keeps each option above its floor and each decision summing to one."""
        self._theta = np.maximum(self._theta, self._floor)
        for start, stop in zip(self._columns[:-1], self._columns[1:], strict=True):
            block, floor = self._theta[start:stop], self._floor[start:stop]
            slack = float((block - floor).sum())
            if stop - start > 1 and slack > 0:
                block -= (float(block.sum()) - 1.0) * (block - floor) / slack
            block /= block.sum()
