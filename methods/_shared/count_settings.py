"""Counts that are settings: refused before the first query where they are out of range."""

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem

__all__ = ["check_count"]


def check_count(method: str, name: str, value: int, problem: Problem, *, least: int = 1, default: int = 0) -> None:
    """Refuses a number of queries that is too small, or that a budget of queries can never reach.

    Under a budget of seconds or epochs the number of queries is not known, and nothing is too large.

    Args:
        method: Its name, for the message.
        name: Of the setting.
        value: What was set.
        problem: Holds the budget.
        least: The smallest accepted.
        default: The default, which a smaller budget does not turn into an error.

    Raises:
        SettingError: The number is out of range.
    """
    most = problem.budget.queries
    if value < least or (most is not None and value > max(most, default, least)):
        accepted = f"whole numbers from {least} on" if most is None else f"{least} to the budget of {most} queries"
        raise SettingError(f"{method}: {name} = {value}; accepted: {accepted}")
