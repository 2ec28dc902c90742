"""Three regrets of the same incumbents: by held-out seeds, by the test split, by validation."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Cell, Column, Table
from equipoise.reports.judged_regrets import Kind
from equipoise.reports.phrases import decimals, interval, number, plural
from equipoise.reports.statistics.families import FamilyAnswer
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.verdicts import verdict_words

__all__ = ["KINDS", "floor_words", "of_kind", "regrets_table"]

KINDS: dict[Kind, str] = {
    "held-out seeds": "Held-out-seed regret",
    "test": "Test regret",
    "validation": "Validation regret",
}
"""The title of each kind of regret."""


def of_kind(analysis: Analysis) -> str:
    """The unit of a difference, with the kind of regret: ``points of test regret``."""
    if not analysis.one_unit:
        return analysis.unit
    title = KINDS[analysis.kind]
    return f"{analysis.unit} of {title[0].lower()}{title[1:]}"


def floor_words(analysis: Analysis) -> str:
    """The origin of the region of practical equivalence, where it is the noise floor."""
    return ": the mean noise floor of the tasks" if analysis.floor > 0 else ""


def regrets_table(analysis: Analysis) -> Table:
    """NAS minus HPO by each kind of regret, each with its own noise floor as region of practical equivalence."""
    rows = []
    for kind, each in analysis.by_kind.items():
        title, question = KINDS[kind], each.comparison.question
        if question is not None:
            rows.append(_row(each, title, question))
        if (contrast := each.comparison.confirmatory) is not None:
            rows.append(_row(each, f"{title}, published against library", contrast))
    return Table(
        "regrets",
        f"NAS minus HPO by each regret of the same incumbents, in {analysis.unit}",
        (
            Column("regret", "l"),
            Column("NAS − HPO"),
            Column("equivalent within"),
            Column("verdict", "l"),
            Column("tasks", "l"),
        ),
        tuple(rows),
        (
            (
                "Family means with 95 % intervals over seeds, spaces with equal weight; below zero favours NAS. Incumbents are "
                "chosen by validation in every row, and judged by a training seed that was held out of the search, by the "
                f"test split, or by what the methods searched on. Equivalent within: {_within(analysis)}; a difference below it "
                "is none in practice.",
            ),
        ),
    )


def _within(analysis: Analysis) -> str:
    """The origins of the regions of practical equivalence of the rows."""
    floors = [each.floor > 0 for each in analysis.by_kind.values()]
    floor = (
        "the mean noise floor of the tasks, that is what the best architecture by one set of training seeds loses under "
        "another, or by validation loses on test"
    )
    custom = "a conventional region, because the tasks tell no noise floor"
    if all(floors):
        return floor
    return f"{floor}; where no task tells one, a conventional region" if any(floors) else custom


def _row(analysis: Analysis, title: str, answer: FamilyAnswer) -> tuple[Cell, ...]:
    effect, tasks = answer.mean.overall, int(answer.mean.tasks_used.sum())
    return (
        Cell(title),
        Cell(_shown(effect), float(effect.value)),
        Cell(f"±{analysis.rope:g}", analysis.rope),
        Cell(verdict_words(effect, analysis.rope) if np.isfinite(effect.value) else "n/a"),
        Cell(plural(tasks, "task"), float(tasks)),
    )


def _shown(effect: Estimate) -> str:
    value, low, high = (float(part) for part in (effect.value, effect.low, effect.high))
    digits = decimals([value])
    return f"{number(value, digits)} {interval(low, high, digits)}".strip()
