"""The simulations, and the rates of what they report."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from studies.calibration.draws import Events
from studies.calibration.known_contrasts import held_out_seeds, knowledge_rung, known_factors
from studies.calibration.known_families import against_noise_floor, known_families
from studies.calibration.known_means import known_means, one_task_decides, planned_power
from studies.calibration.no_difference import few_tasks, no_difference

__all__ = ["STUDIES", "Check", "calibrate"]


@dataclass(frozen=True)
class Check:
    """One rate, nominal and observed.

    Attributes:
        study: The simulation.
        name: The counted event.
        promised: The nominal rate: an upper bound for false positives, a target for coverage and power.
        observed: The observed rate.
        draws: Number of simulated data sets.
        bound: Whether the nominal rate is an upper bound.
        aside: Shown for comparison, without a nominal rate.
    """

    study: str
    name: str
    promised: float
    observed: float
    draws: int
    bound: bool
    aside: bool

    @property
    def error(self) -> float:
        """Standard error of the observed rate at the nominal rate."""
        return float(np.sqrt(self.promised * (1 - self.promised) / self.draws))

    def kept(self, errors: float = 3.0) -> bool:
        """Whether the rate is within so many standard errors of the nominal one; for a bound, only an excess counts."""
        excess = (self.observed - self.promised) / self.error
        return self.aside or (excess <= errors if self.bound else abs(excess) <= errors)


STUDIES: dict[str, Callable[[np.random.Generator], Events]] = {
    "no difference, normal": no_difference("normal"),
    "no difference, skewed": no_difference("skewed"),
    "no difference, ties at the optimum": no_difference("tied"),
    "no difference, few tasks": few_tasks,
    "known means, normal, 30 repeats": known_means("normal", 30),
    "known means, normal, 5 repeats": known_means("normal", 5),
    "known means, skewed, 30 repeats": known_means("skewed", 30),
    "known families, 2 clusters": known_families(2),
    "known families, 4 clusters": known_families(4),
    "known power": planned_power,
    "known means, skewed, 5 repeats": known_means("skewed", 5),
    "no difference, noise floor": against_noise_floor(0.0),
    "difference of twice the noise floor": against_noise_floor(2.0),
    "known rung of knowledge": knowledge_rung,
    "known regret under held-out seeds": held_out_seeds,
    "known factors": known_factors,
    "known means, one task decides": one_task_decides,
}
"""The simulations: each draws one data set and reports its events."""


def calibrate(study: str, draws: int = 1_000, seed: int = 20261124) -> list[Check]:
    """Runs one study.

    Args:
        study: A key of `STUDIES`.
        draws: Number of simulated data sets.
        seed: Seed of the simulation.
    """
    rng = np.random.default_rng([seed, list(STUDIES).index(study)])
    outcomes = [STUDIES[study](rng) for _ in range(draws)]
    return [
        Check(
            study,
            name[6:],
            float(name[1:5]),
            float(np.mean([outcome[name] for outcome in outcomes])),
            draws,
            name[0] == "<",
            name[0] == "~",
        )
        for name in outcomes[0]
    ]
