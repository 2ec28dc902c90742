"""BANANAS: an ensemble of neural predictors on the path encoding, independent Thompson sampling, mutation."""

from typing import Literal

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.ensemble import Ensemble
from equipoise.methods._shared.predictor_rounds import PredictorMethod, mutants

__all__ = ["Bananas"]

PARENTS = 5
"""Most architectures that are mutated in a round: the next best is used where one gives too few descendants."""


class Bananas(PredictorMethod):
    """Trains an ensemble every round, and queries the mutants whose sampled errors are least.

    Each round, five perceptrons learn the errors from the path encoding. The best architecture is mutated, and for each
    mutant one error is drawn from the normal distribution of the members' predictions, independently of the others.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        batch: Queries in a round.
        ensemble: Predictors.
        depth: Hidden layers of each.
        width: Units in a layer.
        epochs: Passes over the data in a round's training; 150 as published.
        learning_rate: Of Adam.
        candidates: Mutants drawn from a parent.
        mutation_rate: Divided by the number of open decisions minus two, the probability of each to be edited.
        encoding: ``path``, truncated; or ``one-hot`` (of the decisions), also where a space offers no paths.
        longest: Most operations on a path that is kept; None keeps half of the most there are, rounded up: 2 of 3 on
            NAS-Bench-201 and 3 of 5 on NAS-Bench-101, as published.
        targets: ``percent`` (errors times 100, as published) or ``standardised``.

    Raises:
        SettingError: A setting is out of range.

    Source: White, Neiswanger and Savani, BANANAS: Bayesian Optimization with Neural Architectures for Neural
    Architecture Search, AAAI 2021, section 5 and algorithm 1; sizes and training as in the repository of its authors
    (naszilla: ``params.py``, ``meta_neural_net.py``). Differs from it: 75 passes over the data instead of 150; an edit
    is that of the space; what counts as seen is the benchmark's entry, not the set of paths; an operation ``none`` is
    not part of a path; where a space offers no paths (its architectures are chains), decisions are encoded one-hot.
    """

    family = "nas"
    origin = "published"
    source = "White, Neiswanger and Savani, BANANAS, AAAI 2021"
    knowledge = ("decisions", "legality", "isomorphism", "graph")
    costly = True
    deviations = (
        "A round's training takes 75 passes over the data instead of 150 (epochs = 150).",
        "A mutant is as many of the space's own edits away as the repository redraws operations of NAS-Bench-201.",
        "Repeats are told by the benchmark's entries, not by sets of paths; 'none' is not part of a path.",
        "Where a space offers no paths (its architectures are chains), decisions are encoded one-hot.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 10,
        batch: int = 10,
        ensemble: int = 5,
        depth: int = 10,
        width: int = 20,
        epochs: int = 75,
        learning_rate: float = 0.01,
        candidates: int = 100,
        mutation_rate: float = 1.0,
        encoding: Literal["path", "one-hot"] = "path",
        longest: int | None = None,
        targets: Literal["percent", "standardised"] = "percent",
    ) -> None:
        super().__init__(problem, rng, n_initial, batch)
        whole = {"depth": depth, "width": width, "epochs": epochs, "candidates": candidates}
        for name, value in {**whole, "longest": 1 if longest is None else longest}.items():
            if value < 1:
                raise SettingError(f"bananas: {name} = {value}; accepted: whole numbers from 1 on")
        if ensemble < 2:
            raise SettingError(f"bananas: ensemble = {ensemble}; accepted: whole numbers from 2 on")
        for name, number in (("learning_rate", learning_rate), ("mutation_rate", mutation_rate)):
            if not number > 0:
                raise SettingError(f"bananas: {name} = {number}; accepted: numbers above 0")
        if encoding not in ("path", "one-hot"):
            raise SettingError(f"bananas: encoding = {encoding!r}; accepted: path, one-hot")
        if targets not in ("percent", "standardised"):
            raise SettingError(f"bananas: targets = {targets!r}; accepted: percent, standardised")
        self.ensemble, self.depth, self.width, self.epochs = ensemble, depth, width, epochs
        self.learning_rate, self.candidates, self.targets = learning_rate, candidates, targets
        self._encoding = self.space.encoding("one-hot")
        if encoding == "path" and (paths := self.space.paths) is not None:
            self._encoding = paths.truncated(longest or -(-paths.longest // 2))
        self._open = max(1, sum(width > 1 for width in self.space.cardinalities))
        self._probability = min(1.0, mutation_rate / max(self._open - 2, 2))

    def choose(self) -> list[Architecture]:
        """The mutants of the best, by their sampled errors."""
        pool = mutants(self.space, self.rng, self.ranked(PARENTS), self.taken, self.candidates, self._edits)
        if not pool:
            return []
        errors = np.asarray(self.errors)
        centre, scale = (0.0, 0.01) if self.targets == "percent" else (errors.mean(), float(errors.std()) or 1.0)
        features = self._encode([*self.architectures, *pool])
        seen, unseen = features[: len(errors)], features[len(errors) :]
        model = Ensemble(self.ensemble, features.shape[1], self.depth, self.width, self.rng)
        wanted = ((errors - centre) / scale).astype(np.float32)
        model.fit(seen, wanted, epochs=self.epochs, batch=32, rate=self.learning_rate)
        predicted = model.predict(unseen)
        drawn = self.rng.normal(predicted.mean(axis=0), predicted.std(axis=0))
        return [pool[number] for number in np.argsort(drawn, kind="stable")]

    def _edits(self) -> int:
        """Binomial over the decisions, none drawn again: mutation changes each with the same small probability."""
        while True:
            if edits := int(self.rng.binomial(self._open, self._probability)):
                return edits

    def _encode(self, architectures: list[Architecture]) -> np.ndarray:
        return self._encoding.encode(architectures).astype(np.float32)
