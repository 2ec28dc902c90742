"""Entries of the suites that ship tell the knowledge that their settings use."""

import numpy as np
import pytest

from equipoise.harness.conformance.knowledge import used_knowledge
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.registry import load_method, load_task, problem_of, suites_folder
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.suite_entries import MethodEntry
from equipoise.methods._shared.structural_inputs import InputReader

ENTRIES = [
    pytest.param(entry, id=f"{path.stem}: {entry.label}")
    for path in sorted(suites_folder().glob("*.toml"))
    if "knowledge = " in path.read_text(encoding="utf-8")
    for entry in Suite.load(path).methods
    if entry.knowledge
]

LEFT_OUT = {"structural_gp, no graph": {"graph"}, "zero_cost_evolution, random start": {"scores"}}
"""Touched by the calls that are seen, but not used: see the tests below."""


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_settings_use_is_told(entry: MethodEntry) -> None:
    cls, task = load_method(entry.name), load_task("nasbench201/fashion14")
    budget = Budget(queries=12)

    def make(problem: Problem) -> Method:
        return cls(problem, np.random.default_rng(1), **entry.settings)

    def answer(query: Query) -> Observation:
        return Observation(query, *task.evaluate(query.architecture, query.fidelity, np.random.default_rng(0)))

    used = used_knowledge(make, problem_of(cls, task, budget, entry.settings), 12, answer)
    assert set(used) - LEFT_OUT.get(entry.label, set()) <= set(entry.knowledge or ()), used


def test_without_groups_no_feature_of_a_graph_is_compared() -> None:
    space = load_task("nasbench201/fashion14").space
    inputs = InputReader(space, (), decisions=True, linear=False, sizes=None).read(
        space.sample(np.random.default_rng(1), 9)
    )
    assert inputs.codes.shape == (9, 6)
    assert inputs.features.size == inputs.linear.size == 0


def test_without_warmup_no_score_is_paid_for() -> None:
    cls, task, budget = load_method("zero_cost_evolution"), load_task("nasbench201/fashion14"), Budget(queries=12)
    for warmup, paid in ((0, False), (50, True)):
        settings = {"warmup": warmup}
        method = cls(problem_of(cls, task, budget, settings), np.random.default_rng(1), **settings)
        assert (method.ask().training_cost > 0) == paid
