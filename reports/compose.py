"""Order of the sections: from results to a document."""

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Document
from equipoise.reports.drawing.look import looks
from equipoise.reports.keys import with_plain_keys
from equipoise.reports.phrases import plural
from equipoise.reports.results import Results
from equipoise.reports.sections.answer import answer_section, budget_words
from equipoise.reports.sections.answer_detail import answer_detail_section
from equipoise.reports.sections.anytime import anytime_section
from equipoise.reports.sections.beside import beside_section
from equipoise.reports.sections.budgets import budgets_section
from equipoise.reports.sections.checklist import checklist_section
from equipoise.reports.sections.derived import derived_section
from equipoise.reports.sections.factorial import factorial_section
from equipoise.reports.sections.focus import focus_section
from equipoise.reports.sections.frameworks import frameworks_section
from equipoise.reports.sections.given_size import given_size_section
from equipoise.reports.sections.hypervolume_frameworks import hypervolume_frameworks_section
from equipoise.reports.sections.knowledge import knowledge_section
from equipoise.reports.sections.methods import methods_section
from equipoise.reports.sections.objectives import objectives_detail_section, objectives_section, with_caution
from equipoise.reports.sections.power import power_section
from equipoise.reports.sections.provenance import provenance_section
from equipoise.reports.sections.question import question_section
from equipoise.reports.sections.quote import quote_section
from equipoise.reports.sections.regret import regret_section
from equipoise.reports.sections.scores import scores_section
from equipoise.reports.sections.speedup import speedup_section
from equipoise.reports.sections.spent import spent_section
from equipoise.reports.sections.tuning import tuning_section

__all__ = ["compose"]


def compose(results: Results, focus: str | None = None) -> Document:
    """Composes the report of a store: a short main part, and an appendix with everything else.

    Args:
        results: The store.
        focus: Label of a method that is compared with each other one; the one that the suite names if None.

    Raises:
        SuiteError: No method has that label.
    """
    look, analysis = looks(results.families), Analysis(results)
    focus = focus or _focus_of(results)
    repeats = f"up to {plural(results.repeats, 'repeat')}"
    subtitle = (
        f"{plural(len(results.methods), 'method')} on {plural(len(results.tasks), 'task')}, "
        f"{budget_words(analysis)} per run, {repeats}",
    )
    sections = (
        None if focus is None else focus_section(analysis, focus),
        objectives_section(analysis, look),
        methods_section(analysis, look),
        budgets_section(analysis),
        knowledge_section(analysis),
        factorial_section(analysis),
        quote_section(analysis),
        beside_section(results),
    )
    appendix = (
        objectives_detail_section(analysis),
        hypervolume_frameworks_section(analysis, look),
        answer_detail_section(analysis),
        question_section(analysis),
        tuning_section(analysis),
        given_size_section(analysis),
        scores_section(analysis),
        speedup_section(analysis),
        frameworks_section(analysis, look),
        anytime_section(analysis, look),
        regret_section(analysis),
        spent_section(analysis),
        derived_section(analysis),
        power_section(analysis),
        checklist_section(analysis),
        provenance_section(results),
    )
    document = Document(
        f"Equipoise report: {results.manifest['suite']['name']}",
        subtitle,
        with_caution(answer_section(analysis), analysis),
        tuple(section for section in sections if section is not None),
        tuple(section for section in appendix if section is not None),
    )
    return with_plain_keys(document)


def _focus_of(results: Results) -> str | None:
    """The method that the suite puts in focus, or the only one that has others beside it, once it has runs."""
    named = results.manifest["suite"].get("focus") or _only_own(results)
    known = any(named in task.runs for task in results.tasks)
    return str(named) if named and known else None


def _only_own(results: Results) -> str | None:
    """The only method of a suite that has runs of an archive beside it; None if there are several, or no such runs."""
    beside = {label for entry in results.manifest.get("beside", ()) for label in entry["methods"]}
    own = [label for label in results.labels if label not in beside]
    return own[0] if beside and len(own) == 1 else None
