"""Section of the main part, on request: one method against each other one."""

from dataclasses import dataclass

import numpy as np

from equipoise.harness.core.errors import SuiteError, nearest
from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Cell, Column, Figure, Paragraph, Section, Table
from equipoise.reports.figures.forest import ENDS, Line, forest
from equipoise.reports.phrases import decimals, interval, name, number, plural, probability
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.sections.family_lines import lines_data
from equipoise.reports.statistics.pairwise import holm
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["focus_section"]


@dataclass(frozen=True)
class _Comparison:
    """One comparison: the other method, tasks won, tied and lost, and the mean difference."""

    method: int
    wins: int
    ties: int
    losses: int
    difference: Estimate
    p: float


def focus_section(analysis: Analysis, label: str) -> Section:
    """Wins, ties and losses over tasks, the mean difference of regret, and the probability of improvement.

    Args:
        analysis: Of the store.
        label: The method in focus.

    Raises:
        SuiteError: No method of this label has runs.
    """
    labels = analysis.results.labels
    active = [labels[method] for method in analysis.active.tolist()]
    if label not in active:
        raise SuiteError(f"--focus: no method '{label}' with runs in these results; {nearest(label, active)}")
    focus = labels.index(label)
    comparisons = [_compared(analysis, focus, other) for other in analysis.active.tolist() if other != focus]
    if not comparisons:
        return Section("focus", label, (Paragraph(("No other method has runs: there is nothing to compare with.",)),))
    adjusted = holm([comparison.p for comparison in comparisons])
    return Section(
        "focus",
        f"{label} against each other method",
        (_figure(analysis, label, comparisons), _table(analysis, focus, comparisons, adjusted.tolist())),
    )


def _compared(analysis: Analysis, focus: int, other: int) -> _Comparison:
    means = analysis.means[focus] - analysis.means[other]
    shared = np.flatnonzero(~np.isnan(means))
    told = analysis.frameworks.marks.adjusted_p[focus, other, shared] < 0.05
    signs = np.sign(analysis.regret_means.value[focus, shared] - analysis.regret_means.value[other, shared])
    wins, losses = int((told & (signs < 0)).sum()), int((told & (signs > 0)).sum())
    difference = analysis.mean_difference(focus, other)
    return _Comparison(
        other,
        wins,
        len(shared) - wins - losses,
        losses,
        difference,
        float(analysis.frameworks.wilcoxon.p_values[focus, other]),
    )


def _figure(analysis: Analysis, label: str, comparisons: list[_Comparison]) -> Figure:
    labels, unit = analysis.results.labels, analysis.unit
    lines = [
        Line(labels[r.method], float(r.difference.value), float(r.difference.low), float(r.difference.high))
        for r in comparisons
    ]
    panels = [(f"{label} minus each", lines)]
    digits = decimals([line.value for line in lines])
    said = ", ".join(f"{line.title} {number(line.value, digits)}" for line in lines)
    return Figure(
        "focus",
        f"Difference of mean regret, {label} minus each other method, with 95 % intervals",
        f"Differences: {said}.",
        (
            f"Regret in {unit} at {budget_words(analysis)}, mean over shared tasks with equal weight per space. Blue: "
            f"{label} is better, red: the other method. The band is ±{analysis.rope:g}.{ENDS}",
        ),
        lambda style: forest(style, panels, label, "other", analysis.rope, unit),
        lambda: lines_data(panels),
    )


def _table(analysis: Analysis, focus: int, comparisons: list[_Comparison], adjusted: list[float]) -> Table:
    labels, better = analysis.results.labels, analysis.frameworks.improvement
    digits = decimals([float(comparison.difference.value) for comparison in comparisons])
    rows = []
    for comparison, p in zip(comparisons, adjusted, strict=True):
        d = comparison.difference
        value, low, high = float(d.value), float(d.low), float(d.high)
        chance = [float(part[focus, comparison.method]) for part in (better.value, better.low, better.high)]
        rows.append(
            (
                name(labels[comparison.method]),
                Cell(
                    f"{comparison.wins} / {comparison.ties} / {comparison.losses}",
                    float(comparison.wins - comparison.losses),
                ),
                Cell(f"{number(value, digits)} {interval(low, high, digits)}".strip(), value, best=high < 0),
                Cell(probability(p), p, best=p < 0.05),
                Cell(f"{number(chance[0], 2)} {interval(chance[1], chance[2], 2)}".strip(), chance[0]),
            )
        )
    return Table(
        "focus",
        f"{labels[focus]} against each other method at {budget_words(analysis)}",
        (
            Column("against", "l"),
            Column("wins / ties / losses"),
            Column(f"difference of regret [{analysis.unit}]"),
            Column("p (Wilcoxon, Holm)"),
            Column("probability of improvement"),
        ),
        tuple(rows),
        (
            (
                "Wins and losses: tasks on which the runs differ significantly (Mann-Whitney, Holm over all pairs of the "
                "task, 5 %). Difference: below zero favours the method in focus; bold where its 95 % interval does. Holm's "
                f"correction over {plural(len(comparisons), 'comparison')}.",
            ),
        ),
    )
