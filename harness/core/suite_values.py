"""Checks of the values in a suite file: each error says what came, what is accepted, and where."""

from collections.abc import Iterable, Mapping
from typing import Any

from equipoise.harness.core.errors import SuiteError, nearest, one_line

__all__ = ["as_bool", "as_list", "as_positive", "as_table", "as_tables", "check_keys", "check_unique", "shown"]


def shown(value: object) -> str:
    """A value of a file as one short line."""
    return one_line(f"'{value}'" if isinstance(value, str) else repr(value), 100)


def check_keys(content: Mapping[str, Any], accepted: Any, where: str) -> None:
    """Refuses keys that are not accepted, with the nearest that is.

    Raises:
        SuiteError: One is unknown.
    """
    for key in content:
        if key not in accepted:
            raise SuiteError(f"{where}: unknown key '{key}'; {nearest(key, accepted)}")


def as_table(value: object, where: str) -> dict[str, Any]:
    """A value that must be a table.

    Raises:
        SuiteError: It is something else.
    """
    if not isinstance(value, dict):
        raise SuiteError(f"{where} must be a table, [{where}]; got {value!r}")
    return value


def as_tables(value: object, where: str) -> list[dict[str, Any]]:
    """A value that must be a list of tables, not empty.

    Raises:
        SuiteError: It is something else.
    """
    if not isinstance(value, list) or not value or not all(isinstance(entry, dict) for entry in value):
        raise SuiteError(f"{where} must be one or more tables, [[{where}]]; got {value!r}")
    return value


def as_list(value: object, where: str) -> list[Any]:
    """A value that must be a list.

    Raises:
        SuiteError: It is something else.
    """
    if not isinstance(value, list):
        raise SuiteError(f"{where} must be a list; got {shown(value)}")
    return value


def check_unique(names: Iterable[str], what: str, advice: str) -> None:
    """Refuses a name that comes twice.

    Raises:
        SuiteError: One does.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SuiteError(f"{what} '{name}' is named twice; {advice}")
        seen.add(name)


def as_bool(value: object, where: str) -> bool:
    """A value that must be true or false.

    Raises:
        SuiteError: It is something else.
    """
    if not isinstance(value, bool):
        raise SuiteError(f"{where} = {shown(value)} is neither true nor false")
    return value


def as_positive(value: object, where: str) -> int:
    """A value that must be a positive whole number.

    Raises:
        SuiteError: It is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SuiteError(f"{where} = {value!r} is not a positive whole number")
    return value
