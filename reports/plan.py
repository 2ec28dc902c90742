"""Repeats needed to detect a difference of a given size."""

from pathlib import Path

import numpy as np

from equipoise.harness.core.errors import SuiteError
from equipoise.reports.analysis import Analysis
from equipoise.reports.load import load
from equipoise.reports.phrases import amount, plural
from equipoise.reports.sections.power import family_contrast
from equipoise.reports.statistics.power import plan as plan_all
from equipoise.reports.statistics.power import repeats_needed

__all__ = ["plan"]


def plan(folder: Path, effect: float, power: float = 0.8) -> str:
    """Says how many repeats each comparison needs, from the spread of the runs stored.

    Args:
        folder: A results folder.
        effect: The difference of regret to be found, in the unit of the report (accuracy points for accuracies).
        power: The probability of finding it.

    Returns:
        Lines of text.

    Raises:
        SuiteError: The effect is not positive, or the power not between 0.05 and 1.
        StoreError: The store holds no results.
    """
    if not (np.isfinite(effect) and effect > 0):
        raise SuiteError(f"--effect {effect} is not a positive number (of points of regret)")
    if not 0.05 < power < 1:
        raise SuiteError(f"--power {power} is not between 0.05 and 1")
    analysis = Analysis(load(Path(folder)))
    labels = analysis.results.labels
    lines = [
        f"Repeats for each method and task, so that a true difference of {effect:g} {analysis.unit} is found with a "
        f"power of {power:g} (stored: up to {analysis.results.repeats})"
    ]
    weighted = family_contrast(analysis)
    if weighted is not None:
        lines.append(
            "NAS against HPO, family means overall, at 5 %: "
            f"{_repeats(float(repeats_needed(*weighted, effect, power)))}"
        )
    if len(labels) < 2:
        return "\n".join([*lines, "one method: there is nothing to compare"])
    weights = analysis.space_weights(range(len(analysis.clusters)))
    found = plan_all(analysis.values, effect, power=power, weights=weights)
    assert found.repeats_overall is not None
    assert found.repeats_per_task is not None
    rows, columns = np.triu_indices(len(labels), 1)
    lines.append(f"{plural(len(rows), 'pair')} of methods, each at {found.alpha:.2g} (5 % over all pairs):")
    lines.append(f"{'':<58} {'over all tasks':>14} {'median task':>12} {'hardest task':>13}")
    for i, j in zip(rows, columns, strict=True):
        tasks = found.repeats_per_task[i, j]
        tasks = tasks[~np.isnan(tasks)]
        shown = (
            found.repeats_overall[i, j],
            np.median(tasks) if tasks.size else np.nan,
            tasks.max() if tasks.size else np.nan,
        )
        overall, middle, hardest = (_repeats(float(value)) for value in shown)
        lines.append(f"{f'{labels[i]} - {labels[j]}':<58} {overall:>14} {middle:>12} {hardest:>13}")
    return "\n".join(lines)


def _repeats(value: float) -> str:
    return amount(np.ceil(value)) if np.isfinite(value) else "n/a" if np.isnan(value) else "> 10,000,000"
