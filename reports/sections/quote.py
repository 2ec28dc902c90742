"""Section of the main part: which number answers which question."""

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Bullets, Code, Section, Strong, Text
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.sections.speedup import geometric_speedups

__all__ = ["quote_section"]


def quote_section(analysis: Analysis) -> Section:
    """One line per claim: the number, and the table or figure that holds it."""
    points: list[Text] = []
    main = analysis.unsearched if analysis.unsearched.comparison.question is not None else analysis
    if main.comparison.question is not None:
        points.append(
            (
                Strong("NAS against HPO:"),
                " the overall difference with its interval in the first sentence, the number of tasks, spaces and methods, "
                "and whether its sign depends on the labelling."
                + (f" A difference inside ±{main.rope:g} {main.unit} is no practical difference." if main.rope else ""),
            )
        )
    if analysis.test_overall is not None:
        points.append(
            (
                Strong("How good is what a method finds:"),
                f" its test regret at {budget_words(analysis)} in the table above, with its interval.",
            )
        )
    points.append(
        (
            Strong("How well a method searches:"),
            " its validation regret in the table above; per task, and earlier in the search, in the appendix (",
            Code("Task by task"),
            ").",
        )
    )
    if geometric_speedups(analysis) is not None:
        points.append(
            (Strong("How much faster than random search:"), " the speed-up, for which random search is exact.")
        )
    if len(analysis.active) > 1:
        points.append(
            (
                Strong("Is method A better than method B:"),
                " on these tasks, the probability of improvement; on further tasks, the signed-rank test after Holm's "
                "correction with the number of tasks (appendix, ",
                Code("Four statistical frameworks"),
                "). Name the framework before looking.",
            )
        )
    points.append(
        (
            Strong("Not to be quoted alone:"),
            " ranks (they depend on the other methods), the best of several runs, a difference without an interval.",
        )
    )
    return Section("quote", "Which number should I quote?", (Bullets(tuple(points)),))
