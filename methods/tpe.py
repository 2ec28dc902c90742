"""Tree-structured Parzen estimator, as hyperopt implements it."""

from collections import defaultdict
from typing import Any

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.search_parameters import SearchParameters

__all__ = ["Tpe"]


class Tpe(Method):
    """hyperopt's TPE at the library's defaults, asked and told one trial at a time.

    A categorical parameter is an ``hp.choice``, an integer an ``hp.uniformint`` and a float an ``hp.uniform``; one that
    does not always matter stands inside the choices under which it does. Illegal combinations and repetitions are
    proposed as the library makes them.

    Args:
        problem: What is known before the search.
        rng: Source of the seed of each suggestion.
        encoding: The parameters to search over: one of `SearchSpace.encodings`; None for the space's default one.
        n_startup: Trials drawn at random before the estimator is used.
        n_candidates: Draws from the good density, of which the best is proposed.
        gamma: The good trials are the best ``gamma * sqrt(n)`` of n (at most 25).
        prior_weight: Weight of the uniform prior in both densities.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "hpo"
    origin = "library"
    source = (
        "Bergstra, Bardenet, Bengio and Kegl, Algorithms for Hyper-Parameter Optimization, NeurIPS 2011; hyperopt 0.3.0"
    )
    knowledge = ("decisions",)
    packages = (("hyperopt", "tpe"),)

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        encoding: str | None = None,
        n_startup: int = 20,
        n_candidates: int = 24,
        gamma: float = 0.25,
        prior_weight: float = 1.0,
    ) -> None:
        super().__init__(problem, rng)
        check_count("tpe", "n_startup", n_startup, problem, default=20)
        if n_candidates < 1:
            raise SettingError(f"tpe: n_candidates = {n_candidates}; accepted: whole numbers from 1 on")
        for name, share in (("gamma", gamma), ("prior_weight", prior_weight)):
            if not share > 0:
                raise SettingError(f"tpe: {name} = {share}; accepted: numbers above 0")
        self._parameters = SearchParameters("tpe", problem.space, encoding)
        from hyperopt import JOB_STATE_DONE, STATUS_OK, Trials
        from hyperopt.base import Domain

        self._settings = {
            "n_startup_jobs": n_startup,
            "n_EI_candidates": n_candidates,
            "gamma": gamma,
            "prior_weight": prior_weight,
        }
        self._done, self._ok = JOB_STATE_DONE, STATUS_OK
        self._domain, self._trials = Domain(_never_called, _choices(self._parameters)), Trials()
        self._pending: defaultdict[Architecture, list[Any]] = defaultdict(list)

    def ask(self) -> Query:
        """Lets TPE suggest the next trial."""
        from hyperopt import tpe

        ids = self._trials.new_trial_ids(1)
        seed = int(self.rng.integers(2**31 - 1))
        (document,) = tpe.suggest(ids, self._domain, self._trials, seed, verbose=False, **self._settings)
        values = {name: drawn[0] for name, drawn in document["misc"]["vals"].items() if drawn}
        architecture = self._parameters.architecture(values)
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
        values = self._parameters.values(architecture)
        active = set(self._parameters.active(values))
        misc = {
            "tid": number,
            "cmd": self._domain.cmd,
            "workdir": self._domain.workdir,
            "idxs": {name: [number] if name in active else [] for name in values},
            "vals": {name: [value] if name in active else [] for name, value in values.items()},
        }
        (document,) = self._trials.new_trial_docs([number], [None], [self._domain.new_result()], [misc])
        return document


def _choices(parameters: SearchParameters) -> dict[str, Any]:
    """The search space: what matters under some values of another parameter alone stands inside its choices."""
    from hyperopt import hp

    plain: dict[str, Any] = {}
    for name, spec in parameters.specs.items():
        if spec.kind == "float":
            plain[name] = hp.uniform(name, 0.0, 1.0)
        elif spec.kind == "integer":
            plain[name] = hp.uniformint(name, 0, spec.size - 1)
        else:
            plain[name] = None  # made below, once what depends on it is known
    inside: defaultdict[str, list[str]] = defaultdict(list)
    for name in parameters.names:
        if (when := parameters.condition(name)) is not None:
            inside[when[0]].append(name)
    for name in reversed(parameters.names):  # dependants come after what they depend on
        if plain[name] is None:
            own = inside[name]
            plain[name] = hp.choice(
                name,
                [
                    {"value": value, **{n: plain[n] for n in own if value in (parameters.condition(n) or ("", ()))[1]}}
                    if own
                    else value
                    for value in range(parameters.specs[name].size)
                ],
            )
    return {name: made for name, made in plain.items() if parameters.condition(name) is None}


def _never_called(_: object) -> float:
    raise AssertionError("the harness evaluates, not hyperopt")
