"""Section: four statistical frameworks side by side."""

from collections.abc import Mapping

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Figure, Paragraph, Section, Table, Text
from equipoise.reports.drawing.look import Look
from equipoise.reports.figures.aggregates import aggregates_figure, scores_data
from equipoise.reports.figures.critical_difference import critical_difference
from equipoise.reports.figures.posterior import posterior_bars
from equipoise.reports.phrases import interval, name, number, plural, probability
from equipoise.reports.sections.agreement import agreement
from equipoise.reports.statistics.bayesian import LEAST_TASKS
from equipoise.reports.statistics.bootstrap import Aggregates, performance_profiles
from equipoise.reports.statistics.pairwise import magnitude

__all__ = ["frameworks_section"]


def frameworks_section(analysis: Analysis, looks: Mapping[str, Look]) -> Section | None:
    """The section; None with one method, where there is nothing to compare."""
    if len(analysis.results.labels) < 2:
        return None
    parts = [_ranks(analysis, looks), _pairs(analysis), _posteriors(analysis), _scores(analysis, looks)]
    return Section(
        "frameworks",
        "Four statistical frameworks",
        (
            Paragraph(
                (
                    f"Mean {analysis.measure} at the full budget, in {analysis.unit}, analysed in four ways. The first three treat "
                    "the tasks as a sample of tasks; the fourth takes them as given and generalises to other seeds.",
                )
            ),
            *agreement(analysis),
        ),
        tuple(part for part in parts if part is not None),
    )


def _ranks(analysis: Analysis, looks: Mapping[str, Look]) -> Section:
    test, spaces, labels = analysis.frameworks.friedman, analysis.frameworks.friedman_by_space, analysis.results.labels
    statistic = "∞" if np.isinf(test.f_statistic) else f"{test.f_statistic:.2f}"
    said = (
        f"Friedman's test in Iman and Davenport's form over {plural(test.tasks_used, 'task')}: F = {statistic}, "
        f"{probability(test.p_value, 'p')}"
        + (" by permutation, since tasks are few" if 2 <= test.tasks_used < 10 else "")
        + f". Over {plural(spaces.tasks_used, 'search space')}, each the mean rank of its tasks: "
        + f"{probability(spaces.p_value, 'p')}."
        + _dropped(test.tasks_dropped)
    )
    blocks: list[Block] = [Paragraph((said,))]
    if test.tasks_used and np.isfinite(test.critical_difference):
        order = analysis.active[np.argsort(test.mean_ranks[analysis.active], kind="stable")]
        ranks = ", ".join(f"{labels[m]} {test.mean_ranks[m]:.2f}" for m in order)
        joined_groups = "; ".join(" = ".join(labels[m] for m in group) for group in test.groups) or "none"
        blocks.append(
            Figure(
                "critical-difference",
                "Mean ranks over tasks and Nemenyi's critical difference",
                f"Mean ranks: {ranks}. Critical difference at 5 %: {test.critical_difference:.2f}. No difference found: "
                f"{joined_groups}.",
                (
                    "1 is best. A bar joins methods whose mean ranks lie within one critical difference (5 %, all "
                    "pairs).",
                ),
                lambda style: critical_difference(style, test, labels, looks),
                lambda: [("method", "mean rank"), *((labels[m], test.mean_ranks[m]) for m in order)],
            )
        )
    return Section("ranks", "Ranks: Friedman and Nemenyi", tuple(blocks))


def _dropped(count: int) -> str:
    return (
        f" {plural(count, 'task')} on which a method has no run {'is' if count == 1 else 'are'} left out."
        if count
        else ""
    )


def _pairs(analysis: Analysis) -> Section:
    labels, test, effects = analysis.results.labels, analysis.frameworks.wilcoxon, analysis.frameworks.a12
    rows = []
    for i, label in enumerate(labels):
        cells = []
        for j in range(len(labels)):
            if i == j:
                cells.append(Cell("–"))
                continue
            if not test.tasks_used[i, j]:
                cells.append(Cell("n/a"))
                continue
            p, effect = float(test.adjusted_p[i, j]), float(effects[i, j])
            cells.append(Cell(f"{probability(p)} ({number(effect, 2)})", effect, best=p < 0.05))
        rows.append((name(label), *cells))
    used = test.tasks_used[np.triu_indices(len(labels), 1)]
    least = int(used[used > 0].min(initial=len(analysis.results.tasks)))
    few = (
        f" With {plural(least, 'task')} no p-value can be below {2.0 ** (1 - least):.3g}, before Holm's correction."
        if 0 < least < 10
        else ""
    )
    sizes = [magnitude(float(e)) for e in effects[np.triu_indices(len(labels), 1)] if np.isfinite(e)]
    counted = ", ".join(f"{sizes.count(word)} {word}" for word in ("large", "medium", "small", "negligible"))
    words: Text = (
        f"Effect sizes of the {plural(len(sizes), 'pair')} in the terms of Vargha and Delaney: {counted}.{few}",
    )
    table = Table(
        "wilcoxon",
        "Wilcoxon signed-rank over tasks: p after Holm, and A12 in brackets",
        (Column("method", "l"), *(Column(label) for label in labels)),
        tuple(rows),
        (
            (
                f"A12 is the probability that a run of the row has less {analysis.measure} than a run of the column (mean over tasks; "
                "ties count half): above 0.5 favours the row. Bold: p < 0.05 after Holm's correction over all pairs.",
            ),
        ),
    )
    return Section("pairs", "Pairs: Wilcoxon signed-rank with Holm, and effect sizes", (Paragraph(words), table))


def _posteriors(analysis: Analysis) -> Section:
    labels, unit = analysis.results.labels, analysis.unit
    low, rope, high = analysis.ropes
    middle = analysis.frameworks.bayesian(rope)
    others = [(other, analysis.frameworks.bayesian(other)) for other in (low, high)]  # all 0 where nothing was left
    known = [pair for pair in middle if middle[pair].tasks_used >= LEAST_TASKS]
    order = sorted(known, key=lambda pair: -max(middle[pair].p_first, middle[pair].p_rope, middle[pair].p_second))
    rows = []
    for i, j in sorted(middle):
        each = middle[i, j]
        if (i, j) not in known:
            rows.append((name(labels[i]), name(labels[j]), *(Cell("n/a") for _ in range(6))))
            continue
        cells = [Cell(f"{p:.2f}", p, best=p >= 0.95) for p in (each.p_first, each.p_rope, each.p_second)]
        posteriors = [middle, *(posterior for _, posterior in others)]
        verdicts = [Cell(_decision(posterior[i, j], labels[i], labels[j])) for posterior in posteriors]
        rows.append((name(labels[i]), name(labels[j]), *cells, *verdicts))
    table = Table(
        "bayesian",
        f"Bayesian signed-rank test: posterior probabilities with a ROPE of ±{rope:g} {unit}, and the verdict at "
        "others",
        (
            Column("first", "l"),
            Column("second", "l"),
            Column("first better", "r", f"ROPE ±{rope:g}"),
            Column("equivalent", "r", f"ROPE ±{rope:g}"),
            Column("second better", "r", f"ROPE ±{rope:g}"),
            Column(f"±{rope:g}", "l", "verdict at 95 %"),
            *(Column(f"±{other:g}", "l", "verdict at 95 %") for other, _ in others),
        ),
        tuple(rows),
        (
            (
                f"ROPE: region of practical equivalence{'' if analysis.one_unit else ', in ' + unit}. Bold: at least 0.95; "
                "no verdict means that nothing reaches it. Nothing is corrected for the number of pairs; n/a: the pair "
                f"shares fewer than {LEAST_TASKS} tasks, so that the posterior would be mostly the prior, which says equivalent.",
            ),
        ),
    )
    if not known:
        return Section("posteriors", "Posteriors: the Bayesian signed-rank test", (table,))
    bars = [(labels[i], labels[j], middle[i, j].p_first, middle[i, j].p_rope, middle[i, j].p_second) for i, j in order]
    figure = Figure(
        "posterior",
        f"Posterior probabilities of all pairs, ROPE ±{rope:g} {unit}",
        "The table gives every number. The surest pairs: "
        + "; ".join(f"{a} better {x:.2f}, equivalent {e:.2f}, {b} better {y:.2f}" for a, b, x, e, y in bars[:5])
        + ".",
        (
            "Blue: the left method better. Grey: equivalent in practice. Orange, hatched: the right one. Dashed: 5 "
            "and 95 %.",
        ),
        lambda style: posterior_bars(style, bars, rope, unit),
        lambda: [("first", "second", "p first better", "p equivalent", "p second better"), *bars],
    )
    return Section("posteriors", "Posteriors: the Bayesian signed-rank test", (figure, table))


def _decision(posterior: object, first: str, second: str) -> str:
    values = {first: posterior.p_first, "equivalent": posterior.p_rope, second: posterior.p_second}  # type: ignore[attr-defined]
    return next((word for word, p in values.items() if p >= 0.95), "none")


def _scores(analysis: Analysis, looks: Mapping[str, Look]) -> Section | None:
    found, labels = analysis.frameworks.aggregates, analysis.results.labels
    if found is None or not found.tasks_used.any():
        why = (
            "no task has both a known optimum and the exact random-search baseline at this budget"
            if found is None
            else "no task with a known optimum and the exact random-search baseline was finished by every method"
        )
        said: list[Block] = [Paragraph((f"n/a: {why}.",))]
        if np.isfinite(analysis.frameworks.improvement.value[np.triu_indices(len(labels), 1)]).any():
            said.append(_improvement(analysis))  # it needs no scale
        return Section("scores", "Scores: interquartile means, improvement and profiles", tuple(said))
    labels = tuple(labels[method] for method in analysis.active)
    left_out = int((~found.tasks_used).sum())
    thresholds = np.linspace(-1.0, 1.0, 81)
    profiles = performance_profiles(analysis.scores[analysis.active], thresholds)
    words: Text = (
        "Scores are 0 for the exact mean of random search at this budget and 1 for the optimum; below 0 is worse than "
        f"random search.{_dropped(left_out)} Intervals resample seeds within tasks, all methods together (stratified, "
        "paired, 10,000 resamples).",
    )
    figure = Figure(
        "scores",
        "Interquartile means of scores, and performance profiles",
        "Interquartile means: "
        + ", ".join(
            f"{label} {number(float(found.iqm.value[m]), 2)} "
            f"{interval(float(found.iqm.low[m]), float(found.iqm.high[m]), 2)}"
            for m, label in enumerate(labels)
        )
        + ".",
        (
            "Left: 95 % intervals. Right: share of runs whose score is above a threshold, mean over tasks; higher "
            "is better.",
        ),
        lambda style: aggregates_figure(style, found.iqm, profiles, thresholds, labels, looks),
        lambda: scores_data(found.iqm, profiles, thresholds, labels),
    )
    blocks: tuple[Block, ...] = (Paragraph(words), figure, _aggregates(found, labels), _improvement(analysis))
    return Section("scores", "Scores: interquartile means, gaps, improvement and profiles", blocks)


def _aggregates(found: Aggregates, labels: tuple[str, ...]) -> Table:
    rows = []
    for method, label in enumerate(labels):
        cells = []
        for part, better in ((found.mean, max), (found.iqm, max), (found.gap, min)):
            value, low, high = (float(x[method]) for x in (part.value, part.low, part.high))
            best = value == better(part.value.tolist())
            cells.append(Cell(f"{number(value, 3)} {interval(low, high, 3)}", value, best=best))
        rows.append((name(label), *cells))
    return Table(
        "aggregates",
        "Scores over all tasks with 95 % intervals",
        (Column("method", "l"), Column("mean"), Column("interquartile mean"), Column("optimality gap")),
        tuple(rows),
        (("Mean and interquartile mean: larger is better. Gap: mean distance from the optimum; smaller is better.",),),
    )


def _improvement(analysis: Analysis) -> Table:
    labels, found = analysis.results.labels, analysis.frameworks.improvement
    rows = []
    for i, label in enumerate(labels):
        cells = []
        for j in range(len(labels)):
            value, low, high = (float(x[i, j]) for x in (found.value, found.low, found.high))
            sure = low > 0.5 or high < 0.5
            cells.append(
                Cell("–") if i == j else Cell(f"{number(value, 2)} {interval(low, high, 2)}", value, best=sure)
            )
        rows.append((name(label), *cells))
    return Table(
        "improvement",
        "Probability that a run of the row beats one of the column",
        (Column("method", "l"), *(Column(label) for label in labels)),
        tuple(rows),
        (("Mean over tasks with 95 % intervals over seeds. Bold: the interval excludes one half.",),),
    )
