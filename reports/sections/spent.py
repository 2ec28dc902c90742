"""Section: what was spent, what is missing, and whether another way to count changes a ranking."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Bullets, Cell, Code, Column, Paragraph, Section, Table, Text
from equipoise.reports.phrases import amount, interval, name, number, plural
from equipoise.reports.results import Results
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["spent_section", "unique_overall"]

COUNTS = (
    ("proposals", "proposals"),
    ("own_trainings", "own training"),
    ("unique", "unique architectures"),
    ("classes", "unique networks"),
    ("duplicates", "duplicates"),
    ("invalid", "invalid"),
    ("cost_seconds", "simulated training time [s]"),
    ("overhead_seconds", "overhead [s]"),
)
UNITS = {
    "unique": "unique architectures",
    "classes": "unique networks",
    "seconds": "simulated training time",
    "epochs": "epochs of training",
    "seconds_and_overhead": "simulated training time and overhead",
}
OWN_TRAINING: Text = (
    "Own training: what a weight-sharing method trained itself, in trainings of a mean architecture on the images it "
    "searched on. It was charged to the budget beside the proposals, its simulated training time is counted with theirs, and "
    "it counts wherever the budget is counted in another way. Its overhead is mostly this training, really done.",
)
LISTED = 10


def spent_section(analysis: Analysis) -> Section:
    """Counts of every method, what failed or ended early, and rankings under other counts."""
    results = analysis.results
    blocks: list[Block] = [_totals(results), *_missing(analysis)]
    return Section(
        "spent",
        "Resources used",
        tuple(blocks),
        (Section("recount", "Counting the budget in other ways", tuple(_recount(analysis))),),
    )


def _totals(results: Results) -> Table:
    cubes = {key: results.spent(key) for key, _ in COUNTS}
    trained = bool(np.nansum(cubes["own_trainings"]))
    counts = [count for count in COUNTS if trained or count[0] != "own_trainings"]
    early, short = results.spent("ended"), results.spent("unspent")
    rows = []
    for place, label in enumerate(results.labels):
        means = [_mean(cubes[key][place]) for key, _ in counts]
        ended = float(np.nansum(early[place]))
        failed = float(sum(f["method"] == label for f in results.failures))
        lost = _mean(short[place][early[place] > 0]) if ended else 0.0
        rows.append((name(label), *(Cell(amount(v), v) for v in (*means, ended, lost, failed))))
    return Table(
        "spent",
        "Resources per run: means over all tasks and runs",
        (
            Column("method", "l"),
            *(Column(title) for _, title in counts),
            Column("runs ended early"),
            Column("their mean unspent budget"),
            Column("runs failed"),
        ),
        tuple(rows),
        (
            (
                "Unique architectures: as the benchmark tells them apart. Unique networks: classes of architectures "
                "that compute the same function (isomorphism as each space defines it). Simulated training time: over the tasks "
                "that report it. Overhead: the method's own time, measured on the machine under Provenance.",
            ),
            *([OWN_TRAINING] if trained else []),
        ),
    )


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _missing(analysis: Analysis) -> list[Block]:
    results = analysis.results
    counts = analysis.counts
    planned, stored = sum(results.planned.values()), int(counts.sum())
    head = (
        f"{stored:,} of {planned:,} planned runs are stored. A failed or missing run is left out, never imputed: means "
        "use the runs that are stored, and statistics over tasks the tasks that every method (or both of a pair) "
        "finished. Tasks left out of a statistic are counted beside it. A run that is stored and has no valid proposal "
        "counts with the penalty of its task, by every kind of regret."
    )
    points: list[Text] = []
    for (label, task), wanted in results.planned.items():
        places = (
            (results.labels.index(label), [t.name for t in results.tasks].index(task))
            if label in results.labels
            else None
        )
        there = int(counts[places]) if places else 0
        if there < wanted:
            points.append((Code(label), " on ", Code(task), f": {there} of {plural(wanted, 'run')}"))
    blocks: list[Block] = [Paragraph((head,))]
    blocks += _listed("Missing", points)
    errors = Counter((str(f["method"]), str(f["error"])) for f in results.failures)
    blocks += _listed(
        "Failures", [(Code(method), f": {error} ({plural(n, 'run')})") for (method, error), n in errors.items()]
    )
    left_out = results.manifest.get("left_out", ())
    blocks += _listed(
        "Not applicable (skipped)", [(Code(e["method"]), " on ", Code(e["task"]), f": {e['reason']}") for e in left_out]
    )
    unequal = [len(set(column[column > 0].tolist())) > 1 for column in counts.T]
    if any(unequal):
        blocks.append(
            Paragraph(
                (
                    f"Repeats are unequal on {plural(sum(unequal), 'task')}: intervals are as wide as each method's "
                    "own number of runs makes them.",
                )
            )
        )
    return blocks


def _listed(title: str, points: Sequence[Text]) -> list[Block]:
    if not points:
        return []
    shown = list(points[:LISTED])
    if len(points) > LISTED:
        shown.append((f"and {len(points) - LISTED} more",))
    return [Paragraph((f"{title}:",)), Bullets(tuple(shown))]


def _recount(analysis: Analysis) -> list[Block]:
    results = analysis.results
    found: dict[str, tuple[Estimate, Estimate, int]] = {}
    for unit in UNITS:
        places = [place for place, task in enumerate(results.tasks) if unit in task.recounts]
        if places:
            recounted = analysis.frameworks.averaged_ranks(_cube(results, unit, places))
            found[unit] = (analysis.frameworks.averaged_ranks(analysis.regrets[:, places]), recounted, len(places))
    words: Text = (
        "Each task is compared again at the largest amount of another unit that all of its runs reached, so that no "
        "run is short: for example, all at the number of unique architectures that the most repetitive run saw. "
        "Ranks are of one run among one run of every method, 1 is best, with 95 % intervals over seeds. Where trainings "
        "are of different lengths, architectures are no unit, and their number is no other way to count.",
    )
    if not found:
        return [Paragraph(("n/a: no other count is known on any task.",))]
    changes = [point for unit, (before, after, _) in found.items() for point in _changes(results, unit, before, after)]
    verdict: Block = (
        Bullets(tuple(changes))
        if changes
        else Paragraph(("No order of two methods changes in a way that the intervals of both rankings support.",))
    )
    return [Paragraph(words), _ranking(analysis, found), verdict]


def _cube(results: Results, unit: str, places: Sequence[int]) -> Array:
    cube = np.full((len(results.labels), len(places), results.repeats), np.nan)
    for column, place in enumerate(places):
        task = results.tasks[place]
        for method, label in enumerate(results.labels):
            if label in task.runs:
                cube[method, column, task.runs[label].numbers - 1] = task.recounts[unit].regret[label]
    return cube


def unique_overall(analysis: Analysis) -> Estimate | None:
    """methods: mean regret at equal numbers of unique architectures; None under noise, or where no task tells."""
    places = [place for place, task in enumerate(analysis.results.tasks) if "unique" in task.recounts]
    if analysis.noisy or not analysis.one_unit or not places:
        return None
    cube = np.full(analysis.regrets.shape, np.nan)
    cube[:, places] = _cube(analysis.results, "unique", places)
    return analysis.overall(cube)


def _ranking(analysis: Analysis, found: dict[str, tuple[Estimate, Estimate, int]]) -> Table:
    results = analysis.results
    columns, rows = [Column("method", "l"), Column(f"at {budget_words(analysis)}", "r", "all tasks")], []
    for unit, (_, _, tasks) in found.items():
        over = plural(tasks, "task")
        columns += [
            Column("as budgeted", "r", f"{UNITS[unit]} ({over})"),
            Column("recounted", "r", f"{UNITS[unit]} ({over})"),
        ]
    for method, label in enumerate(results.labels):
        cells = [_rank(analysis.frameworks.ranks, method)]
        for before, after, _ in found.values():
            cells += [_rank(before, method), _rank(after, method)]
        rows.append((name(label), *cells))
    limits = []
    for unit in found:
        amounts = [task.recounts[unit].limit for task in results.tasks if unit in task.recounts]
        limits.append(f"{UNITS[unit]} {' to '.join(dict.fromkeys((amount(min(amounts)), amount(max(amounts)))))}")
    return Table(
        "recount",
        "Average ranks when the budget is counted in another way",
        tuple(columns),
        tuple(rows),
        ((f"Amounts at which the tasks are compared: {'; '.join(limits)}.",),),
    )


def _rank(estimate: Estimate, method: int) -> Cell:
    value, low, high = (float(part[method]) for part in (estimate.value, estimate.low, estimate.high))
    return Cell(f"{number(value, 2)} {interval(low, high, 2)}".strip(), value)


def _changes(results: Results, unit: str, before: Estimate, after: Estimate) -> list[Text]:
    """Pairs whose order turns round, said only where both orders are clear of the other method's interval."""
    points: list[Text] = []
    for i, first in enumerate(results.labels):
        for j, second in enumerate(results.labels):
            if _clearly(before, i, j) and _clearly(after, j, i):
                points.append(
                    (
                        f"Counted in {UNITS[unit]}, ", Code(second), " is ahead of ", Code(first),
                        f": average ranks {number(float(after.value[j]), 2)} and "
                        f"{number(float(after.value[i]), 2)}, against "
                        f"{number(float(before.value[j]), 2)} and {number(float(before.value[i]), 2)} as budgeted.",
                    )
                )  # fmt: skip
    return points


def _clearly(ranks: Estimate, ahead: int, behind: int) -> bool:
    return bool(ranks.high[ahead] < ranks.low[behind])
