"""Section of the main part: shares of the variance that the factors of a factorial suite explain."""

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Cell, Column, Paragraph, Section, Table, Text
from equipoise.reports.phrases import decimals, interval, joined, number, plural
from equipoise.reports.sections.regrets import KINDS
from equipoise.reports.statistics.arrays import repeat_counts
from equipoise.reports.statistics.factorial import Shares, variance_shares
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["factorial_section"]

LEAST_CELLS = 3
LEAST_REPEATS = 2
FEW_REPEATS = 8
"""Below, the table says that its intervals are rough."""
DIGITS = 1
"""Of shares in per cent."""


def factorial_section(analysis: Analysis) -> Section | None:
    """Shares of the factors, and the mean of each level; None where no method has factors."""
    cells = [m for m in analysis.active.tolist() if analysis.results.methods[m].factors]
    if not cells:
        return None
    blocks: list[Block] = []
    found = {KINDS[kind]: _shares(judged, cells) for kind, judged in analysis.by_kind.items()}
    known = {title: shares for title, shares in found.items() if shares is not None}
    if known:
        words = (
            "Shares of the variance between methods that each choice of their parts explains (R² added by a factor, "
            "averaged over the orders of entry; noise of the means taken off), mean over tasks with 95 % intervals."
        )
        blocks += [Paragraph((words,)), _table(known)]
    else:
        blocks.append(
            Paragraph(
                (
                    f"Shares of variance need {LEAST_CELLS} methods with {LEAST_REPEATS} repeats on a common task, and more "
                    "than noise between them.",
                )
            )
        )
    return Section("factorial", "Which part of a method matters", (*blocks, _levels(analysis, cells)))


def _shares(analysis: Analysis, cells: list[int]) -> tuple[Shares, int] | None:
    """Shares over the tasks on which every cell has repeats and cells differ by more than noise, and their number."""
    values = analysis.values[cells]
    kept = np.flatnonzero((repeat_counts(values) >= LEAST_REPEATS).all(axis=0))
    levels = [analysis.results.methods[m].factors for m in cells]
    varied = [name for name in levels[0] if len({entry[name] for entry in levels}) > 1]
    if len(cells) < LEAST_CELLS or not kept.size or not varied:
        return None
    chosen = [{name: entry[name] for name in varied} for entry in levels]
    shares = variance_shares(values[:, kept], chosen)
    tasks = int(np.isfinite(shares.per_task[0]).sum())
    return (shares, tasks) if tasks else None


def _table(found: dict[str, tuple[Shares, int]]) -> Table:
    parts = {title: _parts(shares) for title, (shares, _) in found.items()}
    rows = []
    for name in next(iter(parts.values())):
        rows.append((Cell(name), *(_percent(each[name]) for each in parts.values())))
    columns = [Column(f"{title} ({plural(tasks, 'task')})") for title, (_, tasks) in found.items()]
    notes = _cautions(min(shares.repeats for shares, _ in found.values()), parts)
    return Table("factorial", "Variance explained, in %", (Column("factor", "l"), *columns), tuple(rows), notes)


def _parts(shares: Shares) -> dict[str, Estimate]:
    """The shares of the factors, of their interactions and of the rest, by name."""
    value, low, high = shares.main.value, shares.main.low, shares.main.high
    main = {name: Estimate(value[m], low[m], high[m]) for m, name in enumerate(shares.factors)}
    return {**main, "interactions of two": shares.pairs, "the rest": shares.rest}


def _cautions(repeats: int, parts: dict[str, dict[str, Estimate]]) -> tuple[Text, ...]:
    """Notes on intervals from few repeats, and on those that miss their own share as shown."""
    notes: list[Text] = []
    if repeats < FEW_REPEATS:
        notes.append(
            (
                f"A method has only {plural(repeats, 'repeat')} on some task: with fewer than {FEW_REPEATS}, intervals of "
                "shares are rough and can miss their own share.",
            )
        )
    missed = [
        f"{name} ({title[:1].lower()}{title[1:]})"
        for title, shares in parts.items()
        for name, share in shares.items()
        if _misses(share)
    ]
    if missed:
        notes.append(
            (
                f"Outside its own interval: {joined(missed)}. Shares are bounded ratios, which resampling shifts: quote "
                "neither the share nor the interval before more repeats are stored.",
            )
        )
    return tuple(notes)


def _misses(share: Estimate) -> bool:
    """Whether the share lies outside its interval in the digits that are shown."""
    value, low, high = (round(part, DIGITS) for part in _shown(share))
    return not low <= value <= high


def _percent(share: Estimate) -> Cell:
    value, low, high = _shown(share)
    return Cell(f"{number(value, DIGITS)} {interval(low, high, DIGITS)}", value)


def _shown(share: Estimate) -> tuple[float, float, float]:
    value, low, high = (100 * min(1.0, max(0.0, float(part))) for part in (share.value, share.low, share.high))
    return value, low, high


def _levels(analysis: Analysis, cells: list[int]) -> Table:
    """Mean regret of the methods of each level, over the tasks that all of the design finished."""
    methods, kinds, rows = analysis.results.methods, [], []
    for kind, judged in analysis.by_kind.items():
        finished = np.asarray((judged.counts[cells] > 0).all(axis=0))
        if finished.any():
            kinds.append((kind, judged.without_tasks(np.logical_not(finished).tolist())))
    for factor in methods[cells[0]].factors:
        for level in dict.fromkeys(methods[m].factors[factor] for m in cells):
            members = [m for m in cells if methods[m].factors[factor] == level]
            shown = [_mean(judged, members) for _, judged in kinds]
            rows.append((Cell(factor), Cell(level), *shown, Cell(str(len(members)), len(members))))
    return Table(
        "factorial-levels",
        f"Mean regret by level, in {analysis.unit}",
        (
            Column("factor", "l"),
            Column("level", "l"),
            *(Column(KINDS[kind]) for kind, _ in kinds),
            Column("methods"),
        ),
        tuple(rows),
        (
            (
                "Means over methods and tasks with 95 % intervals over seeds. Levels of one factor are found with "
                "different levels of the others where the design is not complete: read shares and means together.",
            ),
        ),
    )


def _mean(analysis: Analysis, members: list[int]) -> Cell:
    coefficients = np.zeros(len(analysis.results.labels))
    coefficients[members] = 1 / len(members)
    effect, tasks = analysis.contrast(coefficients)
    if not tasks:
        return Cell("n/a")
    value, low, high = (float(part) for part in (effect.value, effect.low, effect.high))
    digits = decimals([value])
    return Cell(f"{number(value, digits)} {interval(low, high, digits)}", value)
