"""Checks what a method declares about itself, before its runs are stored and a report sorts them by it."""

from typing import get_args

from equipoise.harness.core.errors import PluginError
from equipoise.harness.core.method import Family, Knowledge, Method, Origin
from equipoise.harness.core.modules import missing_methods

__all__ = ["check_declarations", "wrong_declaration"]


def wrong_declaration(cls: type[Method]) -> str | None:
    """The first declaration of a method that is missing or not accepted, in words; None if all are right."""
    if missing := missing_methods(cls):
        return f"{missing} must be defined"
    for name, kind in (("family", Family), ("origin", Origin)):
        value, accepted = getattr(cls, name, None), get_args(kind)
        if value not in accepted:
            came = f"{name} is not declared" if value is None else f"{name} = {value!r}"
            return f"{came}; accepted: {', '.join(accepted)}"
    if not getattr(cls, "source", ""):
        return "source is not declared; name the paper or library it follows, or what it is"
    if type(cls.knowledge) is not tuple:
        return f"knowledge = {cls.knowledge!r}; accepted: a tuple of {', '.join(get_args(Knowledge))}"
    strange = [name for name in cls.knowledge if name not in get_args(Knowledge)]
    if strange:
        return f"knowledge names {strange[0]!r}; accepted: {', '.join(get_args(Knowledge))}"
    if type(cls.tuned_on) is not tuple:
        return f"tuned_on = {cls.tuned_on!r}; accepted: a tuple of task names"
    if type(cls.deviations) is not tuple or not all(isinstance(one, str) for one in cls.deviations):
        return f"deviations = {cls.deviations!r}; accepted: a tuple of sentences"
    if type(cls.packages) is not tuple or not all(map(_is_package, cls.packages)):
        return f"packages = {cls.packages!r}; accepted: a tuple of pairs, (import name, extra)"
    if type(cls.labels_used) is not int or cls.labels_used < 0:
        return f"labels_used = {cls.labels_used!r}; accepted: whole numbers from 0 on"
    return None


def _is_package(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, str) for part in value)


def check_declarations(cls: type[Method], label: str) -> None:
    """Refuses a method whose declarations a report could not read.

    Raises:
        PluginError: One is missing or not accepted.
    """
    if (wrong := wrong_declaration(cls)) is not None:
        raise PluginError(f"method {label}: {wrong}; declare it in class {cls.__name__}")
