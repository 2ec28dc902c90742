"""``equipoise new``: writes a file that works, to be changed."""

import keyword
import shlex
from pathlib import Path

from equipoise.harness.core.errors import PluginError, nearest
from equipoise.harness.core.suite_values import as_folder_name

__all__ = ["KINDS", "new"]

KINDS = ("method", "task", "space", "suite")
NEXT = {
    "method": "equipoise check method",
    "task": "equipoise check task",
    "space": "equipoise check space",
    "suite": "equipoise run",
}
TEMPLATES = Path(__file__).parent / "templates"


def new(kind: str, name: str) -> str:
    """Writes a file.

    Args:
        kind: ``method``, ``task``, ``space`` or ``suite``.
        name: Its name, as a file name has it, after a folder if need be: ``mine`` or ``plugins/mine``.

    Returns:
        One line: the file, and the next step.

    Raises:
        PluginError: There is no such kind, no module has the name, or the file is there.
        SuiteError: No suite has the name.
    """
    if kind not in KINDS:
        raise PluginError(f"new {kind}: {nearest(kind, KINDS)}")
    suffix = ".toml" if kind == "suite" else ".py"
    path = Path(name.removesuffix(suffix) + suffix)
    if kind == "suite":
        as_folder_name(path.stem)
    elif not path.stem.isidentifier() or keyword.iskeyword(path.stem):
        raise PluginError(f"new {kind} {name}: '{path.stem}' is no name of a Python module; use letters, digits and _")
    if path.exists():
        raise PluginError(f"{path} exists; choose another name, or move it away")
    text = (TEMPLATES / f"{kind}.txt").read_text(encoding="utf-8")
    title = "".join(part[:1].upper() + part[1:] for part in path.stem.split("_"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("CLASS", title or "Mine").replace("NAME", path.stem), encoding="utf-8")
    except OSError as error:
        raise PluginError(f"{path}: cannot be written ({error.strerror})") from error
    subject = f"{path}/toy" if kind == "task" else str(path)
    return f"{path} is written; next: {NEXT[kind]} {shlex.quote(subject)}"
