"""Each check passes what is right and fails its cheat."""

import copy
from dataclasses import replace

import numpy as np
import plugins_for_tests as cheats
import pytest
from made import MadeSpace, MadeTask, ScoredTask

from equipoise.harness.conformance import METHOD_CHECKS, SPACE_CHECKS, TASK_CHECKS, failures_of
from equipoise.harness.conformance import methods as m
from equipoise.harness.conformance import spaces as s
from equipoise.harness.conformance import tasks as t
from equipoise.harness.core.encoding import Options
from equipoise.harness.core.errors import PluginError
from equipoise.harness.core.registry import load_method, load_task, method_names, missing_packages
from equipoise.harness.core.space import LabelledDag
from equipoise.harness.core.task import Evaluation, Objective

TASK = load_task("nasbench201/cifar10")
GRAPH_TASK = load_task("nasbench_graph/cora")
SUBJECTS = {
    cheats.Peeks: TASK,
    cheats.HidesImages: load_task("nasbench201/fashion14"),
    cheats.HidesFidelities: load_task("nasbench201/fashion14"),
    cheats.HidesScores: ScoredTask(),
    cheats.NeverPays: ScoredTask(),
}

METHOD_CHEATS = {
    m.declares_itself: [
        cheats.Undeclared,
        cheats.Unfamiliar,
        cheats.OfNowhere,
        cheats.Omniscient,
        cheats.KnowsNoDecisions,
    ],
    m.proposes_valid_architectures: [cheats.AlwaysInvalid, cheats.OutOfRange, cheats.Nonsense, cheats.Raises],
    m.spends_its_budget: [cheats.Stops],
    m.repeats_with_its_seed: [cheats.IgnoresSeed, cheats.Unseeded],
    m.repeats_in_another_process: [cheats.SaltedHash],
    m.leaves_global_randomness_alone: [cheats.GlobalRandom, cheats.GlobalNumpy],
    m.learns_from_what_it_is_told: [cheats.OnlyItsOwn],
    m.allows_pending_queries: [cheats.OneAtATime],
    m.survives_strange_answers: [cheats.Fragile],
    m.never_sees_the_test_error: [cheats.Peeks],
    m.declares_its_knowledge: [
        cheats.HidesLegality,
        cheats.HidesMutation,
        cheats.HidesIsomorphism,
        cheats.HidesTheGraph,
        cheats.HidesImages,
        cheats.HidesFidelities,
        cheats.HidesScores,
    ],
    m.pays_for_the_scores_it_reads: [cheats.NeverPays],
    m.crosses_process_borders: [cheats.Unpicklable],
    m.uses_the_objectives_it_declares: [cheats.HidesObjectives, cheats.ForgetsObjectives],
    m.takes_several_objectives: [cheats.TrustsObjectives],
}


@pytest.mark.parametrize("check", METHOD_CHECKS, ids=lambda check: check.__name__)
def test_a_method_check_fails_its_cheat_and_passes_the_honest(check) -> None:
    check(cheats.Good, GRAPH_TASK)
    for cheat in METHOD_CHEATS[check]:
        with pytest.raises(Exception):  # noqa: B017, PT011 - a check may also be failed by crashing
            check(cheat, SUBJECTS.get(cheat, GRAPH_TASK))


@pytest.mark.parametrize("check", [m.declares_its_knowledge, m.pays_for_the_scores_it_reads])
def test_scores_that_are_declared_and_paid_pass(check) -> None:
    check(cheats.ReadsScores, ScoredTask())


class _DeadEnd(MadeSpace):
    def legal(self, prefix):
        return np.ones(3, dtype=bool) if len(prefix) < 2 else np.zeros(3, dtype=bool)


class _Denies(MadeSpace):
    def contains(self, architecture):
        return super().contains(architecture) and architecture[0] == 0


class _SamplesArrays(MadeSpace):
    def sample(self, rng, n):
        return [tuple(np.array(a)) for a in super().sample(rng, n)]


class _SamplesOdd(MadeSpace):
    def sample(self, rng, n):
        return [(0, 0, 1)] * n


class _LossyText(MadeSpace):
    def format(self, architecture):
        return super().format((*architecture[:2], architecture[2] % 2))


class _SpeechlessOutside(MadeSpace):
    """Has a text for what it contains alone."""

    def format(self, architecture):
        return super().format(architecture) if self.contains(architecture) else "?"


class _UnstableKey(MadeSpace):
    def key(self, architecture):
        return (architecture[1], architecture[2], architecture[0])


class _OwnNeighbour(MadeSpace):
    def neighbours(self, architecture):
        return [architecture, *super().neighbours(architecture)]


class _Motionless(MadeSpace):
    def mutate(self, architecture, rng):
        return architecture


class _Cyclic(MadeSpace):
    def graph(self, prefix):
        return LabelledDag(("input", "output"), ((0, 1), (1, 0)), ("", ""))


class _NoInput(MadeSpace):
    """Layers in a row, of which any may be the first."""

    def graph(self, prefix):
        nodes, edges, labels = super().graph(prefix)
        return LabelledDag(nodes[1:], tuple((u - 1, v - 1) for u, v in edges[1:]), labels[1:])


class _Edgeless(MadeSpace):
    def graph(self, prefix):
        return LabelledDag(super().graph(prefix).node_labels, (), ())


class _Standardised(Options):
    """Tells an architecture by how it stands to the others."""

    def encode(self, architectures):
        return super().encode(architectures) - np.mean(architectures, axis=0)


class _Reversed(Options):
    def decode(self, values):
        return super().decode(values[::-1])


class _BatchDependent(MadeSpace):
    encodings = {"odd": _Standardised(MadeSpace.decisions)}  # noqa: RUF012


class _Unreadable(MadeSpace):
    encodings = {"odd": _Reversed(MadeSpace.decisions)}  # noqa: RUF012


class _Heavy(MadeSpace):
    def __init__(self):
        self.baggage = list(range(100_000))


SPACE_CHEATS = {
    s.masks_are_exact: [_DeadEnd, _Denies],
    s.samples_are_contained: [_SamplesArrays, _SamplesOdd],
    s.text_is_lossless: [_SpeechlessOutside, _LossyText],
    s.keys_are_stable: [_UnstableKey],
    s.neighbours_are_edits: [_OwnNeighbour, _Motionless],
    s.graphs_are_acyclic: [_Cyclic],
    s.graphs_have_inputs_and_outputs: [_NoInput, _Edgeless],
    s.encodings_have_one_shape: [_BatchDependent, _Unreadable],
    s.is_a_value: [_Heavy],
}


@pytest.mark.parametrize("check", SPACE_CHECKS, ids=lambda check: check.__name__)
def test_a_space_check_fails_its_cheat_and_passes_the_honest(check) -> None:
    check(MadeSpace())
    for cheat in SPACE_CHEATS[check]:
        with pytest.raises(AssertionError):
            check(cheat())


class _Nameless(MadeTask):
    info = replace(MadeTask.info, licence="")


class _Unsorted(MadeTask):
    info = replace(MadeTask.info, fidelities=(4, 1))


class _Counts(MadeTask):
    calls = 0

    def evaluate(self, architecture, fidelity, rng):
        self.calls += 1
        return Evaluation(self.calls / 1000, 1.0)


class _Measured(MadeTask):
    """Its training time is measured afresh each time, and it says so."""

    info = replace(MadeTask.info, measured_cost=True)
    calls = 0

    def evaluate(self, architecture, fidelity, rng):
        self.calls += 1
        return Evaluation(super().evaluate(architecture, fidelity, rng).validation_error, 1.0 + self.calls / 1000)


class _MeasuredInSilence(_Measured):
    info = MadeTask.info


class _Infinite(MadeTask):
    def evaluate(self, architecture, fidelity, rng):
        return Evaluation(float("inf"), 1.0)


class _Gratis(MadeTask):
    def evaluate(self, architecture, fidelity, rng):
        return Evaluation(0.1, 0.0)


class _HalfTrained(MadeTask):
    def evaluate(self, architecture, fidelity, rng):
        return super().evaluate(architecture, fidelity or 1, rng)


class _Relabelled(MadeSpace):
    def key(self, architecture):
        return tuple(sorted(architecture))


class _Tells(MadeTask):
    space = _Relabelled()

    def evaluate(self, architecture, fidelity, rng):
        return Evaluation(architecture[0] / 10, 1.0)


class _Rewards(MadeTask):
    info = replace(MadeTask.info, penalty=0.0)


class _Misplaced(MadeTask):
    def landscape(self):
        return super().landscape()[::-1]


class _TwiceTheSame(MadeTask):
    def reveal(self, architecture):
        return self.expected(architecture)


class _Unpicklable(MadeTask):
    def __init__(self, noise="mean"):
        super().__init__(noise)
        self.handle = lambda: None


class _Weighed(MadeTask):
    """Tells an objective with every evaluation."""

    info = replace(MadeTask.info, objectives=(Objective("weight", "kg"),))

    def evaluate(self, architecture, fidelity, rng):
        return super().evaluate(architecture, fidelity, rng)._replace(objectives={"weight": 1.0 + architecture[0]})


class _Silent(_Weighed):
    evaluate = MadeTask.evaluate


class _Endless(_Weighed):
    def objective_values(self, name):
        return np.full(self.space.size, np.inf)


class _TooFew(_Weighed):
    def objective_values(self, name):
        return np.zeros(self.space.size - 1)


class _TwiceNamed(_Weighed):
    info = replace(MadeTask.info, objectives=(Objective("weight", "kg"), Objective("weight", "g")))


class _Leaks(_Weighed):
    """Its objective is the test error in per cent."""

    def reveal(self, architecture):
        return 0.3 + 0.01 * (9 * architecture[0] + 3 * architecture[1] + architecture[2])

    def objective_values(self, name):
        return np.array([100 * self.reveal(architecture) for architecture in self.space.enumerate()])


class _LeaksTheOrder(_Leaks):
    """Its objective is no linear function of the test error, but has its order."""

    def objective_values(self, name):
        return np.exp(-super().objective_values(name))


class _Split(_Weighed):
    """Holds out one of two seeds; its objective has nothing to do with either."""

    info = replace(MadeTask.info, seeds=2, objectives=(Objective("weight", "kg"),))

    def split(self, held_out):
        view = copy.copy(self)
        view.seed = held_out
        return view

    def held_out(self, architecture):
        return 0.3 + 0.01 * (9 * architecture[0] + 3 * architecture[1] + architecture[2]) + 0.1 * self.seed


class _LeaksTheHeldOut(_Split):
    """Its objective is the error under the second seed, squared."""

    def objective_values(self, name):
        self.seed = 1
        return np.array([self.held_out(architecture) ** 2 for architecture in self.space.enumerate()])


class _Clock(_Weighed):
    """Tells another value each time, and says so."""

    info = replace(MadeTask.info, objectives=(Objective("weight", "kg", measured=True),))
    calls = 0

    def evaluate(self, architecture, fidelity, rng):
        return MadeTask.evaluate(self, architecture, fidelity, rng)

    def measure(self, name, architecture):
        type(self).calls += 1
        return {"weight": float(self.calls), "weight_spread": 0.1}


class _ClockInSilence(_Clock):
    """Tells another value each time, and does not say so."""

    info = _Weighed.info

    def evaluate(self, architecture, fidelity, rng):
        told = self.measure("weight", architecture)
        return MadeTask.evaluate(self, architecture, fidelity, rng)._replace(objectives=told)


TASK_CHEATS = {
    t.objectives_are_told: [_Silent, _Endless, _TooFew, _TwiceNamed, _Leaks, _LeaksTheOrder],
    t.objectives_keep_the_split: [_LeaksTheHeldOut],
    t.describes_itself: [_Nameless, _Unsorted],
    t.answers_are_pure: [_Counts, _Infinite, _Gratis, _MeasuredInSilence, _ClockInSilence],
    t.full_fidelity_is_the_default: [_HalfTrained],
    t.equal_keys_have_equal_answers: [_Tells],
    t.penalty_is_no_reward: [_Rewards],
    t.landscape_agrees: [_Misplaced, _TwiceTheSame],
    t.task_pickles: [_Unpicklable],
}


@pytest.mark.parametrize("check", TASK_CHECKS, ids=lambda check: check.__name__)
def test_a_measured_cost_need_not_repeat(check) -> None:
    check(_Measured())


@pytest.mark.parametrize("check", TASK_CHECKS, ids=lambda check: check.__name__)
def test_a_task_check_fails_its_cheat_and_passes_the_honest(check) -> None:
    check(MadeTask())
    check(_Weighed())
    check(_Split())
    check(_Clock())
    for cheat in TASK_CHEATS[check]:
        with pytest.raises(Exception):  # noqa: B017, PT011
            check(cheat())


@pytest.mark.slow
@pytest.mark.parametrize("name", method_names())
def test_every_method_conforms(name: str) -> None:
    if (reason := missing_packages(load_method(name))) is not None:
        pytest.skip(reason)
    assert [(title, reason) for title, reason in failures_of(name, "method") if reason] == []


def test_names_paths_and_classes_are_found() -> None:
    assert all(reason is None for _, reason in failures_of("plugins_for_tests:Good"))
    assert all(reason is None for _, reason in failures_of("plugins_for_tests:GoodTask/plain"))
    assert any(reason for _, reason in failures_of("plugins_for_tests:Raises"))
    with pytest.raises(PluginError):
        failures_of("no_such_method")
    assert copy.copy(TASK.space) == TASK.space
