"""Section: the best-practice list of Lindauer and Hutter, answered as far as a manifest can answer it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Cell, Column, Paragraph, Section, Table
from equipoise.reports.phrases import joined, plural
from equipoise.reports.results import Results

__all__ = ["checklist_section"]

OPEN = "☐ open"


class Item(NamedTuple):
    """One practice: what is asked, and how a store answers: yes, no, or nothing (open), with the evidence."""

    asked: str
    answer: Callable[[Results], tuple[bool | None, str]]


def checklist_section(analysis: Analysis) -> Section:
    """The list with its answers."""
    results = analysis.results
    rows, open_items = [], 0
    for group, items in ITEMS.items():
        for item in items:
            met, evidence = item.answer(results)
            open_items += met is None
            rows.append(
                (
                    Cell(group),
                    Cell(item.asked),
                    Cell(OPEN if met is None else "✓ yes" if met else "✗ no"),
                    Cell(evidence),
                )
            )
    words = Paragraph(
        (
            f"Lindauer and Hutter, Best Practices for Scientific Research on Neural Architecture Search, JMLR 2020. "
            f"{plural(open_items, 'item')} cannot be answered from the manifest and "
            f"{'is' if open_items == 1 else 'are'} "
            "left open for the author.",
        )
    )
    columns = (Column("concerns", "l"), Column("practice", "l"), Column("met", "l"), Column("evidence", "l"))
    return Section(
        "checklist", "Checklist", (words, Table("checklist", "Best practices for NAS research", columns, tuple(rows)))
    )


def _training_code(results: Results) -> tuple[bool | None, str]:
    return None, "The tasks answer from stored or real trainings; name the code that trained them: " + _sources(results)


def _sources(results: Results) -> str:
    return joined(dict.fromkeys(task.own_title or task.name.partition("/")[0] for task in results.tasks))


def _space(results: Results) -> tuple[bool | None, str]:
    return True, f"Spaces {joined(results.spaces)}: one file each in harness/spaces."


def _methods_code(results: Results) -> tuple[bool | None, str]:
    foreign = [method.label for method in results.methods if ":" in method.name or method.name.endswith(".py")]
    if foreign:
        return None, f"{joined(foreign)} come from outside Equipoise: release their code."
    return True, "Every method is one file (or package) in methods/."


def _settings(_: Results) -> tuple[bool | None, str]:
    return True, "All settings in force are listed under Provenance."


def _seeds(results: Results) -> tuple[bool | None, str]:
    seed = results.manifest["suite"]["protocol"]["seed"]
    return True, f"Suite seed {seed}; every run derives its own by task, method and repeat."


def _same_data(results: Results) -> tuple[bool | None, str]:
    digests = [results.manifest["tasks"].get(task.name, {}).get("digest") for task in results.tasks]
    missing = sum(not digest for digest in digests)
    return (
        missing == 0 or None
    ), f"One table per task for all methods; {plural(len(digests) - missing, 'data digest')} recorded."


def _same_budget(results: Results) -> tuple[bool | None, str]:
    short = sum(float(r.spent.ended.sum()) for task in results.tasks for r in task.runs.values())
    said = "" if not short else f"; {plural(int(short), 'run')} ended early and {'is' if short == 1 else 'are'} flagged"
    return True, f"One ledger charges every method by the same rules{said}."


def _confounders(results: Results) -> tuple[bool | None, str]:
    if here := _trained_here(results):
        return None, f"Networks of {joined(here)} were trained where the suite ran: errors and seconds depend on that."
    tables = "Errors come from tables, so hardware does not enter them; overhead was measured on "
    if len(results.machines) == 1 and not results.manifest.get("beside"):
        return True, f"{tables}one machine."
    return None, f"{tables}{'several machines' if results.machines else 'a machine that is not recorded'}."


def _trained_here(results: Results) -> list[str]:
    return [task.name for task in results.tasks if results.manifest["tasks"].get(task.name, {}).get("measured_cost")]


def _ablations(results: Results) -> tuple[bool | None, str]:
    stored = {label for task in results.tasks for label in task.runs}
    names = [method.name for method in results.methods if method.label in stored]
    twice = sorted({n for n in names if names.count(n) > 1})
    return (
        (True, f"{joined(twice)} with several settings.")
        if twice
        else (None, "No method appears with more than one setting.")
    )


def _over_time(_: Results) -> tuple[bool | None, str]:
    return True, "Anytime performance, from the first query to the budget."


def _random(results: Results) -> tuple[bool | None, str]:
    exact = sum(task.baseline is not None for task in results.tasks)
    ran = any(method.name == "random_search" for method in results.methods)
    said = f"Exact random-search baseline on {plural(exact, 'task')}" + (
        "; random search also ran." if ran else "; random search did not run."
    )
    return (exact > 0 or ran), said


def _repeats(results: Results) -> tuple[bool | None, str]:
    runs = {(label, task.name): len(found.numbers) for task in results.tasks for label, found in task.runs.items()}
    counts = [runs.get(pair, 0) for pair in {**results.planned, **runs}]
    least, most = min(counts), max(counts)
    span = plural(most, "repeat") if least == most else f"{least} to {plural(most, 'repeat')}"
    where = " where it applies" if results.manifest.get("left_out") else ""
    return least >= 2, f"{span} of every method on every task{where}."


def _tables(results: Results) -> tuple[bool | None, str]:
    surrogate = [
        t.name + _rank_correlation(results.manifest["tasks"][t.name])
        for t in results.tasks
        if results.manifest["tasks"].get(t.name, {}).get("surrogate")
    ]
    if here := _trained_here(results):
        return len(here) < len(results.tasks) or None, f"Trained where the suite ran, not looked up: {joined(here)}."
    return True, "Tabular benchmarks" + (f"; surrogates: {joined(surrogate)}." if surrogate else " only, no surrogate.")


def _rank_correlation(entry: Mapping[str, Any]) -> str:
    scores = entry.get("held_out")
    return f" (held-out Kendall tau {scores[-1]['kendall_tau']:.3f})" if scores else ""


def _tuning(results: Results) -> tuple[bool | None, str]:
    changed = [method.label for method in results.methods if method.changed]
    if not changed:
        return None, "All methods ran at their defaults in this suite; say how those defaults were chosen."
    return (
        None,
        f"Set by this suite, not left at the defaults: {joined(changed)}; say how that was tuned, and at what cost.",
    )


def _time(_: Results) -> tuple[bool | None, str]:
    return True, "Simulated training time where the source tells it, and measured overhead, under Resources used."


def _setup(results: Results) -> tuple[bool | None, str]:
    manifest = results.manifest
    return (
        True,
        f"Python {manifest['versions'].get('python', '?')}, "
        f"{plural(len(manifest['versions']) - 1, 'package version')}, machine and command recorded.",
    )


ITEMS: dict[str, tuple[Item, ...]] = {
    "released code": (
        Item("Code of the training pipeline used to evaluate the final architectures", _training_code),
        Item("Code of the search space", _space),
        Item("Code of the NAS method", _methods_code),
        Item("Hyperparameters of the final evaluation pipeline and of the NAS method", _settings),
        Item("Random seeds of the method and of the final evaluation", _seeds),
    ),
    "comparison": (
        Item("The same data set, split, space and training pipeline for all methods", _same_data),
        Item("The same budget and evaluation protocol for all methods", _same_budget),
        Item("Confounding factors (hardware, library versions, run time) controlled", _confounders),
        Item("Ablation studies", _ablations),
        Item("Performance over time", _over_time),
        Item("Comparison with random search", _random),
        Item("Several runs with different seeds", _repeats),
        Item("Tabular or surrogate benchmarks for in-depth evaluation", _tables),
    ),
    "reporting": (
        Item("How hyperparameters were tuned, and what that cost", _tuning),
        Item("Time of the entire end-to-end method", _time),
        Item("All details of the experimental setup", _setup),
    ),
}
