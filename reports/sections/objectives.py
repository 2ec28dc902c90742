"""Section: several objectives. What they are, and the order of its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from equipoise.harness.core.objectives import VALIDATION_ERROR
from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Paragraph, Section, Table
from equipoise.reports.drawing.look import Look
from equipoise.reports.fronts import TaskFronts
from equipoise.reports.phrases import joined, name, plural
from equipoise.reports.sections.attainment import (
    attainment_difference_figure,
    attainment_differences,
    attainment_figure,
)
from equipoise.reports.sections.constrained import constrained_regret
from equipoise.reports.sections.front_distance import front_distance
from equipoise.reports.sections.front_view import FrontView, scaled
from equipoise.reports.sections.hypervolume import (
    best_by_rank,
    hypervolume_figure,
    hypervolume_ranks,
    hypervolume_table,
)

__all__ = ["objectives_detail_section", "objectives_section", "with_caution"]


def objectives_section(analysis: Analysis, looks: Mapping[str, Look]) -> Section | None:
    """The section of the main part; None where the suite asks for the validation error alone."""
    found = analysis.results.objectives
    if found is None:
        return None
    view, tasks = FrontView(analysis, found), scaled(found)
    blocks: list[Block] = [Paragraph((_words(view),))]
    blocks += [Paragraph((f"{task.name}: {task.caveat}.",), "caution") for task in found.tasks if task.caveat]
    if tasks:
        blocks += [_scales(tasks), hypervolume_ranks(view, tasks), hypervolume_table(view, tasks)]
        blocks.append(hypervolume_figure(view, tasks, looks))
    if len(found.names) == 2 and tasks:
        blocks.append(attainment_figure(tasks, looks))
    if found.constraints:
        blocks.append(constrained_regret(view))
    return Section("objectives", "Several objectives", tuple(blocks))


def objectives_detail_section(analysis: Analysis) -> Section | None:
    """The section of the appendix: distances to the exact front, and differences of attainment."""
    found = analysis.results.objectives
    if found is None or not (tasks := scaled(found)):
        return None
    view, blocks = FrontView(analysis, found), list[Block]()
    if near := [task for task in tasks if task.front is not None]:
        blocks.append(front_distance(view, near))
    if len(view.labels) > 1 and len(found.names) == 2:
        first, second = best_by_rank(view, tasks)[:2]
        figure = attainment_difference_figure(first, second, tasks)
        blocks += [] if figure is None else [figure]
        blocks.append(attainment_differences(view.labels, tasks))
    return Section("objectives-detail", "Several objectives in detail", tuple(blocks)) if blocks else None


def with_caution(opening: Section, analysis: Analysis) -> Section:
    """The opening of a report; where there are several objectives, it says that it judges one of them alone."""
    found = analysis.results.objectives
    if found is None or not found.names:
        return opening
    others = joined(one for one in found.names if one != VALIDATION_ERROR)
    words = (
        f"This suite has several objectives. The answer below judges the error alone; {others} and the error together are "
        "judged under Several objectives.",
    )
    return replace(opening, blocks=(Paragraph(words, "caution"), *opening.blocks))


def _words(view: FrontView) -> str:
    said = ""
    if view.found.names:
        said = (
            f"Objectives: {joined(view.found.names)}. The hypervolume is the share of the box between ideal and "
            "reference point that the architectures of a run dominate. Both points belong to the task, as listed, and "
            "not to what any search found: where the task states none, the ideal is the best value of the whole space "
            "and the reference the value that 90 % of its architectures do not exceed. Errors are those without query "
            "noise. "
        )
    if view.found.constraints:
        said += (
            f"Constraints: {joined(map(str, view.found.constraints))}. A method for one objective was told the task's "
            "penalty plus the relative violation for an architecture that violates one."
        )
    return f"{said.strip()}{_scalarised(view)}".strip()


def _scalarised(view: FrontView) -> str:
    """Names the methods for one objective that were told several, and their weights."""
    said = []
    for method in view.analysis.results.methods:
        if chosen := method.changed.get("scalarisation"):
            fixed, period = chosen["weights"] != "random", plural(chosen["period"], "query", "queries")
            weights = joined(f"{one:.3g}" for one in chosen["weights"]) if fixed else f"random, new every {period}"
            said.append(f"{method.label} (weights: {weights})")
    return (
        f" Told the augmented Chebyshev scalarisation of the objectives, scaled by their ranges so far: {joined(said)}."
        if said
        else ""
    )


def _scales(tasks: Sequence[TaskFronts]) -> Table:
    rows = [
        (
            name(task.name),
            name(scale.objective.name),
            Cell(scale.objective.unit or "–"),
            Cell("smaller" if scale.objective.minimise else "larger"),
            Cell(f"{scale.ideal:.5g}", scale.ideal),
            Cell(f"{scale.reference:.5g}", scale.reference),
            Cell("n/a" if task.front is None else f"{len(task.front)}"),
        )
        for task in tasks
        for scale in task.scales
    ]
    columns = (
        *(Column(title, "l") for title in ("task", "objective", "unit", "better")),
        *(Column(title) for title in ("ideal", "reference", "points of the exact front")),
    )
    return Table(
        "objectives", "Objectives, and the points that hypervolumes are measured between", columns, tuple(rows)
    )
