"""`equipoise.methods`, `equipoise.tasks` and `equipoise.suites`: the names that there are."""

from equipoise.harness.cli.name_list import NameList, overview

__all__ = ["methods", "suites", "tasks"]


def methods(everything: bool = False) -> NameList:
    """The search methods that can run here: a sequence of names, shown as a table; ``.to_frame()`` has the columns.

    Args:
        everything: Also those whose packages are missing, with the reason.
    """
    return overview("methods", everything)[0]


def tasks(everything: bool = False) -> NameList:
    """The tasks that can run here: a sequence of names, shown as a table; ``.to_frame()`` has the columns.

    Args:
        everything: Also those whose data is missing, with the way to get it.
    """
    return overview("tasks", everything)[0]


def suites() -> NameList:
    """The suites that come with Equipoise: a sequence of names, shown as a table; ``.to_frame()`` has the columns."""
    return overview("suites", True)[0]
