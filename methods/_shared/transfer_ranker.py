"""Ranking of candidates by a structural Gaussian process with a prior learnt on other tasks."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.informed_process import InformedProcess
from equipoise.methods._shared.structural_inputs import InputReader
from equipoise.methods._shared.structural_likelihood import Array, Inputs, Layout
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_ranker import StructuralRanker
from equipoise.methods._shared.transfer_prior import LearntPrior

__all__ = ["ReaderWithMean", "TransferRanker"]

ADDED = 2
"""Linear features beside those of the reader: a constant, and the learnt mean, which comes last."""

LOOSE = 1.5
"""Standard deviation of the prior on the logarithm of what no other task tells, both added terms; the weak prior of
`NegativeLogPosterior` multiplies it."""


class ReaderWithMean(InputReader):
    """Adds a constant and a learnt mean function to the linear features of another reader.

    Args:
        reader: The other one.
        prior: Gives the mean function.
    """

    def __init__(self, reader: InputReader, prior: LearntPrior) -> None:
        self.__dict__.update(vars(reader))
        self._prior = prior
        decisions, groups, linear = reader.layout
        self.layout = Layout(decisions, groups, linear + ADDED)

    def _inputs(self, architectures: Sequence[Architecture], values: npt.NDArray[np.float32]) -> Inputs:
        plain = super()._inputs(architectures, values)
        mean = self._prior.mean(plain).astype(np.float32)
        added = np.stack([np.ones_like(mean), mean], axis=1)
        return plain._replace(linear=np.concatenate([plain.linear, added], axis=1))


class TransferRanker(StructuralRanker):
    """A ranker whose kernel, and whose mean if that is wanted, were learnt on other tasks.

    The normal scores y of the observations are modelled by ``y = c + b m(x) + f(x)``, m the learnt mean, f the process
    with the learnt kernel. b is normal around `LearntPrior.trust`, its variance fitted with the hyperparameters; c is
    normal around 0, since the scores are relative to what this search has observed. So data can switch the mean off.

    Args:
        reader: Reads the space.
        rng: Breaks ties.
        prior: What was learnt.
        growth: Factor between fits.
        width: Standard deviation of the logarithm of each hyperparameter around the learnt one.
        use_mean: Whether m and c are in the model.
    """

    def __init__(
        self,
        reader: InputReader,
        rng: np.random.Generator,
        prior: LearntPrior,
        growth: float,
        width: float,
        use_mean: bool,
    ) -> None:
        super().__init__(ReaderWithMean(reader, prior) if use_mean else reader, rng, growth)
        centre, widths, self._trust = prior.theta, np.full(len(prior.theta), width), 0.0
        if use_mean:
            self._trust = prior.trust
            centre = np.insert(centre, len(centre) - 1, [0.0, 2.0 * np.log(prior.trust)])
            widths = np.insert(widths, len(widths) - 1, [LOOSE, LOOSE])
        self.process = InformedProcess(self.reader.layout, growth, 5, centre, widths)
        self._seen = self.reader.read([])

    def posterior(self, listed: ListedPosterior) -> tuple[Array, Array, float]:
        """Mean and standard deviation over listed architectures, and the best score observed; fits if that is due."""
        scores = self.scores()
        targets = scores - self.expected(self._seen)
        self.process.refit(self._seen, targets)
        coefficients, scale = self.process.solve(targets)
        mean, variance = listed.moments(self.process, self._seen, coefficients)
        return mean + self.expected(listed._inputs), scale * np.sqrt(variance), float(scores.max())

    def expected(self, inputs: Inputs) -> Array:
        """The part of the scores that is expected before any observation, up to a constant."""
        if not self._trust:
            return np.zeros(len(inputs.codes))
        return self._trust * inputs.linear[:, -1].astype(np.float64)
