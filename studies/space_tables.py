"""One table per space: each method's regret by validation, test and held-out seeds, at every budget of the runs.

Run ``python studies/space_tables.py FOLDER [FOLDER ...] > tables.md``. The folders hold stored results, for example
of ``equipoise run embedded`` and ``equipoise run held_out_seeds``; the table of a space joins what they tell of it:
runs whose seeds are split tell the regret by held-out seeds, all others those by validation and test error. A figure
is the mean over the tasks of the space with its 95 % interval over seeds. A surrogate has a table of its own, which
tells how well it ranks what it was not fitted to. A method that did not run on all tasks of a table is not in it; one
that was tuned on some of them is marked with a star.

With ``--against METHOD`` the figures are differences from that method over seeds, below zero where the row is better.
With ``--without TASK``, which may be repeated, tables leave a task out.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.judged_regrets import Kind
from equipoise.reports.load import load
from equipoise.reports.results import Results, TaskResults

KINDS: tuple[Kind, ...] = ("validation", "test", "held-out seeds")
SPLIT = "split"

Key = tuple[Kind, float]
Column = dict[str, str]


def spaces_of(results: Results, without: Sequence[str] = ()) -> dict[str, list[Results]]:
    """The results on the tasks of each space, or of each surrogate, one per budget, ascending."""
    groups: dict[str, list[int]] = {}
    for place, task in enumerate(results.tasks):
        if task.name not in without:
            groups.setdefault(_heading(results, task), []).append(place)
    return {
        heading: [
            replace(one, tasks=tuple(one.tasks[place] for place in places), smaller=(), objectives=None)
            for one in (*results.smaller, results)
        ]
        for heading, places in groups.items()
    }


def _heading(results: Results, task: TaskResults) -> str:
    entry = results.manifest["tasks"].get(task.name, {})
    if not entry.get("surrogate"):
        return task.space
    scores = entry.get("held_out")
    fit = f"held-out Kendall tau {scores[-1]['kendall_tau']:.2f}" if scores else "its fit is not stated"
    return f"{task.space}: surrogate {task.title} ({fit})"


def columns_of(each: Sequence[Results], against: str | None = None) -> dict[Key, Column]:
    """Of each kind of regret and budget, a method's mean and interval in words; or those of its differences."""
    found: dict[Key, Column] = {}
    for results in each:
        split = results.manifest["suite"]["protocol"].get("seeds") == SPLIT
        for kind in KINDS[2:] if split else KINDS[:2]:
            analysis = Analysis(results, kind)
            there = int(np.isfinite(analysis.regrets).any(axis=(0, 2)).sum())
            column: Column = {}
            weights = np.eye(len(results.labels))
            if against is not None:
                weights = weights - weights[results.labels.index(against)]
            for method in analysis.active.tolist():
                if results.labels[method] == against:
                    continue
                mean, tasks = analysis.contrast(weights[method])
                if tasks == there:
                    value, low, high = map(float, (mean.value, mean.low, mean.high))
                    column[results.labels[method]] = _shown(value, low if against else max(low, 0.0), high)
            if column:
                found[kind, results.limit] = column
    return found


def _shown(value: float, low: float, high: float) -> str:
    digits = 2 if abs(value) >= 0.1 else 3
    if np.isnan(low):
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def repeats_of(each: Sequence[Results]) -> dict[str, str]:
    """The fewest and most repeats of each method over tasks and budgets."""
    said: dict[str, str] = {}
    tables = [Analysis(results).counts for results in each]
    for method, label in enumerate(each[-1].labels):
        counts = {int(count) for table in tables for count in table[method] if count}
        if counts:
            said[label] = str(max(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    return said


def marked(results: Results, label: str) -> str:
    """The label, with a mark where the method was tuned on a task of these."""
    (method,) = (method for method in results.methods if method.label == label)
    tuned = any(method.tuned(task.name) for task in results.tasks)
    return f"`{label}`{' *' if tuned else ''}"


def table(space: str, parts: Sequence[Sequence[Results]], against: str | None = None) -> str:
    """The Markdown table of one space, methods in the order of the last column of the first kind.

    Raises:
        ValueError: Two of the parts have a method under one label at different settings.
    """
    columns: dict[Key, Column] = {}
    settings: dict[str, str] = {}
    counts: list[dict[str, str]] = []
    names: dict[str, str] = {}
    for each in parts:
        for key, column in columns_of(each, against).items():
            columns[key] = {**column, **columns.get(key, {})}
        counts.append(repeats_of(each))
        for method in each[-1].methods:
            if settings.setdefault(method.label, str(method.settings)) != str(method.settings):
                raise ValueError(
                    f"{space}: {method.label} ran with {method.settings} and with {settings[method.label]}; "
                    "give one of them a label of its own"
                )
        names |= {label: marked(each[-1], label) for label in each[-1].labels if label not in names}
    keys = sorted(columns, key=lambda key: (KINDS.index(key[0]), key[1]))
    last = max((key for key in keys if key[0] == keys[0][0]), key=lambda key: key[1])
    order = sorted(columns[last], key=lambda label: float(columns[last][label].split()[0]))
    compared = f", minus `{against}`" if against else ""
    lines = [
        f"## {space}, in {Analysis(parts[0][-1]).unit}{compared}",
        "",
        "| method | " + " | ".join(f"{kind}, {limit:g}" for kind, limit in keys) + " | repeats |",
        "|---" * (len(keys) + 2) + "|",
    ]
    for label in order:
        repeats = "; ".join(dict.fromkeys(count[label] for count in counts if label in count))
        cells = [columns[key].get(label, "") for key in keys]
        lines.append(f"| {names[label]} | " + " | ".join(cells) + f" | {repeats} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the tables of the folders that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--against", metavar="METHOD")
    parser.add_argument("--without", action="append", default=[], metavar="TASK")
    chosen = parser.parse_args()
    split = [spaces_of(load(folder), chosen.without) for folder in chosen.folders]
    for space in dict.fromkeys(space for spaces in split for space in spaces):
        parts = [spaces[space] for spaces in split if space in spaces]
        if chosen.against is not None:
            parts = [each for each in parts if chosen.against in each[-1].labels]
        if parts:
            print(table(space, parts, chosen.against), end="\n\n")


if __name__ == "__main__":
    main()
