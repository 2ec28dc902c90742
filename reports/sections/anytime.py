"""Section: how regret falls as the budget is spent."""

from collections.abc import Mapping

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Figure, Paragraph, Section, Table
from equipoise.reports.drawing.look import Look
from equipoise.reports.figures.anytime import Against, anytime, anytime_data
from equipoise.reports.figures.progress import progress, progress_data
from equipoise.reports.phrases import decimals, interval, name, number, percent
from equipoise.reports.results import Results, TaskResults
from equipoise.reports.runs import Runs
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.statistics.runtime import area_under_curve, runtime_ecdf, runtimes

__all__ = ["anytime_section"]

POINTS = 40
"""Points of the curves of ranks and of targets reached."""
TARGETS = 50
SINCE = ", from where every run of the task has an incumbent"
SINCE_ALL = ", from where every run has an incumbent"


def anytime_section(analysis: Analysis, looks: Mapping[str, Look]) -> Section:
    """Regret against architectures, the budget and seconds, ranks, targets reached, and areas.

    Where answers carry no noise, asking again tells nothing: unique architectures are the main axis, and the budget as
    charged stands beside it.
    """
    results = analysis.results
    words = Paragraph(
        (
            "Lines are medians over runs, bands the quartiles, both axes logarithmic; a regret of zero, the "
            "optimum, is drawn at the bottom."
            + (
                " The thin black line is the exact expectation of random search without replacement: it is computed "
                "from the table and has no sampling noise."
                if np.isfinite(analysis.random).any()
                else ""
            ),
        )
    )
    unique = []
    if results.unit == "queries" and not analysis.noisy:
        unique = [_curves(results, *group, looks, "unique") for group in _groups(results, "unique")]
    charged = [_curves(results, *group, looks, "budget") for group in _groups(results)]
    seconds = [_curves(results, *group, looks, "seconds") for group in _groups(results, "seconds")]
    blocks: list[Block] = [words, *unique, *charged]
    if results.unit != "cost_seconds":
        blocks += seconds or [
            Paragraph(("Regret against simulated training time is n/a: no task reports training time.",))
        ]
    blocks += [_progress(analysis, looks), _areas(analysis)]
    return Section("anytime", "Anytime performance", tuple(blocks))


def _groups(results: Results, against: Against = "budget") -> list[tuple[str, list[TaskResults]]]:
    """The tasks of each space that have the axis, up to nine per figure."""
    found = []
    for space, places in results.spaces.items():
        tasks = [results.tasks[place] for place in places if results.tasks[place].runs]
        if against != "budget":
            grids = {task.name: task.seconds_grid if against == "seconds" else task.unique_grid for task in tasks}
            tasks = [task for task in tasks if grids[task.name].size > 1]
        pages = [tasks[first : first + 9] for first in range(0, len(tasks), 9)]
        found += [(f"{space}{f'-{page}' if page else ''}", members) for page, members in enumerate(pages)]
    return found


def _curves(
    results: Results, key: str, tasks: list[TaskResults], looks: Mapping[str, Look], against: Against
) -> Figure:
    names = {"budget": "anytime", "unique": "unique", "seconds": "seconds"}
    axes = {"budget": "the budget", "unique": "unique architectures", "seconds": "simulated training time"}
    return Figure(
        f"{names[against]}-{key}",
        f"Validation regret against {axes[against]} on {key}",
        _described(tasks, against),
        ("Median and quartiles over runs; lower is better.",),
        lambda style: anytime(style, results, tasks, looks, against),
        lambda: anytime_data(results, tasks, against),
    )


def _described(tasks: list[TaskResults], against: Against) -> str:
    if against == "unique":
        return (
            "Answers carry no noise, so a repeated query tells nothing: the curves count distinct architectures only, "
            "up to the number that every run of the task saw. The same runs as charged follow."
        )
    if against == "seconds":
        return "The same runs as above against the training time they would have taken."
    ends = [
        f"{task.title}: "
        + ", ".join(f"{label} {number(float(np.median(task.runs[label].regret[:, -1])))}" for label in task.runs)
        for task in tasks
    ]
    return "Median regret at the budget. " + "; ".join(ends) + "."


def _progress(analysis: Analysis, looks: Mapping[str, Look]) -> Figure:
    results = analysis.results
    points = np.unique(np.geomspace(1, len(results.grid), POINTS).round().astype(int)) - 1
    begun = max(_start(results, task) for task in results.tasks)
    each = [analysis.frameworks.averaged_ranks(results.regrets(int(point))) for point in points]
    ranks = Estimate(
        *(
            np.where(points < begun, np.nan, np.stack([getattr(e, part) for e in each], axis=1))
            for part in ("value", "low", "high")
        )
    )
    shares = _shares(analysis, results.grid[points])
    labels = results.labels
    tenth = int(np.argmin(np.abs(np.log(results.grid[points] / (results.limit / 10)))))
    known = all(task.baseline is not None for task in results.tasks)
    first = "one random query" if known else "a first incumbent"
    said = ", ".join(
        f"{label} {number(float(ranks.value[m, tenth]), 1)} then {number(float(ranks.value[m, -1]), 1)}"
        for m, label in enumerate(labels)
    )
    reached = ", ".join(f"{label} {percent(float(shares[m, -1]))}" for m, label in enumerate(labels))
    return Figure(
        "progress",
        "Average rank, and ECDF of runtimes over targets",
        f"Average rank at a tenth of the budget and at its end: {said}. Targets reached at the end: {reached}.",
        (
            "Left: rank of one run among one run of every method, mean over tasks, with 95 % intervals over seeds; "
            f"lower is better{'' if results.unit == 'queries' else SINCE_ALL}. Right: share of run-target pairs reached, mean over tasks; {TARGETS} targets per "
            f"task, log-spaced from the regret of {first} to a thousandth of it, and the optimum.",
        ),
        lambda style: progress(style, results.grid[points], ranks, shares, labels, looks, results.unit),
        lambda: progress_data(results.grid[points], ranks, shares, labels),
    )


def _shares(analysis: Analysis, amounts: Array) -> Array:
    """Methods x amounts: ECDF over targets, mean over the tasks that a method has runs on."""
    results = analysis.results
    total = np.zeros((len(results.labels), len(amounts)))
    number_of = np.zeros(len(results.labels))
    for task in results.tasks:
        targets = _targets(task)
        for method, label in enumerate(results.labels):
            if label in task.runs:
                hits, _ = runtimes(task.runs[label].regret, targets)
                at = np.where(
                    np.isfinite(hits), results.grid[np.minimum(hits, len(results.grid)).astype(int) - 1], np.inf
                )
                total[method] += runtime_ecdf(at, amounts)
                number_of[method] += 1
    return np.where(number_of[:, None] > 0, total / np.maximum(number_of, 1)[:, None], np.nan)


def _targets(task: TaskResults) -> Array:
    baseline = task.random_regret([1])
    first = [regret for runs in task.runs.values() if (regret := _first_regret(runs)) is not None]
    start = float(baseline[0]) if baseline is not None else float(np.mean(first)) if first else 1.0
    return np.append(np.geomspace(start, start / 1000, TARGETS - 1), 1e-9) if start > 0 else np.full(1, 1e-9)


def _first_regret(runs: Runs) -> float | None:
    """The mean regret of the first incumbents of some runs; None where no run ever has one."""
    begun = np.flatnonzero(runs.begins < runs.regret.shape[1])
    return float(runs.regret[begun, runs.begins[begun]].mean()) if begun.size else None


def _areas(analysis: Analysis) -> Table:
    results = analysis.results
    cube = np.full((len(results.labels), len(results.tasks), results.repeats), np.nan)
    for place, task in enumerate(results.tasks):
        start = _start(results, task)
        for method, label in enumerate(results.labels):
            if label in task.runs:
                areas = area_under_curve(task.runs[label].regret[:, start:], results.grid[start:])
                cube[method, place, task.runs[label].numbers - 1] = areas
    means = analysis.estimated(cube)
    rows = []
    for place, task in enumerate(results.tasks):
        column, digits = means.value[:, place], decimals(means.value[:, place])
        least = np.nanmin(column) if np.isfinite(column).any() else np.nan
        cells = [
            Cell(
                f"{number(float(v), digits)} {interval(float(lo), float(hi), digits)}".strip(),
                float(v),
                best=bool(v == least),
            )
            for v, lo, hi in zip(column, means.low[:, place], means.high[:, place], strict=True)
        ]
        rows.append((name(task.title), *cells))
    return Table(
        "areas",
        "Area under the curve: mean regret over the logarithm of the budget",
        (Column("task", "l"), *(Column(label) for label in results.labels)),
        tuple(rows),
        (
            (
                f"Every doubling of the budget weighs the same{'' if results.unit == 'queries' else SINCE}. 95 % intervals "
                "over seeds; the least of each row in bold.",
            ),
        ),
    )


def _start(results: Results, task: TaskResults) -> int:
    """Index on the grid at which the area of a task begins.

    Queries begin at the first. Epochs and seconds have no natural beginning: before every run has an incumbent, areas
    would compare penalties.
    """
    if results.unit == "queries":
        return 0
    begins = np.concatenate([runs.begins for runs in task.runs.values()]) if task.runs else np.zeros(0)
    return int(begins[begins < len(results.grid)].max(initial=0))
