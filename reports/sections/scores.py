"""Section: what training-free scores are worth on each task."""

from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite_entries import tasks_of
from equipoise.harness.core.task import Metric, Task
from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Cell, Column, Document, Paragraph, Section, Table, Text
from equipoise.reports.phrases import amount, decimals, name, number, percent
from equipoise.reports.score_worth import ScoreWorth, score_worths
from equipoise.reports.statistics.score_quality import TOP

__all__ = ["scores_document", "scores_section"]

WORDS: Text = (
    "Tau is Kendall's tau-b of score and accuracy over the whole space, and over the tenth of least error: a score may rank the space well and its top badly. "
    "Regret is that of the best of the k highest scores, after k queries that no model guides; ties in random order, in expectation. "
    "Price is what scoring the whole space costs in training equivalents; parameters and FLOPs are free.",
)


def scores_section(analysis: Analysis) -> Section | None:
    """A table for each task; None unless a method of the suite uses scores."""
    tables = [
        _table(task.title, task.metric, task.scores) for task in analysis.results.tasks if task.scores and task.runs
    ]
    return Section("training-free-scores", "Training-free scores", (Paragraph(WORDS), *tables)) if tables else None


def scores_document(tasks: Sequence[str]) -> Document:
    """The page of `equipoise scores`.

    Args:
        tasks: Names of tasks.

    Raises:
        SuiteError: A task offers no score, or its errors are not all known here.
    """
    tables = []
    for address in dict.fromkeys(task for given in tasks for task in tasks_of({"name": given})):
        task = load_task(address)
        worths = score_worths(task)
        if not worths:
            raise SuiteError(f"scores {address}: {_why_none(task)}")
        tables.append(_table(task.name, task.info.metric, worths))
    return Document("Training-free scores", WORDS, Section("scores", "By task", tuple(tables)), ())


def _why_none(task: Task) -> str:
    if (missing := task.skip()) is not None:
        return missing
    if task.info.scores:
        return "the errors of its space are not all known, so that no score can be judged; name a task with a table"
    return "it offers no training-free score; equipoise list tasks --long names those of each task"


def _table(title: str, metric: Metric, worths: Mapping[str, ScoreWorth]) -> Table:
    slope, unit = abs(metric.slope), "points" if metric.unit == "%" else metric.unit or metric.name
    digits = decimals([slope * float(np.nanmax(worth.quality.regret)) for worth in worths.values()])
    rows = []
    for score, worth in sorted(worths.items(), key=lambda entry: -entry[1].quality.tau):
        quality = worth.quality
        cells = [Cell(number(slope * regret, digits), slope * regret) for regret in quality.regret]
        price = Cell(amount(float(f"{worth.price:.3g}")) if worth.price else "free", worth.price)
        taus = [Cell(number(value, 2), value) for value in (quality.tau, quality.tau_best)]
        rows.append((name(score), price, Cell(percent(worth.undefined), worth.undefined), *taus, *cells))
    columns = (
        Column("score", "l"),
        Column("price"),
        Column("undefined"),
        Column("all", "r", "tau"),
        Column("best tenth", "r", "tau"),
        *(Column(f"k = {count}", "r", f"regret in {unit}") for count in TOP),
    )
    key = f"scores-{title.replace('/', '-').replace(':', '-')}"
    return Table(key, f"{title}: training-free scores", columns, tuple(rows))
