"""NPENAS: evolution whose offspring a graph network screens."""

from typing import Literal

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.graph_isomorphism_network import Gin
from equipoise.methods._shared.node_classes import ClassReader
from equipoise.methods._shared.predictor_rounds import PredictorMethod, mutants

__all__ = ["Npenas"]

PARENTS = 50
"""Most architectures that are mutated in a round: the next best is used where those before give too few offspring."""

SAVING = 3
"""A new network takes as many times the passes of one that goes on from its weights."""

GROWTH = 2
"""A new network is trained at this many times the observations that the last one began with."""

SHOWN = 100
"""Random architectures whose labels are known to the network."""


class Npenas(PredictorMethod):
    """Mutates the best architectures many times, and queries the offspring that a graph network expects to be best.

    Each round the network learns from all that is known. ``np`` predicts the error; ``bo`` predicts its mean and
    deviation, and ranks by one draw for each of the offspring.

    Every round trains a new network, as published. ``warm_start`` goes on from the weights of the round before instead:
    300 queries then take 9 s of CPU on nasbench201/cifar10 instead of 23 (``python speed/method_cost.py --only npenas``
    on a busy machine, where the former code took 18 and 45 s in the same hour).

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        variant: ``np`` or ``bo``.
        n_initial: Random architectures at the start.
        batch: Queries in a round.
        candidates: Offspring screened in a round.
        epochs: Passes over the data in the training of a new network; default 300 for ``np`` and 1000 for ``bo``.
        warm_start: Whether a round goes on from the weights of the round before, with a third of the passes, until the
            observations have doubled.
        minibatch: Architectures in a step of training.
        learning_rate: Of Adam at the start.
        scale: The largest error, in percent, that ``np`` can predict; the authors' code has 100 on NAS-Bench-201 and 10
            on NAS-Bench-101, where larger errors are then told apart no more.

    Raises:
        SettingError: A setting is out of range.

    Source: Wei, Niu, Tang and Liang, NPENAS: Neural Predictor Guided Evolution for Neural Architecture Search, 2020
    (arXiv 2003.12857), algorithms 1 and 2; settings as in its repository (``nas_lib/configs.py``, ``predictor.py``).
    Differs from it: a mutation is one edit of the space, where the repository redraws about three edges and one
    operation of a NAS-Bench-101 cell; what counts as seen is the benchmark's entry, not the set of paths; an operation
    ``none`` is left out instead of standing apart as an isolated node; where errors exceed 1, they are divided by the
    largest seen.
    """

    family = "nas"
    origin = "published"
    source = "Wei, Niu, Tang and Liang, NPENAS, 2020 (arXiv 2003.12857)"
    knowledge = ("decisions", "legality", "isomorphism", "graph")
    costly = True
    deviations = (
        "A mutation is one edit of the space; on NAS-Bench-101 the authors redraw about three edges and one operation.",
        "Repeats are told by the benchmark's entries, not by sets of paths; 'none' is left out of the graph.",
        "Where errors exceed 1, they are divided by the largest seen.",
        "Predictions range to 100 % on every space; the authors' code has 10 % on NAS-Bench-101 (scale = 10).",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        variant: Literal["np", "bo"] = "np",
        n_initial: int = 10,
        batch: int = 10,
        candidates: int = 100,
        epochs: int | None = None,
        warm_start: bool = False,
        minibatch: int = 10,
        learning_rate: float = 0.005,
        scale: float = 100.0,
    ) -> None:
        super().__init__(problem, rng, n_initial, batch)
        if variant not in ("np", "bo"):
            raise SettingError(f"npenas: variant = {variant!r}; accepted: np, bo")
        self.uncertain = variant == "bo"
        self.epochs = (1000 if self.uncertain else 300) if epochs is None else epochs
        for name, value in (("candidates", candidates), ("epochs", self.epochs), ("minibatch", minibatch)):
            if value < 1:
                raise SettingError(f"npenas: {name} = {value}; accepted: whole numbers from 1 on")
        for name, number in (("learning_rate", learning_rate), ("scale", scale)):
            if not 0 < number < np.inf:
                raise SettingError(f"npenas: {name} = {number}; accepted: numbers above 0")
        self.candidates, self.minibatch, self.learning_rate, self.scale = candidates, minibatch, learning_rate, scale
        self.warm_start = warm_start
        self._reader: ClassReader | None = None
        self._model: Gin | None = None
        self._begun_with = 0  # observations in the first training of the network

    def choose(self) -> list[Architecture]:
        """The offspring of the best, by the errors expected of them."""
        rng = self.rng
        pool = mutants(self.space, rng, self.ranked(PARENTS), self.taken, self.candidates, lambda: 1)
        pool = pool[: self.candidates]
        if not pool:
            return []
        if self._reader is None:  # columns of labels that stay, as the weights do
            self._reader = ClassReader(self.space, self.space.sample(rng, SHOWN))
        graphs = self._reader.read([*self.architectures, *pool])
        errors = np.asarray(self.errors) / max(1.0, float(np.abs(self.errors).max()))
        seen, unseen = graphs.take(slice(len(errors))), graphs.take(slice(len(errors), None))
        epochs = self.epochs
        if self._model is None or not self.warm_start or len(errors) >= GROWTH * self._begun_with:
            self._model, self._begun_with = (
                Gin(graphs.labels.shape[1] - 1, self.uncertain, rng, self.scale),
                len(errors),
            )
        else:
            epochs = -(-epochs // SAVING)
        wanted = errors.astype(np.float32)
        self._model.fit(seen, wanted, epochs=epochs, batch=self.minibatch, rate=self.learning_rate)
        mean, deviation = self._model.predict(unseen)
        expected = mean + deviation * rng.standard_normal(len(pool)) if self.uncertain else mean
        return [pool[number] for number in np.argsort(expected, kind="stable")]
