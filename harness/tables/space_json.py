"""The ``space`` entry of a table header: a space of Equipoise, a space of the user's, or a declaration."""

import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import DataError, EquipoiseError, nearest
from equipoise.harness.core.registry import load_space, space_name
from equipoise.harness.core.space import Decision, SearchSpace
from equipoise.harness.spaces._declared import DeclaredConditional, DeclaredSpace, declared

__all__ = ["space_file", "space_from_json", "space_to_json"]


def space_from_json(value: Any, folder: Path | None) -> SearchSpace:
    """Reads the entry.

    Args:
        value: A name, path or address, or an object; `equipoise.harness.tables` lists the forms.
        folder: A path is relative to it; None: to the working directory.

    Raises:
        DataError: It is of none of these forms.
        EquipoiseError: There is no such space, or the declaration is contradictory.
    """
    if isinstance(value, str):
        value = {"name": value}
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise DataError(f"table header: space = {value!r}; give a name, or an object with name and decisions")
    accepted = ("name", "parameters", "decisions", "source")
    for key in value:
        if key not in accepted:
            raise DataError(f"table header: space: unknown key '{key}'; {nearest(key, accepted)}")
    if "decisions" in value:
        return _declared(value)
    name = value["name"]
    if name.endswith(".py") and folder is not None:
        name = str(folder / name)
    cls, parameters = load_space(name), _frozen(_list(value.get("parameters", []), "parameters"))
    try:
        return cls(*parameters)
    except EquipoiseError:
        raise
    except (Exception, SystemExit) as error:  # a class of the user's may raise anything
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise DataError(
            f"table header: space {name} cannot be made with parameters {parameters!r} ({reason})"
        ) from error


def space_to_json(space: SearchSpace, folder: Path | None) -> dict[str, Any]:
    """Writes the entry; the path of a space file is relative to the folder, where one is given."""
    if isinstance(space, DeclaredSpace):
        decisions: list[dict[str, Any]] = [{"name": d.name, "options": list(d.options)} for d in space.decisions]
        if isinstance(space, DeclaredConditional):
            for entry, own in zip(decisions, space.conditions, strict=True):
                if own:
                    earlier = [(space.decisions[c.decision], c.options) for c in own]
                    entry["when"] = {d.name: [d.options[option] for option in options] for d, options in earlier}
        return {"name": space.name, "decisions": decisions, **({"source": space.source} if space.source else {})}
    name = space_name(type(space))
    if name.endswith(".py") and folder is not None:
        name = Path(os.path.relpath(name, folder.resolve())).as_posix()
    return {"name": name, **({"parameters": list(space.parameters)} if space.parameters else {})}


def space_file(space: SearchSpace) -> Path | None:
    """The file that defines a space of the user's; None for a declared one and those of Equipoise."""
    name = space_name(type(space))
    if isinstance(space, DeclaredSpace) or not (name.endswith(".py") or ":" in name):
        return None
    found = inspect.getsourcefile(type(space))
    return None if found is None else Path(found)


def _declared(value: Mapping[str, Any]) -> DeclaredSpace:
    decisions, when = [], {}
    for entry in _list(value["decisions"], "decisions"):
        if not isinstance(entry, dict) or not {"name", "options"} <= set(entry) <= {"name", "options", "when"}:
            raise DataError(
                f"table header: space: a decision is an object with name and options, and maybe when; got {entry!r}"
            )
        name = str(entry["name"])
        decisions.append(Decision(name, tuple(map(str, _list(entry["options"], "options")))))
        if "when" in entry:
            if not isinstance(entry["when"], dict):
                raise DataError(
                    f"table header: space: when of '{name}' = {entry['when']!r}; give an object of earlier decisions, "
                    'each with its options, for example {"optimiser": ["sgd"]}'
                )
            when[name] = {key: list(map(str, _list(own, f"when of '{name}'"))) for key, own in entry["when"].items()}
    return declared(value["name"], decisions, when, str(value.get("source", "")))


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise DataError(f"table header: space: {where} = {value!r} is not a list")
    return value


def _frozen(value: Any) -> Any:
    """Lists, however deep, as tuples: the parameters of a space are hashable."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
