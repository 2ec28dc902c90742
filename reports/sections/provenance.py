"""Section: where the numbers come from."""

import json

from reports.document import Bullets, Cell, Code, Column, Listing, Paragraph, Section, Table
from reports.results import Results
from reports.words import joined, name

__all__ = ["provenance_section"]


def provenance_section(results: Results) -> Section:
    """Suite, settings, data, versions and the command."""
    manifest = results.manifest
    protocol = manifest["suite"]["protocol"]
    machine = manifest["machine"]
    facts = Bullets(
        (
            (
                "Suite ",
                Code(manifest["suite"]["name"]),
                f", started {manifest['started']}, ended {manifest['ended'] or 'not yet'}.",
            ),
            (f"Protocol: {joined(f'{key} = {value}' for key, value in protocol.items())}.",),
            (f"Machine: {machine['processor']}, {machine['cores']} cores, {machine['system']}.",),
        )
    )
    return Section(
        "provenance",
        "Provenance",
        (
            facts,
            Paragraph(("The command that made the runs:",)),
            Listing("equipoise " + " ".join(manifest["command"])),
            _methods(results),
            _tasks(results),
            _versions(results),
        ),
    )


def _methods(results: Results) -> Table:
    rows = [
        (
            name(card.label),
            Cell(card.family),
            Cell(card.source),
            Cell(_settings(card.settings)),
            Cell(
                "; ".join((*card.deviations, *(f"suite: {_settings({k: v})}" for k, v in card.changed.items())))
                or "none"
            ),
        )
        for card in results.methods
    ]
    return Table(
        "methods",
        "Methods",
        (
            Column("method", "l"),
            Column("family", "l"),
            Column("source", "l"),
            Column("settings", "l"),
            Column("departures", "l"),
        ),
        tuple(rows),
    )


def _settings(settings: object) -> str:
    assert isinstance(settings, dict)
    return ", ".join(f"{key} = {json.dumps(value)}" for key, value in settings.items()) or "none"


def _tasks(results: Results) -> Table:
    rows = []
    for task in results.tasks:
        entry = results.manifest["tasks"].get(task.name, {})
        rows.append(
            (
                name(task.name),
                Cell(entry.get("source", "unknown")),
                Cell(entry.get("licence", "unknown")),
                Cell(str(entry.get("digest", ""))[:16], code=True),
            )
        )
    columns = (Column("task", "l"), Column("source", "l"), Column("licence", "l"), Column("SHA-256 (first 16)", "l"))
    return Table("tasks", "Tasks and their data", columns, tuple(rows))


def _versions(results: Results) -> Table:
    rows = tuple((name(package), Cell(version)) for package, version in results.manifest["versions"].items())
    return Table("versions", "Versions", (Column("package", "l"), Column("version", "l")), rows)
