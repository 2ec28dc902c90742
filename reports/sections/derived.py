"""Section: what weight sharing derives while it trains, and whether that gets worse."""

from typing import NamedTuple

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Bullets, Cell, Code, Column, Paragraph, Section, Table, Text
from equipoise.reports.phrases import interval, joined, name, number, plural
from equipoise.reports.results import TaskResults
from equipoise.reports.runs import Derived
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.distributions import t_quantile

__all__ = ["derived_section"]

WORDS: Text = (
    "These methods train shared weights and ask for the architecture that they favour, again and again. The incumbent is "
    "the best of what they asked for; the last of a search, which a practitioner would take, may be worse: gradient-based "
    "search is known to take ever more skip connections (Zela et al. 2020). Listed is where the last is worse than the best "
    "place by more than is practically the same, with 95 % intervals over runs (t).",
)


class _Line(NamedTuple):
    task: TaskResults
    label: str
    found: Derived

    @property
    def means(self) -> Array:
        return np.asarray(self.found.regret.mean(axis=0))


def derived_section(analysis: Analysis) -> Section | None:
    """A table of what was asked for and of what it was made; None where no method trains between its proposals."""
    lines = [
        _Line(task, label, task.derived[label])
        for task in analysis.results.tasks
        for label in analysis.results.labels
        if label in task.derived and task.derived[label].marks
    ]
    if not lines:
        return None
    blocks: list[Block] = [Paragraph(WORDS)]
    rises = [(line, rise) for line in lines if (rise := _rise(line.found)) is not None]
    worse = [_worse(line, rise) for line, rise in rises if rise.value > analysis.rope]
    blocks.append(Bullets(tuple(worse)) if worse else Paragraph(("No method on any task.",)))
    return Section("derived", "What weight sharing derives as it trains", (*blocks, _table(lines)))


class _Rise(NamedTuple):
    """The rise from the best to the last: the mean over runs, its 95 % interval, and the number of runs with a rise."""

    value: float
    low: float
    high: float
    runs: int


def _rise(found: Derived) -> _Rise | None:
    """For each run the best place is chosen on the other runs, so that the choice does not flatter it; None for one run."""
    runs = len(found.regret)
    if runs < 2 or len(found.marks) < 2:
        return None
    others = (found.regret.sum(axis=0) - found.regret) / (runs - 1)
    chosen = np.take_along_axis(found.regret, others.argmin(axis=1)[:, None], axis=1)[:, 0]
    rise = found.regret[:, -1] - chosen
    mean, half = float(rise.mean()), float(t_quantile(0.975, runs - 1) * rise.std(ddof=1) / np.sqrt(runs))
    return _Rise(mean, mean - half, mean + half, int((rise > 0).sum()))


def _worse(line: _Line, rise: _Rise) -> Text:
    means, counts = line.means, line.found.counts
    best = int(means.argmin())
    changed = sorted((float(count[-1] - count[best]), label) for label, count in counts.items())
    moved = [
        f"{label} from {number(float(counts[label][best]), 1)} to {number(float(counts[label][-1]), 1)}"
        for _, label in (changed[:1] + changed[-1:] if len(changed) > 1 else changed)
    ]
    baseline = line.task.random_regret([1])
    drawn = "" if baseline is None else f" (a random architecture: {number(float(baseline[0]), 2)})"
    return (
        Code(line.label), " on ", Code(line.task.name),
        f": from place {line.found.marks[best]} to place {line.found.marks[-1]} the mean regret rises from "
        f"{number(float(means[best]), 2)} to {number(float(means[-1]), 2)} {line.task.unit}{drawn}. With the best place chosen "
        f"on the other runs it rises by {number(rise.value, 2)} {interval(rise.low, rise.high, 2)}, in {rise.runs} of "
        f"{plural(len(line.found.regret), 'run')}.",
        f" What changes most: {joined(moved)}." if moved else "",
    )  # fmt: skip


def _table(lines: list[_Line]) -> Table:
    rows = []
    for line in lines:
        for place, mark in enumerate(line.found.marks):
            of = sorted(((float(c[place]), label) for label, c in line.found.counts.items()), reverse=True)
            made = ", ".join(f"{number(count, 1)} {label}" for count, label in of if count >= 0.05)
            mean = float(line.means[place])
            rows.append(
                (name(line.task.name), name(line.label), Cell(str(mark), mark), Cell(number(mean, 2), mean), Cell(made))
            )
    return Table(
        "derived",
        "Architectures that weight sharing asked for, by their place in the run",
        (Column("task", "l"), Column("method", "l"), Column("place"), Column("mean regret"), Column("made of", "l")),
        tuple(rows),
        (
            (
                "Means over runs; regret in the unit of each task. Made of: how often each label occurs whose number "
                "differs between architectures. After a whole search the next one starts afresh, and the numbering goes on.",
            ),
        ),
    )
