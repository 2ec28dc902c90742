"""One page per method, from its class: source, origin, what it knows, settings and deviations."""

import inspect
from typing import Any, get_args

from equipoise.harness.core.method import Method
from equipoise.harness.core.registry import load_method, method_names
from site_pages.docstrings import markdown, read, table

__all__ = ["method_pages"]

FAMILIES = {
    "nas": "Made for architectures",
    "hpo": "General optimisers",
    "one-shot": "Weight sharing",
    "baseline": "Baseline",
}


def method_pages() -> dict[str, str]:
    """The Markdown of ``methods/NAME`` for every method, and of their index."""
    methods = {name: load_method(name) for name in method_names()}
    return {f"methods/{name}": _page(name, cls) for name, cls in methods.items()} | {"methods/index": _index(methods)}


def _index(methods: dict[str, type[Method]]) -> str:
    parts = ["# Methods", "One page per method, written from its class when the site is built."]
    for family, title in FAMILIES.items():
        members = {name: cls for name, cls in methods.items() if cls.family == family}
        rows = [(f"[`{name}`]({name}.md)", _origin(cls), markdown(read(cls).summary)) for name, cls in members.items()]
        parts += [f"## {title}", table(("method", "origin", "idea"), rows)]
    names = "\n".join(methods)
    return "\n\n".join([*parts, f"```{{toctree}}\n:hidden:\n\n{names}\n```"]) + "\n"


def _page(name: str, cls: type[Method]) -> str:
    doc = read(cls)
    parts = [f"# `{name}`", markdown(doc.summary), table(("", ""), _facts(cls)), markdown(doc.body)]
    if settings := _settings(cls):
        parts += ["## Settings", table(("setting", "default", "meaning"), settings)]
    if cls.deviations:
        parts += ["## Deviations from the source", "\n".join(f"- {markdown(d)}" for d in cls.deviations)]
    parts += ["## In a suite", f'```toml\n[[methods]]\nname = "{name}"\n```']
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(cls: type[Method]) -> list[tuple[str, ...]]:
    """The facts at the head of a page, as (name, value)."""
    packages = ", ".join(f"`{package}` (`equipoise[{extra}]`)" for package, extra in cls.packages)
    facts = [
        ("family", FAMILIES[cls.family].lower()),
        ("origin", _origin(cls)),
        ("source", markdown(cls.source)),
        ("uses of a task", ", ".join(getattr(cls, "knowledge", ()))),
        ("tuned on", ", ".join(f"`{task}`" for task in getattr(cls, "tuned_on", ()))),
        ("labels used before the first query", f"{labels:,}" if (labels := getattr(cls, "labels_used", 0)) else ""),
        ("packages", packages),
        ("cost", "more than about 0.1 s per query" if cls.costly else "less than about 0.1 s per query"),
    ]
    return [(what, said) for what, said in facts if said]


def _origin(cls: type[Method]) -> str:
    return str(getattr(cls, "origin", ""))


def _settings(cls: type[Method]) -> list[tuple[str, ...]]:
    meanings = _meanings(cls)
    parameters: list[Any] = list(inspect.signature(cls).parameters.values())
    return [
        (f"`{p.name}`", f"`{p.default!r}`", markdown(meanings.get(p.name, "")) + _choices(p.annotation))
        for p in parameters
        if p.kind is p.KEYWORD_ONLY
    ]


def _meanings(cls: type[Method]) -> dict[str, str]:
    """The meaning of each setting: that of the class, or of the base that its docstring points to ("See `Base`")."""
    meanings: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        own = read(base).sections.get("Args", {}) if "__doc__" in vars(base) else {}
        meanings |= {name: said for name, said in own.items() if name not in meanings or not said.startswith("See `")}
    return meanings


def _choices(annotation: object) -> str:
    choices = [arg for arg in get_args(annotation) if isinstance(arg, str)]
    return f" Accepted: {', '.join(f'`{c}`' for c in choices)}." if choices else ""
