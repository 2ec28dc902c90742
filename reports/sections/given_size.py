"""Section: regret given size."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Paragraph, Section, Table
from equipoise.reports.phrases import amount, decimals, joined, name, number, percent
from equipoise.reports.results import TaskResults
from equipoise.reports.sections.answer import budget_words

__all__ = ["given_size_section"]


def given_size_section(analysis: Analysis) -> Section | None:
    """A table over tasks, and the bands of each task; None where no task tells the sizes of its networks."""
    tasks = [task for task in analysis.results.tasks if task.sized]
    if not tasks:
        return None
    words = (
        "Where larger networks are better, a method may do well by finding large ones. Here each incumbent is judged among the networks of its size: the space is cut into "
        "bands of equally many architectures by their number of parameters, and regret is measured from the best of the incumbent's own band. "
        "Small regret among all networks with an ordinary place in the band comes from size alone.",
    )
    blocks: list[Block] = [Paragraph(words)]
    groups: dict[tuple[str, str], list[TaskResults]] = {}
    for task in tasks:  # regrets in different units have no mean
        groups.setdefault((task.space, "%" if task.metric.unit == "%" else task.unit), []).append(task)
    keys = [space for space, _ in groups]
    for place, members in enumerate(groups.values()):
        before = keys[:place].count(keys[place])
        table = _methods(analysis, f"{keys[place]}{f'-{before + 1}' if before else ''}", members)
        blocks += [table] if table.rows else []
    blocks.append(_bands(tasks))
    return Section("given-size", "Regret given size", tuple(blocks))


def _methods(analysis: Analysis, key: str, tasks: list[TaskResults]) -> Table:
    found = []
    for label in analysis.results.labels:
        told = [(task, task.sized[label], task.runs[label]) for task in tasks if label in task.sized]
        if len(told) == len(tasks):
            in_all = np.mean([runs.regret[:, -1].mean() for _, _, runs in told])
            inside = np.mean([abs(task.metric.slope) * sized.regret.mean() for task, sized, _ in told])
            better = np.mean([sized.better.mean() for _, sized, _ in told])
            percentile = np.mean([sized.percentile.mean() for _, sized, _ in told])
            found.append((label, float(in_all), float(inside), float(better), float(percentile)))
    digits = decimals([value for _, *values, _, _ in found for value in values])
    rows = tuple(
        (
            name(label),
            Cell(number(in_all, digits), in_all, best=in_all == min(row[1] for row in found)),
            Cell(number(inside, digits), inside, best=inside == min(row[2] for row in found)),
            Cell(percent(better), better),
            Cell(percent(percentile), percentile),
        )
        for label, in_all, inside, better, percentile in found
    )
    columns = (
        Column("method", "l"),
        Column("regret"),
        Column("regret in its band"),
        Column("better in its band"),
        Column("smaller networks"),
    )
    note = (
        "Means over runs, then over tasks, of methods with runs on all of them. Better in its band: the share of the band that has a smaller error. "
        f"Smaller networks: the share of the space below the incumbent's size. Tasks: {joined(task.title for task in tasks)}.",
    )
    unit = tasks[0].unit if len({task.metric.name for task in tasks}) == 1 else "points"
    title = f"{tasks[0].space} at {budget_words(analysis)}: regret of incumbents among all networks, and among those of their size, in {unit}"
    return Table(f"given-size-{key}", title, columns, rows, (note,))


def _bands(tasks: list[TaskResults]) -> Table:
    rows = []
    for task in tasks:
        bands, slope = task.bands, abs(task.metric.slope)
        assert bands is not None
        limits = [bands.sizes[0], *bands.edges.tolist(), bands.sizes[-1]]
        cells = [
            Cell(f"to {amount(float(limit))}: {number(slope * (float(errors[0]) - bands.optimum), 2)}")
            for limit, errors in zip(limits[1:], bands.errors, strict=True)
        ]
        cells += [Cell("")] * (max(len(one.bands.errors) for one in tasks if one.bands) - len(cells))
        rows.append((name(task.title), *cells))
    width = max(len(row) for row in rows) - 1
    columns = (Column("task", "l"), *(Column(f"band {number}", "r") for number in range(1, width + 1)))
    return Table(
        "size-bands",
        "The bands: their largest number of parameters, and the regret of their best network",
        columns,
        tuple(rows),
    )
