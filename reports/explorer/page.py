"""The explorer as one HTML file: its scripts, its style and its data in one page."""

import json
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path

from equipoise.harness.archive.find import entry_named, is_entry
from equipoise.harness.core.errors import EquipoiseError, PluginError, SuiteError
from equipoise.harness.core.files import write_whole
from equipoise.harness.core.registry import locate_task
from equipoise.harness.core.suite_entries import tasks_of
from equipoise.harness.store.entry import Entry
from equipoise.harness.store.no_results import no_results
from equipoise.reports.explorer.contents import Contents, Explorer

__all__ = ["explore", "html"]

HERE = Path(__file__).parent
SCRIPTS = (
    "unpack", "theme", "scales", "axes", "raster", "gestures", "plot_frame", "scatter", "graph", "state", "cell",
    "landscape_axes", "landscape", "replay", "curves", "difference", "pareto", "progress", "main",
)  # fmt: skip
"""The files of ``scripts/`` in the order in which they run."""
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; connect-src {connect}"
)


def explore(what: str | Path | Sequence[str | Path], out: str | Path, beside: Sequence[Entry] = ()) -> Path:
    """Writes a page that shows the landscapes of tasks, and the runs of a results folder or of an archive's entry.

    Args:
        what: A results folder, an entry of an archive (``reference``), or names of tasks, or patterns such as
            ``nasbench201/*``.
        out: The HTML file.
        beside: Entries of an archive, whose runs are shown with those of the folder.

    Returns:
        The file.

    Raises:
        EquipoiseError: There are no results, a task is unknown, or its data is missing.
    """
    named = [what] if isinstance(what, str | Path) else list(what)
    folders = [Path(name) for name in named if (Path(name) / "manifest.json").is_file()]
    if folders and len(named) > 1:
        raise SuiteError(f"{folders[0]}: give one results folder alone, or names of tasks")
    if folders:
        contents = Explorer().of_folder(folders[0], beside)
    elif len(named) == 1 and not beside and is_entry(str(named[0])):
        contents = Explorer().of_entry(entry_named(str(named[0])))
    elif beside:
        raise SuiteError(
            f"{beside[0].name} is shown beside the runs of a results folder; got {', '.join(map(str, named))}"
        )
    else:
        names = [task for name in named for task in _tasks(str(name))]
        if not names:
            raise SuiteError("nothing to explore; give a results folder or the name of a task")
        contents = Explorer().of_tasks(list(dict.fromkeys(names)))
    path = Path(out)
    write_whole(path, html(contents).encode())
    return path


def _tasks(name: str) -> list[str]:
    """The tasks of a name or pattern.

    Raises:
        EquipoiseError: There is none; a path may have been meant.
    """
    try:
        found = tasks_of({"name": name})
        for task in found:
            locate_task(task)
    except EquipoiseError as error:
        if Path(name).exists() and not name.endswith(".py"):
            raise no_results(Path(name)) from error
        if "/" not in name or not isinstance(error, PluginError):
            raise
        raise PluginError(f"no results folder '{name}', and {error}") from error
    return found


def html(contents: Contents, live: bool = False) -> str:
    """The page.

    Args:
        contents: What it shows.
        live: Whether it asks the server that it came from for news.
    """
    data = "".join(
        f'<script type="text/plain" data-block="{escape(key, quote=True)}">{block}</script>\n'
        for key, block in contents.blocks.items()
    )
    described = json.dumps({**contents.description, "live": live}, separators=(",", ":"), allow_nan=False)
    filled = {
        "title": escape(str(contents.description["title"])),
        "policy": POLICY.format(connect="'self'" if live else "'none'"),
        "style": _style(),
        "description": described.replace("<", "\\u003c"),
        "blocks": data,
        "script": _script(),
    }
    parts = (HERE / "page.html").read_text(encoding="utf-8").split("@@")
    return "".join(filled[part] if place % 2 else part for place, part in enumerate(parts))


@cache
def _script() -> str:
    return "\n".join((HERE / "scripts" / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)


@cache
def _style() -> str:
    return (HERE / "theme.css").read_text(encoding="utf-8")
