"""Section: where the numbers come from, and how to make them again."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from reports.document import Bullets, Cell, Code, Column, Listing, Paragraph, Section, Table, Text
from reports.results import MethodCard, Results
from reports.words import joined, name

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
            Paragraph(("The command that made the runs, and one that plays some of them again and compares:",)),
            Listing(f"equipoise {shlex.join(manifest['command'])}\nequipoise verify DIR --sample 10"),
            _methods(results),
            *_pitfalls(results),
            _tasks(results),
            _versions(results),
        ),
    )


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


def _pitfalls(results: Results) -> list[Bullets | Paragraph]:
    """What the benchmarks warn of, each once."""
    found: dict[str, list[str]] = {}
    for task in results.tasks:
        for pitfall in results.manifest["tasks"].get(task.name, {}).get("pitfalls", ()):
            found.setdefault(pitfall, []).append(task.name.partition("/")[0])
    if not found:
        return []
    points: list[Text] = [(Code(joined(dict.fromkeys(names))), f": {pitfall}") for pitfall, names in found.items()]
    return [Paragraph(("What the benchmarks warn of:",)), Bullets(tuple(points))]


def _tasks(results: Results) -> Table:
    rows = []
    for task in results.tasks:
        entry = results.manifest["tasks"].get(task.name, {})
        rows.append(
            (
                name(task.name),
                Cell(task.space),
                Cell(entry.get("source", "unknown")),
                Cell(entry.get("licence", "unknown")),
                Cell(str(entry.get("digest", "unknown"))[:16], code=True),
            )
        )
    columns = ("task", "search space", "source", "licence", "SHA-256 of the data (first 16)")
    return Table("tasks", "Tasks and their data", tuple(Column(title, "l") for title in columns), tuple(rows))


def _versions(results: Results) -> Table:
    rows = tuple((name(package), Cell(version)) for package, version in results.manifest["versions"].items())
    return Table("versions", "Versions", (Column("package", "l"), Column("version", "l")), rows)
