"""The conformance checks as tests of a project that uses pytest."""

from collections.abc import Callable, Iterable
from typing import Any

from equipoise.harness.conformance import checks_of, subject_of
from equipoise.harness.conformance.checks import Check, missing_here

__all__ = ["parametrize_with_checks"]


def parametrize_with_checks(subjects: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes a test of every conformance check that applies to some methods, tasks and spaces.

        from equipoise.testing import parametrize_with_checks

        from my_project import MyMethod, MySpace

        @parametrize_with_checks([MyMethod, MySpace(), "my_task.py/toy"])
        def test_conformance(check):
            check.run()

    A subject whose data or packages are missing here is skipped with the reason.

    Args:
        subjects: Method classes, tasks, spaces, or their names as `equipoise.check` takes them.

    Returns:
        A decorator for a test with an argument ``check``, which has ``run()`` and ``title``.

    Raises:
        PluginError: A name leads to nothing.
    """
    import pytest

    found = []
    for given in subjects:
        subject = subject_of(given)
        name = given if isinstance(given, str) else getattr(subject, "__name__", None) or getattr(subject, "name", "")
        if (reason := missing_here(subject)) is not None:
            skipped = Check(f"{name} cannot be checked here", lambda: None)
            found.append(pytest.param(skipped, id=str(name), marks=pytest.mark.skip(reason=reason)))
        else:
            found += [pytest.param(check, id=f"{name}: {check.title}") for check in checks_of(subject)]
    return pytest.mark.parametrize("check", found)
