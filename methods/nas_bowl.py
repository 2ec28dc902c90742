"""NAS-BOWL: Bayesian optimisation with a Gaussian process on Weisfeiler-Lehman features of the graph."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation, Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.gp import expected_improvement
from equipoise.methods._shared.predictor_rounds import PredictorMethod, mutants
from equipoise.methods._shared.subtree_kernel import SubtreeKernel
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["Fit", "NasBowl", "fit"]

Array = npt.NDArray[np.float64]

DEPTHS = (1, 2, 3)
LEAST_NOISE, STEPS = 1e-5, 31
"""Noise variances that are compared: so many, spaced evenly in the logarithm from the least to `NasBowl.noise`."""
SMALLEST = 1e-6
"""Errors below it count as it in the logarithm."""


class NasBowl(PredictorMethod):
    """Queries the candidates of largest expected improvement under a Weisfeiler-Lehman kernel, some per round.

    The targets are standardised negative logarithms of the errors (less the least, where that is negative). Depth and
    noise of the kernel are those of largest marginal likelihood. A pool holds mutants of the best architectures
    and random ones.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        batch: Queries per round.
        pool: Candidates per round.
        mutated: How many of them are mutants; None takes half of the pool, as published for NAS-Bench-101, or all where
            operations label edges, as on NAS-Bench-201.
        parents: The best architectures, from which mutants descend.
        noise: The largest noise variance, relative to the variance of the targets.
        kernel: ``subtree``, ``assignment``, or ``published``: the assignment kernel, except where operations label
            edges.

    Raises:
        SettingError: A setting is out of range.

    Source: Ru, Wan, Dong and Osborne, Interpretable Neural Architecture Search via Bayesian Optimisation with
    Weisfeiler-Lehman Kernels, ICLR 2021; settings as in its repository (nasbowl: ``nasbench_optimisation.py``,
    ``bayesopt/gp.py``, ``bayesopt/generate_test_graphs.py``). Differs from the paper: the noise is searched on a grid
    instead of by 20 steps of Adam, jointly with the depth, and with the determinant entering the likelihood as it
    should (its sign is reversed in the repository); skip connections stay nodes; the edit is that of the space, as
    many as changing each of d decisions with probability 1 / (d - 1) gives; nothing is queried twice.
    """

    family = "nas"
    origin = "published"
    source = "Ru, Wan, Dong and Osborne, NAS-BOWL, ICLR 2021"
    knowledge = ("decisions", "legality", "isomorphism", "graph")
    surrogate_models = ("gp",)
    deviations = (
        "Noise and depth maximise the likelihood on a grid, instead of 20 steps of Adam on a reversed determinant.",
        "Skip connections are nodes, not contracted.",
        "Mutants are edits of the space; nothing is queried twice.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 10,
        batch: int = 5,
        pool: int = 200,
        mutated: int | None = None,
        parents: int = 10,
        noise: float = 0.01,
        kernel: Literal["published", "subtree", "assignment"] = "published",
    ) -> None:
        super().__init__(problem, rng, n_initial, batch, default=(10, 5))
        if pool < batch:
            raise SettingError(f"nas_bowl: pool = {pool}; accepted: at least batch = {batch}")
        if mutated is not None and not 0 <= mutated <= pool:
            raise SettingError(f"nas_bowl: mutated = {mutated}; accepted: 0 to pool = {pool}")
        if parents < 1:
            raise SettingError(f"nas_bowl: parents = {parents}; accepted: whole numbers from 1 on")
        if not LEAST_NOISE <= noise <= 1:
            raise SettingError(f"nas_bowl: noise = {noise}; accepted: {LEAST_NOISE:g} to 1")
        if kernel not in ("published", "subtree", "assignment"):
            raise SettingError(f"nas_bowl: kernel = {kernel!r}; accepted: published, subtree, assignment")
        self.pool, self.parents, self.noise, self.kernel = pool, parents, noise, kernel
        labelled = any(self.space.graph(self.space.sample(np.random.default_rng(0), 1)[0]).edge_labels)
        self.mutated = mutated if mutated is not None else pool if labelled else pool // 2
        self._open = sum(width > 1 for width in self.space.cardinalities)
        self._kernel: SubtreeKernel | None = None

    def tell(self, observation: Observation) -> None:
        """Learns from any observation of an architecture of the space."""
        before = len(self.architectures)
        super().tell(observation)
        for architecture in self.architectures[before:]:
            if self._kernel is None:
                self._kernel = SubtreeKernel(self.space, max(DEPTHS), self._assigns(architecture))
            self._kernel.add(architecture)

    def _assigns(self, architecture: Architecture) -> bool:
        if self.kernel != "published":
            return self.kernel == "assignment"
        return not any(self.space.graph(architecture).edge_labels)

    def choose(self) -> list[Architecture]:
        """The candidates by their expected improvement."""
        assert self._kernel is not None, "choose() before the first observation"
        candidates = self._candidates()
        errors = np.asarray(self.errors)
        targets = -np.log(np.maximum(errors - min(0.0, float(errors.min())), SMALLEST))
        targets = (targets - targets.mean()) / (float(targets.std()) or 1.0)
        found = fit(self._kernel.observed().kernel, targets, self.noise)
        mean, variance = found.predict(self._kernel.to(candidates).kernel(found.depth))
        score = expected_improvement(mean, np.sqrt(variance), float(targets.max()))
        ties = self.rng.random(len(candidates))
        return [candidates[number] for number in np.lexsort((ties, -score))]

    def _candidates(self) -> list[Architecture]:
        best = self.ranked(self.parents)
        found: dict[Architecture, None] = {}
        each = self.mutated // len(best)
        for parent in best if each else ():
            found.update(dict.fromkeys(mutants(self.space, self.rng, [parent], self.taken, each, self._edits)))
        drawn = self.space.sample(self.rng, self.pool - len(found))
        found.update((key, None) for key in map(self.space.key, drawn) if key not in self.taken)
        return list(found) or [self.space.key(draw_unseen(self.space, self.rng, self.taken))]

    def _edits(self) -> int:
        while True:
            if edits := int(self.rng.binomial(self._open, 1.0 / max(self._open - 1, 1))):
                return edits


class Fit(NamedTuple):
    """A zero-mean process of unit variance on n targets.

    Attributes:
        depth: Levels of the kernel.
        noise: Noise variance.
        likelihood: Logarithm of the marginal likelihood.
        inverse: n x n, of the kernel with noise.
        coefficients: n, of the posterior mean.
    """

    depth: int
    noise: float
    likelihood: float
    inverse: Array
    coefficients: Array

    def predict(self, cross: Array) -> tuple[Array, Array]:
        """Mean and variance of m answers, noise included, from the n x m kernel."""
        variance = 1.0 + self.noise - np.einsum("nm,nm->m", cross, self.inverse @ cross)
        return cross.T @ self.coefficients, np.maximum(variance, self.noise)


def fit(kernel: Callable[[int], Array], targets: Array, most: float) -> Fit:
    """The depth and noise of largest marginal likelihood.

    One eigendecomposition per depth gives the likelihood under any noise.

    Args:
        kernel: From a depth to the n x n kernel.
        targets: n.
        most: The largest noise variance.
    """
    noises = np.geomspace(LEAST_NOISE, most, STEPS)
    best, found = -np.inf, (0, 0.0, np.zeros(0), np.zeros((0, 0)))
    for depth in DEPTHS:
        values, vectors = np.linalg.eigh(kernel(depth))
        spectrum = np.maximum(values, 0.0) + noises[:, None]
        projected = vectors.T @ targets
        terms = np.square(projected) / spectrum + np.log(spectrum)
        likelihoods = -0.5 * (terms.sum(axis=1) + len(targets) * np.log(2 * np.pi))
        if (top := float(likelihoods.max())) > best:
            chosen = int(likelihoods.argmax())
            best, found = top, (depth, float(noises[chosen]), spectrum[chosen], vectors)
    depth, noise, spectrum, vectors = found
    inverse = (vectors / spectrum) @ vectors.T
    return Fit(depth, noise, best, inverse, inverse @ targets)
