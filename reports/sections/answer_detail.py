"""Section: the family answer in detail: in queries, best against best, in other spaces, and under other labellings."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Paragraph, Section, Strong, Table, Text
from equipoise.reports.phrases import decimals, joined, number, plural
from equipoise.reports.sections.answer import budget_words, signed
from equipoise.reports.statistics.families import Effect, FamilyAnswer
from equipoise.reports.statistics.labellings import Sweep
from equipoise.reports.verdicts import ratio_words, verdict_words

__all__ = ["answer_detail_section"]

LEAST_SPACES = 5
"""Search spaces from which on something is said about others: from fewer, an interval over spaces is not worth stating."""


def answer_detail_section(analysis: Analysis) -> Section | None:
    """The section; None where one of the families is missing."""
    question = analysis.comparison.question
    if question is None:
        return None
    text = (*_in_queries(analysis), *_beyond(analysis, question), *_scale(analysis, question))
    blocks: list[Block] = [Paragraph(("".join(text[:1]).lstrip(), *text[1:])), _table(analysis, question)]
    if analysis.comparison.labellings is not None:
        blocks += _labellings(analysis, analysis.comparison.labellings)
    else:
        blocks.append(
            Paragraph(("The origin of the methods is not recorded in this store, so other labellings are n/a.",))
        )
    return Section("answer-detail", "The answer in detail", tuple(blocks))


def _labellings(analysis: Analysis, sweep: Sweep) -> list[Block]:
    """The range of the effect over all admissible labellings, and the methods that turn its sign."""
    results = analysis.results
    digits = decimals([sweep.low, sweep.high, sweep.declared])
    open_ = int((sweep.labels != sweep.labels[0]).any(axis=0).sum())
    if not open_:
        return [
            Paragraph(("Every method is a published NAS method or a library optimiser: one labelling is admissible.",))
        ]
    pivotal = joined((results.labels[m] for m in sweep.pivotal()), "or")
    number_of = len(sweep.effects) - 1
    every = f"all {number_of:,}" if sweep.complete else f"{number_of:,} random"
    turned = f" Moving {pivotal} alone turns the sign." if pivotal else " No single method turns the sign when moved."
    return [
        Paragraph(
            (
                Strong("Labellings."),
                f" {plural(open_, 'method')} that {'is' if open_ == 1 else 'are'} neither a published NAS method nor a "
                f"library optimiser may be counted in NAS, in HPO or in neither. Over {every} labellings, NAS minus HPO "
                f"lies between {number(sweep.low, digits)} and {number(sweep.high, digits)} {analysis.unit} (as declared: "
                f"{number(sweep.declared, digits)}); NAS is better in {100 * sweep.share_below_zero:.0f} % of them."
                f"{turned if sweep.fragile else ' The sign is the same under all of them.'}",
            )
        )
    ]


def _in_queries(analysis: Analysis) -> Text:
    question = analysis.comparison.question_in_queries
    if question is None:
        return ()
    effect = question.mean.overall
    sign = 1.0 if effect.value >= 0 else -1.0
    ends = sorted((sign * float(effect.low), sign * float(effect.high)))
    ahead, behind = ("NAS", "HPO") if sign > 0 else ("HPO", "NAS")
    tell = "" if ends[0] > 0 else ", so it may be either way"
    return (
        f" In queries{_partly(analysis)}: random search would need ",
        Strong(ratio_words(sign * float(effect.value), *ends)),
        f" as many queries to match {ahead} as to match {behind}{tell}.",
    )


def _partly(analysis: Analysis) -> str:
    """Over which tasks the queries stand, where not over all of the answer."""
    question, queries = analysis.comparison.question, analysis.comparison.question_in_queries
    if question is None or queries is None:
        return ""
    some, every = int(queries.mean.tasks_used.sum()), int(question.mean.tasks_used.sum())
    return (
        ""
        if some == every
        else f" (on {some} of the {plural(every, 'task')}, those with an exact random-search baseline)"
    )


def _beyond(analysis: Analysis, question: FamilyAnswer) -> Text:
    clusters = len(question.mean.clusters)
    if clusters < 2:
        return (" All tasks share one search space, so nothing is said about other spaces.",)
    if clusters < LEAST_SPACES:
        return (f" Nothing is said about other search spaces: these are {clusters}, and it takes {LEAST_SPACES}.",)
    verdict = verdict_words(question.mean.beyond, analysis.rope)
    if verdict == "cannot tell":
        return (f" Whether this holds in other search spaces cannot be told from {clusters} of them.",)
    return (f" In other search spaces the same is to be expected from these {clusters} ({verdict}).",)


def _scale(analysis: Analysis, question: FamilyAnswer) -> Text:
    """Mean regret of the families and of random search, averaged as in the answer: spaces weigh the same."""
    used = question.mean.tasks_used
    columns = [analysis.means[list(side)] for side in question.methods]
    if analysis.one_unit and np.isfinite(analysis.random[used]).all():
        columns.append(analysis.random[None])
    spaces = [[place for place in places if used[place]] for places in analysis.results.spaces.values()]
    left = [
        float(np.mean([np.nanmean(np.nanmean(column[:, places], axis=0)) for places in spaces if places]))
        for column in columns
    ]
    digits = decimals(left)
    names = ("the NAS family leaves", "the HPO family", "random search")
    said = joined(f"{name} {number(value, digits)}" for name, value in zip(names, left, strict=False))
    return (f" For scale: {said} {analysis.of_regret}.",)


def _table(analysis: Analysis, question: FamilyAnswer) -> Table:
    queries = analysis.comparison.question_in_queries
    rows = [
        _row("family mean", question.mean, queries.mean if queries else None, analysis.rope),
        _row("family best", question.best, queries.best if queries else None, analysis.rope),
    ]
    contrast = analysis.comparison.confirmatory
    if contrast is not None:
        rows.append(_row("published against library", contrast.mean, None, analysis.rope))
    columns = [
        Column("comparison", "l"),
        Column("NAS − HPO"),
        Column("NAS ÷ HPO"),
        Column("on these tasks", "l", "verdict"),
        Column("in other spaces", "l", "verdict"),
    ]
    return Table(
        "answer",
        f"NAS against HPO at {budget_words(analysis)}, regret in {analysis.unit}",
        tuple(columns),
        tuple(rows),
        (
            (
                f"NAS: {joined(_members(analysis, question, 0))}. HPO: {joined(_members(analysis, question, 1))}. Regret is the "
                "validation error of the incumbent minus the optimum; below zero favours NAS. NAS ÷ HPO: "
                "ratio of the queries that random search needs to match NAS to those that it needs to match "
                f"HPO{_partly(analysis)}. Brackets: 95 % intervals over seeds. Tasks of one search space are averaged first, so "
                "that spaces have equal weight. Family best: the best method is chosen on half of the repeats and "
                "judged on the other half.",
            ),
        ),
    )


def _row(title: str, effect: Effect, queries: Effect | None, rope: float) -> tuple[Cell, ...]:
    overall = effect.overall
    digits = decimals([float(overall.value)])
    ratio = (
        Cell("n/a")
        if queries is None or np.isnan(queries.overall.value)
        else Cell(
            ratio_words(float(queries.overall.value), float(queries.overall.low), float(queries.overall.high)),
            float(queries.overall.value),
        )
    )
    return (
        Cell(title),
        Cell(f"{number(float(overall.value), digits)} {signed(overall)}", float(overall.value)),
        ratio,
        Cell(verdict_words(overall, rope) if effect.clusters else "n/a"),
        Cell(
            "n/a"
            if not effect.clusters
            else "one space only"
            if len(effect.clusters) == 1
            else f"n/a: {len(effect.clusters)} of {LEAST_SPACES} spaces"
            if len(effect.clusters) < LEAST_SPACES
            else verdict_words(effect.beyond, rope)
        ),
    )


def _members(analysis: Analysis, question: FamilyAnswer, side: int) -> list[str]:
    """Labels of the methods that have runs and stand for a family."""
    return [analysis.results.labels[method] for method in question.methods[side]]
