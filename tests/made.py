"""Small real parts that the tests play with: a space with illegal choices, tasks over it, methods by script."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.scores import Score, ScoreValues
from equipoise.harness.core.space import Architecture, Decision, LabelledDag, SearchSpace
from equipoise.harness.core.task import Evaluation, Metric, Task, TaskInfo


class MadeSpace(SearchSpace):
    """Three decisions of three options whose sum must be even: a mask that looks ahead."""

    name = "made"
    source = "the tests"
    decisions = tuple(Decision(f"d{i}", ("a", "b", "c")) for i in range(3))

    def legal(self, prefix: Architecture) -> np.ndarray:
        if len(prefix) < 2:
            return np.ones(3, dtype=bool)
        return (sum(prefix) + np.arange(3)) % 2 == 0

    def graph(self, prefix: Architecture) -> LabelledDag:
        nodes = ("input", *("abc"[option] for option in prefix), "output")
        edges = tuple((i, i + 1) for i in range(len(nodes) - 1))
        return LabelledDag(nodes, edges, ("",) * len(edges))


class MadeTask(Task):
    """Error = sum / 10, seconds = 1 + first option; fidelities add to the error."""

    info = TaskInfo(
        name="made/plain",
        source="the tests",
        licence="none",
        metric=Metric.accuracy(),
        data_digest="0" * 64,
        fidelities=(1, 4),
        noises=("mean", "single"),
    )
    space = MadeSpace()

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        error = sum(architecture) / 10 + (0.05 if fidelity == 1 else 0.0)
        if self.noise == "single":
            error += 0.01 * rng.random()
        return Evaluation(error, (1.0 + architecture[0]) * (fidelity or 4) / 4)

    def expected(self, architecture: Architecture) -> float:
        return sum(architecture) / 10

    def landscape(self) -> np.ndarray:
        return np.array([sum(architecture) / 10 for architecture in self.space.enumerate()])


class ScoredTask(MadeTask):
    """Offers the sum of the options as a score at a hundredth of a training."""

    info = replace(MadeTask.info, name="made/scored", scores=(Score("options", 0.01, "the tests"),))

    def score_values(self, name: str) -> ScoreValues | None:
        return _sums if name == "options" else super().score_values(name)


def _sums(architectures: Sequence[Architecture]) -> np.ndarray:
    return np.array([float(sum(architecture)) for architecture in architectures])


class Scripted(Method):
    """Proposes what it was given, then ends by `IndexError`; remembers what it was told."""

    family = "baseline"
    source = "the tests"

    def __init__(self, queries: Iterable[object]) -> None:
        super().__init__(Problem(MadeSpace(), Budget(queries=1)), np.random.default_rng(0))
        self.queries = list(queries)
        self.told: list[Observation] = []

    def ask(self) -> Query:
        return self.queries.pop(0)  # type: ignore[return-value]

    def tell(self, observation: Observation) -> None:
        self.told.append(observation)
