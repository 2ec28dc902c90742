"""Tree-structured Parzen estimator, as hyperopt implements it."""

from collections import defaultdict
from typing import Any

import numpy as np

from harness.errors import SettingError
from harness.method import Method, Observation, Problem, Query
from harness.space import Architecture
from methods._categorical import Categoricals

__all__ = ["Tpe"]


class Tpe(Method):
    """hyperopt's TPE at the library's defaults, asked and told one trial at a time.

    Every decision is an independent ``hp.choice``: illegal combinations and repetitions are proposed as the library
    makes them.

    Args:
        problem: What is known before the search.
        rng: Source of the seed of each suggestion.
        n_startup: Trials drawn at random before the estimator is used.
        n_candidates: Draws from the good density, of which the best is proposed.
        gamma: The good trials are the best ``gamma * sqrt(n)`` of n (at most 25).
        prior_weight: Weight of the uniform prior in both densities.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "hpo"
    source = (
        "Bergstra, Bardenet, Bengio and Kegl, Algorithms for Hyper-Parameter Optimization, NeurIPS 2011; hyperopt 0.3.0"
    )
    packages = (("hyperopt", "tpe"),)

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_startup: int = 20,
        n_candidates: int = 24,
        gamma: float = 0.25,
        prior_weight: float = 1.0,
    ) -> None:
        super().__init__(problem, rng)
        for name, value, least in (("n_startup", n_startup, 1), ("n_candidates", n_candidates, 1)):
            if value < least:
                raise SettingError(f"tpe: {name} = {value}; accepted: whole numbers from {least} on")
        for name, share in (("gamma", gamma), ("prior_weight", prior_weight)):
            if not share > 0:
                raise SettingError(f"tpe: {name} = {share}; accepted: numbers above 0")
        from hyperopt import JOB_STATE_DONE, STATUS_OK, Trials, hp
        from hyperopt.base import Domain

        self._parameters = Categoricals(problem.space)
        self._settings = {
            "n_startup_jobs": n_startup,
            "n_EI_candidates": n_candidates,
            "gamma": gamma,
            "prior_weight": prior_weight,
        }
        choices = {
            name: hp.choice(name, range(width))
            for name, width in zip(self._parameters.names, self._parameters.widths, strict=True)
        }
        self._done, self._ok = JOB_STATE_DONE, STATUS_OK
        self._domain, self._trials = Domain(_never_called, choices), Trials()
        self._pending: defaultdict[Architecture, list[Any]] = defaultdict(list)

    def ask(self) -> Query:
        """Lets TPE suggest the next trial."""
        from hyperopt import tpe

        ids = self._trials.new_trial_ids(1)
        seed = int(self.rng.integers(2**31 - 1))
        (document,) = tpe.suggest(ids, self._domain, self._trials, seed, verbose=False, **self._settings)
        values = document["misc"]["vals"]
        architecture = self._parameters.architecture([values[name][0] for name in self._parameters.names])
        self._pending[architecture].append(document)
        return Query(architecture)

    def tell(self, observation: Observation) -> None:
        """Hands the loss over; an architecture that TPE did not suggest enters its history as a trial of its own."""
        architecture = observation.query.architecture
        waiting = self._pending[architecture]
        document = waiting.pop() if waiting else self._foreign(architecture)
        document["state"] = self._done
        document["result"] = {"loss": observation.validation_error, "status": self._ok}
        self._trials.insert_trial_docs([document])
        self._trials.refresh()

    def _foreign(self, architecture: Architecture) -> Any:
        (number,) = self._trials.new_trial_ids(1)
        options = dict(zip(self._parameters.names, self._parameters.options(architecture), strict=True))
        misc = {
            "tid": number,
            "cmd": self._domain.cmd,
            "workdir": self._domain.workdir,
            "idxs": {name: [number] for name in options},
            "vals": {name: [option] for name, option in options.items()},
        }
        (document,) = self._trials.new_trial_docs([number], [None], [self._domain.new_result()], [misc])
        return document


def _never_called(_: object) -> float:
    raise AssertionError("the harness evaluates, not hyperopt")
