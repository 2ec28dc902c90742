"""Section of the main part: the methods ranked with intervals, and one table for the paper."""

from collections.abc import Mapping

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Figure, Paragraph, Section, Table, Text
from equipoise.reports.drawing.look import Look
from equipoise.reports.figures.ranking import far_behind, ranking
from equipoise.reports.phrases import decimals, interval, joined, name, number, plural
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.sections.speedup import geometric_speedups
from equipoise.reports.sections.spent import unique_overall
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["methods_section"]


def methods_section(analysis: Analysis, looks: Mapping[str, Look]) -> Section:
    """The ranked figure and the table."""
    blocks: list[Block] = []
    ranked = [
        m
        for m in np.argsort(analysis.frameworks.ranks.value, kind="stable").tolist()
        if _known(analysis.frameworks.ranks, m)
    ]
    if ranked:
        blocks.append(_figure(analysis, ranked, looks))
    blocks.append(_table(analysis, ranked))
    silent = [label for m, label in enumerate(analysis.results.labels) if m not in ranked]
    if silent and ranked:
        blocks.append(Paragraph((f"Without runs, or without a task that every method finished: {joined(silent)}.",)))
    return Section("methods", "The methods", tuple(blocks))


def _known(estimate: Estimate, method: int) -> bool:
    return bool(np.isfinite(estimate.value[method]))


def _measures(analysis: Analysis) -> list[tuple[str, str, Estimate]]:
    """Title, axis and values of what the methods are ranked by."""
    found = [("average rank", f"1 to {len(analysis.active)}, 1 is best", analysis.frameworks.ranks)]
    regret, test, held_out = analysis.regret_overall, analysis.test_overall, analysis.held_out_overall
    if regret is not None:
        found.append(("validation regret", analysis.unit, regret))
    unique = unique_overall(analysis)
    if unique is not None:
        found.append(("unique-count regret", analysis.unit, unique))
    if test is not None:
        found.append(("test regret", analysis.unit, test))
    if held_out is not None:
        found.append(("held-out-seed regret", analysis.unit, held_out))
    return found


def _figure(analysis: Analysis, ranked: list[int], looks: Mapping[str, Look]) -> Figure:
    labels, measures = analysis.results.labels, _measures(analysis)
    rows: list[tuple[object, ...]] = [("measure", "method", "value", "low", "high")]
    for title, _, values in measures:
        rows += [(title, labels[m], values.value[m], values.low[m], values.high[m]) for m in ranked]
    shown = ", ".join(f"{labels[m]} {number(float(analysis.frameworks.ranks.value[m]), 2)}" for m in ranked)
    fewer = analysis.test_overall is not None and analysis.test_tasks < len(analysis.results.tasks)
    tested = f" Test regret: over {plural(analysis.test_tasks, 'task')} with a test split." if fewer else ""
    far = any(far_behind(values, ranked) for _, _, values in measures)
    beyond = " An arrow with a number: far beyond the axis." if far else ""
    return Figure(
        "methods",
        f"Methods at {budget_words(analysis)} on {_tasks(analysis)}, best first, with 95 % intervals over seeds",
        f"Average ranks: {shown}. The table below gives all numbers.",
        (f"Smaller is better in every panel. Spaces have equal weight in means of regret.{tested}{beyond}",),
        lambda style: ranking(style, labels, ranked, measures, looks),
        lambda: rows,
    )


def _table(analysis: Analysis, ranked: list[int]) -> Table:
    labels = analysis.results.labels
    order = ranked or list(range(len(labels)))
    columns, cells = [Column("method", "l")], [[name(_label(analysis, m))] for m in order]
    for title, _, values in _measures(analysis):
        digits = 2 if title == "average rank" else decimals(values.value)
        least = np.nanmin(values.value) if np.isfinite(values.value).any() else np.nan
        columns.append(Column(title if title == "average rank" else f"{title} [{analysis.unit}]"))
        for row, method in zip(cells, order, strict=True):
            row.append(_cell(values, method, digits, float(values.value[method]) == least))
    speedups = geometric_speedups(analysis)
    if speedups is not None:
        columns.append(Column("speed-up"))
        best = np.nanmax(speedups) if np.isfinite(speedups).any() else np.nan
        for row, method in zip(cells, order, strict=True):
            row.append(_times(speedups, method, best))
    columns.append(Column("runs"))
    totals = analysis.counts.sum(axis=1)
    for row, method in zip(cells, order, strict=True):
        row.append(Cell(f"{totals[method]:,}", float(totals[method])))
    return Table(
        "paper",
        f"Methods at {budget_words(analysis)} on {_tasks(analysis)}",
        tuple(columns),
        tuple(tuple(row) for row in cells),
        (_note(analysis, speedups is not None),),
    )


def _tasks(analysis: Analysis) -> str:
    """The tasks that means and ranks are over; said where these are not all."""
    every = plural(len(analysis.results.tasks), "task")
    some = analysis.finished
    return every if some == len(analysis.results.tasks) else f"the {some} of {every} that every method finished"


def _note(analysis: Analysis, sped: bool) -> Text:
    said = "Means over tasks with 95 % intervals over seeds; spaces have equal weight; best in bold. "
    said += "Rank: of one run among one run of every method. Regret: error of the incumbent minus the optimum. "
    if analysis.test_overall is not None:
        said += (
            f"Test: over {plural(analysis.test_tasks, 'task')} with a test split, judged at the validation incumbent. "
        )
    if unique_overall(analysis) is not None:
        said += (
            "Unique-count regret: validation regret where every run of a task has seen as many different "
            "architectures; answers carry no noise here, so a repeated proposal tells nothing new. "
        )
    if sped:
        said += (
            "Speed-up: queries that random search needs for the same mean regret, over the budget (geometric mean). "
        )
    if any(method.tuned(task.name) for method in analysis.results.methods for task in analysis.results.tasks):
        said += "*: its defaults were tuned on tasks of this table (see Tuning)."
    return (said.strip(),)


def _label(analysis: Analysis, method: int) -> str:
    """The label, with a star where the method was tuned on a task of the comparison."""
    info = analysis.results.methods[method]
    return f"{info.label}*" if any(info.tuned(task.name) for task in analysis.results.tasks) else info.label


def _cell(values: Estimate, method: int, digits: int, best: bool) -> Cell:
    value, low, high = (float(part[method]) for part in (values.value, values.low, values.high))
    return Cell(f"{number(value, digits)} {interval(low, high, digits)}".strip(), value, best=best)


def _times(speedups: Array, method: int, best: float) -> Cell:
    value = float(speedups[method])
    if np.isnan(value):
        return Cell("n/a")
    return Cell(f"{number(value, 2 if value < 10 else 1 if value < 100 else 0)}×", value, best=value == best)
