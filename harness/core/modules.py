"""Loads the modules that hold methods, tasks and spaces, and finds the classes in them."""

import importlib
import importlib.util
import inspect
import sys
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from zlib import crc32

from equipoise.harness.core.errors import EquipoiseError, PluginError
from equipoise.harness.core.local_classes import PLUGIN

__all__ = ["imported", "missing_methods", "module_of_file", "only_class", "own_classes"]


def module_of_file(path: Path) -> ModuleType:
    """Loads a Python file of a user, as it is now.

    Raises:
        PluginError: There is no such file, or it does not load.
    """
    if not path.is_file():
        raise PluginError(f"no file '{path}'; give the path of a Python file, a name, or package.module:Class")
    return _loaded(path.resolve(), path.stat().st_mtime_ns)


class _SourceLoader(SourceFileLoader):
    """Compiles the file as it is now. Python's own cache takes an edit of equal length within a second for no edit."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002
        return self.source_to_code(self.get_data(self.path), self.path)


@lru_cache(maxsize=64)
def _loaded(path: Path, _: int) -> ModuleType:
    """Runs a file once for each state of it, so that its classes stay the same ones from run to run."""
    name = f"{PLUGIN}{path.stem}_{crc32(bytes(path)):08x}"  # files of one name in two folders are two modules
    spec = importlib.util.spec_from_file_location(name, path, loader=_SourceLoader(name, str(path)))
    if spec is None or spec.loader is None:
        raise PluginError(f"'{path}' is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise PluginError(f"{path} does not load: {_where(error)}") from error
    return module


def imported(module: str, shown: str) -> ModuleType:
    """Imports a module.

    Args:
        module: Its dotted name.
        shown: Its name in a message.

    Raises:
        PluginError: It does not load.
    """
    try:
        return importlib.import_module(module)
    except EquipoiseError:
        raise
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise PluginError(f"{shown} does not load: {_where(error)}") from error
        raise PluginError(
            f"{shown} does not load: no module '{error.name}' here; install it, or run where Python finds it"
        ) from error
    except (Exception, SystemExit) as error:
        raise PluginError(f"{shown} does not load: {_where(error)}") from error


def _where(error: BaseException) -> str:
    """The error in one line, with the file and line it came from."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} ({error.filename}, line {error.lineno})"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno})" if trace is not None else ""
    return f"{type(error).__name__}: {error}{place}"


def only_class(module: ModuleType, kind: Any) -> Any:
    """The one concrete public class of a kind that a module defines itself.

    Raises:
        PluginError: It defines none, or several.
    """
    own = own_classes(module, kind)
    if len(own) != 1:
        names = ", ".join(cls.__name__ for cls in own) or "none"
        unfinished = [] if own else [cls for cls in _public(module, kind) if inspect.isabstract(cls)]
        advice = "".join(f"; class {cls.__name__} does not define {missing_methods(cls)}" for cls in unfinished[:1])
        raise PluginError(
            f"{module.__file__} must define exactly one public {kind.__name__}; found {names} "
            f"(helpers begin with _){advice}"
        )
    return own[0]


def own_classes(module: ModuleType, kind: Any) -> list[Any]:
    """The concrete public classes of a kind that a module defines itself."""
    return [cls for cls in _public(module, kind) if not inspect.isabstract(cls)]


def missing_methods(cls: type) -> str:
    """The methods that a class must define and does not, by name; empty if it is concrete."""
    return " and ".join(sorted(getattr(cls, "__abstractmethods__", ())))


def _public(module: ModuleType, kind: Any) -> list[Any]:
    return [
        value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and not name.startswith("_")
        and (value.__module__ == module.__name__ or value.__module__.startswith(f"{module.__name__}."))
        and issubclass(value, kind)
    ]
