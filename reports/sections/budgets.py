"""Section of the main part: each budget on its own, where a suite has several."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Cell, Column, Paragraph, Section, Table
from equipoise.reports.phrases import amount, decimals, interval, joined, name, number
from equipoise.reports.sections.regrets import KINDS
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.verdicts import verdict_words

__all__ = ["budgets_section"]


def budgets_section(analysis: Analysis) -> Section | None:
    """Regret at each budget by runs that knew it, beside the longest runs at that point; None with one budget."""
    if not analysis.results.smaller:
        return None
    each = [Analysis(results) for results in analysis.results.smaller]
    limits = joined([amount(one.results.limit) for one in (*each, analysis)])
    words = (
        f"Every method ran once per budget ({limits} {analysis.results.unit.replace('cost_', 'simulated ')}) and knew "
        "it. All other sections are of the largest one."
    )
    return Section(
        "budgets",
        "Each budget on its own",
        (Paragraph((words,)), *_families([*each, analysis]), _methods(analysis, each)),
    )


def _families(each: list[Analysis]) -> list[Table]:
    """NAS minus HPO at each budget, by what was not searched on and by validation; none without both families."""
    rows = []
    for one in each:
        for kind, judged in one.by_kind.items():
            if judged.comparison.question is None:
                continue
            effect = judged.comparison.question.mean.overall
            rows.append(
                (
                    Cell(amount(one.results.limit), one.results.limit),
                    Cell(KINDS[kind]),
                    _shown(effect),
                    Cell(f"±{judged.rope:g}", judged.rope),
                    Cell(verdict_words(effect, judged.rope)),
                )
            )
    if not rows:
        return []
    table = Table(
        "budgets-families",
        f"NAS minus HPO at each budget, in {each[-1].unit}",
        (
            Column("budget"),
            Column("regret", "l"),
            Column("NAS − HPO"),
            Column("equivalent within"),
            Column("verdict", "l"),
        ),
        tuple(rows),
        (("Family means with 95 % intervals over seeds; below zero favours NAS.",),),
    )
    return [table]


def _methods(analysis: Analysis, each: list[Analysis]) -> Table:
    """Mean validation regret at each budget: of runs of that budget, and of the longest runs at that point."""
    labels, columns, parts = analysis.results.labels, [Column("method", "l")], []
    for one in each:
        place = int(np.searchsorted(analysis.results.grid, one.results.limit))
        cut = analysis.overall(analysis.results.regrets(place)) if analysis.one_unit else None
        at = amount(one.results.limit)
        parts += [one.regret_overall, cut]
        columns += [Column("own runs", "r", at), Column(f"first part of {amount(analysis.results.limit)}", "r", at)]
    parts.append(analysis.regret_overall)
    columns.append(Column("own runs", "r", amount(analysis.results.limit)))
    rows = [
        (name(label), *(Cell("n/a") if part is None else _shown(part, method) for part in parts))
        for method, label in enumerate(labels)
    ]
    return Table(
        "budgets-methods",
        f"Mean validation regret at each budget, in {analysis.unit}",
        tuple(columns),
        tuple(rows),
        (
            (
                "Means over tasks with 95 % intervals over seeds, spaces with equal weight. First part: the incumbents "
                "of the longest runs at that point, of methods that planned for more.",
            ),
        ),
    )


def _shown(estimate: Estimate, where: int | tuple[()] = ()) -> Cell:
    value, low, high = (float(part[where]) for part in (estimate.value, estimate.low, estimate.high))
    digits = decimals([value])
    return Cell(f"{number(value, digits)} {interval(low, high, digits)}".strip(), value)
