"""`equipoise.check`: the conformance checks on one's own method, task or space."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, overload

from equipoise.harness.conformance import KINDS, failures_of

__all__ = ["CheckResults", "check"]


class CheckResults(Sequence[tuple[str, str | None]]):
    """The checks that were run: pairs of a title and the reason for failing, None where the check passed.

    Attributes:
        passed: Whether all passed.
    """

    def __init__(self, results: Sequence[tuple[str, str | None]]) -> None:
        self._results = tuple(results)
        self.passed = all(reason is None for _, reason in results)

    @property
    def failures(self) -> dict[str, str]:
        """The reason of each check that failed, by its title."""
        return {title: reason for title, reason in self._results if reason is not None}

    def __len__(self) -> int:
        return len(self._results)

    def __iter__(self) -> Iterator[tuple[str, str | None]]:
        return iter(self._results)

    @overload
    def __getitem__(self, place: int) -> tuple[str, str | None]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[str, str | None]]: ...
    def __getitem__(self, place: Any) -> Any:
        return self._results[place]

    def __repr__(self) -> str:
        """One line per check, and the verdict."""
        lines = [f"{'FAIL' if reason else 'ok  '} {title}{f': {reason}' if reason else ''}" for title, reason in self]
        return "\n".join([*lines, self._verdict()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td>{"failed" if reason else "ok"}</td><td style="text-align:left">{escape(title)}</td>'
            f'<td style="text-align:left">{escape(reason or "")}</td></tr>'
            for title, reason in self
        )
        return f"<table><caption>{self._verdict()}</caption>{rows}</table>"

    def _verdict(self) -> str:
        return "all checks passed" if self.passed else f"{len(self.failures)} of {len(self)} checks failed"


def check(*subject: Any) -> CheckResults:
    """Runs the conformance checks on a method, a task or a space.

        eq.check(MyMethod)
        eq.check("my_method.py")
        eq.check("space", "nasbench101")   # the kind first, where a name stands for several
        assert eq.check(MyMethod).passed

    In the tests of a project, `equipoise.testing.parametrize_with_checks` makes each check a test of its own.

    Args:
        *subject: A class or an object, a name, the path of a file, or ``package.module:Class``; before it, if need be,
            its kind: ``method``, ``task`` or ``space``.

    Raises:
        PluginError: It leads to nothing, to several, or cannot be checked here.
    """
    if len(subject) not in (1, 2):
        raise TypeError(f"check takes what to check, after its kind ({', '.join(KINDS)}) if need be; got {subject!r}")
    what = str(subject[-1]) if isinstance(subject[-1], Path) else subject[-1]
    return CheckResults(failures_of(what, *subject[:-1]))
