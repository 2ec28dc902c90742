"""Bayesian optimisation done exactly: expected improvement over every architecture of the space."""

from collections.abc import Sequence
from math import prod

import numpy as np

from equipoise.harness.core.errors import SearchEnded, SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.gp import Codes, HammingProcess, best_of, normal_scores
from equipoise.methods._shared.unseen import draw_unseen
from equipoise.methods._shared.whole_space_posterior import GridPosterior, ListPosterior, Posterior

__all__ = ["ExactGp"]

LARGEST = 500_000
"""Architectures up to which a space is enumerated."""
WIDEST_ON_GRID = 1_000
"""Options of a decision up to which the kernel matrix of one decision is stored."""
WIDEST = 256
"""Columns of an encoding that the kernel may compare: each has a weight to fit."""


class ExactGp(Method):
    """A GP with an ARD Hamming kernel, and the largest expected improvement over all architectures not yet seen.

    On a plain product of decisions (of up to 1,000 options) the posterior over the whole space costs two Kronecker
    products a query; on other spaces of up to 500,000 architectures, whose grid has at most 20 million points, two
    products with a stored matrix. All others (NAS-Bench-101, DARTS) are searched over a fresh candidate set at
    each query: one-edit mutations of the best 20 seen, and random architectures.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        encoding: What the kernel compares: any of `SearchSpace.encodings` of up to 256 columns. It need not be read
            back, since the proposals are architectures. Other than ``categorical``, the stored matrix is used.
        n_initial: Random architectures before the model is used.
        growth: The kernel's parameters are refitted at this many times the observations of the last fit.
        targets: ``normal-scores`` of the ranks, or the ``raw`` standardised errors.
        candidates: Candidates per query on spaces too large to enumerate.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "hpo"
    origin = "this project"
    source = "Jones, Schonlau and Welch, Efficient Global Optimization, 1998; Rasmussen and Williams, GPML, 2006"
    knowledge = ("decisions", "legality", "isomorphism")
    tuned_on = ("nasbench201/*",)
    surrogate_models = ("gp",)
    deviations = ("Spaces too large to enumerate are searched over candidates: there the maximum is not exact.",)

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        encoding: str = "categorical",
        n_initial: int = 10,
        growth: float = 1.5,
        targets: str = "normal-scores",
        candidates: int = 2000,
    ) -> None:
        super().__init__(problem, rng)
        check_count("exact_gp", "n_initial", n_initial, problem, default=10)
        if not growth > 1:
            raise SettingError(f"exact_gp: growth = {growth}; accepted: numbers above 1")
        if targets not in ("normal-scores", "raw"):
            raise SettingError(f"exact_gp: targets = {targets!r}; accepted: normal-scores, raw")
        if candidates < 1:
            raise SettingError(f"exact_gp: candidates = {candidates}; accepted: whole numbers from 1 on")
        if (width := self.space.encoding(encoding).width) > WIDEST:
            raise SettingError(f"exact_gp: encoding = '{encoding}' has {width} columns; accepted: up to {WIDEST}")
        self.encoding = encoding
        self.n_initial, self.targets, self.candidates = n_initial, targets, candidates
        self._process = HammingProcess(width, growth)
        self._errors: list[float] = []
        self._architectures: list[Architecture] = []
        self._taken: set[Architecture] = set()
        self._posterior: Posterior | None = None
        self._all: list[Architecture] = []
        widths = self.space.cardinalities
        if prod(widths) <= LARGEST or self._enumerable():
            self._all = list(self.space.enumerate())
            grid = len(self._all) == prod(widths) and encoding == "categorical" and max(widths) <= WIDEST_ON_GRID
            self._posterior = GridPosterior(widths) if grid else ListPosterior(self._codes(self._all))
            self._free = np.ones(len(self._all), dtype=np.bool_)

    def _enumerable(self) -> bool:
        """Whether a space whose grid is larger is itself small: told by counting, and given up early."""
        return prod(self.space.cardinalities) <= 40 * LARGEST and self.space.size <= LARGEST

    def _codes(self, architectures: Sequence[Architecture]) -> Codes:
        return self.space.encode(architectures, self.encoding).astype(np.int64)

    def ask(self) -> Query:
        """The architecture of largest expected improvement; random ones at the start.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        ready = len(self._taken) >= self.n_initial and self._errors
        architecture = self._propose() if ready else self._random()
        self._take(architecture)
        return Query(architecture)

    def _take(self, architecture: Architecture) -> None:
        self._taken.add(architecture)
        if self._all:
            self._free[self.space.index(architecture)] = False

    def _random(self) -> Architecture:
        if self._all and not self._free.any():
            raise SearchEnded("every architecture of the space has been proposed")
        if not self._all:
            return self.space.key(draw_unseen(self.space, self.rng, self._taken))
        while True:
            for drawn in self.space.sample(self.rng, 16):
                if (key := self.space.key(drawn)) not in self._taken:
                    return key

    def _propose(self) -> Architecture:
        errors = np.asarray(self._errors)
        spread = float(errors.std()) or 1.0
        targets = normal_scores(errors) if self.targets == "normal-scores" else (errors.mean() - errors) / spread
        fitted = self._process.refit(targets)
        best = float(targets.max())
        if self._posterior is None:
            pool = self._candidates()
            mean, deviation = self._process.predict(self._codes(pool), targets)
            return pool[best_of(mean, deviation, best, np.ones(len(pool), dtype=np.bool_), self.rng)]
        if not self._free.any():
            raise SearchEnded("every architecture of the space has been proposed")
        if fitted:
            self._posterior.rebuild(self._process)
        coefficients, scale = self._process.solve(targets)
        deviation = scale * np.sqrt(np.maximum(self._posterior.variance, 1e-12))
        return self._all[best_of(self._posterior.mean(coefficients), deviation, best, self._free, self.rng)]

    def _candidates(self) -> list[Architecture]:
        elites = [self._architectures[i] for i in np.argsort(self._errors, kind="stable")[:20]]
        found: dict[Architecture, None] = {}
        for turn in range(self.candidates // 2):
            found[self.space.key(self.space.mutate(elites[turn % len(elites)], self.rng))] = None
        for drawn in self.space.sample(self.rng, self.candidates - self.candidates // 2):
            found[self.space.key(drawn)] = None
        pool = [candidate for candidate in found if candidate not in self._taken]
        return pool or [self._random()]

    def tell(self, observation: Observation) -> None:
        """Learns from any observation of an architecture of the space."""
        if not self.space.contains(observation.query.architecture):
            return
        architecture = self.space.key(observation.query.architecture)
        self._take(architecture)
        self._architectures.append(architecture)
        self._errors.append(observation.validation_error)
        self._process.add(self._codes([architecture])[0])
        if self._posterior is not None:
            self._posterior.extend(self._process)
