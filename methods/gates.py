"""GATES: evolution inside a graph predictor that was trained to rank, a few queries at a time."""

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.flow_encoder import FlowRanker
from equipoise.methods._shared.predictor_rounds import PredictorMethod

__all__ = ["Gates"]


class Gates(PredictorMethod):
    """Every query of a round is the best unseen architecture that one run of evolution on the predictor's scores met.

    The predictor learns which of two architectures is better. It is trained on after every round; the runs of
    evolution inside it cost no query.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        batch: Queries in a round, each from a run of its own.
        epochs: Steps of training after a round.
        population: Members of a run inside the predictor.
        tournament: Members of which the best is mutated.
        steps: Architectures that a run meets.

    Raises:
        SettingError: A setting is out of range.

    Source: Ning, Zheng, Zhao, Wang and Yang, A Generic Graph-based Neural Architecture Encoding Scheme for
    Predictor-based NAS, ECCV 2020 (GATES), section 3.4, algorithm 1; settings of its repository (aw_nas: the predictor
    of ``research/gates/nbc_flow_gcn128x4.yaml``, the evolution of ``dele/cfgs/nasbench-201_gates_search.yaml``).
    Differs from it: 10 queries a round instead of 5, as the other predictors here have, which halves the training; the
    predictor goes on from its weights with `epochs` full-batch steps, each on newly drawn pairs, where the repository
    trains in mini-batches; the evolution has the sizes of a later paper of the group (dele); operations on edges become
    nodes. 300 queries took 8.5 s of CPU on nasbench201/cifar10, where computing every node of every architecture took
    32.9 s in the same hour (``python speed/method_cost.py --only gates``).
    """

    family = "nas"
    origin = "published"
    source = "Ning, Zheng, Zhao, Wang and Yang, GATES, ECCV 2020"
    knowledge = ("decisions", "legality", "isomorphism", "graph")
    costly = True
    deviations = (
        "10 queries a round instead of 5, as the other predictors here have.",
        "The predictor goes on from its weights with full-batch steps on newly drawn pairs, instead of mini-batches.",
        "The evolution inside the predictor has the sizes of a later paper (Zhao et al., AAAI 2023), not of GATES.",
        "Operations on edges become nodes of the graph that the predictor sees.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 20,
        batch: int = 10,
        epochs: int = 80,
        population: int = 20,
        tournament: int = 5,
        steps: int = 50,
    ) -> None:
        super().__init__(problem, rng, n_initial, batch, default=(20, 10))
        for name, value in (("epochs", epochs), ("population", population), ("steps", steps)):
            if value < 1:
                raise SettingError(f"gates: {name} = {value}; accepted: whole numbers from 1 on")
        if not 1 <= tournament <= population:
            raise SettingError(f"gates: tournament = {tournament}; accepted: 1 to population = {population}")
        self.epochs, self.population, self.tournament, self.steps = epochs, population, tournament, steps
        self._model: FlowRanker | None = None

    def choose(self) -> list[Architecture]:
        """The best that each run of evolution found."""
        if self._model is None:
            self._model = FlowRanker(self.space, self.rng)
        self._model.fit(self.architectures, np.asarray(self.errors), self.epochs)
        chosen: dict[Architecture, None] = {}
        for met in self._evolve(self._model):
            unseen = [key for key in met if key not in self.taken and key not in chosen]
            if unseen:
                chosen[max(unseen, key=met.__getitem__)] = None
        return list(chosen)

    def _evolve(self, model: FlowRanker) -> list[dict[Architecture, float]]:
        """Runs as many evolutions as a round has queries, side by side; gives the scores of all keys that each met."""
        runs, count = self.batch, min(self.population, self.steps)
        start = self.space.sample(self.rng, runs * count)
        scores = model.score(start)
        alive = [
            list(zip(start[run * count :][:count], scores[run * count :][:count].tolist(), strict=True))
            for run in range(runs)
        ]
        met = [{self.space.key(cell): score for cell, score in run} for run in alive]
        for _ in range(self.steps - count):
            children = []
            for run in alive:
                entrants = self.rng.choice(len(run), size=min(self.tournament, len(run)), replace=False).tolist()
                parent = max((run[number] for number in entrants), key=lambda member: member[1])[0]
                children.append(self.space.mutate(parent, self.rng))
            for run, known, child, score in zip(alive, met, children, model.score(children).tolist(), strict=True):
                run.append((child, score))
                run.pop(0)
                known[self.space.key(child)] = score
        return met
