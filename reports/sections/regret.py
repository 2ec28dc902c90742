"""Section: what each method reached on each task."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Cell, Column, Paragraph, Section, Table, Text
from equipoise.reports.phrases import amount, decimals, interval, name, number, percent
from equipoise.reports.results import TaskResults
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.statistics.runtime import expected_running_time, runtimes

__all__ = ["regret_section"]

AT_OPTIMUM = 1e-9
"""A regret up to this much, in the shown unit, counts as the optimum: rounding of a difference of floats."""

ROUNDED = 9
"""Digits behind the point of a running time: a whole one stays whole through its sums of floats."""


def regret_section(analysis: Analysis) -> Section:
    """An overview, then the tables of each task."""
    results = analysis.results
    parts = []
    for place, task in enumerate(results.tasks):
        if not task.runs:
            text = f"No run is stored. {task.caveat}".strip()
            parts.append(Section(_key(task), task.title, (Paragraph((text,), "caution"),)))
            continue
        blocks = [Paragraph((_sentence(f"On this task {task.caveat}"),), "caution")] if task.caveat else []
        tables = (_budget(analysis, place), _checkpoints(analysis, place), _running_times(analysis, task))
        parts.append(Section(_key(task), task.title, (*blocks, *(table for table in tables if table is not None))))
    words = Paragraph(
        (
            "Regret is the expected (noise-free) validation error of the incumbent minus the optimum of the table. The "
            "incumbent is chosen by what the run observed on validation, at the highest fidelity it used, within the "
            "budget. Test errors are looked up for incumbents only, and only where the source has a separate test "
            "split. A run that ended early keeps its last incumbent; a run without a valid proposal gets the "
            "task's penalty; a run that failed is missing and never replaced by a number.",
        )
    )
    return Section("regret", "Task by task", (words, _overview(analysis)), tuple(parts))


def _key(task: TaskResults) -> str:
    return f"task-{task.name.replace('/', '-')}"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _overview(analysis: Analysis) -> Table:
    means = analysis.regret_means.value
    rows = []
    for place, task in enumerate(analysis.results.tasks):
        digits = decimals(means[:, place])
        cells = [
            Cell(
                number(float(value), digits),
                float(value),
                best=bool(analysis.frameworks.marks.best[place] == method),
                tied=bool(
                    analysis.frameworks.marks.indistinguishable[method, place]
                    and analysis.frameworks.marks.best[place] != method
                ),
            )
            for method, value in enumerate(means[:, place])
        ]
        rows.append(
            (
                name(task.title),
                *cells,
                Cell(number(float(analysis.random[place]), digits), float(analysis.random[place])),
            )
        )
    ranks = analysis.frameworks.ranks.value
    least = _least(ranks)
    rows.append(
        (Cell("average rank"), *(Cell(number(float(r), 2), float(r), best=bool(r == least)) for r in ranks), Cell(""))
    )
    return Table(
        "overview",
        f"Mean validation regret at {budget_words(analysis)}, in the unit of each task",
        (Column("task", "l"), *(Column(label) for label in analysis.results.labels), Column(analysis.exact_random)),
        tuple(rows),
        ((*MARKS, AVERAGE_RANK),),
    )


MARKS: Text = (
    "Bold: the least mean. †: not significantly different from it (two-sided Mann-Whitney over runs, Holm over all pairs of the "
    "task, 5 %).",
)
AVERAGE_RANK = " Average rank: of one run among one run of every method, over the tasks that every method finished."


def _budget(analysis: Analysis, place: int) -> Table:
    results, task = analysis.results, analysis.results.tasks[place]
    values, ends = analysis.regret_means, analysis.frameworks.marks
    tests = _estimates(analysis, place, test=True)[-1]
    digits = decimals(values.value[:, place])
    test_digits = decimals(tests.value)
    rows = []
    for method, label in enumerate(results.labels):
        if label not in task.runs:
            rows.append((name(label), *(Cell("n/a") for _ in range(5))))
            continue
        runs = task.runs[label].regret[:, -1]
        low, middle, high = (float(q) for q in np.quantile(runs, [0.25, 0.5, 0.75]))
        share = float((runs <= AT_OPTIMUM).mean()) if task.exact else np.nan
        rows.append(
            (
                name(label),
                _cell(
                    values,
                    (method, place),
                    digits,
                    bool(ends.best[place] == method),
                    bool(ends.indistinguishable[method, place]),
                ),
                Cell(f"{number(middle, digits)} {interval(low, high, digits)}", middle),
                Cell(percent(share), share),
                _cell(tests, method, test_digits),
                Cell(f"{len(runs):,}", float(len(runs))),
            )
        )
    if task.baseline is not None and results.unit == "queries":
        rows.append(_exact_row(analysis, task, digits, test_digits))
    notes: list[Text] = [MARKS] if len(results.labels) > 1 else []
    if task.has_test:
        floor = _test_floor(task)
        said = (
            ""
            if np.isnan(floor)
            else f" The architecture of least validation error has a test regret of {number(floor, test_digits)}."
        )
        notes.append((f"Test regret is measured from the least test error in the table.{said}",))
    else:
        notes.append(("Test is n/a: this source has no separate test split, or its data is not at hand.",))
    return Table(
        f"budget-{task.name.replace('/', '-')}",
        f"{task.title} at {budget_words(analysis)}: regret in {task.unit}",
        (
            Column("method", "l"),
            Column("validation, mean [95 %]"),
            Column("median [quartiles]"),
            Column("runs at the optimum"),
            Column("test, mean [95 %]"),
            Column("runs"),
        ),
        tuple(rows),
        tuple(notes),
    )


def _exact_row(analysis: Analysis, task: TaskResults, digits: int, test_digits: int) -> tuple[Cell, ...]:
    baseline, limit = task.baseline, int(analysis.results.limit)
    assert baseline is not None
    scale = abs(task.metric.slope)
    quartiles = [scale * (float(baseline.quantile(level, limit)) - task.reference) for level in (0.25, 0.5, 0.75)]
    test = np.nan
    if task.test_values is not None:
        test = scale * (float(baseline.mean_of(task.test_values, limit)) - task.test_optimum)
    mean, share = float(baseline.mean(limit)), float(baseline.probability_of_optimum(limit))
    regret = scale * (mean - task.reference)
    return (
        Cell(analysis.exact_random),
        Cell(number(regret, digits), regret),
        Cell(f"{number(quartiles[1], digits)} {interval(quartiles[0], quartiles[2], digits)}", quartiles[1]),
        Cell(percent(share), share),
        Cell(number(test, test_digits), test),
        Cell("∞"),
    )


def _test_floor(task: TaskResults) -> float:
    """Test regret of the architecture of least validation error; the mean over those that tie."""
    if task.baseline is None or task.test_values is None:
        return float("nan")
    everything = task.baseline.mean_of(task.test_values, task.baseline.size)
    return float(abs(task.metric.slope) * (float(everything) - task.test_optimum))


def _estimates(analysis: Analysis, place: int, test: bool) -> list[Estimate]:
    """Means of all methods at each checkpoint."""
    found = analysis.tests_at_checkpoints if test else analysis.at_checkpoints
    return [Estimate(each.value[:, place], each.low[:, place], each.high[:, place]) for each in found]


def _checkpoints(analysis: Analysis, place: int) -> Table | None:
    results, task = analysis.results, analysis.results.tasks[place]
    earlier = results.checkpoints[:-1]
    if not earlier:
        return None
    points = results.grid[list(earlier)]
    shown = [("validation", _estimates(analysis, place, test=False)[:-1])]
    if task.has_test:
        shown.append(("test", _estimates(analysis, place, test=True)[:-1]))
    rows = []
    for method, label in enumerate(results.labels):
        cells = []
        for _, estimates in shown:
            digits = decimals([e.value for e in estimates])
            cells += [_cell(e, method, digits, bool(e.value[method] == _least(e.value))) for e in estimates]
        rows.append((name(label), *cells))
    if task.baseline is not None and results.unit == "queries":
        rows.append((Cell(analysis.exact_random), *_exact_checkpoints(task, points, shown)))
    unit = "queries" if results.unit == "queries" else results.unit.replace("cost_", "simulated ")
    return Table(
        f"checkpoints-{task.name.replace('/', '-')}",
        f"{task.title} earlier in the search: mean regret in {task.unit}",
        (Column("method", "l"), *(Column(f"{amount(p)} {unit}", "r", side) for side, _ in shown for p in points)),
        tuple(rows),
        (("Means with 95 % intervals over seeds; the least mean of each column in bold.",),),
    )


def _least(values: Array) -> float:
    """The least value that is known; NaN where none is: under epochs and seconds, a run may have no incumbent yet."""
    return float(np.nanmin(values)) if np.isfinite(values).any() else np.nan


def _exact_checkpoints(task: TaskResults, points: Array, shown: list[tuple[str, list[Estimate]]]) -> list[Cell]:
    assert task.baseline is not None
    queries = points.astype(np.int64)
    scale, cells = abs(task.metric.slope), []
    for side, estimates in shown:
        digits = decimals([e.value for e in estimates])
        values = scale * (task.baseline.mean(queries) - task.reference)
        if side == "test":
            values = np.full(len(points), np.nan)
            if task.test_values is not None:
                values = scale * (task.baseline.mean_of(task.test_values, queries) - task.test_optimum)
        cells += [Cell(number(value, digits), value) for value in values.tolist()]
    return cells


def _running_times(analysis: Analysis, task: TaskResults) -> Table | None:
    """Expected running time to what random search reaches at the checkpoints, and to the optimum."""
    results = analysis.results
    if task.baseline is None or results.unit != "queries":
        return None
    points = results.grid[list(results.checkpoints)]
    baseline = task.random_regret(points)
    assert baseline is not None
    targets = np.append(baseline, AT_OPTIMUM)
    rows = []

    def cells(times: Array, shares: Array) -> list[Cell]:
        return [
            Cell(
                "never" if np.isinf(t) else f"{amount(round(float(t), ROUNDED))} ({percent(float(s))})",
                float(t),
            )
            for t, s in zip(times, shares, strict=True)
        ]

    for label in results.labels:
        if label not in task.runs:
            continue
        runs = task.runs[label]
        hits, _ = runtimes(runs.regret, targets)
        found = np.where(np.isfinite(hits), results.grid[np.minimum(hits, len(results.grid)).astype(int) - 1], np.inf)
        rows.append((name(label), *cells(*expected_running_time(found, np.minimum(runs.spent.charge, results.limit)))))
    errors = task.reference + targets / abs(task.metric.slope)
    exact = np.array([task.baseline.running_time(float(error), int(results.limit)) for error in errors])
    rows.append((Cell(analysis.exact_random), *cells(*exact.T)))
    return Table(
        f"ert-{task.name.replace('/', '-')}",
        f"{task.title}: expected running time in queries to a target regret, and the share of runs that reach it",
        (
            Column("method", "l"),
            *(
                Column(f"random search at {amount(p)}: {number(v, decimals(baseline))}", "r")
                for p, v in zip(points, baseline.tolist(), strict=True)
            ),
            Column("the optimum"),
        ),
        tuple(rows),
        (
            (
                "Targets are what random search reaches on average at the checkpoints. Queries of all runs over the "
                "number of successful ones: the expected cost if failed runs are restarted.",
            ),
        ),
    )


def _cell(
    estimate: Estimate, where: int | tuple[int, int], digits: int, best: bool = False, close: bool = False
) -> Cell:
    value, low, high = (float(part[where]) for part in (estimate.value, estimate.low, estimate.high))
    return Cell(
        f"{number(value, digits)} {interval(low, high, digits)}".strip(), value, best=best, tied=close and not best
    )
