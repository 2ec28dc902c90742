"""Section: how regret falls as the budget is spent."""

from collections.abc import Mapping

import numpy as np

from reports.document import Figure, Paragraph, Section
from reports.figures.anytime import anytime
from reports.figures.style import Look
from reports.results import Results, TaskResults
from reports.words import number

__all__ = ["anytime_section"]


def anytime_section(results: Results, looks: Mapping[str, Look]) -> Section:
    """Curves of every task, one figure a search space."""
    figures = []
    for space, places in results.spaces.items():
        tasks = [results.tasks[place] for place in places if results.tasks[place].runs]
        if tasks:
            figures.append(_figure(results, space, tasks, looks))
    words = Paragraph(
        (
            "Lines are medians over runs, bands the quartiles, both axes logarithmic; a regret of zero, the optimum, "
            "is drawn at the bottom. The thin line is the exact expectation of random search without replacement: it "
            "is computed from the table and has no sampling noise.",
        )
    )
    return Section("anytime", "Anytime performance", (words, *figures))


def _figure(results: Results, space: str, tasks: list[TaskResults], looks: Mapping[str, Look]) -> Figure:
    ends = [
        f"{task.name}: "
        + ", ".join(f"{label} {number(float(np.median(task.runs[label].regret[:, -1])))}" for label in task.runs)
        for task in tasks
    ]
    return Figure(
        f"anytime-{space}",
        f"Validation regret against the budget on {space}",
        "Median regret at the budget. " + "; ".join(ends) + ".",
        ("Median and quartiles over runs; lower is better.",),
        lambda: anytime(results, tasks, looks),
    )
