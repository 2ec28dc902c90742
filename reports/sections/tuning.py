"""Section: the tables without the tasks that methods were tuned on."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Paragraph, Section, Table
from equipoise.reports.phrases import decimals, interval, joined, name, number, plural
from equipoise.reports.sections.regrets import KINDS
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.verdicts import verdict_words

__all__ = ["tuning_section"]


NOTHING = Estimate(*(np.array(np.nan) for _ in range(3)))


def tuning_section(analysis: Analysis) -> Section | None:
    """Each tuned method against the others with and without its tasks, and the families; None if none was tuned."""
    results = analysis.results
    tuned = [m for m in analysis.active.tolist() if any(results.methods[m].tuned(t.name) for t in results.tasks)]
    if not tuned:
        return None
    labels = joined(results.labels[m] for m in tuned)
    words = (
        f"The defaults of {labels} were tuned on tasks of this suite, so their results there are better than what to "
        "expect elsewhere. Here those tasks are left out, for one method at a time, and for all together."
    )
    blocks: list[Block] = [Paragraph((words,)), _methods(analysis, tuned)]
    families = _families(analysis, tuned)
    return Section("tuning", "Tuning", (*blocks, *([] if families is None else [families])))


def _methods(analysis: Analysis, tuned: list[int]) -> Table:
    results, rows = analysis.results, []
    for kind, judged in analysis.by_kind.items():
        for method in tuned:
            out = [results.methods[method].tuned(task.name) for task in results.tasks]
            coefficients = np.full(len(results.labels), 0.0)
            others = [m for m in judged.active.tolist() if m != method and m not in tuned]
            if not others or method not in judged.active:
                continue
            coefficients[others] = -1 / len(others)
            coefficients[method] = 1.0
            with_all, tasks = judged.contrast(coefficients)
            rest, kept = (NOTHING, 0) if all(out) else judged.without_tasks(out).contrast(coefficients)
            rows.append(
                (
                    name(results.labels[method]),
                    Cell(KINDS[kind]),
                    _shown(with_all, tasks),
                    _shown(rest, kept),
                    Cell(joined(task.title for task, hit in zip(results.tasks, out, strict=True) if hit)),
                )
            )
    return Table(
        "tuning-methods",
        f"Tuned methods minus the mean of the others, in {analysis.unit}",
        (
            Column("method", "l"),
            Column("regret", "l"),
            Column("all tasks"),
            Column("without its tuning tasks"),
            Column("tuned on", "l"),
        ),
        tuple(rows),
        (("Others: the methods that were not tuned here. Below zero favours the tuned method; 95 % intervals.",),),
    )


def _families(analysis: Analysis, tuned: list[int]) -> Table | None:
    """NAS minus HPO without any task that a compared method was tuned on."""
    results = analysis.results
    out = [any(results.methods[m].tuned(task.name) for m in tuned) for task in results.tasks]
    rows = []
    for kind, judged in analysis.by_kind.items():
        if judged.comparison.question is None:
            continue
        rest = judged if all(out) else judged.without_tasks(out)
        full, less = (
            judged.comparison.question.mean,
            None if all(out) or rest.comparison.question is None else rest.comparison.question.mean,
        )
        tasks = int(full.tasks_used.sum())
        cells = [Cell("n/a: no task is left"), Cell("n/a")]
        if less is not None:
            cells = [_shown(less.overall, int(less.tasks_used.sum())), Cell(verdict_words(less.overall, rest.rope))]
        rows.append((Cell(KINDS[kind]), _shown(full.overall, tasks), *cells))
    if not rows:
        return None
    return Table(
        "tuning-families",
        f"NAS minus HPO without the tasks that any method was tuned on, in {analysis.unit}",
        (
            Column("regret", "l"),
            Column("all tasks"),
            Column("without tuning tasks"),
            Column("verdict", "l"),
        ),
        tuple(rows),
        ((f"{plural(sum(out), 'task')} left out. Family means with 95 % intervals over seeds.",),),
    )


def _shown(effect: Estimate, tasks: int) -> Cell:
    value, low, high = (float(part) for part in (effect.value, effect.low, effect.high))
    if np.isnan(value):
        return Cell("n/a: no task is left")
    digits = decimals([value])
    return Cell(f"{number(value, digits)} {interval(low, high, digits)} ({plural(tasks, 'task')})", value)
