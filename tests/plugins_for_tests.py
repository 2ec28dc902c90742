"""Methods and tasks as third parties would write them, good and bad, named by tests as ``plugins_for_tests:Class``."""

import os
import random
import sys
import time
from dataclasses import replace

import numpy as np
from made import MadeTask

from equipoise.harness.core.errors import SearchEnded
from equipoise.harness.core.method import Method, Observation, Query, Requirements
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.task import Evaluation
from equipoise.harness.spaces.nasbench201 import NasBench201


class Good(Method):
    """A hill climber that passes every check."""

    family = "baseline"
    source = "the tests"
    knowledge = ("decisions", "legality", "isomorphism")

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        self.best: tuple[float, tuple[int, ...]] | None = None

    def ask(self) -> Query:
        if self.best is None or self.rng.random() < 0.3:
            return Query(self.space.sample(self.rng, 1)[0])
        return Query(self.space.mutate(self.best[1], self.rng))

    def tell(self, observation: Observation) -> None:
        candidate = (observation.validation_error, observation.query.architecture)
        self.best = candidate if self.best is None else min(self.best, candidate)


class Wanders(Good):
    """Climbs, but every fifth proposal repeats the first one, and every seventh takes the last option everywhere."""

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        self.first = self.space.sample(rng, 1)[0]
        self.turn = 0

    def ask(self) -> Query:
        self.turn += 1
        if self.turn % 7 == 0:
            return Query(tuple(width - 1 for width in self.space.cardinalities))
        return Query(self.first) if self.turn % 5 == 1 else super().ask()


class TwoObjectives(Good):
    """Climbs by the sum of error and objective."""

    several_objectives = True

    def tell(self, observation: Observation) -> None:
        more = sum(observation.objectives.values())
        super().tell(observation._replace(validation_error=observation.validation_error + more))


class HidesObjectives(TwoObjectives):
    several_objectives = False


class ForgetsObjectives(Good):
    several_objectives = True


class TrustsObjectives(Good):
    """Takes for granted that every observation has the objective."""

    several_objectives = True

    def tell(self, observation: Observation) -> None:
        super().tell(observation._replace(validation_error=observation.objectives["weight"]))


class Trains(Method):
    """Trains one and a half networks before each proposal, and proposes each architecture twice."""

    family = "one-shot"
    source = "the tests"
    each = 1.5
    again: tuple[int, ...] | None = None

    def ask(self) -> Query:
        if self.again is not None:
            architecture, self.again = self.again, None
        else:
            self.again = architecture = self.space.sample(self.rng, 1)[0]
        return Query(architecture, training_cost=self.each)

    def tell(self, observation: Observation) -> None:
        pass


class TellsItsSpace(Good):
    def ask(self) -> Query:
        raise RuntimeError(type(self.space).__name__)


class OneClass(Good):
    """Cells of NAS-Bench-201 without a path from input to output: one network."""

    number = 0

    def ask(self) -> Query:
        self.number += 1
        return Query((self.number % 5, 0, self.number % 3, 0, 0, 0))


class ByBudget(Good):
    """Proposes one cell under budgets below five, another above."""

    def ask(self) -> Query:
        return Query(((4 if self.problem.budget.limit < 5 else 1),) * 6)


class Raises(Good):
    def tell(self, observation: Observation) -> None:
        raise RuntimeError("told too much")


class Exits(Good):
    def tell(self, observation: Observation) -> None:
        sys.exit(0)


class Nonsense(Good):
    def ask(self) -> Query:
        return "an architecture"  # type: ignore[return-value]


class OutOfRange(Good):
    def ask(self) -> Query:
        return Query((99,) * len(self.space.decisions))


class AlwaysInvalid(Good):
    """All layers skip: in range, but no architecture of NAS-Bench-Graph."""

    def ask(self) -> Query:
        widths = self.space.cardinalities
        return Query((0, 0, 0, *(width - 1 for width in widths[3:])) if len(widths) == 7 else (0,) * len(widths))


class Dies(Good):
    def ask(self) -> Query:
        os._exit(9)


class Slow(Good):
    """Takes long enough to be interrupted."""

    def ask(self) -> Query:
        time.sleep(0.004)
        return super().ask()


class Stops(Good):
    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        self.left = 5

    def ask(self) -> Query:
        if not self.left:
            raise SearchEnded("tired")
        self.left -= 1
        return super().ask()


class EndsOnGraphs(Good):
    """Ends before its first query, but for one space."""

    def ask(self) -> Query:
        if self.space.name != "nasbench201":
            raise SearchEnded("no cells")
        return super().ask()


class Undeclared(Good):
    def __init__(self, problem, rng, depth=3) -> None:
        super().__init__(problem, rng)


class Unfamiliar(Good):
    family = "magic"


class OfNowhere(Good):
    origin = "a dream"


class Omniscient(Good):
    knowledge = ("decisions", "everything")


class KnowsNoDecisions(Good):
    knowledge = ()


class HidesLegality(Good):
    knowledge = ("decisions", "isomorphism")


class HidesMutation(Good):
    """`mutate` leads to another network."""

    knowledge = ("decisions", "legality")


class HidesIsomorphism(Good):
    knowledge = ("decisions", "legality")

    def ask(self) -> Query:
        return Query(self.space.canonical(self.space.sample(self.rng, 1)[0]))


class HidesTheGraph(Good):
    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        self.nodes = len(self.space.graph(self.space.sample(rng, 1)[0]).node_labels)


class HidesImages(Good):
    @classmethod
    def requirements(cls, settings):
        return Requirements(resources=("images",))

    def ask(self) -> Query:
        self.problem.resources.get("images")
        return super().ask()


class ReadsScores(Good):
    """Starts from the best of ten by a score, and pays for the ten."""

    knowledge = ("decisions", "legality", "isomorphism", "scores")
    pays = True

    @classmethod
    def requirements(cls, settings):
        return Requirements(resources=("score:options",))

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        self.reader = problem.scores("options")
        drawn = self.space.sample(rng, 10)
        self.start = drawn[int(np.argmax(self.reader(drawn)))]

    def ask(self) -> Query:
        architecture = self.start if self.best is None else super().ask().architecture
        return Query(architecture, training_cost=self.reader.due() if self.pays else 0.0)


class HidesScores(ReadsScores):
    knowledge = Good.knowledge


class NeverPays(ReadsScores):
    pays = False


class HidesFidelities(Good):
    def ask(self) -> Query:
        return replace(super().ask(), fidelity=self.problem.fidelities[0])


class IgnoresSeed(Good):
    def __init__(self, problem, rng) -> None:
        super().__init__(problem, np.random.default_rng(0))


class Unseeded(Good):
    def __init__(self, problem, rng) -> None:
        super().__init__(problem, np.random.default_rng())


class SaltedHash(Good):
    """Deterministic within a process only: the hash of a text is salted."""

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, np.random.default_rng([hash("salt") % 2**32, int(rng.integers(100))]))


class GlobalRandom(Good):
    def ask(self) -> Query:
        random.random()
        return super().ask()


class GlobalNumpy(Good):
    def ask(self) -> Query:
        np.random.rand()  # noqa: NPY002
        return super().ask()


class OnlyItsOwn(Good):
    """Trips over what it did not ask."""

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        self.asked: set[tuple[int, ...]] = set()

    def ask(self) -> Query:
        query = super().ask()
        self.asked.add(query.architecture)
        return query

    def tell(self, observation: Observation) -> None:
        assert observation.query.architecture in self.asked
        super().tell(observation)


class OneAtATime(Good):
    waiting = False

    def ask(self) -> Query:
        if self.waiting:
            raise RuntimeError("tell me first")
        self.waiting = True
        return super().ask()

    def tell(self, observation: Observation) -> None:
        self.waiting = False
        super().tell(observation)


class Fragile(Good):
    """Divides by the spread of what it was told."""

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        self.told: list[float] = []

    def tell(self, observation: Observation) -> None:
        self.told.append(observation.validation_error)
        if len(self.told) > 2:
            1 / (max(self.told) - min(self.told))
        super().tell(observation)


class Peeks(Good):
    """Looks the test error up."""

    def tell(self, observation: Observation) -> None:
        load_task("nasbench201/cifar10").reveal((0,) * 6)
        super().tell(observation)


def _local() -> type[Good]:
    class Unpicklable(Good):
        pass

    return Unpicklable


Unpicklable = _local()


class Absent(Good):
    """Needs a package that nobody has."""

    packages = (("no_such_package", "extra"),)


class GoodTask(MadeTask):
    """A task of a third party."""

    info = replace(MadeTask.info, name="good/plain")


class SlowTask(MadeTask):
    """Takes long enough that a run of 40 queries keeps a journal."""

    info = replace(MadeTask.info, name="plugins_for_tests:SlowTask/plain")

    def evaluate(self, architecture, fidelity, rng):
        time.sleep(0.03)
        return super().evaluate(architecture, fidelity, rng)


class TimedTask(MadeTask):
    """Its training time is the clock's."""

    info = replace(MadeTask.info, name="timed/plain", measured_cost=True)

    def evaluate(self, architecture, fidelity, rng):
        return super().evaluate(architecture, fidelity, rng)._replace(cost_seconds=1.0 + time.perf_counter())


def _distance(architecture: tuple[int, ...]) -> float:
    return float(sum((option - 3) ** 2 * (edge + 1) for edge, option in enumerate(architecture)) / 300)


class Epochs(MadeTask):
    """A made table over NAS-Bench-201: the fewer the epochs, the noisier the error."""

    info = replace(MadeTask.info, name="plugins_for_tests:Epochs/plain", fidelities=(1, 3, 9, 27))
    space = NasBench201()

    def evaluate(self, architecture, fidelity, rng):
        epochs = fidelity or self.info.fidelities[-1]
        error = _distance(architecture)
        noise = np.random.default_rng([epochs, *architecture]).normal() * 0.05 * (1 / epochs - 1 / 27)
        return Evaluation(min(1.0, max(0.0, error + 0.3 / epochs - 0.3 / 27 + noise)), float(epochs))

    def expected(self, architecture):
        return _distance(architecture)

    def landscape(self):
        return np.array([_distance(architecture) for architecture in self.space.enumerate()])


class Untold(Epochs):
    """Tells nothing of a full training but what a query shows, as real training does."""

    info = replace(Epochs.info, name="plugins_for_tests:Untold/plain")

    def expected(self, architecture):
        return None

    def landscape(self):
        return None
