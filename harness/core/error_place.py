"""Finds the line of a method, or of other code outside the engine, that an error came from."""

import sys
from pathlib import Path

from equipoise.harness.core.errors import EquipoiseError

__all__ = ["place_of"]

PACKAGE = Path(__file__).parents[2]


def place_of(error: BaseException) -> str:
    """The innermost line of a method that an error came through: ``my_method.py, line 13``.

    Empty for an error that says itself what is wrong, and where no method was involved.
    """
    if isinstance(error, EquipoiseError | AssertionError):
        return ""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if _of_a_method(file):
            place = f"{file.name}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _of_a_method(file: Path) -> bool:
    if file.is_relative_to(PACKAGE):
        return file.is_relative_to(PACKAGE / "methods")
    return file.is_absolute() and not any(file.is_relative_to(prefix) for prefix in (sys.prefix, sys.base_prefix))
