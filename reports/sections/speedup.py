"""Section: what methods are worth in queries of random search."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Cell, Column, Paragraph, Section, Table
from equipoise.reports.phrases import amount, interval, name, number
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.speedup import queries_to_level

__all__ = ["geometric_speedups", "speedup_section"]


def speedup_section(analysis: Analysis) -> Section | None:
    """Both tables of speed-up; None where the budget is not in queries or no baseline is known."""
    if not np.isfinite(analysis.random).any():
        return None
    words = Paragraph(
        (
            "Accuracy points are not comparable between tasks; queries are. The random-search baseline "
            "is exact, so only the method's own runs add uncertainty."
            + (" It assumes noise-free queries, so that it understates every method here." if analysis.noisy else ""),
        )
    )
    return Section("speedup", "Speed-up over random search", (words, _equivalents(analysis), _needed(analysis)))


def _geometric(values: Array, spaces: list[list[int]]) -> Array:
    """Geometric means over tasks, spaces weighing the same; NaN for a method that misses a task of them all."""
    with np.errstate(divide="ignore"):
        logs = np.log(values)
    return np.asarray(np.exp(np.mean([logs[:, places].mean(axis=1) for places in spaces], axis=0)))


def _spaces(analysis: Analysis) -> list[list[int]]:
    """The tasks with a baseline on which every method that has any run has some, by space."""
    counts = analysis.counts
    active = counts[counts.sum(axis=1) > 0]
    usable = np.asarray((active > 0).all(axis=0)) & np.isfinite(analysis.random)
    grouped = [[place for place in places if usable[place]] for places in analysis.results.spaces.values()]
    return [places for places in grouped if places]


def geometric_speedups(analysis: Analysis) -> Array | None:
    """methods: geometric mean of the speed-up over random search; None where no task allows it."""
    spaces = _spaces(analysis)
    if not spaces:
        return None
    sizes = np.array([np.nan if task.baseline is None else task.baseline.size for task in analysis.results.tasks])
    return _geometric(np.minimum(analysis.equivalents.value, sizes) / analysis.results.limit, spaces)


def _equivalents(analysis: Analysis) -> Table:
    results, found = analysis.results, analysis.equivalents
    limit = results.limit
    rows = []
    for place, task in enumerate(results.tasks):
        if task.baseline is None:
            continue
        column = found.value[:, place] / limit
        best = np.nanmax(column) if np.isfinite(column).any() else np.nan
        cells = [
            Cell(
                _times(value, low / limit, high / limit, task.baseline.size / limit),
                float(value),
                best=bool(value >= best * (1 - 1e-9)),
            )
            for value, low, high in zip(column, found.low[:, place], found.high[:, place], strict=True)
        ]
        rows.append((name(task.title), *cells))
    means = geometric_speedups(analysis)
    if means is not None:
        rows.append(
            (
                Cell("geometric mean"),
                *(Cell(f"{_short(float(v))}×" if np.isfinite(v) else "n/a", float(v)) for v in means),
            )
        )
    return Table(
        "equivalents",
        "Speed-up: queries that random search needs for the mean regret of a method, in multiples of "
        f"{budget_words(analysis)}",
        (Column("task", "l"), *(Column(label) for label in results.labels)),
        tuple(rows),
        (
            (
                "Above 1×, the method is the faster. 95 % intervals over seeds. “All” is the whole table: the mean "
                "regret, or that end of its interval, is the optimum. Geometric mean: spaces have equal weight, over the "
                "tasks that every method finished.",
            ),
        ),
    )


def _times(value: float, low: float, high: float, everything: float) -> str:
    if np.isnan(value):
        return "n/a"
    if value >= everything * (1 - 1e-9):
        return "all"
    if np.isnan(low) or np.isnan(high):
        return f"{_short(value)}×"
    if np.isinf(low):
        return f"{_short(value)}× {interval(low, high)}"
    return f"{_short(value)}× [{_short(low)}, {'all' if high >= everything * (1 - 1e-9) else _short(high)}]"


def _short(value: float) -> str:
    return number(value, 2 if value < 10 else 1 if value < 100 else 0)


def _needed(analysis: Analysis) -> Table:
    results = analysis.results
    rows, needed = [], np.full((len(results.labels), len(results.tasks)), np.nan)
    for place, task in enumerate(results.tasks):
        if task.baseline is None:
            continue
        cells = []
        for method, label in enumerate(results.labels):
            if label not in task.runs:
                cells.append(Cell("n/a"))
                continue
            curve = task.runs[label].regret.mean(axis=0)
            index = float(queries_to_level(curve, float(analysis.random[place])))
            value = (
                float(np.interp(index, np.arange(1, len(results.grid) + 1), results.grid))
                if np.isfinite(index)
                else index
            )
            needed[method, place] = value
            cells.append(Cell("never" if np.isinf(value) else amount(round(value)), value))
        known = needed[:, place]
        least = np.nanmin(known) if np.isfinite(known).any() else np.nan
        rows.append(
            (name(task.title), *(Cell(c.text, c.value, best=c.value is not None and c.value == least) for c in cells))
        )
    spaces = _spaces(analysis)
    if spaces:
        means = _geometric(needed, spaces)
        texts = ["n/a" if np.isnan(v) else "never" if np.isinf(v) else amount(round(float(v))) for v in means]
        rows.append((Cell("geometric mean"), *(Cell(t, float(v)) for t, v in zip(texts, means, strict=True))))
    return Table(
        "needed",
        f"Queries after which a method matches the mean regret of random search at {budget_words(analysis)}",
        (Column("task", "l"), *(Column(label) for label in results.labels)),
        tuple(rows),
        (("“Never”: not within the budget. The fewest of each row in bold.",),),
    )
