"""Section: the family comparison in full: per task, per search space, overall, and leave-one-method-out."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Figure, Paragraph, Section, Table
from equipoise.reports.figures.forest import ENDS, Line, forest
from equipoise.reports.phrases import decimals, interval, name, number
from equipoise.reports.sections.family_lines import all_lines, lines_data
from equipoise.reports.sections.regrets import KINDS
from equipoise.reports.statistics.families import Effect, FamilyAnswer
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.verdicts import ratio_words, verdict_words

__all__ = ["question_section"]


def question_section(analysis: Analysis) -> Section | None:
    """The section; None where one of the families is missing."""
    question = analysis.comparison.question
    if question is None:
        return None
    blocks: list[Block] = [
        Paragraph(
            (
                "Each line is the regret of the NAS family minus that of the HPO family. Family mean: all methods of "
                "a family have equal weight. Family best: the method that did best on one half of the repeats, judged "
                "on the other half, so that the choice does not flatter it. A search space is the mean of its "
                "tasks, which are not independent of each other; the overall line is the mean of the spaces.",
            )
        ),
        _figure(analysis, question),
        _table(analysis, question),
    ]
    for kind, judged in analysis.by_kind.items():
        if kind != analysis.kind and judged.comparison.question is not None:
            blocks.append(_table(judged, judged.comparison.question))
    if analysis.comparison.sensitivity:
        blocks.append(_sensitivity(analysis, question))
    return Section("question", "NAS against HPO in full", tuple(blocks))


def _figure(analysis: Analysis, question: FamilyAnswer) -> Figure:
    panels = [("family mean", all_lines(analysis, question.mean)), ("family best", all_lines(analysis, question.best))]
    unit = analysis.unit

    def said(title: str, lines: list[Line]) -> str:
        digits = decimals([line.value for line in lines])
        return f"{title}: " + ", ".join(
            f"{line.title} {number(line.value, digits)} {interval(line.low, line.high, digits)}".strip()
            for line in lines
            if line.strong
        )

    return Figure(
        "question",
        "Difference of the families, NAS minus HPO, with 95 % intervals",
        "; ".join(said(*panel) for panel in panels) + ". The table below gives each task.",
        (
            f"Regret in {unit}; blue: NAS better, red: HPO better, grey: the interval includes zero. Diamonds are "
            f"summaries. The band is ±{analysis.rope:g}, the region of practical equivalence.{ENDS}",
        ),
        lambda style: forest(style, panels, "NAS", "HPO", analysis.rope, unit),
        lambda: lines_data(panels),
    )


def _table(analysis: Analysis, question: FamilyAnswer) -> Table:
    mean, best = all_lines(analysis, question.mean), all_lines(analysis, question.best)
    digits = decimals([line.value for line in (*mean, *best)])
    ratios, results = _ratios(analysis), analysis.results
    ropes = [analysis.rope_on([place]) for place in range(len(results.tasks))]
    ropes += [*(analysis.rope_on(places) for places in results.spaces.values()), analysis.rope]
    rows = [
        (
            Cell(left.title, code=not left.strong),
            _difference(left, digits),
            Cell(_verdict(left, rope)),
            _difference(right, digits),
            Cell(_verdict(right, rope)),
            Cell(f"±{rope:g}", rope),
            ratios.get(left.title, Cell("n/a")),
        )
        for left, right, rope in zip(mean, best, ropes, strict=True)
    ]
    return Table(
        "question" if analysis.kind == "validation" else f"question-{analysis.kind.replace(' ', '-')}",
        f"NAS minus HPO: difference of {KINDS[analysis.kind].lower()}, in {analysis.unit}",
        (
            Column("task", "l"),
            Column("difference", "r", "family mean"),
            Column("verdict", "l", "family mean"),
            Column("difference", "r", "family best"),
            Column("verdict", "l", "family best"),
            Column("equivalent within"),
            Column("NAS ÷ HPO", "r", "random-search queries, mean"),
        ),
        tuple(rows),
        (
            (
                "95 % intervals over seeds. Verdict: the side whose interval excludes zero; “equal in practice” if "
                "it lies within the region of practical equivalence and includes zero; “small” if it lies within that and "
                "excludes zero. The region is the noise floor of the task, or the mean of the tasks, where it is known. Last "
                "column: ratio of the queries that random search needs to match the NAS family to those for "
                "the HPO family.",
            ),
        ),
    )


def _difference(line: Line, digits: int) -> Cell:
    return Cell(f"{number(line.value, digits)} {interval(line.low, line.high, digits)}".strip(), line.value)


def _verdict(line: Line, rope: float) -> str:
    if np.isnan(line.value):
        return "n/a"
    return verdict_words(Estimate(*(np.array(e) for e in (line.value, line.low, line.high))), rope)


def _ratios(analysis: Analysis) -> dict[str, Cell]:
    question = analysis.comparison.question_in_queries
    if question is None:
        return {}
    tasks = [task.title for task in analysis.results.tasks if task.baseline is not None]
    effect = question.mean
    found = {}
    for titles, part in (
        (tasks, effect.per_task),
        ([f"space: {cluster}" for cluster in effect.clusters], effect.per_cluster),
    ):
        for title, value, low, high in zip(titles, part.value, part.low, part.high, strict=True):
            if not np.isnan(value):
                found[title] = Cell(ratio_words(float(value), float(low), float(high)), float(value))
    overall = effect.overall
    found["overall"] = Cell(
        ratio_words(float(overall.value), float(overall.low), float(overall.high)), float(overall.value)
    )
    return found


def _sensitivity(analysis: Analysis, question: FamilyAnswer) -> Table:
    labels = analysis.results.labels
    rows = [_without("none: all methods", question.mean, question.best, analysis.rope, False)]
    rows += [
        _without(labels[method], *effects, analysis.rope, True)
        for method, effects in analysis.comparison.sensitivity.items()
    ]
    return Table(
        "sensitivity",
        f"Leave-one-method-out sensitivity: NAS minus HPO overall, in {analysis.unit}",
        (
            Column("left out", "l"),
            Column("difference", "r", "family mean"),
            Column("verdict", "l", "family mean"),
            Column("difference", "r", "family best"),
            Column("verdict", "l", "family best"),
        ),
        tuple(rows),
        (("A family that has only one method is never left without it.",),),
    )


def _without(title: str, mean: Effect, best: Effect, rope: float, is_name: bool) -> tuple[Cell, ...]:
    cells = [name(title) if is_name else Cell(title)]
    for effect in (mean, best):
        o = effect.overall
        digits = decimals([float(o.value)])
        text = f"{number(float(o.value), digits)} {interval(float(o.low), float(o.high), digits)}"
        cells += [Cell(text.strip(), float(o.value)), Cell(verdict_words(o, rope))]
    return tuple(cells)
