"""Agreement of the four statistical frameworks on pairs of methods, and reasons for disagreement."""

from collections.abc import Mapping

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Bullets, Cell, Code, Column, Paragraph, Strong, Table, Text
from equipoise.reports.phrases import joined, name, plural, spread
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.bayesian import LEAST_TASKS, BayesianSignedRank

__all__ = ["agreement", "verdicts"]

FRAMEWORKS = ("ranks", "pairs", "posteriors", "scores")
LISTED = 8


def verdicts(analysis: Analysis) -> dict[tuple[int, int], dict[str, int]]:
    """Verdict of each framework on each pair (i, j), i < j: -1 the first is better, 1 the second, 0 no difference found."""
    active = analysis.active.tolist()
    posterior = analysis.frameworks.bayesian(analysis.rope)
    found = {}
    for place, i in enumerate(active):
        for j in active[place + 1 :]:
            nemenyi = analysis.frameworks.friedman.pairwise_p[i, j] < 0.05
            signed = analysis.frameworks.wilcoxon.adjusted_p[i, j] < 0.05
            low, high = (
                float(analysis.frameworks.improvement.low[i, j]),
                float(analysis.frameworks.improvement.high[i, j]),
            )
            ranks, p = analysis.frameworks.friedman.mean_ranks, posterior[i, j]
            found[i, j] = {
                "ranks": int(np.sign(ranks[i] - ranks[j])) if nemenyi else 0,
                "pairs": _side(analysis, i, j) if signed else 0,
                "posteriors": _posterior(p),
                "scores": -1 if low > 0.5 else 1 if high < 0.5 else 0,
            }
    return found


def _posterior(found: BayesianSignedRank) -> int:
    """The side that has a probability of 95 %; none where the pair shares too few tasks."""
    if found.tasks_used < LEAST_TASKS:
        return 0
    return -1 if found.p_first >= 0.95 else 1 if found.p_second >= 0.95 else 0


def _side(analysis: Analysis, i: int, j: int) -> int:
    """Which of a pair the signed ranks favour."""
    d = analysis.means[i] - analysis.means[j]
    d = d[~np.isnan(d)]
    ranks = np.argsort(np.argsort(np.abs(d))) + 1.0
    return int(np.sign((np.sign(d) * ranks).sum()))


def agreement(analysis: Analysis) -> list[Block]:
    """A paragraph, the disagreements, and a table of the verdicts on every pair."""
    found, labels = verdicts(analysis), analysis.results.labels
    told = {pair: {s for s, v in said.items() if v} for pair, said in found.items()}
    split = [pair for pair, frameworks in told.items() if 0 < len(frameworks) < 4]
    opposed = [pair for pair, said in found.items() if {-1, 1} <= set(said.values())]
    both = sum(len(frameworks) == 4 for frameworks in told.values()) - len([p for p in opposed if len(told[p]) == 4])
    neither = sum(not frameworks for frameworks in told.values())
    head = (
        f"Of {plural(len(found), 'pair')} of methods, all four frameworks name the same winner in {both} and none in "
        f"{neither}; in {len(split)} some do and some do not"
        + (
            f", and in {len(opposed)} they name different winners."
            if opposed
            else "; they never name different winners."
        )
    )
    blocks: list[Block] = [Paragraph((Strong("Agreement."), f" {head}", *_leaders(analysis)))]
    if split or opposed:
        blocks.append(Paragraph((_reasons(found, split),)))
        shown = [*opposed, *(pair for pair in split if pair not in opposed)]
        points: list[Text] = [_point(found[pair], labels[pair[0]], labels[pair[1]]) for pair in shown[:LISTED]]
        if len(shown) > LISTED:
            points.append((f"and {len(shown) - LISTED} more: see the table.",))
        blocks.append(Bullets(tuple(points)))
    blocks.append(_table(found, labels, analysis.rope))
    return blocks


def _leaders(analysis: Analysis) -> Text:
    """Who leads by mean rank, and who by interquartile mean, if that is not the same."""
    labels = analysis.results.labels
    if not analysis.frameworks.friedman.tasks_used:
        return ()
    by_rank = _named(labels, analysis.frameworks.friedman.mean_ranks)
    if analysis.frameworks.aggregates is None or not analysis.frameworks.aggregates.tasks_used.any():
        return (" The least mean rank is that of ", *by_rank, ".")
    by_score = _named(tuple(labels[method] for method in analysis.active), -analysis.frameworks.aggregates.iqm.value)
    if by_rank == by_score:
        verb = "leads" if len(by_rank) == 1 else "lead"
        return (" ", *by_rank, f" {verb} both by mean rank and by interquartile mean.")
    return (
        " ", *by_rank, f" {'leads' if len(by_rank) == 1 else 'lead'} by mean rank, ", *by_score,
        " by interquartile mean: ranks count how often a method is ahead, scores by how much.",
    )  # fmt: skip


def _named(labels: tuple[str, ...], values: Array) -> Text:
    """The methods of the least value: one, or all that tie."""
    least = np.nanmin(values) + 1e-12
    return spread([label for label, v in zip(labels, values, strict=True) if v <= least], " and ", Code)


def _reasons(found: Mapping[tuple[int, int], Mapping[str, int]], split: list[tuple[int, int]]) -> str:
    """Reasons for disagreement, as far as the pattern of the verdicts shows them."""
    counts = {framework: sum(bool(found[pair][framework]) for pair in split) for framework in FRAMEWORKS}
    reasons = []
    if counts["scores"] > counts["pairs"]:
        reasons.append(
            "the scores separate more pairs than the tests over tasks, because they generalise only to other seeds on "
            "these tasks, while the tests generalise to other tasks, of which there are few; nor do they correct for "
            "the number of pairs"
        )
    if counts["pairs"] > counts["ranks"]:
        reasons.append(
            "Wilcoxon separates more than Nemenyi, which ignores the sizes of differences, corrects for all pairs at "
            "once, and whose verdict on a pair depends on the other methods in the pool"
        )
    if counts["ranks"] > counts["pairs"]:
        reasons.append(
            "Nemenyi separates more than Wilcoxon, whose Holm correction is strict where p-values are coarse"
        )
    if counts["pairs"] > counts["posteriors"]:
        reasons.append(
            "the posterior withholds verdicts that Wilcoxon gives, because a difference must exceed the region of "
            "practical equivalence to count"
        )
    if counts["posteriors"] > counts["pairs"]:
        reasons.append(
            "the posterior gives verdicts that Wilcoxon withholds, because it corrects for no multiple comparisons"
        )
    said = " ".join(f"{reason[0].upper()}{reason[1:]}." for reason in reasons)
    return (
        f"Where they disagree: {said}"
        if reasons
        else "Where they disagree, no framework separates more pairs than another."
    )


def _point(said: Mapping[str, int], first: str, second: str) -> Text:
    names = {-1: first, 1: second}
    winners = sorted({v for v in said.values() if v})
    parts: list[str] = [Code(first), " and ", Code(second), ": "]
    for place, winner in enumerate(winners):
        frameworks = [framework for framework in FRAMEWORKS if said[framework] == winner]
        parts += ["; " if place else "", Code(names[winner]), f" by {joined(frameworks)}"]
    silent = [framework for framework in FRAMEWORKS if not said[framework]]
    return (*parts, f"; no difference by {joined(silent)}." if silent else ".")


def _table(found: Mapping[tuple[int, int], Mapping[str, int]], labels: tuple[str, ...], rope: float) -> Table:
    rows = []
    for (i, j), said in found.items():
        words = {-1: labels[i], 0: "–", 1: labels[j]}
        rows.append((name(labels[i]), name(labels[j]), *(Cell(words[said[framework]]) for framework in FRAMEWORKS)))
    return Table(
        "agreement",
        "Winner of each pair by each framework",
        (
            Column("first", "l"),
            Column("second", "l"),
            Column("ranks: Nemenyi", "l"),
            Column("pairs: Wilcoxon, Holm", "l"),
            Column(f"posteriors: ROPE ±{rope:g}", "l"),
            Column("scores: probability of improvement", "l"),
        ),
        tuple(rows),
        (("At 5 %, or a probability of 95 %. –: no difference found.",),),
    )
