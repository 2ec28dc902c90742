"""Further objectives in the JSON of a table's header."""

import re
from dataclasses import fields
from math import isfinite
from typing import Any

from equipoise.harness.core.errors import DataError, nearest, one_line
from equipoise.harness.core.task import Objective

__all__ = ["objective_of_json", "objective_to_json"]

_DIRECTIONS = {"minimise": True, "maximise": False}
_KEYS = tuple("direction" if entry.name == "minimise" else entry.name for entry in fields(Objective))


def objective_to_json(objective: Objective) -> dict[str, Any]:
    """The entry of an objective; what is not stated is absent."""
    direction = "minimise" if objective.minimise else "maximise"
    stated = {key: getattr(objective, key) for key in ("reference", "ideal") if getattr(objective, key) is not None}
    return {"name": objective.name, "unit": objective.unit, "direction": direction, **stated}


def objective_of_json(entry: Any) -> Objective:
    """Reads an entry: ``{"name": "latency", "unit": "ms", "direction": "minimise", "reference": 20}``.

    Raises:
        DataError: It is something else.
    """
    if not isinstance(entry, dict):
        raise DataError(f"table header: objectives: {one_line(repr(entry), 60)} is not an object")
    for key in entry:
        if key not in _KEYS:
            raise DataError(f"table header: objectives: unknown key {key!r}; {nearest(key, _KEYS)}")
    name, unit, direction = entry.get("name"), entry.get("unit", ""), entry.get("direction", "minimise")
    if not isinstance(name, str) or not re.fullmatch(r"[\w.-]{1,60}", name) or name == "validation_error":
        raise DataError(
            f"table header: objectives: name = {one_line(repr(name), 60)}; accepted: letters, digits and any of -_., "
            "other than validation_error"
        )
    if not isinstance(unit, str) or direction not in _DIRECTIONS:
        raise DataError(
            f"table header: objective {name}: unit = {unit!r}, direction = {direction!r}; accepted: a text; minimise, "
            "maximise"
        )
    for key in ("reference", "ideal"):
        value = entry.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value)):
            raise DataError(f"table header: objective {name}: {key} = {one_line(repr(value), 60)} is not a number")
    return Objective(name, unit, _DIRECTIONS[direction], entry.get("reference"), entry.get("ideal"))
