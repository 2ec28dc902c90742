"""A random forest on neural graph features (GRAF), in the loop of predictor-guided evolution."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.graph_arrays import GraphReader
from equipoise.methods._shared.graph_features import GROUPS, raw_features
from equipoise.methods._shared.predictor_rounds import PredictorMethod, mutants

__all__ = ["GrafForest"]

PUBLISHED = ("counts", "shortest", "longest", "degrees")
REFERENCE = 2_000
"""Architectures drawn from a space to learn the labels of its graphs."""


class GrafForest(PredictorMethod):
    """Fits a random forest to graph features every round, and queries the mutants that it predicts to be best.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        batch: Queries per round.
        candidates: Mutants per round.
        parents: The best architectures seen, from which mutants descend.
        trees: Trees of the forest.
        groups: Groups of features: ``published``, ``all`` of `graph_features`, or names joined by ``+``.

    Raises:
        SettingError: A setting is out of range.

    Source: Kadlecova, Lukasik, Pilat, Vidnerova, Safari, Neruda and Hutter, Surprisingly Strong Performance Prediction
    with Neural Graph Features, ICML 2024; features as in the repositories of its authors (GRAF; zc_combine:
    ``features/base.py``, ``configs/nb201_full.json``), the forest at the defaults of scikit-learn. The paper searches
    with the loop of NASLib, from which the numbers of a round are taken (``optimizers/discrete/npenas``). Differs from
    the paper: paths are measured in operations on the part of the graph between input and output, not in edges of the
    whole graph; an operation ``none`` is no edge, so that subsets do not contain it; the mean degrees over all nodes
    are left out; no zero-cost proxy is added.
    """

    family = "nas"
    origin = "published"
    source = "Kadlecova et al., Surprisingly Strong Performance Prediction with Neural Graph Features, ICML 2024"
    knowledge = ("decisions", "legality", "isomorphism", "graph")
    packages = (("sklearn", "digits"),)
    surrogate_models = ("trees",)
    deviations = (
        "Paths are measured in operations between input and output; 'none' is no edge; mean degrees are left out.",
        "No zero-cost proxies beside the features: they would have to be paid for.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 10,
        batch: int = 10,
        candidates: int = 200,
        parents: int = 5,
        trees: int = 100,
        groups: str = "published",
    ) -> None:
        super().__init__(problem, rng, n_initial, batch)
        for name, value in {"candidates": candidates, "parents": parents, "trees": trees}.items():
            if value < 1:
                raise SettingError(f"graf_forest: {name} = {value}; accepted: whole numbers from 1 on")
        self.candidates, self.parents, self.trees = candidates, parents, trees
        self.groups = _chosen(groups)

    def choose(self) -> list[Architecture]:
        """The mutants of the best, by their predicted errors."""
        parents = self.ranked(self.parents)
        pool = mutants(self.space, self.rng, parents, self.taken, self._per_parent(len(parents)), lambda: 1)
        if not pool:
            return []
        features = graph_features(self.space, [*self.architectures, *pool], self.groups)
        seen = len(self.errors)
        model = forest(self.trees, int(self.rng.integers(2**31)))
        model.fit(features[:seen], np.asarray(self.errors))
        predicted = model.predict(features[seen:])
        ties = self.rng.random(len(pool))
        return [pool[number] for number in np.lexsort((ties, predicted))]

    def _per_parent(self, parents: int) -> int:
        return -(-self.candidates // parents)


def forest(trees: int, seed: int) -> Any:
    """A random forest at the defaults of scikit-learn, which the paper uses."""
    from sklearn.ensemble import RandomForestRegressor  # here: listing the methods needs none of it

    return RandomForestRegressor(n_estimators=trees, random_state=seed)


def graph_features(
    space: SearchSpace, architectures: Sequence[Architecture], groups: Sequence[str]
) -> npt.NDArray[np.float32]:
    """The features of n architectures in some groups, n x F, as they are: trees need no scale."""
    values, names = raw_features(_reader(space), architectures)
    wanted = [name.rpartition(" ")[2] in groups for name in names]
    return values[:, np.flatnonzero(wanted)]


@lru_cache(maxsize=8)
def _reader(space: SearchSpace) -> GraphReader:
    return GraphReader(space, space.sample(np.random.default_rng(0), REFERENCE))


def _chosen(groups: str) -> tuple[str, ...]:
    if groups in ("published", "all"):
        return PUBLISHED if groups == "published" else GROUPS
    names = tuple(name.strip() for name in groups.split("+"))
    if strange := [name for name in names if name not in GROUPS]:
        raise SettingError(
            f"graf_forest: groups = {groups!r}: '{strange[0]}'; accepted: published, all, or {', '.join(GROUPS)}, "
            "joined by +"
        )
    return names
