"""Discrete diffusion with guidance by classes of accuracy, learned from labels that were paid for (after DiNAS)."""

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.denoiser import Denoiser
from equipoise.methods._shared.discrete_diffusion import MarginalNoise
from equipoise.methods._shared.folded_denoiser import FoldedDenoiser
from equipoise.methods._shared.legal_decoding import highest_legal
from equipoise.methods._shared.predictor_rounds import PredictorMethod

__all__ = ["GraphDiffusion", "classes_of"]

QUANTILES = (0.05, 0.2, 0.5, 0.7)
"""Shares of the best that the classes end at; the last class is the rest."""
UNTOLD = 0.1
"""Share of the architectures of a step whose class is withheld, so that the network learns to do without."""
WEAKER = (1.0, 0.5, 0.0)
"""Shares of the guidance that are tried in turn until there is a round of new samples."""

TINY = 1e-300
"""Least waiting time: that of an option is exponential with its probability as rate, and the first to come is taken."""


class GraphDiffusion(PredictorMethod):
    """Trains a diffusion model on what was evaluated, by classes of error, and samples the best class.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        batch: Queries per round.
        candidates: Most samples per round and guidance, drawn until there are enough new ones for the round.
        steps: Steps of the diffusion.
        guidance: Weight of the class against no class.
        train_steps: Steps of Adam per round, from where the network was.
        minibatch: Architectures per step.
        width: Of a token of the network.
        layers: Of the network.
        learning_rate: Of Adam.

    Raises:
        SettingError: A setting is out of range.

    Source: Asthana, Conrad, Dawoud, Ortmanns and Belagiannis, Multi-conditioned Graph Diffusion for Neural Architecture
    Search, TMLR 2024; classes, guidance and noise as in its repository (DiNAS:
    ``src/diffusion_model_discrete_reg_free.py``, ``configs``). Differs from the paper: that trains on 99 % of a
    benchmark, with classes from the quantiles of all labels, before it writes anything; here the labels are those of
    its own queries, and training and sampling alternate. The model is over the decisions that write a graph, not over
    pairs of nodes, with 50 steps, 2 layers and width 64 instead of 500, 5 and 256; illegal options are masked in the
    last step; where samples repeat what is known, the guidance is halved, then dropped, and random ones fill the round.
    """

    family = "nas"
    origin = "published"
    source = "Asthana et al., Multi-conditioned Graph Diffusion for Neural Architecture Search (DiNAS), TMLR 2024"
    knowledge = ("decisions", "legality", "isomorphism")
    costly = True
    deviations = (
        "Trained on the labels of its own queries, round by round; the paper trains on 99 % of a benchmark beforehand.",
        "Diffusion over decisions, with 50 steps, 2 layers and width 64 instead of 500, 5 and 256.",
        "Illegal options are masked; where samples repeat, the guidance is weakened, then random ones fill a round.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 20,
        batch: int = 10,
        candidates: int = 50,
        steps: int = 50,
        guidance: float = 2.0,
        train_steps: int = 60,
        minibatch: int = 32,
        width: int = 64,
        layers: int = 2,
        learning_rate: float = 1e-3,
    ) -> None:
        super().__init__(problem, rng, n_initial, batch, default=(20, 10))
        counts = {"candidates": candidates, "steps": steps, "train_steps": train_steps}
        for name, value in {**counts, "minibatch": minibatch, "layers": layers}.items():
            if value < 1:
                raise SettingError(f"graph_diffusion: {name} = {value}; accepted: whole numbers from 1 on")
        if width < 4 or width % 4:
            raise SettingError(f"graph_diffusion: width = {width}; accepted: multiples of 4")
        if not guidance >= 0:
            raise SettingError(f"graph_diffusion: guidance = {guidance}; accepted: numbers from 0 on")
        if not learning_rate > 0:
            raise SettingError(f"graph_diffusion: learning_rate = {learning_rate}; accepted: numbers above 0")
        self.candidates, self.steps, self.guidance, self.train_steps = candidates, steps, guidance, train_steps
        self.minibatch, self.width, self.layers, self.learning_rate = minibatch, width, layers, learning_rate
        self._denoiser: Denoiser | None = None
        self._block = candidates  # samples drawn at once; fewer where the last round needed fewer

    def choose(self) -> list[Architecture]:
        """New samples of the best class in the order in which they were drawn; random ones where they are too few."""
        if self._denoiser is None:
            sizes = (self.width, self.layers, 4, self.learning_rate)
            self._denoiser = Denoiser(self.space.cardinalities, self.steps, len(QUANTILES) + 1, self.rng, *sizes)
        codes = np.ascontiguousarray(np.asarray(self.architectures).T)
        noise = MarginalNoise(self.steps, self._marginals(codes))
        self._train(self._denoiser, noise, codes)
        trained, found = FoldedDenoiser(self._denoiser), dict[Architecture, None]()
        guidance, used, block = self.guidance * np.repeat(WEAKER, self.candidates), 0, self._block
        while used < len(guidance) and len(found) < self.batch:
            for architecture in self._sample(trained, noise, guidance[used : used + block]):
                used += 1
                if (key := self.space.key(architecture)) not in self.taken:
                    found[key] = None
                    if len(found) == self.batch:
                        break
            block *= 2
        self._block = max(self.batch, used + used // 4)
        if len(found) < self.batch:
            others = map(self.space.key, self.space.sample(self.rng, self.batch))
            found.update((key, None) for key in others if key not in self.taken)
        return list(found)

    def _marginals(self, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Shares of the options among the evaluated, one of each option more than there are."""
        widths = self.space.cardinalities
        found = np.zeros((len(widths), max(widths)))
        for position, width in enumerate(widths):
            counts = 1.0 + np.bincount(codes[position], minlength=width)
            found[position, :width] = counts / counts.sum()
        return found

    def _train(self, denoiser: Denoiser, noise: MarginalNoise, codes: npt.NDArray[np.int64]) -> None:
        classes, none = classes_of(self.errors), len(QUANTILES) + 1
        rows = self.rng.integers(codes.shape[1], size=self.train_steps * self.minibatch)
        times = self.rng.integers(1, self.steps + 1, size=len(rows))
        told = np.where(self.rng.random(len(rows)) < UNTOLD, none, classes[rows])
        origins = codes[:, rows]
        noisy = noise.apply(origins, times, self.rng)
        for start in range(0, len(rows), self.minibatch):
            part = slice(start, start + self.minibatch)
            denoiser.learn(origins[:, part], noisy[:, part], times[part], told[part])

    def _sample(
        self, denoiser: FoldedDenoiser, noise: MarginalNoise, guidance: npt.NDArray[np.float64]
    ) -> list[Architecture]:
        """One sample for each guidance."""
        codes, none = noise.draw(len(guidance), self.rng), len(QUANTILES) + 1
        for time in range(self.steps, 0, -1):
            raced = noise.before(codes, time, denoiser.guided(codes, time, 0, none, guidance))
            raced /= np.maximum(self.rng.standard_exponential(raced.shape), TINY)
            codes = raced.argmax(axis=1)
        return highest_legal(self.space, raced)


def classes_of(errors: list[float]) -> npt.NDArray[np.int64]:
    """The class of each error by its quantile among them, 0 for the best twentieth."""
    ranks = np.argsort(np.argsort(errors, kind="stable"), kind="stable")
    return np.searchsorted(QUANTILES, (ranks + 0.5) / len(errors), side="right")
