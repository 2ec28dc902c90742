"""The source that a method or a task runs, as a digest: rows of an edited one must not pass for rows of the one before.

What counts is the module of the class, and every module that it imports, directly or not, from the same package or
folder: ``methods/`` for the methods that come with Equipoise. Of the packages that it declares, the versions count. A
method that runs a program counts the files that its settings name.
"""

import ast
import hashlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from equipoise.harness.core.local_classes import PLUGIN

__all__ = ["code_of", "code_of_class", "sources_of"]

METHODS = "equipoise.methods"
"""The package whose modules count for the methods in it; of any other method, its outermost package."""


def code_of(cls: type, settings: Mapping[str, Any] | None = None) -> str:
    """Digests the source of a method and the versions of the packages that it declares.

    Args:
        cls: The method.
        settings: Those of its runs; they may name files that count too (`Method.code_files`).

    Returns:
        Sixteen hexadecimal digits; empty where there is no source, as for a class that was made by `exec`.
    """
    own, named = code_of_class(cls), getattr(cls, "code_files", None)
    files: tuple[Path, ...] = named(settings or {}) if named is not None else ()
    if not own or not files:
        return own
    state = hashlib.sha256(own.encode())
    for file in files:
        source = file.read_bytes()
        state.update(f"{file.name}\0{len(source)}\0".encode())
        state.update(source)
    return state.hexdigest()[:16]


@lru_cache(maxsize=256)
def code_of_class(cls: type) -> str:
    """Digests as `code_of` does, whatever the settings."""
    state = hashlib.sha256()
    found = sources_of(cls)
    if not found:
        return ""
    for name, source in sorted(found.items()):
        state.update(f"{name}\0{len(source)}\0".encode())
        state.update(source)
    for line in _versions(cls):
        state.update(line.encode())
    return state.hexdigest()[:16]


def sources_of(cls: type) -> dict[str, bytes]:
    """Reads the modules that count for a class, by name; the class alone where its module has no file."""
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    if file is None or cls.__module__ == "__main__":
        try:
            return {cls.__qualname__: inspect.getsource(cls).encode()}
        except (OSError, TypeError):
            return {}
    name, path = cls.__module__, Path(file).resolve()
    if name.startswith(PLUGIN):
        return _reached(path.stem, path, "", path.parent)
    package = METHODS if name.startswith(f"{METHODS}.") else name.partition(".")[0]
    outermost = sys.modules.get(package)
    folders = list(getattr(outermost, "__path__", []))
    if not folders:
        return _reached(name, path, "", path.parent)  # a module that stands alone: its folder counts
    return _reached(name, path, package, Path(folders[0]).resolve())


def _reached(name: str, path: Path, package: str, folder: Path) -> dict[str, bytes]:
    """The sources that are reached from a module by imports.

    Args:
        name: Of the module.
        path: Its file.
        package: What counts; if empty, the modules of the folder by their own names.
        folder: Where the package lies.
    """
    found: dict[str, bytes] = {}
    waiting = [(name, path)]
    while waiting:
        name, path = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = path.read_bytes()
            tree = ast.parse(found[name])
        except (OSError, SyntaxError, ValueError):
            continue
        for wanted in _imports(tree, name, path.name == "__init__.py"):
            waiting += [(known, file) for known, file in _files(wanted, package, folder) if known not in found]
    return found


def _imports(tree: ast.Module, name: str, is_package: bool) -> Iterator[str]:
    """Yields the modules that a module names in its imports, wherever in it they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = name.split(".") if is_package else name.split(".")[:-1]
            start = above[: len(above) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from ([base] if base else [])
            yield from (f"{base}.{alias.name}".lstrip(".") for alias in node.names)


def _files(name: str, package: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yields the files of a module and of the packages around it, as far as they belong to what counts."""
    if package and not f"{name}.".startswith(f"{package}."):
        return
    parts = name.removeprefix(package).strip(".").split(".") if name != package else []
    known, place = ([package] if package else []), folder
    if package and (place / "__init__.py").is_file():
        yield package, place / "__init__.py"
    for part in parts:
        known.append(part)
        if (place / f"{part}.py").is_file():
            yield ".".join(known), place / f"{part}.py"
            return
        place = place / part
        if not (place / "__init__.py").is_file():
            return
        yield ".".join(known), place / "__init__.py"


def _versions(cls: type) -> Iterator[str]:
    declared: tuple[tuple[str, str], ...] = getattr(cls, "packages", ())
    if not declared:
        return
    from importlib.metadata import PackageNotFoundError, packages_distributions, version

    distributions = packages_distributions()
    for name in sorted({package for package, _ in declared}):
        for distribution in sorted(set(distributions.get(name, ()))):
            try:
                yield f"{distribution}=={version(distribution)}\0"
            except PackageNotFoundError:
                continue
