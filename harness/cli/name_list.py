"""Lists of methods, tasks and suites: their names, with a table of what tells them apart."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, overload

from equipoise.harness.core.errors import EquipoiseError, PluginError, nearest
from equipoise.harness.core.registry import (
    benchmarks,
    load_method,
    load_task,
    method_names,
    missing_packages,
    suites_folder,
    task_names,
)
from equipoise.harness.core.suite import Suite

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KINDS", "NameList", "overview"]

COLUMNS = {
    "methods": ("name", "family", "source"),
    "tasks": ("name", "space", "source"),
    "suites": ("name", "tasks", "methods", "budget", "repeats"),
}
KINDS = tuple(COLUMNS)
REASON = "cannot run here"


class NameList(Sequence[str]):
    """Names, in order, as `equipoise.search` and suites take them; shown as a table.

    Args:
        kind: ``methods``, ``tasks`` or ``suites``.
        rows: What is known of each: its columns, and why it cannot run here, if so.
    """

    def __init__(self, kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.kind, self._rows = kind, rows
        known = any(row[REASON] for row in rows)
        *told, last = COLUMNS[kind]
        self.columns = (*told, *((REASON,) if known else ()), last)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> "NameList": ...
    def __getitem__(self, place: int | slice) -> "str | NameList":
        if isinstance(place, slice):
            return NameList(self.kind, self._rows[place])
        return str(self._rows[place]["name"])

    def to_frame(self) -> "pd.DataFrame":
        """One row per name."""
        import pandas as pd

        return pd.DataFrame([[row[column] for column in self.columns] for row in self._rows], columns=[*self.columns])

    def table(self, width: int | None = None) -> str:
        """A header and one line per name, in columns.

        Args:
            width: Cut longer lines to it.
        """
        cells = [self.columns, *([str(row[column] or "") for column in self.columns] for row in self._rows)]
        widths = [max(len(line[place]) for line in cells) for place in range(len(self.columns))]
        lines = ["  ".join(f"{cell:<{wide}}" for cell, wide in zip(line, widths, strict=True)) for line in cells]
        return "\n".join(_cut(line.rstrip(), width) for line in lines)

    def __repr__(self) -> str:
        return self.table(shutil.get_terminal_size().columns)

    def _repr_html_(self) -> str:
        def row(cells: Sequence[Any], tag: str) -> str:
            opened = f'<{tag} style="text-align:left">'
            return f"<tr>{''.join(f'{opened}{escape(str(cell or str()))}</{tag}>' for cell in cells)}</tr>"

        body = "".join(row([entry[column] for column in self.columns], "td") for entry in self._rows)
        return f"<table>{row(self.columns, 'th')}{body}</table>"


def overview(kind: str, everything: bool = False) -> tuple[NameList, int]:
    """The names of a kind. No data is read.

    Args:
        kind: ``methods``, ``tasks`` or ``suites``.
        everything: Also what cannot run here, with the reason.

    Returns:
        The list, and how many names were left for `everything`.

    Raises:
        PluginError: There is no such kind.
    """
    if kind not in _ROWS:
        raise PluginError(f"list {kind}: {nearest(kind, _ROWS)}")
    rows = list(_ROWS[kind]())
    shown = [row for row in rows if everything or not row[REASON]]
    return NameList(kind, shown), len(rows) - len(shown)


def _methods() -> Iterator[dict[str, Any]]:
    for name in method_names():
        try:
            cls = load_method(name)
        except PluginError as error:
            yield {"name": name, "family": "", "source": "", REASON: str(error)}
            continue
        yield {"name": name, "family": cls.family, "source": cls.source, REASON: missing_packages(cls)}


def _tasks() -> Iterator[dict[str, Any]]:
    for benchmark in benchmarks():
        for name in task_names(benchmark):
            try:
                task = load_task(name)
                yield {"name": name, "space": task.space.name, "source": task.info.source, REASON: task.skip()}
            except EquipoiseError as error:  # a damaged file of one task, say
                yield {"name": name, "space": "", "source": "", REASON: str(error)}


def _suites() -> Iterator[dict[str, Any]]:
    for path in sorted(suites_folder().glob("*.toml")):
        try:
            suite = Suite.load(path)
        except EquipoiseError as error:
            yield {"name": path.stem, **dict.fromkeys(COLUMNS["suites"][1:], ""), REASON: str(error)}
            continue
        yield {
            "name": path.stem,
            "tasks": len(suite.tasks),
            "methods": len(suite.methods),
            "budget": str(suite.budget),
            "repeats": suite.protocol.repeats,
            REASON: None,
        }


_ROWS: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {"methods": _methods, "tasks": _tasks, "suites": _suites}


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else f"{line[: width - 1]}…"
