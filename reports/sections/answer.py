"""The first screen: NAS against HPO in two sentences with a forest plot, and what to mind."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Code, Figure, Paragraph, Section, Strong, Text
from equipoise.reports.figures.forest import ENDS, Line, forest
from equipoise.reports.phrases import amount, decimals, interval, joined, number, plural, spread
from equipoise.reports.sections.family_lines import lines_data, overall_lines
from equipoise.reports.sections.regrets import KINDS, floor_words, of_kind, regrets_table
from equipoise.reports.statistics.families import FamilyAnswer
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.verdicts import FAMILY_WORDS, judged, verdict_words

__all__ = ["answer_section", "budget_words", "favoured", "magnitude", "signed"]


def answer_section(analysis: Analysis) -> Section:
    """Two sentences by what was not searched on, the forest plot, every kind of regret, and what to mind."""
    main = analysis.unsearched
    if main.comparison.question is None:
        main = analysis
    blocks: list[Block] = [Paragraph(_answer(main), "answer")]
    if main.comparison.question is not None:
        blocks.append(_figure(main, main.comparison.question))
        blocks.append(regrets_table(analysis))
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
    question = analysis.comparison.question
    if question is None:
        return _one_family(analysis)
    effect = question.mean.overall
    size = f"{magnitude(effect)} {of_kind(analysis)}"
    within = f" within ±{analysis.rope:g} {analysis.unit}" if analysis.rope else ""
    judgement = judged(float(effect.low), float(effect.high), analysis.rope)
    titles = [task.title for task, used in zip(analysis.results.tasks, question.mean.tasks_used, strict=True) if used]
    here = "this task" if len(analysis.results.tasks) == 1 else titles[0]
    where = f" on {here if len(titles) == 1 else f'these {len(titles)} tasks'} at {budget_words(analysis)}"
    fragile = f"{_below_floor(analysis, effect)}{_fragile(analysis)}"
    if judgement.verdict == "unclear":
        unbounded = bool(np.isinf(effect.low) and np.isinf(effect.high))
        doubt = (
            "without an interval, as some methods have a single run"
            if unbounded
            else (f"but the 95 % interval {signed(effect)} includes zero")
        )
        head: Text = (
            Strong("These runs cannot tell."),
            f" The family means differ by {size} in favour of {favoured(effect)}{where}, {doubt}{fragile}.",
        )
    elif judgement.verdict == "equal":
        head = (
            Strong("The two families are equal in practice"),
            f"{where}: the family means differ by {size} in favour of {favoured(effect)}, with a 95 % interval "
            f"{signed(effect)} of NAS minus HPO{within}{fragile}.",
        )
    else:
        better, worse = ("NAS", "HPO") if judgement.verdict == "first" else ("HPO", "NAS")
        names = {"NAS": FAMILY_WORDS["nas"], "HPO": FAMILY_WORDS["hpo"]}
        small = f", which is small in practice ({within.strip()})" if judgement.small else ""
        head = (
            Strong(f"{_head(analysis, question, better)}{names[better]} did better than {names[worse]}"),
            f"{where} on the mean of each family: by ",
            Strong(size),
            f" (95 % interval {_magnitudes(effect)}){small}{fragile}.",
        )
    return (*head, *_second(analysis, question))


def _below_floor(analysis: Analysis, effect: Estimate) -> str:
    """A warning where the difference is smaller than what noise of training explains."""
    if not (analysis.floor > 0 and abs(float(effect.value)) < analysis.floor):
        return ""
    return (
        f"; this is below the noise floor of these tasks ({number(analysis.floor, decimals([analysis.floor]))} "
        f"{analysis.unit}), so another training of the same architectures can turn it"
    )


def _fragile(analysis: Analysis) -> str:
    """A warning where the sign of the answer depends on which methods are counted in which family."""
    sweep = analysis.comparison.labellings
    if sweep is None or not sweep.fragile:
        return ""
    return (
        f"; this is fragile: the sign holds under only {100 * sweep.share_as_declared:.0f} % of the admissible ways to assign methods to "
        "families"
    )


def _second(analysis: Analysis, question: FamilyAnswer) -> Text:
    """The confirmatory contrast, where it is known; otherwise the best method of each family."""
    contrast = analysis.comparison.confirmatory
    title = "Published NAS methods against library optimisers, the confirmatory contrast"
    if contrast is None:
        alone = [side for side, members in zip(("NAS", "HPO"), question.methods, strict=True) if len(members) == 1]
        single = f" ({alone[0] if len(alone) == 1 else 'each family'} has one method here)" if alone else ""
        title, effect = f"Best method against best method{single}", question.best.overall
    else:
        effect = contrast.mean.overall
    if np.isnan(effect.value):
        return ()
    words = {
        "NAS better": "NAS is better",
        "HPO better": "HPO is better",
        "equal in practice": "they are equal in practice",
        "cannot tell": "the runs cannot tell",
    }
    verdict, _, small = verdict_words(effect, analysis.rope).partition(", ")
    size = f"{magnitude(effect)} {analysis.unit}"
    return (
        f" {title}: {words[verdict]}{', by little' if small else ''} ({size} for {favoured(effect)}, "
        f"{signed(effect).replace('[no interval]', 'no interval')}).",
    )


def _head(analysis: Analysis, question: FamilyAnswer, better: str) -> str:
    """Yes or no, unless the best methods of the families stand the other way round."""
    best = question.best.overall
    opposed = {"first": "NAS", "second": "HPO"}.get(judged(float(best.low), float(best.high), analysis.rope).verdict)
    if opposed is not None and opposed != better:
        return "It depends: "
    return "Yes: " if better == "NAS" else "No: "


def _one_family(analysis: Analysis) -> Text:
    present = [family for family in ("nas", "hpo") if family in analysis.families]
    if len(present) == 2 and analysis.comparison.both(analysis.regrets):
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


def _figure(analysis: Analysis, question: FamilyAnswer) -> Figure:
    panels = [
        ("family mean", overall_lines(analysis, question.mean)),
        ("family best", overall_lines(analysis, question.best)),
    ]
    contrast = analysis.comparison.confirmatory
    if contrast is not None:
        panels.insert(1, ("published against library", overall_lines(analysis, contrast.mean)))
    said = "; ".join(
        f"{title}: " + ", ".join(f"{line.title} {_shown(line)}" for line in lines) for title, lines in panels
    )
    return Figure(
        "answer",
        "NAS minus HPO: difference of mean regret, per search space and overall, with 95 % intervals",
        f"{said}.",
        (
            f"{KINDS[analysis.kind]} in {analysis.unit}; blue: NAS better, red: HPO better, grey: the interval "
            f"includes zero. The band is ±{analysis.rope:g}, the region of practical equivalence{floor_words(analysis)}. "
            "Family best: chosen on half of the repeats, "
            f"judged on the other half. The appendix shows every task.{ENDS}",
        ),
        lambda style: forest(style, panels, "NAS", "HPO", analysis.rope, analysis.unit),
        lambda: lines_data(panels),
    )


def _shown(line: Line) -> str:
    digits = decimals([line.value])
    return f"{number(line.value, digits)} {interval(line.low, line.high, digits)}".strip()


def favoured(effect: Estimate) -> str:
    """The family that an effect favours; neither where there is no difference."""
    return "NAS" if effect.value < 0 else "HPO" if effect.value > 0 else "neither"


def magnitude(effect: Estimate) -> str:
    """Size of an effect, without its sign."""
    return number(abs(float(effect.value)), _digits(effect))


def cautions(analysis: Analysis) -> list[Text]:
    """Warnings that a reader needs before trusting the first screen."""
    results = analysis.results
    said: list[Text] = []
    said += _membership(analysis)
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


def _membership(analysis: Analysis) -> list[Text]:
    """Methods that stand for no family, and tasks on which the families are not compared."""
    results, found = analysis.results, analysis.comparison.membership
    said: list[Text] = []
    if found.partial:
        tasks = (analysis.counts > 0).sum(axis=1)
        names = joined(
            f"{results.labels[m]} ({tasks[m]} of {plural(len(results.tasks), 'task')})" for m in found.partial
        )
        said.append((f"Not counted in the family comparison, for lack of runs on some tasks: {names}.",))
    dropped = int((~found.tasks & (analysis.counts.sum(axis=0) > 0)).sum())
    if dropped and analysis.comparison.question is not None:
        said.append((f"The families are not compared on {plural(dropped, 'task')}, where a member has no run.",))
    single = [label for m, label in enumerate(results.labels) if (analysis.counts[m] == 1).any()]
    if single and results.repeats > 1:
        said.append(
            ("A single run has no interval, nor has a mean that includes it: ", *spread(single, ", ", Code), ".")
        )
    return said


def _digits(effect: Estimate) -> int:
    return decimals([effect.value, *(e for e in (effect.low, effect.high) if np.isfinite(e))])


def signed(effect: Estimate) -> str:
    """Interval of an effect."""
    return interval(float(effect.low), float(effect.high), _digits(effect))


def _magnitudes(effect: Estimate) -> str:
    low, high = sorted((abs(float(effect.low)), abs(float(effect.high))))
    digits = _digits(effect)
    return f"{number(low, digits)} to {number(high, digits)}"
