"""The first screen: NAS against HPO in plain words, its size and its uncertainty."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Code, Column, Paragraph, Section, Strong, Table, Text
from equipoise.reports.phrases import amount, decimals, interval, joined, number, plural, spread
from equipoise.reports.statistics.families import Effect, FamilyAnswer
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.verdicts import FAMILY_WORDS, judged, ratio_words, verdict_words

__all__ = ["answer_section", "budget_words"]

FAMILY = ("NAS", "HPO")


def answer_section(analysis: Analysis) -> Section:
    """The answer, what it rests on, and the table of its parts."""
    blocks: list[Block] = [Paragraph(_answer(analysis), "answer")]
    if analysis.question is not None:
        blocks.append(_table(analysis, analysis.question))
    blocks.append(Paragraph(_leaders(analysis)))
    blocks += [Paragraph(text, "caution") for text in cautions(analysis)]
    return Section("answer", "Does NAS beat general hyperparameter optimisation?", tuple(blocks))


def budget_words(analysis: Analysis) -> str:
    """The budget in words: ``300 queries``."""
    results = analysis.results
    unit = {"queries": "queries", "cost_seconds": "seconds of simulated training time", "epochs": "epochs"}[
        results.unit
    ]
    return f"{amount(results.limit)} {unit}"


def _answer(analysis: Analysis) -> Text:
    question = analysis.question
    if question is None:
        return _one_family(analysis)
    effect = question.mean.overall
    size = f"{number(abs(float(effect.value)), _digits(effect))} {analysis.of_regret}"
    rope = f"±{analysis.rope:g} {analysis.unit}"
    judgement = judged(float(effect.low), float(effect.high), analysis.rope)
    where = f" on these {plural(int(question.mean.tasks_used.sum()), 'task')} at {budget_words(analysis)}"
    if judgement.verdict == "unclear":
        head: Text = (
            Strong("These runs cannot tell."),
            f" The family means differ by {size} in favour of {_favoured(effect)}{where}, but the 95 % "
            f"interval {_signed(effect)} includes zero.",
        )
    elif judgement.verdict == "equal":
        head = (
            Strong("The two families are equal in practice"),
            f"{where}: the difference of their means, {size}, has a 95 % interval {_signed(effect)} within {rope}.",
        )
    else:
        better, worse = ("NAS", "HPO") if judgement.verdict == "first" else ("HPO", "NAS")
        names = {"NAS": FAMILY_WORDS["nas"], "HPO": FAMILY_WORDS["hpo"]}
        head = (
            Strong(f"{_head(analysis, question, better)}{names[better]} did better than {names[worse]}"),
            f"{where} on the mean of each family: by ",
            Strong(size),
            f" (95 % interval {_magnitudes(effect)})",
            f". That is small in practice: the interval lies within {rope}." if judgement.small else ".",
        )
    return (
        *head,
        *_in_queries(analysis),
        *_best(analysis, question),
        *_beyond(analysis, question),
        *_scale(analysis, question),
    )


def _head(analysis: Analysis, question: FamilyAnswer, better: str) -> str:
    """Yes or no, unless the best methods of the families stand the other way round."""
    best = question.best.overall
    opposed = {"first": "NAS", "second": "HPO"}.get(judged(float(best.low), float(best.high), analysis.rope).verdict)
    if opposed is not None and opposed != better:
        return "It depends: "
    return "Yes: " if better == "NAS" else "No: "


def _one_family(analysis: Analysis) -> Text:
    present = [family for family in ("nas", "hpo") if family in analysis.results.families]
    if len(present) == 2 and analysis.both(analysis.regrets):
        why = (
            "the tasks have different units, and the exact random-search baseline that would make them comparable is not known "
            "at this budget"
        )
    elif len(present) == 2:
        why = "no task was finished by methods of both families"
    elif present:
        other = "hpo" if present == ["nas"] else "nas"
        why = f"all methods that search are {FAMILY_WORDS[present[0]]}; there are no {FAMILY_WORDS[other]} beside them"
    else:
        why = "neither NAS-specialised methods nor general hyperparameter optimisers took part"
    return (Strong("These runs cannot answer the question:"), f" {why}. What the methods reached is compared below.")


def _favoured(effect: Estimate) -> str:
    return "NAS" if effect.value < 0 else "HPO"


def _in_queries(analysis: Analysis) -> Text:
    question = analysis.question_in_queries
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
    question, queries = analysis.question, analysis.question_in_queries
    if question is None or queries is None:
        return ""
    some, every = int(queries.mean.tasks_used.sum()), int(question.mean.tasks_used.sum())
    return (
        ""
        if some == every
        else f" (on {some} of the {plural(every, 'task')}, those with an exact random-search baseline)"
    )


def _best(analysis: Analysis, question: FamilyAnswer) -> Text:
    effect = question.best.overall
    if np.isnan(effect.value):
        return ()
    words = {
        "NAS better": "NAS is better",
        "HPO better": "HPO is better",
        "equal in practice": "they are equal in practice",
        "cannot tell": "the runs cannot tell",
    }
    verdict, _, small = verdict_words(effect, analysis.rope).partition(", ")
    size = f"{number(abs(float(effect.value)), _digits(effect))} {analysis.unit}"
    alone = [FAMILY[side] for side, members in enumerate(question.methods) if len(members) == 1]
    single = f" ({alone[0] if len(alone) == 1 else 'each family'} has one method here)" if alone else ""
    return (
        f" Best method against best method{single}, {words[verdict]}{', by little' if small else ''}: {size} for "
        f"{_favoured(effect)} {_signed(effect)}.",
    )


def _beyond(analysis: Analysis, question: FamilyAnswer) -> Text:
    clusters = len(question.mean.clusters)
    if clusters < 2:
        return (" All tasks share one search space, so nothing is said about other spaces.",)
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


def _leaders(analysis: Analysis) -> Text:
    ranks = analysis.ranks
    if np.isnan(ranks.value).all():
        return ("No task was finished by every method, so average ranks over tasks are n/a.",)
    order = analysis.active[np.argsort(ranks.value[analysis.active], kind="stable")]
    parts: list[str] = ["Average rank of a run at the budget (1 is best): "]
    for place, method in enumerate(order):
        parts += [", "] if place else []
        parts += [Code(analysis.results.labels[method]), f" {number(float(ranks.value[method]), 2)}"]
    return (*parts, ".")


def cautions(analysis: Analysis) -> list[Text]:
    """Warnings that a reader needs before trusting the first screen."""
    results = analysis.results
    said: list[Text] = []
    if results.repeats == 1:
        said.append(("One repeat: nothing is known of how much runs vary, and no interval can be given.",))
    stored, planned = int(analysis.counts.sum()), sum(results.planned.values())
    if stored < planned:
        said.append(
            (
                f"Incomplete: {stored:,} of {planned:,} planned runs are stored; what is missing is listed under ",
                Code("Resources used"),
                ".",
            )
        )
    unread = [task.name for task in results.tasks if not task.exact and task.runs]
    if unread:
        said.append(("Regret is not measured from a known optimum on ", *spread(unread, ", ", Code), "; see the task."))
    empty = [task.name for task in results.tasks if not task.runs]
    if empty:
        said.append(("No run is stored of ", *spread(empty, ", ", Code), "; they count in nothing."))
    if analysis.noisy:
        said.append(
            (
                "Queries were noisy (one stored training seed each); regret is of the incumbent's expected error. The "
                "exact random-search baseline assumes noise-free queries: scores, speed-ups and ratios of queries "
                "understate every method, including the random-search runs.",
            )
        )
    return said


def _table(analysis: Analysis, question: FamilyAnswer) -> Table:
    queries = analysis.question_in_queries
    rows = [
        _row("family mean", question.mean, queries.mean if queries else None, analysis.rope),
        _row("family best", question.best, queries.best if queries else None, analysis.rope),
    ]
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
                f"NAS: {joined(_members(analysis, 'nas'))}. HPO: {joined(_members(analysis, 'hpo'))}. Regret is the "
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
    digits = _digits(overall)
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
        Cell(f"{number(float(overall.value), digits)} {_signed(overall)}", float(overall.value)),
        ratio,
        Cell(verdict_words(overall, rope) if effect.clusters else "n/a"),
        Cell(
            "one space only"
            if len(effect.clusters) == 1
            else verdict_words(effect.beyond, rope)
            if effect.clusters
            else "n/a"
        ),
    )


def _members(analysis: Analysis, family: str) -> tuple[str, ...]:
    return analysis.results.families.get(family, ())


def _digits(effect: Estimate) -> int:
    return decimals([effect.value, *(e for e in (effect.low, effect.high) if np.isfinite(e))])


def _signed(effect: Estimate) -> str:
    return interval(float(effect.low), float(effect.high), _digits(effect))


def _magnitudes(effect: Estimate) -> str:
    low, high = sorted((abs(float(effect.low)), abs(float(effect.high))))
    digits = _digits(effect)
    return f"{number(low, digits)} to {number(high, digits)}"
