"""Section: several objectives. Hypervolume, distances to the exact front, attainment, constraints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from equipoise.harness.core.objectives import VALIDATION_ERROR
from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Figure, Paragraph, Section, Table
from equipoise.reports.drawing.look import Look
from equipoise.reports.figures.fronts import SHARES, surface_in_units, surfaces, volumes
from equipoise.reports.fronts import FrontRuns, SeveralObjectives, TaskFronts
from equipoise.reports.phrases import decimals, interval, joined, name, number, percent, plural, probability
from equipoise.reports.results import Array
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.statistics.arrays import task_means
from equipoise.reports.statistics.attainment import attainment_surface, largest_difference
from equipoise.reports.statistics.pairwise import a12, wilcoxon
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["objectives_detail_section", "objectives_section", "with_caution"]

POINTS = 40


def objectives_section(analysis: Analysis, looks: Mapping[str, Look]) -> Section | None:
    """The section of the main part; None where the suite asks for the validation error alone."""
    found = analysis.results.objectives
    if found is None:
        return None
    view, tasks = _View(analysis, found), _scaled(found)
    blocks: list[Block] = [Paragraph((view.words(),))]
    blocks += [Paragraph((f"{task.name}: {task.caveat}.",), "caution") for task in found.tasks if task.caveat]
    if tasks:
        blocks += [_scales(tasks), view.ranked(tasks), view.volumes(tasks), view.figure(tasks, looks)]
    if len(found.names) == 2 and tasks:
        blocks.append(_attained(tasks, looks))
    if found.constraints:
        blocks.append(view.constrained())
    return Section("objectives", "Several objectives", tuple(blocks))


def objectives_detail_section(analysis: Analysis) -> Section | None:
    """The section of the appendix: distances to the exact front, and pairs of methods."""
    found = analysis.results.objectives
    if found is None or not (tasks := _scaled(found)):
        return None
    view, blocks = _View(analysis, found), list[Block]()
    if near := [task for task in tasks if task.front is not None]:
        blocks.append(view.distances(near))
    if len(view.labels) > 1:
        blocks.append(view.pairs(tasks))
        blocks += [_differences(view.labels, tasks)] if len(found.names) == 2 else []
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


def _scaled(found: SeveralObjectives) -> list[TaskFronts]:
    return [task for task in found.tasks if task.scales and task.runs]


@dataclass(frozen=True)
class _View:
    """The means of a store over its repeats."""

    analysis: Analysis
    found: SeveralObjectives

    @property
    def labels(self) -> tuple[str, ...]:
        return self.analysis.results.labels

    def words(self) -> str:
        said = ""
        if self.found.names:
            said = (
                f"Objectives: {joined(self.found.names)}. The hypervolume is the share of the box between ideal and "
                "reference point that the architectures of a run dominate. Both points belong to the task, as listed, and "
                "not to what any search found: where the task states none, the ideal is the best value of the whole space "
                "and the reference the value that 90 % of its architectures do not exceed. Errors are those without query "
                "noise. "
            )
        if self.found.constraints:
            said += (
                f"Constraints: {joined(map(str, self.found.constraints))}. A method for one objective was told the task's "
                "penalty plus the relative violation for an architecture that violates one."
            )
        return said.strip()

    def cube(self, tasks: Sequence[TaskFronts], what: str) -> Array:
        """Methods x tasks x repeats of one attribute of the runs; the last column of a matrix."""
        cube = np.full((len(self.labels), len(tasks), self.analysis.results.repeats), np.nan)
        for place, task in enumerate(tasks):
            for method, label in enumerate(self.labels):
                if label in task.runs:
                    values = getattr(task.runs[label], what)
                    values = values[:, -1] if values.ndim == 2 else values
                    cube[method, place, task.runs[label].numbers - 1] = np.where(np.isinf(values), np.nan, values)
        return cube

    def volumes(self, tasks: Sequence[TaskFronts]) -> Table:
        """Hypervolumes at the budget beside random search and the exact front."""
        means = _within(self.analysis.estimated(self.cube(tasks, "volumes")), 1.0)
        queries = self.analysis.results.unit == "queries"
        rows = []
        for place, task in enumerate(tasks):
            expected = task.random is not None and queries
            random = float(task.random.mean(int(self.analysis.results.limit))) if expected and task.random else np.nan
            about = "" if task.random is None or task.random.exact else "about "
            rows.append(
                (
                    name(task.name),
                    *_row(means, place, np.nanmax),
                    Cell(f"{about if np.isfinite(random) else ''}{number(random, 4)}", random),
                    Cell(number(task.volume, 4), task.volume),
                )
            )
        columns = (Column("task", "l"), *map(Column, self.labels), Column("random, expected"), Column("exact front"))
        notes = (
            "Means over runs with 95 % intervals over seeds; the largest of each row in bold. The expectation of random "
            "search without replacement is computed from the table, not sampled.",
        )
        title = f"Hypervolume at {budget_words(self.analysis)}"
        return Table("hypervolume", title, columns, tuple(rows), (notes,))

    def distances(self, tasks: Sequence[TaskFronts]) -> Table:
        """IGD+, additive epsilon and, for two objectives, R2."""
        rows = []
        measures = [("igd_plus", "IGD+"), ("epsilon", "epsilon")]
        for what, title in measures + [("r2", "R2")] * (len(self.found.names) == 2):
            means = _within(self.analysis.estimated(self.cube(tasks, what)), np.inf)
            rows += [(name(task.name), Cell(title), *_row(means, place, np.nanmin)) for place, task in enumerate(tasks)]
        notes = (
            "IGD+ is the mean distance from the exact front to what a run dominates, epsilon the least amount by which its "
            "points must improve to dominate that front, R2 the mean loss over weights of the objectives (weighted maximum) against "
            "that front, for two objectives; all in the normalised objectives, smaller is better, 0 is the "
            "front itself.",
        )
        columns = (Column("task", "l"), Column("distance", "l"), *map(Column, self.labels))
        title = f"Distance to the exact front at {budget_words(self.analysis)}"
        return Table("front-distance", title, columns, tuple(rows), (notes,))

    def ranked(self, tasks: Sequence[TaskFronts]) -> Paragraph:
        """Average ranks by hypervolume over the tasks."""
        ranks = self.analysis.averaged_ranks(-self.cube(tasks, "volumes"))
        order = [m for m in np.argsort(ranks.value, kind="stable") if np.isfinite(ranks.value[m])]
        said = ", ".join(
            f"{self.labels[m]} {number(float(ranks.value[m]), 2)} "
            f"{interval(float(ranks.low[m]), float(ranks.high[m]), 2)}".strip()
            for m in order
        )
        return Paragraph((f"Average rank of one run by hypervolume, mean over tasks, 1 is best: {said}.",))

    def pairs(self, tasks: Sequence[TaskFronts]) -> Table:
        """All pairs by hypervolume: over tasks, and run against run."""
        cube = self.cube(tasks, "volumes")
        test, effects = wilcoxon(-task_means(cube)), a12(-cube)
        rows = []
        for i, label in enumerate(self.labels):
            cells = []
            for j in range(len(self.labels)):
                known = effects[i, j][np.isfinite(effects[i, j])]
                if i == j or not known.size:
                    cells.append(Cell("–" if i == j else "n/a"))
                    continue
                p, effect = float(test.adjusted_p[i, j]), float(known.mean())
                cells.append(Cell(f"{number(effect, 2)} ({probability(p)})", effect, best=p < 0.05))
            rows.append((name(label), *cells))
        used = int(test.tasks_used.max(initial=0))
        few = (
            f" With {plural(used, 'task')} no p-value is below {2.0 ** (1 - used):.3g} before that correction."
            if 0 < used < 10
            else ""
        )
        notes = (
            "Probability that a run of the row has a larger hypervolume than one of the column, mean over tasks; in brackets "
            "the p-value of the signed-rank test over tasks on the mean hypervolumes, after Holm's correction." + few,
        )
        columns = (Column("method", "l"), *map(Column, self.labels))
        return Table("hypervolume-pairs", "Pairs of methods by hypervolume", columns, tuple(rows), (notes,))

    def figure(self, tasks: Sequence[TaskFronts], looks: Mapping[str, Look]) -> Figure:
        """Missing hypervolume over the budget."""
        results = self.analysis.results
        kept = np.unique(np.geomspace(1, len(results.grid), POINTS).round().astype(int)) - 1
        grid, repeats = results.grid[kept], results.repeats
        curves: dict[str, dict[str, Estimate]] = {}
        for task in tasks:
            there = [label for label in looks if label in task.runs]
            cube = np.full((len(there), len(kept), repeats), np.nan)
            for method, label in enumerate(there):
                cube[method][:, task.runs[label].numbers - 1] = task.runs[label].volumes[:, kept].T
            means = _within(self.analysis.estimated(cube), 1.0)
            parts = (means.value, means.low, means.high)
            curves[task.name] = {label: Estimate(*(part[m] for part in parts)) for m, label in enumerate(there)}
        ends = "; ".join(
            f"{task.name}: "
            + ", ".join(f"{label} {number(float(each.value[-1]), 4)}" for label, each in curves[task.name].items())
            for task in tasks
        )
        return Figure(
            "hypervolume",
            "Missing hypervolume against the budget",
            f"Hypervolume at the budget: {ends}.",
            (
                "Share of the exact front's hypervolume that the runs miss: mean with 95 % interval over seeds, both axes "
                "logarithmic, lower is better. The thin black line is the expectation of random search.",
            ),
            lambda style: volumes(style, tasks, curves, grid, looks, results.unit),
            lambda: [
                ("task", "method", results.unit, "hypervolume", "low", "high"),
                *(
                    (task, label, *row)
                    for task, methods in curves.items()
                    for label, each in methods.items()
                    for row in zip(grid, each.value, each.low, each.high, strict=True)
                ),
            ],
        )

    def constrained(self) -> Table:
        """The least error under the constraints, as regret."""
        rows = []
        metrics = {task.name: task.metric for task in self.analysis.results.tasks}
        tasks = [task for task in self.found.tasks if task.runs]
        means = self.analysis.estimated(self.cube(tasks, "constrained"))
        for place, task in enumerate(tasks):
            metric, base = metrics[task.name], task.optimum if np.isfinite(task.optimum) else 0.0
            lost = [self._without(task.runs.get(label)) for label in self.labels]
            shown = (abs(metric.slope) * (part - base) for part in (means.value, means.low, means.high))
            scaled = _within(Estimate(*shown), np.inf)
            cells = [
                Cell(f"{cell.text} ({gone} without)" if gone else cell.text, cell.value, cell.best and not any(lost))
                for cell, gone in zip(_row(scaled, place, np.nanmin), lost, strict=True)
            ]
            rows.append((name(task.name), Cell(percent(task.feasible)), *cells))
        notes = (
            "Error of the best architecture of a run that keeps the constraints, less that of the best in the space (in the "
            "unit of the metric; the error itself where the space is not known): means over the runs that have one, with "
            "95 % intervals; in brackets the runs that have none.",
        )
        columns = (Column("task", "l"), Column("feasible"), *map(Column, self.labels))
        title = f"Regret under the constraints at {budget_words(self.analysis)}"
        return Table("constrained", title, columns, tuple(rows), (notes,))

    @staticmethod
    def _without(runs: FrontRuns | None) -> int:
        return 0 if runs is None else int(np.isnan(runs.constrained).sum())


def _within(means: Estimate, most: float) -> Estimate:
    """Means with intervals that are cut where no value can be; one that is unbounded stays so."""
    low, high = (np.where(np.isinf(end), end, np.clip(end, 0.0, most)) for end in (means.low, means.high))
    return Estimate(means.value, low, high)


def _row(means: Estimate, place: int, best: object) -> list[Cell]:
    column = means.value[:, place]
    known = column[np.isfinite(column)]
    first = best(known) if known.size and callable(best) else np.nan
    digits = max(3, decimals(column))
    return [
        Cell(
            f"{number(float(v), digits)} {interval(float(lo), float(hi), digits)}".strip(),
            float(v),
            best=bool(v == first),
        )
        for v, lo, hi in zip(column, means.low[:, place], means.high[:, place], strict=True)
    ]


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


def _attained(tasks: Sequence[TaskFronts], looks: Mapping[str, Look]) -> Figure:
    def rows() -> list[Sequence[object]]:
        found: list[Sequence[object]] = [("task", "method", "share", *(s.objective.name for s in tasks[0].scales))]
        for task in tasks:
            for label, runs in task.runs.items():
                for share in SHARES:
                    corners = surface_in_units(task, attainment_surface(runs.fronts, share))
                    found += [(task.name, label, share, *corner) for corner in corners.tolist()]
            if task.front is not None:
                found += [
                    (task.name, "exact front", 1, *corner) for corner in surface_in_units(task, task.front).tolist()
                ]
        return found

    first, second = (scale.objective.name for scale in tasks[0].scales)
    return Figure(
        "attainment",
        "What the runs attain: 10, 50 and 90 % attainment surfaces",
        f"{second} against {first}. The table of hypervolumes and that of differences tell the same in numbers.",
        (
            "Thick: the points that half of the runs attain or dominate. Thin, for up to three methods: what 10 % and 90 % "
            "of them do; the data beside the figure have them for all. Black: the exact front. Lower and further left is better.",
        ),
        lambda style: surfaces(style, tasks, looks),
        rows,
    )


def _differences(labels: Sequence[str], tasks: Sequence[TaskFronts]) -> Table:
    rows = []
    for task in tasks:
        there = [label for label in labels if label in task.runs]
        best = max(there, key=lambda label: float(task.runs[label].volumes[:, -1].mean()))
        for other in there:
            if other != best:
                ahead = largest_difference(task.runs[best].fronts, task.runs[other].fronts)
                cells = []
                for each in ahead:
                    point = surface_in_units(task, np.array([each.point]))[0]
                    at = ", ".join(
                        f"{scale.objective.name} {value:.4g} {scale.objective.unit}".strip()
                        for scale, value in zip(task.scales, point, strict=True)
                    )
                    text = f"{abs(100 * each.difference):.0f} points at {at}" if each.difference else "nowhere"
                    cells.append(Cell(text, abs(each.difference)))
                rows.append((name(task.name), name(best), name(other), *cells))
    return Table(
        "attainment-differences",
        "Where the method of largest hypervolume and each other one differ most by their attainment functions",
        (*(Column(title, "l") for title in ("task", "largest", "other", "largest ahead most", "other ahead most")),),
        tuple(rows),
        (
            (
                "Difference of the shares of runs that attain the point, in percentage points. A method can be ahead in one "
                "part of the plane and behind in another.",
            ),
        ),
    )
