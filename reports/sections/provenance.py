"""Section: where the numbers come from, and how to make them again."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from equipoise.harness.cli.task_summary import scored
from equipoise.reports.document import Bullets, Cell, Code, Column, Listing, Paragraph, Section, Table, Text
from equipoise.reports.results import MethodCard, Results
from equipoise.reports.words import joined, name

__all__ = ["provenance_section"]


def provenance_section(results: Results) -> Section:
    """Suite, seeds, settings, data, versions and the command."""
    manifest = results.manifest
    machine = manifest.get("machine", {})
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
            "independent and any run can be played again alone.",
        ),
        (
            f"Machine: {machine.get('processor', 'unknown')}, {machine.get('cores', '?')} cores, "
            f"{machine.get('system', '?')}.",
        ),
    )
    return Section(
        "provenance",
        "Provenance",
        (
            Bullets(facts),
            *_commands(manifest["command"]),
            _methods(results),
            *_sources(results),
            _tasks(results),
            _versions(results),
        ),
    )


def _commands(command: Sequence[str]) -> tuple[Paragraph, Listing]:
    verify = "equipoise verify DIR --sample 10"
    if not command:
        made = "; this command executes some of them again and compares:"
        return Paragraph(("The runs were made from Python with ", Code("equipoise.run"), made)), Listing(verify)
    said = "The command that made the runs, and one that plays some of them again and compares:"
    return Paragraph((said,)), Listing(f"equipoise {shlex.join(command)}\n{verify}")


def _methods(results: Results) -> Table:
    rows = [
        (
            name(card.label),
            Cell(card.family),
            Cell(card.source or "unknown"),
            Cell(_settings(card.settings)),
            Cell(_departures(card)),
        )
        for card in results.methods
    ]
    columns = ("method", "family", "source", "settings in force", "departures from the source's or library's defaults")
    return Table("methods", "Methods", tuple(Column(title, "l") for title in columns), tuple(rows))


def _departures(card: MethodCard) -> str:
    said = [*card.deviations]
    if card.changed:
        said.append(f"set by the suite: {_settings(card.changed)}")
    return "; ".join(said) or "none"


def _settings(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {json.dumps(value)}" for key, value in settings.items()) or "none"


def _sources(results: Results) -> list[Paragraph | Bullets]:
    """Where each benchmark comes from, and what it warns of, each said once."""
    found: dict[str, list[str]] = {}
    for task in results.tasks:
        entry = results.manifest["tasks"].get(task.name, {})
        surrogate = _surrogate(task.name, entry) if entry.get("surrogate") else ""
        licence = f"Licence: {entry['licence']}." if "licence" in entry else ""
        said = (f"{entry.get('source', 'Source unknown')}.", licence, surrogate, *entry.get("pitfalls", ()))
        lines = found.setdefault(task.name.partition("/")[0], [])
        lines += [line for line in said if line and line not in lines]
    points: list[Text] = [(Code(benchmark), f": {' '.join(lines)}") for benchmark, lines in found.items()]
    return [Paragraph(("Sources of the benchmarks, and what they warn of:",)), Bullets(tuple(points))]


def _surrogate(task: str, entry: Mapping[str, Any]) -> str:
    """What predicts, and how well it ranks what it has not seen."""
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
                name(task.name),
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
