"""Section: where the numbers come from, and how to make them again."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from equipoise.harness.cli.task_summary import scored
from equipoise.reports.document import Bullets, Cell, Code, Column, Listing, Paragraph, Section, Table, Text
from equipoise.reports.phrases import joined, name
from equipoise.reports.results import MethodInfo, Results

__all__ = ["provenance_section"]


def provenance_section(results: Results) -> Section:
    """Suite, seeds, settings, data, versions and the command."""
    manifest = results.manifest
    protocol = manifest["suite"]["protocol"]
    facts: tuple[Text, ...] = (
        (
            "Suite ",
            Code(manifest["suite"]["name"]),
            f", started {manifest['started']}, ended {manifest['ended'] or 'not yet'}.",
        ),
        (f"Protocol: {joined(f'{key} = {value}' for key, value in protocol.items())}.",),
        (
            f"Seeds: every run draws from ({protocol['seed']}, task, method, stream, repeat), so that repeats are "
            "independent and any run can be reproduced alone.",
        ),
        (f"{'Machines' if len(results.machines) > 1 else 'Machine'}: {_machines(results) or 'unknown'}.",),
        *((f"Mixed results of {label}: {told}.",) for label, told in results.mixed.items()),
    )
    return Section(
        "provenance",
        "Provenance",
        (
            Bullets(facts),
            *_commands(manifest),
            _methods(results),
            *_sources(results),
            _tasks(results),
            _versions(results),
        ),
    )


def _machines(results: Results) -> str:
    return "; ".join(
        f"{one.get('processor', 'unknown')}, {one.get('cores', '?')} cores, {one.get('system', '?')}"
        for one in results.machines
    )


def _commands(manifest: Mapping[str, Any]) -> tuple[Paragraph, Listing]:
    """Every command that added to the results, in order, with its start where there are several; how to repeat some."""
    verify = "equipoise verify DIR --sample 10"
    sessions = manifest.get("sessions", [manifest])
    lines = [f"equipoise {shlex.join(s['command'])}" if s["command"] else "equipoise.run in Python" for s in sessions]
    if lines == ["equipoise.run in Python"]:
        made = "; this command repeats some of them and compares:"
        return Paragraph(("The runs were made from Python with ", Code("equipoise.run"), made)), Listing(verify)
    if len(lines) > 1:
        lines = [f"{line}    # {session['started']}" for line, session in zip(lines, sessions, strict=True)]
    made = "The command that made the runs" if len(lines) == 1 else f"The {len(lines)} commands that made the runs"
    return Paragraph((f"{made}, and one that repeats some of them and compares:",)), Listing(
        "\n".join([*lines, verify])
    )


def _methods(results: Results) -> Table:
    labelled = any(method.labels_used or method.history for method in results.methods)
    rows = [
        (
            name(method.label),
            Cell(f"{method.family}, {method.origin}" if method.origin else method.family),
            Cell(method.source or "unknown"),
            Cell(_settings(method.settings)),
            Cell(_departures(method)),
            *([Cell(_labels(method))] if labelled else []),
        )
        for method in results.methods
    ]
    columns = ["method", "family", "source", "settings in force", "departures from the defaults; tuning"]
    columns += ["labels used before the first query"] if labelled else []
    return Table("methods", "Methods", tuple(Column(title, "l") for title in columns), tuple(rows))


def _departures(method: MethodInfo) -> str:
    said = [*method.deviations]
    if method.changed:
        said.append(f"set by the suite: {_settings(method.changed)}")
    if method.tuned_on:
        said.append(f"tuned on {joined(method.tuned_on)}")
    return "; ".join(said) or "none"


def _labels(method: MethodInfo) -> str:
    """Labels used before the first query: those in the method, and those that the suite told it."""
    said = [f"{method.labels_used:,} in the method"] if method.labels_used else []
    for told in sorted({tuple(sorted(labels.items())) for labels in method.history.values()}):
        searched = [task for task, labels in method.history.items() if tuple(sorted(labels.items())) == told]
        total = sum(count for _, count in told)
        said.append(f"{total:,} of {joined(task for task, _ in told)} on {joined(searched)}")
    return "; ".join(said) or "0"


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {json.dumps(value)}" for key, value in settings.items()) or "none"


def _sources(results: Results) -> list[Paragraph | Bullets]:
    """Source and pitfalls of each benchmark, each said once."""
    found: dict[str, list[str]] = {}
    for task in results.tasks:
        entry = results.manifest["tasks"].get(task.name, {})
        surrogate = _surrogate(task.name, entry) if entry.get("surrogate") else ""
        licence = f"Licence: {entry['licence']}." if "licence" in entry else ""
        said = (f"{entry.get('source', 'Source unknown')}.", licence, surrogate, *entry.get("pitfalls", ()))
        lines = found.setdefault(task.own_title or task.name.partition("/")[0], [])
        lines += [line for line in said if line and line not in lines]
    points: list[Text] = [(Code(benchmark), f": {' '.join(lines)}") for benchmark, lines in found.items()]
    return [Paragraph(("Sources and known pitfalls of the benchmarks:",)), Bullets(tuple(points))]


def _surrogate(task: str, entry: Mapping[str, Any]) -> str:
    """Surrogate model of a task with its held-out rank correlation."""
    if not entry.get("held_out"):
        return f"A surrogate predicts the answers of {task}; how well is not stated."
    return f"A surrogate ({entry['technique']}) predicts the answers of {task}: {scored(entry['held_out'][-1])}."


def _tasks(results: Results) -> Table:
    rows = []
    for task in results.tasks:
        entry = results.manifest["tasks"].get(task.name, {})
        size = entry.get("space_size")
        rows.append(
            (
                name(f"{task.own_title} ({task.name})" if task.own_title else task.name),
                Cell(task.space),
                Cell("unknown" if size is None else f"{size:,}", size),
                Cell(", ".join(map(str, entry.get("fidelities", ()))) or "one"),
                Cell(str(entry.get("digest", "unknown"))[:16], code=True),
            )
        )
    columns = (
        Column("task", "l"),
        Column("search space", "l"),
        Column("architectures"),
        Column("epochs"),
        Column("SHA-256 of the data (first 16)", "l"),
    )
    return Table("tasks", "Tasks and their data", columns, tuple(rows))


def _versions(results: Results) -> Table:
    rows = tuple((name(package), Cell(version)) for package, version in results.manifest["versions"].items())
    return Table("versions", "Versions", (Column("package", "l"), Column("version", "l")), rows)
