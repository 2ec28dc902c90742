"""AG-Net: a generator that learns where good architectures are, with the predictor that ranks what it writes."""

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.noise_generator import NoiseGenerator
from equipoise.methods._shared.predictor_rounds import PredictorMethod

__all__ = ["AgNet", "rank_weights"]

REACH = 3.0
"""Noise is drawn uniformly within it when candidates are written, and normal when the generator learns."""
DRAWS, TOGETHER = 32, 50
"""Unlabelled architectures per step of pre-training, and steps whose architectures are drawn by one call."""
MOST_CALLS = 9
"""Calls of the generator per round; the k-th writes 100 k architectures, as the repository does."""


class AgNet(PredictorMethod):
    """Trains a generator and a predictor on what was evaluated, the better the heavier, and queries what it writes.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        batch: Queries per round: of the candidates, those with the largest predicted accuracy.
        candidates: New architectures that the generator writes per round.
        epochs: Passes over the data per round.
        minibatch: Architectures per step.
        alpha: Share of the predictor in the loss; the rest is reconstruction.
        weight_factor: An architecture of rank r of N weighs 1 / (weight_factor N + r). Small factors favour the best.
        learning_rate: Of Adam.
        pretraining: Steps of 32 unlabelled draws of the space before the first round, on reconstruction alone; 0 for
            none. They cost no query.

    Raises:
        SettingError: A setting is out of range.

    Source: Lukasik, Jung and Keuper, Learning Where To Look: Generative NAS is Surprisingly Efficient, ECCV 2022;
    settings as in its repository (AG-Net: ``search/Search_Tabular.py``, ``Generator.py``, ``scripts``). Differs from
    the paper: the states of all decisions exchange messages for two rounds, where theirs adds nodes one by one;
    illegal options are masked, where theirs writes invalid graphs and drops them; pre-training sees 32,000 draws
    instead of 2.5 million; where errors exceed 1, they are divided by the largest seen, where the repository divides
    those of NAS-Bench-NLP by 100.
    """

    family = "nas"
    origin = "published"
    source = "Lukasik, Jung and Keuper, Learning Where To Look: Generative NAS is Surprisingly Efficient, ECCV 2022"
    knowledge = ("decisions", "legality", "isomorphism")
    costly = True
    deviations = (
        "The generator is a network over the decisions of a space, instead of one that adds nodes one by one.",
        "Illegal options are masked; the paper drops invalid graphs.",
        "Pre-trained on 32,000 unlabelled draws instead of 2.5 million.",
        "Where errors exceed 1, they are divided by the largest seen.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 16,
        batch: int = 16,
        candidates: int = 100,
        epochs: int = 30,
        minibatch: int = 16,
        alpha: float = 0.9,
        weight_factor: float = 0.01,
        learning_rate: float = 1e-3,
        pretraining: int = 1_000,
    ) -> None:
        super().__init__(problem, rng, n_initial, batch, default=(16, 16))
        for name, value in {"candidates": candidates, "epochs": epochs, "minibatch": minibatch}.items():
            if value < 1:
                raise SettingError(f"ag_net: {name} = {value}; accepted: whole numbers from 1 on")
        if not 0 <= alpha <= 1:
            raise SettingError(f"ag_net: alpha = {alpha}; accepted: 0 to 1")
        for name, number in (("weight_factor", weight_factor), ("learning_rate", learning_rate)):
            if not number > 0:
                raise SettingError(f"ag_net: {name} = {number}; accepted: numbers above 0")
        if pretraining < 0:
            raise SettingError(f"ag_net: pretraining = {pretraining}; accepted: whole numbers from 0 on")
        self.candidates, self.epochs, self.minibatch, self.alpha = candidates, epochs, minibatch, alpha
        self.weight_factor, self.learning_rate, self.pretraining = weight_factor, learning_rate, pretraining
        self._generator: NoiseGenerator | None = None

    def choose(self) -> list[Architecture]:
        """New architectures from the generator, by their predicted accuracy."""
        if self._generator is None:
            self._generator = self._pretrained()
        self._train(self._generator)
        found: dict[Architecture, float] = {}
        for call in range(1, MOST_CALLS + 1):
            for architecture, predicted in self._generator.sample(100 * call, REACH):
                if (key := self.space.key(architecture)) not in self.taken:
                    found.setdefault(key, predicted)
            if len(found) > self.candidates:
                break
        kept = self.rng.permutation(len(found))[: self.candidates]
        keys, scores = list(found), np.array(list(found.values()))
        return [keys[number] for number in kept[np.argsort(-scores[kept], kind="stable")]]

    def _pretrained(self) -> NoiseGenerator:
        generator = NoiseGenerator(self.space, self.rng, rate=self.learning_rate)
        even = np.ones(DRAWS, dtype=np.float32)
        for done in range(0, self.pretraining, TOGETHER):
            steps = min(TOGETHER, self.pretraining - done)
            for codes in np.asarray(self.space.sample(self.rng, steps * DRAWS)).reshape(steps, DRAWS, -1):
                generator.learn(codes, None, even, 0.0)
        return generator

    def _train(self, generator: NoiseGenerator) -> None:
        errors = np.asarray(self.errors) / max(1.0, float(np.abs(self.errors).max()))
        codes, accuracies = np.asarray(self.architectures), np.clip(1.0 - errors, 0.0, 1.0)
        weights = rank_weights(self.errors, self.weight_factor)
        n, size = len(codes), min(self.minibatch, len(codes))
        for _ in range(self.epochs):
            drawn = self.rng.choice(n, size=n, p=weights / weights.sum())
            for start in range(0, n - size + 1, size):
                rows = drawn[start : start + size]
                generator.learn(codes[rows], accuracies[rows], weights[rows], self.alpha)


def rank_weights(errors: list[float], factor: float) -> np.ndarray:
    """1 / (factor N + rank) for each of N errors, rank 0 for the least.

    Source: Tripp, Daxberger and Hernandez-Lobato, Sample-Efficient Optimization in the Latent Space of Deep Generative
    Models via Weighted Retraining, NeurIPS 2020.
    """
    ranks = np.argsort(np.argsort(errors, kind="stable"), kind="stable")
    weights: np.ndarray = 1.0 / (factor * len(errors) + ranks)
    return weights
