"""Section of the main part: runs that come from an archive and not from this suite."""

from collections.abc import Mapping
from typing import Any

from equipoise.reports.document import Bullets, Cell, Column, Paragraph, Section, Table
from equipoise.reports.phrases import joined, name, plural
from equipoise.reports.results import Results

__all__ = ["beside_section"]


def beside_section(results: Results) -> Section | None:
    """Entries with their methods, authors and machines, and what of them differs from what is here; None without any."""
    entries, remarks = results.manifest.get("beside", ()), results.manifest.get("remarks", ())
    if not entries and not remarks:
        return None
    blocks: list[Paragraph | Bullets | Table] = []
    if entries:
        blocks.append(_table(entries))
    if remarks:
        blocks.append(Paragraph(("What differs from the runs of this suite, or from the code and packages here:",)))
        blocks.append(Bullets(tuple((f"{remark}.",) for remark in remarks)))
    return Section("beside", "Runs from an archive", tuple(blocks))


def _table(entries: tuple[Mapping[str, Any], ...]) -> Table:
    verdicts = {None: "not checked", True: "verified", False: "UNVERIFIED"}
    rows = tuple(
        (
            name(f"{entry['name']} {entry['version']}"),
            Cell(joined(entry["methods"])),
            Cell(joined(entry["authors"]) or "unknown"),
            Cell(f"from {str(entry['started'])[:10]} on {joined(entry['processors'])}"),
            Cell(verdicts[entry["verified"]]),
        )
        for entry in entries
    )
    columns = ("entry", "methods", "authors", "made", "verdict")
    note = (
        f"The runs of {plural(sum(len(entry['methods']) for entry in entries), 'method')} were not made by this suite. They have "
        "the same budget, protocol and rules, and the same data; validation and test errors are looked up in the tables "
        "here. Their overhead is that of the machine that made them. Verdict: that of `equipoise archive check`.",
    )
    return Table(
        "beside", "Entries that stand beside these runs", tuple(Column(title, "l") for title in columns), rows, (note,)
    )
