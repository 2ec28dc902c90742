"""Section: what was spent."""

import warnings

import numpy as np

from reports.document import Cell, Column, Paragraph, Section, Table
from reports.results import Results
from reports.words import amount, name

__all__ = ["spent_section"]

COUNTS = (
    ("proposals", "proposals"),
    ("unique", "unique"),
    ("classes", "networks"),
    ("duplicates", "duplicates"),
    ("invalid", "invalid"),
    ("cost_seconds", "simulated s"),
    ("overhead_seconds", "overhead s"),
)


def spent_section(results: Results) -> Section:
    """Counts of every method, and what failed or ended early."""
    return Section("spent", "What was spent", (Paragraph((_missing(results),)), _table(results)))


def _table(results: Results) -> Table:
    cubes = {key: results.spent(key) for key, _ in COUNTS}
    early = results.spent("ended")
    rows = []
    for place, label in enumerate(results.labels):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a method without runs
            means = [float(np.nanmean(cubes[key][place])) for key, _ in COUNTS]
        ended, failed = float(np.nansum(early[place])), sum(f["method"] == label for f in results.failures)
        rows.append((name(label), *(Cell(amount(v), v) for v in (*means, ended, float(failed)))))
    return Table(
        "spent",
        "What a run spent, mean over all tasks and runs",
        (
            Column("method", "l"),
            *(Column(title) for _, title in COUNTS),
            Column("ended early"),
            Column("failed"),
        ),
        tuple(rows),
        (
            (
                "Unique: architectures as the benchmark tells them apart. Networks: classes of architectures that "
                "compute the same. Simulated seconds: over the tasks that tell training time. Overhead: the method's "
                "own time, measured. Ended early and failed: numbers of runs.",
            ),
        ),
    )


def _missing(results: Results) -> str:
    cube = results.regrets()
    planned = sum(results.planned.values())
    stored = int(np.isfinite(cube).sum())
    return f"{stored:,} of {planned:,} planned runs are stored; {len(results.failures):,} failed."
