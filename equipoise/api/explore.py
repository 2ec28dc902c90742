"""`equipoise.explore`: landscapes and searches as one page for a browser."""

from collections.abc import Sequence
from pathlib import Path

__all__ = ["explore"]


def explore(what: str | Path | Sequence[str], out: str | Path = "explorer.html") -> Path:
    """Writes one HTML file that shows landscapes, and the searches of a results folder; it needs no network.

        eq.explore("nasbench201/cifar10", "cifar10.html")
        eq.explore("results/quick", "quick.html")
        eq.explore("reference", "reference.html")

    Args:
        what: The name of a task, a pattern or a list of such names, a results folder, or the name or folder of an entry
            of an archive.
        out: The file to write.

    Returns:
        The file.

    Raises:
        EquipoiseError: A task is unknown, its data is missing, or the folder holds no results.
    """
    from equipoise.reports.explorer.page import explore as write

    return write(what, out)
