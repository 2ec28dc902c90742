"""The names of training tasks: space, images, device and changed settings."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from importlib.util import find_spec
from typing import Any, NamedTuple

from equipoise.harness.core.errors import SuiteError, nearest

__all__ = ["TaskName", "has_supernet", "parse_task_name", "with_changes"]


class TaskName(NamedTuple):
    """The parts of a task's name.

    Attributes:
        space: Name of the space.
        images: Name of the images.
        device: For example ``cpu`` or ``cuda``; ``auto`` is a GPU where there is one.
        changes: Fields of the macro architecture and of the training configuration, with their values as text.
    """

    space: str
    images: str
    device: str
    changes: Mapping[str, str]


def parse_task_name(dataset: str) -> TaskName:
    """Parses ``SPACE/IMAGES[,FIELD=VALUE]...``, for example ``darts/cifar10,epochs=50,channels=16,cells=8``.

    Raises:
        SuiteError: It is of another form, or sets a field twice.
    """
    match = re.fullmatch(r"([^/,]+)/(.+?)((?:,\w+=[^,/=]+)*)", dataset)
    if match is None:
        raise SuiteError(f"training/{dataset}: expected training/SPACE/IMAGES[,FIELD=VALUE]...")
    pairs = [part.split("=") for part in match[3].split(",")[1:]]
    changes = dict(pairs)
    if len(changes) < len(pairs):
        raise SuiteError(f"training/{dataset}: a field is set twice")
    return TaskName(match[1], match[2], changes.pop("device", "cpu"), changes)


def has_supernet(space: str) -> bool:
    """Tells whether weights can be shared over a space."""
    return find_spec(f"equipoise.harness.training.supernet_{space}") is not None


def with_changes(macro: Any, configuration: Any, changes: Mapping[str, str]) -> tuple[Any, Any]:
    """The macro architecture and the training configuration with some fields set.

    Raises:
        SuiteError: Neither has such a field, or the text is no value of its kind.
        SettingError: The value is out of range.
    """
    own: list[dict[str, Any]] = [{}, {}]
    for name, text in changes.items():
        for values, part in zip(own, (macro, configuration), strict=True):
            kinds = {f.name: f.type for f in fields(part)}
            if name in kinds:
                values[name] = _value(name, text, kinds[name])
                break
        else:
            accepted = [f.name for part in (macro, configuration) for f in fields(part)]
            raise SuiteError(f"a training task has no field '{name}'; {nearest(name, [*accepted, 'device'])}")
    return replace(macro, **own[0]), replace(configuration, **own[1])


def _value(name: str, text: str, kind: Any) -> Any:
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        if kind is int:
            return int(text)
        if kind is float or kind == float | None:
            return float(text)
    except (KeyError, ValueError):
        shown = {bool: "true or false", int: "a whole number"}.get(kind, "a number")
        raise SuiteError(f"a training task's {name} = '{text}' is not {shown}") from None
    return text
