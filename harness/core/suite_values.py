"""Checks of the values in a suite file: each error says what came, what is accepted, and where."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from equipoise.harness.core.errors import SettingError, SuiteError, nearest, one_line

__all__ = [
    "as_bool",
    "as_folder_name",
    "as_list",
    "as_positive",
    "as_settings",
    "as_table",
    "as_tables",
    "check_keys",
    "check_unique",
    "plain",
    "shown",
]


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
        raise SuiteError(f"{where} must be a table of keys and values; got {shown(value)}")
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


def as_folder_name(value: object) -> str:
    """The name of a suite, by which the folder of its results is called.

    Raises:
        SuiteError: It is something else.
    """
    if not isinstance(value, str) or not re.fullmatch(r"[\w.-]{1,100}", value) or not value.strip("."):
        raise SuiteError(
            f"name = {shown(value)} is no name of a folder; accepted: up to 100 letters, digits and any of -_."
        )
    return value


def as_positive(value: object, where: str) -> int:
    """A value that must be a positive whole number.

    Raises:
        SuiteError: It is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SuiteError(f"{where} = {value!r} is not a positive whole number")
    return value


def plain(value: Any) -> Any:
    """A NumPy scalar as the number or text of Python that it holds; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def as_settings(settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Settings of a method as a run is stored with them, with NumPy scalars as plain numbers.

    Raises:
        SettingError: A value is of a kind that JSON does not have.
    """
    return {name: _storable(value, f"{where}: {name}") for name, value in settings.items()}


def _storable(value: Any, where: str) -> Any:
    value = plain(value)
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return as_settings(value, where)
    if isinstance(value, list | tuple):
        return [_storable(entry, where) for entry in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise SettingError(
        f"{where} = {shown(value)} cannot be stored; accepted: numbers, texts, true, false, lists and tables"
    )
