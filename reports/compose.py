"""From results to a document: the order of the sections."""

from reports.document import Document, Paragraph, Section, Strong
from reports.figures.style import looks
from reports.results import Results
from reports.sections.anytime import anytime_section
from reports.sections.provenance import provenance_section
from reports.sections.regret import overview_table, regret_section
from reports.sections.spent import spent_section
from reports.words import amount, plural

__all__ = ["compose"]


def compose(results: Results) -> Document:
    """Composes the report of a store."""
    look = looks(results.families)
    opening = Section(
        "answer",
        "The answer",
        (
            Paragraph(
                ("Average ranks over tasks stand in the last row of the table: ", Strong("smaller is better"), ".")
            ),
            overview_table(results),
        ),
    )
    subtitle = (
        f"{plural(len(results.methods), 'method')} on {plural(len(results.tasks), 'task')}, "
        f"{amount(results.limit)} {results.unit.replace('_', ' ')} a run, up to {plural(results.repeats, 'repeat')}",
    )
    sections = (
        anytime_section(results, look),
        regret_section(results),
        spent_section(results),
        provenance_section(results),
    )
    return Document(f"Equipoise report: {results.manifest['suite']['name']}", subtitle, opening, sections)
