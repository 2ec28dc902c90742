"""Section: what the repeats at hand can see, and how many more would be needed."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Code, Column, Listing, Paragraph, Section, Table, Text
from equipoise.reports.phrases import decimals, name, number, plural
from equipoise.reports.statistics.arrays import Array, repeat_counts
from equipoise.reports.statistics.power import contrast, detectable_effect, family_weights, plan

__all__ = ["family_contrast", "power_section"]

POWER = 0.8


def power_section(analysis: Analysis) -> Section | None:
    """The section; None with one method."""
    if len(analysis.results.labels) < 2:
        return None
    found = plan(analysis.values, power=POWER, weights=analysis.space_weights(range(len(analysis.clusters))))
    pairs = np.triu_indices(len(analysis.results.labels), 1)
    blocks: list[Block] = [Paragraph(_family(analysis))]
    if np.isfinite(found.detectable_overall[pairs]).any():
        blocks.append(_overall(analysis, found.detectable_overall))
    if np.isfinite(found.detectable_per_task[pairs]).any():
        blocks.append(_per_task(analysis, found.detectable_per_task[pairs]))
    else:
        blocks.append(Paragraph(("With fewer than two runs of a method, its variance is unknown.",)))
    blocks += [
        Paragraph(("To plan more repeats for an effect of a given size:",)),
        Listing("equipoise plan DIR --effect 0.1 --power 0.8"),
    ]
    return Section("power", "What these repeats can detect", tuple(blocks))


def family_contrast(analysis: Analysis) -> tuple[Array, Array] | None:
    """Values and weights, methods x tasks, of the overall effect of the families; None if one is missing.

    Only methods of the two families with runs count, and tasks on which each of them has two runs.
    """
    rows = [
        method
        for method in analysis.active.tolist()
        if analysis.comparison.membership.families[method] in ("nas", "hpo")
    ]
    families = [analysis.comparison.membership.families[method] for method in rows]
    kept = np.asarray((repeat_counts(analysis.values[rows]) > 1).all(axis=0))
    kept &= analysis.comparison.membership.tasks
    if not kept.any() or not {"nas", "hpo"} <= set(families):
        return None
    clusters = [cluster for cluster, there in zip(analysis.clusters, kept, strict=True) if there]
    return analysis.values[rows][:, kept], family_weights(families, clusters)


def _family(analysis: Analysis) -> Text:
    weighted = family_contrast(analysis)
    if weighted is None:
        return (
            "NAS against HPO cannot be planned: a family is missing, or no task has two runs of every method of both.",
        )
    se, freedom = contrast(*weighted)
    effect = float(detectable_effect(se, freedom, POWER))
    some, every = weighted[0].shape[1], len(analysis.results.tasks)
    over = "" if some == every else f", over {some} of {plural(every, 'task')}"
    return (
        f"With the repeats stored, a true difference of {number(effect, decimals([effect]))} {analysis.unit} between "
        f"the NAS and the HPO family (means, overall{over}) is found with a power of {100 * POWER:.0f} % at the 5 % level.",
    )


def _overall(analysis: Analysis, matrix: Array) -> Table:
    labels = analysis.results.labels
    digits = decimals(matrix)
    rows = [
        (
            name(label),
            *(
                Cell("–") if i == j else Cell(number(float(matrix[i, j]), digits), float(matrix[i, j]))
                for j in range(len(labels))
            ),
        )
        for i, label in enumerate(labels)
    ]
    return Table(
        "detectable",
        f"Smallest difference of mean regret over tasks, in {analysis.unit}, found with a power of 80 %",
        (Column("method", "l"), *(Column(label) for label in labels)),
        tuple(rows),
        (
            (
                "At 5 % over all pairs (Bonferroni), tasks taken as given and spaces with equal weight, from the spread of "
                "the stored runs.",
            ),
        ),
    )


def _per_task(analysis: Analysis, pairs: Array) -> Table:
    rows = []
    for place, task in enumerate(analysis.results.tasks):
        column = pairs[:, place]
        column = column[np.isfinite(column)]
        if not column.size:
            rows.append((name(task.title), *(Cell("n/a") for _ in range(3))))
            continue
        digits = decimals(column)
        values = (float(column.min()), float(np.median(column)), float(column.max()))
        rows.append((name(task.title), *(Cell(number(v, digits), v) for v in values)))
    count = plural(len(pairs), "pair")
    return Table(
        "detectable-tasks",
        f"Smallest difference found with a power of 80 % on single tasks, in {analysis.unit}, over {count} of methods",
        (Column("task", "l"), Column("easiest pair"), Column("median pair"), Column("hardest pair")),
        tuple(rows),
        (
            (
                "For the Mann-Whitney test behind the marks in ",
                Code("Task by task"),
                ", Bonferroni over the pairs of a task.",
            ),
        ),
    )
