"""Section of the main part: the ladder of knowledge."""

from collections.abc import Mapping
from typing import get_args

import numpy as np

from equipoise.harness.core.method import Knowledge
from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Paragraph, Section, Table
from equipoise.reports.phrases import decimals, interval, joined, number, plural
from equipoise.reports.sections.regrets import KINDS
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.verdicts import verdict_words

__all__ = ["knowledge_section", "pairs_of"]

NAMED = 3
"""Pairs that the table names; of more it gives the number."""

Pair = tuple[int, int]


def knowledge_section(analysis: Analysis) -> Section | None:
    """The difference that each kind of knowledge makes; None where the store tells no knowledge."""
    if not any(method.knowledge for method in analysis.results.methods):
        return None
    words = (
        "Each line is the regret of methods that use something, minus that of methods that use all the same but this; "
        "below zero, it helps. Pairs are of one method where the suite has such (its rules or settings differ); "
        "otherwise of two methods, which may differ in more than what they know."
    )
    entries = [entry for entry in get_args(Knowledge) if entry != "decisions"]
    rungs = {entry: pairs_of(analysis, entry) for entry in entries}
    told = {entry: rung for entry, rung in rungs.items() if rung[0]}
    lacking = [entry for entry in entries if entry not in told]
    without = f"No two methods of this suite differ in one of these alone: {joined(lacking)}."
    blocks: list[Block] = [Paragraph((words,)), _table(analysis, told)] if told else []
    if lacking:
        blocks.append(Paragraph((without,)))
    return Section("knowledge", "The ladder of knowledge", tuple(blocks))


def pairs_of(analysis: Analysis, entry: str) -> tuple[list[Pair], str]:
    """Pairs of active methods (with, without) whose knowledge differs by one entry alone, and how alike they are.

    Pairs of one method at one setting, which rules tell apart, come before pairs of one method at two settings, and
    these before pairs of two methods; only the first kind that there is counts. A baseline stands in no pair of two
    methods: to propose the smallest network first is no use of size to search by, and random search is no search that
    lacks one kind of knowledge alone.
    """
    methods = analysis.results.methods
    knows = {place: frozenset(methods[place].knowledge) for place in analysis.active.tolist()}
    alike = [(a, b) for a in knows for b in knows if knows[b] and entry in knows[a] and knows[a] - {entry} == knows[b]]
    one = [(a, b) for a, b in alike if methods[a].name == methods[b].name]
    found = [(a, b) for a, b in alike if "baseline" not in (methods[a].family, methods[b].family)]
    same = [(a, b) for a, b in one if methods[a].changed == methods[b].changed]
    return (same, "one method") if same else (one, "one method, other settings") if one else (found, "two methods")


def _table(analysis: Analysis, rungs: Mapping[str, tuple[list[Pair], str]]) -> Table:
    kinds = list(analysis.by_kind.items())
    rows = []
    for entry, (pairs, kind_of_pairs) in rungs.items():
        cells = [Cell(entry)]
        for _, judged in kinds:
            cells += _cells(judged, pairs)
        rows.append((*cells, Cell(_named(analysis, pairs, kind_of_pairs))))
    columns = [Column("knowledge", "l")]
    for kind, judged in kinds:
        title = f"{KINDS[kind]} (±{judged.rope:g})"
        columns += [Column("with minus without", "r", title), Column("verdict", "l", title)]
    return Table(
        "knowledge",
        f"The difference that one more kind of knowledge makes, in {analysis.unit}",
        (*columns, Column("pairs (with against without)", "l")),
        tuple(rows),
        (
            (
                "Means over pairs and over the tasks that all of their methods have runs on, spaces with equal weight; "
                "95 % intervals over seeds. In brackets above: the region of practical equivalence.",
            ),
        ),
    )


def _cells(analysis: Analysis, pairs: list[Pair]) -> list[Cell]:
    coefficients = np.zeros(len(analysis.results.labels))
    for first, second in pairs:
        coefficients[first] += 1 / len(pairs)
        coefficients[second] -= 1 / len(pairs)
    effect, tasks = analysis.contrast(coefficients)
    if not tasks:
        return [Cell("n/a"), Cell("no task that all of them finished")]
    return [_shown(effect), Cell(verdict_words(effect, analysis.rope, "with is", "without is"))]


def _shown(effect: Estimate) -> Cell:
    value, low, high = (float(part) for part in (effect.value, effect.low, effect.high))
    digits = decimals([value])
    return Cell(f"{number(value, digits)} {interval(low, high, digits)}".strip(), value)


def _named(analysis: Analysis, pairs: list[Pair], kind: str) -> str:
    labels = analysis.results.labels
    said = "; ".join(f"{labels[a]} against {labels[b]}" for a, b in pairs[:NAMED])
    more = f"; and {len(pairs) - NAMED} more" if len(pairs) > NAMED else ""
    return f"{plural(len(pairs), 'pair')} of {kind}: {said}{more}"
