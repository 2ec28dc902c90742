"""Hyperband: random architectures, most of them trained shortly, few in full."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from equipoise.harness.core.method import Method, Observation, Problem, Query, Requirements
from equipoise.methods._shared.brackets import Brackets

__all__ = ["Hyperband"]


class Hyperband(Method):
    """Brackets of successive halving over architectures drawn as the space samples them.

    For tasks that answer after several numbers of epochs: ``training/*``, ``nasbench101``, ``nats_tss``, ``nats_sss``,
    ``nasbench201_full``. Every training is paid from its start, as in the paper's accounting: a promoted architecture
    is trained again, longer. Where training goes on, ``[protocol] continue_training = true`` charges the further epochs
    alone.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        eta: One of so many architectures goes on, to so many times the epochs.
        least_epochs: The shortest training; None for the task's shortest.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "hpo"
    origin = "published"
    source = "Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, Hyperband, JMLR 2018, algorithm 1"
    knowledge = ("decisions", "legality", "fidelities")
    deviations = (
        "Where the task does not offer R / eta^k epochs, the nearest it offers are trained; levels that fall together "
        "count as one, and rungs are sized by the real ratios of the levels.",
    )

    def __init__(
        self, problem: Problem, rng: np.random.Generator, *, eta: int = 3, least_epochs: int | None = None
    ) -> None:
        super().__init__(problem, rng)
        self._brackets = Brackets("hyperband", problem.fidelities, eta, least_epochs)

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:  # noqa: ARG003
        """Several fidelities."""
        return Requirements(fidelities=True)

    def ask(self) -> Query:
        """The next of the bracket: a random architecture on its first rung, a survivor on the others."""
        return Query(*self._brackets.next(lambda _: self.space.sample(self.rng, 1)[0]))

    def tell(self, observation: Observation) -> None:
        """Decides, once a rung is complete, who goes on."""
        self._brackets.tell(observation)
